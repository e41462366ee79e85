"""The main job on Clever's own demo district, through a real RabbitMQ, with the real program."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.acceptance.program import CLEVER_DEMO, Site, clever_demo, consuming

pytestmark = pytest.mark.skipif(not CLEVER_DEMO.is_dir(), reason="Clever's demo district is not here")

DISTRICT = "5a0c91b95c7cc000010d417c"
HOMEROOM = json.dumps({"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]})
BY_SUBJECT = json.dumps(
    {"rules": [{"all": [{"field": "subject", "op": "is", "value": "homeroom/advisory"}]}]}
)


async def test_the_demo_district_goes_from_its_arrival_to_a_move(site: Site, tmp_path: Path) -> None:
    async with consuming(site.broker_url or "") as consumer:
        async with site.worker():
            await site.done("publish", str(CLEVER_DEMO / "users.json"), str(CLEVER_DEMO / "sections.json"))
            await consumer.until(lambda: len(consumer.reviews) == 1)
            await site.done("filter", "set", DISTRICT, "-", stdin=BY_SUBJECT)
            await consumer.until(lambda: len(consumer.reviews) == 2)
            await site.done("filter", "set", DISTRICT, "-", stdin=HOMEROOM)
            await consumer.until(lambda: len(consumer.commits) == 1)
        required = '["first_name","last_name","sis_id","grade","school_id","dob"]'
        async with site.worker(PREFLIGHT__REQUIRED_FIELDS=required):
            await consumer.until(lambda: len(consumer.reviews) == 3)
            # What nothing asked for was not kept: it comes with the next reading.
            await site.done("publish", str(CLEVER_DEMO / "users.json"))
            await consumer.until(lambda: len(consumer.reviews) == 4)
        async with site.worker():
            await consumer.until(lambda: len(consumer.commits) == 2)
            student = await _move_a_student(site, tmp_path)
            await consumer.until(lambda: len(consumer.commits) == 3)

    everybody, by_subject, not_kept, without_dob = consumer.reviews
    assert everybody["students"] == {"total": 1004, "ready": 0, "blocked": 1004, "outside_scope": 0}
    assert everybody["findings"]["by_code"]["student.multiple_sections"] == 1004
    assert by_subject["students"]["blocked"] == 417
    assert not_kept["findings"]["errors"] == 1004
    assert without_dob["findings"]["errors"] == 1
    errors = [item for item in without_dob["findings"]["items"] if item["severity"] == "error"]
    assert [(item["code"], item["field"]) for item in errors] == [("student.field_missing", "dob")]
    first, cleared, moved = consumer.commits
    assert (first["roster"]["students"], first["roster"]["classes"]) == (1004, 39)
    assert cleared["changes"] == []
    assert [(change["op"], change["kind"], change["id"]) for change in moved["changes"]] == [
        ("upsert", "student", student)
    ]
    assert [alert["status"] for alert in consumer.alerts] == ["firing", "resolved"] * 2


async def _move_a_student(site: Site, folder: Path) -> str:
    """Move a student from one homeroom to another, as two events; return his id."""
    homerooms = [s for s in clever_demo("sections") if "homeroom" in s["name"].lower()]
    left, joined = homerooms[0], homerooms[1]
    student = str(left["students"][0])
    changed: list[dict[str, Any]] = [
        {**left, "students": left["students"][1:]},
        {**joined, "students": [*joined["students"], student]},
    ]
    file = folder / "move.ndjson"
    file.write_bytes(
        b"\n".join(
            orjson.dumps({"id": f"{0x66F0 + n:024x}", "type": "sections.updated", "data": {"object": record}})
            for n, record in enumerate(changed)
        ).replace(b'"id":"0000000000000000000', b'"id":"66f0000000000000000')
    )
    await site.done("publish", str(file))
    return student
