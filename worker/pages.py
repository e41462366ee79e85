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

from worker.errors import InputFileError

JsonObject: TypeAlias = dict[str, Any]

COLLECTIONS: Final = ("districts", "schools", "terms", "courses", "users", "sections")
"""In the order in which a new district arrives: what a record refers to comes before it."""

_COLLECTION_IN_URI: Final = re.compile(r"/v3\.\d+/([a-z]+)(?:/|\?|$)")
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


def read_events(paths: Iterable[Path], now: datetime) -> Iterator[JsonObject]:
    """Read the events of files; a record becomes its created event. Raises `InputFileError`.

    An event made of a record orders by when Clever last changed the record, then by `now`: publishing a
    page again applies again, and an event that Clever sent later than the page's record stays in force.
    """
    numbers = _Numbers(now)
    for path in paths:
        for row in _rows(path):
            yield row if "type" in row else _created(row, path, numbers)


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
            f"{path}: expected one event a line, or a Clever list page; it is neither"
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
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise InputFileError(f"{path}: data[{number}]: expected an object")
        if "type" in row:
            yield row
            continue
        inner = row.get("data")
        if not isinstance(inner, dict):
            raise InputFileError(f'{path}: data[{number}]: expected a row with "data"')
        yield inner if "type" in inner else {"uri": row.get("uri"), "record": inner}


def _created(row: JsonObject, path: Path, numbers: _Numbers) -> JsonObject:
    record = row["record"]
    collection = collection_of(record, str(row.get("uri") or ""))
    if collection is None or not isinstance(record.get("id"), str):
        raise InputFileError(f"{path}: a row is no record of a collection that Clever has")
    return {
        "id": numbers.event_id(record),
        "type": f"{collection}.created",
        "created": numbers.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": {"object": record},
    }


class _Numbers:
    """Makes event ids: 8 hex digits of the record's last change, 11 of now in milliseconds, 5 of a count."""

    _PER_MILLISECOND: Final = 1 << 20

    def __init__(self, now: datetime) -> None:
        self.now = now.astimezone(UTC)
        self._milliseconds = int(self.now.timestamp() * 1000)
        self._count = 0

    def event_id(self, record: JsonObject) -> str:
        milliseconds, number = divmod(self._count, self._PER_MILLISECOND)
        self._count += 1
        return f"{self._changed(record):08x}{self._milliseconds + milliseconds:011x}{number:05x}"

    def _changed(self, record: JsonObject) -> int:
        """Return when Clever changed the record, in seconds; 0 for kinds that have no such time."""
        for key in ("last_modified", "created"):
            try:
                changed = int(datetime.fromisoformat(str(record.get(key))).timestamp())
            except (ValueError, OverflowError):
                continue
            return min(max(changed, 0), self._milliseconds // 1000)
        return 0
