"""Case 09: a text in which nothing can be seen is blank."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest

OF_INVISIBLE_NAMES = 7
STUDENT = "66e000000000000000090009"
"""Ada, whose grade is the only thing that nobody can see."""


async def test_students_whose_names_or_grade_nobody_can_see_miss_these_fields(store: StoreUnderTest) -> None:
    case = CaseRunner(store, case_folder(9))

    await case.happen("01-district.ndjson")

    assert missing(case) == [*["first_name"] * OF_INVISIBLE_NAMES, "grade"]
    assert case.commits.messages == []


@pytest.mark.parametrize("sign", ["\uffa0", "\u180e", "\U000e0041", "\u202e\u2066", "\u200b \ufeff\t"])
async def test_so_do_those_with_other_signs(store: StoreUnderTest, tmp_path: Path, sign: str) -> None:
    lines = (case_folder(9) / "01-district.ndjson").read_text().splitlines()
    changed = [with_signs(json.loads(line), sign) if STUDENT in line else json.loads(line) for line in lines]
    (tmp_path / "variant.ndjson").write_text("\n".join(json.dumps(event) for event in changed))
    case = CaseRunner(store, tmp_path)
    await case.set_policy(
        "66d000000000000000000009", {"required_fields": ["last_name", "school_id", "ext.x"]}
    )

    await case.happen("variant.ndjson")

    assert case.last_review["findings"]["by_code"] == {"student.field_missing": 10}
    assert sorted(field for field in missing(case) if field != "ext.x") == ["last_name", "school_id"]
    (section,) = await store.rows("SELECT record FROM staged WHERE kind = 'section'")
    assert "period" not in section["record"]


async def test_what_was_stored_before_is_read_as_blank_too(store: StoreUnderTest) -> None:
    case = CaseRunner(store, case_folder(9))
    await case.publish("01-district.ndjson")
    await store.rows(
        "UPDATE inbox SET record = jsonb_set(record::jsonb, '{student,texts,last_name}', to_jsonb($1::text))"
        " WHERE record_id = $2",
        "\u2060",
        STUDENT,
    )

    await case.evaluate()

    assert "last_name" in missing(case)


def missing(case: CaseRunner) -> list[str]:
    """Return the fields that the last review says are missing, one a student."""
    items = case.last_review["findings"]["items"]
    return sorted(item["field"] for item in items if item["code"] == "student.field_missing")


def with_signs(event: dict[str, object], sign: str) -> dict[str, object]:
    """Return Ada's event with names, school and an extension field that nobody can see."""
    text = json.dumps(event)
    event = json.loads(text.replace('"Park"', json.dumps(sign)))
    record = event["data"]["object"]  # type: ignore[index]
    if "roles" in record and "student" in record["roles"]:
        record["roles"]["student"] |= {"school": sign, "ext": {"x": sign}}
    else:
        record["period"] = sign
    return event
