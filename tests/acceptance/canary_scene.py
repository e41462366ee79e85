"""The program with everything switched on, and with servers around it that quote what they should not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aio_pika

from tests.acceptance.canary_watch import Sweep
from tests.acceptance.program import Consumer, Site, Worker, consuming, publishing
from tests.support.builders.records import Json, event_json
from tests.support.districts import canaries
from tests.support.fixtures.alerts import Hook, Mailbox
from tests.support.servers.collector import Collector
from tests.support.servers.mail_office import USER, Office, opened_office

TAP = "tap.alerts"
"""A queue of the test's own, since notify takes what is on the program's."""
QUEUES = ("rostering.commit", "rostering.review", TAP)
"""Dead letters stay where they are, for the commands."""
SMTP_PASSWORD, IMAP_PASSWORD = canaries.marker("smtp_password"), canaries.marker("imap_password")


@dataclass
class Scene:
    """What runs, who listens, and what was read of them."""

    site: Site
    worker: Worker
    consumer: Consumer
    publish: Any
    sweep: Sweep
    office: Office
    """The mail server of mails to districts."""
    number: int = 100

    async def tell(self, what: str, *records: Json) -> None:
        """Publish an event of each record."""
        for record in records:
            self.number += 1
            await self.publish(json.dumps(event_json(record, what, self.number)).encode())

    async def done(self, *arguments: str, stdin: str = "") -> str:
        """Run a command that must succeed, and have all that it says looked at."""
        finished = await self.site.command(*arguments, stdin=stdin)
        assert finished.code == 0, finished
        self.sweep.read(finished.out + finished.err, f"the command {arguments[:2]}")
        return finished.out

    async def shows(self, *arguments: str) -> None:
        """Run a command that shows what is personal to whoever asks for just that."""
        finished = await self.site.command(*arguments)
        assert canaries.found(finished.out), f"the command {arguments[:2]} shows what was planted"
        self.sweep.read(finished.err, f"what {arguments[:2]} says beside that")

    async def refused(self, *arguments: str, stdin: str = "", **settings: str) -> None:
        """Run a command that must not succeed, and have what it says of that looked at."""
        finished = await self.site.command(*arguments, stdin=stdin, **settings)
        assert (finished.out, finished.code in {1, 2}) == ("", True), finished
        self.sweep.read(finished.err, f"the error of {arguments[:2]}")

    async def reviewed(self, *codes: str) -> Json:
        """Wait for a review that has findings of all these codes, and return it."""

        def last() -> Json | None:
            fitting = (one for one in reversed(self.consumer.reviews) if set(codes) <= _codes(one))
            return next(fitting, None)

        await self.consumer.until(lambda: last() is not None)
        found = last()
        assert found is not None
        return found


def _codes(review: Json) -> set[str]:
    return set(review["findings"]["by_code"])


@asynccontextmanager
async def scene(site: Site, collector: Collector, hook: Hook, mailbox: Mailbox) -> AsyncIterator[Scene]:
    url = site.broker_url or ""
    site.settings |= {
        "TRACING__OTLP_ENDPOINT": collector.url,
        "ALERTS__CHANNELS": json.dumps([hook.url, mailbox.url]),
        "ALERTS__INSPECT_SECONDS": "0.5",
        "ALERTS__FLAP_SECONDS": "0",
        "PREFLIGHT__REMOVAL_LIMIT_FLOOR": "1",
        "HTTP__PUBLIC_URL": "http://console.example.test",
    }
    sweep = Sweep()
    await _tap_alerts(url)
    with opened_office(with_password=True) as office:
        office.password, office.quoted = SMTP_PASSWORD, canaries.address(2)
        async with (
            quoting_mailbox() as imap_url,
            consuming(url, QUEUES) as consumer,
            publishing(url) as publish,
        ):
            site.settings |= _of_mails(office, imap_url)
            async with site.worker() as worker:
                yield Scene(site, worker, consumer, publish, sweep, office)


def _of_mails(office: Office, imap_url: str) -> dict[str, str]:
    """Return the settings of mails, with a password in each address."""
    return {
        "MAIL__SMTP_URL": office.url.replace("//", f"//{USER}:{SMTP_PASSWORD}@"),
        "MAIL__SENDER": "Insights <rostering@vendor.example>",
        "MAIL__BOUNCE_ADDRESS": "bounces@vendor.example",
        "MAIL__BOUNCES_IMAP_URL": imap_url,
        "MAIL__QUIET_FROM": "00:00",
        "MAIL__QUIET_UNTIL": "00:00",
        "ONBOARDING__LOOK_SECONDS": "0.2",
    }


@asynccontextmanager
async def quoting_mailbox() -> AsyncIterator[str]:
    """Serve IMAP that lets nobody in, and says with which password he tried; yield its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, _, asked = line.strip().partition(b" ")
            if asked == b"CAPABILITY":
                writer.write(b"* CAPABILITY IMAP4rev1\r\n" + tag + b" OK done\r\n")
            else:
                writer.write(tag + b" NO not for " + asked + b"\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"imap://bounces:{quote(IMAP_PASSWORD)}@127.0.0.1:{port}/INBOX"
    finally:
        server.close()


async def _tap_alerts(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        tap = await channel.declare_queue(TAP, durable=True)
        await tap.bind("rostering", "alert.#")
