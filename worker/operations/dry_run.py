"""Dry runs: the evaluation of what waits in an open window, of which everything is undone."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from schemas.words import Trigger
from worker.domain.messages.bodies import plan_summary, students_summary
from worker.domain.preflight.decision import Outcome, decide
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster import staging
from worker.pipeline.evaluate.extent import extent
from worker.pipeline.evaluate.preflight import (
    run_preflight,
    terms_that_count,
    today,
    verdict_on,
)
from worker.pipeline.evaluate.unit_of_work import Evaluation
from worker.runtime.errors import Unavailable

BUSY: Final = "the district is being evaluated right now"
FULL_RUN: Final = "the whole district is about to be evaluated again"
BASELINE: Final = "a baseline is about to be adopted"
TOO_MANY: Final = "more events are waiting than fit into one batch"
RAISES: Final = "its evaluation fails"


class WindowEvaluation(Evaluation, Protocol):
    """An evaluation of a window that is still open."""

    async def has_ready_baseline(self) -> bool:
        """Whether a baseline waits to be adopted."""

    async def has_hold(self) -> bool:
        """Whether a person has stopped the district's commits; locks nothing."""


class DryRuns(Protocol):
    """Where evaluations come from of which everything is undone on leaving the context."""

    def of_open_window(self, district_id: str) -> AbstractAsyncContextManager[WindowEvaluation | None]:
        """Lock a district as if its window closed now.

        None where somebody has the district, or it was never seen: this waits for nobody.
        """


async def forecast(dry_runs: DryRuns, district_id: str, limits: WindowLimits) -> dict[str, Any] | None:
    """Return what would be decided if the district's window closed now; None where no event waits in one.

    It costs what the waiting events change, so that there is none where more than they would be looked at:
    then `unavailable` says why. It waits for nobody, and changes nothing.
    """
    try:
        return await _forecast(dry_runs, district_id, limits)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 — the evaluation stage will say what it is; the rest can be shown
        return {"unavailable": RAISES}


async def _forecast(dry_runs: DryRuns, district_id: str, limits: WindowLimits) -> dict[str, Any] | None:
    async with dry_runs.of_open_window(district_id) as evaluation:
        if evaluation is None:
            return {"unavailable": BUSY}
        waiting = await evaluation.remaining_events()
        if not waiting:
            return None
        why_not = await _why_not(evaluation, waiting, limits)
        return {"unavailable": why_not} if why_not else await _foreseen(evaluation, limits)


async def _why_not(evaluation: WindowEvaluation, waiting: int, limits: WindowLimits) -> str | None:
    if waiting > limits.max_events:
        return TOO_MANY
    if await evaluation.has_ready_baseline():
        return BASELINE
    if extent(evaluation.state, today(evaluation), await terms_that_count(evaluation)):
        return FULL_RUN
    return None


async def _foreseen(evaluation: WindowEvaluation, limits: WindowLimits) -> dict[str, Any]:
    state, window = evaluation.state, evaluation.window
    claimed = await evaluation.claim_events(window.through, limits.max_events)
    bounds = staging.bounds(state.floor, window.now)
    await run_preflight(evaluation, staging.apply(claimed.staged, claimed.events, bounds))
    tally = state.tally
    verdict = verdict_on(state, await evaluation.open_approval())
    outcome = decide(verdict, Trigger.QUIET, None, window.now, limits)
    if outcome is Outcome.COMMIT and await evaluation.has_hold():
        outcome = Outcome.HELD
    new, resolved = tally.errors, 0
    if state.reported_digest is not None:
        changed = await evaluation.changed_errors()
        new, resolved = sum(changed.new.values()), sum(changed.resolved.values())
    return {
        "events": len(claimed.events),
        "outcome": outcome.value,
        "students": students_summary(tally).wire(),
        "by_code": tally.by_code(),
        "new": new,
        "resolved": resolved,
        "plan": plan_summary(tally).wire(),
    }
