"""Dead letters in a file: the in-process broker's, one a line.

Whoever has them open holds a lock of their own, on a file beside: so lines stay where they are, and only new
ones are appended, as happens while a letter is published again and is still unreadable. The file itself is
locked only for the moment in which it is read, or in which one line of it is marked.
"""

from __future__ import annotations

import asyncio
import base64
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import orjson

from worker.adapters.private_files import private_folder
from worker.messaging.dead_letters import DeadLetter, OpenLetters
from worker.runtime.errors import BrokerUnavailable, DeadLettersBusy

Result = TypeVar("Result")

PATIENCE_SECONDS: Final = 15.0
PAUSE_SECONDS: Final = 0.05
GONE: Final = b" "
"""What a line begins with whose letter was taken away: one byte to write, of which there is no half.

Such lines go for good when the letters are closed."""
UNKNOWN: Final = "unknown"


class FileDeadLetters:
    """Answers to `worker.messaging.dead_letters.DeadLetters`."""

    def __init__(self, path: Path, patience: float = PATIENCE_SECONDS) -> None:
        self._path = path
        self._patience = patience

    @asynccontextmanager
    async def open(self) -> AsyncIterator[OpenLetters]:
        """Have the dead letters while the context is open; see the port."""
        claim = await self._claim()
        try:
            yield FileLetters(self._path)
        finally:
            try:
                await _in_thread(self._path, _drop_gone, self._path)
            finally:
                claim.close()

    async def _claim(self) -> BinaryIO:
        """Lock the dead letters as a whole; the lock goes with the process."""
        beside = self._path.with_suffix(".lock")
        end = asyncio.get_running_loop().time() + self._patience
        try:
            private_folder(beside.parent)
            file = beside.open("ab")
        except OSError as error:
            raise BrokerUnavailable(f"cannot open {beside}: {error.strerror}") from error
        try:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if asyncio.get_running_loop().time() >= end:
                        raise DeadLettersBusy("the dead letters are in use: try again in a moment") from None
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    return file
        except BaseException:
            file.close()
            raise


class FileLetters:
    """The dead letters of the file; `place` is where a line begins."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next = 0

    async def read(self, limit: int) -> AsyncIterator[DeadLetter]:
        """Yield the oldest letters in their order; see the port."""
        lines, self._next = await _in_thread(self._path, _lines, self._path, self._next, limit)
        for place, line in lines:
            yield _letter(place, line)

    async def remove(self, letter: DeadLetter) -> None:
        """Take one that was read away, for good."""
        await _in_thread(self._path, _mark, self._path, letter.place)

    async def waiting(self) -> int:
        """Return how many letters there are beside those that were read."""
        return await _in_thread(self._path, _count, self._path, self._next)


async def _in_thread(path: Path, work: Callable[..., Result], *arguments: object) -> Result:
    try:
        return await asyncio.to_thread(work, *arguments)
    except OSError as error:
        raise BrokerUnavailable(f"cannot read or write {path}: {error.strerror}") from error


def _locked(path: Path) -> BinaryIO | None:
    """Open the file and lock it against appends; None where there is none yet."""
    try:
        file = path.open("r+b")
    except FileNotFoundError:
        return None
    fcntl.flock(file, fcntl.LOCK_EX)  # only we, who have the claim, ever put another file into its place
    return file


def _lines(path: Path, start: int, limit: int) -> tuple[list[tuple[int, bytes]], int]:
    """Return whole lines from `start` on with where each begins, and where to go on."""
    found: list[tuple[int, bytes]] = []
    file = _locked(path)
    if file is None:
        return found, start
    with file:
        file.seek(start)
        place = start
        while len(found) < limit and (line := file.readline()).endswith(b"\n"):
            if not line.startswith(GONE):
                found.append((place, line))
            place += len(line)
    return found, place


def _count(path: Path, start: int) -> int:
    file = _locked(path)
    if file is None:
        return 0
    with file:
        file.seek(start)
        return sum(1 for line in file if line.endswith(b"\n") and not line.startswith(GONE))


def _mark(path: Path, place: int) -> None:
    """Say that the letter of this line is gone."""
    file = _locked(path)
    if file is None:
        return
    with file:
        file.seek(place)
        file.write(GONE)
        file.flush()
        os.fsync(file.fileno())


def _drop_gone(path: Path) -> None:
    """Write the file anew without the letters that are gone, and put it into the old one's place.

    An append that waits for the lock of the old file would be lost with it: see `files._append`, which looks
    again whether the file that it locked is the one that is there.
    """
    file = _locked(path)
    if file is None:
        return
    with file:
        lines = file.readlines()
        kept = [line for line in lines if not line.startswith(GONE)]
        if len(kept) == len(lines):
            return
        fresh = path.with_suffix(".new")
        with fresh.open("wb") as other:
            other.writelines(kept)
            other.flush()
            os.fsync(other.fileno())
        fresh.replace(path)


def _letter(place: int, line: bytes) -> DeadLetter:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict):  # somebody else wrote it
        return DeadLetter(place, line, "", UNKNOWN, None, None)
    if "body_base64" in told:
        body = base64.b64decode(told["body_base64"])
    else:
        body = str(told.get("body", "")).encode()
    when = told.get("died_at")
    return DeadLetter(
        place=place,
        body=body,
        routing_key=told.get("routing_key") or "",
        reason=told.get("reason") or UNKNOWN,
        district_id=told.get("district_id"),
        died_at=datetime.fromisoformat(when) if when else None,
        trace_parent=told.get("traceparent"),
    )
