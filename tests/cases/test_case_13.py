"""Sections whose term is not known or has no days: they stay current, and the review names them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, case_folder, changed_copy
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d00000000000000000000d"
DELETED = "02-old-term-deleted.ndjson"
STUDENTS = 12
DAYS = (
    (
        '"start_date": "2025-08-20", "end_date": "2026-06-10"',
        '"start_date": "2019-08-20", "end_date": "2020-06-10"',
    ),
    (
        '"start_date": "2026-08-20", "end_date": "2027-06-10"',
        '"start_date": "2020-08-20", "end_date": "2999-06-10"',
    ),
)
OLD_TERM = '"name": "2025-26", "start_date": "2019-08-20", "end_date": "2020-06-10"'


@pytest.fixture
async def case(store: StoreUnderTest, tmp_path: Path) -> CaseRunner:
    """Return the case, with days that do not end."""
    folder = case_folder(13)
    changed_copy(folder / "01-district.ndjson", tmp_path / "01-district.ndjson", *DAYS)
    changed_copy(folder / DELETED, tmp_path / DELETED)
    runner = CaseRunner(store, tmp_path)
    await runner.set_filter(DISTRICT, json.loads((folder / "filter.json").read_text()))
    return runner


def check(case: CaseRunner, what: str) -> None:
    (cause,) = case.last_review["causes"]
    assert (cause["code"], cause["owner"], cause["students"]) == ("sis.term_unknown", "sis", STUDENTS)
    assert cause["advice"].startswith(
        f"12 students at Maple Primary are in more than one class because {what}, so 1 section counts as "
        "current."
    )
    assert len(cause["sections"]) == 1
    assert case.last_review["suggestions"] == []


async def test_sections_of_a_term_that_was_deleted_are_named_with_their_number(case: CaseRunner) -> None:
    await case.happen("01-district.ndjson")
    assert len(case.students()) == STUDENTS

    await case.happen(DELETED)

    check(case, "the term of a section is unknown or has no dates")


async def test_sections_of_a_term_without_days_are_named_too(case: CaseRunner) -> None:
    changed_copy(
        case.folder / "01-district.ndjson", case.folder / "undated.ndjson", (OLD_TERM, '"name": "2025-26"')
    )

    await case.happen("undated.ndjson")

    check(case, "the term “2025-26” has no dates")


async def test_two_sections_of_one_term_without_days_are_no_matter_of_terms(case: CaseRunner) -> None:
    text = (case.folder / "01-district.ndjson").read_text()
    lines = [line for line in text.splitlines() if '"terms.' not in line]
    same = [line.replace("66e0000000000000000d000f", "66e0000000000000000d0010") for line in lines]
    (case.folder / "one-term.ndjson").write_text("\n".join(same) + "\n")

    await case.happen("one-term.ndjson")

    assert case.causes().keys() == {"filter.several_of_one_kind"}
