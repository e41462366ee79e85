"""The file of dead letters: what one process takes away is never what another one appends."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from pathlib import Path

from worker.adapters.inprocess.dead_letters import FileDeadLetters
from worker.adapters.inprocess.files import DeadLetterFile
from worker.messaging.broker import Message

MANY = 150


def append_many(file: Path) -> None:
    async def append() -> None:
        sink = DeadLetterFile(file)
        for number in range(MANY):
            await sink.append(Message("clever.events.dead", "d.users", b"%d" % number))

    asyncio.run(append())


async def test_letters_that_another_process_appends_are_each_taken_once_and_in_order(tmp_path: Path) -> None:
    file = tmp_path / "dead-letters.ndjson"
    letters = FileDeadLetters(file)
    process = multiprocessing.get_context("spawn").Process(target=append_many, args=(file,))
    process.start()
    taken: list[int] = []

    async with asyncio.timeout(60):
        while len(taken) < MANY:
            async with letters.open() as opened:
                async for letter in opened.read(3):
                    taken.append(int(letter.body))
                    await opened.remove(letter)
    await asyncio.to_thread(process.join, 30)

    assert taken == list(range(MANY))
    assert file.read_bytes() == b""


async def test_a_letter_that_was_marked_before_a_kill_is_not_seen_again(tmp_path: Path) -> None:
    file = tmp_path / "dead-letters.ndjson"
    sink = DeadLetterFile(file)
    for body in (b"1", b"2"):
        await sink.append(Message("clever.events.dead", "d.users", body))
    text = file.read_bytes()
    file.write_bytes(b" " + text[1:] + b'{"reason": "torn')

    async with FileDeadLetters(file).open() as opened:
        seen = [letter.body async for letter in opened.read(10)]
        assert await opened.waiting() == 0

    assert seen == [b"2"]
    await sink.append(Message("clever.events.dead", "d.users", b"3"))
    assert [json.loads(line)["body"] for line in file.read_text().splitlines()] == ["2", "3"]


async def test_a_line_that_somebody_else_wrote_is_a_letter_too(tmp_path: Path) -> None:
    file = tmp_path / "dead-letters.ndjson"
    file.write_bytes(b"[not ours\n")

    async with FileDeadLetters(file).open() as opened:
        (letter,) = [letter async for letter in opened.read(10)]
        await opened.remove(letter)

    assert (letter.body, letter.reason, letter.district_id) == (b"[not ours\n", "unknown", None)
    assert file.read_bytes() == b""
