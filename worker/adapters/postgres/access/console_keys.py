"""What opens a console without users, in PostgreSQL: a command can make a link for a worker that runs."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Database

_SQL: Final = statements.load("access/console_keys")


class PostgresLocalKeys:
    """Answers to `worker.operations.access.LocalKeys`. What opens the console is kept as its SHA-256 only."""

    def __init__(self, database: Database, lifetime: timedelta) -> None:
        self._database = database
        self._lifetime = lifetime

    async def new_link(self) -> str:
        """Return the token of a link that opens the console once."""
        token = secrets.token_urlsafe(32)
        async with self._database.connection() as connection:
            await connection.execute(_SQL["add_link"], _digest(token))
        return token

    async def exchange(self, link: str) -> str | None:
        """Return the token of a session for that of a link; None where that is used, over, or none."""
        token = secrets.token_urlsafe(32)
        async with self._database.transaction() as connection:
            done = await connection.fetchval(_SQL["exchange"], _digest(link), _digest(token), self._lifetime)
        return token if done else None

    async def is_session(self, token: str) -> bool:
        """Whether a session goes on."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["is_session"], _digest(token), self._lifetime))

    async def forget(self) -> None:
        """Delete what is over."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["forget"], self._lifetime)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
