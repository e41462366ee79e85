"""The command `demo` (placeholder until the story is written)."""

from __future__ import annotations

import click


@click.command()
def demo() -> None:
    """Tell the whole story."""
