"""A file of findings is opened in a spreadsheet, which must take none of its cells for a formula."""

from __future__ import annotations

import pytest

from tests.support.builders.records import NOON
from worker.console.pages.findings import _columns
from worker.operations.district_queries import FindingPlace, FindingRow

WIDE = ("\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The signs as they are written among Chinese characters."""


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "\u00a0@", *WIDE])
def test_no_cell_of_the_file_begins_as_a_formula_does(begins: str) -> None:
    trick = f'{begins}HYPERLINK("http://evil.test")'
    place = FindingPlace("error", trick, "student", trick, "00")

    cells = _columns(FindingRow(place, {"field": trick, "sections": [trick, trick], trick: trick}, NOON))

    assert sum(cell.startswith("'") for cell in cells) == 5
    assert not any(cell.strip(" \u00a0")[:1] in {*"=+-@\t\r\n", *WIDE} for cell in cells if cell)
