"""The exchanges and queues of the broker, as data.

`rostering topology declare` creates them; a worker checks them when it starts and never creates
any (a queue that an operator deleted must not come back empty and unnoticed: rabbitmq.md, trap 15).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

EVENTS_EXCHANGE: Final = "clever.events"
EVENTS_QUEUE: Final = "clever.events"
DEAD_LETTER_EXCHANGE: Final = "clever.events.dead"
DEAD_LETTER_QUEUE: Final = "clever.events.dead"
DEAD_LETTER_COPY_QUEUE: Final = "clever.events.dead.quarantine"
"""A copy of each dead letter, for the stage that quarantines districts for those that the broker itself made.
The dead letters stay on their own queue, for people."""
DEAD_LETTER_CLAIM_QUEUE: Final = "clever.events.dead.claim"
"""Always empty: its one consumer is who has the dead letters open."""
ROSTERING_EXCHANGE: Final = "rostering"
COMMIT_QUEUE: Final = "rostering.commit"
REVIEW_QUEUE: Final = "rostering.review"
ALERT_QUEUE: Final = "rostering.alerts"

EVENTS_DELIVERY_LIMIT: Final = 20
"""Crashes a message may survive before the broker dead-letters it: RabbitMQ 4's default, made explicit
because 3.x has none, and because a quorum queue without it requeues to the tail and loses order."""

EVENTS_MAX_LENGTH: Final = 5_000_000
"""Messages: three times the largest district's school-year rollover (1.7 million events). Beyond it
publishers are refused, which at-least-once dead-lettering needs (`overflow` = `reject-publish`)."""

CONSUMER_DELIVERY_LIMIT: Final = 1_000_000
"""For the queues that others consume: a commit must never be dropped after some failed attempts of its
consumer (RabbitMQ 4 drops after 20 by default), and a limit keeps requeued messages at the front."""

QUORUM: Final = {"x-queue-type": "quorum"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A durable topic exchange."""

    name: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A durable quorum queue, with the arguments it must have been declared with."""

    name: str
    arguments: dict[str, str | int]


@dataclass(frozen=True, slots=True)
class Binding:
    """All messages on `exchange` whose routing key matches `pattern` go to `queue`."""

    exchange: str
    pattern: str
    queue: str


@dataclass(frozen=True, slots=True)
class Topology:
    """Everything that must exist on the broker before a worker can run."""

    exchanges: tuple[Exchange, ...] = field(
        default=(
            Exchange(EVENTS_EXCHANGE),
            Exchange(DEAD_LETTER_EXCHANGE),
            Exchange(ROSTERING_EXCHANGE),
        )
    )
    queues: tuple[Queue, ...] = field(
        default=(
            Queue(DEAD_LETTER_QUEUE, {**QUORUM, "x-delivery-limit": CONSUMER_DELIVERY_LIMIT}),
            Queue(
                EVENTS_QUEUE,
                {
                    **QUORUM,
                    "x-dead-letter-exchange": DEAD_LETTER_EXCHANGE,
                    "x-dead-letter-strategy": "at-least-once",
                    "x-overflow": "reject-publish",
                    "x-delivery-limit": EVENTS_DELIVERY_LIMIT,
                    "x-max-length": EVENTS_MAX_LENGTH,
                },
            ),
            *(
                Queue(name, {**QUORUM, "x-delivery-limit": CONSUMER_DELIVERY_LIMIT})
                for name in (DEAD_LETTER_COPY_QUEUE, DEAD_LETTER_CLAIM_QUEUE)
            ),
            *(
                Queue(name, {**QUORUM, "x-delivery-limit": CONSUMER_DELIVERY_LIMIT})
                for name in (COMMIT_QUEUE, REVIEW_QUEUE, ALERT_QUEUE)
            ),
        )
    )
    bindings: tuple[Binding, ...] = field(
        default=(
            Binding(EVENTS_EXCHANGE, "#", EVENTS_QUEUE),
            Binding(DEAD_LETTER_EXCHANGE, "#", DEAD_LETTER_QUEUE),
            Binding(DEAD_LETTER_EXCHANGE, "#", DEAD_LETTER_COPY_QUEUE),
            Binding(ROSTERING_EXCHANGE, "commit.#", COMMIT_QUEUE),
            Binding(ROSTERING_EXCHANGE, "review.#", REVIEW_QUEUE),
            Binding(ROSTERING_EXCHANGE, "alert.#", ALERT_QUEUE),
        )
    )


TOPOLOGY: Final = Topology()

_OF_BROKERS_ALONE: Final = (DEAD_LETTER_COPY_QUEUE, DEAD_LETTER_CLAIM_QUEUE)

IN_PROCESS: Final = Topology(
    queues=tuple(queue for queue in TOPOLOGY.queues if queue.name not in _OF_BROKERS_ALONE),
    bindings=tuple(binding for binding in TOPOLOGY.bindings if binding.queue not in _OF_BROKERS_ALONE),
)
"""What the broker inside the process has: it makes no dead letters of its own."""
