"""What the roster team has before it: districts of the sandbox, a worker, users, and a browser."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aio_pika
from playwright.async_api import Page

from tests.acceptance.program import Consumer, Site, Worker, consuming
from tests.acceptance.sandbox import Sandbox, sandbox
from tests.support.builders.records import event_json, student_json
from tests.support.servers.mail_office import Office as PostOffice
from tests.support.servers.mail_office import opened_office

PASSWORD: Final = "quiet river bends twice"  # noqa: S105 — invented
STUDENTS: Final = 50
QUEUES: Final = ("rostering.commit", "rostering.review", "rostering.alerts")
"""What is consumed; dead letters stay where they are."""
WRITING: Final = {
    "MAIL__SENDER": "Insights <rostering@vendor.example>",
    "MAIL__REPLY_TO": "help@vendor.example",
    "MAIL__QUIET_FROM": "00:00",
    "MAIL__QUIET_UNTIL": "00:00",
    "HTTP__PUBLIC_URL": "http://rostering.example.org",
    "ONBOARDING__CLEVER_LINK": "https://clever.example.org/connect/{district_id}",
    "ONBOARDING__LOOK_SECONDS": "0.3",
}
"""What is set so that districts are written to."""
ORPHAN: Final = "ab" * 12
"""A district that Clever never told of: all that there is of it is a dead letter."""


@dataclass(frozen=True)
class Office:
    """A site that runs, with its districts in review for want of a filter."""

    site: Site
    clever: Sandbox
    worker: Worker
    consumer: Consumer
    url: str
    districts: list[str]
    post: PostOffice
    """Where the e-mails to districts arrive."""

    async def reviewed(self, count: int) -> None:
        """Wait until so many reviews were published."""
        await self.consumer.until(lambda: len(self.consumer.reviews) >= count)

    async def committed(self, district_id: str, sequence: int = 1) -> None:
        """Wait until a commit of the district was published."""
        await self.consumer.until(lambda: self.consumer.heard_sequences.get(district_id, 0) >= sequence)

    async def log_in(self, page: Page, name: str = "ada", path: str = "/") -> None:
        """Go to a page, and log in on the way."""
        await page.goto(self.url.rstrip("/") + path)
        await page.get_by_label("Name").fill(name)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Log in").click()

    async def put_aside_a_letter(self) -> None:
        """Have a message that can be read among the dead letters, as the broker does after many crashes."""
        event = event_json(student_json(1, district=ORPHAN), "users.created", 1)
        connection = await aio_pika.connect(self.site.broker_url or "")
        async with connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange("clever.events.dead", ensure=False)
            message = aio_pika.Message(
                json.dumps(event).encode(),
                headers={"x-reason": "delivery limit", "x-district-id": ORPHAN},
                delivery_mode=2,
            )
            await exchange.publish(message, f"{ORPHAN}.users.created")


@asynccontextmanager
async def office(site: Site, districts: int = 2, away: int = 0) -> AsyncIterator[Office]:
    """Open the office: everything runs, and `ada` (admin) and `vi` (viewer) can log in.

    The last `away` of the districts are not connected yet.
    """
    for name, role in (("ada", "admin"), ("vi", "viewer")):
        await site.done("users", "add", name, "--role", role, stdin=f"{PASSWORD}\n")
    async with (
        sandbox("--districts", str(districts), "--students", str(STUDENTS)) as clever,
        consuming(site.broker_url or "", QUEUES) as consumer,
    ):
        ids = await clever.districts()
        for district in ids[districts - away :]:
            await clever.change(district, "disconnect")
        with opened_office() as post:
            site.settings |= {**WRITING, "MAIL__SMTP_URL": post.url}
            async with site.worker(**clever.settings) as worker:
                opened = Office(site, clever, worker, consumer, await worker.url(), ids, post)
                await opened.reviewed(districts - away)
                yield opened


async def heading(page: Page) -> str:
    """Return what the page says that it is."""
    return await page.locator("h1").inner_text()
