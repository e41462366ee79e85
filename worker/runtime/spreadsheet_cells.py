"""Cells of CSV files that people open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20\t\r\n")
"""What a cell begins with that a spreadsheet takes for a formula; some signs are also there twice as wide."""
_BLANKS: Final = " \u00a0\ufeff"


def no_formula(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.lstrip(_BLANKS)[:1] in _FORMULA else cell


def csv_lines(rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as lines of CSV, in UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
