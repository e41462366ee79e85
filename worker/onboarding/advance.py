"""Advance: every few seconds, make each district's moves that follow from what is seen of it.

It runs beside the relay. Several processes may: whom one has, the others pass by.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from worker.onboarding.district_store import Transition
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import NO_TRACES, Tracer


class Advancing(Protocol):
    """The part of `worker.onboarding.district_store.OnboardingStore` that makes moves by itself."""

    async def advance(self) -> list[Transition]:
        """Make every move that follows from what is seen; return them."""


@dataclass(slots=True)
class AdvanceStage:
    """The advance stage; `sleep` waits for so many seconds, or less where a stop is asked for."""

    onboarding: Advancing
    every: float
    sleep: Callable[[float], Awaitable[None]]
    metrics: Metrics
    tracer: Tracer = NO_TRACES
    name: str = "advance"

    async def once(self) -> bool:
        """Make all moves that are to be made; return False, since the next look is some seconds off."""
        with self.tracer.span("advance") as span:
            made = await self.onboarding.advance()
            span.set(moves=len(made))
            self._log_moves(made)
        return False

    async def wait(self) -> None:
        """Wait until it is time again."""
        await self.sleep(self.every)

    def _log_moves(self, made: Sequence[Transition]) -> None:
        for one in made:
            self.metrics.onboarding_moves.labels(one.move.value).inc()
            structlog.get_logger().info(
                "district.moved",
                stage=self.name,
                district_id=one.district_id,
                move=one.move.value,
                before=one.before and one.before.value,
                after=one.after.value,
            )
