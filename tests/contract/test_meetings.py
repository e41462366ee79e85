"""Where what people order meets what runs at the same time: nobody's order is lost, and nobody is stuck."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import asyncpg
import pytest

from schemas.words import Trigger
from tests.support.builders.records import (
    DISTRICT,
    OTHER_DISTRICT,
    event_id,
    record_id,
    school_json,
    section_json,
    student_json,
)
from tests.support.districts.full_run import with_filter
from tests.support.fixtures.people import (
    LIMITS,
    NORTH,
    PATIENT,
    Feed,
    commits,
    evaluate,
    everybody,
    refused,
    renamed,
    until,
)
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.evaluation import windows
from worker.adapters.postgres.operations.students import PostgresStudents
from worker.domain.roster.records import RecordKind
from worker.domain.roster.section_filter import KEEP_ALL
from worker.operations.dry_run import forecast
from worker.operations.rollback import roll_back
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.ingest.inbox import Arrival
from worker.runtime.errors import RollbackRefused
from worker.runtime.metrics import Metrics
from worker.suggest import service
from worker.suggest.suggestions import Suggestion

PATIENCE = timedelta(seconds=20)
ALL = [record_id(number) for number in range(1, 33)]


async def waiters(store: StoreUnderTest) -> int:
    rows = await store.rows("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return int(rows[0][0])


async def anybody_waits(store: StoreUnderTest) -> bool:
    return await waiters(store) > 0


async def test_a_resume_of_an_earlier_hold_leaves_a_rollbacks(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(renamed(1, "Wren"))
    await evaluate(store)
    await store.districts.hold(DISTRICT, "ada", "audit week")
    async with store.rollbacks.begin(DISTRICT, PATIENCE) as district:
        assert district is not None
        await district.hold("bo", "rolled back to commit 1: a wrong filter")
        resuming = asyncio.create_task(store.districts.resume(DISTRICT, "cy", "audit done"))
        await until(lambda: anybody_waits(store))

    no = await refused(resuming)

    assert "rolled back to commit 1" in no
    assert (await store.districts.show(DISTRICT))["hold"]["actor"] == "bo"


@pytest.mark.usefixtures("feed")
async def test_a_purge_and_a_resume_at_once_do_not_deadlock(store: StoreUnderTest) -> None:
    await store.rows("DELETE FROM outbox")
    await store.districts.hold(DISTRICT, "ada", "audit week")
    await store.districts.flush(DISTRICT, "ada")
    async with store.database.transaction() as resuming:
        # A resume that was interrupted between its two steps.
        await resuming.execute("DELETE FROM holds WHERE district_id = $1", DISTRICT)
        purging = asyncio.create_task(store.districts.purge(DISTRICT, "bo"))
        await until(lambda: anybody_waits(store))
        await asyncio.wait_for(windows.close(resuming, [DISTRICT], Trigger.APPROVAL), 20)

    assert await purging


@pytest.mark.usefixtures("feed")
async def test_a_turn_of_time_that_meets_ingest_in_a_ring_tries_again(store: StoreUnderTest) -> None:
    both = sorted([DISTRICT, OTHER_DISTRICT])
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", OTHER_DISTRICT)
    for district in both:
        await store.districts.flush(district, "ada")
    await store.rows("UPDATE windows SET requested = NULL")
    await store.rows("UPDATE districts SET reevaluate_at = now()")
    ingesting = await asyncpg.connect(store.url)
    try:
        await ingesting.execute("SET deadlock_timeout = '30s'")
        async with ingesting.transaction():
            touch = "UPDATE windows SET events = events WHERE district_id = $1"
            await ingesting.execute(touch, both[1])
            looking = asyncio.create_task(evaluate(store, PATIENT))
            await until(lambda: anybody_waits(store))
            await ingesting.execute(touch, both[0])
    finally:
        await ingesting.close()

    await looking

    rows = await store.rows("SELECT district_id FROM batches WHERE trigger = 'filter' ORDER BY district_id")
    assert [row["district_id"] for row in rows] == both


@pytest.mark.alone("writes the rows of all districts")
async def test_what_is_shown_of_a_district_is_of_one_moment(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(renamed(1, "Wren"))
    before = await store.districts.show(DISTRICT)
    async with store.database.transaction() as deciding:
        await deciding.execute("LOCK TABLE decisions IN ACCESS EXCLUSIVE MODE")
        showing = asyncio.create_task(store.districts.show(DISTRICT))
        await until(lambda: anybody_waits(store))
        await deciding.execute("UPDATE batches SET outcome = 'review'")
        await deciding.execute("UPDATE decisions SET outcome = 'review'")

    assert await showing == before


async def test_a_district_whose_evaluation_raises_is_shown(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(renamed(1, "Wren"))
    unfit = Arrival(DISTRICT, event_id(900), RecordKind.SECTION, record_id(700), '{"students": 5}')
    await store.inbox.store([unfit], [], [])

    found = await forecast(store.evaluations, DISTRICT, PATIENT)

    assert found is not None
    assert "unavailable" in found
    assert len(await store.rows("SELECT FROM inbox")) == 2


async def test_after_a_resume_held_is_committed_and_rest_judged(store: StoreUnderTest, feed: Feed) -> None:
    await store.districts.hold(DISTRICT, "ada", "r")
    await feed.send(renamed(1, "Wren"))
    assert await evaluate(store) == ["held"]
    await feed.send(renamed(2, "Ivo"))
    await store.districts.resume(DISTRICT, "ada", "r")
    resumed = await evaluate(store, PATIENT)
    window = (await store.rows("SELECT events, requested, through, deferred_since FROM windows"))[0]
    later = await evaluate(store)

    assert resumed == ["commit"]
    assert tuple(window) == (1, None, None, None)
    assert later == ["commit"]
    assert [one["counts"]["student"]["upserted"] for one in await commits(store)] == [32, 1, 1]
    assert await store.rows("SELECT FROM windows") == []


async def test_an_approval_during_a_rollback_is_of_no_use(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(renamed(1, "Wren"))
    await evaluate(store)
    await feed.send(*(("users", str(record_id(number))) for number in range(21, 33)))
    assert await evaluate(store) == ["review"]
    plan = (await store.districts.show(DISTRICT))["plan"]["digest"]
    await store.districts.approve(DISTRICT, plan, "ada", "meant")
    await store.rows("UPDATE approvals SET ended_at = NULL, ended_as = NULL, ended_why = NULL")
    await roll_back(store.rollbacks, DISTRICT, 1, "bo", "a wrong name")
    await store.rows("UPDATE approvals SET ended_at = NULL, ended_as = NULL, ended_why = NULL")
    await store.districts.resume(DISTRICT, "bo", "r")

    assert await evaluate(store) == ["unchanged"]
    assert (await store.districts.show(DISTRICT))["approval"]["last_ended"]["ended_as"] == "void"


async def test_disconnected_and_parked_districts_can_roll_back(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(renamed(1, "Wren"))
    await evaluate(store)
    await store.rows("INSERT INTO connections (district_id, disconnected_at) VALUES ($1, now())", DISTRICT)
    await store.rows("INSERT INTO evaluation_failures VALUES ($1, 5, now(), now(), 'TypeError')", DISTRICT)
    await store.rows("UPDATE districts SET reevaluate_at = now()")
    done = await roll_back(store.rollbacks, DISTRICT, 1, "bo", "a wrong name")
    assert done.sequence == 3
    assert await evaluate(store) == []
    assert await evaluate(store) == []
    assert await store.rows("SELECT FROM districts WHERE reevaluate_at IS NOT NULL") == []
    await store.districts.resume(DISTRICT, "bo", "r")
    assert await evaluate(store) == ["commit"], "to let it go on gives it another try"
    assert [one["counts"]["student"]["upserted"] for one in await commits(store)] == [32, 1, 1, 1]


async def test_a_search_for_suggestions_that_breaks_keeps_no_review_from_being_told(
    store: StoreUnderTest, feed: Feed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_arguments: object) -> list[Suggestion]:
        raise ValueError("Homeroom - Quillfeather")

    monkeypatch.setattr(service, "suggest", broken)
    every = [section_json(number, name="Quillfeather", students=ALL) for number in (710, 711)]
    await feed.send(*(("sections", section) for section in every))
    stage = EvaluateStage(store.evaluations, LIMITS, Metrics())
    capsys.readouterr()

    assert await stage.once()

    logged = capsys.readouterr()
    (review,) = await store.rows("SELECT summary FROM decisions WHERE outcome = 'review'")
    assert review["summary"]["suggestions"] == []
    assert review["summary"]["causes"] != []
    assert "suggestions.failed" in logged.out + logged.err
    assert "Quillfeather" not in logged.out + logged.err


@pytest.mark.usefixtures("feed")
async def test_the_database_waits_longer_than_a_search_takes(store: StoreUnderTest) -> None:
    async with with_filter(store, DISTRICT, KEEP_ALL) as evaluation:
        assert evaluation is not None
        await evaluation.picture()
        rows = await evaluation._connection.fetchval("SHOW idle_in_transaction_session_timeout")
    after = await store.rows("SHOW idle_in_transaction_session_timeout")

    assert rows == "5min"
    assert after[0][0] == "2min"


async def test_commits_older_than_history_go_back_to_the_last(store: StoreUnderTest, feed: Feed) -> None:
    for name in ("Wren", "Ivo"):
        await feed.send(renamed(1, name))
        await evaluate(store)
    # What migrating leaves of a district that had three commits.
    await store.rows("DELETE FROM commit_history")
    await store.rows("UPDATE districts SET history_from = commit_sequence")
    with pytest.raises(RollbackRefused, match="there are no restore points"):
        await roll_back(store.rollbacks, DISTRICT, 2, "bo", "r")
    await feed.send(renamed(1, "Una"))
    await evaluate(store)
    with pytest.raises(RollbackRefused, match="go back to commit 3 only"):
        await roll_back(store.rollbacks, DISTRICT, 2, "bo", "r")

    done = await roll_back(store.rollbacks, DISTRICT, 3, "bo", "r")

    assert (done.sequence, done.counts["student"]) == (5, {"upserted": 1, "removed": 0})
    told = await commits(store)
    assert told[4]["roster"]["digest"] == told[2]["roster"]["digest"]


async def test_a_rollback_under_way_keeps_its_history(store: StoreUnderTest, feed: Feed) -> None:
    for name in ("Wren", "Ivo"):
        await feed.send(renamed(1, name))
        await evaluate(store)
    async with store.rollbacks.begin(DISTRICT, PATIENCE) as district:
        assert district is not None
        await asyncio.wait_for(store.districts.forget_history_older_than(timedelta(0)), 20)
        during = [one async for one in district.differences(1)]
    await store.districts.forget_history_older_than(timedelta(0))

    assert len(during) == 1
    assert await store.rows("SELECT FROM commit_history") == []
    with pytest.raises(RollbackRefused):
        await roll_back(store.rollbacks, DISTRICT, 1, "bo", "r")


@pytest.mark.usefixtures("feed")
async def test_a_student_erased_while_a_second_erasure_waits_is_known_to_it(store: StoreUnderTest) -> None:
    students = PostgresStudents(store.database, store.evaluations)

    async def known_as_erased() -> frozenset[str]:
        async with students.begin(DISTRICT, PATIENCE) as second:
            assert second is not None
            return frozenset(second.state.erased_students)

    async with students.begin(DISTRICT, PATIENCE) as first:
        assert first is not None
        waiting = asyncio.create_task(known_as_erased())
        await until(lambda: anybody_waits(store))
        await first.erase(record_id(7), "ada")

    assert await waiting == {record_id(7)}


@pytest.mark.alone("copies approvals of all districts")
async def test_an_approval_outliving_a_purge_serves_no_plan(store: StoreUnderTest, feed: Feed) -> None:
    removed = [("users", str(record_id(number))) for number in range(21, 33)]
    await feed.send(*removed)
    assert await evaluate(store) == ["review"]
    plan = (await store.districts.show(DISTRICT))["plan"]["digest"]
    await store.districts.approve(DISTRICT, plan, "ada", "meant")
    approval = "SELECT district_id, plan_digest, commit_sequence, actor, reason FROM approvals"
    await store.rows(f"CREATE TABLE given AS {approval}")
    await store.rows("DELETE FROM outbox")
    await store.districts.purge(DISTRICT, "bo")
    # As where a person approves just while another one purges.
    await store.rows(
        "INSERT INTO approvals (district_id, plan_digest, commit_sequence, actor, reason) SELECT * FROM given"
    )
    feed_after_the_purge = Feed(store, last=(int(time.time()) + 60) << 64)
    await feed_after_the_purge.send(*everybody())
    again = await evaluate(store)
    await feed_after_the_purge.send(*removed)

    assert again == ["commit"]
    assert await evaluate(store) == ["review"]
    assert (await store.districts.show(DISTRICT))["plan"]["digest"] == plan
    assert await store.rows("SELECT FROM approvals WHERE ended_at IS NULL") == []


async def test_a_standing_reviews_schools_are_shown_by_name(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(("users", student_json(1, {"school": NORTH, "grade": ""})))
    assert await evaluate(store) == ["review"]

    review = (await store.districts.show(DISTRICT))["review"]

    assert [cause["schools"] for cause in review["causes"]] == [[NORTH]]
    assert review["school_names"] == {NORTH: school_json(900)["name"]}
