"""Versions of a record: when Clever last changed it, and what an event id tells of its own time.

Times are microseconds of the epoch, as they are stored. A time that cannot be read, or that lies ahead of
now, tells nothing: it must never make a record look newer than everything that will still be told of it.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

SECOND: Final = 1_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_SECONDS: Final = range(100_000_000, 10_000_000_000)
_MILLISECONDS: Final = range(100_000_000_000, 10_000_000_000_000)
_LAST_SECOND: Final = 0xFFFFFFFF
_ID_LENGTH: Final = 24
_LONGEST: Final = 64
"""Characters of a time; what is longer is none, and is not looked through."""
_EVENT_ID: Final = re.compile(r"[0-9a-f]{24}")


def moment(value: object) -> int | None:
    """Return a time as records have it, in microseconds; None where it is none. Without a zone it is UTC."""
    if isinstance(value, str):
        return _written(value)
    if isinstance(value, int):  # True and False are in neither range
        if value in _SECONDS:
            return value * SECOND
        if value in _MILLISECONDS:
            return value * 1_000
    return None


def _written(text: str) -> int | None:
    if len(text) > _LONGEST:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        text = text.strip()
        try:
            at = datetime.fromisoformat(text) if text[:4].isdecimal() else parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    try:
        micros = ((at if at.tzinfo else at.replace(tzinfo=UTC)) - _EPOCH) // _MICROSECOND
    except OverflowError:
        return None
    return micros if micros > 0 else None


def changed_at(value: object, now: int) -> int | None:
    """Return when a record was last changed by its `last_modified`; None where that tells nothing."""
    at = moment(value)
    return None if at is None or at > now else at


def micros(at: datetime) -> int:
    """Return a moment as microseconds of the epoch."""
    return (at - _EPOCH) // _MICROSECOND


def made_at(event_id: str) -> int | None:
    """Return the second in which an event was made, in microseconds; None for an id that is no ObjectID."""
    if len(event_id) != _ID_LENGTH:
        return None
    try:
        return int(event_id[:8], 16) * SECOND
    except ValueError:
        return None


def is_event_id(event_id: object, latest: str) -> bool:
    """Whether this is the id of an event in the one form in which they are compared, and up to `latest`."""
    return isinstance(event_id, str) and _EVENT_ID.fullmatch(event_id) is not None and event_id <= latest


def highest_id(at: datetime) -> str:
    """Return the greatest id that an event made up to this moment's second can have."""
    return id_at(micros(at))


def id_at(at: int) -> str:
    """Return the greatest id of an event made in the second of a time in microseconds."""
    return f"{min(max(at // SECOND, 0), _LAST_SECOND):08x}{'f' * 16}"


SKEW: Final = timedelta(days=1)
"""By which the clock of whoever makes event ids may be ahead of ours."""


ORDERED: Final = timedelta(hours=2)
"""By which an id may be ahead of now and still tell the event's place in its feed. One from further ahead was
made by another clock: what comes later is later, whatever its id says."""


def latest_id_in_order(now: datetime) -> str:
    """Return the greatest event id that holds up what comes after it, by `ORDERED`."""
    return highest_id(now + ORDERED)


def latest_id(now: datetime) -> str:
    """Return the greatest event id that is believed now."""
    return highest_id(now + SKEW)
