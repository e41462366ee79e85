"""Of two versions of a record the one changed last stays: whatever it is, and whichever way it comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json
from tests.support.builders.records import (
    DISTRICT,
    course_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
    term_json,
    user_json,
)
from tests.support.fixtures.store import StoreUnderTest

OLD, NEW, AHEAD = "2026-09-01T00:00:00Z", "2026-09-02T00:00:00Z", "2060-01-01T00:00:00Z"
STUDENT = ("student", record_id(1))
CLASS = ("class", record_id(700))
COLLECTIONS: dict[str, list[Json]] = {
    "schools": [school_json()],
    "courses": [course_json()],
    "terms": [term_json()],
    "users": [student_json(1), student_json(2), teacher_json()],
    "sections": [section_json(students=[record_id(1), record_id(2)])],
}
RENAMED: dict[str, tuple[Json, Json, tuple[str, str], str]] = {
    "a school": (school_json(name="Old"), school_json(name="New"), ("school", record_id(900)), "name"),
    "a section": (
        section_json(name="Old", students=[record_id(1), record_id(2)]),
        section_json(name="New", students=[record_id(1), record_id(2)]),
        CLASS,
        "name",
    ),
    "a teacher": (
        teacher_json(name={"first": "A", "last": "Old"}),
        teacher_json(name={"first": "A", "last": "New"}),
        ("teacher", record_id(500)),
        "last_name",
    ),
}
NAMES = {"a school": "schools", "a section": "sections", "a teacher": "users"}
numbers = count(1)


def page(folder: Path, collection: str, *records: Json) -> Path:
    """Write a page of a collection; its name says in which order it is read."""
    rows = [{"data": record, "uri": f"/v3.1/{collection}/{record['id']}"} for record in records]
    folder.mkdir(exist_ok=True)
    path = folder / f"{next(numbers):04}-{collection}.json"
    path.write_text(json.dumps({"data": rows}))
    return path


def district(folder: Path, **others: list[Json]) -> Path:
    """Write a page of each collection, changed on the old day."""
    for name, records in (COLLECTIONS | others).items():
        page(folder, name, *({"last_modified": OLD} | record for record in records))
    return folder


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def read(case: CaseRunner, pages: Path, onboarding: str) -> None:
    """Bring pages in, as saved ones that are read whole, or as published ones."""
    if onboarding == "resync":
        await case.resync(DISTRICT, pages)
    else:
        await case.publish(*files(pages))
    await case.evaluate()


def in_order(older: Json, newer: Json, *, swapped: bool) -> Iterator[Json]:
    both = [older | {"last_modified": OLD}, newer | {"last_modified": NEW}]
    return reversed(both) if swapped else iter(both)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("onboarding", ["resync", "publish"])
@pytest.mark.parametrize("what", RENAMED)
async def test_a_record_of_every_kind_that_stands_twice_is_the_one_changed_last(
    store: StoreUnderTest, tmp_path: Path, what: str, onboarding: str, *, swapped: bool
) -> None:
    older, newer, key, field = RENAMED[what]
    collection = NAMES[what]
    others = [each for each in COLLECTIONS[collection] if each["id"] != older["id"]]
    pages = district(tmp_path / "pages", **{collection: others})
    for record in in_order(older, newer, swapped=swapped):
        page(pages, collection, record)
    case = CaseRunner(store, tmp_path)

    await read(case, pages, onboarding)

    assert case.roster()[key][field] == "New"


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize("together", [False, True], ids=["two files", "one file"])
@pytest.mark.parametrize("onboarding", ["resync", "publish"])
async def test_a_student_who_by_the_row_changed_last_is_none_any_more_is_not_rostered(
    store: StoreUnderTest, tmp_path: Path, onboarding: str, *, together: bool, swapped: bool
) -> None:
    pages = district(tmp_path / "pages", users=[student_json(2), teacher_json()])
    rows = list(in_order(student_json(1), user_json(1, {"contact": {}}), swapped=swapped))
    for some in [rows] if together else [[row] for row in rows]:
        page(pages, "users", *some)
    case = CaseRunner(store, tmp_path)

    await read(case, pages, onboarding)

    assert case.students().keys() == {("student", record_id(2))}


@pytest.mark.parametrize("onboarding", ["resync", "publish"])
async def test_what_says_that_it_was_changed_in_the_future_holds_up_no_later_word_on_it(
    store: StoreUnderTest, tmp_path: Path, onboarding: str
) -> None:
    case = CaseRunner(store, tmp_path)
    ahead = [
        student_json(1, last_modified=AHEAD),
        student_json(2, last_modified=AHEAD),
        teacher_json(last_modified=AHEAD),
    ]
    await read(case, district(tmp_path / "first", users=ahead), onboarding)
    changed = student_json(1, name={"first": "A", "last": "Later"}, last_modified=None)

    await case.publish(page(tmp_path / "second", "users", changed))
    await case.evaluate()

    assert case.roster()[STUDENT]["last_name"] == "Later"


@pytest.mark.parametrize("collection", ["courses", "terms"])
async def test_a_page_of_what_has_no_time_applies_and_applies_again(
    store: StoreUnderTest, tmp_path: Path, collection: str
) -> None:
    field, record = {"courses": ("course_name", course_json), "terms": ("term", term_json)}[collection]
    case = CaseRunner(store, tmp_path)
    await case.set_filter(DISTRICT, {"rules": [{"all": [{"field": field, "op": "is", "value": "Wanted"}]}]})
    await read(case, district(tmp_path / "first"), "publish")
    assert case.commits.messages == []

    stands = []
    for name in ("Wanted", "Other", "Wanted"):
        await case.publish(page(tmp_path / "later", collection, record(name=name)))
        await case.evaluate()
        stands.append((await case.show(DISTRICT))["status"])

    assert stands == ["rostered", "review", "rostered"]
