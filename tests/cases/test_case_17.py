"""Case 17: sections deleted and created again put every student into another class: a person is asked."""

from __future__ import annotations

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest

CASE = 17
DISTRICT = "66d000000000000000000011"


async def renewed(store: StoreUnderTest) -> CaseRunner:
    """Return the case with its first commit made, and its sections made anew."""
    runner = CaseRunner(store, case_folder(CASE))
    await runner.happen("01-district.ndjson", "02-sections-made-anew.ndjson")
    return runner


async def test_a_district_whose_students_all_change_class_is_held(store: StoreUnderTest) -> None:
    runner = await renewed(store)

    assert len(runner.commit_bodies) == 1
    findings = runner.last_review["findings"]
    assert findings["by_code"] == {"district.class_change": 1, "school.class_change": 1}
    assert {item["class_changes"] for item in findings["items"]} == {40}
    assert {item["committed"] for item in findings["items"]} == {40}
    assert {item["limit_percent"] for item in findings["items"]} == {30}
    assert [(code, cause["owner"]) for code, cause in runner.causes().items()] == [
        ("sis.class_ids_changed", "sis")
    ]


async def test_an_approval_lets_it_pass_and_no_second_one_is_needed(store: StoreUnderTest) -> None:
    runner = await renewed(store)
    plan = (await runner.show(DISTRICT))["plan"]["digest"]

    await store.districts.approve(DISTRICT, plan, "ada", "the SIS was moved")
    await runner.evaluate()

    assert len(runner.commit_bodies) == 2
    shown = await runner.show(DISTRICT)
    assert (shown["status"], shown["findings"]["errors"]) == ("rostered", 0)
    assert await store.rows("SELECT * FROM guard_history") == []
