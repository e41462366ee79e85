"""Sessions and failed tries to log in, in PostgreSQL, so that every process knows them."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.domain.access.login_throttle import FORGIVEN_AFTER, KNOWN_BROWSER, OF_A_NAME, OF_AN_ADDRESS
from worker.domain.access.users import Role
from worker.operations.access import Credentials

_SQL: Final = statements.load("access/access")
MOST_SESSIONS: Final = 20
"""Of one user: a browser at every desk, and then some."""
BUCKETS: Final = 65_536
_KEY_BYTES: Final = 32
_PATIENCE: Final = {"address": OF_AN_ADDRESS, "name": OF_A_NAME}


class PostgresSessions:
    """Answers to `worker.operations.access.Sessions`. Times are the database's, which all processes share."""

    def __init__(self, database: Database, *, lifetime: timedelta, idle: timedelta) -> None:
        self._database = database
        self._ends = (lifetime, idle)

    async def begin(self, token_digest: bytes, credentials: Credentials) -> bool:
        """Begin a session; False where the user's password, role or state changed meanwhile."""
        checked = (credentials.name, credentials.password_hash, credentials.role)
        async with self._database.transaction() as connection:
            if not await connection.fetchval(_SQL["begin_session"], token_digest, *checked):
                return False
            await connection.execute(_SQL["keep_latest_sessions"], credentials.name, MOST_SESSIONS)
        return True

    async def user_of(self, token_digest: bytes) -> tuple[str, Role] | None:
        """Return whose session this is, and go on with it; None where there is none, or it is over."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["session"], token_digest, *self._ends)
            if row is None:
                return None
            if row["is_stale"]:
                await connection.execute(_SQL["go_on"], token_digest)
        return row["name"], Role(row["role"])

    async def end(self, token_digest: bytes) -> None:
        """End a session; may be called twice."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["end_session"], token_digest)

    async def forget(self) -> None:
        """Delete the sessions that are over."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["forget_sessions"], *self._ends)


class PostgresAttempts:
    """Answers to `worker.operations.access.Attempts`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._key: bytes | None = None

    async def admit(self, name: str, address: str) -> timedelta:
        """Count a try as failed beforehand; return zero, or how long to wait where it may not be made.

        Beforehand, because tries that are made at the same time would otherwise all be the first one.
        """
        buckets = await self._buckets(address, name)

        async def work(connection: Connection) -> timedelta:
            await connection.execute(_SQL["have_buckets"], *buckets)
            rows = await connection.fetch(_SQL["lock_buckets"], *buckets)
            now = await connection.fetchval(_SQL["now"])
            wait = max((row["free_at"] - now for row in rows), default=timedelta(0))
            if wait > timedelta(0):
                return wait
            for row, bucket in zip(rows, buckets, strict=True):
                await _count(connection, row, bucket, now)
            return timedelta(0)

        return await self._database.in_transaction(work)

    async def succeeded(self, name: str, address: str) -> None:
        """Take back what `admit` counted, and forget the name's failures."""
        buckets = await self._buckets(address, name)
        async with self._database.connection() as connection:
            await connection.execute(_SQL["forgive"], *buckets)

    async def forget(self) -> None:
        """Delete the failures that count no more."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["forget_attempts"], FORGIVEN_AFTER)

    async def _buckets(self, *texts: str) -> list[int]:
        """Return the bucket of each text: by a key, so that nobody else can tell who shares one."""
        if self._key is None:
            async with self._database.connection() as connection:
                self._key = await connection.fetchval(_SQL["login_key"], secrets.token_bytes(_KEY_BYTES))
        return [_bucket(text, self._key or b"") for text in texts]


class PostgresBrowsers:
    """Answers to `worker.operations.access.Browsers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def knows(self, token_digest: bytes, name: str) -> bool:
        """Whether that user has logged in there, not too long ago."""
        async with self._database.connection() as connection:
            return bool(
                await connection.fetchval(_SQL["is_known_browser"], token_digest, name, KNOWN_BROWSER)
            )

    async def remember(self, token_digest: bytes, name: str) -> None:
        """Remember that the user has logged in there."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["remember_browser"], token_digest, name)
            await connection.execute(_SQL["keep_latest_browsers"], name, MOST_SESSIONS)

    async def forget(self) -> None:
        """Delete those that were not used for long."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["forget_browsers"], KNOWN_BROWSER)


async def _count(connection: Connection, row: asyncpg.Record, bucket: int, now: datetime) -> None:
    before = 0 if now - row["tried_at"] > FORGIVEN_AFTER else row["failures"]
    free_at = now + _PATIENCE[row["kind"]].after(before + 1)
    await connection.execute(_SQL["count_attempt"], row["kind"], bucket, before + 1, now, free_at)


def _bucket(text: str, key: bytes) -> int:
    digest = hmac.digest(key, text.encode(errors="replace"), "sha256")
    return int.from_bytes(digest[:4], "big") % BUCKETS
