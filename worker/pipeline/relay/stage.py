"""Relay: publish the outbox, in order per district, each message until the broker has it safe.

A message is taken out of the outbox after it was confirmed, so that a kill in between repeats it and
nothing skips it. One process at a time has a district's outbox, by a lease that outlives no dead holder
for long; districts are published side by side.

Alerts have an outbox of their own, and a relay that never waits for a commit's parts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from config.topology import ROSTERING_EXCHANGE
from worker.messaging.broker import HeaderValue, Message, Publisher
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.relay.outbox import Outbox, Queued
from worker.runtime.errors import LeaseLost, RosteringError
from worker.runtime.metrics import Metrics
from worker.runtime.repeated_lines import Repeats, same_wait
from worker.runtime.tracing import NO_TRACES, Tracer, current

DISTRICTS: Final = 32
"""Districts whose outboxes one process holds at a time."""
MESSAGES: Final = 8
"""Messages of one district in memory: 8 MiB at most."""
LEASE_SECONDS: Final = 15.0
"""Longer than a publish may take (10 s), and short enough to wait for where a holder died."""
FRESH_SECONDS: Final = 1.0
"""A lease that was taken no longer ago outlives a publish, and is not renewed before the first."""
LOOK_SECONDS: Final = 1.0


@dataclass(slots=True)
class RelayStage:
    """The relay stage."""

    outbox: Outbox
    publisher: Publisher
    metrics: Metrics
    tracer: Tracer = NO_TRACES
    name: str = "relay"
    repeats: Repeats = field(default_factory=Repeats)
    clock: Callable[[], float] = time.monotonic

    async def once(self) -> bool:
        """Publish the outboxes that can be had; return whether any came out whole.

        Raises `BrokerUnavailable`, `UnroutableMessage` or `StoreUnavailable`, after every district that
        could be published was.
        """
        leased_at = self.clock()
        districts = await self.outbox.lease(DISTRICTS, LEASE_SECONDS)
        if not districts:
            return False
        outcomes = await asyncio.gather(
            *(self._publish_district(district, leased_at) for district in districts), return_exceptions=True
        )
        await self.outbox.release(districts)
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, LeaseLost):
                raise outcome
        return any(outcome is None for outcome in outcomes)

    async def wait(self) -> None:
        """Return when there may be messages."""
        await self.outbox.wait(LOOK_SECONDS)

    async def _publish_district(self, district_id: str, leased_at: float) -> None:
        is_first = True
        while queued := await self.outbox.first(district_id, MESSAGES):
            for item in queued:
                if not is_first or self.clock() - leased_at > FRESH_SECONDS:
                    await self.outbox.renew(district_id, LEASE_SECONDS)
                is_first = False
                await self._publish_traced(item)

    async def _publish_traced(self, queued: Queued) -> None:
        message = queued.message
        with self.tracer.span(
            "publish",
            kind="producer",
            parent=message.trace_parent,
            district_id=queued.district_id,
            decision_id=message.key,
            schema=message.schema,
            sequence=message.sequence,
            part=message.part,
            parts=message.parts,
        ):
            await self._publish(queued)

    async def _publish(self, queued: Queued) -> None:
        message = queued.message
        headers: dict[str, HeaderValue] = {
            "district_id": queued.district_id or None,
            "decision_id": message.key,
            "sequence": message.sequence,
            "part": message.part,
            "parts": message.parts,
            "traceparent": current() or message.trace_parent,
        }
        leaving = Message(
            ROSTERING_EXCHANGE, message.routing_key, body(message), type=message.schema, headers=headers
        )
        try:
            with self.metrics.publish_seconds.time():
                await self.publisher.publish(leaving)
        except RosteringError as error:
            self._log_waiting(queued, error)
            raise
        await self.outbox.published(queued)
        self.metrics.messages_published.labels(message.schema).inc()
        structlog.get_logger().info(
            "message.published",
            stage=self.name,
            district_id=queued.district_id or None,
            what=_what(message),
            sequence=message.sequence,
            part=message.part,
            parts=message.parts,
        )

    def _log_waiting(self, queued: Queued, error: RosteringError) -> None:
        """Write that a message waits; of all messages and stages that wait for the same, once a minute."""
        held = self.repeats.passes(*same_wait(error))
        if held is not None:
            structlog.get_logger().warning(
                "message.waiting",
                stage=self.name,
                district_id=queued.district_id or None,
                routing_key=queued.message.routing_key,
                reason=str(error),
                **({"repeated": held} if held else {}),
            )


def body(message: OutboxMessage) -> bytes:
    """Return the body to publish: the envelope, and in a commit its part with the changes.

    The changes go in as they are stored, to the letter, since the digest was taken of that text.
    """
    if message.changes is None:
        return message.envelope.encode()
    rest = f'"part":{message.part},"parts":{message.parts},"changes":{message.changes}'
    return f"{message.envelope.removesuffix('}')},{rest}}}".encode()


def _what(message: OutboxMessage) -> str:
    return message.schema.removeprefix("rostering.").partition("/")[0]
