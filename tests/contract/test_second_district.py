"""A second district with records of the same ids: none is changed, nor shown, for the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest

from tests.support.builders.onboarding_states import COMMIT, TEAM, Onboarding
from tests.support.builders.records import DISTRICT, Json, course_json, event_id, record_id, student_json
from tests.support.districts import shadow
from tests.support.fixtures.people import (
    NORTH,
    NORTHERN,
    SOUTHERN,
    Feed,
    commits,
    evaluate,
    homeroom,
    renamed,
)
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.operations.students import PostgresStudents
from worker.domain.onboarding.states import Move, State
from worker.domain.roster.section_filter import SectionFilter
from worker.onboarding.district_store import Description
from worker.operations import erase_student
from worker.operations.rollback import roll_back
from worker.pipeline.poll.baseline import staged_records
from worker.pipeline.poll.clever import Token


@pytest.fixture
async def connection(store: StoreUnderTest) -> AsyncIterator[asyncpg.Connection]:
    async with shadow.opened(store.url) as opened:
        yield opened


async def test_the_shadow_has_rows_in_every_table_of_districts(connection: asyncpg.Connection) -> None:
    tables = [row["name"] for row in await connection.fetch(shadow.TABLES)]

    without = [
        name
        for name in tables
        if not await connection.fetchval(
            f"SELECT EXISTS (SELECT FROM public.{name} WHERE district_id = $1)", shadow.SHADOW
        )
    ]

    assert {"staged", "mails", "audit"} < {*tables}
    assert {*without} == shadow.LOOKED_AT


async def test_a_change_of_the_shadow_is_noticed_in_whatever_table(
    connection: asyncpg.Connection, the_shadow: shadow.Shadow
) -> None:
    await connection.execute("SET session_replication_role = replica")  # the audit can only be added to
    for name in the_shadow.expected:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(f"DELETE FROM public.{name} WHERE district_id = $1", shadow.SHADOW)
        assert name in await the_shadow.changed(connection)
        await transaction.rollback()

    assert await the_shadow.changed(connection) == []


# A twin: the district as it is now, beside itself. What statements compare with what they know of their
# district fits the twin's rows too.


@asynccontextmanager
async def twin(store: StoreUnderTest, besides: str = "SELECT") -> AsyncIterator[None]:
    """Have the district as it is now stand beside itself, with rows `besides`, and see that these stay so."""
    async with shadow.opened(store.url) as connection:
        await shadow.cast(connection, DISTRICT)
        await connection.execute(besides)
        made = await shadow.take(connection)
        yield
        assert await made.changed(connection) == []


HAS_A_TWIN = pytest.mark.alone("a twin of the district stands beside it")


async def is_held_with_students_who_left(store: StoreUnderTest, feed: Feed) -> None:
    """Have one student come with a commit and leave while the district is on hold, and so another one."""
    await feed.send(("users", student_json(44, {"school": NORTH})), homeroom_of(44))
    assert await evaluate(store) == ["commit"]
    await store.districts.hold(DISTRICT, "ada", "wait")
    await feed.send(("users", record_id(44)), ("users", record_id(3)), renamed(4, "Tamsin"))
    assert await evaluate(store) == ["held"]


def homeroom_of(*more: int) -> tuple[str, Json]:
    return "sections", homeroom(700, NORTH, [*NORTHERN, *more])


@HAS_A_TWIN
async def test_a_rollback_touches_only_its_districts_rows(store: StoreUnderTest, feed: Feed) -> None:
    await is_held_with_students_who_left(store, feed)

    # With the sequence that the rollback will have, of a student whom it does not concern.
    his = f"""
        INSERT INTO public.commit_history (district_id, sequence, kind, record_id, record, member, school_id)
        SELECT district_id, 3, kind, record_id, committed, committed_member, committed_school_id
        FROM public.roster WHERE district_id = '{shadow.SHADOW}' AND record_id = '{record_id(3)}'"""
    async with twin(store, his):
        await roll_back(store.rollbacks, DISTRICT, 1, "ada", "why")

    left = {
        row["record_id"] for row in await store.rows("SELECT record_id FROM roster WHERE kind = 'student'")
    }
    assert record_id(44) not in left
    assert record_id(3) in left


@HAS_A_TWIN
async def test_a_commit_is_of_its_district_alone(store: StoreUnderTest, feed: Feed) -> None:
    await is_held_with_students_who_left(store, feed)

    async with twin(store):
        await store.districts.resume(DISTRICT, "ada", "go on")
        assert await evaluate(store) == ["commit"]

    (commit,) = [one for one in await commits(store) if one["counts"]["student"]["removed"]]
    assert commit["counts"]["student"] == {"upserted": 1, "removed": 2}


@HAS_A_TWIN
async def test_a_purge_and_a_filter_change_are_of_one_district(store: StoreUnderTest, feed: Feed) -> None:
    await is_held_with_students_who_left(store, feed)

    async with twin(store):
        await store.districts.set_filter(
            DISTRICT, SectionFilter.model_validate({"scope": {"grades": ["9"]}}), "ada"
        )
        await evaluate(store)
        await store.rows("DELETE FROM outbox")
        await store.districts.purge(DISTRICT, "ada")


@HAS_A_TWIN
async def test_an_adopted_baseline_is_its_districts_alone(store: StoreUnderTest, feed: Feed) -> None:
    await is_held_with_students_who_left(store, feed)
    await store.districts.resume(DISTRICT, "ada", "go on")
    assert await evaluate(store) == ["commit"]
    run = await store.baselines.begin(DISTRICT, event_id(900), "", ["users"])
    run = await store.baselines.add(run, staged_records("users", [student_json(5)], DISTRICT), record_id(5))

    async with twin(store):
        run = await store.baselines.add(run, staged_records("users", [student_json(6)], DISTRICT), None)
        await store.baselines.believe(run, moves_cursor=True)
        await store.baselines.ready(run, close_window=True)
        await evaluate(store)


@HAS_A_TWIN
async def test_an_erased_student_stays_in_the_other_district(store: StoreUnderTest, feed: Feed) -> None:
    await is_held_with_students_who_left(store, feed)
    letters = store.dead_letters

    async with twin(store):
        students = PostgresStudents(store.database, store.evaluations)
        for student in (3, 4, 5):
            await erase_student.erase(
                students, letters, store.quarantine, DISTRICT, record_id(student), "ada", "they asked"
            )
        await evaluate(store)


@HAS_A_TWIN
async def test_an_approval_serves_no_other_districts_plan(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(*(("users", record_id(number)) for number in SOUTHERN))
    assert await evaluate(store) == ["review"]
    approved = f"""
        INSERT INTO public.approvals (district_id, plan_digest, commit_sequence, actor, reason)
        SELECT '{shadow.SHADOW}', candidate_digest, commit_sequence, 'bo', 'theirs'
        FROM public.districts WHERE district_id = '{DISTRICT}'"""

    async with twin(store, approved):
        await store.districts.flush(DISTRICT, "ada")
        assert await evaluate(store) == ["unchanged"]

    assert (await store.districts.show(DISTRICT))["status"] == "review"


@HAS_A_TWIN
async def test_a_refused_baseline_leaves_other_districts_be(store: StoreUnderTest, feed: Feed) -> None:
    assert feed is not None
    await store.connections.listed({DISTRICT: Token("of ours")})
    run = await store.baselines.begin(DISTRICT, event_id(900), "", ["courses", "users"])
    run = await store.baselines.add(run, staged_records("courses", [course_json()], DISTRICT), record_id(800))

    disconnected = f"""
        UPDATE public.connections SET disconnected_at = now(), token = NULL, token_digest = NULL
        WHERE district_id = '{shadow.SHADOW}'"""
    async with twin(store, disconnected):
        run = await store.baselines.skip(run)
        await store.baselines.refuse(run, "half of the students are missing")


@HAS_A_TWIN
async def test_what_is_kept_of_reading_a_district_is_its_own(store: StoreUnderTest, feed: Feed) -> None:
    await store.connections.listed({DISTRICT: Token("of ours")})
    await feed.send(renamed(1, "Tamsin"))
    await store.rows("UPDATE connections SET cursor = 'a', resync = 'why', record = '{}', failures = 1")
    unheard = [(str(event_id(900)), b"x")]
    await store.rows("DELETE FROM windows")

    async with twin(store):
        assert await store.connections.unheard(DISTRICT, unheard) == [True]
        await store.connections.save_token(DISTRICT, Token("a later one"))
        await store.connections.save_record(DISTRICT, {"name": "Larkspur"})
        assert await store.connections.advance(DISTRICT, "a", "b", 1, "")
        await store.connections.settle(DISTRICT, "b")
        await store.connections.put_off(DISTRICT, timedelta(hours=1))
        await store.connections.again(DISTRICT, timedelta(hours=1), "the line was dead")
        await store.connections.demand_resync(DISTRICT, "a person asked", forget_cursor=True)
        await store.connections.disconnected(DISTRICT)


@HAS_A_TWIN
async def test_the_orders_for_a_district_on_its_way_are_for_it_alone(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.FILTERING)
    await onboarding.onboarding.new_link(DISTRICT, "vic")
    await store.rows("UPDATE mails SET state = 'waiting', sent_at = NULL, handed_at = NULL")

    async with twin(store):
        await onboarding.order(Move.REQUEST_RULES)
        await onboarding.onboarding.describe(DISTRICT, Description("Meadow", None, None), "vic")
        await onboarding.so(COMMIT)
        await onboarding.window(30)
        await onboarding.onboarding.revoke_links(DISTRICT, "vic")
        await onboarding.onboarding.drop(DISTRICT, "vic")
        await onboarding.onboarding.choose(DISTRICT, TEAM, "vic")
