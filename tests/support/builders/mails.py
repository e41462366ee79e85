"""E-mails to a district, and a store that has them."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from typing import Any

from tests.support.builders.records import DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.mail.mails import enqueue
from worker.domain.mail.mails import Composed, Mail, MailKind

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def mail(occasion: str = "invited/1", district_id: str = DISTRICT, **changed: Any) -> Mail:
    values: dict[str, Any] = {
        "kind": MailKind.INVITATION,
        "recipients": ("Ada Park <ada@district.example>", "office@district.example"),
        "content": Composed(f"About {occasion}", "Hello,\n.\nfrom us\n", "<p>Hello</p>\n"),
        "time_zone": "UTC",
        "wait_for_sync": False,
    }
    return Mail(district_id=district_id, occasion=occasion, **values | changed)


async def put(store: StoreUnderTest, *mails: Mail) -> list[bool]:
    """Enqueue mails, each in a transaction of its own."""
    added = []
    for each in mails:
        async with store.database.transaction() as connection:
            added.append(await enqueue(connection, each))
    return added


async def now_due(store: StoreUnderTest) -> None:
    """Let the time pass until the next attempt of every mail."""
    await store.rows("UPDATE mails SET next_attempt_at = clock_timestamp()")


async def states(store: StoreUnderTest) -> list[str]:
    """Return where each mail stands, the oldest first."""
    return [each.state.value for each in reversed(await store.mail_orders.newest(None))]


def shown(sent: bytes, header: str) -> str:
    """Return a header as a reader shows it."""
    # The library's newer reader of addresses keeps the blanks that fold a name, which RFC 2047 says to drop.
    return str(make_header(decode_header(message_from_bytes(sent, policy=policy.compat32)[header])))
