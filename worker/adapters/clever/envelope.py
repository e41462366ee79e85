"""Clever's answers, out of their envelopes: `{"data": [{"data": …, "uri": …}, …], "links": […]}`.

A pure reading of documents. What is not the envelope is `AttemptFailed`: Clever is asked again, since behind
such an answer there is a proxy or a fault that passes. No text here quotes what was read.
"""

from __future__ import annotations

import json
from typing import Any, Final

import orjson
from yarl import URL

from worker.domain.roster.records import Json
from worker.messaging.event_files import unreadable_row
from worker.pipeline.poll.clever import CleverPage

_BEGINNING: Final = 64
"""Bytes in which HTML shows itself, behind whatever blanks."""


class AttemptFailed(Exception):
    """An attempt failed in a way that may pass.

    `reason` is one line; `seconds` how long Clever says to wait, None where it does not.
    """

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds


def parsed(body: bytearray) -> Json:
    """Read an answer's body, which must be a JSON object."""
    try:
        document = _loaded(body)
    except ValueError:
        # Raised below: this error holds the whole body, which must not hang on to ours as its context.
        html = body[:_BEGINNING].lstrip().startswith(b"<")
        reason = "answered HTML where JSON was expected" if html else "broken JSON"
    else:
        if isinstance(document, dict):
            return document
        reason = "JSON that is not Clever's envelope"
    raise AttemptFailed(reason)


def _loaded(body: bytearray) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        if b"\\ud" not in body.lower():
            raise
        # Half a surrogate pair in one text, which is that record's trouble and not the whole page's.
        return json.loads(body)


def record(document: Json) -> Json:
    """Return the one record of an answer that is not a list."""
    if "data" not in document:
        raise AttemptFailed("JSON that is not Clever's envelope")
    return _record(document)


def records(document: Json) -> list[Json]:
    """Return a list's records, each of them an object; they may come without their own wrapping."""
    return [_record(row) for row in _rows(document)]


def rows(document: Json) -> list[Json]:
    """Return the rows of a list of records, out of their wrapping; one that has no record as far as it goes.

    It is for the reader to refuse that one, and to read the others.
    """
    return [_row(row) for row in _rows(document)]


def events(document: Json) -> list[Json]:
    """Return a list's events, odd ones too: those are to reach the dead letters, not to be lost here."""
    return [_event(row) for row in _rows(document)]


def page(document: Json, rows: list[Json], *, after: str | None, limit: int) -> CleverPage:
    """Put rows and the link to the next page together; `after` and `limit` are what was asked for.

    A page that only seems to be the last one, or that leads to itself, is trouble: whoever took a list for
    whole that is not would remove students.
    """
    if len(rows) >= limit and document.get("links") is None:
        raise AttemptFailed("a full page without links")
    itself = _link(document, "self")
    begins_at = _starting_after(itself) if itself else None
    if begins_at is not None and begins_at != after:
        raise AttemptFailed("a different page than requested")
    link = next_link(document)
    if link is None:
        return CleverPage(rows, None)
    next_after = _starting_after(link)
    if not next_after:
        raise AttemptFailed("a link to the next page that does not say where the page begins")
    if next_after == after:
        if rows:
            raise AttemptFailed("a page whose link to the next page leads to itself")
        return CleverPage(rows, None)  # the empty page that may stand behind a last link
    return CleverPage(rows, next_after)


def next_link(document: Json) -> str | None:
    """Return the address of the next page as it stands in a list's links; None on the last page."""
    return _link(document, "next")


def _link(document: Json, rel: str) -> str | None:
    links = document.get("links") or []
    if not isinstance(links, list) or not all(isinstance(link, dict) for link in links):
        raise AttemptFailed("links that are not Clever's")
    uri = next((link.get("uri") for link in links if link.get("rel") == rel), None)
    if uri is not None and not isinstance(uri, str):
        raise AttemptFailed("links that are not Clever's")
    return uri


def _starting_after(link: str) -> str | None:
    try:
        return URL(link).query.get("starting_after")
    except ValueError:
        return None


def _rows(document: Json) -> list[Any]:
    rows = document.get("data")
    if not isinstance(rows, list):
        raise AttemptFailed("JSON that is not Clever's envelope")
    return rows


def _row(row: Any) -> Json:
    inner = row.get("data", row) if isinstance(row, dict) else None
    return inner if isinstance(inner, dict) else unreadable_row(row)


def _record(row: Any) -> Json:
    inner = row.get("data", row) if isinstance(row, dict) else None
    if not isinstance(inner, dict):
        raise AttemptFailed("a row that is not an object")
    return inner


def _event(row: Any) -> Json:
    if not isinstance(row, dict):
        return {"data": row}
    inner = row.get("data")
    # An event has a `data` of its own, so that one without wrapping is told by its other keys.
    return inner if isinstance(inner, dict) and row.keys().isdisjoint({"id", "type"}) else row
