"""Sessions and failed tries to log in, in PostgreSQL, so that every process knows them."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import astuple
from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.domain.access.login_throttle import FORGIVEN_AFTER, OF_A_NAME, OF_AN_ADDRESS
from worker.domain.access.users import Role
from worker.operations.access import Credentials

_SQL: Final = statements.load("access/access")
MOST_SESSIONS: Final = 20
"""Of one user: a browser at every desk, and then some."""
BUCKETS: Final = 65_536
_KEY_BYTES: Final = 32


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
        rules = (FORGIVEN_AFTER, *astuple(OF_AN_ADDRESS), *astuple(OF_A_NAME))
        buckets = await self._buckets(address, name)

        async def work(connection: Connection) -> timedelta:
            wait: timedelta = await connection.fetchval(_SQL["admit"], *buckets, *rules)
            return wait

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


def _bucket(text: str, key: bytes) -> int:
    digest = hmac.digest(key, text.encode(errors="replace"), "sha256")
    return int.from_bytes(digest[:4], "big") % BUCKETS
