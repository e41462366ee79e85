"""Mails in PostgreSQL: who takes a row has it for as long as its next attempt is put off."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from worker.adapters.postgres import statements, wakeups
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.wakeups import Wakeups
from worker.domain.mail.mails import Mail, MailKind
from worker.mail.mail_store import DueMail

_SQL: Final = statements.load("mail/mails")


async def enqueue(connection: Connection, mail: Mail) -> bool:
    """Add a mail in the caller's transaction; False where its occasion has its mail already."""
    await connection.execute(_SQL["lock"], mail.district_id)
    added = await connection.fetchval(
        _SQL["enqueue"],
        mail.mail_id,
        mail.district_id,
        mail.kind.value,
        mail.occasion,
        list(mail.recipients),
        mail.content.subject,
        mail.content.text,
        mail.content.html,
        mail.time_zone,
        mail.wait_for_sync,
    )
    if added is None:
        return False
    await wakeups.notify(connection, wakeups.MAILS)
    return True


class PostgresMails:
    """Answers to `worker.mail.mail_store.Mails`."""

    def __init__(self, database: Database, heard: Wakeups) -> None:
        self._database = database
        self._notices = heard

    async def take(self, limit: int, lease: timedelta) -> list[DueMail]:
        """Take mails that are due, each of another district; they are free again after `lease`."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["take"], limit, lease)
        return [_due(dict(row)) for row in rows]

    async def postpone(self, mail: DueMail, until: datetime) -> None:
        """Put it off without an attempt."""
        await self._say("postpone", mail, until)

    async def handed(self, mail: DueMail, refused: Mapping[str, int], lease: timedelta) -> bool:
        """Write down that it is about to be given away, for all but the refused; False: it must not be."""
        return bool(await self._say("handed", mail, lease, dict(refused)))

    async def sent(self, mail: DueMail) -> None:
        """Say that the mail server has it; the district's next may go."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["sent"], mail.mail_id, mail.attempts)
            await wakeups.notify(connection, wakeups.MAILS)

    async def put_off(self, mail: DueMail, problem: str, again: timedelta, give_up: timedelta) -> bool:
        """Say that it was surely not sent; return whether it is dead, after trying for `give_up`."""
        return bool(await self._say("put_off", mail, problem, again, give_up))

    async def refuse(self, mail: DueMail, problem: str, refused: Mapping[str, int]) -> None:
        """Say that it was surely not sent and never will be; the district's next may go."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["refuse"], mail.mail_id, mail.attempts, problem, dict(refused))
            await wakeups.notify(connection, wakeups.MAILS)

    async def uncertain(self, mail: DueMail, problem: str) -> None:
        """Say that nobody knows whether it was sent."""
        await self._say("uncertain", mail, problem)

    async def bounce(self, mail_id: uuid.UUID, bounced: Mapping[str, str]) -> MailKind | None:
        """Keep whose came back; None where it was known, or there is no such mail."""
        async with self._database.connection() as connection:
            kind = await connection.fetchval(_SQL["bounce"], mail_id, dict(bounced))
        return None if kind is None else MailKind(kind)

    async def wait(self, seconds: float) -> None:
        """Return when there may be mails to send, or after `seconds`."""
        await self._notices.wait(wakeups.MAILS, seconds)

    async def _say(self, statement: str, mail: DueMail, *values: object) -> Any:
        """Run a statement on a mail that is ours; nothing happens where it is somebody else's by now."""
        async with self._database.connection() as connection:
            return await connection.fetchval(_SQL[statement], mail.mail_id, mail.attempts, *values)


def _due(row: dict[str, Any]) -> DueMail:
    return DueMail(
        **row | {"kind": MailKind(row["kind"]), "recipients": tuple(row["recipients"]), "mail_id": _id(row)}
    )


def _id(row: Mapping[str, Any]) -> uuid.UUID:
    return uuid.UUID(str(row["mail_id"]))  # the driver has a class of its own for them
