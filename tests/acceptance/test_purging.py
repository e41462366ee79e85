"""A purged district leaves nothing that tells of anybody, in database or files, and does not come back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import asyncpg

from tests.acceptance.program import Site
from tests.support.builders.records import (
    DISTRICT,
    OTHER_DISTRICT,
    Json,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
)

NAME = "Quillfeather-Marrow"
EVERY_TABLE = """
    SELECT format('%I', c.relname) FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1"""


def arrival(district: str) -> list[Json]:
    """Return a small district whose student, teacher and section bear the name."""
    records = [
        (school_json(), "schools"),
        (student_json(1, name={"first": "Ida", "last": NAME}), "users"),
        (teacher_json(name={"first": "Ada", "last": NAME}), "users"),
        (section_json(students=[record_id(1)], name=f"Homeroom {NAME}"), "sections"),
    ]
    return [
        event_json(record | {"district": district}, f"{collection}.created", number)
        for number, (record, collection) in enumerate(records, start=1)
    ]


def unreadable(district: str) -> Json:
    """Return an event with the name that cannot be read."""
    student = student_json(2, {"grade": 3}, name={"first": "Ole", "last": NAME}) | {"district": district}
    return event_json(student, "users.created", 9)


async def test_nothing_of_a_purged_district_is_left_or_comes_back(tmp_path: Path, database_url: str) -> None:
    site = Site(tmp_path / "data", database_url=database_url, settings={"WINDOW__QUIET_SECONDS": "0.1"})
    events = tmp_path / "events.ndjson"
    events.write_text("\n".join(json.dumps(one) for one in [*arrival(DISTRICT), *arrival(OTHER_DISTRICT)]))
    late = tmp_path / "late.ndjson"
    late.write_text(json.dumps(unreadable(DISTRICT)))
    async with site.worker() as worker:
        await site.done("publish", str(events))
        for district in (DISTRICT, OTHER_DISTRICT):
            await worker.logged("message.published", partial(is_of, district))
        await site.done("publish", str(late))
        await site.done("hold", DISTRICT, "--reason", f"{NAME} asked")
        await site.done("resume", DISTRICT, "--reason", f"{NAME} is fine")
        await worker.logged("message.published", lambda line: line["what"] == "review")
    others = await kept(database_url, OTHER_DISTRICT)

    told = await site.done("purge", DISTRICT, "--yes")
    after = await site.show(DISTRICT)
    async with site.worker() as worker:
        await worker.url()
        again = await site.done("publish", str(events))
        await site.done("publish", str(newer(tmp_path)))
        await worker.logged("batch.decided", lambda line: line["district_id"] == DISTRICT)
    shown = await site.show(DISTRICT)

    assert "dead letters 1" in told
    assert after["status"] == "purged"
    assert NAME not in await kept(database_url, DISTRICT)
    assert kept_in_files(tmp_path / "data" / "out", DISTRICT).count(NAME) == 0
    assert kept_in_files(tmp_path / "data" / "out", OTHER_DISTRICT).count(NAME) == 3
    assert again == "Published 8 events.\n"
    assert shown["students"]["total"] == 0
    assert await kept(database_url, OTHER_DISTRICT) == others


def is_of(district: str, line: Json) -> bool:
    return bool(line["district_id"] == district)


def kept_in_files(folder: Path, district: str) -> str:
    """Return every line of the files that names the district."""
    lines = [line for path in folder.iterdir() for line in path.read_text().splitlines()]
    return "\n".join(line for line in lines if district in line)


def newer(folder: Path) -> Path:
    """Write an event of after the purge: the district may come again."""
    path = folder / "newer.ndjson"
    event = event_json(school_json(), "schools.created", 1)
    moment = datetime.now(UTC) + timedelta(seconds=5)
    path.write_text(json.dumps(event | {"id": f"{int(moment.timestamp()):08x}{1:016x}"}))
    return path


async def kept(database_url: str, district: str) -> str:
    """Return every row of every table that names the district, as text."""
    connection = await asyncpg.connect(database_url)
    try:
        tables = [name for (name,) in await connection.fetch(EVERY_TABLE)]
        rows = [
            (table, row)
            for table in tables
            for (row,) in await connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")
        ]
    finally:
        await connection.close()
    # Where a district stands in onboarding moves on by itself.
    still = [(table, row) for table, row in rows if not table.startswith("onboarding")]
    return "\n".join(f"{table}: {row}" for table, row in still if district in row)
