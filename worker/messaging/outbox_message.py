"""A message on its way out: what an evaluation decides, and the relay publishes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message to publish; `part` of `parts`, with `changes` as a JSON array in commits."""

    routing_key: str
    schema: str
    key: str
    sequence: int | None
    trace_parent: str
    envelope: str
    part: int = 1
    parts: int = 1
    changes: str | None = None
