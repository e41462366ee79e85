"""The demo as a person runs it: the real program, a fresh data folder, nothing else."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.acceptance.program import CLEVER_DEMO, Finished, Process, Roster, Site, apply, digest, started
from tests.support.builders.clever_pages import write_pages
from worker.sandbox.district import DistrictSpec, generate

LIMIT_SECONDS = 60
"""What the demo may take, with a PostgreSQL that starts for the first time."""


async def demo(folder: Path, *options: str) -> Finished:
    async with asyncio.timeout(LIMIT_SECONDS):
        return await Site(folder).command("demo", *options)


@asynccontextmanager
async def running_demo(folder: Path, *options: str) -> AsyncIterator[tuple[Process, asyncio.StreamReader]]:
    """Run the demo while the context is open, and read along."""
    process = await started(["demo", *options], Site(folder).environment())
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        yield process, process.stdout
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def until(lines: asyncio.StreamReader, words: str) -> str:
    """Read until a line that has these words; return what was read."""
    text = ""
    async with asyncio.timeout(LIMIT_SECONDS):
        while True:
            line = (await lines.readline()).decode()
            assert line, text
            text += line
            if words in line:
                return text


async def commits_of(folder: Path, count: int) -> None:
    """Return once so many commits are published."""
    async with asyncio.timeout(LIMIT_SECONDS):
        while len(messages(folder, "commit")) < count:  # noqa: ASYNC110 — a file tells nobody
            await asyncio.sleep(0.1)


def messages(folder: Path, name: str) -> list[dict[str, Any]]:
    text = (folder / "demo" / "out" / f"{name}.ndjson").read_text()
    return [json.loads(line) for line in text.splitlines()]


def check_the_whole_story(folder: Path, told: str) -> None:
    assert "\x1b" not in told
    commits, reviews = messages(folder, "commit"), messages(folder, "review")
    assert [commit["sequence"] for commit in commits if commit["part"] == 1] == [1, 2, 3, 4, 5, 6, 7]
    check_the_reviews(reviews, told)
    check_that_the_suggestion_was_used(reviews[0], told)
    check_what_people_decided(reviews[-1], [commit for commit in commits if commit["part"] == 1])
    alerts = messages(folder, "alerts")
    statuses = [alert["status"] for alert in alerts if alert["code"] == "preflight.failed"]
    assert statuses == ["firing", "resolved"] * 4

    roster: Roster = {}
    for commit in commits:
        apply(roster, commit["changes"])
        if commit["part"] == commit["parts"]:
            assert commit["roster"]["digest"] == digest(roster)
            assert f"consumer  {digest(roster)}" in told
    for name in ("commit", "review", "alerts"):
        assert str(folder / "demo" / "out" / f"{name}.ndjson") in told


def check_the_reviews(reviews: list[dict[str, Any]], told: str) -> None:
    arrival, broken, withdrawn, vanished = reviews
    assert [review["sequence"] for review in reviews] == [1, 2, 3, 4]
    assert arrival["batch"]["trigger"] == "resync"
    assert arrival["students"]["ready"] == 0
    assert (broken["students"]["blocked"], broken["findings"]["new"]) == (1, 1)
    assert broken["batch"]["trigger"] == withdrawn["batch"]["trigger"] == "settled"
    students = withdrawn["students"]["total"]
    assert (withdrawn["students"]["blocked"], withdrawn["batch"]["events"]) == (students, students)
    causes = [(cause["owner"], cause["field"], cause["students"]) for cause in withdrawn["causes"]]
    assert causes == [("sharing", "grade", students)]
    removed = vanished["plan"]["counts"]["student"]["removed"]
    assert [(cause["code"], cause["removed"]) for cause in vanished["causes"]] == [
        ("sharing.school_vanished", removed)
    ]
    for review in (arrival, withdrawn, vanished):
        for cause in review["causes"]:
            assert words(cause["advice"]) in words(told)


def check_that_the_suggestion_was_used(review: dict[str, Any], told: str) -> None:
    best = review["suggestions"][0]
    assert best["filter"]["rules"] == [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]
    students = review["students"]["total"]
    assert best["coverage"] == {"exactly_one": students, "none": 0, "several": 0}
    # Told by the review, and again when it is set.
    assert told.count(best["text"]) == 2
    assert re.search(rf"suggestion 1 +{students:,} +0 +0 +\d+\n", told)
    by_subject = re.search(r'subject is "homeroom/advisory" +([\d,]+) +([\d,]+) +([\d,]+) ', told)
    assert by_subject
    one, none, several = (int(count.replace(",", "")) for count in by_subject.groups())
    assert one + none + several == students
    assert several > 0


def check_what_people_decided(review: dict[str, Any], commits: list[dict[str, Any]]) -> None:
    *_, cleared, approved, restored, resumed = commits
    assert cleared["changes"] == []
    assert approved["roster"]["digest"] == review["plan"]["digest"]
    assert approved["counts"] == review["plan"]["counts"]
    assert approved["batch"]["trigger"] == "approval"
    assert restored["rolled_back_to"] == cleared["sequence"]
    assert restored["roster"] == cleared["roster"]
    (newcomer,) = [change for change in resumed["changes"] if change["kind"] == "student"]
    assert newcomer["op"] == "upsert"


def words(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(text.split())


def sandbox_of(text: str) -> str:
    """Return the address of the sandbox as the story tells it."""
    found = re.search(r"a sandbox at (http://127\.0\.0\.1:\d+)", text)
    assert found, text
    return found[1]


def listens(url: str) -> bool:
    address = urlsplit(url)
    try:
        socket.create_connection((address.hostname or "", address.port or 0), 5).close()
    except ConnectionRefusedError:
        return False
    return True


def check_that_nobody_is_named(folder: Path, told: str) -> None:
    log = (folder / "demo" / "worker.log").read_text()
    changes = [change for commit in messages(folder, "commit") for change in commit["changes"]]
    people = [change for change in changes if change["kind"] == "student" and change["op"] == "upsert"]
    assert len(people) > 600
    for name in {person["record"]["last_name"] for person in people}:
        assert name not in told
        assert name not in log


@pytest.mark.full
@pytest.mark.skipif(not CLEVER_DEMO.exists(), reason="Clever's demo district is not beside the project")
async def test_the_story_of_clevers_demo_district_is_told_to_its_end(tmp_path: Path) -> None:
    told = await demo(tmp_path, "--district", str(CLEVER_DEMO))

    assert (told.code, told.err) == (0, ""), told
    assert not listens(sandbox_of(told.out))
    check_the_whole_story(tmp_path, told.out)
    assert messages(tmp_path, "commit")[0]["roster"]["classes"] == 39


async def test_a_district_that_no_filter_serves_stays_in_review_with_why(tmp_path: Path) -> None:
    district = generate(DistrictSpec(students=50))
    student = next(district.students())
    for section in district.sections_of(student["id"]):
        listed = district.sections[section]["students"]
        district.put(
            "sections",
            {**district.sections[section], "students": [one for one in listed if one != student["id"]]},
        )
    write_pages(district, tmp_path / "pages")

    told = await demo(tmp_path, "--district", str(tmp_path / "pages"))

    assert (told.code, told.err) == (0, ""), told
    assert not listens(sandbox_of(told.out))
    (review,) = messages(tmp_path, "review")
    assert review["suggestions"][0]["coverage"] == {"exactly_one": 49, "none": 1, "several": 0}
    role = student["roles"]["student"]
    assert re.search(rf"{role['school']} +{role['grade']} +1 +0\n", told.out), told.out
    assert not (tmp_path / "demo" / "out" / "commit.ndjson").exists()


async def test_a_district_whose_filter_is_not_at_fault_gets_no_suggestion(tmp_path: Path) -> None:
    district = generate(DistrictSpec(students=50))
    for section in list(district.records("sections")):
        if "Homeroom" not in section["name"]:
            district.remove("sections", section["id"])
    student = next(district.students())
    role = {**student["roles"]["student"], "sis_id": ""}
    district.put("users", {**student, "roles": {"student": role}})
    write_pages(district, tmp_path / "pages")

    told = await demo(tmp_path, "--district", str(tmp_path / "pages"))

    assert told.code == 0, told
    (review,) = messages(tmp_path, "review")
    assert review["suggestions"] == []
    assert "sis.field_missing " in told.out
    assert "The review has no suggestions." in told.out


async def test_after_one_that_was_killed_all_is_told_and_served_until_ctrl_c(
    tmp_path: Path,
) -> None:
    async with running_demo(tmp_path) as (process, lines):
        await until(lines, "2. ")
        process.send_signal(signal.SIGKILL)

    async with running_demo(tmp_path, "--serve") as (process, lines):
        told = await until(lines, "until Ctrl-C")
        check_the_whole_story(tmp_path, told)
        check_that_nobody_is_named(tmp_path, told)
        sandbox = sandbox_of(told)
        page = re.search(r"The console\..*\n +(http://\S+/open/\S+)", told)
        assert page, told
        day = re.search(r"curl -d '([^']+)' (\S+/day)", told)
        assert day, told

        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            async with session.get(page[1]) as answer:
                assert (answer.status, answer.url.path) == (200, "/")
            async with session.post(day[2], data=day[1]) as answer:
                assert answer.status == 200, await answer.text()
        await commits_of(tmp_path, 8)
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), LIMIT_SECONDS) == 0

    assert not listens(sandbox)
    assert not listens(page[1])


async def test_pages_of_several_districts_are_refused(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_pages(generate(DistrictSpec(students=50, seed=seed)), tmp_path / "pages" / str(seed))

    told = await demo(tmp_path, "--district", str(tmp_path / "pages"))

    assert told.code == 2
    assert "expected the pages of one district" in told.err


async def test_a_folder_that_no_demo_made_is_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "demo" / "mine.txt"
    mine.parent.mkdir()
    mine.touch()

    told = await demo(tmp_path)

    assert told.code == 2
    assert "expected a folder that a demo made" in told.err
    assert mine.exists()
