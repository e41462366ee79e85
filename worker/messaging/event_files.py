"""Files of Clever events and records, for `publish` and for the sandbox to read.

Two forms: one event a line (NDJSON), or Clever's list pages `{"data": [{"data": …, "uri": …}, …]}` of
records or of events.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from schemas import clever
from worker.domain.roster.versions import SECOND, changed_at, micros
from worker.runtime.errors import InputFileError

JsonObject: TypeAlias = dict[str, Any]

ROW_ORIGIN: Final = clever.ROW_ORIGIN
COLLECTIONS: Final = ("districts", "schools", "terms", "courses", "users", "sections")
"""In the order in which a new district arrives: what a record refers to comes before it."""

_COLLECTION_IN_URI: Final = re.compile(r"/v3\.\d+/([a-z]+)(?:/|\?|$)")
_ID_IN_URI: Final = re.compile(r"/v3\.\d+/[a-z]+/([0-9a-zA-Z_-]{1,128})$")
_TELLING_KEYS: Final = (
    ("users", {"roles"}),
    ("sections", {"students", "teachers"}),
    ("districts", {"sis_type", "portal_url", "login_methods", "launch_date"}),
    ("terms", {"start_date", "end_date"}),
    ("schools", {"school_number", "low_grade", "high_grade", "principal"}),
    ("courses", {"number"}),
)


def collection_of(record: JsonObject, address: str) -> str | None:
    """Tell the collection that a page's row belongs to, by its address and failing that by its keys."""
    found = _COLLECTION_IN_URI.search(address)
    if found and found[1] in COLLECTIONS:
        return found[1]
    return next((name for name, keys in _TELLING_KEYS if keys & record.keys()), None)


def row_of(row: object) -> tuple[str | None, JsonObject]:
    """Return a page's row out of its wrapping, with its collection where that can be told.

    A row without a record is what there is of it, under the id that its address names.
    """
    address = str(row.get("uri") or "") if isinstance(row, dict) else ""
    inner = row.get("data") if isinstance(row, dict) else None
    if isinstance(inner, dict):
        return collection_of(inner, address), inner
    return collection_of({}, address), unreadable_row(row)


def unreadable_row(row: object) -> JsonObject:
    """Return a page's row that has no record, under the id that its address names."""
    address = str(row.get("uri") or "") if isinstance(row, dict) else ""
    named = _ID_IN_URI.search(address)
    return {"data": row} | ({"id": named[1]} if named else {})


def is_record(row: JsonObject) -> bool:
    """Whether a row out of its wrapping is a record with an id."""
    return isinstance(row.get("id"), str) and "data" not in row


def read_events(paths: Iterable[Path], now: datetime) -> Iterator[JsonObject]:
    """Read the events of files; a record becomes its created event. Raises `InputFileError`.

    An event made of a record is as new as the record's `last_modified`, or where that tells nothing as `now`:
    publishing a page again applies again, and a version that was changed later stays in force.
    """
    numbers = _Numbers(now)
    for path in paths:
        for row in _rows(path):
            yield row if "type" in row else _created(row, numbers)


def district_of(event: JsonObject) -> str | None:
    """Tell an event's district, for its routing key."""
    body = event.get("data", {})
    record = body.get("object", {}) if isinstance(body, dict) else {}
    if not isinstance(record, dict):
        return None
    named = record.get("id" if str(event.get("type")).startswith("districts.") else "district")
    return str(named or event.get("district") or "") or None


def _rows(path: Path) -> Iterator[JsonObject]:
    """Yield what a file holds: events, or the rows of pages."""
    try:
        with path.open("rb") as file:
            first = next((line for line in map(without_mark, file) if line.strip()), b"")
            if _is_event_line(first):
                file.seek(0)
                yield from _lines(path, file)
                return
        document = orjson.loads(without_mark(path.read_bytes()))
    except OSError as error:
        raise InputFileError(f"{path}: cannot be read: {error.strerror}") from None
    except orjson.JSONDecodeError:
        raise InputFileError(
            f"{path}: expected one event per line, or a Clever list page; it is neither"
        ) from None
    yield from _page(path, document)


def without_mark(text: bytes) -> bytes:
    """Return a text without the mark of UTF-8 that some programs of Windows begin a file with."""
    return text.removeprefix(codecs.BOM_UTF8)


def _is_event_line(line: bytes) -> bool:
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return isinstance(document, dict) and not isinstance(document.get("data"), list)


def _lines(path: Path, lines: Iterable[bytes]) -> Iterator[JsonObject]:
    for number, line in enumerate(map(without_mark, lines), start=1):
        if not line.strip():
            continue
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise InputFileError(f"{path}:{number}: expected an event as JSON on one line") from None
        event = document.get("data") if isinstance(document, dict) and "type" not in document else document
        if not isinstance(event, dict) or "type" not in event:
            raise InputFileError(f'{path}:{number}: expected an event with a "type"')
        yield event


def _page(path: Path, document: object) -> Iterator[JsonObject]:
    rows = document.get("data") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise InputFileError(f'{path}: expected a Clever list page, with a list under "data"')
    events = [_event_in(row) for row in rows]
    read = [row_of(row) for row, event in zip(rows, events, strict=True) if event is None]
    told = next((collection for collection, _ in read if collection is not None), None)
    if read and told is None and not any(events):
        raise InputFileError(f"{path}: expected records of a collection that Clever has")
    districts = {district for _, record in read if isinstance(district := record.get("district"), str)}
    for row, event in zip(rows, events, strict=True):
        if event is not None:
            yield event
            continue
        collection, record = row_of(row)
        yield {
            "collection": collection or told or "unknown",
            "record": record,
            "district": next(iter(districts)) if len(districts) == 1 else None,
        }


def _event_in(row: object) -> JsonObject | None:
    """Return the event that a row is, bare or in its wrapping; None where it is a record, or nothing."""
    if not isinstance(row, dict):
        return None
    if "type" in row:
        return row
    inner = row.get("data")
    return inner if isinstance(inner, dict) and "type" in inner else None


def _created(row: JsonObject, numbers: _Numbers) -> JsonObject:
    """Return a row as its created event; one that is no record is for ingest to refuse."""
    record = row["record"]
    event = {
        "id": numbers.event_id(record),
        "type": f"{row['collection']}.created",
        "created": numbers.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "origin": ROW_ORIGIN,
        "data": {"object": None if record.keys() <= {"id", "data"} else record},
    }
    if not is_record(record) and row["district"] is not None:
        event["district"] = row["district"]
    return event


class _Numbers:
    """Makes event ids: 8 hex digits of the record's last change, 11 of now in milliseconds, 5 of a count.

    A record without a time, or with one ahead of now, is as new as now.
    """

    _PER_MILLISECOND: Final = 1 << 20

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)
        self._milliseconds = int(self.now.timestamp() * 1000)
        self._micros = micros(self.now)
        self._count = 0

    def event_id(self, record: JsonObject) -> str:
        milliseconds, number = divmod(self._count, self._PER_MILLISECOND)
        self._count += 1
        changed = changed_at(record.get("last_modified"), self._micros)
        seconds = (self._micros if changed is None else changed) // SECOND
        return f"{seconds:08x}{self._milliseconds + milliseconds:011x}{number:05x}"
