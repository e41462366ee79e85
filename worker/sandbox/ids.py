"""Identifiers, timestamps and addresses as Clever writes them.

A Clever id is an ObjectID: 24 hex digits that begin with a time in seconds. Ours are made the same way,
but from numbers instead of chance, so that a seed gives the same district again:

    record id   8 hex seconds | 9 hex tag of the district | 1 hex collection | 6 hex number
    event id    8 hex seconds | 6 hex tag of the district | 10 hex number
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime

JsonObject: TypeAlias = dict[str, Any]

API_VERSION: Final = "v3.1"
COLLECTIONS: Final = ("districts", "schools", "terms", "courses", "users", "sections")
"""In the order in which a new district arrives: what a record refers to comes before it."""

UNSHARED: Final = "unshared"
"""Kind of the ids that stand in sections though their students are not shared with us."""

_KINDS: Final = {kind: f"{number:x}" for number, kind in enumerate((*COLLECTIONS, UNSHARED), start=1)}
_TAG_DIGITS: Final = 9
_EVENT_TAG_DIGITS: Final = 6
_COLLECTION_IN_URI: Final = re.compile(r"/v3\.\d+/([a-z]+)(?:/|\?|$)")
_TELLING_KEYS: Final = (
    ("users", {"roles"}),
    ("sections", {"students", "teachers"}),
    ("districts", {"sis_type", "portal_url", "login_methods", "launch_date"}),
    ("terms", {"start_date", "end_date"}),
    ("schools", {"school_number", "low_grade", "high_grade", "principal"}),
    ("courses", {"number"}),
)


def tag_of(text: str) -> str:
    """The hex digits that keep the ids of one district apart from another's."""
    return hashlib.sha256(text.encode()).hexdigest()[:_TAG_DIGITS]


def record_id(moment: datetime, tag: str, kind: str, number: int) -> str:
    """The id of the `number`th record of a kind; within one moment, ids increase with the number."""
    return f"{_seconds(moment)}{tag}{_KINDS[kind]}{number:06x}"


def event_id(moment: datetime, tag: str, number: int) -> str:
    """The id of an event; it increases if the moment does not go back and the number goes up."""
    return f"{_seconds(moment)}{tag[:_EVENT_TAG_DIGITS]}{number:010x}"


def timestamp(moment: datetime) -> str:
    """A UTC time to the millisecond: `2026-08-17T06:00:00.000Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def uri(collection: str, record: str) -> str:
    """The address of one record, as list pages carry it."""
    return f"/{API_VERSION}/{collection}/{record}"


def collection_of(record: JsonObject, address: str) -> str | None:
    """The collection that a page's row belongs to, by its address and failing that by its keys."""
    found = _COLLECTION_IN_URI.search(address)
    if found and found[1] in COLLECTIONS:
        return found[1]
    return next((name for name, keys in _TELLING_KEYS if keys & record.keys()), None)


def _seconds(moment: datetime) -> str:
    return f"{int(moment.timestamp()):08x}"


class IdMaker:
    """Numbers the records of one district, each kind by itself."""

    def __init__(self, tag: str, moment: datetime) -> None:
        self.tag = tag
        self._moment = moment
        self._numbers = dict.fromkeys(_KINDS, 0)

    def next(self, kind: str) -> str:
        """The next id of a kind."""
        self._numbers[kind] += 1
        return record_id(self._moment, self.tag, kind, self._numbers[kind])
