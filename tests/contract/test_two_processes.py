"""What two processes, or two people at two consoles, order of one district at the same time is done once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.builders.onboarding_states import Onboarding
from tests.support.builders.records import DISTRICT, event_id, record_id
from tests.support.fixtures.dead_letters import BROKEN, WHOLE, Post
from tests.support.fixtures.people import LIMITS, SOUTHERN, Feed, evaluate, renamed, until
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.access.console_keys import PostgresLocalKeys
from worker.domain.onboarding.states import Move, State
from worker.domain.roster.records import RecordKind
from worker.domain.roster.section_filter import KEEP_ALL
from worker.operations import dead_letters
from worker.operations.rollback import roll_back
from worker.pipeline.ingest.inbox import Arrival
from worker.runtime.errors import FilterChanged, MessagesWaiting, OrderRefused, RollbackRefused

BOTH_WAIT = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""


async def at_once(
    store: StoreUnderTest, table: str, *orders: Awaitable[object]
) -> tuple[list[Any], list[BaseException]]:
    """Have both orders begun before either writes to a table; return what they gave back, and raised."""

    async def both_wait() -> bool:
        return bool((await store.rows(BOTH_WAIT))[0]["count"] == len(orders))

    async with store.database.transaction() as held:
        await held.execute(f"LOCK TABLE public.{table} IN SHARE MODE")
        begun = [asyncio.ensure_future(order) for order in orders]
        await until(both_wait)
    done = await asyncio.gather(*begun, return_exceptions=True)
    raised = [each for each in done if isinstance(each, BaseException)]
    return [each for each in done if not isinstance(each, BaseException)], raised


async def audited(store: StoreUnderTest) -> list[str]:
    return [row["action"] for row in await store.rows("SELECT action FROM audit ORDER BY id")]


async def held_back(store: StoreUnderTest, feed: Feed) -> str:
    """Bring the district into review for a mass removal; return the plan's digest."""
    await feed.send(*(("users", record_id(number)) for number in SOUTHERN))
    assert await evaluate(store) == ["review"]
    return str((await store.districts.show(DISTRICT))["plan"]["digest"])


async def test_one_plan_is_approved_once(store: StoreUnderTest, other: StoreUnderTest, feed: Feed) -> None:
    plan = await held_back(store, feed)

    done, raised = await at_once(
        store,
        "approvals",
        store.districts.approve(DISTRICT, plan, "ada", "they moved"),
        other.districts.approve(DISTRICT, plan, "bo", "they moved"),
    )

    assert len(done) == 1
    assert [type(each) for each in raised] == [OrderRefused]
    assert "already has an open approval" in str(raised[0])
    assert await audited(store) == ["plan.approve"]
    assert await evaluate(other) == ["commit"]


@pytest.mark.usefixtures("feed")
async def test_a_hold_and_a_resume_are_given_once(store: StoreUnderTest, other: StoreUnderTest) -> None:
    holds = await at_once(
        store,
        "holds",
        store.districts.hold(DISTRICT, "ada", "wait"),
        other.districts.hold(DISTRICT, "bo", "wait"),
    )
    resumes = await at_once(
        store,
        "holds",
        store.districts.resume(DISTRICT, "ada", "go"),
        other.districts.resume(DISTRICT, "bo", "go"),
    )

    for done, raised in (holds, resumes):
        assert len(done) == 1
        assert [type(each) for each in raised] == [OrderRefused]
    assert await audited(store) == ["district.hold", "district.resume"]
    assert not await store.rows("SELECT FROM holds")


@pytest.mark.usefixtures("feed")
async def test_of_two_consoles_that_change_one_filter_the_later_is_told_of_the_change(
    store: StoreUnderTest, other: StoreUnderTest
) -> None:
    begun_with = await store.districts.set_filter(DISTRICT, KEEP_ALL, "vic")

    done, raised = await at_once(
        store,
        "filters",
        store.districts.set_filter(DISTRICT, KEEP_ALL, "ada", instead_of=begun_with),
        other.districts.set_filter(DISTRICT, KEEP_ALL, "bo", instead_of=begun_with),
    )

    assert done == [begun_with + 1]
    assert [type(each) for each in raised] == [FilterChanged]
    assert [each.version for each in await store.districts.filters(DISTRICT)] == [begun_with, begun_with + 1]


@pytest.mark.usefixtures("feed")
async def test_policies_that_are_set_at_once_are_versions_without_a_gap(
    store: StoreUnderTest, other: StoreUnderTest
) -> None:
    done, raised = await at_once(
        store, "policies", *(each.districts.set_policy(DISTRICT, {}, "ada") for each in (store, other))
    )

    assert (sorted(done), raised) == ([1, 2], [])


async def test_a_district_that_one_process_evaluates_is_nothing_to_do_for_another(
    store: StoreUnderTest, other: StoreUnderTest, feed: Feed
) -> None:
    await feed.send(renamed(1, "Tamsin"))

    async with store.evaluations.next(LIMITS) as mine:
        assert mine is not None
        assert await evaluate(other) == []
    assert await evaluate(other) == ["commit"]
    assert await evaluate(store) == []


async def test_events_two_processes_store_are_kept_once(store: StoreUnderTest, other: StoreUnderTest) -> None:
    arrivals = [
        Arrival(DISTRICT, event_id(number), RecordKind.USER, record_id(number), None)
        for number in range(1, 9)
    ]

    _, raised = await at_once(
        store, "inbox", *(each.inbox.store(arrivals, [], []) for each in (store, other))
    )

    assert raised == []
    (window,) = await store.rows("SELECT events FROM windows")
    assert (len(await store.rows("SELECT FROM inbox")), window["events"]) == (8, 8)


async def test_two_discard_a_letter_once(post: Post, store: StoreUnderTest, other: StoreUnderTest) -> None:
    await post.put(BROKEN)

    done = await asyncio.gather(
        dead_letters.discard(post.letters, store.quarantine, WHOLE, "ada", "noise"),
        dead_letters.discard(post.letters, other.quarantine, WHOLE, "bo", "noise"),
    )

    assert sorted(each.processed for each in done) == [0, 1]
    assert await audited(store) == ["dead_letter.discard"]
    assert await post.bodies() == []


async def test_a_district_that_two_people_roll_back_at_once_is_rolled_back_once(
    store: StoreUnderTest, other: StoreUnderTest, feed: Feed
) -> None:
    await feed.send(renamed(1, "Tamsin"))
    assert await evaluate(store) == ["commit"]

    done, raised = await at_once(
        store, "decisions", *(roll_back(each.rollbacks, DISTRICT, 1, "ada", "why") for each in (store, other))
    )

    assert len(done) == 1
    assert [type(each) for each in raised] == [RollbackRefused]
    (district,) = await store.rows("SELECT commit_sequence FROM districts")
    assert district["commit_sequence"] == 3
    assert await audited(store) == ["district.rollback"]


@pytest.mark.usefixtures("feed")
async def test_a_district_is_purged_once_by_two_people(store: StoreUnderTest, other: StoreUnderTest) -> None:
    with pytest.raises(MessagesWaiting):
        await store.districts.purge(DISTRICT, "ada")
    await store.rows("DELETE FROM outbox")

    done, raised = await at_once(
        store, "staged", *(each.districts.purge(DISTRICT, "ada") for each in (store, other))
    )

    assert raised == []
    assert min(deleted.get("staged", 0) for deleted in done) == 0
    assert not await store.rows("SELECT FROM staged UNION ALL SELECT FROM roster")


async def test_two_invitations_are_two_e_mails(store: StoreUnderTest, other: StoreUnderTest) -> None:
    ways = [Onboarding(store), Onboarding(other)]
    await ways[0].bring_to(State.CHOSEN)

    done, raised = await at_once(store, "onboarding", *(onboarding.order(Move.INVITE) for onboarding in ways))

    assert (len(done), raised) == (2, [])
    assert await ways[0].occasions() == ["invitation/1", "invitation/2"]
    assert await ways[0].state() is State.INVITED


async def test_a_console_link_opens_for_one_of_two(store: StoreUnderTest, other: StoreUnderTest) -> None:
    keys = [PostgresLocalKeys(each.database, timedelta(minutes=1)) for each in (store, other)]
    link = await keys[0].new_link()

    done, raised = await at_once(store, "local_keys", *(each.exchange(link) for each in keys))

    assert raised == []
    assert [token is None for token in sorted(done, key=str)].count(True) == 1
