"""The store's side of dead letters: the quarantine of their districts, and what people did with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from schemas.words import Trigger
from worker.adapters.postgres import statements
from worker.adapters.postgres.access.audit import audit
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.evaluation import windows
from worker.adapters.postgres.ingest.inbox import store_quarantined
from worker.domain.alerts.incidents import NO_DISTRICT
from worker.messaging.dead_letters import DeadLetter, LostMessage
from worker.pipeline.ingest.inbox import Quarantined

_SQL: Final = statements.load("ingest/quarantine")


class PostgresQuarantine:
    """Answers to `worker.messaging.dead_letters.Quarantine`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def replayed(self, letter: DeadLetter, actor: str, reason: str) -> None:
        """Write into the audit that a letter was published again."""
        async with self._database.connection() as connection:
            await _note(connection, "dead_letter.replay", letter, actor, reason)

    async def discard(self, letter: DeadLetter, actor: str, reason: str) -> None:
        """Take a letter out of quarantine, close its district's window, and write that into the audit."""

        async def work(connection: Connection) -> None:
            district = letter.district_id or NO_DISTRICT
            if await connection.fetchval(_SQL["free"], district, letter.digest) and district != NO_DISTRICT:
                await windows.close(connection, [district], Trigger.FLUSH)
            await _note(connection, "dead_letter.discard", letter, actor, reason)

        await self._database.in_transaction(work)


class PostgresLosses:
    """Answers to `worker.messaging.dead_letters.Losses`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, lost: Sequence[LostMessage]) -> list[LostMessage]:
        """Quarantine the districts of messages that the broker put aside; see the port."""
        by_key = {(each.district_id or NO_DISTRICT, sha256(each.body).digest()): each for each in lost}

        async def work(connection: Connection) -> list[LostMessage]:
            rows = await connection.fetch(_SQL["lacking"], *_columns(by_key))
            news = [by_key[row["district_id"], row["digest"]] for row in rows]
            quarantined = [
                Quarantined(district, digest, reason, f"dead-lettered by the broker ({reason})")
                for district, digest, reason in rows
            ]
            await store_quarantined(
                connection, [each for each in quarantined if each.district_id != NO_DISTRICT]
            )
            for each in quarantined:
                if each.district_id == NO_DISTRICT:
                    await connection.execute(_SQL["unattributed"], each.digest, each.reason, each.explanation)
            return news

        return await self._database.in_transaction(work)


def _columns(lost: Mapping[tuple[str, bytes], LostMessage]) -> tuple[list[Any], ...]:
    ordered = sorted(lost)
    return (
        [district for district, _ in ordered],
        [digest for _, digest in ordered],
        [lost[key].reason for key in ordered],
        [lost[key].event_id for key in ordered],
        [lost[key].died_at for key in ordered],
    )


async def _note(connection: Connection, action: str, letter: DeadLetter, actor: str, reason: str) -> None:
    detail = {"letter": letter.id, "unreadable_for": letter.reason, "reason": reason}
    await audit(connection, actor, action, letter.district_id, detail)
