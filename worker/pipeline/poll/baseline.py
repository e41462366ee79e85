"""A district's baseline: every page of every collection, kept as it comes, and judged before it is believed.

A kill between two pages loses nothing: whoever has the district's next turn goes on with the next page. A
list's last page looks like any other that broke off cleanly, so that Clever is asked once more what comes
after it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

import structlog

from schemas import clever
from worker.domain.roster import baseline_check
from worker.domain.roster.records import KINDS, Json, RecordKind
from worker.domain.roster.versions import changed_at, is_event_id, latest_id, micros, moment
from worker.pipeline.ingest import translate
from worker.pipeline.poll.baseline_store import NOBODY, BaselineRecord, Baselines, Run
from worker.pipeline.poll.clever import COLLECTIONS, CleverPage, Token
from worker.pipeline.poll.context import PollContext
from worker.runtime.cooperative import SLICE
from worker.runtime.errors import BaselineRefused, CleverRefused, CleverTokenRefused, CleverUnavailable
from worker.runtime.progress import Progress

_RECORD_ID: Final = re.compile(r"[!-~]{1,128}")

NEEDED: Final = frozenset({"users", "sections"})
"""Without these there is no roster; the app may well not have been granted the others."""
_NOT_GRANTED: Final = frozenset({403, 404})

OLDEST_RUN_SECONDS: Final = 24 * 3600.0
"""A reading that took longer is given up: its first pages are another day's."""


async def begin(
    source: PollContext, district_id: str, token: Token, now: datetime, *, over_newer: bool = False
) -> Run:
    """Begin a baseline: first of all the feed's newest event is taken, so that nothing falls in between.

    An event whose id cannot be believed `now` is not taken for it: nothing would ever come after it.
    """
    latest = latest_id(now)
    newest = [event_id for event_id in await _newest_events(source, token) if is_event_id(event_id, latest)]
    overlap, seed = ["", "", *dict.fromkeys(newest)][-2:]
    run = await source.baselines.begin(district_id, seed, overlap, COLLECTIONS, over_newer=over_newer)
    structlog.get_logger().info("baseline.started", stage="poll", district_id=district_id, seed=seed)
    return run


async def _newest_events(source: PollContext, token: Token) -> list[str]:
    try:
        # An empty answer is asked for again: from the beginning of its feed, a district is read for long.
        return await source.clever.newest_events(token) or await source.clever.newest_events(token)
    except CleverTokenRefused:
        raise
    except CleverRefused:
        return []  # a feed that was never switched on: the records can be read all the same


async def read_on(source: PollContext, run: Run, token: Token, until: float, progress: Progress) -> Run:
    """Read pages until all are there or the monotonic clock is past `until`."""
    while run.collection is not None:
        collection = run.collection
        try:
            page = await _next_page(source, token, collection, run.after)
        except CleverRefused as refused:
            if collection in NEEDED or refused.status not in _NOT_GRANTED:
                raise
            run = await _skipped(source, run, refused)
            continue
        count = len(page.rows)
        records = await read_records(collection, page.rows, run.district_id, run.student_fields)
        run = await source.baselines.add(run, records, page.next_after)
        progress(f"reading {collection}", count)
        structlog.get_logger().info(
            "baseline.page",
            stage="poll",
            district_id=run.district_id,
            collection=collection,
            rows=count,
            records=run.records,
        )
        source.metrics.baseline_rows.labels(collection).inc(count)
        if time.monotonic() >= until:
            break
    return run


async def _skipped(source: PollContext, run: Run, refused: CleverRefused) -> Run:
    """Go on without a collection that the app may not read: a roster can be made without it."""
    structlog.get_logger().warning(
        "baseline.collection_refused",
        stage="poll",
        district_id=run.district_id,
        collection=run.collection,
        status=refused.status,
    )
    return await source.baselines.skip(run)


async def conclude(
    baselines: Baselines, run: Run, *, accept_fewer: bool = False, moves_cursor: bool = True
) -> None:
    """Believe a baseline of which every page is there; raises `BaselineRefused` where it cannot be true.

    `accept_fewer` is a person's word that it is true all the same; `moves_cursor` whether the feed goes on
    from the seed.
    """
    staged, read = await baselines.census(run)
    collections = {"students": "users", "schools": "schools", "sections": "sections"}
    seen = {what: read[what] for what, name in collections.items() if name in run.collections}
    reason = baseline_check.why_refused(staged, seen)
    log = structlog.get_logger().bind(stage="poll", district_id=run.district_id, records=run.records)
    if reason is not None and not accept_fewer:
        await baselines.refuse(run, reason)
        raise BaselineRefused(f"the baseline was refused, nothing was changed: {reason}")
    await baselines.believe(run, moves_cursor=moves_cursor)
    log.info("baseline.read", seconds=round(run.age_seconds, 1), repeated=run.repeated, **seen)


async def read_records(
    collection: str, rows: list[Json], district_id: str, student_fields: Collection[str] | None = None
) -> list[BaselineRecord]:
    """Return what `staged_records` does, in slices: a whole page would keep others waiting for long."""
    records: list[BaselineRecord] = []
    while rows:
        part = rows[-SLICE:]
        del rows[-SLICE:]
        records += reversed(staged_records(collection, part, district_id, student_fields))
        await asyncio.sleep(0)
    records.reverse()
    return records


def staged_records(
    collection: str, rows: list[Json], district_id: str, student_fields: Collection[str] | None = None
) -> list[BaselineRecord]:
    """Return a page's rows as they are staged, in their order; a user without a side is one of nothing.

    Of students the usual fields and `student_fields` are kept; None: all. Empties `rows` on the way.
    """
    kind = KINDS[collection]
    assert kind is not None  # noqa: S101 — resources are not part of a baseline
    records = []
    now = micros(datetime.now(UTC))
    while rows:
        record = _staged(collection, kind, rows.pop(), district_id, now, student_fields)
        if record is not None:
            records.append(record)
    records.reverse()
    ahead = sum(record.ahead for record in records)
    if ahead:
        structlog.get_logger().warning(
            "baseline.times_in_future",
            stage="poll",
            district_id=district_id,
            collection=collection,
            records=ahead,
        )
    return records


def _staged(
    collection: str,
    kind: RecordKind,
    row: Json,
    district_id: str,
    now: int,
    student_fields: Collection[str] | None,
) -> BaselineRecord | None:
    modified = changed_at(row.get("last_modified"), now)
    try:
        read = clever.read_row(collection, row, district_id)
    except clever.UnreadableEvent as error:
        structlog.get_logger().warning(
            "record.unreadable",
            stage="poll",
            district_id=district_id,
            collection=collection,
            reason=str(error.reason),
            explanation=error.explanation,
        )
        return BaselineRecord(kind, _id_of(row), None, str(error.reason), error.explanation, modified)
    if read.unread:
        structlog.get_logger().info(
            "record.fields_unread",
            stage="poll",
            district_id=district_id,
            collection=collection,
            fields=list(read.unread),
        )
    if read.record is None:
        return None
    text = translate.staged_json(read.record, read.unread, student_fields)
    is_ahead = modified is None and moment(row.get("last_modified")) is not None
    return BaselineRecord(kind, read.record.id, text or NOBODY, modified=modified, ahead=is_ahead)


def _id_of(row: Json) -> str:
    """Return an unreadable record's id, or where even that is not one, a mark of its own."""
    found = row.get("id")
    if isinstance(found, str) and _RECORD_ID.fullmatch(found):
        return found
    return f"unreadable-{hashlib.sha256(repr(row).encode(errors='replace')).hexdigest()}"


async def _next_page(source: PollContext, token: Token, collection: str, after: str | None) -> CleverPage:
    page = await source.clever.page(token, collection, after)
    last = _last_id(page, after)
    if page.next_after is not None:
        if after is not None and page.next_after <= after:
            raise CleverUnavailable(f"Clever: the next page of {collection} repeats earlier rows")
        return page
    rest = await source.clever.page(token, collection, last)
    if _last_id(rest, last) == last:
        return page
    return CleverPage(page.rows + rest.rows, rest.next_after or _last_id(rest, last))


def _last_id(page: CleverPage, before: str | None) -> str | None:
    """Return the greatest id up to this page: rows may come in another order than their ids have."""
    ids = [row["id"] for row in page.rows if isinstance(row.get("id"), str)]
    return max([*ids, *([] if before is None else [before])], default=None)
