"""The school year that a term without dates is called after."""

from __future__ import annotations

from datetime import date

import pytest

from worker.domain.roster.records import RecordId, Term
from worker.suggest.columns import ColumnBuilder
from worker.suggest.school_years import of_other_years, school_year_of


@pytest.mark.parametrize(
    "name",
    [
        *("26-27", "2026-27", "2026-2027", "2026/27", "SY26-27", "SY 2026 - 2027 Full Year"),
        *("Fall 2026", "Spring 2027"),
    ],
)
def test_a_term_is_called_after_a_school_year(name: str) -> None:
    assert school_year_of(name) == 2026


@pytest.mark.parametrize(
    "name", ["Q1", "S1", "2026", "26-28", "9-12", "Full Year", "2026-10", "Summer 2026", ""]
)
def test_other_names_tell_no_school_year(name: str) -> None:
    assert school_year_of(name) is None


TERMS = {
    "a": Term(RecordId("a"), "25-26"),
    "b": Term(RecordId("b"), "26-27"),
    "c": Term(RecordId("c"), "25-26", date(2025, 8, 10), date(2027, 6, 4)),
    "d": Term(RecordId("d"), "Q1"),
}


def others(ids: list[str | None], today: date) -> list[bool]:
    column = ColumnBuilder()
    for one in ids:
        column.add(one)
    return list(map(bool, of_other_years(column.build(), TERMS, today)))


@pytest.mark.parametrize(
    ("today", "other"), [(date(2026, 6, 30), "b"), (date(2026, 7, 1), "a"), (date(2027, 3, 1), "a")]
)
def test_a_section_of_another_year_than_the_days_is_told(today: date, other: str) -> None:
    ids = ["a", "b", "c", "d", "e", None]

    assert others(ids, today) == [one == other for one in ids]


def test_where_no_section_is_of_the_days_year_none_is_of_another() -> None:
    assert others(["a", "d"], date(2026, 10, 14)) == [False, False]
