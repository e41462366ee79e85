"""A mail server that mails are handed over to."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

MayGo: TypeAlias = Callable[[Mapping[str, int]], Awaitable[bool]]
"""Asked right before the end of a mail is sent, with who was refused; without a yes nothing is sent."""


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """What is handed over; the same id makes the same Message-ID."""

    mail_id: uuid.UUID
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str


class MailServer(Protocol):
    """One way out for e-mails."""

    async def hand_over(self, outgoing: OutgoingMail, may_go: MayGo, *, whole: bool) -> bool:
        """Return True once the server has answered for a mail, False where `may_go` said no.

        `whole` puts a mail off where one of its recipients is; otherwise it goes to the others. Raises
        `MailPutOff` and `MailRefused`, where it was surely not sent, and `MailUncertain` where nobody knows.
        """
