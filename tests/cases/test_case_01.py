"""Case 01: a sharing rule that narrows in small steps is held as one that narrows at once is."""

from __future__ import annotations

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest

CASE = 1
DISTRICT = "66d000000000000000000001"
STEPS = [f"{number + 1:02d}-ten-leave-{number}.ndjson" for number in range(1, 10)]


async def test_the_second_step_of_ten_is_held_for_the_district_and_its_school(store: StoreUnderTest) -> None:
    runner = CaseRunner(store, case_folder(CASE))
    await runner.happen("01-district.ndjson")

    await runner.happen(*STEPS)

    assert len(runner.commit_bodies) == 2
    assert len(runner.students()) == 90
    first = runner.review_bodies[0]
    assert first["findings"]["by_code"] == {"district.mass_removal": 1}
    (found,) = first["findings"]["items"]
    assert (found["removed"], found["committed"], found["earlier"]) == (20, 100, 10)
    last = runner.last_review["findings"]
    assert last["by_code"] == {"district.mass_removal": 1, "school.mass_removal": 1}
    assert {item["removed"] for item in last["items"]} == {90}
    assert (await runner.show(DISTRICT))["status"] == "review"


async def test_all_steps_at_once_are_held_as_one_plan(store: StoreUnderTest) -> None:
    runner = CaseRunner(store, case_folder(CASE))
    await runner.happen("01-district.ndjson")

    await runner.publish(*STEPS)
    await runner.evaluate()

    assert len(runner.students()) == 100
    assert {item["removed"] for item in runner.last_review["findings"]["items"]} == {90}


async def test_steps_further_apart_than_the_window_are_each_within_the_limit(store: StoreUnderTest) -> None:
    runner = CaseRunner(store, case_folder(CASE))
    await runner.happen("01-district.ndjson")

    for step in STEPS[:4]:
        await runner.happen(step)
        await store.rows("UPDATE guard_history SET committed_at = committed_at - interval '25 hours'")

    assert len(runner.commit_bodies) == 5
    assert len(runner.students()) == 60
    assert runner.review_bodies == []


async def test_an_approval_begins_the_count_anew(store: StoreUnderTest) -> None:
    runner = CaseRunner(store, case_folder(CASE))
    await runner.happen("01-district.ndjson", *STEPS[:2])
    held = await runner.show(DISTRICT)
    await store.districts.approve(DISTRICT, held["plan"]["digest"], "ada", "a school moves out")
    await runner.evaluate()
    assert len(runner.students()) == 80

    await runner.happen(STEPS[2])
    assert len(runner.students()) == 70
    await runner.happen(STEPS[3])

    assert len(runner.students()) == 70
    assert runner.last_review["findings"]["items"][0]["earlier"] == 10


async def test_a_policy_of_the_districts_own_shortens_the_window(store: StoreUnderTest) -> None:
    runner = CaseRunner(store, case_folder(CASE))
    await runner.happen("01-district.ndjson", STEPS[0])
    await runner.set_policy(DISTRICT, {"removal_window_hours": 0})
    await runner.evaluate()

    await runner.happen(STEPS[1])

    assert len(runner.students()) == 80
    assert runner.review_bodies == []
