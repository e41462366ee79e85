"""Evaluate: close a district's window, stage its events, run the preflight, decide. One transaction.

A kill at any point before the commit leaves the district as it was, its window due; after it, the
decision and its messages are in the outbox. Nothing here speaks to the network.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from schemas.words import Trigger
from worker.domain.preflight.approval import Approval, ending
from worker.domain.preflight.decision import Outcome, decide
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster import staging
from worker.domain.roster.staging import Event
from worker.pipeline.evaluate.first_load import is_cut_first_load, stage_part
from worker.pipeline.evaluate.preflight import run_preflight, verdict_on
from worker.pipeline.evaluate.record_decision import Decided, record_outcome
from worker.pipeline.evaluate.rosters import Claimed
from worker.pipeline.evaluate.state import Adopted
from worker.pipeline.evaluate.unit_of_work import Evaluation, Evaluations
from worker.runtime import logs
from worker.runtime.collector import seldom
from worker.runtime.errors import DistrictUnreadable, RosteringError, StoreFailed, Unavailable
from worker.runtime.metrics import Metrics
from worker.runtime.progress import Progress, no_progress
from worker.runtime.tracing import NO_TRACES, Span, Tracer, link_all

FAILURE_LIMIT: Final = 5
"""Evaluations of one district that may raise before it is parked for a person to look at."""
FAILURE_BACK_OFF: Final = timedelta(seconds=2)
"""The first delay after one; it doubles."""
PUT_OFF: Final = timedelta(seconds=15)
"""For how long others come first after an evaluation that the database, or this machine, failed."""
LOOK_SECONDS: Final = 0.5
"""How often to look for windows that time closes; requests wake the stage at once."""

ADOPTED_AT_ONCE: Final = 20_000
"""Changes of a baseline up to which only what they touch is looked at again, and not the whole district."""

SILENT_SECONDS: Final = 480.0
SUGGEST_SECONDS: Final = 60.0
"""For a review's search of better section filters."""

Watcher = Callable[[str, Evaluation, Decided], None]


@dataclass(slots=True)
class EvaluateStage:
    """The evaluate stage; `watch` is told of every decision, `progress` of every chunk of a full run."""

    evaluations: Evaluations
    limits: WindowLimits
    metrics: Metrics
    watch: Watcher | None = None
    progress: Callable[[str], Progress] | None = None
    adopted_at_once: int = ADOPTED_AT_ONCE
    suggest_seconds: float = SUGGEST_SECONDS
    tracer: Tracer = NO_TRACES
    name: str = "evaluate"

    @property
    def bound(self) -> float:
        """Seconds without a sign of life: a review's search of suggestions, in a thread, shows none."""
        return SILENT_SECONDS + 2 * self.suggest_seconds

    async def once(self) -> bool:
        """Evaluate the district that has been due for longest; return whether there was one."""
        with ExitStack() as opened:  # the span, which ends after the transaction did
            return await self._next(opened)

    async def _next(self, opened: ExitStack) -> bool:
        district_id = None
        try:
            async with self.evaluations.next(self.limits) as evaluation:
                if evaluation is None:
                    return False
                district_id = evaluation.window.district_id
                started = time.perf_counter()
                span = opened.enter_context(self.tracer.span("evaluate", district_id=district_id))
                opened.enter_context(seldom())
                decided = await self._evaluate(evaluation, span)
            self._report(evaluation, decided, span, time.perf_counter() - started)
        except (Unavailable, OSError, MemoryError) as error:
            if district_id is not None and not _is_away(error):
                await self._put_off(district_id, error)
            raise
        except DistrictUnreadable as error:
            await self._failed(error.district_id, error)
        except Exception as error:  # whatever it is, it must not stop the other districts
            if district_id is None:
                raise
            span.failed(error)
            await self._failed(district_id, error)
        return True

    async def wait(self) -> None:
        """Return when a window may be due."""
        await self.evaluations.wait(LOOK_SECONDS)

    async def _evaluate(self, evaluation: Evaluation, span: Span) -> Decided | None:
        window = evaluation.window
        await self._mend_floor(evaluation)
        await evaluation.keep_demanded_fields()
        adopted = await evaluation.adopt_baseline(self.adopted_at_once)
        claimed = await self._claim(evaluation, adopted)
        link_all(span, evaluation.event_contexts)
        events, floor = claimed.events, evaluation.state.floor
        changes = staging.apply(claimed.staged, events, staging.bounds(floor, window.now))
        if adopted is None and not await _has_reason(evaluation, events):
            await evaluation.close_window()
            return None
        under_floor = sum(staging.is_under_floor(event, floor) for event in events)
        if adopted is None and await is_cut_first_load(evaluation, len(events), self.limits):
            return await stage_part(evaluation, changes, len(events), under_floor)
        progress = self.progress(window.district_id) if self.progress else no_progress
        await run_preflight(evaluation, changes, progress, adopted)
        await evaluation.demand_fields()
        closed_by = await self._trigger(evaluation, len(events))
        approval = await evaluation.open_approval()
        verdict = verdict_on(evaluation.state, approval)
        outcome = decide(verdict, closed_by, window.deferred_since, window.now, self.limits)
        if outcome is Outcome.COMMIT and await evaluation.is_on_hold():
            outcome = Outcome.HELD
        trigger = Trigger.RESYNC if adopted else closed_by
        commits = evaluation.state.commit_sequence
        decided = await record_outcome(
            evaluation,
            outcome,
            trigger,
            len(events),
            adopted=adopted is not None,
            is_approved=verdict.needs_approval,
            under_floor=under_floor,
            answered=closed_by is window.trigger,
            suggest_seconds=self.suggest_seconds,
        )
        if approval is not None:
            await _end_approval(evaluation, approval, commits, was_needed=verdict.needs_approval)
        return decided

    async def _mend_floor(self, evaluation: Evaluation) -> None:
        mended = await evaluation.mend_floor()
        if mended is None:
            return
        self.metrics.floors_corrected.inc()
        structlog.get_logger().warning(
            "floor.corrected", stage=self.name, district_id=evaluation.window.district_id, records=mended
        )

    async def _claim(self, evaluation: Evaluation, adopted: Adopted | None) -> Claimed:
        """Take the batch's events: none for an approval, since they would change what was approved."""
        window = evaluation.window
        was_judged = evaluation.state.evaluated_policy is not None
        if window.trigger is Trigger.APPROVAL and was_judged and adopted is None:
            return Claimed([], {})
        return await evaluation.claim_events(window.through, self.limits.max_events)

    async def _trigger(self, evaluation: Evaluation, events: int) -> Trigger:
        """Return the trigger, or `size` where the batch could not take all that the window held."""
        if events < self.limits.max_events or not await evaluation.remaining_events():
            return evaluation.window.trigger
        return Trigger.SIZE

    def _report(self, evaluation: Evaluation, decided: Decided | None, span: Span, seconds: float) -> None:
        if decided is None:
            span.set(outcome="nothing to evaluate")
            return
        span.set(
            outcome=decided.outcome.value,
            sequence=decided.sequence,
            batch_id=decided.batch.batch_id,
            trigger=decided.batch.trigger.value,
            events=decided.batch.events,
            errors=evaluation.state.tally.errors,
        )
        window, tally = evaluation.window, evaluation.state.tally
        self.metrics.batches_closed.labels(decided.batch.trigger.value).inc()
        self.metrics.decisions.labels(decided.outcome.value).inc()
        self.metrics.preflight_seconds.observe(seconds)
        if decided.batch.events:
            waited = (window.now - window.opened_at).total_seconds() + seconds
            self.metrics.event_to_decision_seconds.observe(waited)
        structlog.get_logger().info(
            "batch.decided",
            stage=self.name,
            district_id=window.district_id,
            outcome=decided.outcome.value,
            sequence=decided.sequence,
            batch_id=decided.batch.batch_id,
            trigger=decided.batch.trigger.value,
            events=decided.batch.events,
            students=tally.students,
            blocked=tally.blocked,
            errors=tally.errors,
            warnings=tally.warnings,
            seconds=round(seconds, 3),
        )
        if self.watch:
            self.watch(window.district_id, evaluation, decided)

    async def _failed(self, district_id: str, error: Exception) -> None:
        """Count it; the text of a foreign error may quote a row, so that only its kind is told."""
        what = _kind_of(error)
        parked = await self.evaluations.failed(district_id, what, FAILURE_BACK_OFF, FAILURE_LIMIT)
        self.metrics.evaluation_failures.inc()
        structlog.get_logger().error(
            "district.parked" if parked else "evaluation.failed",
            stage=self.name,
            district_id=district_id,
            **(logs.shown(error.__cause__ or error)),
        )

    async def _put_off(self, district_id: str, error: Exception) -> None:
        """Let other districts come first for a while: the fault is not this one's, and it counts for nothing.

        Where that cannot be written down either, the loop's own back-off has to do.
        """
        with suppress(Unavailable):
            await self.evaluations.put_off(district_id, _kind_of(error), PUT_OFF)


def _is_away(error: Exception) -> bool:
    """Whether an error is of a database that is away for all districts alike."""
    return isinstance(error, Unavailable) and not isinstance(error, StoreFailed)


def _kind_of(error: Exception) -> str:
    return str(error) if isinstance(error, RosteringError) else type(error).__name__


async def _has_reason(evaluation: Evaluation, events: Sequence[Event]) -> bool:
    """Whether the window held anything to judge: not so where a feed was read and nothing had changed."""
    by_itself = {Trigger.SETTLED, Trigger.QUIET, Trigger.AGE, Trigger.SIZE}
    if evaluation.window.trigger is Trigger.APPROVAL and evaluation.state.evaluated_policy is None:
        # Somebody resumed a district of which nothing was ever staged, or nothing is left.
        return bool(events) or await evaluation.quarantined() > 0
    if events or evaluation.window.deferred_since or evaluation.window.trigger not in by_itself:
        return True
    found = [one.finding for one in await evaluation.findings_before()]
    known = sum(int(one.detail.get("waiting", 0)) for one in found if one.kind == "district")
    return known != await evaluation.quarantined()


async def _end_approval(
    evaluation: Evaluation, approval: Approval, commits: int, *, was_needed: bool
) -> None:
    """End an approval that this evaluation used, or that no longer speaks of the plan."""
    state = evaluation.state
    ended = ending(
        approval,
        plan=state.tally.candidate_digest,
        before=commits,
        after=state.commit_sequence,
        was_needed=was_needed,
    )
    if ended is not None:
        await evaluation.end_approval(approval, ended)
