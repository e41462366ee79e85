"""What only the in-process broker does: a publish waits for its consumer, and queues may end in files."""

from __future__ import annotations

import asyncio
import multiprocessing
from typing import TYPE_CHECKING

import pytest

from config.topology import COMMIT_QUEUE
from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.inprocess.files import FileSink
from worker.messaging.broker import Message
from worker.runtime.errors import BrokerUnavailable

if TYPE_CHECKING:
    from pathlib import Path

LONG = 40.0


def commit(body: bytes) -> Message:
    return Message("rostering", "commit.d1", body)


async def test_a_publish_does_not_return_before_its_message_is_acknowledged() -> None:
    broker = InProcessBroker()
    publish = asyncio.create_task(broker.publish(commit(b"1")))
    async with asyncio.timeout(LONG), broker.subscribe(COMMIT_QUEUE, prefetch=1) as commits:
        (taken,) = await commits.take(1, LONG)
        assert not publish.done()
        await commits.acknowledge(taken.tag)
        await publish


async def test_a_publish_that_nobody_acknowledges_raises_when_its_time_is_up() -> None:
    broker = InProcessBroker(publish_timeout=0.05)

    with pytest.raises(BrokerUnavailable, match="was not acknowledged"):
        await broker.publish(commit(b"1"))


async def test_a_publish_that_waits_raises_when_the_broker_closes() -> None:
    broker = InProcessBroker()
    publish = asyncio.create_task(broker.publish(commit(b"1")))
    await asyncio.sleep(0)
    await broker.close()

    async with asyncio.timeout(LONG):
        with pytest.raises(BrokerUnavailable):
            await publish


async def test_a_queue_with_a_sink_keeps_its_messages_there_in_order(tmp_path: Path) -> None:
    file = tmp_path / "out" / "commit.ndjson"
    broker = InProcessBroker(sinks={COMMIT_QUEUE: FileSink(file)})

    async with asyncio.timeout(LONG):
        await asyncio.gather(*(broker.publish(commit(b"%d" % number)) for number in range(50)))

    assert file.read_text().split() == [str(number) for number in range(50)]


@pytest.mark.parametrize("torn", [b'{"n":1}\n{"n":', b'{"n":1}\n' + b"x" * 200_000])
async def test_a_last_line_torn_by_a_crash_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    file = tmp_path / "commit.ndjson"
    file.write_bytes(torn)

    await FileSink(file).append(commit(b'{"n":2}'))

    assert file.read_bytes() == b'{"n":1}\n{"n":2}\n'


async def test_a_file_of_one_torn_line_becomes_the_new_line(tmp_path: Path) -> None:
    file = tmp_path / "commit.ndjson"
    file.write_bytes(b"x" * 70_000)

    await FileSink(file).append(commit(b"1"))

    assert file.read_bytes() == b"1\n"


def append_many(file: Path, name: str) -> None:
    async def append() -> None:
        sink = FileSink(file)
        for _ in range(100):
            await sink.append(commit(name.encode() * 1000))

    asyncio.run(append())


def test_processes_that_append_to_one_file_do_not_mix_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "commit.ndjson"
    spawning = multiprocessing.get_context("spawn")
    processes = [spawning.Process(target=append_many, args=(file, name)) for name in "ab"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)

    lines = file.read_text().splitlines()
    assert sorted(lines) == ["a" * 1000] * 100 + ["b" * 1000] * 100


async def test_a_body_with_a_line_end_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "commit.ndjson"

    with pytest.raises(ValueError, match="line end"):
        await FileSink(file).append(commit(b"1\n2"))

    assert not file.exists()


async def test_a_file_that_cannot_be_written_makes_the_broker_unavailable(tmp_path: Path) -> None:
    broker = InProcessBroker(sinks={COMMIT_QUEUE: FileSink(tmp_path)})

    with pytest.raises(BrokerUnavailable, match="cannot write"):
        await broker.publish(commit(b"1"))
