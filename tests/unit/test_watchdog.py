from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from worker.runtime.errors import BrokerUnavailable, IngestHalted, StoreUnavailable
from worker.runtime.loop import Health, Stop, run
from worker.runtime.watchdog import Watchdog

BROKER_AWAY = BrokerUnavailable("the broker is away")


@dataclass
class FakeConsumer:
    consuming: bool = False
    name: str = "ingest"


class Watched:
    """A watchdog of 120 seconds over a consumer, with a clock that a test turns."""

    def __init__(self, *, consuming: bool = False, cause: Exception | None = None) -> None:
        self.now = 1000.0
        self.stop = Stop()
        self.health = Health()
        self.consumer = FakeConsumer(consuming)
        self.dog = Watchdog(self.consumer, self.health, self.stop, 120, lambda: self.now)
        if cause is not None:
            self.health.trouble("ingest", cause)

    def expires_after(self, seconds: float) -> bool:
        """Look now and when so many seconds have passed; return whether it was enough."""
        self.dog.look()
        self.now += seconds
        self.dog.look()
        return self.dog.expired


async def test_a_worker_without_its_consumer_for_too_long_is_stopped() -> None:
    watched = Watched(cause=BROKER_AWAY)

    assert not watched.expires_after(119.9)
    with capture_logs() as logs:
        assert watched.expires_after(0.1)

    assert watched.stop.requested
    assert logs == [{"event": "watchdog.expired", "log_level": "error", "seconds": 120}]


@pytest.mark.parametrize("cause", [None, StoreUnavailable("x"), IngestHalted("x"), ZeroDivisionError()])
async def test_only_a_broker_that_is_away_counts(cause: Exception | None) -> None:
    watched = Watched(cause=cause)

    assert not watched.expires_after(10_000)
    assert not watched.stop.requested


async def test_a_worker_that_has_not_worked_yet_is_given_its_time() -> None:
    watched = Watched()
    watched.health.starting(["ingest"])

    assert not watched.expires_after(10_000)


async def test_a_consumer_that_consumes_is_never_stopped() -> None:
    assert not Watched(consuming=True, cause=BROKER_AWAY).expires_after(10_000)


async def test_a_consumer_that_came_back_has_its_whole_time_again() -> None:
    watched = Watched(cause=BROKER_AWAY)
    watched.expires_after(119)
    watched.consumer.consuming = True
    watched.dog.look()

    watched.consumer.consuming = False

    assert not watched.expires_after(119)
    assert watched.expires_after(1)


async def test_an_absence_of_the_database_in_between_begins_the_time_anew() -> None:
    watched = Watched(cause=BROKER_AWAY)
    watched.expires_after(119)
    watched.health.trouble("ingest", StoreUnavailable("x"))
    watched.dog.look()

    watched.health.trouble("ingest", BROKER_AWAY)

    assert not watched.expires_after(119)


async def test_a_watchdog_looks_until_a_stop_is_asked_for() -> None:
    watched = Watched(cause=BROKER_AWAY)
    watched.dog.look()
    watched.now += 120

    async with asyncio.timeout(40):
        await run(watched.dog, watched.stop, watched.health)
        await run(watched.dog, watched.stop, watched.health)

    assert watched.dog.expired
