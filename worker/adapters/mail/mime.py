"""What goes over the line: a message with its headers, and the addresses on its envelope."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import formataddr
from typing import Any, Final

from worker.domain.mail.mails import Mailbox, mailbox, one_line
from worker.mail.mail_server import OutgoingMail

_FIRST_DOT: Final = re.compile(rb"^\.", re.MULTILINE)
_LINE: Final = 75
"""Characters of an encoded word's line, as RFC 2047 bounds it."""


class _Encoded(str):
    """A header that may go over the line as it is."""

    __slots__ = ()


class _Policy(EmailPolicy):
    """Leaves what is encoded as it is: where an encoded word ends, its folding loses a blank or adds one."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        return (name, str(value)) if isinstance(value, _Encoded) else super().header_store_parse(name, value)


_AS_ENCODED: Final = _Policy(linesep="\r\n", refold_source="none")


@dataclass(frozen=True, slots=True)
class SenderIdentity:
    """Whose mails they are."""

    sender: Mailbox
    reply_to: Mailbox | None = None
    bounce_address: str | None = None

    def envelope_sender(self, outgoing: OutgoingMail) -> str:
        """Return where a mail comes back to: an address with its id, where we have one for that."""
        if self.bounce_address is None:
            return self.sender.address
        local, _, domain = self.bounce_address.rpartition("@")
        return f"{local}+{outgoing.mail_id.hex}@{domain}"

    def message_id(self, outgoing: OutgoingMail) -> str:
        """Return the Message-ID, the same however often a mail is tried."""
        return f"<{outgoing.mail_id}@{self.sender.domain}>"


def message(outgoing: OutgoingMail, house: SenderIdentity, now: datetime) -> EmailMessage:
    """Return a mail as a message; raises `MailError` for what could not stand in a header."""
    made = EmailMessage(policy=_AS_ENCODED)
    made["From"] = _addresses([house.sender])
    made["To"] = _addresses([mailbox(recipient) for recipient in outgoing.recipients])
    if house.reply_to is not None:
        made["Reply-To"] = _addresses([house.reply_to])
    made["Subject"] = _Encoded(_encoded(one_line(outgoing.subject, "subject")))
    made["Date"] = now
    made["Message-ID"] = house.message_id(outgoing)
    made["Auto-Submitted"] = "auto-generated"  # no out-of-office note answers it
    made.set_content(outgoing.text, cte="quoted-printable")
    made.add_alternative(outgoing.html, subtype="html", cte="quoted-printable")
    return made


def on_the_line(made: EmailMessage) -> bytes:
    """Return a message as DATA takes it, but for the line with the dot that ends it."""
    body = _FIRST_DOT.sub(b"..", made.as_bytes())
    return body if body.endswith(b"\r\n") else body + b"\r\n"


def _addresses(some: Sequence[Mailbox]) -> _Encoded:
    """Return addresses as a header has them, one a line."""
    return _Encoded(",\r\n ".join(_address(one) for one in some))


def _address(of: Mailbox) -> str:
    name = _encoded(of.name)
    return formataddr((name, of.address)) if name == of.name else f"{name}\r\n <{of.address}>"


def _encoded(text: str) -> str:
    """Return a text in encoded words, folded, or as it is where a reader takes it for nothing else."""
    if text.isascii() and "=?" not in text:
        return text
    # The first line has the longest header's name before it.
    return Header(text, "utf-8", maxlinelen=_LINE, header_name="Reply-To").encode(linesep="\r\n")
