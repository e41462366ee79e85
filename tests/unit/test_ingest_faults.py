"""A dependency's fault is never charged to a message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas import clever
from tests.support.builders.records import DISTRICT, event_json, section_json, settled_json, student_json
from tests.support.fixtures.ingest import Ingest, ended
from worker.messaging.broker import Message
from worker.pipeline.ingest import dead_lettering, translate
from worker.pipeline.ingest import stage as ingest_module
from worker.pipeline.ingest.inbox import Arrival
from worker.runtime.errors import BrokerUnavailable, StoreFailed, StoreUnavailable

LONG = 40.0
OFTEN: dict[str, Any] = {"x-delivery-count": 3}
GOOD = event_json(student_json())
BAD = event_json(section_json(students=5), "sections.updated")


@pytest.fixture
async def ingest() -> AsyncIterator[Ingest]:
    async with ended(Ingest()) as made:
        yield made


def blocked(_: Message) -> None:
    raise BrokerUnavailable("the broker is blocking publishers (memory or disk alarm)")


def sound(number: int) -> object:
    return event_json(student_json(number), number=number)


async def opened(ingest: Ingest) -> None:
    """Have it consume, with nothing waiting."""
    await ingest.publish(settled_json())
    await ingest.stage.once()
    ingest.publishing.clear()


# The store


async def test_nothing_is_taken_before_the_store_has_shown_that_it_can_write(ingest: Ingest) -> None:
    ingest.inbox.unwritable = StoreFailed("PostgreSQL: InsufficientPrivilegeError (42501, table inbox)")
    await ingest.publish(GOOD)

    with pytest.raises(StoreUnavailable):
        await ingest.stage.once()

    assert not ingest.stage.consuming
    assert ingest.inbox.arrivals == []


async def test_what_was_taken_when_the_store_fails_is_kept_and_stored_later(ingest: Ingest) -> None:
    await opened(ingest)
    ingest.inbox.trouble = StoreUnavailable("away")
    await ingest.publish(GOOD, BAD)
    for _ in range(30):
        with pytest.raises(StoreUnavailable):
            await ingest.stage.once()
    subscription, checks = ingest.stage._subscription, ingest.inbox.checks
    assert (ingest.stage.consuming, await ingest.acknowledged()) == (True, 0)

    ingest.inbox.trouble = None
    await ingest.stage.once()

    assert ingest.stage._subscription is subscription
    assert ingest.inbox.checks == checks
    assert (len(ingest.inbox.arrivals), len(ingest.dead.messages), await ingest.acknowledged()) == (1, 1, 2)


async def test_an_idle_subscription_ends_unanswered(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_module, "TAKE_SECONDS", 0.01)
    await opened(ingest)
    ingest.inbox.trouble = StoreUnavailable("away")
    ingest.clock.now += ingest_module.LOOK_SECONDS

    with pytest.raises(StoreUnavailable):
        await ingest.stage.once()

    assert not ingest.stage.consuming


async def test_messages_are_given_back_once_after_a_failure_near_brokers_limit(ingest: Ingest) -> None:
    await opened(ingest)
    ingest.inbox.trouble = StoreUnavailable("away")
    await ingest.publish(GOOD)
    with pytest.raises(StoreUnavailable):
        await ingest.stage.once()
    ingest.clock.now += ingest_module.HOLD_SECONDS

    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await ingest.stage.once()
    assert not ingest.stage.consuming

    ingest.inbox.trouble = None
    await ingest.stage.once()
    assert (len(ingest.inbox.arrivals), await ingest.acknowledged()) == (1, 1)


async def test_a_subscription_that_is_lost_while_messages_are_kept_is_made_again(ingest: Ingest) -> None:
    await opened(ingest)
    ingest.inbox.trouble = StoreUnavailable("away")
    await ingest.publish(GOOD)
    with pytest.raises(StoreUnavailable):
        await ingest.stage.once()
    ingest.stage._subscription.end()  # type: ignore[union-attr]

    with pytest.raises(BrokerUnavailable):
        await ingest.stage.once()
    ingest.inbox.trouble = None
    await ingest.stage.once()

    assert (len(ingest.inbox.arrivals), await ingest.acknowledged()) == (1, 1)


async def test_a_message_failing_alone_holds_none_up(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_module, "TAKE_SECONDS", 0.01)
    await opened(ingest)
    ingest.inbox.failing = {f"{2:024x}"}
    await ingest.publish(*(sound(number) for number in (1, 2, 3)))

    for _ in range(9):
        try:
            await ingest.stage.once()
        except StoreUnavailable:
            continue
    await ingest.publish(sound(4))
    await ingest.stage.once()
    stored = [int(arrival.event_id, 16) for arrival in ingest.inbox.arrivals]
    assert (sorted(stored), await ingest.acknowledged(), ingest.dead.messages) == ([1, 3, 4], 3, [])

    ingest.inbox.failing = set()
    ingest.clock.now += ingest_module.ASIDE_SECONDS
    await ingest.stage.once()
    assert await ingest.acknowledged() == 4


async def test_messages_are_not_tried_singly_while_the_store_fails_at_all(ingest: Ingest) -> None:
    await opened(ingest)
    ingest.inbox.trouble = StoreFailed("PostgreSQL: OutOfMemoryError (53200)")
    await ingest.publish(*(sound(number) for number in (1, 2, 3)))
    for _ in range(20):
        with pytest.raises(StoreUnavailable):
            await ingest.stage.once()

    ingest.inbox.trouble = None
    await ingest.stage.once()

    assert await ingest.acknowledged() == 3


# The broker


async def test_while_dead_letters_take_nothing_sound_events_are_stored(ingest: Ingest) -> None:
    ingest.dead.before = blocked
    await ingest.publish(sound(1), BAD, sound(2))
    await ingest.stage.once()
    for number in range(3, 60):
        await ingest.publish(sound(number))
        await ingest.stage.once()

    assert (len(ingest.inbox.arrivals), await ingest.acknowledged()) == (59, 59)
    assert [each.district_id for each in ingest.inbox.quarantined] == [DISTRICT]


async def test_an_unreadable_message_leaves_when_the_dead_letters_take_it_again(ingest: Ingest) -> None:
    ingest.stage._dead.retry_seconds = 0.01
    ingest.dead.before = blocked
    await ingest.publish(sound(1), BAD)
    await ingest.stage.once()
    assert await ingest.acknowledged() == 1

    ingest.dead.before = lambda _: None
    async with asyncio.timeout(LONG):
        await asyncio.gather(*ingest.publishing)

    assert [letter.headers["x-reason"] for letter in ingest.dead.messages] == ["bad_field"]


async def test_more_unreadable_messages_than_may_wait_are_put_aside_by_the_broker_itself(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_lettering, "MAX_WAITING", 2)
    ingest.dead.before = lambda letter: blocked(letter) if letter.headers["x-reason"] != "rejected" else None
    await ingest.publish(*(event_json(section_json(students=5), "sections.updated", n) for n in range(5)))

    await ingest.stage.once()

    assert [letter.headers["x-reason"] for letter in ingest.dead.messages] == ["rejected"] * 3
    assert await ingest.acknowledged() == 3
    assert len(ingest.inbox.quarantined) == 5


async def test_an_unreadable_message_that_waited_too_long_is_put_aside(ingest: Ingest) -> None:
    ingest.stage._dead.retry_seconds = 0.01
    ingest.dead.before = lambda letter: blocked(letter) if letter.headers["x-reason"] != "rejected" else None
    await ingest.publish(BAD)
    await ingest.stage.once()
    ingest.clock.now += dead_lettering.MAX_WAIT_SECONDS

    async with asyncio.timeout(LONG):
        await asyncio.gather(*ingest.publishing)

    assert [letter.headers["x-reason"] for letter in ingest.dead.messages] == ["rejected"]


async def test_many_unreadable_messages_all_leave(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_lettering, "MAX_WAITING", 2)
    await ingest.publish(*(event_json(section_json(students=5), "sections.updated", n) for n in range(9)))

    await ingest.stage.once()

    assert [letter.headers["x-reason"] for letter in ingest.dead.messages] == ["bad_field"] * 9
    assert await ingest.acknowledged() == 9


# What comes back again and again


async def test_a_message_that_came_back_often_is_stored_alone_after_the_others(ingest: Ingest) -> None:
    await opened(ingest)
    await ingest.publish(sound(1), **OFTEN)
    await ingest.publish(sound(2), sound(3))
    stored = list[list[int]]()
    for _ in range(2):
        before = len(ingest.inbox.arrivals)
        await ingest.stage.once()
        stored.append([int(each.event_id, 16) for each in ingest.inbox.arrivals[before:]])

    assert stored == [[2, 3], [1]]


async def test_a_new_subscription_takes_what_came_back_often_one_at_a_time(ingest: Ingest) -> None:
    for number in (1, 2, 3):
        await ingest.publish(sound(number), **OFTEN)

    stored = list[int]()
    for _ in range(3):
        await ingest.stage.once()
        stored.append(len(ingest.inbox.arrivals))
        assert len(ingest.stage._subscription._unacknowledged) == 0  # type: ignore[union-attr]

    assert stored == [1, 2, 3]


async def test_a_message_we_break_at_is_unreadable(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    read = translate.to_arrival

    def broken(event: clever.Event, context: str | None, now: int) -> Arrival:
        return read(event, context, now) if event.id != f"{2:024x}" else arrivals_of_nobody[0]

    arrivals_of_nobody = list[Arrival]()
    monkeypatch.setattr(translate, "to_arrival", broken)
    await ingest.publish(sound(1), sound(2), sound(3))

    await ingest.stage.once()

    assert len(ingest.inbox.arrivals) == 2
    assert [each.explanation for each in ingest.inbox.quarantined] == ["reading it raised IndexError"]
    assert await ingest.acknowledged() == 3
