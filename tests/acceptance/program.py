"""The real program, as a person or a supervisor runs it, and a consumer of what it publishes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import aio_pika
import aiohttp
import orjson
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from aiormq.exceptions import ConnectionInternalError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.acceptance import warm_program
from worker.adapters.rabbitmq.broker import RabbitBroker

PROGRAM = [sys.executable, "-m", "worker"]
REPOSITORY = Path(__file__).parents[2]
QUEUES = ("rostering.commit", "rostering.review", "rostering.alerts", "clever.events.dead")
CLEVER_DEMO = Path(__file__).parents[3] / "shared" / "clever-demo"

Roster = dict[tuple[str, str], dict[str, Any]]
Process: TypeAlias = asyncio.subprocess.Process | warm_program.WarmProcess


@dataclass
class Finished:
    """A command that ended."""

    code: int
    out: str
    err: str


@dataclass
class Site:
    """One installation: broker, database, data folder; and the settings that every process gets."""

    folder: Path
    broker_url: str | None = None
    database_url: str | None = None
    settings: dict[str, str] = field(default_factory=dict)
    is_cold: bool = False
    """Whether each process imports the program anew, as it does where it is installed."""

    def environment(self, **settings: str) -> dict[str, str]:
        """Return the environment of a process of this site."""
        ours = {
            "BROKER_URL": self.broker_url,
            "DATABASE_URL": self.database_url,
            "DATA_DIR": str(self.folder),
            "HTTP__PORT": "0",
            **self.settings,
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ROSTERING_")}
        return kept | {f"ROSTERING_{name}": value for name, value in ours.items() if value is not None}

    async def command(self, *arguments: str, stdin: str = "", **settings: str) -> Finished:
        """Run a command to its end."""
        process = await started(arguments, self.environment(**settings), is_cold=self.is_cold)
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 90)
        return Finished(process.returncode or 0, out.decode(), err.decode())

    async def done(self, *arguments: str, stdin: str = "", **settings: str) -> str:
        """Run a command that must succeed; return what it printed."""
        finished = await self.command(*arguments, stdin=stdin, **settings)
        assert finished.code == 0, finished
        return finished.out

    async def open_console(self, session: aiohttp.ClientSession) -> None:
        """Come to the console of a worker without users by its link; the session is at its address."""
        link = (await self.done("users", "link")).split()[-1]
        async with session.get(f"/open/{link.rpartition('/')[2]}") as page:
            assert page.status == 200, await page.text()

    async def show(self, district_id: str) -> dict[str, Any]:
        """Return what `show --json` says."""
        shown: dict[str, Any] = json.loads(await self.done("show", district_id, "--json"))
        return shown

    @asynccontextmanager
    async def worker(self, *arguments: str, **settings: str) -> AsyncIterator[Worker]:
        """Run a worker while the context is open, and stop it as a supervisor does."""
        worker = await Worker.start(self.environment(**settings), arguments, is_cold=self.is_cold)
        try:
            yield worker
        finally:
            await worker.stop()


async def started(arguments: Sequence[str], environment: dict[str, str], *, is_cold: bool = False) -> Process:
    """Start the program: by a fork, or anew."""
    if not is_cold:
        return await warm_program.start(arguments, environment, REPOSITORY)
    return await asyncio.create_subprocess_exec(
        *PROGRAM,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd=REPOSITORY,
        limit=warm_program.LONGEST_LINE,
    )


class Worker:
    """A running worker and the log lines it wrote."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self.records: list[dict[str, Any]] = []
        self._news = asyncio.Condition()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def start(
        cls, environment: dict[str, str], arguments: Iterable[str] = (), *, is_cold: bool = False
    ) -> Worker:
        """Start a worker process."""
        process = await started(["run", *arguments], environment, is_cold=is_cold)
        assert process.stdin is not None
        process.stdin.close()
        return cls(process)

    async def logged(
        self, event: str, matches: Callable[[dict[str, Any]], bool] = lambda _: True, seconds: float = 60
    ) -> dict[str, Any]:
        """Return the first line of this event that matches; waits for it."""

        def found() -> dict[str, Any] | None:
            return next((r for r in self.records if r.get("event") == event and matches(r)), None)

        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: found() is not None or self._reading.done())
        line = found()
        assert line is not None, self.lines
        return line

    async def wrote(self, lines: int) -> None:
        """Wait until so many more lines were logged, however long that takes."""
        enough = len(self.records) + lines
        async with self._news:
            await self._news.wait_for(lambda: len(self.records) >= enough or self._reading.done())

    async def url(self) -> str:
        """Return the address of the worker's page, once it runs."""
        return str((await self.logged("worker.started"))["url"])

    def kill(self) -> None:
        """End the process at once, as a power cut would."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)

    async def stop(self) -> int:
        """Ask the process to stop, and return its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = await asyncio.wait_for(self.process.wait(), 40)
        except TimeoutError:
            self.kill()
            raise
        await self._reading
        return code

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode())
            try:
                record = json.loads(line)
            except ValueError:
                record = {}
            async with self._news:
                self.records.append(record)
                self._news.notify_all()
        async with self._news:
            self._news.notify_all()


class Consumer:
    """A consumer downstream: applies commits as they come and keeps what it heard.

    The client library swallows what its callback raises, so the first error is kept here: `until` and the end
    of `consuming` raise it.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.commits: list[dict[str, Any]] = []
        self.reviews: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = []
        self.dead_letters: list[AbstractIncomingMessage] = []
        self.messages: list[AbstractIncomingMessage] = []
        self.roster: dict[str, Roster] = {}
        self.heard_sequences: dict[str, int] = {}
        self._parts: dict[str, dict[int, dict[str, Any]]] = {}
        self._ids: dict[tuple[str, str, int], str] = {}
        self._news = asyncio.Condition()

    async def until(self, happened: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until something is true of what was heard; raises what went wrong while hearing it."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: self.error is not None or happened())
        self.raise_error()

    def raise_error(self) -> None:
        """Raise the first thing that went wrong while hearing messages."""
        if self.error is not None:
            raise self.error

    async def hear(self, message: AbstractIncomingMessage) -> None:
        """Take one message from any of the queues."""
        async with self._news:
            self.messages.append(message)
            try:
                self._take(message)
            except Exception as error:  # noqa: BLE001 — kept, and raised by whoever waits
                self.error = self.error or error
            self._news.notify_all()

    def _take(self, message: AbstractIncomingMessage) -> None:
        body: dict[str, Any] = {}
        if message.exchange != "clever.events.dead":
            body = orjson.loads(message.body)
        match message.type:
            case "rostering.commit/v1":
                self._hear_commit(body)
            case "rostering.review/v1":
                self._hear_review(body)
            case "rostering.alert/v1":
                self.alerts.append(body)
            case _:
                self.dead_letters.append(message)

    def _hear_review(self, body: dict[str, Any]) -> None:
        self._one_id("review", body["district_id"], body["sequence"], body["review_id"])
        if body["review_id"] not in {review["review_id"] for review in self.reviews}:
            self.reviews.append(body)

    def _hear_commit(self, body: dict[str, Any]) -> None:
        district, sequence = body["district_id"], body["sequence"]
        self._one_id("commit", district, sequence, body["commit_id"])
        applied = self.heard_sequences.get(district, 0)
        if sequence <= applied:
            return  # a repetition
        assert sequence == applied + 1, f"commit {sequence} came after {applied}"
        parts = self._parts.setdefault(body["commit_id"], {})
        parts[body["part"]] = body
        if len(parts) < body["parts"]:
            return
        roster = self.roster.setdefault(district, {})
        for part in sorted(parts):
            apply(roster, parts[part]["changes"])
        assert digest(roster) == body["roster"]["digest"]
        self.heard_sequences[district] = sequence
        self.commits.append(
            {**body, "changes": [c for part in sorted(parts) for c in parts[part]["changes"]]}
        )

    def _one_id(self, what: str, district: str, sequence: int, identifier: str) -> None:
        known = self._ids.setdefault((what, district, sequence), identifier)
        assert known == identifier, f"{what} {sequence} has two ids"


def apply(roster: Roster, changes: list[dict[str, Any]]) -> None:
    """Apply a commit's changes."""
    for change in changes:
        key = change["kind"], change["id"]
        if change["op"] == "remove":
            del roster[key]
        else:
            roster[key] = change["record"]


def digest(roster: Roster) -> str:
    """Compute a roster's digest from the words of the contract."""
    total = 0
    for (kind, record_id), record in roster.items():
        canonical = json.dumps(
            {"id": record_id, "kind": kind, "record": record},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        total += int.from_bytes(hashlib.sha256(canonical.encode()).digest())
    return f"{total % 2**256:064x}"


async def declare_topology(url: str) -> None:
    """Have the exchanges and queues in a virtual host, without a start of `rostering topology declare`."""
    broker = RabbitBroker(url, name="test")
    try:
        await broker.declare_topology()
    finally:
        await broker.close()


@asynccontextmanager
async def consuming(url: str, queues: Iterable[str] = QUEUES) -> AsyncIterator[Consumer]:
    """Consume queues while the context is open, all four where none are named."""
    consumer = Consumer()
    connection = await _subscribed(url, queues, consumer)
    try:
        yield consumer
        consumer.raise_error()
    finally:
        await connection.close()


@retry(
    retry=retry_if_exception_type(ConnectionInternalError),
    stop=stop_after_delay(60),
    wait=wait_fixed(0.2),
    reraise=True,
)
async def _subscribed(url: str, queues: Iterable[str], consumer: Consumer) -> AbstractConnection:
    """Consume queues; a broker that has just begun has an internal error until its queues are there."""
    connection = await aio_pika.connect(url)
    try:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=200)
        for name in queues:
            queue = await channel.get_queue(name, ensure=False)
            await queue.consume(consumer.hear, no_ack=True)
    except BaseException:
        await connection.close()
        raise
    return connection


@asynccontextmanager
async def publishing(url: str) -> AsyncIterator[Callable[..., Any]]:
    """Publish bodies to clever.events as a foreign publisher does."""
    connection = await aio_pika.connect(url)
    try:
        channel = await connection.channel(on_return_raises=True)
        exchange = await channel.get_exchange("clever.events", ensure=False)

        async def publish(
            body: bytes, routing_key: str = "any", headers: dict[str, Any] | None = None
        ) -> None:
            message = aio_pika.Message(body, headers=headers or {}, delivery_mode=2)
            await exchange.publish(message, routing_key, timeout=20)

        yield publish
    finally:
        await connection.close()


def clever_demo(name: str) -> list[dict[str, Any]]:
    """Read the records of one of Clever's own demo pages."""
    return [row["data"] for row in json.loads((CLEVER_DEMO / f"{name}.json").read_text())["data"]]
