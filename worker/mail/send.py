"""Mail: e-mails to districts, each handed to the mail server once, in the order of their making.

What is killed or cut off before the last byte was surely not sent and is tried again. What is killed or cut
off between that byte and the answer may have been sent: nobody can know, and a person is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, TypeVar

import structlog

from worker.domain.mail.mails import zone
from worker.domain.mail.quiet_hours import QuietHours, next_allowed
from worker.mail.mail_server import MailServer, OutgoingMail
from worker.mail.mail_store import DueMail, Mails
from worker.runtime import logs
from worker.runtime.errors import (
    MailError,
    MailPutOff,
    MailRefused,
    MailUncertain,
    RosteringError,
    StoreUnavailable,
)
from worker.runtime.loop import BOUND_SECONDS, BackOff, retry_after
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import NO_TRACES, Tracer, Value

Result = TypeVar("Result")

LOOK_SECONDS: Final = 1.0
COMPLETE_FOR: Final = timedelta(hours=1)
"""For so long a mail waits for all of its recipients; then it goes to those who can be reached."""
FIRST_RETRY: Final = 30.0
LONGEST_RETRY: Final = 900.0
"""Seconds between two attempts: the first outlasts a restart, a quarter of an hour is what greylists ask."""
_INFO, _WARNING, _ERROR = 20, 30, 40
INSIST_SECONDS: Final = 15.0
BEFORE, AFTER = 3, 6
"""Leases, in times of an attempt: longer than all before the last byte takes, and than the answer to it."""


@dataclass(slots=True)
class MailStage:
    """Sends one mail at a time; several of them beside each other, so that a slow one delays no other."""

    server: MailServer
    mails: Mails
    metrics: Metrics
    quiet: QuietHours
    give_up: timedelta
    attempt: timedelta
    tracer: Tracer = NO_TRACES
    first_retry: float = FIRST_RETRY
    """Seconds."""
    name: str = "mail"

    @property
    def bound(self) -> float:
        """Seconds that a mail may take in all."""
        return BOUND_SECONDS + (BEFORE + AFTER) * self.attempt.total_seconds()

    async def once(self) -> bool:
        """Try a mail that is due; return whether one was. A server that fails raises nothing here."""
        due = await self.mails.take(1, BEFORE * self.attempt)
        for mail in due:
            await self._try(mail)
        return bool(due)

    async def wait(self) -> None:
        """Return when there may be mails to send."""
        await self.mails.wait(LOOK_SECONDS)

    async def _try(self, mail: DueMail) -> None:
        try:
            begin = next_allowed(mail.now, zone(mail.time_zone), self.quiet)
            if begin > mail.now:
                await self.mails.postpone(mail, begin)
                return
            with self.tracer.span("mail", kind="client", parent=None, **_names(mail)):
                await self._hand_over(mail)
        except MailPutOff as error:
            again = retry_after(mail.attempts, self.first_retry, LONGEST_RETRY)
            is_dead = await insist(partial(self.mails.put_off, mail, str(error), again, self.give_up))
            self._log_outcome(mail, "dead" if is_dead else "put_off", error)
        except MailRefused as error:
            await insist(partial(self.mails.refuse, mail, str(error), error.refused))
            self._log_outcome(mail, "refused", error)
        except MailError as error:  # no server would have been told this: it was written by another version
            await insist(partial(self.mails.refuse, mail, str(error), {}))
            self._log_outcome(mail, "refused", error)
        except MailUncertain as error:
            await insist(partial(self.mails.uncertain, mail, str(error)))
            self._log_outcome(mail, "uncertain", error)

    async def _hand_over(self, mail: DueMail) -> None:
        is_handed = False
        outgoing = OutgoingMail(mail.mail_id, mail.recipients, mail.subject, mail.text, mail.html)

        async def may_go(refused: Mapping[str, int]) -> bool:
            nonlocal is_handed
            try:
                is_handed = await self.mails.handed(mail, refused, AFTER * self.attempt)
            except StoreUnavailable as error:  # written down or not: it is surely not sent
                raise MailPutOff(
                    f"the database became unavailable right before the end of the e-mail ({error})"
                ) from None
            return is_handed

        whole = mail.tried_for < COMPLETE_FOR
        try:
            is_sent = await self.server.hand_over(outgoing, may_go, whole=whole)
        except RosteringError:
            raise
        except Exception as error:  # noqa: BLE001 — whatever it is, it must not come back with each attempt
            structlog.get_logger().error("mail.failed", stage=self.name, **_names(mail), **logs.shown(error))
            kind = MailUncertain if is_handed else MailPutOff
            raise kind(f"sending it failed ({type(error).__name__})") from None
        if is_sent:
            await insist(partial(self.mails.sent, mail))
            self._log_outcome(mail, "sent")

    def _log_outcome(self, mail: DueMail, outcome: str, error: Exception | None = None) -> None:
        self.metrics.mails.labels(mail.kind.value, outcome).inc()
        log = structlog.get_logger().bind(stage=self.name, **_names(mail))
        level = {"sent": _INFO, "put_off": _WARNING}.get(outcome, _ERROR)
        event = f"mail.{outcome}"
        log.log(level, event, **({"reason": str(error)} if error else {}))


def _names(mail: DueMail) -> dict[str, Value]:
    return {
        "mail_id": str(mail.mail_id),
        "district_id": mail.district_id,
        "kind_of_mail": mail.kind.value,
        "attempts": mail.attempts,
    }


async def insist(say: Callable[[], Awaitable[Result]]) -> Result:
    """Tell the store what is known of a mail, again while it is away: its restart makes no mail uncertain.

    Raises `StoreUnavailable` where it is away for longer than a process has to end.
    """
    back_off, end = BackOff(), time.monotonic() + INSIST_SECONDS
    while True:
        try:
            return await say()
        except StoreUnavailable:
            if time.monotonic() >= end:
                raise
            await asyncio.sleep(back_off.next())
