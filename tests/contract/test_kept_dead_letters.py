"""Dead letters that PostgreSQL keeps: after a broken connection, and while there is no database."""

from __future__ import annotations

import pytest

from config.topology import DEAD_LETTER_EXCHANGE
from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.ingest.dead_letters import PostgresDeadLetters
from worker.messaging.broker import Message
from worker.pipeline.ingest.inbox import Quarantined
from worker.runtime.errors import BrokerUnavailable, StoreUnavailable


def letter(body: bytes, routing_key: str = "d.users", district: str = DISTRICT) -> Message:
    headers = {"x-reason": "bad_field", "x-district-id": district}
    return Message(DEAD_LETTER_EXCHANGE, routing_key, body, headers=headers)


async def test_who_loses_the_connection_loses_the_lock_and_brings_nothing_back(store: StoreUnderTest) -> None:
    for body in (b"1", b"2"):
        await store.dead_letters.append(letter(body))

    async def remove_one_and_lose_the_connection() -> None:
        async with store.dead_letters.open() as opened:
            async for one in opened.read(1):
                await opened.remove(one)
            await store.rows(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                "AND datname = current_database() AND state = 'idle in transaction'"
            )
            await opened.waiting()

    with pytest.raises(StoreUnavailable):
        await remove_one_and_lose_the_connection()

    async with store.dead_letters.open() as opened:
        assert [one.body async for one in opened.read(10)] == [b"2"]


async def test_a_letter_that_cannot_be_stored_is_not_confirmed(store: StoreUnderTest) -> None:
    await store.rows("ALTER TABLE dead_letters RENAME TO elsewhere")

    with pytest.raises(BrokerUnavailable, match="cannot store a dead letter"):
        await store.dead_letters.append(letter(b"1"))


async def test_a_letter_without_a_database_is_not_confirmed() -> None:
    away = Database("postgresql://postgres@127.0.0.1:1/nothing", name="test", size=4)

    with pytest.raises(BrokerUnavailable, match="cannot store a dead letter"):
        await PostgresDeadLetters(away).append(letter(b"1"))


async def test_a_letter_keeps_whatever_stands_in_its_routing_key(store: StoreUnderTest) -> None:
    await store.dead_letters.append(letter(b"1", "d.\0é"))

    async with store.dead_letters.open() as opened:
        assert [one.routing_key async for one in opened.read(10)] == ["d.\0é"]


async def test_a_purge_takes_letters_that_came_since_the_discarding(store: StoreUnderTest) -> None:
    await store.inbox.store([], [], [Quarantined(DISTRICT, b"", "bad_field", "")])
    for district in (DISTRICT, OTHER_DISTRICT):
        await store.dead_letters.append(letter(b"1", district=district))

    deleted = await store.districts.purge(DISTRICT, "ada")

    assert deleted["dead_letters"] == 1
    assert [row["district_id"] for row in await store.rows("SELECT * FROM dead_letters")] == [OTHER_DISTRICT]
