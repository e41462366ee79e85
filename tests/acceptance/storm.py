"""A storm: workers under a supervisor, while broker, database, network and killers do what they may do."""

from __future__ import annotations

import asyncio
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import aio_pika
import asyncpg

from tests.acceptance.program import Consumer, Site, Worker
from tests.support.servers.rabbitmq_node import RabbitNode
from tests.support.servers.tcp_proxy import TcpProxy

GRANTS = Path(__file__).parents[2] / "config" / "postgres" / "worker-role.sql"
WRITTEN = ("inbox", "windows", "staged", "roster", "findings", "decisions", "outbox", "evaluated_events")
"""Tables that a right is taken away on, or that are called otherwise, for a moment."""


@dataclass
class Supervisor:
    """Keeps one worker running, and writes down how each process of it ended and what memory it took."""

    environment: dict[str, str]
    ends: list[int] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    killed: int = 0
    worker: Worker | None = None

    async def run(self) -> None:
        """Start the worker again whenever it ends, until cancelled."""
        try:
            while True:
                self.worker = await Worker.start(self.environment)
                while self.worker.process.returncode is None:
                    self._look()
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self.worker.process.wait(), 0.2)
                self.ends.append(self.worker.process.returncode)
        finally:
            if self.worker is not None:
                self.worker.kill()
                await self.worker.process.wait()

    def kill(self) -> None:
        """End the worker as a power cut would."""
        if self.worker is not None and self.worker.process.returncode is None:
            self.worker.kill()
            self.killed += 1

    def last_lines(self, count: int = 25) -> str:
        """Return what the worker logged last, for whoever has to find out why it does not get on."""
        return "".join(self.worker.lines[-count:]) if self.worker is not None else ""

    @property
    def is_ready(self) -> bool:
        """Whether the worker has begun to work."""
        worker = self.worker
        return worker is not None and any(r.get("event") == "worker.started" for r in worker.records)

    @property
    def ended_by_itself(self) -> list[int]:
        """The exit codes of processes that nobody killed."""
        return [code for code in self.ends if code != -signal.SIGKILL]

    def _look(self) -> None:
        assert self.worker is not None
        with suppress(OSError):
            status = Path(f"/proc/{self.worker.process.pid}/status").read_text()
            for line in status.splitlines():
                if line.startswith("VmHWM:"):
                    self.peaks.append(int(line.split()[1]) * 1024)


@dataclass
class Storm:
    """The faults, each of which ends by itself."""

    site: Site
    """As the tests reach it: directly, with every right."""
    role: str
    proxy: TcpProxy
    node: RabbitNode
    supervisors: list[Supervisor]
    rng: random.Random
    seen: Counter[str] = field(default_factory=Counter)

    async def rage(self) -> None:
        """Do one thing after another, all of them again and again, until cancelled.

        What has begun when it is cancelled is brought to its end first: an alarm would stay raised for good.
        """
        faults = self._faults()
        while True:
            for fault in self.rng.sample(faults, len(faults)):
                await asyncio.sleep(self.rng.uniform(0.3, 1.5))  # the beat of the storm itself
                begun = asyncio.ensure_future(fault())
                try:
                    await asyncio.shield(begun)
                except asyncio.CancelledError:
                    await begun
                    raise
                self.seen[fault.__name__] += 1

    @property
    def has_done_all(self) -> bool:
        """Whether each fault has been there at least once."""
        return all(self.seen[fault.__name__] for fault in self._faults())

    def _faults(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self.cancel_queries,
            self.end_connections,
            self.revoke_a_right,
            self.rename_a_table,
            self.swallow_connections,
            self.be_read_only,
            self.raise_the_brokers_alarm,
            self.restart_the_broker,
            self.kill_a_worker,
        ]

    async def cancel_queries(self) -> None:
        """Cancel what the workers run, a few times."""
        for _ in range(5):
            await self._execute(f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity {self._theirs}")
            await asyncio.sleep(0.1)

    async def end_connections(self) -> None:
        """End every connection of the workers."""
        await self._execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity {self._theirs}")

    async def revoke_a_right(self) -> None:
        """Let the workers insert nothing into one table for some seconds."""
        table = self.rng.choice(WRITTEN)
        await self._for_a_while(
            3, f"REVOKE INSERT ON {table} FROM {self.role}", f"GRANT INSERT ON {table} TO {self.role}"
        )

    async def rename_a_table(self) -> None:
        """Have one table gone for a moment, as in a migration by hand."""
        table = self.rng.choice(WRITTEN)
        await self._for_a_while(
            1, f"ALTER TABLE {table} RENAME TO gone_{table}", f"ALTER TABLE gone_{table} RENAME TO {table}"
        )

    async def swallow_connections(self) -> None:
        """Take what comes over the open connections, and answer nothing; new ones are fine."""
        self.proxy.swallow_open_connections()

    async def be_read_only(self) -> None:
        """Be a standby for some seconds, which ends no connection but takes no write."""
        await self._for_a_while(
            4,
            f"ALTER ROLE {self.role} SET default_transaction_read_only = on",
            f"ALTER ROLE {self.role} RESET default_transaction_read_only",
            and_then=self.end_connections,
        )

    async def raise_the_brokers_alarm(self) -> None:
        """Have the broker block whoever publishes, for some seconds."""
        await asyncio.to_thread(self.node.raise_memory_alarm)
        await asyncio.sleep(4)
        await asyncio.to_thread(self.node.lift_memory_alarm)

    async def restart_the_broker(self) -> None:
        """Kill the broker, and start it again."""
        await asyncio.to_thread(self.node.kill)
        await asyncio.to_thread(self.node.start)

    async def kill_a_worker(self) -> None:
        """Kill one of the workers, as soon as it has begun to work."""
        victim = self.rng.choice(self.supervisors)
        async with asyncio.timeout(120):
            while not victim.is_ready:  # noqa: ASYNC110 — another process's work
                await asyncio.sleep(0.1)
        victim.kill()

    @property
    def _theirs(self) -> str:
        return f"WHERE usename = '{self.role}' AND pid <> pg_backend_pid()"

    async def _for_a_while(
        self, seconds: float, begin: str, end: str, *, and_then: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        if not await self._execute(begin):
            return
        try:
            if and_then is not None:
                await and_then()
            await asyncio.sleep(seconds)
        finally:
            ended = await asyncio.shield(self._execute(end))
        assert ended, end

    async def _execute(self, statement: str) -> bool:
        """Run one statement; tell whether it could have its lock, which an evaluation may hold for long."""
        connection = await asyncpg.connect(self.site.database_url)
        try:
            await connection.execute("SET lock_timeout = '5s'")
            for _ in range(12):
                try:
                    await connection.execute(statement)
                except (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
                    continue
                else:
                    return True
            return False
        finally:
            await connection.close()


async def add_role(database_url: str, role: str) -> None:
    """Make a role with the rights that a worker needs."""
    lines = [line for line in GRANTS.read_text().splitlines() if not line.startswith("--")]
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"CREATE ROLE {role} LOGIN")
        await connection.execute(" ".join(lines).replace(':"role"', role))
    finally:
        await connection.close()


async def publish_surely(url: str, bodies: list[tuple[bytes, str]]) -> None:
    """Publish bodies with their districts to clever.events, each until the broker has confirmed it."""
    waiting = list(reversed(bodies))
    while waiting:
        with suppress(aio_pika.exceptions.AMQPError, OSError, TimeoutError, RuntimeError):
            connection = await aio_pika.connect(url, timeout=10)
            try:
                channel = await connection.channel(on_return_raises=True)
                exchange = await channel.get_exchange("clever.events", ensure=False)
                while waiting:
                    body, district = waiting[-1]
                    message = aio_pika.Message(body, headers={"district_id": district}, delivery_mode=2)
                    await exchange.publish(message, f"{district}.event", timeout=10)
                    waiting.pop()
            finally:
                await connection.close()
        await asyncio.sleep(0.2 if waiting else 0)  # the broker is away, or blocks


@asynccontextmanager
async def hearing(url: str) -> AsyncIterator[Consumer]:
    """Consume commits and reviews, acknowledged one by one, over whatever becomes of the broker."""
    consumer = Consumer()

    async def hear() -> None:
        while True:
            with suppress(aio_pika.exceptions.AMQPError, OSError, TimeoutError, RuntimeError):
                connection = await aio_pika.connect(url, timeout=10)
                try:
                    channel = await connection.channel()
                    await channel.set_qos(prefetch_count=1)
                    await asyncio.gather(
                        *(
                            _hear_queue(channel, consumer, name)
                            for name in ("rostering.commit", "rostering.review")
                        )
                    )
                finally:
                    await connection.close()
            await asyncio.sleep(0.3)  # the broker is away

    hearing_task = asyncio.create_task(hear())
    try:
        yield consumer
        consumer.raise_error()
    finally:
        hearing_task.cancel()
        await asyncio.gather(hearing_task, return_exceptions=True)


async def _hear_queue(channel: aio_pika.abc.AbstractChannel, consumer: Consumer, name: str) -> None:
    queue = await channel.get_queue(name, ensure=False)
    async with queue.iterator() as messages:
        async for message in messages:
            await consumer.hear(message)
            await message.ack()
