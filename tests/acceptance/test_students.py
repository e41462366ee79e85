"""A parent's request: one student exported, and erased, by the program as it is installed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.acceptance.program import Site
from tests.support.builders.records import (
    DISTRICT,
    Json,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
)

HIM = record_id(2)
NAME = "Ravenscroft-Ash"


def arrival(first: int = 1, **his_fields: object) -> list[Json]:
    """Return a small district; `first` is the number of its first event."""
    records = [
        (school_json(), "schools"),
        (student_json(1), "users"),
        (student_json(2, {"dob": f"{NAME}-dob"}, name={"first": "Ida", "last": NAME}, **his_fields), "users"),
        (teacher_json(), "users"),
        (section_json(students=[record_id(1), record_id(2)]), "sections"),
    ]
    return [
        event_json(record, f"{collection}.created", number)
        for number, (record, collection) in enumerate(records, start=first)
    ]


def written(path: Path, events: list[Json]) -> str:
    path.write_text("\n".join(json.dumps(event) for event in events))
    return str(path)


async def test_a_student_is_exported_and_erased_and_stays_away(tmp_path: Path, database_url: str) -> None:
    site = Site(tmp_path / "data", database_url=database_url, settings={"WINDOW__QUIET_SECONDS": "0.1"})
    async with site.worker() as worker:
        await site.done("publish", written(tmp_path / "events.ndjson", arrival()))
        await worker.logged("message.published")
        exported = json.loads(await site.done("students", "export", DISTRICT, "S-2"))
        told = await site.done("students", "erase", DISTRICT, "S-2", "--reason", "a parent asked", "--yes")
        await worker.logged("message.published", lambda line: line["sequence"] == 2)
        await site.done("publish", written(tmp_path / "again.ndjson", arrival(11, email="new@example.org")))
        await worker.logged("batch.decided", lambda line: line["events"] == 5 and line["students"] == 1)
    after = json.loads(await site.done("students", "export", DISTRICT, HIM))

    assert exported["student_id"] == HIM
    assert exported["committed"]["last_name"] == NAME
    assert "dob" not in exported["staged"]["record"]["student"]["texts"]
    assert [one["id"] for one in exported["sections"]] == [record_id(700)]
    assert "Erased student" in told
    assert "Consumers" in told
    assert set(after) == {"district_id", "student_id", "erased_at"}
    commits = (tmp_path / "data" / "out" / "commit.ndjson").read_text().splitlines()
    assert len(commits) == 2
    assert json.loads(commits[1])["changes"] == [{"op": "remove", "kind": "student", "id": HIM}]


async def test_an_erasure_needs_a_yes_and_a_student_who_is_known(tmp_path: Path, database_url: str) -> None:
    site = Site(tmp_path / "data", database_url=database_url, settings={"WINDOW__QUIET_SECONDS": "0.1"})
    async with site.worker() as worker:
        await site.done("publish", written(tmp_path / "events.ndjson", arrival()))
        await worker.logged("message.published")
        unsure = await site.command("students", "erase", DISTRICT, "S-2", "--reason", "a parent asked")
        unknown = await site.command("students", "export", DISTRICT, "S-99")

    assert (unsure.code, unknown.code) == (2, 2)
    assert "--yes" in unsure.err
    assert "no such student" in unknown.err
