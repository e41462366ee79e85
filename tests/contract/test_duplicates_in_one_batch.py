"""Rows of one key twice in one call: no statement contradicts itself, and what wins depends on no order.

Each case writes its rows through a port, in their order and the other way round, and says what is kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson
import pytest

from schemas.words import RosterKind, Severity, Trigger
from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, event_id, record_id
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.evaluation import windows
from worker.adapters.postgres.evaluation.unit_of_work import PostgresEvaluation
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.roster.records import EventId, RecordId, RecordKind
from worker.domain.roster.roster import Entry
from worker.domain.roster.staging import Change
from worker.pipeline.evaluate.rosters import CandidateChanges, EnrollmentChanges, EntryWrite
from worker.pipeline.ingest.inbox import Arrival, Mark, Quarantined, Released

NOTHING = event_id(0)
SCHOOL, STUDENT = record_id(1), record_id(2)
DIGEST = sha256(b"unreadable").digest()

Rows = Sequence[Any]
Write = Callable[[StoreUnderTest, Rows], Awaitable[None]]


@dataclass(frozen=True)
class Case:
    """Rows with duplicates, what writes them, where to look, and what is to be found there."""

    name: str
    write: Write
    rows: Rows
    look: str
    found: list[tuple[Any, ...]]


def text(name: str) -> str:
    return orjson.dumps({"name": name}).decode()


def arrival(
    number: int, name: str, district: str = DISTRICT, kind: RecordKind | None = RecordKind.SCHOOL
) -> Arrival:
    return Arrival(district, event_id(number), kind, SCHOOL, text(name))


def change(number: int, name: str) -> Change:
    return Change(RecordKind.SCHOOL, RecordId(SCHOOL), EventId(event_id(number)), None, {"name": name})


def finding(since: str = "1") -> Finding:
    return Finding(Code.FIELD_MISSING, Severity.ERROR, "student", STUDENT, {"field": "dob", "was": since})


@asynccontextmanager
async def evaluated(store: StoreUnderTest) -> AsyncIterator[PostgresEvaluation]:
    """Lend an evaluation of a district that was seen."""
    await store.rows("INSERT INTO districts (district_id) VALUES ($1) ON CONFLICT DO NOTHING", DISTRICT)
    async with store.database.transaction() as connection:
        evaluation = await store.evaluations.locked(connection, DISTRICT, Trigger.FLUSH)
        assert evaluation is not None
        yield evaluation


async def store_events(store: StoreUnderTest, rows: Rows) -> None:
    await store.inbox.store(rows, [], [])


async def store_marks(store: StoreUnderTest, rows: Rows) -> None:
    await store.inbox.store([], rows, [])


async def store_quarantined(store: StoreUnderTest, rows: Rows) -> None:
    await store.inbox.store([], [], rows)


async def release(store: StoreUnderTest, rows: Rows) -> None:
    await store.inbox.store([], [], [Quarantined(DISTRICT, DIGEST, "too_large", "x")])
    await store.inbox.store([], [], [], rows)


async def everything(store: StoreUnderTest, rows: Rows) -> None:
    marks = [Mark(DISTRICT, NOTHING, event_id(number), number) for number in rows]
    unreadable = [Quarantined(DISTRICT, DIGEST, "too_large", "x") for _ in rows]
    await store.inbox.store([arrival(number, "North") for number in rows], marks, unreadable)


async def request(store: StoreUnderTest, rows: Rows) -> None:
    async with store.database.transaction() as connection:
        await windows.close(connection, rows, Trigger.FLUSH)


async def write_staged(store: StoreUnderTest, rows: Rows) -> None:
    async with evaluated(store) as evaluation:
        await evaluation.write_staged(rows, EnrollmentChanges())


async def write_links(store: StoreUnderTest, rows: Rows) -> None:
    async with evaluated(store) as evaluation:
        await evaluation.write_links(rows, [])
        await evaluation.write_links(rows, rows)


async def write_entries(store: StoreUnderTest, rows: Rows) -> None:
    async with evaluated(store) as evaluation:
        await evaluation.write_candidate(CandidateChanges(entries=rows))


async def write_findings(store: StoreUnderTest, rows: Rows) -> None:
    async with evaluated(store) as evaluation:
        await evaluation.write_findings(rows, rows)


async def replace_identities(store: StoreUnderTest, rows: Rows) -> None:
    async with evaluated(store) as evaluation:
        await evaluation.replace_identities([STUDENT, STUDENT], rows)


WINDOWS = "SELECT district_id, events, requested FROM windows ORDER BY district_id"

CASES = [
    Case(
        "events of one id",
        store_events,
        [arrival(1, "North"), arrival(2, "East"), arrival(1, "North"), arrival(1, "North", OTHER_DISTRICT)],
        WINDOWS,
        [(DISTRICT, 2, None), (OTHER_DISTRICT, 1, None)],
    ),
    Case(
        "events of one id that say different things",
        store_events,
        [arrival(1, "North"), arrival(1, "South"), arrival(1, "East")],
        "SELECT record ->> 'name' FROM inbox",
        [("East",)],
    ),
    Case(
        "events of one id, one of which no roster needs",
        store_events,
        [
            arrival(1, "North"),
            arrival(1, "North", kind=None),
            arrival(2, "x", kind=None),
            arrival(2, "x", kind=None),
        ],
        "SELECT i.event_id, e.event_id FROM inbox i FULL JOIN evaluated_events e USING (event_id) ORDER BY 1",
        [(event_id(1), None), (None, event_id(2))],
    ),
    Case(
        "marks of one district",
        store_marks,
        [Mark(DISTRICT, NOTHING, event_id(2), 2), Mark(DISTRICT, event_id(2), event_id(5), 3)],
        "SELECT through, since, count FROM feed_marks ORDER BY through",
        [(event_id(2), NOTHING, 2), (event_id(5), event_id(2), 3)],
    ),
    Case(
        "the same mark",
        store_marks,
        [Mark(DISTRICT, NOTHING, event_id(2), 2), Mark(DISTRICT, NOTHING, event_id(2), 2)],
        "SELECT through, since, count FROM feed_marks",
        [(event_id(2), NOTHING, 2)],
    ),
    Case(
        "marks up to one event that say different things",
        store_marks,
        [Mark(DISTRICT, event_id(1), event_id(2), 1), Mark(DISTRICT, NOTHING, event_id(2), 2)],
        "SELECT through, since, count FROM feed_marks",
        [(event_id(2), NOTHING, 2)],
    ),
    Case(
        "marks of two districts, each twice",
        store_marks,
        [Mark(district, NOTHING, NOTHING, 0) for district in (DISTRICT, OTHER_DISTRICT) * 2],
        WINDOWS,
        [(DISTRICT, 0, "settled"), (OTHER_DISTRICT, 0, "settled")],
    ),
    Case(
        "a message that cannot be read",
        store_quarantined,
        [Quarantined(DISTRICT, DIGEST, "too_large", "x"), Quarantined(DISTRICT, DIGEST, "not_json", "y")] * 2,
        "SELECT reason, explanation FROM quarantine",
        [("not_json", "y")],
    ),
    Case("a release", release, [Released(DISTRICT, DIGEST)] * 2, WINDOWS, [(DISTRICT, 0, "flush")]),
    Case(
        "events, marks and unreadable messages at once",
        everything,
        [1, 2, 2, 1],
        WINDOWS,
        [(DISTRICT, 2, "settled")],
    ),
    Case(
        "requests to close a window",
        request,
        [DISTRICT, OTHER_DISTRICT, DISTRICT],
        WINDOWS,
        [(DISTRICT, 0, "flush"), (OTHER_DISTRICT, 0, "flush")],
    ),
    Case(
        "changes of one record",
        write_staged,
        [change(1, "North"), change(3, "South"), change(2, "East")],
        "SELECT event_id, record ->> 'name' FROM staged",
        [(event_id(3), "South")],
    ),
    Case(
        "links",
        write_links,
        [("teacher", STUDENT, record_id(7)), ("teacher", STUDENT, record_id(7))],
        "SELECT role, target_id, section_id FROM section_links",
        [("teacher", STUDENT, record_id(7))],
    ),
    Case(
        "entries of the roster",
        write_entries,
        [EntryWrite(RosterKind.SCHOOL, SCHOOL, Entry(RosterKind.SCHOOL, SCHOOL, text("North")))] * 2,
        "SELECT candidate FROM roster",
        [(text("North"),)],
    ),
    Case(
        "findings",
        write_findings,
        [finding(), finding()],
        "SELECT record_id, open FROM findings",
        [(STUDENT, True)],
    ),
    Case(
        "unique values",
        replace_identities,
        [(STUDENT, "sis_id", DIGEST), (STUDENT, "sis_id", DIGEST)],
        "SELECT student_id, field FROM identities",
        [(STUDENT, "sis_id")],
    ),
]


@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_rows_of_one_key_in_one_call_are_one_row_in_every_order(
    store: StoreUnderTest, case: Case, *, backwards: bool
) -> None:
    rows = list(reversed(case.rows)) if backwards else list(case.rows)

    await case.write(store, rows)

    assert [tuple(row) for row in await store.rows(case.look)] == case.found


async def test_a_record_taken_out_and_put_in_is_what_the_later_says(store: StoreUnderTest) -> None:
    put = EntryWrite(RosterKind.SCHOOL, SCHOOL, Entry(RosterKind.SCHOOL, SCHOOL, text("North")))
    taken_out = EntryWrite(RosterKind.SCHOOL, SCHOOL, None)

    await write_entries(store, [taken_out, put])
    assert await store.rows("SELECT FROM roster")
    await write_entries(store, [put, taken_out])

    assert await store.rows("SELECT FROM roster") == []
