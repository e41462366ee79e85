"""A mailbox that mails come back to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Returned:
    """A message of the mailbox that nobody has looked at; `raw` is cut off where it is very long."""

    uid: str
    raw: bytes


class BounceMailbox(Protocol):
    """Where mails that cannot be delivered come back to. Every call may raise `MailboxUnavailable`."""

    async def unseen(self, limit: int) -> Sequence[Returned]:
        """Return the first messages that were not looked at; looking leaves them so."""

    async def seen(self, uids: Collection[str]) -> None:
        """Say of messages that they were looked at."""
