"""A new term that puts students into other classes is named as that, and not as a fault of the filter."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json
from tests.support.builders.records import (
    DISTRICT,
    course_json,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
    term_json,
)
from tests.support.fixtures.store import StoreUnderTest

STUDENTS = range(1, 21)
FIRST, SECOND = 851, 852
CLASS, NEXT_CLASS = 700, 701
TODAY = datetime.now(UTC).date()
numbers = count(1)


def term(number: int, start: int, end: int) -> Json:
    """Return a term by its days from today."""
    days = (TODAY + timedelta(days=start), TODAY + timedelta(days=end))
    return term_json(number, name=f"T{number}", start_date=str(days[0]), end_date=str(days[1]))


def homeroom(number: int, of_term: int) -> Json:
    listed = [record_id(student) for student in STUDENTS]
    return section_json(number, term_id=record_id(of_term), students=listed)


async def happen(case: CaseRunner, **told: list[Json]) -> None:
    """Publish records by their collections, and evaluate them."""
    path = case.folder / f"{next(numbers)}.ndjson"
    ids = (f"{int(time.time()) - 9000:08x}{next(numbers):016x}" for _ in count())
    events = [
        event_json(record, f"{collection}.updated", id=next(ids))
        for collection, records in told.items()
        for record in records
    ]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    await case.happen(path)


@pytest.fixture
async def case(store: StoreUnderTest, tmp_path: Path) -> CaseRunner:
    """A district of which only sections of current terms count."""
    case = CaseRunner(store, tmp_path)
    await case.set_filter(DISTRICT, {"current_term_only": True})
    return case


async def school_year(case: CaseRunner, first: Json, second: Json) -> None:
    await happen(
        case,
        schools=[school_json()],
        courses=[course_json()],
        terms=[first, second],
        users=[teacher_json(), *(student_json(number) for number in STUDENTS)],
        sections=[homeroom(CLASS, FIRST), homeroom(NEXT_CLASS, SECOND)],
    )


async def test_students_who_change_class_because_a_term_is_over_are_told_as_that(case: CaseRunner) -> None:
    await school_year(case, term(FIRST, -90, -3), term(SECOND, 2, 90))
    assert len(case.commit_bodies) == 1

    await happen(case, terms=[term(SECOND, 0, 90)])

    assert case.last_review["findings"]["by_code"] == {"district.class_change": 1, "school.class_change": 1}
    assert [(code, cause["owner"]) for code, cause in case.causes().items()] == [
        ("vendor.term_turned", "vendor")
    ]
    held = await case.show(DISTRICT)
    await case.store.districts.approve(DISTRICT, held["plan"]["digest"], "ada", "the second term")
    await case.evaluate()
    assert {record["class_id"] for record in case.students().values()} == {record_id(NEXT_CLASS)}


async def test_a_filter_that_keeps_other_sections_is_still_told_as_that(case: CaseRunner) -> None:
    await school_year(case, term(FIRST, -90, 90), term(SECOND, 91, 120))
    await case.set_filter(
        DISTRICT, {"rules": [{"all": [{"field": "term", "op": "is", "value": f"T{SECOND}"}]}]}
    )

    await case.evaluate()

    assert [(code, cause["owner"]) for code, cause in case.causes().items()] == [
        ("filter.other_sections_kept", "filter")
    ]
