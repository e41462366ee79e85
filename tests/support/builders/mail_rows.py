"""E-mails of every kind, each a row with the columns that make it one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from tests.support.builders.mails import mail, put
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres import statements
from worker.domain.mail.mails import MailKind
from worker.mail.mail_store import DueMail

KINDS: Final = {
    "waits": "attempts = 1, next_attempt_at = now() + interval '1 hour'",
    "sending": "state = 'sending', attempts = 1, handed_at = now() - interval '1 hour', "
    "next_attempt_at = now() + interval '1 hour'",
    "uncertain": "state = 'uncertain', attempts = 1, handed_at = now() - interval '1 hour', "
    "next_attempt_at = now() - interval '1 hour'",
    "sent": "state = 'sent', attempts = 1, handed_at = now(), sent_at = now(), "
    "next_attempt_at = now() + interval '1 hour'",
    "bounced": "state = 'bounced', attempts = 1, handed_at = now(), sent_at = now(), "
    "bounced = '{\"b\": \"5\"}', bounced_at = now(), next_attempt_at = now() + interval '1 hour'",
    "dead": "state = 'dead', attempts = 1, dead_at = now(), problem = 'no', "
    "next_attempt_at = now() + interval '1 hour'",
    "cancelled": "state = 'cancelled', attempts = 1, cancelled_at = now(), "
    "next_attempt_at = now() + interval '1 hour'",
}
"""Each in the hands of somebody: with one attempt, for an hour, where that is not over."""


async def add(store: StoreUnderTest, name: str, changed: str, district_id: str | None = None) -> None:
    """Add a mail whose occasion is its name, of a district of that name, with these columns."""
    await put(store, mail(name, district_id or name))
    await store.rows(
        f"UPDATE mails SET {changed} WHERE district_id = $1 AND occasion = $2", district_id or name, name
    )


async def need_a_person(store: StoreUnderTest) -> list[asyncpg.Record]:
    """Return the districts with mails that need a person: how many, and since when."""
    return await store.rows(statements.load("mail/mails")["for_a_person"])


async def add_each_kind(store: StoreUnderTest) -> None:
    for name, changed in KINDS.items():
        await add(store, name, changed)


async def rows(store: StoreUnderTest) -> dict[str, asyncpg.Record]:
    """Return every mail by its occasion."""
    return {row["occasion"]: row for row in await store.rows("SELECT * FROM mails ORDER BY position")}


def changed_of(before: dict[str, asyncpg.Record], after: dict[str, asyncpg.Record]) -> set[str]:
    """Return the names of those that are not as they were."""
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


def held(row: asyncpg.Record, **changed: Any) -> DueMail:
    """Return what its taker has of a mail."""
    now: datetime = row["created_at"]
    values: dict[str, Any] = {"now": now, "tried_for": timedelta(0), "kind": MailKind.INVITATION}
    values |= {"recipients": ("a@b.example",)}
    names = ("mail_id", "district_id", "subject", "text", "html", "time_zone", "created_at", "attempts")
    return DueMail(**values | {name: row[name] for name in names} | changed)
