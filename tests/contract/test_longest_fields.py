"""The longest fields that are read fit every column and index; one character more is a dead letter."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from schemas import clever
from schemas.clever import Reason
from tests.cases.case_runner import CaseRunner, Json
from tests.support.fixtures.store import StoreUnderTest


def text_of(length: int, seed: int) -> str:
    """Return a text of four-byte characters that no index can compress."""
    rng = random.Random(seed)  # noqa: S311 — invented data
    return "".join(chr(rng.randrange(0x20000, 0x2A6D0)) for _ in range(length))


DISTRICT = text_of(clever.MAX_DISTRICT_BYTES // 4, 0)
SCHOOL, STUDENT, TEACHER, SECTION, TERM, COURSE = (
    text_of(clever.MAX_ID_LENGTH, seed) for seed in range(1, 7)
)
LONG = text_of(clever.MAX_TEXT_LENGTH, 7)
EXT = {text_of(100, 8): text_of(100, 9), "house": [[["x"]]]}


def events() -> list[Json]:
    """Return the events of a district with one student, every field as long as it may be."""
    school = {"name": LONG, "sis_id": LONG, "school_number": LONG, "low_grade": LONG, "high_grade": LONG}
    texts = dict.fromkeys(("sis_id", "student_number", "state_id", *clever.UNDEMANDED), LONG)
    student = {**texts, "grade": text_of(clever.MAX_GRADE_LENGTH, 10), "school": SCHOOL, "ext": EXT}
    name = {"first": LONG, "middle": LONG, "last": LONG}
    section = {
        **dict.fromkeys(("name", "subject", "period", "section_number", "sis_id"), LONG),
        "grade": text_of(clever.MAX_GRADE_LENGTH, 11),
        "school": SCHOOL,
        "term_id": TERM,
        "course": COURSE,
        "teachers": [
            TEACHER,
            *(text_of(clever.MAX_ID_LENGTH, 100 + n) for n in range(clever.MAX_TEACHERS - 1)),
        ],
        "students": [STUDENT],
    }
    records: list[tuple[str, Json]] = [
        ("schools", {"id": SCHOOL, **school}),
        ("terms", {"id": TERM, "name": LONG}),
        ("courses", {"id": COURSE, "name": LONG, "number": LONG}),
        ("users", {"id": STUDENT, "email": LONG, "name": {**name}, "roles": {"student": student}}),
        ("users", {"id": TEACHER, "email": LONG, "name": {**name}, "roles": {"teacher": {"sis_id": LONG}}}),
        ("sections", {"id": SECTION, **section}),
    ]
    return [
        {
            "id": f"692b{number:020x}",
            "type": f"{collection}.created",
            "data": {"object": {**record, "district": DISTRICT}},
        }
        for number, (collection, record) in enumerate(records)
    ]


def written(folder: Path, documents: list[Json]) -> Path:
    path = folder / "events.ndjson"
    path.write_text("".join(f"{json.dumps(document)}\n" for document in documents))
    return path


async def test_a_district_of_longest_fields_is_committed(store: StoreUnderTest, tmp_path: Path) -> None:
    case = CaseRunner(store, tmp_path)

    await case.happen(written(tmp_path, events()))

    assert case.dead_letters.messages == []
    assert case.students()["student", STUDENT]["first_name"] == LONG
    assert await store.rows("SELECT 1 FROM evaluation_failures") == []


async def test_it_is_reviewed_when_it_sits_in_two_sections_and_filtered_by_the_longest_value(
    store: StoreUnderTest, tmp_path: Path
) -> None:
    case = CaseRunner(store, tmp_path)
    again = events()
    again.append({**again[-1], "id": "692b" + "f" * 20})
    again[-1]["data"] = {"object": {**again[-1]["data"]["object"], "id": text_of(clever.MAX_ID_LENGTH, 12)}}

    await case.happen(written(tmp_path, again))

    assert "student.multiple_sections" in case.last_review["findings"]["by_code"]
    assert await store.rows("SELECT 1 FROM evaluation_failures") == []


@pytest.mark.parametrize(
    ("place", "path", "value"),
    [
        (3, ("roles", "student", "grade"), "x" * 3000),
        (3, ("roles", "student", "grade"), text_of(clever.MAX_GRADE_LENGTH + 1, 13)),
        (3, ("name", "first"), "x" * 1_000_000),
        (3, ("email",), "x" * (clever.MAX_TEXT_LENGTH + 1)),
        (3, ("roles", "student", "ext"), {"house": "x" * clever.MAX_EXTENSION_BYTES}),
        (3, ("roles", "student", "school"), "x" * (clever.MAX_ID_LENGTH + 1)),
        (3, ("id",), "x" * (clever.MAX_ID_LENGTH + 1)),
        (5, ("name",), "x" * (clever.MAX_TEXT_LENGTH + 1)),
        (5, ("teachers",), [f"{n}" for n in range(clever.MAX_TEACHERS + 1)]),
        (5, ("students",), [f"{n}" for n in range(clever.MAX_STUDENTS + 1)]),
        (0, ("low_grade",), "x" * (clever.MAX_TEXT_LENGTH + 1)),
    ],
)
async def test_a_field_that_is_longer_holds_the_district_back_and_raises_nothing(
    store: StoreUnderTest, tmp_path: Path, place: int, path: tuple[str, ...], value: object
) -> None:
    case = CaseRunner(store, tmp_path)
    documents = events()
    holder = documents[place]["data"]["object"]
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value

    await case.happen(written(tmp_path, documents))

    assert [letter.headers["x-reason"] for letter in case.dead_letters.messages] == [Reason.BAD_FIELD]
    assert case.last_review["findings"]["by_code"]["district.events_quarantined"] == 1
    assert await store.rows("SELECT 1 FROM evaluation_failures") == []
