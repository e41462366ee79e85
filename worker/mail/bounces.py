"""Bounces: what comes back to the mailbox for it, kept with the mail that it is about, then marked as seen.

A kill between the two reads a report once more, which changes nothing.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from worker.domain.mail.bounces import read_bounce
from worker.mail.bounce_mailbox import BounceMailbox, Returned
from worker.mail.mail_store import Mails
from worker.runtime import logs
from worker.runtime.errors import MailboxUnavailable, RosteringError
from worker.runtime.metrics import Metrics

AT_ONCE: Final = 20
LOOK_SECONDS: Final = 60.0


@dataclass(slots=True)
class BounceStage:
    """Reads the mailbox that mails come back to."""

    box: BounceMailbox
    mails: Mails
    metrics: Metrics
    look_seconds: float = LOOK_SECONDS
    name: str = "bounces"
    bound: float = 900.0
    """Seconds: each of some dozens of answers of the mailbox may take 20."""

    async def once(self) -> bool:
        """Keep what some messages report; return whether there were any.

        A mailbox that is away stops nothing else: it is said, and looked at again a minute later.
        """
        try:
            messages = await self.box.unseen(AT_ONCE)
            for message in messages:
                await self._take_in(message)
            if messages:
                await self.box.seen([message.uid for message in messages])
        except MailboxUnavailable as error:
            structlog.get_logger().warning("bounces.waiting", stage=self.name, reason=str(error))
            return False
        return bool(messages)

    async def _take_in(self, message: Returned) -> None:
        """Take a message in; one that cannot be read, today or ever, is left out, and that is logged."""
        try:
            await self._keep(message.raw)
        except RosteringError:
            raise
        except Exception as error:  # noqa: BLE001 — anybody may send anything to that mailbox
            structlog.get_logger().warning("bounce.unreadable", stage=self.name, **logs.shown(error))

    async def _keep(self, raw: bytes) -> None:
        """Keep what a message reports of a mail of ours, if it is such a report.

        A report that a mail is late is none: the server goes on trying.
        """
        bounce = read_bounce(raw)
        if bounce is None or not bounce.failed:
            return
        kind = await self.mails.bounce(bounce.mail_id, bounce.failed)
        if kind is not None:
            self.metrics.mails.labels(kind.value, "bounced").inc()
            codes = sorted(set(bounce.failed.values()))
            structlog.get_logger().error("mail.bounced", mail_id=str(bounce.mail_id), codes=codes)

    async def wait(self) -> None:
        """Wait for the next look."""
        await asyncio.sleep(self.look_seconds)
