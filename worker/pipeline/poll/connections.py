"""Districts as a Clever source has them: who is connected, how far each feed was read, whose turn it is.

`worker.adapters.postgres.poll.connections` answers; every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from worker.domain.roster.records import Json
from worker.pipeline.poll.clever import Token

BEGINNING = ""
"""The cursor of a feed of which nothing was read: every event comes after it."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One connected district, as it was when its turn began; `now` is the database's clock.

    `cursor` is the last event read, None where there is none to go on from: a baseline gives it. `cursor_at`
    is when the feed was last read to its end since then. `overlap` is an event before the cursor, where a
    reading begins. `unsettled` events were read after `settled`, the last place that ingest was told of.
    What is up to `floor` is in the last baseline. `active_at` is when the feed last brought something new, or
    a person asked for it.
    """

    district_id: str
    token: Token | None
    now: datetime
    cursor: str | None
    overlap: str
    settled: str
    unsettled: int
    cursor_at: datetime | None
    floor: str
    baseline_at: datetime | None
    baseline_after: datetime
    resync: str | None
    failures: int
    record: Json | None
    active_at: datetime


@dataclass(frozen=True, slots=True)
class ListingChanges:
    """What a new list of connected districts changed; `missing` were not in the list before this either."""

    found: list[str]
    returned: list[str]
    missing: list[str]


class ConnectionList(Protocol):
    """The list of connected districts."""

    async def claim_listing(self, every: timedelta) -> bool:
        """Whether the list of connected districts is due; says so to one process each time."""

    async def unclaim_listing(self) -> None:
        """Let the list be due again, since it could not be read."""

    async def listed(self, tokens: Mapping[str, Token]) -> ListingChanges:
        """Take the list of connected districts: new ones and those that came back are due at once."""

    async def disconnected(self, district_id: str) -> None:
        """Stop reading a district whose token is gone. Nothing of it is deleted."""

    async def read(self, district_id: str) -> Connection | None:
        """Return the connection as it is now; None where the district is not connected."""


class FeedTurns(Protocol):
    """Turns of reading one district, and what each writes."""

    def turn(self) -> AbstractAsyncContextManager[Connection | None]:
        """Lock the district that has been due for longest while the context is open; None while none is.

        One process at a time has a district; the lock goes with the process.
        """

    def turn_of(self, district_id: str, wait: timedelta) -> AbstractAsyncContextManager[Connection | None]:
        """Lock this district, due or not; None where it is not connected, or busy for longer than `wait`."""

    async def again(self, district_id: str, after: timedelta, problem: str | None) -> None:
        """Say when the district's next turn is, and what went wrong in this one, if anything."""

    async def put_off(self, district_id: str, for_how_long: timedelta) -> None:
        """Let others come first for a while, as after a turn that no fault of the district's ended."""

    async def save_token(self, district_id: str, token: Token) -> None:
        """Keep a district's new token."""

    async def save_record(self, district_id: str, record: Json) -> None:
        """Keep what Clever tells of the district and its sync."""

    async def unheard(self, district_id: str, events: Sequence[tuple[str | None, bytes]]) -> list[bool]:
        """Return for each event whether it is new: neither stored nor in quarantine.

        Events are given as their id, None for one that cannot be stored, and their body's SHA-256.
        """

    async def advance(self, district_id: str, cursor: str, to: str, events: int, overlap: str) -> bool:
        """Move the cursor over that many events, and the overlap to its new place.

        False, and nothing done, where the cursor is not at `cursor` any more.
        """

    async def settle(self, district_id: str, cursor: str) -> None:
        """Say that the feed was read to its end, and ingest told so."""

    async def demand_resync(self, district_id: str, reason: str, *, forget_cursor: bool) -> None:
        """Ask for a baseline; `forget_cursor` where the feed cannot be read on from there."""


class Connections(ConnectionList, FeedTurns, Protocol):
    """The districts that are connected through Clever."""
