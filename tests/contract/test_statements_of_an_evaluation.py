"""How many statements an evaluation asks, each of which is a round trip: no more for more events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from asyncpg.connection import LoggedQuery

from tests.support.builders.records import DISTRICT, Json, student_json
from tests.support.fixtures.people import NORTH, NORTHERN, SOUTH, SOUTHERN, Feed, evaluate, homeroom
from tests.support.fixtures.store import StoreUnderTest

Records = Sequence[tuple[str, Json]]


@asynccontextmanager
async def asked(store: StoreUnderTest) -> AsyncIterator[list[str]]:
    """Give the statements that are asked in the context."""
    statements: list[str] = []

    def note(one: LoggedQuery) -> None:
        statements.append(one.query)

    async with store.database.connection() as connection:  # the one that the pool lends next
        connection.add_query_logger(note)
    yield statements
    await asyncio.sleep(0)  # the notes come by way of the loop
    async with store.database.connection() as connection:
        connection.remove_query_logger(note)


def renamed(number: int, name: str) -> tuple[str, Json]:
    school = NORTH if number in NORTHERN else SOUTH
    return "users", student_json(number, {"school": school}, name={"first": name, "last": "L"})


def moved(student: int) -> Records:
    """Return the events of a student who moves from one homeroom to the other."""
    left = [one for one in NORTHERN if one != student]
    return (
        ("sections", homeroom(700, NORTH, left)),
        ("sections", homeroom(701, SOUTH, [*SOUTHERN, student])),
    )


@pytest.mark.parametrize(
    ("records", "most"),
    [
        ([renamed(1, "Ada")], 13),
        (moved(1), 15),
        ([*(renamed(n, name) for name in ("A", "B", "C") for n in range(1, 33)), *moved(1), *moved(1)], 15),
    ],
    ids=["1 event", "2 events", "100 events"],
)
async def test_an_evaluation_of_few_events_asks_few_statements(
    store: StoreUnderTest, feed: Feed, records: Records, most: int
) -> None:
    # No guard has to look twice, and the connection has seen every kind of value before.
    await store.districts.set_policy(DISTRICT, {"removal_limit_floor": 1000}, "ada")
    await evaluate(store)
    await feed.send(*moved(2), renamed(2, "Before"))
    await evaluate(store)
    await feed.send(*records)

    async with asked(store) as statements:
        assert await evaluate(store) == ["commit"]

    look, *work = statements
    ends = [place for place, one in enumerate(work) if one.startswith("COMMIT")]
    assert "ready_windows" in look
    assert len(ends) == 1
    assert 1 + ends[0] + 1 <= most, "\n\n".join(one[:80] for one in statements)
