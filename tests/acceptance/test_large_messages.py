"""Large messages: intake keeps to its memory, to its loop's turns, and to every event."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.acceptance.program import Site, publishing
from tests.support.builders.records import event_json, record_id, section_json, student_json

MEMORY = 400 * 1000 * 1000
TOO_LARGE = 6_000_000
LONG = 500.0
UNREADABLE = 40
"""Unreadable messages, and large ones: of either, more than the memory allows."""
SMALL_FIRST = 600
"""Enough to have ingest read as far ahead as it ever does."""


def large(number: int) -> bytes:
    """Return a readable event of 3.8 MiB: a section that had 100,000 students and has 45,000."""
    event = event_json(section_json(number, students=["now"]), "sections.updated", number)
    event["data"]["previous_attributes"] = {"students": ["before"]}
    text = json.dumps(event, separators=(",", ":"))
    return text.replace('["now"]', students(45_000)).replace('["before"]', students(100_000)).encode()


@cache
def students(count: int) -> str:
    """Return the ids of so many students, as JSON."""
    return json.dumps([record_id(student) for student in range(count)], separators=(",", ":"))


def large_text(number: int) -> bytes:
    """Return a readable event of 3.8 MiB that is a single text: reading it makes few objects."""
    event = event_json(student_json(number), number=number)
    event["data"]["previous_attributes"] = {"name": "x" * 3_800_000}
    return json.dumps(event, separators=(",", ":")).encode()


def unreadable(number: int) -> bytes:
    """Return a user without roles."""
    return json.dumps(event_json({"id": record_id(number)}, "users.created", number)).encode()


def peak(pid: int) -> int:
    """Return the most bytes that a process had resident."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the system does not tell")


async def stored(site: Site, count: int) -> None:
    connection = await asyncpg.connect(site.database_url)
    try:
        async with asyncio.timeout(LONG):
            while await connection.fetchval("SELECT count(*) FROM inbox") < count:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "messages", [30, pytest.param(300, marks=(pytest.mark.full, pytest.mark.timeout(600)))]
)
async def test_intake_of_large_messages_stays_under_400_mb(site: Site, messages: int) -> None:
    async with publishing(site.broker_url or "") as send:
        small: list[Any] = [
            send(json.dumps(event_json(student_json(n), number=n)).encode())
            for n in range(1_000_000, 1_000_000 + SMALL_FIRST)
        ]
        await asyncio.gather(*small)
        for number in range(1, messages + 1):
            await send(large(number))

    site.is_cold = True  # a fork has the memory of what was imported before
    async with site.worker("--stages", "ingest") as worker:
        await stored(site, messages + SMALL_FIRST)
        most = peak(worker.process.pid)

    print(f"{messages} messages of 3.8 MiB: {most / 1e6:.0f} MB at most")  # noqa: T201
    assert most < MEMORY


async def test_unreadable_messages_among_large_ones_keep_none_of_them_in_memory(site: Site) -> None:
    async with publishing(site.broker_url or "") as send:
        for number in range(1, UNREADABLE + 1):
            await send(large_text(number))
            await send(unreadable(1_000 + number))
            if number % 10 == 0:
                await send(b"no JSON" * 500_000)
                await send(b" " * TOO_LARGE)

    site.is_cold = True
    async with site.worker("--stages", "ingest") as worker:
        await stored(site, UNREADABLE)
        most = peak(worker.process.pid)

    print(f"{UNREADABLE} messages of 3.8 MB among more unreadable ones: {most / 1e6:.0f} MB at most")  # noqa: T201
    assert most < MEMORY / 2


@pytest.mark.full
async def test_no_large_message_holds_the_event_loop_for_a_tenth_of_a_second(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine that has nothing else to do: asyncio itself says which step took longer."""
    monkeypatch.setenv("PYTHONASYNCIODEBUG", "1")
    async with publishing(site.broker_url or "") as send:
        for number in range(1, 31):
            await send(large(number))
            await send(large_text(1_000 + number))

    site.is_cold = True
    async with site.worker("--stages", "ingest") as worker:
        await stored(site, 60)
        slow = [line for line in worker.lines if line.startswith('{"event": "Executing <')]

    assert slow == []
