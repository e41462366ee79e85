"""The demo as a person runs it: the real program, a fresh data folder, nothing else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from program import CLEVER_DEMO, Finished, Roster, Site, apply, digest

LIMIT_SECONDS = 60
"""What the demo may take, with a PostgreSQL that starts for the first time."""


async def demo(folder: Path, *options: str) -> Finished:
    async with asyncio.timeout(LIMIT_SECONDS):
        return await Site(folder).command("demo", *options)


def messages(folder: Path, name: str) -> list[dict[str, Any]]:
    text = (folder / "demo" / "out" / f"{name}.ndjson").read_text()
    return [json.loads(line) for line in text.splitlines()]


def check_the_whole_story(folder: Path, told: Finished) -> None:
    assert told.code == 0, told
    assert told.err == ""
    assert "\x1b" not in told.out

    commits, reviews = messages(folder, "commit"), messages(folder, "review")
    assert [commit["sequence"] for commit in commits if commit["part"] == 1] == [1, 2, 3]
    assert [review["sequence"] for review in reviews] == [1, 2]
    assert reviews[0]["students"]["ready"] == 0
    assert (reviews[1]["students"]["blocked"], reviews[1]["findings"]["new"]) == (1, 1)
    statuses = [alert["status"] for alert in messages(folder, "alerts")]
    assert statuses == ["firing", "resolved", "firing", "resolved"]

    roster: Roster = {}
    for commit in commits:
        apply(roster, commit["changes"])
        if commit["part"] == commit["parts"]:
            assert commit["roster"]["digest"] == digest(roster)
            assert f"consumer  {digest(roster)}" in told.out
    for name in ("commit", "review", "alerts"):
        assert str(folder / "demo" / "out" / f"{name}.ndjson") in told.out


def check_that_nobody_is_named(folder: Path, told: Finished) -> None:
    log = (folder / "demo" / "worker.log").read_text()
    changes = [change for commit in messages(folder, "commit") for change in commit["changes"]]
    people = [change for change in changes if change["kind"] == "student" and change["op"] == "upsert"]
    assert len(people) > 600
    for name in {person["record"]["last_name"] for person in people}:
        assert name not in told.out
        assert name not in log


async def test_the_story_of_an_invented_district_is_told_to_its_end(tmp_path: Path) -> None:
    told = await demo(tmp_path)

    check_the_whole_story(tmp_path, told)
    check_that_nobody_is_named(tmp_path, told)


@pytest.mark.skipif(not CLEVER_DEMO.exists(), reason="Clever's demo district is not beside the project")
async def test_the_story_of_clevers_demo_district_is_told_to_its_end(tmp_path: Path) -> None:
    told = await demo(tmp_path, "--district", str(CLEVER_DEMO))

    check_the_whole_story(tmp_path, told)
    assert messages(tmp_path, "commit")[0]["roster"]["classes"] == 39


async def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "demo" / "mine.txt"
    mine.parent.mkdir()
    mine.touch()

    told = await demo(tmp_path)

    assert told.code == 2
    assert "expected a folder that a demo made" in told.err
    assert mine.exists()
