"""The program in a process of its own that has imported everything already: a fork for each start.

A start of the program is mostly imports, and the tests start it some three hundred times. The process that
forks has run nothing of the program; each fork gets its own arguments, environment and pipes, runs
`python -m worker` in them, and ends with its exit code. What is about the start itself starts the program
anew (`Site.is_cold`).
"""

from __future__ import annotations

import asyncio
import atexit
import fcntl
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

RUN = "PYTEST_XDIST_TESTRUNUID"
"""The variable that names the run in each of its workers."""
LARGEST_ORDER = 1 << 20
LONGEST_LINE = 1 << 22
ALSO = (
    *(
        "worker.adapters.channels.open_channels",
        "worker.adapters.clever.client",
        "worker.adapters.clever.vault",
    ),
    *("worker.adapters.postgres.migrating", "worker.operations.dry_run", "worker.operations.trial.service"),
)
"""What the program imports only where it is used."""


@dataclass
class WarmProcess:
    """A started program; as `asyncio.subprocess.Process`, as far as the tests need it."""

    pid: int
    stdin: asyncio.WriteTransport
    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader
    _ended: asyncio.Task[int]

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for a signal; None while it runs."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        """Wait for its end."""
        return await asyncio.shield(self._ended)

    async def communicate(self, text: bytes) -> tuple[bytes, bytes]:
        """Write to its standard input, and return what it writes until its end."""
        self.stdin.write(text)
        self.stdin.close()
        out, err, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return out, err

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)


async def start(arguments: Sequence[str], environment: Mapping[str, str], folder: Path) -> WarmProcess:
    """Start the program with these arguments, in this environment and folder."""
    (theirs_in, ours_in), (ours_out, theirs_out), (ours_err, theirs_err) = os.pipe(), os.pipe(), os.pipe()
    ours_news, theirs_news = os.pipe()
    order = {"arguments": arguments, "environment": dict(environment), "folder": str(folder)}
    handed = [theirs_in, theirs_out, theirs_err, theirs_news]
    try:
        socket.send_fds(channel(), [json.dumps(order).encode()], handed)
    finally:
        for one in handed:
            os.close(one)
    news = await _reader(ours_news)
    pid = int(await news.readline())
    stdin, _ = await asyncio.get_running_loop().connect_write_pipe(
        asyncio.Protocol, os.fdopen(ours_in, "wb", 0)
    )
    ended = asyncio.create_task(_exit_code(news))
    return WarmProcess(pid, stdin, await _reader(ours_out), await _reader(ours_err), ended)


async def _reader(pipe: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=LONGEST_LINE)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(pipe, "rb", 0))
    return reader


async def _exit_code(news: asyncio.StreamReader) -> int:
    return int(await news.read())


@cache
def channel() -> socket.socket:
    """Return the way to the process that forks: one for all workers of a run, which ends with the last."""
    place = Path(tempfile.gettempdir(), f"warm-program-{os.environ.get(RUN) or uuid.uuid4().hex}")
    ours = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    atexit.register(ours.close)
    with place.with_suffix(".lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        if not place.exists():
            atexit.register(_end, _listening(place), place, ours)
        ours.connect(str(place))
    return ours


def _listening(place: Path) -> subprocess.Popen[bytes]:
    """Start the process that forks, which can be reached there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as theirs:
        theirs.bind(str(place))
        theirs.listen()
        command = [sys.executable, __file__, str(theirs.fileno())]
        return subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )


def _end(process: subprocess.Popen[bytes], place: Path, ours: socket.socket) -> None:
    """Wait until nobody orders any more, and leave nothing behind; who comes later starts one anew."""
    lock = place.with_suffix(".lock")
    with lock.open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)
        place.unlink()
        lock.unlink()
    ours.close()
    process.wait()


# In the process that forks


def serve(listener: socket.socket) -> None:
    """Fork for each order, and return in each fork, as what was ordered; exit when nobody orders any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    running: dict[int, int] = {}
    channels = {listener.fileno(): listener}
    while True:
        ready, _, _ = select.select([*channels, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_of_ended(running)
        for channel in [channels[place] for place in ready if place != woken]:
            text, handed = _heard(channel, channels)
            if not text:
                continue
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for each in channels.values():
                    each.close()
                for pipe in (woken, wake, handed.pop(), *running.values()):
                    os.close(pipe)
                _become(json.loads(text), handed)
                return
            *theirs, news = handed
            for pipe in theirs:
                os.close(pipe)
            running[pid] = news
            os.write(news, b"%d\n" % pid)


def _heard(channel: socket.socket, channels: dict[int, socket.socket]) -> tuple[bytes, list[int]]:
    """Return what is ordered; nothing where somebody comes or goes. Exit when the last one goes."""
    if channel.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        joined, _ = channel.accept()
        channels[joined.fileno()] = joined
        return b"", []
    text, handed, _, _ = socket.recv_fds(channel, LARGEST_ORDER, 4)
    if not text:
        del channels[channel.fileno()]
        channel.close()
        if len(channels) == 1:  # the one that others would come by
            sys.exit()
    return text, handed


def _tell_of_ended(running: dict[int, int]) -> None:
    for pid in list(running):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            news = running.pop(pid)
            with suppress(BrokenPipeError):
                os.write(news, b"%d" % os.waitstatus_to_exitcode(status))
            os.close(news)


def _become(order: dict[str, object], pipes: list[int]) -> None:
    """Be a process as it was ordered."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, pipe in enumerate(pipes):
        os.dup2(pipe, number)
        os.close(pipe)
    os.chdir(str(order["folder"]))
    environment, arguments = order["environment"], order["arguments"]
    assert isinstance(environment, dict)
    assert isinstance(arguments, list)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    sys.argv = ["worker", *arguments]


def preload() -> None:
    """Import whatever the program may, and put it where no search for garbage copies it into each fork."""
    from worker.cli.commands import COMMANDS  # noqa: PLC0415 — of the program: not in the tests' own process

    for module in (*(place.where.partition(":")[0] for place in COMMANDS.values()), *ALSO):
        import_module(module)
    gc.collect()
    gc.freeze()


class Ending:
    """How a fork ends: without taking its modules apart, for which it would copy the memory of them all."""

    def __init__(self) -> None:
        self.code: object = 1
        atexit.register(self.end)

    def run(self) -> None:
        """Be the program."""
        try:
            runpy.run_module("worker", run_name="__main__", alter_sys=True)
        except SystemExit as told:
            self.code = told.code
            raise

    def end(self) -> None:
        """End, after whatever else was to be called at the exit."""
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(self.code if isinstance(self.code, int) else self.code is not None)


if __name__ == "__main__":
    ending = Ending()  # before anything registers what is to be called at the exit: that is called in reverse
    sys.path[0] = str(Path(__file__).parents[2])
    preload()
    serve(socket.socket(fileno=int(sys.argv[1])))
    ending.run()
