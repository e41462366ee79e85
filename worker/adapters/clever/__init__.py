"""Clever as `worker.ports.clever` sees it, its tokens sealed for storage, and saved pages in its place."""
