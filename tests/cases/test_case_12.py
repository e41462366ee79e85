"""An update without roles, or with roles that name none, is unreadable; it is not a student who left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d00000000000000000000c"
FIRST = ("student", "66e0000000000000000c0002")


def with_roles(folder: Path, target: Path, roles: Json | None) -> Path:
    """Write the event of the case with these roles."""
    event = json.loads((folder / "03-roles-empty.ndjson").read_text())
    event["data"]["object"]["roles"] = roles
    target.write_text(json.dumps(event) + "\n")
    return target


@pytest.mark.parametrize("file", ["02-roles-absent.ndjson", "03-roles-empty.ndjson"])
async def test_a_user_without_roles_is_held_back_and_not_removed(store: StoreUnderTest, file: str) -> None:
    case = CaseRunner(store, case_folder(12))
    await case.happen("01-district.ndjson")
    before = case.students()

    await case.happen(file)

    assert case.last_review["findings"]["by_code"] == {"district.events_quarantined": 1}
    assert [letter.headers["x-reason"] for letter in case.dead_letters.messages] == ["no_roles"]
    assert case.students() == before


@pytest.mark.parametrize("roles", [None, {"student": None}, {"student": None, "teacher": "", "contact": []}])
async def test_blank_roles_name_none(store: StoreUnderTest, tmp_path: Path, roles: Json | None) -> None:
    case = CaseRunner(store, case_folder(12))
    await case.happen("01-district.ndjson")

    await case.happen(with_roles(case.folder, tmp_path / "blank.ndjson", roles))

    assert case.last_review["findings"]["by_code"] == {"district.events_quarantined": 1}


@pytest.mark.parametrize("other", ["contact", "district_admin", "teacher", "staff"])
async def test_a_null_student_role_means_he_left(store: StoreUnderTest, tmp_path: Path, other: str) -> None:
    case = CaseRunner(store, case_folder(12))
    await case.happen("01-district.ndjson")
    left = with_roles(case.folder, tmp_path / "left.ndjson", {"student": None, other: {}})
    students = len(case.students())

    await case.happen(left)

    assert len(case.students()) == students - 1
    assert case.dead_letters.messages == []


async def test_an_empty_student_role_is_a_student_whose_fields_are_missing(store: StoreUnderTest) -> None:
    case = CaseRunner(store, case_folder(12))
    await case.happen("01-district.ndjson")

    await case.happen("04-student-empty.ndjson")

    assert set(case.last_review["findings"]["by_code"]) == {"student.field_missing"}
    assert FIRST in case.students()
