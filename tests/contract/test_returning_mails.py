"""Mails that come back: read from a real mailbox, kept once, and seen only when they are kept."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.support.builders.bounces import MAIL_ID, OUT_OF_OFFICE, report
from tests.support.builders.mails import MINUTE, mail, put
from tests.support.fixtures.store import StoreUnderTest
from tests.support.servers.dovecot import Dovecot, running_dovecot
from worker.adapters.mail.imap import ImapMailbox
from worker.mail.bounces import BounceStage
from worker.runtime.errors import MailboxUnavailable
from worker.runtime.metrics import Metrics


@pytest.fixture(scope="module")
def dovecot_port() -> Iterator[int]:
    with running_dovecot() as port:
        yield port


@pytest.fixture
def dovecot(dovecot_port: int) -> Dovecot:
    """A mailbox of the test's own."""
    return Dovecot(dovecot_port, f"bounces-{uuid.uuid4().hex}")


async def sent(store: StoreUnderTest) -> None:
    await put(store, mail())
    (due,) = await store.mails.take(1, MINUTE)
    await store.mails.handed(due, {}, MINUTE)
    await store.mails.sent(due)


async def test_what_came_back_is_kept_and_then_seen(store: StoreUnderTest, dovecot: Dovecot) -> None:
    await sent(store)
    metrics = Metrics()
    stage = BounceStage(ImapMailbox(dovecot.url), store.mails, metrics)
    await asyncio.to_thread(dovecot.put, OUT_OF_OFFICE, report(), report(), b"\xff", report(action="delayed"))

    worked = [await stage.once(), await stage.once()]

    one = await store.mail_orders.show(MAIL_ID)
    assert worked == [True, False]
    assert (one.state, one.bounced, one.needs_person) == ("bounced", {"ada@district.example": "5.1.1"}, True)
    assert await asyncio.to_thread(dovecot.unseen) == 0
    labels = {"kind": "invitation", "outcome": "bounced"}
    assert metrics.registry.get_sample_value("rostering_mails_total", labels) == 1


async def test_what_the_store_could_not_keep_stays_unseen(store: StoreUnderTest, dovecot: Dovecot) -> None:
    await sent(store)
    stage = BounceStage(ImapMailbox(dovecot.url), store.mails, Metrics())
    await asyncio.to_thread(dovecot.put, report())
    await store.rows("ALTER TABLE mails RENAME TO elsewhere")
    with pytest.raises(Exception, match="mails"):
        await stage.once()
    unseen = await asyncio.to_thread(dovecot.unseen)
    await store.rows("ALTER TABLE elsewhere RENAME TO mails")

    await stage.once()

    assert unseen == 1
    assert (await store.mail_orders.show(MAIL_ID)).state == "bounced"


async def test_a_look_takes_so_many_and_leaves_the_others(dovecot: Dovecot) -> None:
    box = ImapMailbox(dovecot.url)
    await asyncio.to_thread(dovecot.put, *(report() for _ in range(5)))

    first = await box.unseen(2)
    await box.seen([each.uid for each in first])
    rest = await box.unseen(9)

    assert (len(first), len(rest)) == (2, 3)
    assert not {each.uid for each in first} & {each.uid for each in rest}
    assert all(b"Original-Recipient" in each.raw for each in first)


@pytest.mark.parametrize("wrong", ["password", "folder", "port"])
async def test_an_unreadable_mailbox_is_away_and_tells_no_secret(dovecot: Dovecot, wrong: str) -> None:
    url = {
        "password": dovecot.url.replace("s3sam3-0p3n", "wr0ng"),
        "folder": f"{dovecot.url}/Nowhere",
        "port": dovecot.url.replace(str(dovecot.port), "1"),
    }[wrong]

    with pytest.raises(MailboxUnavailable) as away:
        await ImapMailbox(url).unseen(5)

    assert "wr0ng" not in str(away.value)
    assert "s3sam3" not in str(away.value)


@pytest.mark.parametrize("greeting", [b"", b"* OK ready\r\n"])
async def test_a_mailbox_that_answers_byte_by_byte_is_given_up(greeting: bytes) -> None:
    hung_up = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        with suppress(OSError):
            while not reader.at_eof():
                writer.write(b"*")
                await writer.drain()
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1000), 0.01)
        writer.close()
        hung_up.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, asyncio.timeout(20):
        with pytest.raises(MailboxUnavailable, match=r"not finished within 0\.3 seconds"):
            await ImapMailbox(f"imap://a:b@127.0.0.1:{port}", longest=0.3).unseen(5)

        await hung_up.wait()


async def test_a_mailbox_that_is_away_stops_nothing_else(store: StoreUnderTest) -> None:
    stage = BounceStage(ImapMailbox("imap://a:b@127.0.0.1:1"), store.mails, Metrics())

    assert not await stage.once()


async def test_a_report_on_a_mail_that_never_left_is_somebodys_joke(store: StoreUnderTest) -> None:
    await put(store, mail())

    assert await store.mails.bounce(MAIL_ID, {"ada@district.example": "5.1.1"}) is None
