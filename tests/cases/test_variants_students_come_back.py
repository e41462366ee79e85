"""Students who leave, and come back into other classes, in steps: held with a cause that says so."""

from __future__ import annotations

import json
import time
from itertools import count
from pathlib import Path

from builders import (
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
from case_runner import CaseRunner, Json
from store_fixtures import StoreUnderTest

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
    assert cause["advice"].startswith("Students who were removed within the hours that are counted come back")
    assert f"rostering approve {DISTRICT}" in cause["advice"]
