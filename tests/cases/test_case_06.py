"""The same students under new ids: told as that, and the commit says who replaces whom."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d000000000000000000006"
STUDENTS = 30
Change = Callable[[Json], None]
UNDER_NEW_IDS = (
    "30 students at Maple Primary (grade 3) would be removed, and most of them come back under new Clever IDs"
)


def events(name: str) -> list[Json]:
    return [json.loads(line) for line in (case_folder(6) / name).read_text().splitlines()]


def write(folder: Path, name: str, told: list[Json]) -> None:
    (folder / name).write_text("".join(json.dumps(event) + "\n" for event in told))


def students(told: list[Json], what: str) -> list[Json]:
    users = [event["data"]["object"] for event in told if event["type"] == f"users.{what}"]
    return [user for user in users if "student" in user["roles"]]


def as_they_are(_student: Json) -> None:
    pass


def only_sis_id(student: Json) -> None:
    student["name"] = {"first": "Other", "last": student["id"]}
    sis_id = student["roles"]["student"]["sis_id"].removeprefix("X")
    student["roles"]["student"] |= {"student_number": "", "state_id": "", "sis_id": sis_id}


def only_state_id(student: Json) -> None:
    student["name"] = {"first": "Other", "last": student["id"]}
    student["roles"]["student"] |= {"student_number": "", "sis_id": f"new-{student['id']}"}


def only_name_and_grade(student: Json) -> None:
    student["name"]["last"] = student["name"]["last"].upper()
    student["roles"]["student"] |= {"student_number": "", "state_id": "", "sis_id": f"new-{student['id']}"}


def nothing(student: Json) -> None:
    only_sis_id(student)
    student["roles"]["student"]["sis_id"] = f"new-{student['id']}"


async def migrated(store: StoreUnderTest, folder: Path, change: Change) -> CaseRunner:
    """Return the case in review, with the newcomers changed."""
    told = events("02-new-sis.ndjson")
    for student in students(told, "created"):
        change(student)
    write(folder, "01.ndjson", events("01-district.ndjson"))
    write(folder, "02.ndjson", told)
    case = CaseRunner(store, folder)
    await case.happen("01.ndjson", "02.ndjson")
    return case


def replaced(case: CaseRunner) -> dict[str, str]:
    changes = case.commit_bodies[-1]["changes"]
    return {change["id"]: change["replaces"] for change in changes if "replaces" in change}


@pytest.mark.parametrize("change", [as_they_are, only_sis_id, only_state_id, only_name_and_grade])
async def test_students_who_come_back_under_new_ids_are_named_as_that(
    store: StoreUnderTest, tmp_path: Path, change: Change
) -> None:
    case = await migrated(store, tmp_path, change)

    (cause,) = case.last_review["causes"]
    assert (cause["code"], cause["owner"], cause["removed"]) == ("sis.ids_reissued", "sis", STUDENTS)
    assert cause["advice"].startswith(UNDER_NEW_IDS)
    assert "the history under the old IDs is lost" in cause["advice"]
    plan = case.last_review["plan"]["digest"]
    assert f"rostering approve {DISTRICT} --plan {plan[:12]} --reason TEXT" in cause["advice"]
    assert plan not in cause["advice"]

    await store.districts.approve(DISTRICT, plan[:12], "ada", "ids are mapped")
    await case.evaluate()

    told = events("02-new-sis.ndjson")
    old = [one["id"] for one in students(told, "deleted")]
    new = [one["id"] for one in students(told, "created")]
    assert replaced(case) == dict(zip(new, old, strict=True))
    assert case.commit_bodies[-1]["roster"]["digest"] == plan


async def test_students_unlike_those_who_went_replace_nobody(store: StoreUnderTest, tmp_path: Path) -> None:
    case = await migrated(store, tmp_path, nothing)

    (cause,) = case.last_review["causes"]
    assert cause["code"] == "sharing.students_vanished"
    await store.districts.approve(DISTRICT, case.last_review["plan"]["digest"], "ada", "meant")
    await case.evaluate()
    assert replaced(case) == {}


async def test_a_newcomer_with_the_name_of_one_replaces_nobody(store: StoreUnderTest, tmp_path: Path) -> None:
    told = events("02-new-sis.ndjson")
    first, *others = students(told, "created")
    for student in others:
        nothing(student)
    only_name_and_grade(first)
    write(tmp_path, "01.ndjson", events("01-district.ndjson"))
    write(tmp_path, "02.ndjson", told)
    case = CaseRunner(store, tmp_path)
    await case.happen("01.ndjson", "02.ndjson")
    await store.districts.approve(DISTRICT, case.last_review["plan"]["digest"], "ada", "meant")
    await case.evaluate()

    assert replaced(case) == {}


@pytest.mark.parametrize("change", [as_they_are, only_sis_id, only_state_id, only_name_and_grade])
async def test_where_the_new_ones_come_before_the_old_ones_go_it_is_the_same_cause(
    store: StoreUnderTest, tmp_path: Path, change: Change
) -> None:
    told = [event for event in events("02-new-sis.ndjson") if event["type"] == "users.created"]
    for student in students(told, "created"):
        change(student)
    write(tmp_path, "01.ndjson", events("01-district.ndjson"))
    write(tmp_path, "02.ndjson", told)
    case = CaseRunner(store, tmp_path)
    await case.happen("01.ndjson", "02.ndjson")

    (cause,) = case.last_review["causes"]
    errors = 2 * STUDENTS if change is only_sis_id else STUDENTS
    assert (cause["code"], cause["owner"], cause["students"]) == ("sis.ids_reissued", "sis", errors)
    assert "the history under the old IDs is lost" in cause["advice"]
