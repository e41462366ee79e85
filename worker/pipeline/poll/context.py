"""What reading a district needs: Clever, the store's side of it, the broker, and a few limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from worker.messaging.broker import Publisher
from worker.pipeline.poll.baseline_store import Baselines
from worker.pipeline.poll.clever import Clever
from worker.pipeline.poll.connections import Connections
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import NO_TRACES, Tracer


@dataclass(frozen=True, slots=True)
class PollTiming:
    """How often, and for how long at a time."""

    poll: timedelta = timedelta(seconds=60)
    """Between two readings of a feed, and of the list of districts."""
    baseline: timedelta = timedelta(hours=24)
    """Between two baselines: what a feed lost in silence is missing for no longer."""
    turn: timedelta = timedelta(seconds=5)
    """What one district may take before the others have their turn; a page in hand is finished."""
    overlap: timedelta = timedelta(seconds=60)
    """How far behind its end a feed is read again, since an event can turn up behind newer ones."""


@dataclass(frozen=True, slots=True)
class PollContext:
    """Everything that reading a district uses."""

    clever: Clever
    connections: Connections
    baselines: Baselines
    publisher: Publisher
    metrics: Metrics
    pace: PollTiming = PollTiming()
    tracer: Tracer = NO_TRACES
