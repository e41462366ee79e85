"""What long work tells of how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int], None]
"""Told what is being worked on, and how many of it are done since the last call."""


def no_progress(_what: str, _count: int) -> None:
    """Tell nobody."""
