"""Dead letters looked at, published again, or thrown away, by a person's order.

Each letter goes by itself, and always in this order: its effect, the audit, and only then the letter is taken
away. Whatever ends us in between, the letter is there to be settled again, which does no harm.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson

from config.topology import EVENTS_EXCHANGE
from schemas import clever
from worker.messaging.broker import Delivery, Message, Publisher
from worker.messaging.dead_letters import (
    REPLAYED_HEADER,
    DeadLetter,
    DeadLetters,
    Quarantine,
)
from worker.pipeline.ingest.micro_batch import latest_at, read_all
from worker.runtime.errors import BrokerUnavailable, OrderRefused

WHOLE: Final = 64
"""Hex digits of an id."""
AT_ONCE: Final = 10_000
"""Letters that one order looks through, the oldest first; there are more after somebody's bad deploy only."""
PUBLISH_SECONDS: Final = 30.0
"""For one letter: without a broker, publishing waits for ingest, which may not run."""


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A letter in a list: everything but its body."""

    id: str
    district_id: str | None
    reason: str
    died_at: datetime | None
    size: int
    routing_key: str
    """As those who publish for us make them, `<district>.<type>`; another may say anything: "" for it."""
    why: str
    """Where in the message what was expected, never what came; or that it can be read by now."""


@dataclass(frozen=True, slots=True)
class DeadLetterListing:
    """The oldest letters, and how many more there are."""

    dead_letters: list[LetterLine]
    more: int


@dataclass(frozen=True, slots=True)
class DeadLetterQuery:
    """Which letters are meant: those that fit all that is given here. Nothing given: all of them."""

    ids: Collection[str] = ()
    district_id: str | None = None
    unreadable_for: str | None = None
    student_id: str | None = None
    """Whose record the letter holds."""

    def takes(self, letter: DeadLetter) -> bool:
        """Whether a letter is meant."""
        return (
            (not self.ids or letter.id in self.ids)
            and self.district_id in (None, letter.district_id)
            and self.unreadable_for in (None, letter.reason)
            and (self.student_id is None or holds_record(letter.body, self.student_id))
        )


def holds_record(body: bytes, record_id: str) -> bool:
    """Whether a letter holds the record with this id, and does not only name it."""
    try:
        waiting: list[Any] = [orjson.loads(body)]
    except orjson.JSONDecodeError:
        return re.search(rb'"id"\s*:\s*"' + re.escape(record_id.encode()) + b'"', body) is not None
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if value.get("id") == record_id:
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False


@dataclass(slots=True)
class Settled:
    """What came of an order: how many letters it settled, and which were not there (any more)."""

    processed: int = 0
    missing: set[str] = field(default_factory=set)
    unseen: int = 0
    """Letters that were there and were not looked at: too many at once."""


async def listed(dead_letters: DeadLetters, limit: int) -> DeadLetterListing:
    """Return the oldest letters, at most `limit`; raises as `DeadLetters.open` does."""
    async with dead_letters.open() as opened:
        found = [_line(letter) async for letter in opened.read(limit)]
        return DeadLetterListing(found, await opened.waiting())


async def found(dead_letters: DeadLetters, letter_id: str) -> DeadLetter | None:
    """Return one letter, whole, by its id or the beginning of it; None where it is not there (any more).

    Raises `OrderRefused` where several ids begin so.
    """
    async with dead_letters.open() as opened:
        fitting: dict[str, DeadLetter] = {}
        async for letter in opened.read(AT_ONCE):
            if letter.id.startswith(letter_id):
                fitting.setdefault(letter.id, letter)
                _refuse_several(letter_id, fitting)
    return next(iter(fitting.values()), None)


async def whole_ids(dead_letters: DeadLetters, beginnings: Collection[str]) -> list[str]:
    """Return the ids that begin so, each beginning of one letter only; one that fits none stays as it is.

    Raises `OrderRefused` where several ids begin so.
    """
    if all(len(each) == WHOLE for each in beginnings):
        return list(beginnings)
    async with dead_letters.open() as opened:
        there = {letter.id async for letter in opened.read(AT_ONCE)}
    whole = []
    for beginning in beginnings:
        fitting = [one for one in there if one.startswith(beginning)]
        _refuse_several(beginning, fitting)
        whole.append(fitting[0] if fitting else beginning)
    return whole


def _refuse_several(beginning: str, ids: Collection[str]) -> None:
    if len(ids) > 1:
        raise OrderRefused(
            f"more than one dead letter has an ID that begins with '{beginning}': give more characters"
        )


async def replay(
    dead_letters: DeadLetters,
    publisher: Publisher,
    quarantine: Quarantine,
    choice: DeadLetterQuery,
    actor: str,
    reason: str,
) -> Settled:
    """Publish letters to ingest again. One that it can read by now frees its district; others come back.

    Raises `BrokerUnavailable`, `StoreUnavailable` and as `DeadLetters.open` does; the letters settled by then
    stay so.
    """

    async def settle(letter: DeadLetter) -> None:
        await _publish(publisher, letter)
        await quarantine.replayed(letter, actor, reason)

    return await _settle(dead_letters, choice, settle)


async def discard(
    dead_letters: DeadLetters, quarantine: Quarantine, choice: DeadLetterQuery, actor: str, reason: str
) -> Settled:
    """Throw letters away: what they said is known not to matter. Their districts are free of them.

    Raises as `replay` does.
    """

    async def settle(letter: DeadLetter) -> None:
        await quarantine.discard(letter, actor, reason)

    return await _settle(dead_letters, choice, settle)


async def chosen(dead_letters: DeadLetters, choice: DeadLetterQuery) -> tuple[list[DeadLetter], int]:
    """Return the letters that are meant, whole, and how many were not looked at; raises as `replay` does."""
    async with dead_letters.open() as opened:
        fitting = [letter async for letter in opened.read(AT_ONCE) if choice.takes(letter)]
        return fitting, await opened.waiting()


async def _settle(
    dead_letters: DeadLetters, choice: DeadLetterQuery, settle: Callable[[DeadLetter], Awaitable[None]]
) -> Settled:
    settled = Settled(missing=set(choice.ids))
    async with dead_letters.open() as opened:
        there = await opened.waiting()  # one that cannot be read again comes back behind these
        settled.unseen = max(0, there - AT_ONCE)
        async for letter in opened.read(min(AT_ONCE, there)):
            if choice.takes(letter):
                await settle(letter)
                await opened.remove(letter)
                settled.processed += 1
                settled.missing.discard(letter.id)
    return settled


async def _publish(publisher: Publisher, letter: DeadLetter) -> None:
    headers = {
        REPLAYED_HEADER: letter.district_id or "",
        "district_id": letter.district_id,
        "traceparent": letter.trace_parent,
    }
    told = {name: value for name, value in headers.items() if value is not None}
    try:
        async with asyncio.timeout(PUBLISH_SECONDS):
            await publisher.publish(Message(EVENTS_EXCHANGE, letter.routing_key, letter.body, headers=told))
    except TimeoutError as error:
        raise BrokerUnavailable(f"no worker took the event within {PUBLISH_SECONDS:.0f} seconds") from error


def _line(letter: DeadLetter) -> LetterLine:
    return LetterLine(
        letter.id,
        letter.district_id,
        letter.reason,
        letter.died_at,
        len(letter.body),
        letter.routing_key if clever.is_our_key(letter.routing_key) else "",
        _why(letter),
    )


def _why(letter: DeadLetter) -> str:
    """Say why a letter cannot be read, by reading it again: with it lies only the code of the reason."""
    headers = {} if letter.district_id is None else {"district_id": letter.district_id}
    delivery = Delivery(letter.place, letter.routing_key, letter.body, headers)
    batch = read_all([delivery], latest_at(time.time()))
    if batch.unreadable:
        return batch.unreadable[0][1].explanation
    if letter.reason == clever.Reason.NOT_STORABLE:
        return "it can be read, but the database refused it: replay it to try again"
    return "it can be read now: replay it"
