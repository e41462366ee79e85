"""A database that has data already, brought to a newer schema."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from typing import Any

import asyncpg
import orjson
import pytest
from builders import DISTRICT, record_id, student_json
from people_fixtures import HOUR, NORTH, Feed, evaluate, everybody, homeroom
from postgres_server import PostgresServer
from store_fixtures import StoreUnderTest, opened_store

from worker.adapters.postgres import migrating, schema
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.section_filter import SectionFilter

UNKNOWN = record_id(999)
CUT_SHORT = WindowLimits(HOUR, HOUR, 2, HOUR)
"""Windows that two events close."""
BEHIND = 1000
"""More events than a test has sent before."""
GRADE_3 = SectionFilter.model_validate({"scope": {"grades": ["3"]}}, strict=False)

# Not those whose rows are numbered by the database: nothing that a migration looks at.
_TABLES = """
    SELECT c.relname AS name, array_agg(quote_ident(a.attname) ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
      AND NOT EXISTS (SELECT FROM pg_attribute i WHERE i.attrelid = c.oid AND i.attidentity <> '')
      AND a.attgenerated = ''
    GROUP BY c.relname"""


@pytest.fixture
async def before_sight(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """A database as it was before coverage was kept."""
    name = f"test_{uuid.uuid4().hex}"
    await postgres_server.execute(f"CREATE DATABASE {name}")
    url = postgres_server.database_url(name)
    await migrating.upgrade(url, to="0006")
    try:
        yield url
    finally:
        await postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.alone("copies all rows to a database of another schema")
async def test_coverage_of_a_database_with_data_is_what_counting_anew_gives(
    store: StoreUnderTest, before_sight: str
) -> None:
    await _fill(store)
    await _copy(store.url, before_sight)

    assert await schema.migrate(before_sight) == ("0006", schema.newest())

    async with opened_store(before_sight) as migrated:
        assert await _kept(migrated) == await _counted(migrated) == await _kept(store)
        assert await _seats(migrated) == await _seats(store)


@pytest.mark.alone("copies all rows to a database of another schema")
async def test_coverage_is_kept_up_from_where_the_migration_left_it(
    store: StoreUnderTest, before_sight: str
) -> None:
    await _fill(store)
    await _copy(store.url, before_sight)
    await schema.migrate(before_sight)
    async with opened_store(before_sight) as migrated:
        await Feed(migrated, BEHIND).send(
            ("users", record_id(3)),
            ("users", student_json(1, {"school": NORTH})),
            ("users", student_json(21, {"school": NORTH, "grade": "5"})),
            ("users", student_json(22, {"school": ""})),
        )
        await evaluate(migrated)
        after_changes = await _kept(migrated)
        assert after_changes == await _counted(migrated) != await _kept(store)

        await migrated.desk.set_filter(DISTRICT, GRADE_3, "a test")
        await evaluate(migrated)

        assert await _kept(migrated) == await _counted(migrated) != after_changes


async def _fill(store: StoreUnderTest) -> None:
    """Roster a district, then let it have students of every sort that coverage tells apart."""
    feed = Feed(store)
    await feed.send(*everybody())
    await evaluate(store)
    broken = {"first": "", "last": ""}
    await feed.send(
        ("users", student_json(1, {"school": NORTH}, name=broken)),
        ("users", student_json(2, {"school": NORTH, "grade": ""})),
        ("users", student_json(4, {"school": NORTH, "grade": "4"}, name=broken)),
        ("users", student_json(5, {"school": UNKNOWN})),  # a warning, and no error
        ("users", student_json(6, {"school": NORTH}, name=broken)),
        ("users", student_json(77, {"school": "", "grade": ""})),
        ("users", record_id(20)),
    )
    await evaluate(store)
    await feed.send(
        ("users", student_json(6, {"school": NORTH})),  # an error that is over
        ("sections", homeroom(702, NORTH, [7, 8, UNKNOWN_STUDENT])),
    )
    # No review tells that it is over, so that it is still known.
    assert await evaluate(store, CUT_SHORT) == ["deferred"]
    states = await store.rows("SELECT DISTINCT open, severity FROM findings WHERE kind = 'student'")
    kept = {("error", True), ("error", False), ("warning", True)}
    assert kept <= {(row["severity"], row["open"]) for row in states}


UNKNOWN_STUDENT = 995


async def _copy(source: str, target: str) -> None:
    """Copy every row to a database of an older schema: what it has columns for."""
    old, new = await asyncpg.connect(source), await asyncpg.connect(target)
    try:
        for name, columns in await new.fetch(_TABLES):
            listed = ", ".join(columns)
            rows = await old.fetchval(f"SELECT json_agg(t)::text FROM (SELECT {listed} FROM {name}) AS t")
            if rows is not None:
                await new.execute(
                    f"SET session_replication_role = replica; TRUNCATE {name} CASCADE"
                )  # a migration may have put a row there itself
                copied = f"SELECT {listed} FROM json_populate_recordset(NULL::{name}, $1::text::json)"
                await new.execute(f"INSERT INTO {name} ({listed}) {copied}", rows)
    finally:
        await old.close()
        await new.close()


async def _kept(store: StoreUnderTest) -> dict[tuple[str | None, str | None], tuple[int, int]]:
    cells = await store.views.coverage(DISTRICT)
    return {(cell.school_id, cell.grade): (cell.students, cell.blocked) for cell in cells}


async def _counted(store: StoreUnderTest) -> dict[tuple[str | None, str | None], tuple[int, int]]:
    """Count from the candidate roster itself, and the errors that are open."""
    rows = await store.rows(
        "SELECT record_id, candidate FROM roster WHERE kind = 'student' AND candidate IS NOT NULL"
    )
    failed = {
        row["record_id"]
        for row in await store.rows(
            "SELECT record_id FROM findings WHERE kind = 'student' AND open AND severity = 'error'"
        )
    }
    students, blocked = Counter[Any](), Counter[Any]()
    for row in rows:
        record: Mapping[str, Any] = orjson.loads(row["candidate"])
        place = record["school_id"], record["grade"]
        students[place] += 1
        blocked[place] += row["record_id"] in failed
    return {place: (students[place], blocked[place]) for place in students}


async def _seats(store: StoreUnderTest) -> set[tuple[Any, ...]]:
    rows = await store.rows(
        "SELECT record_id, grade, blocked FROM roster WHERE kind = 'student' AND candidate IS NOT NULL"
    )
    return {tuple(row) for row in rows}
