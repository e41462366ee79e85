"""What reading a district needs: Clever, the store's side of it, the broker, and a few limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from worker.messaging.broker import Publisher
from worker.pipeline.poll.baseline_store import Baselines
from worker.pipeline.poll.clever import Clever
from worker.pipeline.poll.connections import Connections
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import NO_TRACES, Tracer

QUIET_SHARE: Final = 10
"""A feed that was quiet for so many minutes is left alone for one."""


@dataclass(frozen=True, slots=True)
class PollTiming:
    """How often, and for how long at a time."""

    poll: timedelta = timedelta(seconds=60)
    """Between two readings of the feed of a district that is busy, and of the list of districts."""
    quiet: timedelta = timedelta(seconds=60)
    """The same of a feed that brings nothing new, at most."""
    paused: timedelta = timedelta(seconds=60)
    """The same of a district whose sync is paused."""
    jitter: float = 0.0
    """By which share of it a pause is shorter, at most: so that districts do not stay in step."""
    baseline: timedelta = timedelta(hours=24)
    """Between two baselines: what a feed lost in silence is missing for no longer."""
    turn: timedelta = timedelta(seconds=5)
    """What one district may take before the others have their turn; a page in hand is finished."""
    overlap: timedelta = timedelta(seconds=60)
    """How far behind its end a feed is read again, since an event can turn up behind newer ones."""

    def pause(self, quiet_for: timedelta, *, is_paused: bool) -> timedelta:
        """Return for how long a district is left alone whose feed brought nothing for so long.

        Longer, the longer it was quiet: what comes then is late by a tenth of that, and no more.
        """
        longest = self.paused if is_paused else self.quiet
        wanted = longest if is_paused and quiet_for else quiet_for / QUIET_SHARE
        return max(self.poll, min(longest, wanted))


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
