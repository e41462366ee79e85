"""Reading what comes back: reports of mail servers on a mail that they could not deliver (RFC 3464)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import Final

MOST_RECIPIENTS: Final = 50
UNKNOWN: Final = "5.0.0"
"""RFC 3463: it failed, and nothing more is known."""

_STATUS: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_TAGGED: Final = re.compile(r"\+([0-9a-f]{32})@")
_MESSAGE_ID: Final = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@[^<>\s]+>")
_ADDRESSED: Final = ("To", "Delivered-To", "X-Original-To", "Envelope-To")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a report says of a mail: a status code (RFC 3463) by address."""

    mail_id: uuid.UUID
    failed: Mapping[str, str]
    """Recipients who will not get it."""


def read_bounce(raw: bytes) -> Bounce | None:
    """Read a message; None where it is no report on a mail of ours, an out-of-office note for example."""
    # compat32 reads whatever comes, and raises nothing that a stranger could have us raise.
    message = BytesParser(policy=policy.compat32).parsebytes(raw)
    groups = [_fields(part) for part in _parts(message, "message/delivery-status") for part in _blocks(part)]
    told = [group for group in groups if "action" in group][:MOST_RECIPIENTS]
    mail_id = _mail_id(message)
    if mail_id is None or not told:
        return None
    failed = {_recipient(each): _status(each) for each in told if each["action"].lower() == "failed"}
    return Bounce(mail_id, failed)


def _recipient(group: Mapping[str, str]) -> str:
    """Return whom we wrote to; a server behind may have made another address of it."""
    named = group.get("original-recipient") or group.get("final-recipient") or ""
    return _CONTROL.sub("", named.rpartition(";")[2])[:320] or "unknown"


def _status(group: Mapping[str, str]) -> str:
    found = _STATUS.search(group.get("status", ""))
    return found[0] if found else UNKNOWN


def _mail_id(message: Message) -> uuid.UUID | None:
    """Return the id of the mail: of the address that the report came to, or of what it quotes."""
    for name in _ADDRESSED:
        for value in message.get_all(name, []):
            if found := _TAGGED.search(str(value)):
                return uuid.UUID(found[1])
    for kind in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
        for part in _parts(message, kind):
            if found := _MESSAGE_ID.search(_text(part)):
                return uuid.UUID(found[1])
    return None


def _parts(message: Message, kind: str) -> Iterable[Message]:
    return (part for part in message.walk() if part.get_content_type() == kind)


def _blocks(part: Message) -> Iterable[Message]:
    """Return the groups of fields of a report: the message's, then one for each recipient."""
    payload = part.get_payload()
    return [each for each in payload if isinstance(each, Message)] if isinstance(payload, list) else []


def _fields(block: Message) -> dict[str, str]:
    return {name.lower(): str(value).strip() for name, value in block.items()}


def _text(part: Message) -> str:
    """Return the Message-ID that a part quotes, or all that it says."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return " ".join(str(each.get("Message-ID", "")) for each in payload if isinstance(each, Message))
    found = re.search(r"(?im)^message-id:\s*\S+", str(payload))
    return found[0] if found else ""
