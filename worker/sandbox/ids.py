"""Identifiers, timestamps, addresses, list pages and field paths as Clever has them.

A Clever id is an ObjectID: 24 hex digits that begin with a time in seconds. Ours are made the same way,
but from numbers instead of chance, so that a seed gives the same district again:

    record id   8 hex seconds | 9 hex tag of the district | 1 hex collection | 6 hex number
    event id    8 hex seconds | 6 hex tag of the district | 10 hex number
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

from worker.messaging.event_files import COLLECTIONS, JsonObject, collection_of
from worker.runtime.errors import InputFileError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

API_VERSION: Final = "v3.1"
UNSHARED: Final = "unshared"
"""Kind of the ids that stand in sections though their students are not shared with us."""

ABSENT: Final = object()
"""Stands for the value of a key that is not there."""
Changes: TypeAlias = dict[tuple[str, ...], Any]
"""New values by their paths in a record."""

_USER_FIELDS: Final = {
    "first_name": ("name", "first"),
    "middle_name": ("name", "middle"),
    "last_name": ("name", "last"),
    "email": ("email",),
    "school_id": ("roles", "student", "school"),
}
_STUDENT_FIELDS: Final = frozenset({
    *("sis_id", "student_number", "state_id", "grade", "dob", "gender", "race", "hispanic_ethnicity"),
    *("ell_status", "frl_status", "iep_status", "graduation_year"),
})  # fmt: skip
_KINDS: Final = {kind: f"{number:x}" for number, kind in enumerate((*COLLECTIONS, UNSHARED), start=1)}
_FIRST_MONTH: Final = 7
_TAG_DIGITS: Final = 9
_EVENT_TAG_DIGITS: Final = 6


def tag_of(text: str) -> str:
    """Make the hex digits that keep the ids of one district apart from another's."""
    return hashlib.sha256(text.encode()).hexdigest()[:_TAG_DIGITS]


def record_id(moment: datetime, tag: str, kind: str, number: int) -> str:
    """Make the id of the `number`th record of a kind; within one moment, ids increase with the number."""
    return f"{_seconds(moment)}{tag}{_KINDS[kind]}{number:06x}"


def event_id(moment: datetime, tag: str, number: int) -> str:
    """Make the id of an event; it increases if the moment does not go back and the number goes up."""
    return f"{_seconds(moment)}{tag[:_EVENT_TAG_DIGITS]}{number:010x}"


def timestamp(moment: datetime) -> str:
    """Write a time in UTC, to the millisecond: `2026-08-17T06:00:00.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def school_year(moment: datetime) -> int:
    """Tell the year in which a moment's school year began."""
    return moment.year - (moment.month < _FIRST_MONTH)


def uri(collection: str, record: str) -> str:
    """Make the address of one record, as list pages carry it."""
    return f"/{API_VERSION}/{collection}/{record}"


def _seconds(moment: datetime) -> str:
    return f"{int(moment.timestamp()):08x}"


class IdMaker:
    """Numbers the records of one district, each kind by itself."""

    def __init__(self, tag: str, moment: datetime) -> None:
        self.tag = tag
        self._moment = moment
        self._numbers = dict.fromkeys(_KINDS, 0)

    def next(self, kind: str) -> str:
        """Make the next id of a kind."""
        self._numbers[kind] += 1
        return record_id(self._moment, self.tag, kind, self._numbers[kind])


def read_page(path: Path) -> Iterator[tuple[str, JsonObject]]:
    """Read the records of one file with a Clever list page, each with its collection; else InputFileError."""
    try:
        for row in orjson.loads(path.read_bytes())["data"]:
            collection = collection_of(row["data"], row.get("uri", ""))
            if collection is None or not row["data"]["id"]:
                raise InputFileError(f"{path}: a row is not a record of a known collection")
            yield collection, row["data"]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputFileError(f"{path}: not a Clever list page") from error


def student_field_paths(user: JsonObject, name: str) -> list[tuple[str, ...]]:
    """Find where a student's record has a field, by its name in settings: `first_name`, `ext.house`."""
    if name == "email" and "email" in user["roles"]["student"]:
        # Some districts give a student's address a second time, in his role.
        return [("email",), ("roles", "student", "email")]
    if name in _USER_FIELDS:
        return [_USER_FIELDS[name]]
    if name in _STUDENT_FIELDS or name.startswith("ext."):
        return [("roles", "student", *name.split(".", 1))]
    raise ValueError(f"no student field {name!r}")


def changed(record: JsonObject, changes: Changes, stamp: str) -> tuple[JsonObject, JsonObject]:
    """Copy a record with changes; give the copy and the previous values, as `updated` events carry them.

    What lies beside the changes is shared with the old record, and so is all of it if nothing changes.
    """
    copy: JsonObject = record
    previous: JsonObject = {}
    for path, value in changes.items():
        before = value_at(record, path)
        if before != value:
            copy = _with_value(copy, path, value)
            previous = previous if before is ABSENT else _with_value(previous, path, before)
    if copy is not record and "last_modified" in record:
        previous["last_modified"] = record["last_modified"]
        copy["last_modified"] = stamp
    return copy, previous


def value_at(record: Any, path: Sequence[str]) -> Any:
    """Find the value at a path of a record; ABSENT if there is none."""
    for key in path:
        record = record.get(key, ABSENT) if isinstance(record, dict) else ABSENT
    return record


def _with_value(record: JsonObject, path: Sequence[str], value: object) -> JsonObject:
    key, *rest = path
    if rest:
        return {**record, key: _with_value(record.get(key) or {}, rest, value)}
    return {k: v for k, v in record.items() if k != key} if value is ABSENT else {**record, key: value}
