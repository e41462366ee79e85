"""What is not rostered cannot hold a district back; a term's day matters only where terms are looked at."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d00000000000000000000f"
SECTION = "66e0000000000000000f0006"
KEEP_ALL: Json = {"rules": []}
CURRENT_TERM: Json = {"current_term_only": True, "rules": []}
BY_COURSE: Json = {"rules": [{"all": [{"field": "course_name", "op": "not_contains", "value": "lunch"}]}]}


def an_event(target: Path, what: str, record: Json, number: int) -> Path:
    """Write an event of the case's district."""
    event = {
        "id": f"692b0000000000000f0000{number:02x}",
        "type": what,
        "data": {"object": {"district": DISTRICT, **record}},
    }
    target.write_text(json.dumps(event) + "\n")
    return target


@pytest.fixture
async def case(store: StoreUnderTest) -> CaseRunner:
    """The district of the case after its first commit."""
    case = CaseRunner(store, case_folder(15))
    await case.happen("01-district.ndjson")
    assert len(case.commits.messages) == 1
    return case


@pytest.mark.parametrize("file", ["02-contact.ndjson", "03-term-dates.ndjson"])
async def test_an_unreadable_contact_or_term_day_holds_nothing_back(case: CaseRunner, file: str) -> None:
    await case.happen(file)

    assert (case.reviews.messages, case.dead_letters.messages) == ([], [])
    assert (await case.show(DISTRICT))["status"] == "rostered"


@pytest.mark.parametrize(
    ("what", "record"),
    [
        ("users.updated", {"id": "66e0000000000000000f0007", "roles": {"district_admin": 5}, "email": 7}),
        ("users.created", {"id": ["odd"], "roles": {"contact": {}}}),
        ("resources.created", {"id": {"odd": 1}, "title": []}),
        ("resources.updated", {}),
        ("courses.created", {"id": "66e0000000000000000f0009", "name": ["x"], "number": 5}),
        ("districts.updated", {"id": DISTRICT, "name": 5, "pause_start": []}),
    ],
)
async def test_nothing_that_is_not_rostered_holds_a_district_back(
    case: CaseRunner, tmp_path: Path, what: str, record: Json
) -> None:
    await case.happen(an_event(tmp_path / "odd.ndjson", what, record, 9))

    assert (case.reviews.messages, case.dead_letters.messages) == ([], [])


async def test_an_unreadable_term_day_holds_back_a_filter_on_terms(case: CaseRunner, tmp_path: Path) -> None:
    await case.happen("03-term-dates.ndjson")

    await case.set_filter(DISTRICT, CURRENT_TERM)
    await case.evaluate()

    assert case.last_review["findings"]["by_code"] == {"district.records_unreadable": 1}
    assert case.causes()["sis.records_unreadable"]["owner"] == "sis"
    term = {"id": "66e0000000000000000f0008", "start_date": "2026-08-20", "end_date": "2027-06-18"}
    await case.happen(an_event(tmp_path / "mended.ndjson", "terms.updated", term, 10))
    assert (await case.show(DISTRICT))["status"] == "rostered"


async def test_an_unreadable_course_name_holds_back_a_filter_on_it(case: CaseRunner, tmp_path: Path) -> None:
    course = {"id": "66e0000000000000000f0009", "name": ["Lunch"]}
    await case.happen(an_event(tmp_path / "course.ndjson", "courses.created", course, 9))

    await case.set_filter(DISTRICT, BY_COURSE)
    await case.evaluate()

    assert case.last_review["findings"]["by_code"] == {"district.records_unreadable": 1}
    await case.set_filter(DISTRICT, KEEP_ALL)
    await case.evaluate()
    assert (await case.show(DISTRICT))["status"] == "rostered"


async def test_a_field_nothing_asks_for_holds_back_once_asked_for(case: CaseRunner, tmp_path: Path) -> None:
    record = next(
        event["data"]["object"]
        for line in (case.folder / "01-district.ndjson").read_text().splitlines()
        if (event := json.loads(line))["type"] == "users.created"
        and "student" in event["data"]["object"]["roles"]
    )
    record["roles"]["student"]["gender"] = {"code": "F"}
    await case.happen(an_event(tmp_path / "odd.ndjson", "users.updated", record, 9))
    assert case.reviews.messages == []

    await case.set_policy(DISTRICT, {"required_fields": ["sis_id", "gender"]})
    await case.evaluate()

    assert "student.field_missing" in case.last_review["findings"]["by_code"]
