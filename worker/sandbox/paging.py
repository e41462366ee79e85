"""Lists as Clever gives them: a query, the page of a shelf that it asks for, the envelope around it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Self
from urllib.parse import urlencode

import orjson

from worker.messaging.event_files import COLLECTIONS
from worker.sandbox.record_store import RecordStore

LAST: Final = "last"
MOST: Final = 10_000
USUAL: Final = 100
RECORD_TYPES: Final = (*COLLECTIONS, "resources")
_FILTERED: Final = ("users", "sections", "schools")
"""The only collections with events that a filter by school lets through."""
_TYPE_PART: Final = 7
"""Where an event's type stands if its JSON is cut at quotation marks: `{"id":"…","type":"…"`."""

Matches = Callable[[bytes], bool]


class WrongQuery(Exception):
    """A query that is refused, and how."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Query:
    """What a list is asked for."""

    limit: int = USUAL
    after: str | None = None
    before: str | None = None
    record_types: tuple[str, ...] = ()
    school: str | None = None
    fixed: tuple[tuple[str, str], ...] = ()
    """Parameters that stand in every address of the list, and choose no page."""

    @classmethod
    def read(cls, parameters: Iterable[tuple[str, str]]) -> Self:
        """Read a request's parameters, of which `record_type` may repeat; raises `WrongQuery`."""
        given = list(parameters)
        last = dict(given)
        query = cls(
            limit=_limit(last.get("limit", "")),
            after=last.get("starting_after") or None,
            before=last.get("ending_before") or None,
            record_types=tuple(value for name, value in given if name == "record_type"),
            school=last.get("school") or None,
        )
        if query.after and query.before:
            raise WrongQuery(400, "use starting_after or ending_before, not both")
        for name in query.record_types:
            if name not in RECORD_TYPES:
                raise WrongQuery(400, f"record_type: expected one of {', '.join(RECORD_TYPES)}, got {name!r}")
        return query

    def address(self, path: str) -> str:
        """Write the query as the address of a page."""
        parameters = {
            **dict(self.fixed),
            "limit": self.limit,
            "record_type": self.record_types,
            "school": self.school,
            "starting_after": self.after,
            "ending_before": self.before,
        }
        given = {name: value for name, value in parameters.items() if value}
        return f"{path}?{urlencode(given, doseq=True)}"


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list: rows of JSON as they stand in the envelope, and links by their `rel`."""

    rows: Sequence[bytes]
    links: Mapping[str, str]
    ids: Sequence[str] = field(default=(), repr=False)

    def body(self) -> bytes:
        """Write the envelope."""
        links = orjson.dumps([{"rel": rel, "uri": uri} for rel, uri in self.links.items()])
        return b"".join((b'{"data":[', b",".join(self.rows), b'],"links":', links, b"}"))

    def emptied(self) -> ListPage:
        """Return a page without rows, as if the list ended before it."""
        return ListPage((), {"self": self.links["self"]})

    def reversed(self) -> ListPage:
        """Return the page with its rows the other way round, and its links as they were."""
        return replace(self, rows=self.rows[::-1])


def cut_page(
    shelf: RecordStore, query: Query, path: str, *, wrapped: bool = True, matches: Matches | None = None
) -> ListPage:
    """Cut the page that a query asks for out of a shelf; `path` is the address of the list.

    Rows are double-wrapped as in the Data API, or else as they are. What does not match is not there.
    """
    if query.before:
        found, more_before, more_after = _before(shelf, query, matches)
    else:
        found, more_before, more_after = _after(shelf, query, matches)
    links = {"self": query.address(path)}
    if found and more_after:
        links["next"] = replace(query, after=found[-1], before=None).address(path)
    if found and more_before:
        links["prev"] = replace(query, after=None, before=found[0]).address(path)
    if not wrapped:
        return ListPage([shelf.row(one) for one in found], links, found)
    folder = path.encode()
    rows = [b'{"data":%b,"uri":"%b/%b"}' % (shelf.row(one), folder, one.encode()) for one in found]
    return ListPage(rows, links, found)


def event_filter(query: Query) -> Matches | None:
    """Make what tells whether an event is one of those asked for; None if all are."""
    if not query.record_types and query.school is None:
        return None

    def matches(row: bytes) -> bool:
        collection = row.split(b'"', _TYPE_PART + 1)[_TYPE_PART].split(b".")[0].decode()
        if query.record_types and collection not in query.record_types:
            return False
        return query.school is None or (collection in _FILTERED and _is_at(row, collection, query.school))

    return matches


def _is_at(row: bytes, collection: str, school: str) -> bool:
    record = orjson.loads(row)["data"]["object"]
    if collection == "schools":
        return bool(record["id"] == school)
    roles = record.get("roles", {}).values() if collection == "users" else [record]
    return any(school == one.get("school") or school in one.get("schools", ()) for one in roles)


def _limit(text: str) -> int:
    if not text:
        return USUAL
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise WrongQuery(400, f"limit: expected a number from 1 to {MOST}, got {text[:20]!r}")
    if int(text) > MOST:
        raise WrongQuery(413, f"limit: at most {MOST} records a page")
    return int(text)


def _after(shelf: RecordStore, query: Query, matches: Matches | None) -> tuple[list[str], bool, bool]:
    order = shelf.order
    start = shelf.place_after(query.after) if query.after else 0
    if matches is None:
        found = list(order[start : start + query.limit])
        return found, start > 0, start + query.limit < len(order)
    found = list(
        _first(query.limit + 1, (order[place] for place in range(start, len(order))), shelf, matches)
    )
    return found[: query.limit], start > 0, len(found) > query.limit


def _before(shelf: RecordStore, query: Query, matches: Matches | None) -> tuple[list[str], bool, bool]:
    order = shelf.order
    end = len(order) if query.before == LAST else shelf.place_of(query.before or "")
    if matches is None:
        start = max(0, end - query.limit)
        return list(order[start:end]), start > 0, end < len(order)
    downwards = (order[place] for place in range(end - 1, -1, -1))
    found = list(_first(query.limit + 1, downwards, shelf, matches))
    return found[: query.limit][::-1], len(found) > query.limit, end < len(order)


def _first(number: int, ids: Iterator[str], shelf: RecordStore, matches: Matches) -> Iterator[str]:
    for one in ids:
        if matches(shelf.row(one)):
            yield one
            number -= 1
            if number == 0:
                return
