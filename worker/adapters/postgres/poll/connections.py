"""The connected districts, in PostgreSQL: tokens sealed, turns locked, cursors moved by compare-and-set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.poll.feed_locks import FeedLocks
from worker.domain.roster.records import Json
from worker.pipeline.poll.clever import Token
from worker.pipeline.poll.connections import Connection, ListingChanges

if TYPE_CHECKING:  # cryptography is slow to load, and most commands seal nothing
    from worker.adapters.clever.vault import TokenVault

_SQL: Final = statements.load("poll/connections")

CANDIDATES: Final = 50
"""How many due districts to look at for one that no other process has."""
LOOK_SECONDS: Final = 0.2
"""How often to try for the lock of one certain district."""


class PostgresConnections:
    """Answers to `worker.pipeline.poll.connections.Connections`."""

    def __init__(self, database: Database, locks: FeedLocks, vault: TokenVault) -> None:
        self._database = database
        self._locks = locks
        self._vault = vault

    async def claim_listing(self, every: timedelta) -> bool:
        """Whether the list of connected districts is due; says so to one process each time."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["claim_listing"], every))

    async def unclaim_listing(self) -> None:
        """Let the list be due again, since it could not be read."""
        await self._execute("unclaim_listing")

    async def listed(self, tokens: Mapping[str, Token]) -> ListingChanges:
        """Take the list of connected districts: new ones and those that came back are due at once."""
        ids = sorted(tokens)
        digests = {district_id: self._vault.digest(tokens[district_id]) for district_id in ids}
        async with self._database.transaction() as connection:
            changed = await connection.fetch(_SQL["changed"], ids, [*digests.values()])
            those = [row["district_id"] for row in changed]
            sealed = [self._vault.seal(tokens[district_id]) for district_id in those]
            rows = await connection.fetch(
                _SQL["listed"], those, sealed, [digests[district_id] for district_id in those]
            )
            missing = await connection.fetch(_SQL["missing"], ids)
        return ListingChanges(
            found=[row["district_id"] for row in rows if row["is_new"]],
            returned=[row["district_id"] for row in rows if row["is_back"]],
            missing=[row["district_id"] for row in missing],
        )

    async def disconnected(self, district_id: str) -> None:
        """Stop reading a district whose token is gone. Nothing of it is deleted."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["disconnect"], district_id)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Connection | None]:
        """Lock the district that has been due for longest while the context is open; None while none is."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["due"], list(self._locks.held), CANDIDATES)
        for row in rows:
            async with self._locked(row["district_id"]) as taken:
                # Whoever had it before us may have just given it back, its next turn said.
                if taken is not None and taken["is_due"]:
                    yield self._connection(taken)
                    return
        yield None

    @asynccontextmanager
    async def turn_of(self, district_id: str, wait: timedelta) -> AsyncIterator[Connection | None]:
        """Lock this district, due or not; None where it is not connected, or busy for longer than `wait`."""
        end = asyncio.get_running_loop().time() + wait.total_seconds()
        while True:
            async with self._locked(district_id) as taken:
                if taken is not None:
                    yield self._connection(taken)
                    return
            if asyncio.get_running_loop().time() >= end or not await self._is_connected(district_id):
                break
            await asyncio.sleep(LOOK_SECONDS)
        yield None

    async def read(self, district_id: str) -> Connection | None:
        """Return the connection as it is now; None where the district is not connected."""
        row = await self._read(district_id)
        return None if row is None else self._connection(row)

    async def again(self, district_id: str, after: timedelta, problem: str | None) -> None:
        """Say when the district's next turn is, and what went wrong in this one, if anything."""
        await self._execute("again", district_id, after, problem)

    async def put_off(self, district_id: str, for_how_long: timedelta) -> None:
        """Let others come first for a while, as after a turn that no fault of the district's ended."""
        await self._execute("put_off", district_id, for_how_long)

    async def save_token(self, district_id: str, token: Token) -> None:
        """Keep a district's new token."""
        await self._execute("save_token", district_id, self._vault.seal(token), self._vault.digest(token))

    async def save_record(self, district_id: str, record: Json) -> None:
        """Keep what Clever tells of the district and its sync."""
        await self._execute("save_record", district_id, record)

    async def unheard(self, district_id: str, events: Sequence[tuple[str | None, bytes]]) -> list[bool]:
        """Return for each event whether it is new: neither stored nor in quarantine."""
        ids = [event_id for event_id, _ in events]
        digests = [digest for _, digest in events]
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["unheard"], district_id, ids, digests)
        return [row["is_new"] for row in rows]

    async def advance(self, district_id: str, cursor: str, to: str, events: int, overlap: str) -> bool:
        """Move the cursor over that many events, and the overlap to its new place."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["advance"], district_id, cursor, to, events, overlap))

    async def settle(self, district_id: str, cursor: str) -> None:
        """Say that the feed was read to its end, and ingest told so."""
        await self._execute("settle", district_id, cursor)

    async def demand_resync(self, district_id: str, reason: str, *, forget_cursor: bool) -> None:
        """Ask for a baseline; `forget_cursor` where the feed cannot be read on from there."""
        await self._execute("demand_resync", district_id, reason, forget_cursor)

    @asynccontextmanager
    async def _locked(self, district_id: str) -> AsyncIterator[asyncpg.Record | None]:
        if not await self._locks.take(district_id):
            yield None
            return
        try:
            yield await self._read(district_id)
        finally:
            await self._locks.give_back(district_id)

    async def _read(self, district_id: str) -> asyncpg.Record | None:
        async with self._database.connection() as connection:
            return await connection.fetchrow(_SQL["read"], district_id)

    async def _is_connected(self, district_id: str) -> bool:
        return await self._read(district_id) is not None

    async def _execute(self, statement: str, *arguments: object) -> None:
        async with self._database.connection() as connection:
            await connection.execute(_SQL[statement], *arguments)

    def _connection(self, row: asyncpg.Record) -> Connection:
        token = self._vault.open(row["token"]) if row["token"] else None
        told = {name: value for name, value in row.items() if name not in {"token", "is_due"}}
        return Connection(token=token, **told)
