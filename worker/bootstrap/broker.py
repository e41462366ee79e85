"""The composition root of the broker: what opens it, and what works on its messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from pydantic import SecretStr

from config.settings import Settings
from config.topology import ALERT_QUEUE, COMMIT_QUEUE, DEAD_LETTER_QUEUE, EVENTS_QUEUE, REVIEW_QUEUE
from worker.adapters.inprocess.broker import InProcessBroker, Sink
from worker.adapters.inprocess.files import FileSink, MessageFiles
from worker.adapters.rabbitmq import rights
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.adapters.rabbitmq.dead_letters import RabbitDeadLetters
from worker.bootstrap.settings import process_name
from worker.bootstrap.store import Stores, open_store
from worker.messaging.broker import Broker
from worker.messaging.dead_letters import DeadLetters
from worker.pipeline.ingest.stage import IngestStage
from worker.runtime.errors import BrokerUnavailable
from worker.runtime.loop import Health, Stop, run
from worker.runtime.metrics import Metrics

OUT: Final = {COMMIT_QUEUE: "commit.ndjson", REVIEW_QUEUE: "review.ndjson", ALERT_QUEUE: "alerts.ndjson"}
"""The files of the in-process broker, by queue."""


def open_broker(settings: Settings, store: Stores) -> RabbitBroker | InProcessBroker:
    """Return the broker; it connects when it is first used. Without one, `store` takes the dead letters."""
    if settings.broker_url is not None:
        return _rabbitmq(settings.broker_url)
    sinks: dict[str, Sink] = {DEAD_LETTER_QUEUE: store.dead_letters}
    for queue, name in OUT.items():
        sinks[queue] = FileSink(settings.data_dir / "out" / name)
    return InProcessBroker(sinks=sinks)


def message_files(settings: Settings) -> MessageFiles | None:
    """Return the files that the in-process broker's messages are kept in; None where there is a broker."""
    if settings.broker_url is not None:
        return None
    return MessageFiles([settings.data_dir / "out" / name for name in OUT.values()])


def dead_letters(broker: RabbitBroker | InProcessBroker, store: Stores) -> DeadLetters:
    """Return where that broker's dead letters lie."""
    return RabbitDeadLetters(broker) if isinstance(broker, RabbitBroker) else store.dead_letters


@asynccontextmanager
async def open_dead_letters(settings: Settings, store: Stores | None = None) -> AsyncIterator[DeadLetters]:
    """Open the dead letters alone: without a broker those in `store`, or in one opened for it."""
    async with AsyncExitStack() as stack:
        if settings.broker_url is not None:
            broker = _rabbitmq(settings.broker_url)
            stack.push_async_callback(broker.close)
            yield RabbitDeadLetters(broker)
        else:
            if store is None:
                store = await stack.enter_async_context(open_store(settings))
            yield store.dead_letters


@asynccontextmanager
async def open_publisher(
    settings: Settings, store: Stores | None = None
) -> AsyncIterator[RabbitBroker | InProcessBroker]:
    """Open what events are published to.

    Without a broker, ingest runs here beside it (into `store`, or one opened for it), so that a publish
    returns once its event is stored; a worker on the same data folder takes it from there.
    """
    async with AsyncExitStack() as stack:
        broker: RabbitBroker | InProcessBroker
        if settings.broker_url is not None:
            broker = _rabbitmq(settings.broker_url)
            stack.push_async_callback(broker.close)
            await broker.check_topology(rights=rights.of_stages(["poll"]))
        else:
            if store is None:
                store = await stack.enter_async_context(open_store(settings))
            broker = open_broker(settings, store)
            stack.push_async_callback(broker.close)
            await stack.enter_async_context(_ingesting(broker, store))
        yield broker


async def is_taken(publisher: RabbitBroker | InProcessBroker, store: Stores | None) -> bool:
    """Whether a worker is there for what was published, as far as that can be told."""
    if isinstance(publisher, RabbitBroker):
        with suppress(BrokerUnavailable):
            return await publisher.has_consumer(EVENTS_QUEUE)
        return True
    return store is None or await store.districts.has_worker()


@asynccontextmanager
async def _ingesting(broker: Broker, store: Stores) -> AsyncIterator[None]:
    """Run ingest while the context is open."""
    stop = Stop()
    ingest = IngestStage(broker, store.inbox, Metrics())
    running = asyncio.create_task(run(ingest, stop, Health()))
    try:
        yield
    finally:
        stop.set()
        await running
        await ingest.close()


def _rabbitmq(url: SecretStr) -> RabbitBroker:
    return RabbitBroker(url.get_secret_value(), name=process_name())
