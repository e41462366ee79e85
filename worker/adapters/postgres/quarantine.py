"""The store's side of dead letters: the quarantine of their districts, and what people did with them."""

from __future__ import annotations

from typing import Final

from worker.adapters.postgres import sql, windows
from worker.adapters.postgres.database import Connection, Database
from worker.domain.window import Trigger
from worker.ports.dead_letters import DeadLetter

_SQL: Final = sql.load("quarantine")


class PostgresQuarantine:
    """Answers to `worker.ports.dead_letters.Quarantine`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replayed(self, letter: DeadLetter, actor: str, reason: str) -> None:
        """Write into the audit that a letter was published again."""
        async with self._database.connection() as connection:
            await _note(connection, "dead_letter.replay", letter, actor, reason)

    async def discard(self, letter: DeadLetter, actor: str, reason: str) -> None:
        """Take a letter out of quarantine, close its district's window, and write that into the audit."""

        async def work(connection: Connection) -> None:
            if await connection.fetchval(_SQL["free"], letter.district_id, letter.digest):
                await windows.close(connection, [str(letter.district_id)], Trigger.FLUSH)
            await _note(connection, "dead_letter.discard", letter, actor, reason)

        await self._database.in_transaction(work)


async def _note(connection: Connection, action: str, letter: DeadLetter, actor: str, reason: str) -> None:
    detail = {"letter": letter.id, "unreadable_for": letter.reason, "reason": reason}
    await connection.execute(_SQL["audit"], actor, action, letter.district_id, detail)
