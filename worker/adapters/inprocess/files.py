"""Files at the end of the in-process broker's queues: one message a line, on disk before it counts.

Several processes may append to one file, and any of them may die in the middle of a line. So an append
takes the file's lock, cuts off a last line that has no end (its message was never confirmed, and is
published again), writes, and returns after fsync.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from typing import TYPE_CHECKING, BinaryIO, Final

import orjson

from worker.adapters.private_files import private_file, private_folder
from worker.runtime.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from worker.messaging.broker import Message

TAIL_BYTES: Final = 65536


class FileSink:
    """Keeps the body of each message, which must be JSON on one line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Threads would take the file's lock in any order; messages keep the order of their publishes.
        self._in_order = asyncio.Lock()

    async def append(self, message: Message) -> None:
        """Return once the body is on disk; raises `BrokerUnavailable` when it cannot be written."""
        if b"\n" in message.body:
            raise ValueError("a line cannot hold a line end")
        async with self._in_order:
            try:
                await asyncio.to_thread(_append, self._path, message.body)
            except OSError as error:
                raise BrokerUnavailable(f"cannot write {self._path}: {error.strerror}") from error


class MessageFiles:
    """The files that messages are kept in, as a whole."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths

    async def forget(self, district_id: str) -> int:
        """Take a district's messages out of the files; return how many. Raises `BrokerUnavailable`."""
        gone = 0
        for path in self._paths:
            try:
                gone += await asyncio.to_thread(_forget, path, district_id)
            except OSError as error:
                raise BrokerUnavailable(f"cannot write {path}: {error.strerror}") from error
        return gone


def _forget(path: Path, district_id: str) -> int:
    """Write the file anew without a district's lines, and put it into the old one's place.

    Who waits meanwhile to append looks again whether the file that it locked is still the one that is there.
    """
    if not path.exists():
        return 0
    gone = 0
    fresh = path.with_suffix(".new")
    with _locked(path) as file, fresh.open("wb") as other:
        file.seek(0)
        for line in file:
            if _district(line) == district_id:
                gone += 1
            else:
                other.write(line)
        other.flush()
        os.fsync(other.fileno())
        if gone:
            fresh.replace(path)
            _sync_folder(path.parent)
        else:
            fresh.unlink()
    return gone


def _district(line: bytes) -> object:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return told.get("district_id") if isinstance(told, dict) else None


def _append(path: Path, line: bytes) -> None:
    private_folder(path.parent)
    with _locked(path) as file:
        private_file(file.fileno())
        is_new = _cut_torn_line(file) == 0
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        _sync_folder(path.parent)


def _locked(path: Path) -> BinaryIO:
    """Open the file to append, and lock it; the lock goes when the file is closed, or its process dies."""
    while True:
        file = path.open("a+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            # A purge puts a new file into the place of the one that we waited for.
            if _is_at(path, file):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _is_at(path: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False


def _cut_torn_line(file: BinaryIO) -> int:
    """Shorten the file to the end of its last whole line and return its size."""
    end = file.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - TAIL_BYTES)
        file.seek(start)
        last = file.read(end - start).rfind(b"\n")
        if last >= 0:
            end = start + last + 1
            break
        end = start
    file.truncate(end)
    return end


def _sync_folder(folder: Path) -> None:
    """Make a new file survive a power cut: it does only when its folder's entry does."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
