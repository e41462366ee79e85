"""Case 05: the days of terms, and the moment at which they turn, are the district's own."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cases.case_runner import CaseRunner, case_folder, changed_copy
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.domain.preflight.policy import Policy
from worker.domain.roster.days import day_in
from worker.domain.roster.section_filter import SectionFilter
from worker.onboarding.district_store import Description
from worker.operations.trial.service import try_filter

DISTRICT = "66d000000000000000000005"
EAST, WEST = "Etc/GMT-14", "Etc/GMT+12"
"""Between them, some day is always today in one and not in the other."""


async def told(store: StoreUnderTest, folder: Path, zone: str | None, start: str, end: str) -> CaseRunner:
    """Bring in the case with a term of these days, in a district of this time zone."""
    source = case_folder(5)
    said = term(source)
    file = changed_copy(
        source / "01-district.ndjson",
        folder / "01.ndjson",
        (f'"start_date": "{said["start_date"]}"', f'"start_date": "{start}"'),
        (f'"end_date": "{said["end_date"]}"', f'"end_date": "{end}"'),
    )
    case = CaseRunner(store, source)
    if zone is not None:
        await store.onboarding.choose(DISTRICT, Description("Island Schools", None, zone), "test")
    await case.set_filter(DISTRICT, "filter.json")
    await case.publish(file)
    await case.evaluate()
    return case


def term(folder: Path) -> dict[str, str]:
    lines = (folder / "01-district.ndjson").read_text().splitlines()
    (found,) = [
        record["data"]["object"] for record in map(json.loads, lines) if record["type"] == "terms.created"
    ]
    return dict(found)


def around(zone: str) -> tuple[str, str, str]:
    """Return yesterday, today and tomorrow as they are there."""
    today = day_in(zone, datetime.now(UTC))
    return str(today - timedelta(days=1)), str(today), str(today + timedelta(days=1))


async def test_a_term_begins_on_the_districts_own_first_day(store: StoreUnderTest, tmp_path: Path) -> None:
    _, today, tomorrow = around(EAST)

    case = await told(store, tmp_path, EAST, today, tomorrow)

    assert len(case.commits.messages) == 1
    assert case.reviews.messages == []


async def test_a_term_ends_with_the_districts_own_last_day(store: StoreUnderTest, tmp_path: Path) -> None:
    yesterday, today, _ = around(WEST)

    case = await told(store, tmp_path, WEST, yesterday, today)

    assert len(case.commits.messages) == 1
    assert case.reviews.messages == []


async def test_the_district_is_judged_again_at_its_midnight(store: StoreUnderTest, tmp_path: Path) -> None:
    _, today, tomorrow = around(EAST)

    await told(store, tmp_path, EAST, today, today)

    (row,) = await store.rows("SELECT reevaluate_at FROM districts")
    assert row["reevaluate_at"] == datetime.fromisoformat(tomorrow).replace(tzinfo=ZoneInfo(EAST))


async def test_another_time_zone_has_the_district_judged_again(store: StoreUnderTest, tmp_path: Path) -> None:
    _, today, tomorrow = around(EAST)
    case = await told(store, tmp_path, WEST, today, tomorrow)
    held_back = len(case.reviews.messages), len(case.commits.messages)

    await store.onboarding.describe(DISTRICT, Description(time_zone=EAST), "test")
    await case.evaluate()

    assert held_back == (1, 0)
    assert len(case.commits.messages) == 1


@pytest.mark.alone("other settings have every district judged again, the shadow too")
async def test_a_district_onboarded_later_is_judged_by_days(store: StoreUnderTest, tmp_path: Path) -> None:
    case = await told(store, tmp_path, None, *around(EAST)[1:])

    await store.onboarding.choose(DISTRICT, Description("Island Schools", None, EAST), "test")
    await case.evaluate()
    await store.onboarding.drop(DISTRICT, "test")
    await case.evaluate()

    batches = await store.rows("SELECT trigger FROM batches ORDER BY number")
    assert [row["trigger"] for row in batches][-2:] == ["filter", "filter"]
    assert await store.evaluations.demand_policy() == 0


@pytest.mark.alone("other settings have every district judged again, the shadow too")
async def test_another_default_zone_has_districts_judged_again(store: StoreUnderTest, tmp_path: Path) -> None:
    await told(store, tmp_path, None, *around(EAST)[1:])

    async with opened_store(store.url, Policy(time_zone=EAST)) as restarted:
        asked = await restarted.evaluations.demand_policy()

    assert asked == 1


@pytest.mark.parametrize(("zone", "runs"), [(EAST, True), (WEST, False)])
async def test_survey_sections_and_trial_have_the_districts_day(
    store: StoreUnderTest, tmp_path: Path, zone: str, runs: bool
) -> None:
    _, today, tomorrow = around(EAST)
    await told(store, tmp_path, zone, today, tomorrow)
    here = day_in(zone, datetime.now(UTC))
    section_filter = SectionFilter(current_term_only=True)

    trial = await try_filter(store.trials, DISTRICT, section_filter)
    _, picture = await store.pictures.read(DISTRICT)

    assert (await store.pictures.moment(DISTRICT)).today == here
    assert (trial["coverage"]["none"] == 0) is runs
    assert picture.build().current.any() == runs
