"""Reading saved pages, while a worker may be reading the same district from Clever."""

from __future__ import annotations

from datetime import timedelta

from tests.support.builders.records import DISTRICT
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.operations.resync import sole_reader
from worker.pipeline.poll.clever import Token


async def test_no_turn_is_taken_while_saved_pages_are_read(store: StoreUnderTest) -> None:
    await store.connections.listed({DISTRICT: Token("secret")})

    async with opened_store(store.url) as worker:
        async with sole_reader(store.connections, DISTRICT), worker.connections.turn() as turn:
            assert turn is None
        async with worker.connections.turn_of(DISTRICT, timedelta(seconds=5)) as turn:
            assert turn is not None


async def test_a_district_that_is_not_connected_needs_no_turn(store: StoreUnderTest) -> None:
    async with sole_reader(store.connections, DISTRICT), sole_reader(None, DISTRICT):
        pass
