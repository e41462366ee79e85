"""The database's clock is put back by an hour between a district's events and their evaluation."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.acceptance.program import Site
from tests.support.builders.records import event_json, school_json, section_json, student_json, teacher_json
from tests.support.fixtures.time_machine import TimeMachine

HOUR = timedelta(hours=1)


async def test_events_from_a_future_clock_are_rostered(time_machine: TimeMachine, tmp_path: Path) -> None:
    site = Site(tmp_path / "data", None, time_machine.database_url, {"WINDOW__QUIET_SECONDS": "2"})
    events = tmp_path / "events.ndjson"
    records = [
        (school_json(), "schools.created"),
        (student_json(1), "users.created"),
        (teacher_json(), "users.created"),
        (section_json(), "sections.created"),
    ]
    lines = [json.dumps(event_json(record, kind, n)) for n, (record, kind) in enumerate(records, start=1)]
    events.write_text("\n".join(lines))
    await time_machine.to(time_machine.now() + HOUR)
    await site.done("publish", str(events))

    await time_machine.put_back(HOUR)
    async with site.worker() as worker:
        seen: dict[str, Any] = await asyncio.wait_for(worker.logged("clock.set_back"), 60)
        decided: dict[str, Any] = await asyncio.wait_for(worker.logged("batch.decided"), 60)

    assert seen["windows"] == 1
    assert (decided["outcome"], decided["trigger"]) == ("commit", "quiet")
