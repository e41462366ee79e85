"""Ids of Clever's events: ObjectIDs, 24 hex digits that begin with the second in which the event was made.

Within a district their order is the order of the feed, so that they are kept in one form: lower case.
"""

from __future__ import annotations

import re
from typing import Final

PATTERN: Final = r"^[0-9a-fA-F]{24}$"
NO_LIMIT: Final = "g"
"""Greater than every id."""
SKEW_SECONDS: Final = 24 * 3600
"""By which a publisher's clock may be ahead of ours."""

_ID: Final = re.compile(r"[0-9a-f]{24}")
_LAST_SECOND: Final = 0xFFFFFFFF


def read(value: object) -> str | None:
    """Return an event's id as it is kept and compared; None where the value is none."""
    if not isinstance(value, str):
        return None
    if _ID.fullmatch(value):
        return value
    lowered = value.lower() if value.isascii() else ""
    return lowered if _ID.fullmatch(lowered) else None


def highest_at(seconds: float) -> str:
    """Return the greatest id that an event made up to this second of the epoch can have."""
    return f"{min(max(int(seconds), 0), _LAST_SECOND):08x}{'f' * 16}"


def latest_at(seconds: float) -> str:
    """Return the greatest id that is believed at this second of the epoch."""
    return highest_at(seconds + SKEW_SECONDS)
