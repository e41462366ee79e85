"""The composition root of the broker: what opens it, and what works on its messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from config.settings import Settings
from config.topology import ALERT_QUEUE, COMMIT_QUEUE, DEAD_LETTER_QUEUE, EVENTS_QUEUE, REVIEW_QUEUE
from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.inprocess.dead_letters import FileDeadLetters
from worker.adapters.inprocess.files import DeadLetterFile, FileSink, MessageFiles
from worker.adapters.rabbitmq import rights
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.adapters.rabbitmq.dead_letters import RabbitDeadLetters
from worker.bootstrap.settings import process_name
from worker.bootstrap.store import Stores, open_store
from worker.messaging.broker import Broker
from worker.messaging.dead_letters import DeadLetters
from worker.operations.purge_district import Purge
from worker.pipeline.ingest.stage import IngestStage
from worker.runtime.errors import BrokerUnavailable
from worker.runtime.loop import Health, Stop, run
from worker.runtime.metrics import Metrics

DEAD_LETTERS: Final = "dead-letters.ndjson"


def open_broker(settings: Settings) -> RabbitBroker | InProcessBroker:
    """Return the broker; it connects when it is first used."""
    if settings.broker_url is not None:
        return RabbitBroker(settings.broker_url.get_secret_value(), name=process_name())
    out = settings.data_dir / "out"
    return InProcessBroker(
        sinks={
            COMMIT_QUEUE: FileSink(out / "commit.ndjson"),
            REVIEW_QUEUE: FileSink(out / "review.ndjson"),
            ALERT_QUEUE: FileSink(out / "alerts.ndjson"),
            DEAD_LETTER_QUEUE: DeadLetterFile(out / DEAD_LETTERS),
        },
    )


def message_files(settings: Settings) -> MessageFiles | None:
    """Return the files that the in-process broker's messages are kept in; None where there is a broker."""
    if settings.broker_url is not None:
        return None
    out = settings.data_dir / "out"
    return MessageFiles([out / name for name in ("commit.ndjson", "review.ndjson", "alerts.ndjson")])


def purge_of(settings: Settings, store: Stores, broker: RabbitBroker | InProcessBroker) -> Purge:
    """Return what deletes a district."""
    return Purge(store.districts, dead_letters(settings, broker), store.quarantine, message_files(settings))


def dead_letters(settings: Settings, broker: RabbitBroker | InProcessBroker) -> DeadLetters:
    """Return where that broker's dead letters lie."""
    if isinstance(broker, RabbitBroker):
        return RabbitDeadLetters(broker)
    return FileDeadLetters(settings.data_dir / "out" / DEAD_LETTERS)


@asynccontextmanager
async def open_publisher(
    settings: Settings, store: Stores | None = None
) -> AsyncIterator[RabbitBroker | InProcessBroker]:
    """Open what events are published to.

    Without a broker, ingest runs here beside it (into `store`, or one opened for it), so that a publish
    returns once its event is stored; a worker on the same data folder takes it from there.
    """
    broker = open_broker(settings)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(broker.close)
        if isinstance(broker, RabbitBroker):
            await broker.check_topology(rights=rights.of_stages(["poll"]))
        else:
            if store is None:
                store = await stack.enter_async_context(open_store(settings))
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
