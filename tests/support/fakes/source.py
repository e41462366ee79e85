"""Fakes of what reading a district needs, kept in memory: Clever, connections, baselines, a publisher.

They share one list of calls, in which a call can be the last of its process: it raises `Killed`, and so
does every other until `Calls.revive`. What the fakes hold is what the world outside the process holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, get_args

from schemas import clever, event_ids
from tests.support.builders.records import DISTRICT, Json, district_json, event_json, later, student_json
from worker.domain.roster.records import RecordKind
from worker.messaging.broker import Message
from worker.pipeline.poll.baseline_store import NOBODY, BaselineRecord, Older, Run, Saved
from worker.pipeline.poll.clever import EVENTS, CleverPage, Token
from worker.pipeline.poll.connections import Connection, ListingChanges
from worker.pipeline.poll.context import PollContext, PollTiming
from worker.pipeline.poll.stage import PollStage
from worker.runtime.errors import BaselineLost, CleverRefused, CleverTokenRefused, StoreRefused
from worker.runtime.metrics import Metrics

TOKEN = Token("first token")
NOT_FOUND = 404
REFUSED_PAUSE = timedelta(minutes=15)
PACE = PollTiming()
MOST_CALLS = 100_000
"""Of one world: far more than any test needs, so that a reading without an end fails soon."""

Answer = Literal["404", "empty", "oldest"]
"""What Clever may say to a place in its feed that it does not know, or knows no more."""
ANSWERS: tuple[Answer, ...] = get_args(Answer)


class Killed(BaseException):
    """The process was killed at a call; nothing catches that."""


class Calls:
    """Every call of a port, in order; the one numbered `last` is not made any more, nor any after it."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.last: int | None = None
        self.before: Callable[[str], None] = lambda _: None

    def revive(self, last: int | None = None) -> None:
        """Begin a new process, which may be killed as well, `last` calls from now."""
        self.last = None if last is None else len(self.made) + last

    def make(self, what: str) -> None:
        """Note a call before anything of it happens."""
        if self.last is not None and len(self.made) + 1 >= self.last:
            raise Killed
        self.before(what)
        self.made.append(what)
        assert len(self.made) < MOST_CALLS, "reading has no end"

    def of(self, beginning: str) -> list[str]:
        """Return the calls that begin so."""
        return [call for call in self.made if call.startswith(beginning)]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = later(3600)

    def pass_by(self, **span: float) -> None:
        """Let time go by."""
        self.now += timedelta(**span)


def feed_id(number: int) -> str:
    """Return the id of an event made so many seconds after noon, as Clever makes ids."""
    return f"{int(later(number).timestamp()):08x}{number + 1000:016x}"


def feed_event(number: int) -> Json:
    """Return an event made so many seconds after noon."""
    return event_json(student_json(number), id=feed_id(number))


# Clever

Quirk = Callable[[CleverPage, CleverPage | None], CleverPage]
"""Makes what Clever answers of the page that it should, and of the one that it answered before."""


def reversed_rows(page: CleverPage, _before: CleverPage | None) -> CleverPage:
    """Give the rows the other way round."""
    return CleverPage(page.rows[::-1], page.next_after)


def repeated(page: CleverPage, before: CleverPage | None) -> CleverPage:
    """Give the page before once more."""
    return page if before is None else CleverPage(list(before.rows), before.next_after)


def emptied(_page: CleverPage, _before: CleverPage | None) -> CleverPage:
    """Give nothing, as if the list had ended."""
    return CleverPage([], None)


def broken_off(page: CleverPage, _before: CleverPage | None) -> CleverPage:
    """Give the first row only, as if the list ended there."""
    return CleverPage(page.rows[:1], None)


class FakeClever:
    """One scripted district, and the tokens that are given out."""

    def __init__(self, calls: Calls) -> None:
        self.collections: dict[str, list[Json]] = {}
        self.feed: list[Json] = []
        self.page_size = 2
        self.record = district_json()
        self.granted: dict[str, Token] = {DISTRICT: TOKEN}
        """What `tokens` and `token_of` tell."""
        self.valid = {TOKEN}
        self.unlisted: set[str] = set()
        """Left out of `tokens` by mistake."""
        self.trouble: Exception | None = None
        """Raised in place of any answer."""
        self.not_granted: dict[str, CleverRefused] = {}
        """What is raised in place of a collection, or of the `district`."""
        self.feed_trouble: Exception | None = None
        """Raised in place of any answer about the feed."""
        self.to_unknown_place: Answer = "404"
        self.hidden: set[str] = set()
        """Events that the feed has, and leaves out of its pages."""
        self.rows_given = 0
        """Of all pages of the feed."""
        self.newest_answers: list[list[str]] = []
        """What `newest_events` answers first, whatever there is, and whatever the feed's trouble."""
        self.quirks: list[tuple[str, Quirk]] = []
        """By what lists they are of; each for one page."""
        self._before: dict[str, CleverPage] = {}
        self._calls = calls

    def forget(self, number: int) -> None:
        """Forget the feed up to the event of this number."""
        self.feed = [event for event in self.feed if event["id"] > feed_id(number)]

    async def tokens(self) -> dict[str, Token]:
        """Return the tokens of all connected districts."""
        self._asked("tokens")
        return {one: token for one, token in self.granted.items() if one not in self.unlisted}

    async def token_of(self, district_id: str) -> Token | None:
        """Return one district's token as it is now."""
        self._asked(f"token_of {district_id}")
        return self.granted.get(district_id)

    async def district(self, token: Token) -> Json:
        """Return the district's record."""
        self._asked("district", token)
        return self.record

    async def page(self, token: Token, collection: str, after: str | None) -> CleverPage:
        """Return a page, after what its quirk makes of it."""
        self._asked(f"page {collection} {after}", token)
        page = self._feed_page(after) if collection == EVENTS else self._page(collection, after)
        for place, (of, quirk) in enumerate(self.quirks):
            if of == collection:
                del self.quirks[place]
                page = quirk(page, self._before.get(collection))
                break
        self._before[collection] = CleverPage(list(page.rows), page.next_after)
        self.rows_given += len(page.rows) if collection == EVENTS else 0
        return page

    async def newest_events(self, token: Token) -> list[str]:
        """Return the ids of the feed's newest two events, the newest last."""
        self._asked("newest_events", token, is_feed=not self.newest_answers)
        if self.newest_answers:
            return self.newest_answers.pop(0)
        return sorted(str(event["id"]) for event in self.feed[-2:])

    async def knows_event(self, token: Token, event_id: str) -> bool:
        """Whether the feed still has this event; a feed that is not there at all has none."""
        try:
            self._asked(f"knows_event {event_id}", token, is_feed=True)
        except CleverRefused as refused:
            if refused.status != NOT_FOUND:
                raise
            return False
        return any(event.get("id") == event_id for event in self.feed)

    def _asked(self, what: str, token: Token | None = None, *, is_feed: bool = False) -> None:
        self._calls.make(f"clever.{what}")
        if self.trouble is not None:
            raise self.trouble
        if token is not None and token not in self.valid:
            raise CleverTokenRefused("Clever: 401", 401)
        refused = next((self.not_granted[word] for word in what.split() if word in self.not_granted), None)
        if refused is not None:
            raise refused
        if self.feed_trouble is not None and (is_feed or what.startswith(f"page {EVENTS}")):
            raise self.feed_trouble

    def _page(self, collection: str, after: str | None) -> CleverPage:
        rows = sorted(self.collections.get(collection, []), key=lambda row: str(row["id"]))
        return self._cut([row for row in rows if after is None or row["id"] > after])

    def _feed_page(self, after: str | None) -> CleverPage:
        if after is None:
            return self._cut(self.feed)
        for place, event in enumerate(self.feed):
            if event.get("id") == after:
                return self._cut(self.feed[place + 1 :])
        if self.to_unknown_place == "404":
            raise CleverRefused("Clever: 404", NOT_FOUND)
        return CleverPage([], None) if self.to_unknown_place == "empty" else self._cut(self.feed)

    def _cut(self, rows: list[Json]) -> CleverPage:
        rows = [row for row in rows if row.get("id") not in self.hidden] if self.hidden else rows
        found = rows[: self.page_size]
        ids = [found_id for row in found if (found_id := _id_of(row))]
        return CleverPage(found, ids[-1] if ids and len(rows) > self.page_size else None)


def _id_of(row: Json) -> str | None:
    found = row.get("id")
    return found if isinstance(found, str) and found.isalnum() else None


# The store


@dataclass
class ConnectionRow:
    """What is remembered of a connected district."""

    token: Token | None
    due_at: datetime
    baseline_after: datetime
    missing: bool = False
    disconnected: bool = False
    failures: int = 0
    problem: str | None = None
    cursor: str | None = None
    cursor_at: datetime | None = None
    settled: str = ""
    unsettled: int = 0
    overlap: str = ""
    floor: str = ""
    resync: str | None = None
    record: Json | None = None
    baseline_at: datetime | None = None
    active_at: datetime | None = None
    """None: now."""


@dataclass
class Tables:
    """What the fakes of the store's ports hold together."""

    connections: dict[str, ConnectionRow] = field(default_factory=dict)
    listed_at: datetime | None = None
    runs: dict[str, Run] = field(default_factory=dict)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The overlap and the floor of each run."""
    read: dict[tuple[RecordKind, str], BaselineRecord] = field(default_factory=dict)
    staged: dict[tuple[RecordKind, str], str] = field(default_factory=dict)
    events: set[str] = field(default_factory=set)
    """Those that ingest has stored."""
    quarantine: dict[bytes, datetime] = field(default_factory=dict)
    """Those that it could not read, by their digests, and when they came."""
    alerts: list[str] = field(default_factory=list)
    refusal_told: bool = False


class FakeConnections:
    """Answers to `worker.pipeline.poll.connections.Connections`."""

    def __init__(self, calls: Calls, clock: Clock, tables: Tables) -> None:
        self.rows = tables.connections
        self.locked: set[str] = set()
        self._tables = tables
        self._clock = clock
        self._calls = calls

    async def claim_listing(self, every: timedelta) -> bool:
        """Whether the list is due."""
        self._calls.make("claim_listing")
        last = self._tables.listed_at
        if last is not None and last > self._clock.now - every:
            return False
        self._tables.listed_at = self._clock.now
        return True

    async def unclaim_listing(self) -> None:
        """Let the list be due again."""
        self._calls.make("unclaim_listing")
        self._tables.listed_at = None

    async def listed(self, tokens: Mapping[str, Token]) -> ListingChanges:
        """Take the list of connected districts."""
        self._calls.make("listed")
        now = self._clock.now
        listing = ListingChanges([], [], [])
        for district_id, token in sorted(tokens.items()):
            row = self.rows.get(district_id)
            if row is None:
                self.rows[district_id] = ConnectionRow(token, now, now)
                listing.found.append(district_id)
                continue
            if row.disconnected:
                row.due_at, row.resync = now, "it was disconnected"
                listing.returned.append(district_id)
            row.token, row.missing, row.disconnected = token, False, False
        for district_id, row in self.rows.items():
            if district_id in tokens or row.disconnected:
                continue
            if row.missing:
                listing.missing.append(district_id)
            row.missing = True
        return listing

    async def disconnected(self, district_id: str) -> None:
        """Stop reading a district."""
        self._calls.make("disconnected")
        row = self.rows[district_id]
        row.disconnected, row.token, row.problem, row.failures = True, None, None, 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Connection | None]:
        """Lock the district that has been due for longest."""
        self._calls.make("turn")
        now = self._clock.now
        due = [
            (row.due_at, district_id)
            for district_id, row in self.rows.items()
            if row.due_at <= now and not row.disconnected and district_id not in self.locked
        ]
        if not due:
            yield None
            return
        async with self._locked(min(due)[1]) as connection:
            yield connection

    @asynccontextmanager
    async def turn_of(self, district_id: str, wait: timedelta) -> AsyncIterator[Connection | None]:
        """Lock this district, due or not; it is never waited for."""
        self._calls.make(f"turn_of {wait}")
        row = self.rows.get(district_id)
        if row is None or row.disconnected or district_id in self.locked:
            yield None
            return
        async with self._locked(district_id) as connection:
            yield connection

    async def read(self, district_id: str) -> Connection | None:
        """Return the connection as it is now."""
        self._calls.make("read")
        row = self.rows.get(district_id)
        return None if row is None or row.disconnected else self._connection(district_id)

    async def put_off(self, district_id: str, for_how_long: timedelta) -> None:
        """Say when the district's next turn is, and nothing else."""
        self._calls.make("put_off")
        self.rows[district_id].due_at = self._clock.now + for_how_long

    async def again(self, district_id: str, after: timedelta, problem: str | None) -> None:
        """Say when the district's next turn is."""
        self._calls.make("again")
        row = self.rows[district_id]
        row.due_at, row.problem = self._clock.now + after, problem
        row.failures = 0 if problem is None else row.failures + 1

    async def save_token(self, district_id: str, token: Token) -> None:
        """Keep a district's new token."""
        self._calls.make("save_token")
        self.rows[district_id].token = token

    async def save_record(self, district_id: str, record: Json) -> None:
        """Keep what Clever tells of the district."""
        self._calls.make("save_record")
        self.rows[district_id].record = record

    async def unheard(self, district_id: str, events: Sequence[tuple[str | None, bytes]]) -> list[bool]:
        """Return for each event whether it is new."""
        self._calls.make(f"unheard {district_id}")
        if any("\0" in (event_id or "") for event_id, _ in events):
            raise StoreRefused("a text holds a NUL character")
        return [
            event_id not in self._tables.events and digest not in self._tables.quarantine
            for event_id, digest in events
        ]

    async def advance(self, district_id: str, cursor: str, to: str, events: int, overlap: str) -> bool:
        """Move the cursor, and the overlap behind it."""
        self._calls.make(f"advance {to}")
        row = self.rows[district_id]
        if row.cursor != cursor:
            return False
        row.cursor, row.unsettled, row.overlap = to, row.unsettled + events, overlap
        row.active_at = self._clock.now if events else row.active_at
        return True

    async def settle(self, district_id: str, cursor: str) -> None:
        """Say that the feed was read to its end."""
        self._calls.make("settle")
        row = self.rows[district_id]
        if row.cursor == cursor:
            row.settled, row.unsettled, row.cursor_at = cursor, 0, self._clock.now

    async def demand_resync(self, district_id: str, reason: str, *, forget_cursor: bool) -> None:
        """Ask for a baseline."""
        self._calls.make("demand_resync")
        row, now = self.rows[district_id], self._clock.now
        row.resync, row.due_at, row.baseline_after = reason, now, now
        if forget_cursor:
            row.cursor = None

    @asynccontextmanager
    async def _locked(self, district_id: str) -> AsyncIterator[Connection]:
        self.locked.add(district_id)
        try:
            yield self._connection(district_id)
        finally:
            self.locked.discard(district_id)

    def _connection(self, district_id: str) -> Connection:
        row = self.rows[district_id]
        return Connection(
            district_id=district_id,
            token=row.token,
            now=self._clock.now,
            cursor=row.cursor,
            overlap=row.overlap,
            settled=row.settled,
            unsettled=row.unsettled,
            cursor_at=row.cursor_at,
            floor=row.floor,
            baseline_at=row.baseline_at,
            baseline_after=row.baseline_after,
            resync=row.resync,
            failures=row.failures,
            record=row.record,
            active_at=row.active_at or self._clock.now,
        )


class FakeBaselines:
    """Answers to `worker.pipeline.poll.baseline_store.Baselines`."""

    def __init__(self, calls: Calls, clock: Clock, tables: Tables) -> None:
        self.begun = 0
        self._tables = tables
        self._clock = clock
        self._calls = calls

    async def current(self, district_id: str) -> Run | None:
        """Return the district's baseline."""
        self._calls.make("current")
        run = self._tables.runs.get(district_id)
        return run and replace(run, age_seconds=(self._clock.now - run.started_at).total_seconds())

    async def begin(
        self,
        district_id: str,
        seed: str,
        overlap: str,
        collections: Sequence[str],
        saved: Saved | None = None,
        *,
        over_newer: bool = False,
    ) -> Run:
        """Begin a baseline; the one before is given up."""
        assert saved is None, "these baselines are read from Clever"
        assert not over_newer
        self._calls.make("begin")
        self.begun += 1
        run = Run(
            district_id=district_id,
            id=f"run {self.begun}",
            seed=seed,
            collections=list(collections),
            collection=collections[0],
            after=None,
            records=0,
            started_at=self._clock.now,
            age_seconds=0.0,
            is_read=False,
            is_ready=False,
        )
        row = self._tables.connections[district_id]
        floor = max([seed, row.floor, *self._tables.events])
        self._tables.runs[district_id] = run
        self._tables.places[run.id] = overlap, floor
        self._tables.read.clear()
        row.resync = None
        return run

    async def add(self, run: Run, records: Sequence[BaselineRecord], after: str | None) -> Run:
        """Keep a page."""
        self._calls.make(f"add {len(records)} {run.collection}")
        held = self._held(run)
        if held is None or held.is_read or held.collection is None:
            raise BaselineLost(run.district_id)
        self._tables.read |= {(record.kind, record.record_id): record for record in records}
        collection: str | None = held.collection
        if after is None:
            rest = list(held.collections)[list(held.collections).index(held.collection) + 1 :]
            collection = rest[0] if rest else None
        turned = replace(held, collection=collection, after=after, records=len(self._tables.read))
        self._tables.runs[run.district_id] = turned
        return turned

    async def older(self, run: Run) -> Older:
        """Return nothing: here every row is newer than what is staged."""
        self._calls.make(f"older {run.id}")
        return Older(older=0, kept=0)

    async def skip(self, run: Run) -> Run:
        """Leave the collection that is next out."""
        self._calls.make(f"skip {run.collection}")
        held = self._held(run)
        if held is None or held.is_read or held.collection is None:
            raise BaselineLost(run.district_id)
        names = list(held.collections)
        place = names.index(held.collection)
        names.remove(held.collection)
        following = names[place] if place < len(names) else None
        self._tables.runs[run.district_id] = replace(
            held, collections=names, collection=following, after=None
        )
        return self._tables.runs[run.district_id]

    async def census(self, run: Run) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many live records are staged, and how many were read."""
        self._calls.make("census")
        if self._held(run) is None:
            raise BaselineLost(run.district_id)
        if len(self._tables.read) != run.records:
            self.lose(run.district_id)
            raise BaselineLost(run.district_id)
        read = {key: record.record for key, record in self._tables.read.items()}
        return _counts(self._tables.staged), _counts(read)

    async def believe(self, run: Run, *, moves_cursor: bool) -> None:
        """Say that every page is there."""
        self._calls.make("believe")
        held = self._held(run)
        if held is None or held.is_read:
            return
        self._tables.runs[run.district_id] = replace(held, is_read=True)
        row = self._tables.connections[run.district_id]
        if not moves_cursor:
            return
        row.cursor_at = None
        if row.cursor is None or row.cursor <= run.seed:
            row.cursor = row.settled = run.seed
            row.unsettled, row.overlap = 0, self._tables.places[run.id][0]

    async def ready(self, run: Run, *, close_window: bool) -> None:
        """Say that it can be adopted."""
        self._calls.make(f"ready {close_window}")
        held = self._held(run)
        if held is not None and held.is_read:
            self._tables.runs[run.district_id] = replace(held, is_ready=True)

    async def refuse(self, run: Run, reason: str) -> None:
        """Give it up, and alert unless it was told."""
        self._calls.make("refuse")
        if self._held(run) is None:
            return
        self._drop(run.district_id)
        row = self._tables.connections[run.district_id]
        row.baseline_after, row.resync = self._clock.now + REFUSED_PAUSE, "the last one was refused"
        if not self._tables.refusal_told:
            self._tables.alerts.append(reason)
            self._tables.refusal_told = True

    def adopt(self, district_id: str = DISTRICT) -> Run | None:
        """Do what an evaluation does with a baseline that is ready; None where there is none."""
        run = self._tables.runs.get(district_id)
        if run is None or not run.is_ready:
            return None
        read = {key: record.record for key, record in self._tables.read.items()}
        readable = {key: record for key, record in read.items() if record and record != NOBODY}
        self._tables.staged.clear()
        self._tables.staged.update(readable)
        row = self._tables.connections[district_id]
        row.baseline_at, row.floor = self._clock.now, max(row.floor, self._tables.places[run.id][1])
        self._tables.refusal_told = False
        for digest, received_at in list(self._tables.quarantine.items()):
            if received_at <= run.started_at:
                del self._tables.quarantine[digest]
        self._drop(district_id)
        return run

    def lose(self, district_id: str = DISTRICT) -> None:
        """Lose what was read, as a crash of the server does, and notice it."""
        self._drop(district_id)
        row = self._tables.connections[district_id]
        row.resync, row.due_at = "the database lost what was read", self._clock.now

    def _drop(self, district_id: str) -> None:
        self._tables.runs.pop(district_id, None)
        self._tables.read.clear()

    def _held(self, run: Run) -> Run | None:
        held = self._tables.runs.get(run.district_id)
        return held if held is not None and held.id == run.id else None


def _counts(records: Mapping[tuple[RecordKind, str], str | None]) -> dict[str, int]:
    students = [
        record
        for (kind, _), record in records.items()
        if kind is RecordKind.USER and (record is None or "student" in json.loads(record))
    ]
    kinds = [kind for kind, _ in records]
    return {
        "students": len(students),
        "schools": kinds.count(RecordKind.SCHOOL),
        "sections": kinds.count(RecordKind.SECTION),
    }


class FakePublisher:
    """Keeps what is published, and has it stored at once, as ingest does; or does not, `ingests` unset."""

    def __init__(self, calls: Calls, clock: Clock, tables: Tables) -> None:
        self.messages: list[Message] = []
        self.published: list[Json] = []
        self.ingests = True
        self.trouble: Exception | None = None
        self._calls = calls
        self._clock = clock
        self._tables = tables

    async def publish(self, message: Message) -> None:
        """Keep a message."""
        body = json.loads(message.body)
        self._calls.make(f"publish {body.get('type')} {body.get('id')}")
        if self.trouble is not None:
            raise self.trouble
        self.messages.append(message)
        self.published.append(body)
        if not self.ingests:
            return
        try:
            event = clever.read(message.body, DISTRICT, event_ids.latest_at(self._clock.now.timestamp()))
        except clever.UnreadableEvent:
            self._tables.quarantine.setdefault(hashlib.sha256(message.body).digest(), self._clock.now)
        else:
            if isinstance(event, clever.Event):
                self._tables.events.add(event.id)

    @property
    def events(self) -> list[str | None]:
        """The ids of the published events, in order."""
        return [one.get("id") for one in self.published if one["type"] != "feed.settled"]

    @property
    def settled(self) -> list[tuple[str | None, str, int]]:
        """What was said of the feed's end: since, through, count."""
        words = [one for one in self.published if one["type"] == "feed.settled"]
        return [(one["since"], one["through"], one["count"]) for one in words]


class World:
    """One district's Clever, store and broker, and a process that polls."""

    def __init__(self, pace: PollTiming = PACE) -> None:
        self.calls = Calls()
        self.clock = Clock()
        self.tables = Tables()
        self.clever = FakeClever(self.calls)
        self.connections = FakeConnections(self.calls, self.clock, self.tables)
        self.baselines = FakeBaselines(self.calls, self.clock, self.tables)
        self.publisher = FakePublisher(self.calls, self.clock, self.tables)
        self.metrics = Metrics()
        self.source = PollContext(
            self.clever, self.connections, self.baselines, self.publisher, self.metrics, pace
        )
        self.stage = PollStage(self.source)

    @property
    def row(self) -> ConnectionRow:
        """What is remembered of the district."""
        return self.tables.connections[DISTRICT]

    def connect(self, cursor: int | None = None) -> None:
        """Have the district connected; with a `cursor`, also read whole, and its feed up to there."""
        now = self.clock.now
        row = ConnectionRow(TOKEN, now, now)
        self.tables.connections[DISTRICT] = row
        if cursor is not None:
            row.cursor = row.settled = feed_id(cursor)
            read = [str(event["id"]) for event in self.clever.feed if event["id"] <= row.cursor]
            row.overlap = ["", "", *read][-2]
            self.tables.events |= set(read)
            row.cursor_at = row.baseline_at = now

    async def turns(self, most: int = 100) -> int:
        """Take turns until none is due; return how many there were, `most` where there is no end."""
        for taken in range(most):
            if not await self.stage.once():
                return taken
        return most

    async def next_poll(self) -> int:
        """Let the time of a poll go by, and take the turns that are due then."""
        self.clock.pass_by(seconds=self.source.pace.poll.total_seconds())
        return await self.turns()
