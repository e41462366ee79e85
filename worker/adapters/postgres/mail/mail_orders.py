"""What a person asks and orders of mails, each order with its line in the audit, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import fields
from typing import Final

import asyncpg

from worker.adapters.postgres import statements, wakeups
from worker.adapters.postgres.database import Database
from worker.domain.mail.mails import MailKind
from worker.mail.mail_store import KeptMail, MailState
from worker.runtime.errors import OrderRefused

_SQL: Final = statements.load("mail/mails")
_NOTE: Final = statements.load("access/access")["note"]
_LISTED: Final = 200


class PostgresMailOrders:
    """Answers to `worker.mail.mail_store.MailOrders`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, district_id: str | None, limit: int = _LISTED) -> list[KeptMail]:
        """Return the newest mails, of one district or of all."""
        async with self._database.connection() as connection:
            return [_kept(row) for row in await connection.fetch(_SQL["list"], district_id, limit)]

    async def show(self, mail_id: uuid.UUID) -> KeptMail:
        """Return one; raises `OrderRefused` where there is none."""
        async with self._database.connection() as connection:
            return _kept(_found(await connection.fetchrow(_SQL["show"], mail_id), mail_id))

    async def settle(self, mail_id: uuid.UUID, actor: str, *, arrived: bool) -> KeptMail:
        """End an uncertainty: it arrived, or it is sent again; or say that enough people have it."""
        may = (MailState.UNCERTAIN, MailState.BOUNCED) if arrived else (MailState.UNCERTAIN,)
        order = "arrived" if arrived else "again"
        return await self._order(mail_id, actor, order, may, f"mail.settle_{order}")

    async def retry(self, mail_id: uuid.UUID, actor: str) -> KeptMail:
        """Send a dead one anew."""
        return await self._order(mail_id, actor, "again", (MailState.DEAD,), "mail.retry")

    async def cancel(self, mail_id: uuid.UUID, actor: str) -> KeptMail:
        """Never send it: one that waits, or is dead."""
        may = (MailState.WAITING, MailState.DEAD)
        return await self._order(mail_id, actor, "cancel", may, "mail.cancel")

    async def _order(
        self, mail_id: uuid.UUID, actor: str, statement: str, may: Collection[MailState], action: str
    ) -> KeptMail:
        async with self._database.transaction() as connection:
            before = _kept(_found(await connection.fetchrow(_SQL["for_update"], mail_id), mail_id))
            if before.state not in may:
                raise OrderRefused(
                    f"e-mail {mail_id} is {before.state}; this is possible only while it is "
                    f"{' or '.join(may)}"
                )
            await connection.execute(_SQL[statement], mail_id, actor)
            detail = {"mail_id": str(mail_id), "kind": before.kind.value, "was": before.state.value}
            await connection.execute(_NOTE, actor, action, before.district_id, detail)
            await wakeups.notify(connection, wakeups.MAILS)
            return _kept(_found(await connection.fetchrow(_SQL["show"], mail_id), mail_id))


def _found(row: asyncpg.Record | None, mail_id: uuid.UUID) -> asyncpg.Record:
    if row is None:
        raise OrderRefused(f"no e-mail with the ID {mail_id}; see `rostering mails list`")
    return row


def _kept(row: asyncpg.Record) -> KeptMail:
    as_they_are = {field.name: row[field.name] for field in fields(KeptMail)}
    return KeptMail(
        **as_they_are
        | {
            "mail_id": uuid.UUID(str(row["mail_id"])),
            "kind": MailKind(row["kind"]),
            "recipients": tuple(row["recipients"]),
            "state": MailState(row["state"]),
        }
    )
