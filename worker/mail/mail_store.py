"""E-mails to districts' administration teams, as the mail stage and a person see them.

`worker.adapters.postgres.mail.mails` answers; every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from worker.domain.mail.mails import MailKind


class MailState(StrEnum):
    """Where a mail stands."""

    WAITING = "waiting"
    """To be sent, now or later."""
    SENDING = "sending"
    """Being handed over right now."""
    UNCERTAIN = "uncertain"
    """Handed over without an answer: a person finds out whether it arrived."""
    SENT = "sent"
    BOUNCED = "bounced"
    """Sent, and somebody's came back, or was refused from the beginning; sent, once a person says so."""
    DEAD = "dead"
    """Given up, or refused."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class DueMail:
    """A mail to send now; `attempts` counts this one, and is what it is held by."""

    mail_id: uuid.UUID
    district_id: str
    kind: MailKind
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    time_zone: str
    created_at: datetime
    attempts: int
    now: datetime
    """By the store's clock."""
    tried_for: timedelta
    """Since a mail server was first asked for it."""


@dataclass(frozen=True, slots=True)
class KeptMail:
    """A mail as it stands in the store."""

    mail_id: uuid.UUID
    district_id: str
    kind: MailKind
    occasion: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    time_zone: str
    wait_for_sync: bool
    state: MailState
    created_at: datetime
    attempts: int
    next_attempt_at: datetime
    handed_at: datetime | None
    sent_at: datetime | None
    refused: Mapping[str, int]
    """Who was refused by the mail server: address, and the code of its answer."""
    bounced: Mapping[str, str]
    """Whose came back: address, and the status code."""
    bounced_at: datetime | None
    dead_at: datetime | None
    cancelled_at: datetime | None
    settled_at: datetime | None
    settled_by: str | None
    problem: str | None

    @property
    def needs_person(self) -> bool:
        """Whether a person has to look at it."""
        return self.state in (MailState.UNCERTAIN, MailState.BOUNCED, MailState.DEAD)


class Mails(Protocol):
    """What the mail stage asks for: each district's mails leave in the order of their making."""

    async def take(self, limit: int, lease: timedelta) -> list[DueMail]:
        """Take mails that are due, each of another district; they are free again after `lease`."""

    async def postpone(self, mail: DueMail, until: datetime) -> None:
        """Put it off without an attempt."""

    async def handed(self, mail: DueMail, refused: Mapping[str, int], lease: timedelta) -> bool:
        """Write down that it is about to be given away, for all but the refused; False: it must not be."""

    async def sent(self, mail: DueMail) -> None:
        """Say that the mail server has it."""

    async def put_off(self, mail: DueMail, problem: str, again: timedelta, give_up: timedelta) -> bool:
        """Say that it was surely not sent; return whether it is dead, after trying for `give_up`."""

    async def refuse(self, mail: DueMail, problem: str, refused: Mapping[str, int]) -> None:
        """Say that it was surely not sent and never will be."""

    async def uncertain(self, mail: DueMail, problem: str) -> None:
        """Say that nobody knows whether it was sent."""

    async def bounce(self, mail_id: uuid.UUID, bounced: Mapping[str, str]) -> MailKind | None:
        """Keep whose came back; None where it was known, or there is no such mail."""

    async def wait(self, seconds: float) -> None:
        """Return when there may be mails to send, or after `seconds`."""


class MailOrders(Protocol):
    """What a person asks and orders; each order stands in the audit. All raise `OrderRefused`."""

    async def newest(self, district_id: str | None, limit: int = 200) -> list[KeptMail]:
        """Return the newest mails, of one district or of all."""

    async def show(self, mail_id: uuid.UUID) -> KeptMail:
        """Return one."""

    async def settle(self, mail_id: uuid.UUID, actor: str, *, arrived: bool) -> KeptMail:
        """End an uncertainty: it arrived, or it is sent again; or say that enough people have it."""

    async def retry(self, mail_id: uuid.UUID, actor: str) -> KeptMail:
        """Send a dead one anew."""

    async def cancel(self, mail_id: uuid.UUID, actor: str) -> KeptMail:
        """Never send it."""
