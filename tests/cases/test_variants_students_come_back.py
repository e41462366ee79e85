"""Students who move in steps, and what a review then says of them: never that there are none."""

from __future__ import annotations

import json
import time
from itertools import count
from pathlib import Path

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

CLASSES = {700: range(1, 11), 701: range(11, 21)}
numbers = count(1)


async def happen(case: CaseRunner, *told: tuple[str, Json]) -> None:
    """Publish what was told, each by its event's type, and evaluate it."""
    path = case.folder / f"{next(numbers)}.ndjson"
    made = f"{int(time.time()) - 9000:08x}"
    events = [event_json(record, what, id=f"{made}{next(numbers):016x}") for what, record in told]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    await case.happen(path)


def homeroom(number: int, students: set[int]) -> tuple[str, Json]:
    return "sections.updated", section_json(number, students=[record_id(one) for one in sorted(students)])


async def test_they_are_held_and_the_plan_can_be_approved(store: StoreUnderTest, tmp_path: Path) -> None:
    case = CaseRunner(store, tmp_path)
    seats = {number: set(students) for number, students in CLASSES.items()}
    await happen(
        case,
        *(("schools.created", school_json()), ("courses.created", course_json())),
        *(("terms.created", term_json()), ("users.created", teacher_json())),
        *(("users.created", student_json(number)) for number in range(1, 21)),
        *(homeroom(*seat) for seat in seats.items()),
    )

    for some in (range(1, 6), range(6, 11)):
        leaving = [student_json(number) for number in some]
        await happen(case, *(("users.deleted", student) for student in leaving))
        seats[700] -= set(some)
        seats[701] |= set(some)
        back = [("users.created", student) for student in leaving]
        await happen(case, *back, *(homeroom(*seat) for seat in seats.items()))
    seats[700], gone = {11}, student_json(11)
    await happen(case, ("users.deleted", gone))
    seats[701] -= {11}
    await happen(case, ("users.created", gone), *(homeroom(*seat) for seat in seats.items()))

    assert case.last_review["findings"]["by_code"] == {"district.class_change": 1, "school.class_change": 1}
    cause = case.causes()["sis.students_reassigned"]
    assert cause["owner"] == "sis"
    assert cause["advice"].startswith("Students who were recently removed come back")
    assert f"rostering approve {DISTRICT}" in cause["advice"]


async def test_students_who_change_schools_and_leave_count(store: StoreUnderTest, tmp_path: Path) -> None:
    def student(number: int, school: int) -> Json:
        return student_json(number, {"school": record_id(school), "schools": [record_id(school)]})

    def left(school: int, students: list[int]) -> tuple[str, Json]:
        listed = [record_id(number) for number in students]
        return "sections.updated", section_json(school - 200, school=record_id(school), students=listed)

    case = CaseRunner(store, tmp_path)
    seats = {900 + at: list(range(1 + 40 * at, 41 + 40 * at)) for at in range(5)}
    await happen(
        case,
        *(("courses.created", course_json()), ("terms.created", term_json())),
        *(("schools.created", school_json(school)) for school in seats),
        *(("users.created", student(number, school)) for school, some in seats.items() for number in some),
        *(left(*seat) for seat in seats.items()),
    )
    movers = range(1, 13)
    await happen(case, *(("users.updated", student(number, 901)) for number in movers))

    await happen(case, *(("users.deleted", student(number, 901)) for number in movers))

    assert case.last_review["findings"]["by_code"]["school.mass_removal"] == 1
    (cause,) = case.causes().values()
    assert cause["removed"] == len(movers)
    assert "0 students would" not in cause["advice"]
