"""Words of publishers that a feed was read to its end, and when they close a window."""

from __future__ import annotations

import orjson

from tests.support.builders.records import DISTRICT, event_id, record_id
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.records import RecordKind
from worker.pipeline.ingest.inbox import Arrival, Mark

NOTHING = event_id(0)


def arrival(number: int) -> Arrival:
    record = orjson.dumps({"name": f"School {number}"}).decode()
    return Arrival(DISTRICT, event_id(number), RecordKind.SCHOOL, record_id(number), record)


async def is_settled(store: StoreUnderTest) -> bool:
    (window,) = await store.rows("SELECT requested FROM windows WHERE district_id = $1", DISTRICT)
    return bool(window["requested"] == "settled")


async def test_a_window_closes_when_as_many_events_are_stored_as_were_sent(store: StoreUnderTest) -> None:
    await store.inbox.store([arrival(1)], [Mark(DISTRICT, NOTHING, event_id(2), 2)], [])
    assert not await is_settled(store)

    await store.inbox.store([arrival(2)], [], [])
    assert await is_settled(store)


async def test_a_later_word_waits_for_the_events_of_an_earlier_one(store: StoreUnderTest) -> None:
    await store.inbox.store([arrival(1)], [Mark(DISTRICT, NOTHING, event_id(2), 2)], [])
    await store.inbox.store([arrival(3)], [Mark(DISTRICT, event_id(2), event_id(3), 1)], [])
    assert not await is_settled(store)

    await store.inbox.store([arrival(2)], [], [])
    assert await is_settled(store)


async def test_a_word_not_kept_holds_up_later_ones_for_minutes(store: StoreUnderTest) -> None:
    await store.inbox.store([arrival(1)], [Mark(DISTRICT, NOTHING, event_id(2), 2)], [])
    await store.rows("UPDATE feed_marks SET received_at = received_at - interval '6 minutes'")

    await store.inbox.store([arrival(3)], [Mark(DISTRICT, event_id(2), event_id(3), 1)], [])

    assert await is_settled(store)
    assert await store.rows("SELECT 1 FROM feed_marks") == []
