"""What people may say of a district: which names, contacts and time zones will do.

An error says which value is wrong and what was expected. It never quotes a contact, whose address is a
person's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from worker.domain.mail.mails import MOST_RECIPIENTS, mailbox
from worker.domain.roster.given_dates import is_near
from worker.domain.roster.texts import fold
from worker.runtime.errors import MailError, OnboardingError

LONGEST_NAME: Final = 200
ASKED: Final = (
    "Log in to Clever and approve our application for your district.",
    "Share your students, teachers, schools and all sections with it.",
    "Send us the date on which your assessment window opens.",
)
"""What a district is asked for, in this order."""
_DISTRICT: Final = re.compile(r"[0-9a-f]{24}")
"""As Clever makes its ids: anything else is a mistyped id, or the name of a thing in its place."""


def checked_district(district_id: str) -> str:
    """Return a district's id; raises `OnboardingError` where none can be like that."""
    if not _DISTRICT.fullmatch(district_id):
        raise OnboardingError("district: expected its Clever ID: 24 digits and letters from a to f")
    return district_id


def checked_name(name: str) -> str:
    """Return what a district is called, without space around it; raises `OnboardingError`."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise OnboardingError(f"name: expected one line of at most {LONGEST_NAME} characters")
    return name


def checked_zone(zone: str) -> ZoneInfo:
    """Return a time zone; raises `OnboardingError` for one that nobody knows."""
    if zone not in _zones():
        raise OnboardingError(f"time zone: expected a name such as America/Chicago, got {zone[:64]!r}")
    return ZoneInfo(zone)


@cache
def _zones() -> set[str]:
    """Return the names of all time zones, which takes a walk through the files of the system."""
    return available_timezones()


def checked_contacts(contacts: Sequence[str]) -> list[str]:
    """Return addresses, each once whatever its case, without space around them; raises `OnboardingError`."""
    if len(contacts) > MOST_RECIPIENTS:
        raise OnboardingError(f"contacts: expected at most {MOST_RECIPIENTS}, got {len(contacts)}")
    found: dict[str, str] = {}
    for place, text in enumerate(contacts, start=1):
        address = _address(text, place)
        found.setdefault(fold(mailbox(address).address), address)
    return list(found.values())


def check_dates(opens_on: date | None, launch_on: date | None, today: date) -> None:
    """Raise `OnboardingError` for days that cannot be.

    They are far from today, or the window opens in the past, or the launch has no window or comes after it.
    """
    if opens_on is not None and opens_on < today:
        raise OnboardingError(f"window: expected today ({today}) or a later day, got {opens_on}")
    for what, day in (("window", opens_on), ("launch", launch_on)):
        if day is not None and not is_near(day, today):
            raise OnboardingError(f"{what}: expected a day within five years of {today}, got {day}")
    if launch_on is None:
        return
    if opens_on is None:
        raise OnboardingError("launch: set the day on which the window opens, too")
    if launch_on > opens_on:
        raise OnboardingError(
            f"launch: expected a day on or before {opens_on}, when the window opens, got {launch_on}"
        )


def _address(text: str, place: int) -> str:
    text = text.strip()
    try:
        mailbox(text)
    except MailError as error:
        raise OnboardingError(f"contact {place}: {error}") from None
    return text
