"""Users of the console, in PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.access.audit import audit
from worker.adapters.postgres.database import Database
from worker.domain.access.users import Role
from worker.operations.access import Credentials, User
from worker.runtime.errors import UserError

_SQL: Final = statements.load("access/access")


class PostgresUsers:
    """Answers to `worker.operations.access.Users`."""

    def __init__(self, database: Database, *, lifetime: timedelta, idle: timedelta) -> None:
        self._database = database
        self._ends = (lifetime, idle)

    async def everybody(self) -> list[User]:
        """Return every user, by name."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["everybody"], *self._ends)
        return [User(**{**row, "role": Role(row["role"])}) for row in rows]

    async def exist(self) -> bool:
        """Whether there is any user, one who is disabled included."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["exist"]))

    async def can_log_in(self) -> bool:
        """Whether there is a user who is not disabled."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["can_log_in"]))

    async def credentials(self, name: str) -> Credentials | None:
        """Return what a log-in of that name is compared with; None where there is no such user."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["credentials"], name)
        return None if row is None else Credentials(**{**row, "role": Role(row["role"])})

    async def add(self, name: str, role: Role, password_hash: str, actor: str) -> None:
        """Add a user; raises `UserError` where the name is taken."""
        async with self._database.transaction() as connection:
            if not await connection.fetchval(_SQL["add"], name, role, password_hash):
                raise UserError(
                    f"user: {name} already exists; change its password with `rostering users passwd`"
                )
            await audit(connection, actor, "user.add", None, {"user": name, "role": role})

    async def set_password(self, name: str, password_hash: str, actor: str) -> None:
        """Give a user another password, and end the user's sessions; raises `UserError`."""
        await self._change(name, actor, "set_password", password_hash, action="user.passwd")

    async def set_role(self, name: str, role: Role, actor: str) -> None:
        """Give a user another role, and end the user's sessions; raises `UserError`."""
        await self._change(name, actor, "set_role", role, action="user.role", role=role)

    async def disable(self, name: str, actor: str) -> None:
        """Keep a user out, sessions that are open included; raises `UserError`."""
        await self._change(name, actor, "disable", action="user.disable")

    async def enable(self, name: str, actor: str) -> None:
        """Let a user in again; raises `UserError`."""
        await self._change(name, actor, "enable", action="user.enable")

    async def end_sessions(self, name: str, actor: str) -> int:
        """End every session of a user; return how many there were. Raises `UserError`."""
        return await self._change(name, actor, None, action="user.sessions_end")

    async def rehash(self, name: str, before: str, password_hash: str) -> None:
        """Keep the same password under another hash, where it is still the one before."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["rehash"], name, before, password_hash)

    async def _change(
        self, name: str, actor: str, statement: str | None, *values: Any, action: str, **detail: Any
    ) -> int:
        """Change a user and end the user's sessions, in one transaction; return how many there were."""
        async with self._database.transaction() as connection:
            if await connection.fetchrow(_SQL["lock"], name) is None:
                raise UserError("user: no such user; see `rostering users list`")
            if statement is not None:
                await connection.execute(_SQL[statement], name, *values)
            ended = int((await connection.execute(_SQL["end_sessions"], name)).rpartition(" ")[2])
            await audit(connection, actor, action, None, {"user": name, **detail, "sessions_ended": ended})
        return ended
