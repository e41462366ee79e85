"""E-mails to a district's administration team: which there are, what each says, and to whom it may go."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar, Final, TypeAlias
from zoneinfo import ZoneInfo

from worker.domain.review.suggestion_texts import StudentsPlaced
from worker.runtime.errors import MailError, MailPutOff, MailRefused

MOST_RECIPIENTS: Final = 20
LONGEST_LINE: Final = 200
"""Characters of a subject, and of a recipient's name."""

_SPACE: Final = uuid.UUID("2a8cf8d4-54f5-5a70-9d6c-7f0b2f3ce1a4")
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS: Final = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")
_NAMED: Final = re.compile(r'"?(?P<name>[^"<>]*?)"?\s*<(?P<address>[^<>]*)>')
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class MailKind(StrEnum):
    """What an e-mail is for."""

    INVITATION = "invitation"
    SHARING_REQUEST = "sharing_request"
    RULES_REQUEST = "rules_request"
    ROSTERED = "rostered"
    READY_TO_ASSESS = "ready_to_assess"


@dataclass(frozen=True, slots=True)
class Invitation:
    """Come and connect; `ask` is what the district will be asked for, a sentence each."""

    kind: ClassVar[MailKind] = MailKind.INVITATION
    district_name: str
    connect_link: str
    link_expires_on: date
    ask: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharingRequest:
    """Connected; now share all sections."""

    kind: ClassVar[MailKind] = MailKind.SHARING_REQUEST
    district_name: str
    ask: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """Whether the district's sync in Clever is paused, and the last day of the pause where that is known."""

    is_paused: bool
    paused_until: date | None = None


@dataclass(frozen=True, slots=True)
class RulesRequest:
    """Please set these sharing rules: each `Match all sections where …`."""

    kind: ClassVar[MailKind] = MailKind.RULES_REQUEST
    district_name: str
    rules: tuple[str, ...]
    coverage: StudentsPlaced
    sync: SyncSettings


@dataclass(frozen=True, slots=True)
class Rostered:
    """Every student has one class."""

    kind: ClassVar[MailKind] = MailKind.ROSTERED
    district_name: str
    students: int
    classes: int
    schools: int
    launches_on: date | None = None


@dataclass(frozen=True, slots=True)
class ReadyToAssess:
    """The product is ready, and its window opens on a day."""

    kind: ClassVar[MailKind] = MailKind.READY_TO_ASSESS
    district_name: str
    opens_on: date
    students: int
    classes: int
    schools: int


Values: TypeAlias = Invitation | SharingRequest | RulesRequest | Rostered | ReadyToAssess


@dataclass(frozen=True, slots=True)
class Composed:
    """An e-mail as it will be read."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address, and the name of who reads it."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands behind the address's @."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail to be sent, once for its occasion. Raises `MailError` where it could not be sent as it is."""

    district_id: str
    kind: MailKind
    occasion: str
    """Unique in its district."""
    recipients: tuple[str, ...]
    """Each an address, or a name and an address: `Ada Park <ada@district.example>`."""
    content: Composed
    time_zone: str
    wait_for_sync: bool
    """Whether it leaves only while the district's roster is in sync."""

    def __post_init__(self) -> None:
        if not 0 < len(self.recipients) <= MOST_RECIPIENTS:
            raise MailError(f"expected 1 to {MOST_RECIPIENTS} recipients, got {len(self.recipients)}")
        for recipient in self.recipients:
            mailbox(recipient)
        one_line(self.content.subject, "subject")
        zone(self.time_zone)

    @property
    def mail_id(self) -> uuid.UUID:
        """Its id: always the same for an occasion of a district."""
        return mail_id(self.district_id, self.occasion)


def mail_id(district_id: str, occasion: str) -> uuid.UUID:
    """Return the id of the mail for an occasion of a district."""
    return uuid.uuid5(_SPACE, f"{len(district_id)}:{district_id}{occasion}")


def mailbox(text: str) -> Mailbox:
    """Read an address, with or without a name; raises `MailError`, which does not quote it."""
    found = _NAMED.fullmatch(text)
    name, address = (found["name"].strip(), found["address"]) if found else ("", text)
    if not _ADDRESS.fullmatch(address):
        raise MailError(
            "expected an e-mail address of ASCII letters, such as ada@district.example or Ada Park "
            "<ada@district.example>"
        )
    # Of white space, one plain blank arrives as it is; of several, or of others, who knows.
    return Mailbox(" ".join(one_line(name, "recipient's name").split()), address)


def one_line(text: str, what: str) -> str:
    """Return what may stand in a header; raises `MailError` for more than one line of it."""
    if len(text) > LONGEST_LINE:
        raise MailError(f"{what}: expected at most {LONGEST_LINE} characters, got {len(text)}")
    return without_breaks(text, what)


def without_breaks(text: str, what: str) -> str:
    """Return a text that is one line, however long; raises `MailError` for any other."""
    if _CONTROL.search(text):
        raise MailError(f"{what}: expected one line without control characters")
    return text


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its name; raises `MailError`."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a name may be that of a folder, or of nothing
        raise MailError("expected the name of a time zone, such as America/Chicago") from None


def envelope_verdict(answers: Mapping[str, int], *, whole: bool) -> dict[str, int]:
    """Return who is refused, of a mail that goes to the others; `answers` are a server's codes by address.

    Raises `MailPutOff` where nobody would take it now and somebody may later, or where it is to go to all at
    once (`whole`) and one may take it later; `MailRefused` where nobody ever would.
    """
    refused = {address: code for address, code in answers.items() if not 200 <= code < 300}  # noqa: PLR2004
    later = [code for code in refused.values() if code < 500]  # noqa: PLR2004 — the first digit says it
    nobody = len(refused) == len(answers)
    if later and (whole or nobody):
        raise MailPutOff(
            f"the mail server answered {later[0]} to RCPT TO, for {len(later)} of {len(answers)} recipients"
        )
    if nobody:
        code = next(iter(refused.values()))
        raise MailRefused(f"the mail server answered {code} to RCPT TO, for every recipient", refused)
    return refused
