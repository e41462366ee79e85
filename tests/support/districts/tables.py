"""Tables of what pure functions say of many drawn inputs, kept beside the tests, one row a line.

What a function says at every boundary is hardly to be told in tests one by one. A table says it of inputs
that are drawn around the boundaries, always the same ones. Whoever changes what a function says writes the
table anew, and reads in the difference what else that changes:

    WRITE_TABLES=1 .venv/bin/python -m pytest tests/unit/test_tables_of_causes.py
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parents[2] / "unit" / "tables"


def check(name: str, rows: Iterable[str]) -> None:
    """Compare rows with those of a table; with WRITE_TABLES they are written, and the test fails."""
    found = list(rows)
    file = FOLDER / f"{name}.txt"
    if os.environ.get("WRITE_TABLES"):
        file.write_text("".join(f"{row}\n" for row in found), encoding="utf-8")
        raise AssertionError(f"{file.name} was written: look at the difference")
    assert found == file.read_text(encoding="utf-8").splitlines()


def draws(name: str, number: int) -> Iterator[random.Random]:
    """Yield sources of chance, the same ones each time."""
    for place in range(number):
        yield random.Random(f"{name} {place}")  # noqa: S311 — nothing is secret here
