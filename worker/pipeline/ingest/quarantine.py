"""Quarantine: hold back the districts whose events the broker itself put aside.

RabbitMQ makes dead letters of its own: of a message that came back more often than its limit, of one that
expired, or found no room. Nobody has read those, so nobody has quarantined their districts, and a roster with
a hole would be committed. A second queue has a copy of every dead letter. This stage reads it and
quarantines; the letters themselves stay where people look at them. Ours need nothing: their districts were
quarantined before they were published.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from config.topology import DEAD_LETTER_COPY_QUEUE
from worker.messaging.broker import Consumer, Delivery, Subscription
from worker.messaging.dead_letters import DeadLetter, DeadLetters, Losses, LostMessage
from worker.pipeline.ingest.micro_batch import MicroBatch, read_in_turns
from worker.runtime.errors import DeadLettersBusy
from worker.runtime.metrics import Metrics

BATCH: Final = 20
BATCH_BYTES: Final = 4 * 1024 * 1024
PREFETCH: Final = 20
TAKE_SECONDS: Final = 1.0
SWEEP: Final = 10_000
"""Dead letters that are looked through at a start, the oldest first."""


@dataclass(slots=True)
class QuarantineStage:
    """The stage; runs beside ingest, where the broker makes dead letters of its own."""

    broker: Consumer
    losses: Losses
    letters: DeadLetters
    metrics: Metrics
    name: str = "quarantine"
    _context: AbstractAsyncContextManager[Subscription] | None = None
    _subscription: Subscription | None = field(default=None)
    _has_swept: bool = False

    async def once(self) -> bool:
        """Take copies of dead letters, quarantine, acknowledge; raises `Unavailable`, to begin again."""
        try:
            subscription = await self._opened()
            if not self._has_swept:
                await self._sweep()
            deliveries = await subscription.take(BATCH, TAKE_SECONDS, BATCH_BYTES)
            made = [delivery for delivery in deliveries if not _is_ours(delivery.headers)]
            read = [await _lost(delivery) for delivery in made]
            await self._note([lost for lost in read if lost is not None])
            for delivery in made:
                self.metrics.dead_letters.labels(_reason(delivery.headers)).inc()
            await subscription.acknowledge_each([delivery.tag for delivery in deliveries])
        except BaseException:
            await self.close()
            raise
        return True

    async def wait(self) -> None:
        """Never wait: `once` does, on the subscription."""

    async def close(self) -> None:
        """Give up the subscription; may be called twice."""
        context, self._context, self._subscription = self._context, None, None
        if context is not None:
            await context.__aexit__(None, None, None)

    async def _opened(self) -> Subscription:
        if self._subscription is None:
            await self.losses.note([])  # raises where the store is away
            context = self.broker.subscribe(DEAD_LETTER_COPY_QUEUE, prefetch=PREFETCH)
            self._subscription = await context.__aenter__()
            self._context = context
        return self._subscription

    async def _sweep(self) -> None:
        """Look once through what is there already: from before there was a queue of copies, say."""
        try:
            async with self.letters.open() as opened:
                waiting = await opened.waiting()
                async for letter in opened.read(min(SWEEP, waiting)):
                    if letter.is_brokers and (lost := await _lost(_as_delivered(letter))) is not None:
                        await self._note([lost])
        except DeadLettersBusy:
            return  # a person has them open: again with the next turn
        self._has_swept = True

    async def _note(self, lost: list[LostMessage]) -> None:
        if not lost:
            return
        for each in await self.losses.note(lost):
            structlog.get_logger().warning(
                "event.dead_lettered", stage=self.name, reason=each.reason, district_id=each.district_id
            )


async def _lost(delivery: Delivery) -> LostMessage | None:
    """Return what a district may lack by it; None for what no roster needs: a mark, a resource."""
    batch = await read_in_turns([delivery])
    if batch.marks or any(arrival.ignored for arrival in batch.arrivals):
        return None
    district, event = _whose(batch)
    death = _first_death(delivery.headers)
    return LostMessage(district, delivery.body, _reason(delivery.headers), event, _moment(death.get("time")))


def _whose(batch: MicroBatch) -> tuple[str | None, str | None]:
    if batch.arrivals:
        return batch.arrivals[0].district_id, batch.arrivals[0].event_id
    return batch.unreadable[0][1].district_id, None


def _is_ours(headers: Mapping[str, object]) -> bool:
    return "x-reason" in headers and not _first_death(headers)


def _reason(headers: Mapping[str, object]) -> str:
    reason = _first_death(headers).get("reason")
    return reason if reason in REASONS else "unknown"


REASONS: Final = ("delivery_limit", "expired", "maxlen", "rejected")
"""For which RabbitMQ puts a message aside."""


def _first_death(headers: Mapping[str, object]) -> Mapping[str, Any]:
    deaths = headers.get("x-death")
    first = deaths[0] if isinstance(deaths, list) and deaths else None
    return first if isinstance(first, Mapping) else {}


def _moment(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _as_delivered(letter: DeadLetter) -> Delivery:
    death = {"reason": letter.reason, "time": letter.died_at}
    return Delivery(
        letter.place, letter.routing_key, letter.body, {"district_id": letter.district_id, "x-death": [death]}
    )
