"""The outbox: in order per district, and by one holder at a time, whoever of them dies or freezes.

Both lanes over PostgreSQL, decisions and alerts, and the fake that stands for them.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import ClassVar

import pytest

from tests.support.builders.records import BATCH_ID, DECISION_ID, OTHER_DISTRICT
from tests.support.builders.records import DISTRICT as ONE
from tests.support.fakes.ports import FakeOutbox
from tests.support.fixtures.people import until_it_waits
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.relay.outbox import ALERTS, ROSTER, PostgresOutbox
from worker.adapters.postgres.wakeups import Wakeups
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.relay.outbox import Outbox, Queued
from worker.runtime.errors import LeaseLost
from worker.runtime.trace_context import trace_parent

OTHER = OTHER_DISTRICT
THIRD = "d3" * 12
MINUTE = 60.0
MOMENT = 0.05
"""A lease that is over before long, in seconds."""


class Lane(ABC):
    """An outbox with the holders of its leases."""

    @abstractmethod
    def holder(self) -> Outbox:
        """Return one more process that publishes."""

    @abstractmethod
    async def add(self, district_id: str, texts: str) -> None:
        """Put messages behind the others of a district, one a letter."""

    @abstractmethod
    async def outlast(self, district_id: str) -> None:
        """Return when the lease on a district has reached its end."""

    @abstractmethod
    async def waiting(self, district_id: str) -> str:
        """Return what has still to leave, one letter a message."""


class FakeLane(Lane):
    """The fake."""

    def __init__(self) -> None:
        self._first = FakeOutbox()

    def holder(self) -> Outbox:
        return FakeOutbox(of=self._first)

    async def add(self, district_id: str, texts: str) -> None:
        for text in texts:
            at = len(self._first.messages) + 1
            message = OutboxMessage("commit", "s", DECISION_ID, 1, "t", text)
            self._first.messages.append(Queued(district_id, at, message))

    async def outlast(self, district_id: str) -> None:
        self._first.ended.add(district_id)

    async def waiting(self, district_id: str) -> str:
        mine = (item for item in self._first.messages if item.district_id == district_id)
        return "".join(item.message.envelope for item in mine)


class PostgresLane(Lane):
    """A lane over PostgreSQL."""

    lane: ClassVar[tuple[str, str]]
    add_row: ClassVar[str]
    waiting_rows: ClassVar[str]
    leases: ClassVar[str]

    def __init__(self, store: StoreUnderTest, heard: Wakeups) -> None:
        self.store = store
        self._heard = heard

    def holder(self) -> Outbox:
        return PostgresOutbox(self.store.database, self._heard, self.lane)

    async def add(self, district_id: str, texts: str) -> None:
        for text in texts:
            await self.store.rows(self.add_row, district_id, text)

    async def outlast(self, district_id: str) -> None:
        wait = f"SELECT pg_sleep_until(until + interval '1ms') FROM {self.leases} WHERE district_id = $1"
        assert await self.store.rows(wait, district_id), "nobody holds it"

    async def waiting(self, district_id: str) -> str:
        rows = await self.store.rows(self.waiting_rows, district_id)
        return "".join(row["envelope"] for row in rows)


class RosterLane(PostgresLane):
    """Decisions, which are taken out; the parts of one have the order of their places."""

    lane = ROSTER
    leases = "relay_leases"
    add_row = """
        INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key,
                            sequence, part, parts, trace_parent, envelope, changes)
        SELECT $1, 1 + coalesce(max(position), 0), 1 + coalesce(max(decision_number), 0), 'commit', 's', 'k',
               1, 1, 1, 't', $2, '[]' FROM outbox WHERE district_id = $1"""
    waiting_rows = "SELECT envelope FROM outbox WHERE district_id = $1 ORDER BY position"


class AlertLane(PostgresLane):
    """Alerts, which are marked."""

    lane = ALERTS
    leases = "alert_leases"
    add_row = """
        INSERT INTO alerts (district_id, alert_id, dedup_key, status, starts_at, routing_key, trace_parent,
                            body)
        VALUES ($1, gen_random_uuid()::text, 'k', 'firing', now(), 'alert', 't', $2)"""
    waiting_rows = """
        SELECT body AS envelope FROM alerts WHERE district_id = $1 AND published_at IS NULL
        ORDER BY position"""


@pytest.fixture(params=["decisions", "alerts", "fake"])
def lane(request: pytest.FixtureRequest) -> Lane:
    if request.param == "fake":
        return FakeLane()
    store: StoreUnderTest = request.getfixturevalue("store")
    made = RosterLane if request.param == "decisions" else AlertLane
    return made(store, Wakeups(store.database))


async def publish(outbox: Outbox, district_id: str, limit: int = 1000) -> str:
    """Publish what a holder has, as the relay does; return it, one letter a message."""
    published = ""
    for queued in await outbox.first(district_id, limit):
        await outbox.renew(district_id, MINUTE)
        await outbox.published(queued)
        published += queued.message.envelope
    return published


# Order


async def test_a_district_leaves_in_its_order_and_no_message_twice(lane: Lane) -> None:
    holder = lane.holder()
    await lane.add(ONE, "abcdefghijkl")  # more than ten: a place is a number, and no text

    assert await holder.lease(10, MINUTE) == [ONE]
    assert await publish(holder, ONE, limit=5) == "abcde"
    assert await publish(holder, ONE) == "fghijkl"
    assert await publish(holder, ONE) == ""


async def test_a_message_that_comes_while_others_leave_leaves_behind_them(lane: Lane) -> None:
    holder = lane.holder()
    await lane.add(ONE, "ab")
    await holder.lease(10, MINUTE)
    (first, _second) = await holder.first(ONE, 2)
    await lane.add(ONE, "c")

    await holder.published(first)

    assert await publish(holder, ONE) == "bc"


async def test_the_first_messages_are_those_of_their_district_and_no_more_than_asked_for(lane: Lane) -> None:
    holder = lane.holder()
    await lane.add(OTHER, "xy")
    await lane.add(ONE, "abc")

    first = await holder.first(ONE, 2)

    assert [(item.district_id, item.message.envelope) for item in first] == [(ONE, "a"), (ONE, "b")]


async def test_a_message_that_leaves_takes_none_of_another_district_with_it(lane: Lane) -> None:
    holder = lane.holder()
    await lane.add(OTHER, "xy")
    await lane.add(ONE, "ab")
    await holder.lease(10, MINUTE)

    await publish(holder, ONE, limit=1)

    assert (await lane.waiting(ONE), await lane.waiting(OTHER)) == ("b", "xy")


# Who has a district


async def test_districts_are_had_side_by_side_the_one_that_waits_longest_first(lane: Lane) -> None:
    one, other = lane.holder(), lane.holder()
    await lane.add(THIRD, "x")
    await lane.add(ONE, "y")
    await lane.add(OTHER, "z")
    await lane.add(THIRD, "w")

    assert sorted(await one.lease(2, MINUTE)) == [ONE, THIRD]
    assert await other.lease(2, MINUTE) == [OTHER]
    assert await publish(other, OTHER) == "z"
    assert await publish(one, THIRD) == "xw"


async def test_a_district_with_nothing_to_publish_is_nobodys(lane: Lane) -> None:
    holder = lane.holder()
    await lane.add(ONE, "a")
    await holder.lease(10, MINUTE)
    await publish(holder, ONE)
    await holder.release([ONE])

    assert await holder.lease(10, MINUTE) == []


async def test_a_leased_district_is_given_to_nobody_not_even_its_holder(lane: Lane) -> None:
    holder, other = lane.holder(), lane.holder()
    await lane.add(ONE, "a")

    assert await holder.lease(10, MINUTE) == [ONE]
    assert await other.lease(10, MINUTE) == []
    assert await holder.lease(10, MINUTE) == []


async def test_what_a_holder_gives_back_the_next_one_gets_at_once(lane: Lane) -> None:
    holder, other = lane.holder(), lane.holder()
    await lane.add(ONE, "ab")
    await holder.lease(10, MINUTE)
    await publish(holder, ONE, limit=1)

    await holder.release([ONE])

    assert await other.lease(10, MINUTE) == [ONE]
    assert await publish(other, ONE) == "b"


async def test_giving_back_one_district_keeps_the_others(lane: Lane) -> None:
    holder, other = lane.holder(), lane.holder()
    await lane.add(ONE, "a")
    await lane.add(OTHER, "b")
    await holder.lease(10, MINUTE)

    await holder.release([OTHER])

    assert await other.lease(10, MINUTE) == [OTHER]
    assert await publish(holder, ONE) == "a"


async def test_a_lease_on_one_district_is_none_on_another(lane: Lane) -> None:
    holder = lane.holder()
    await lane.add(ONE, "a")
    await holder.lease(10, MINUTE)
    await lane.add(OTHER, "x")
    (queued,) = await holder.first(OTHER, 1)

    with pytest.raises(LeaseLost):
        await holder.renew(OTHER, MINUTE)
    with pytest.raises(LeaseLost):
        await holder.published(queued)

    assert await lane.waiting(OTHER) == "x"


# A holder that is dead, and one that is frozen


async def test_the_lease_of_a_dead_holder_ends_by_itself(lane: Lane) -> None:
    dead, living = lane.holder(), lane.holder()
    await lane.add(ONE, "ab")
    await dead.lease(10, MOMENT)

    await lane.outlast(ONE)

    assert await living.lease(10, MINUTE) == [ONE]
    assert await publish(living, ONE) == "ab"


async def test_the_one_that_takes_a_district_over_has_it_for_as_long_as_it_asked_for(lane: Lane) -> None:
    dead, living, third = lane.holder(), lane.holder(), lane.holder()
    await lane.add(ONE, "ab")
    await dead.lease(10, MOMENT)
    await lane.outlast(ONE)

    await living.lease(10, MINUTE)

    assert await third.lease(10, MINUTE) == []


async def test_renewing_keeps_a_district_past_the_end_that_it_had(lane: Lane) -> None:
    holder, other = lane.holder(), lane.holder()
    await lane.add(ONE, "ab")
    await holder.lease(10, MINUTE)

    await holder.renew(ONE, MOMENT)
    await lane.outlast(ONE)

    assert await other.lease(10, MINUTE) == [ONE], "until then, and not until the end that it had at first"
    await other.renew(ONE, 2 * MINUTE)
    assert await holder.lease(10, MINUTE) == []
    assert await publish(other, ONE) == "ab"


async def test_a_frozen_holder_cannot_renew_what_has_ended_even_where_nobody_took_it(lane: Lane) -> None:
    frozen = lane.holder()
    await lane.add(ONE, "a")
    await frozen.lease(10, MOMENT)
    await lane.outlast(ONE)

    with pytest.raises(LeaseLost):
        await frozen.renew(ONE, MINUTE)

    assert await frozen.lease(10, MINUTE) == [ONE]


async def test_a_frozen_holder_takes_nothing_out_that_another_has(lane: Lane) -> None:
    frozen, living = lane.holder(), lane.holder()
    await lane.add(ONE, "ab")
    await frozen.lease(10, MOMENT)
    (queued,) = await frozen.first(ONE, 1)
    await lane.outlast(ONE)
    await living.lease(10, MINUTE)

    with pytest.raises(LeaseLost):
        await frozen.published(queued)
    with pytest.raises(LeaseLost):
        await frozen.renew(ONE, MINUTE)

    assert await lane.waiting(ONE) == "ab"
    assert await publish(living, ONE) == "ab"


async def test_nobody_takes_a_message_out_without_the_lease(lane: Lane) -> None:
    holder = lane.holder()
    await lane.add(ONE, "a")
    (queued,) = await holder.first(ONE, 1)

    with pytest.raises(LeaseLost):
        await holder.published(queued)
    with pytest.raises(LeaseLost):
        await holder.renew(ONE, MINUTE)

    assert await lane.waiting(ONE) == "a"


async def test_a_frozen_holder_gives_back_nothing_that_another_has(lane: Lane) -> None:
    frozen, living, third = lane.holder(), lane.holder(), lane.holder()
    await lane.add(ONE, "ab")
    await frozen.lease(10, MOMENT)
    await lane.outlast(ONE)
    await living.lease(10, MINUTE)

    await frozen.release([ONE])

    assert await third.lease(10, MINUTE) == []
    assert await publish(living, ONE) == "ab"


async def test_what_another_took_out_already_is_lost_to_whoever_read_it_before(lane: Lane) -> None:
    frozen, living = lane.holder(), lane.holder()
    await lane.add(ONE, "a")
    await frozen.lease(10, MOMENT)
    (queued,) = await frozen.first(ONE, 1)
    await lane.outlast(ONE)
    await living.lease(10, MINUTE)
    await publish(living, ONE)
    await living.release([ONE])

    with pytest.raises(LeaseLost):
        await frozen.published(queued)


async def test_what_a_holder_took_out_already_is_lost_to_it_though_more_waits(lane: Lane) -> None:
    holder = lane.holder()
    await lane.add(ONE, "ab")
    await holder.lease(10, MINUTE)
    (queued,) = await holder.first(ONE, 1)
    await holder.published(queued)

    with pytest.raises(LeaseLost):
        await holder.published(queued)

    assert await lane.waiting(ONE) == "b"


@pytest.mark.parametrize("made", [RosterLane, AlertLane])
async def test_one_who_waits_for_a_lease_gets_none(store: StoreUnderTest, made: type[PostgresLane]) -> None:
    lane = made(store, Wakeups(store.database))
    await lane.add(ONE, "a")

    async with store.database.transaction() as other:
        await other.execute(
            f"INSERT INTO {lane.leases} VALUES ($1, gen_random_uuid(), now() + interval '1 minute')", ONE
        )
        leasing = asyncio.ensure_future(lane.holder().lease(10, MINUTE))
        await until_it_waits(store, leasing)

    assert await leasing == []


# What else stands in the tables


DECIDED = """
    INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, decided_at,
                           summary)
    VALUES ($1, $2, gen_random_uuid()::text, 'commit', $2, $2, now(), '{}')"""
PART = """
    INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key, sequence,
                        part, parts, trace_parent, envelope, changes)
    VALUES ($1, $2, $3, 'commit', 'rostering.commit/v1', $4, 9, $5, 2, $6, '{"schema":"…"}', '[1]')"""


@pytest.fixture
def decisions(store: StoreUnderTest) -> RosterLane:
    return RosterLane(store, Wakeups(store.database))


async def decided(store: StoreUnderTest) -> list[tuple[str, int]]:
    """Return the decisions that are said to be published."""
    rows = await store.rows(
        "SELECT district_id, number FROM decisions WHERE published_at IS NOT NULL ORDER BY 1, 2"
    )
    return [(row["district_id"], row["number"]) for row in rows]


async def add_decisions(store: StoreUnderTest) -> None:
    """Two districts with two decisions each, each of two parts."""
    for district_id in (ONE, OTHER):
        for number in (1, 2):
            await store.rows(DECIDED, district_id, number)
            for part in (1, 2):
                traced = trace_parent(BATCH_ID, DECISION_ID)
                await store.rows(PART, district_id, 2 * number + part, number, DECISION_ID, part, traced)


async def test_a_decision_is_published_with_its_last_part_alone(decisions: RosterLane) -> None:
    store, holder = decisions.store, decisions.holder()
    await add_decisions(store)
    await holder.lease(10, MINUTE)

    await publish(holder, ONE, limit=1)
    after_one_part = await decided(store)
    await publish(holder, ONE, limit=1)

    assert after_one_part == []
    assert await decided(store) == [(ONE, 1)]
    await publish(holder, ONE)
    assert await decided(store) == [(ONE, 1), (ONE, 2)]


async def test_a_message_comes_out_as_it_was_put_in(decisions: RosterLane) -> None:
    await add_decisions(decisions.store)

    (first, second) = await decisions.holder().first(OTHER, 2)

    traced = trace_parent(BATCH_ID, DECISION_ID)
    expected = OutboxMessage(
        "commit", "rostering.commit/v1", DECISION_ID, 9, traced, '{"schema":"…"}', 1, 2, "[1]"
    )
    assert (first.district_id, first.position, first.message) == (OTHER, 3, expected)
    assert (second.position, second.message.part) == (4, 2)


async def test_the_two_lanes_know_nothing_of_each_others_leases(store: StoreUnderTest) -> None:
    heard = Wakeups(store.database)
    decisions, alerts = RosterLane(store, heard), AlertLane(store, heard)
    await decisions.add(ONE, "a")
    await alerts.add(ONE, "b")
    publisher = decisions.holder()

    assert await publisher.lease(10, MINUTE) == [ONE]
    assert await alerts.holder().lease(10, MINUTE) == [ONE]
    assert (await store.outbox.unpublished(), await store.alerts.unpublished()) == (1, 1)


async def test_what_waits_is_counted_over_all_districts(store: StoreUnderTest) -> None:
    heard = Wakeups(store.database)
    decisions, alerts = RosterLane(store, heard), AlertLane(store, heard)
    await decisions.add(ONE, "abc")
    await decisions.add(OTHER, "de")
    await alerts.add(ONE, "xy")
    holder = alerts.holder()
    await holder.lease(10, MINUTE)
    await publish(holder, ONE, limit=1)

    assert (await store.outbox.unpublished(), await store.alerts.unpublished()) == (5, 1)
