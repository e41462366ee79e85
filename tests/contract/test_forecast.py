"""What the preflight would say of an open window now: a warning that changes nothing and waits for nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.builders.records import (
    DISTRICT,
    Json,
    event_id,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
)
from tests.support.fixtures.people import HOUR, LIMITS, Feed, evaluate
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.section_filter import SectionFilter
from worker.operations.dry_run import BASELINE, BUSY, FULL_RUN, TOO_MANY, forecast

TABLES = (
    *("districts", "windows", "inbox", "evaluated_events", "staged", "enrollments", "section_links"),
    *(
        "kept_sections",
        "identities",
        "roster",
        "findings",
        "batches",
        "decisions",
        "outbox",
        "quarantine",
        "incidents",
    ),
)


async def happen(store: StoreUnderTest, first: int, *events: tuple[str, Json]) -> None:
    await Feed(store, first - 1).send(*events)


@pytest.fixture
async def rostered(store: StoreUnderTest) -> StoreUnderTest:
    """Lend a store with a district of three students, committed."""
    students = [student_json(number) for number in (1, 2, 3)]
    await happen(
        store,
        1,
        ("schools", school_json()),
        ("users", teacher_json()),
        *(("users", student) for student in students),
        ("sections", section_json(students=[student["id"] for student in students])),
    )
    await evaluate(store)
    return store


async def contents(store: StoreUnderTest) -> dict[str, list[str]]:
    """Return every row of the tables that an evaluation writes, with when each was written."""
    return {
        table: sorted(
            row[0] for row in await store.rows(f"SELECT (t.ctid, t.xmin, t)::text FROM public.{table} t")
        )
        for table in TABLES
    }


async def warning(store: StoreUnderTest, limits: WindowLimits = LIMITS) -> dict[str, Any] | None:
    return await forecast(store.evaluations, DISTRICT, limits)


async def test_what_waits_is_judged_as_the_window_would_be(rostered: StoreUnderTest) -> None:
    await happen(rostered, 10, ("users", student_json(1, {"grade": ""})), ("users", student_json(4)))

    found = await warning(rostered)
    await evaluate(rostered)

    details = await rostered.districts.show(DISTRICT)
    assert found is not None
    assert (found["events"], found["outcome"]) == (2, details["last_decision"]["outcome"])
    assert found["outcome"] == "review"
    assert (found["new"], found["resolved"]) == (2, 0)
    students = {"total": 4, "ready": 2, "blocked": 2, "outside_scope": 0}
    assert found["students"] == details["students"] == students
    assert found["by_code"] == details["findings"]["by_code"]
    assert found["plan"] == details["plan"]


async def test_in_review_it_says_what_would_be_new_and_what_would_resolve(rostered: StoreUnderTest) -> None:
    await happen(
        rostered, 10, ("users", student_json(1, {"grade": ""})), ("users", student_json(2, {"grade": ""}))
    )
    await evaluate(rostered)
    await happen(rostered, 20, ("users", student_json(1)), ("users", student_json(3, {"sis_id": ""})))

    found = await warning(rostered)

    assert found is not None
    assert (found["outcome"], found["new"], found["resolved"]) == ("review", 1, 1)


async def test_a_clean_window_is_told_to_be_a_commit(rostered: StoreUnderTest) -> None:
    await happen(rostered, 10, ("users", student_json(1, name={"first": "Ottoline", "last": "Fernquay"})))

    found = await warning(rostered)

    assert found is not None
    assert (found["outcome"], found["plan"]["counts"]["student"]["upserted"]) == ("commit", 1)


@pytest.mark.alone("reads every table by itself")
async def test_it_changes_no_row_of_any_table(rostered: StoreUnderTest) -> None:
    await happen(rostered, 10, ("users", student_json(1, {"grade": ""})), ("users", student_json(4)))
    before = await contents(rostered)

    assert await warning(rostered) is not None

    # A row that was locked keeps its place, and says so in no column that these texts hold.
    assert await contents(rostered) == before


async def test_it_decides_nothing_and_logs_no_decision(
    rostered: StoreUnderTest, capsys: pytest.CaptureFixture[str]
) -> None:
    await happen(rostered, 10, ("users", student_json(4)))
    capsys.readouterr()

    await warning(rostered)

    told = capsys.readouterr()
    assert told.out == told.err == ""


async def test_without_waiting_events_there_is_nothing_to_warn_of(rostered: StoreUnderTest) -> None:
    assert await warning(rostered) is None


async def test_a_district_that_is_being_evaluated_is_not_waited_for(rostered: StoreUnderTest) -> None:
    await happen(rostered, 10, ("users", student_json(4)))

    async with rostered.evaluations.next(LIMITS) as evaluation:
        assert evaluation is not None
        found = await asyncio.wait_for(warning(rostered), 20)

    assert found == {"unavailable": BUSY}


async def test_while_it_looks_ingest_goes_on(rostered: StoreUnderTest) -> None:
    await happen(rostered, 10, ("users", student_json(4)))

    async with rostered.evaluations.of_open_window(DISTRICT) as evaluation:
        assert evaluation is not None
        await evaluation.claim_events(None, 100)
        await asyncio.wait_for(happen(rostered, 20, ("users", student_json(5))), 20)

    assert len(await rostered.rows("SELECT FROM inbox")) == 2


async def test_where_the_whole_district_is_due_there_is_no_forecast(rostered: StoreUnderTest) -> None:
    await happen(rostered, 10, ("users", student_json(4)))
    await rostered.districts.set_filter(DISTRICT, SectionFilter(current_term_only=True), "test")

    assert await warning(rostered) == {"unavailable": FULL_RUN}


async def test_where_a_baseline_waits_there_is_no_forecast(rostered: StoreUnderTest) -> None:
    run = await rostered.baselines.begin(DISTRICT, event_id(9), "", ["schools"])
    run = await rostered.baselines.add(run, [], None)
    await rostered.baselines.believe(run, moves_cursor=True)
    await rostered.baselines.ready(run, close_window=True)
    await happen(rostered, 10, ("users", student_json(4)))

    assert await warning(rostered) == {"unavailable": BASELINE}


async def test_where_more_waits_than_a_batch_takes_there_is_no_forecast(rostered: StoreUnderTest) -> None:
    await happen(rostered, 10, *(("users", student_json(number)) for number in (4, 5)))

    assert await warning(rostered, WindowLimits(HOUR, HOUR, 1, HOUR)) == {"unavailable": TOO_MANY}


async def test_the_first_events_of_a_district_have_a_forecast_too(store: StoreUnderTest) -> None:
    await happen(store, 1, ("users", student_json(1)), ("sections", section_json(students=[record_id(1)])))

    found = await warning(store)

    assert found is not None
    assert (found["outcome"], found["students"]["ready"]) == ("commit", 1)
