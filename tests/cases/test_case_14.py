"""Co-teachers with a section each: the review says so, and both ways out."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d00000000000000000000e"


def events() -> list[Json]:
    return [json.loads(line) for line in (case_folder(14) / "01-district.ndjson").read_text().splitlines()]


def filter_in_force() -> Json:
    read: Json = json.loads((case_folder(14) / "filter.json").read_text())
    return read


async def reviewed(
    store: StoreUnderTest, folder: Path, changed: list[Json], section_filter: Json | None = None
) -> CaseRunner:
    (folder / "district.ndjson").write_text("".join(json.dumps(event) + "\n" for event in changed))
    case = CaseRunner(store, folder)
    if section_filter:
        await case.set_filter(DISTRICT, section_filter)
    await case.happen("district.ndjson")
    return case


def check(cause: Json, students: int, sections: int) -> None:
    assert (cause["code"], cause["owner"], cause["students"]) == ("sis.co_taught", "sis", students)
    assert cause["advice"] == (
        f"{students} students at Maple Primary (grade 3) are in two or more sections with the same students "
        f"but different teachers ({sections} sections in all): each co-teacher has a section of the same "
        "class. No section filter can tell these apart. Ask the district to put both teachers on one section "
        "in its SIS, or to keep only the lead teacher's section. "
        "These sections have no term. If some are for another term or school year, they have to stay in the "
        "SIS: the district has to share only those of the current term with us, or to give each section its "
        "term, by which our section filter can choose. "
        f"When this is fixed, {students} students have no error left."
    )
    assert len(cause["sections"]) == sections


@pytest.mark.parametrize("is_filtered", [True, False])
async def test_students_alike_are_co_taught(store: StoreUnderTest, tmp_path: Path, is_filtered: bool) -> None:
    case = await reviewed(store, tmp_path, events(), filter_in_force() if is_filtered else None)

    (cause,) = case.last_review["causes"]
    check(cause, 30, 6)
    assert case.last_review["suggestions"] == []


async def test_a_pair_with_one_student_missing_is_co_taught(store: StoreUnderTest, tmp_path: Path) -> None:
    changed, pairs = [], 0
    for event in events():
        record = event["data"]["object"]
        if event["type"].startswith("sections") and "Aide" in record["name"]:
            pairs += 1
            if pairs > 1:
                continue
            record["students"] = record["students"][1:]
        changed.append(event)
    case = await reviewed(store, tmp_path, changed, filter_in_force())

    (cause,) = case.last_review["causes"]
    check(cause, 9, 2)


async def test_three_teachers_with_a_section_each_co_teach(store: StoreUnderTest, tmp_path: Path) -> None:
    changed = events()
    for number, event in enumerate(copy.deepcopy(changed), start=1):
        record = event["data"]["object"]
        if "Aide" in str(record.get("name", "")):
            teacher = f"66e0000000000000000eaa{number:02x}"
            record |= {"id": f"66e0000000000000000eab{number:02x}", "teachers": [teacher], "teacher": teacher}
            changed.append(event | {"id": f"692b0000000000000eab{number:04x}"})
    case = await reviewed(store, tmp_path, changed, filter_in_force())

    (cause,) = case.last_review["causes"]
    check(cause, 30, 9)


async def test_sections_of_different_periods_are_not_co_taught(store: StoreUnderTest, tmp_path: Path) -> None:
    changed = events()
    for event in changed:
        record = event["data"]["object"]
        if "Aide" in str(record.get("name", "")):
            record["period"] = "8"
    case = await reviewed(store, tmp_path, changed, filter_in_force())

    assert case.causes().keys() == {"filter.several_of_one_kind"}


async def test_the_same_teacher_twice_is_no_co_teaching(store: StoreUnderTest, tmp_path: Path) -> None:
    changed, lead = events(), list[str]()
    for event in changed:
        record = event["data"]["object"]
        if event["type"].startswith("sections"):
            if "Aide" in record["name"]:
                record |= {"teachers": lead, "teacher": lead[0]}
            lead = record["teachers"]
    case = await reviewed(store, tmp_path, changed, filter_in_force())

    assert case.causes().keys() == {"filter.several_of_one_kind"}
