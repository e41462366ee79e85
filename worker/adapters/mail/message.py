"""What goes over the line: a message with its headers, and the addresses on its envelope."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from worker.domain.mails import Mailbox, mailbox, one_line
from worker.ports.mail_server import OutgoingMail

_FIRST_DOT: Final = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class House:
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


def message(outgoing: OutgoingMail, house: House, now: datetime) -> EmailMessage:
    """Return a mail as a message; raises `MailError` for what could not stand in a header."""
    made = EmailMessage(policy=SMTP)
    made["From"] = _address(house.sender)
    made["To"] = [_address(mailbox(recipient)) for recipient in outgoing.recipients]
    if house.reply_to is not None:
        made["Reply-To"] = _address(house.reply_to)
    made["Subject"] = one_line(outgoing.subject, "subject")
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


def _address(of: Mailbox) -> Address:
    return Address(of.name, addr_spec=of.address)
