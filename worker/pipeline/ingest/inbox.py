"""The inbox, as ingest sees it: events stored before they are acknowledged.

Every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from worker.domain.roster.records import RecordKind


class Arrival(NamedTuple):
    """An event to store; `ignored` ones are only remembered by id, for `feed.settled` to count."""

    district_id: str
    event_id: str
    kind: RecordKind | None
    record_id: str
    record: str | None
    """Canonical JSON, or None for a deletion."""
    trace_parent: str | None = None
    """The trace context that the event came with, well-formed."""
    modified: int | None = None
    """When the record was last changed, in microseconds of the epoch; None where nobody can tell."""
    is_row: bool = False
    """Whether the event was made of a row of a list."""

    @property
    def ignored(self) -> bool:
        """Whether the event is about nothing that a roster has."""
        return self.kind is None


@dataclass(frozen=True, slots=True)
class Mark:
    """A publisher's word that `count` events were sent after `since` up to `through`."""

    district_id: str
    since: str
    through: str
    count: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A message that cannot be read, of a district that can be told; `digest` is its body's SHA-256."""

    district_id: str
    digest: bytes
    reason: str
    explanation: str


@dataclass(frozen=True, slots=True)
class Released:
    """A dead letter that was published again and can be read by now; `digest` is its body's SHA-256."""

    district_id: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of storing a micro-batch."""

    stored: int
    duplicates: int
    ignored: int

    def __add__(self, other: Stored) -> Stored:
        """Count two together."""
        return Stored(
            self.stored + other.stored, self.duplicates + other.duplicates, self.ignored + other.ignored
        )


class Inbox(Protocol):
    """Where events are stored before they are acknowledged."""

    async def ping(self) -> None:
        """Return if it looks as if events could be stored now; raises `StoreUnavailable`."""

    async def check_writable(self) -> None:
        """Return once a write like that of `store` has succeeded and was undone; raises `StoreUnavailable`.

        Messages are taken only after that: a server that answers may yet store nothing.
        """

    async def store(
        self,
        arrivals: Sequence[Arrival],
        marks: Sequence[Mark],
        quarantined: Sequence[Quarantined],
        released: Sequence[Released] = (),
    ) -> Stored:
        """Store all of it, and open or extend the districts' windows, in one transaction.

        What is `released` leaves the quarantine, and its district's window is closed.

        Raises `StoreRefused` where something in it cannot be stored; nothing of it then is.
        """
