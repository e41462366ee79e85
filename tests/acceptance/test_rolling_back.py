"""A district taken back to an earlier commit, with the real program."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import orjson

from tests.acceptance.program import Site, consuming, digest
from tests.support.builders.records import (
    DISTRICT,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
)


def _events(file: Path, first: int, *changes: tuple[str, dict[str, Any]]) -> str:
    """Write events as a file to publish; return its name."""
    events = [event_json(record, what, number) for number, (what, record) in enumerate(changes, first)]
    file.write_bytes(b"\n".join(orjson.dumps(event) for event in events))
    return str(file)


async def test_a_rollback_is_tried_done_and_published_while_history_lasts(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    homeroom = section_json(students=[record_id(1), record_id(2)])
    arrival = [
        *(("users.created", user) for user in (student_json(1), student_json(2), teacher_json())),
        ("schools.created", school_json()),
        ("sections.created", homeroom),
    ]
    changes = [
        ("users.updated", student_json(2, name={"first": "Isolde", "last": "Fernquay"})),
        ("users.created", student_json(3)),
        ("sections.updated", {**homeroom, "students": [record_id(2), record_id(3)]}),
        ("users.deleted", student_json(1)),
    ]
    async with consuming(site.broker_url or "") as consumer, site.worker():
        await site.done("publish", _events(file, 1, *arrival))
        await consumer.until(lambda: len(consumer.commits) == 1)
        first = digest(consumer.roster[DISTRICT])
        await site.done("publish", _events(file, 11, *changes))
        await consumer.until(lambda: len(consumer.commits) == 2)

        listed = await site.done("rollback", DISTRICT, "--list", "--json")
        tried = json.loads(await site.done("rollback", DISTRICT, "--to", "1", "--dry-run", "--json"))
        told = await site.done("rollback", DISTRICT, "--to", "1", "--reason", "the wrong filter")
        await consumer.until(lambda: len(consumer.commits) == 3)
        again = await site.command("rollback", DISTRICT, "--to", "1", "--reason", "the wrong filter")
    async with site.worker(COMMIT__HISTORY_DAYS="0"), asyncio.timeout(60):
        while len((await site.done("rollback", DISTRICT, "--list", "--json")).splitlines()) > 1:
            pass
    forgotten = await site.command("rollback", DISTRICT, "--to", "2", "--dry-run")

    assert [json.loads(line)["sequence"] for line in listed.splitlines()] == [2, 1]
    assert json.loads(listed.splitlines()[1])["digest"] == first
    assert digest(consumer.roster[DISTRICT]) == first == tried["roster"]["digest"]
    back = consumer.commits[-1]
    assert (back["rolled_back_to"], back["counts"]) == (1, tried["counts"])
    assert f"`rostering resume {DISTRICT} --reason TEXT`" in told
    assert again.code == 1
    assert again.err.splitlines()[-1] == (
        f"rostering: district {DISTRICT}: its roster already matches commit 1; nothing was changed"
    )
    assert (forgotten.code, "there are no restore points" in forgotten.err) == (1, True)


async def test_a_rollback_without_a_reason_or_a_commit_is_wrong_usage(site: Site) -> None:
    for arguments in (
        ["--to", "1"],
        ["--to", "1", "--reason", "  "],
        ["--reason", "why"],
        ["--list", "--to", "1"],
    ):
        finished = await site.command("rollback", DISTRICT, *arguments)
        assert (finished.code, len(finished.err.splitlines())) == (2, 1), finished
