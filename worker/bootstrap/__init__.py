"""Wiring: what a process is made of, and nothing else."""
