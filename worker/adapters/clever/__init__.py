"""Clever behind `worker.pipeline.poll.clever`; tokens sealed for storage; saved pages in its place."""
