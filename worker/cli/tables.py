"""Tables as commands print them."""

from __future__ import annotations

from collections.abc import Collection

from rich.table import Table


def plain_table(*columns: str, numbers: Collection[str] = (), unbroken: Collection[str] = ()) -> Table:
    """Return a table without lines: numbers are on the right, and what is unbroken stays on one line."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column,
            justify="right" if column in numbers else "left",
            no_wrap=column in unbroken,
            overflow="ellipsis" if column in unbroken else "fold",
        )
    return table
