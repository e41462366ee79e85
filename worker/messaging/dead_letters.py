"""Dead letters, as people look at them and settle them.

`worker.adapters.rabbitmq.dead_letters` and `worker.adapters.postgres.ingest.dead_letters` both answer to
these, and `tests/contract/test_dead_letters.py` holds them to the same behaviour. `Quarantine` is the store's
side.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Final, Protocol

REPLAYED_HEADER: Final = "x-replayed"
"""On an event that was a dead letter: the district that it was put into quarantine for, "" where for none.

Who reads it takes it out of quarantine in the transaction that stores it: no moment is without either."""


@dataclass(frozen=True)
class DeadLetter:
    """An unreadable message, whole. `place` is where it lies, for as long as the dead letters are open."""

    place: int
    body: bytes = field(repr=False)
    routing_key: str
    reason: str
    district_id: str | None
    """Whose it is, where that could be told."""
    died_at: datetime | None
    """When it was put aside; None where nobody wrote it down."""
    trace_parent: str | None = None
    """The trace context that it came with, which goes on where it is published again."""
    is_brokers: bool = False
    """Whether the broker itself put it aside, and not ingest."""

    @cached_property
    def digest(self) -> bytes:
        """The SHA-256 of its body, by which the quarantine knows it."""
        return hashlib.sha256(self.body).digest()

    @property
    def id(self) -> str:
        """What people call it by: the digest in hex. Letters with the same body are one to them."""
        return self.digest.hex()


class OpenLetters(Protocol):
    """The dead letters, while one person has them: whoever else asks has to wait.

    Every call may raise `BrokerUnavailable`, or `StoreUnavailable` where they lie in the store; what was not
    removed by then is where it was.
    """

    def read(self, limit: int) -> AsyncIterator[DeadLetter]:
        """Yield the oldest letters in their order, at most `limit`; to be read once."""

    async def remove(self, letter: DeadLetter) -> None:
        """Take one that was read away, for good."""

    async def waiting(self) -> int:
        """Return how many letters there are beside those that were read."""


class DeadLetters(Protocol):
    """Where dead letters lie."""

    def open(self) -> AbstractAsyncContextManager[OpenLetters]:
        """Have the dead letters while the context is open; what is not removed then stays, in its order.

        Raises `DeadLettersBusy` where somebody else has them for long, `BrokerUnavailable`,
        `StoreUnavailable`, and `TopologyError` where there is no place for them.
        """


class Quarantine(Protocol):
    """What the store knows of dead letters; every call may raise `StoreUnavailable`."""

    async def replayed(self, letter: DeadLetter, actor: str, reason: str) -> None:
        """Write into the audit that a letter was published again.

        Its district is held back until ingest has stored it: then it leaves the quarantine by itself.
        """

    async def discard(self, letter: DeadLetter, actor: str, reason: str) -> None:
        """Take a letter out of quarantine, close its district's window, and write that into the audit."""


@dataclass(frozen=True, slots=True)
class LostMessage:
    """A message that the broker itself put aside; `event_id` where it can be read, `died_at` where known."""

    district_id: str | None
    body: bytes = field(repr=False)
    reason: str
    event_id: str | None
    died_at: datetime | None


class Losses(Protocol):
    """What districts lack because the broker itself put messages aside."""

    async def note(self, lost: Sequence[LostMessage]) -> list[LostMessage]:
        """Quarantine the districts of these, and return those that were news.

        Not what is stored all the same, or is in a baseline, or was replayed or discarded since. Those that
        nobody can tell the district of are kept as well, for an alert. Raises `StoreUnavailable`.
        """
