"""Benchmarks: ratios measured in one run, since single timings say little on a shared machine."""
