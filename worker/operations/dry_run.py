"""Early warning: what the preflight would say of an open window now, evaluated and then all undone."""

from __future__ import annotations

from typing import Any, Final

from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.adapters.postgres.evaluation.unit_of_work import PostgresEvaluation
from worker.domain.messages.bodies import plan_counts
from worker.domain.preflight.decision import Outcome, decide
from worker.domain.preflight.window import Trigger, WindowLimits
from worker.domain.roster import staging
from worker.domain.roster.canonical import to_hex
from worker.pipeline.evaluate.stage import judge, needs_full_run, terms_that_count, today, verdict_on
from worker.runtime.errors import Unavailable

BUSY: Final = "the district is being evaluated at the moment"
FULL_RUN: Final = "the whole district is about to be checked anew"
BASELINE: Final = "a baseline is about to be adopted"
TOO_MANY: Final = "more events wait than one batch takes"
RAISES: Final = "its evaluation raises an error"


async def forecast(
    evaluations: PostgresEvaluations, district_id: str, limits: WindowLimits
) -> dict[str, Any] | None:
    """Return what would be decided if the district's window closed now; None where no event waits in one.

    It costs what the waiting events change, so that there is none where more than they would be looked at:
    then `unavailable` says why. It waits for nobody, and changes nothing.
    """
    try:
        return await _forecast(evaluations, district_id, limits)
    except Unavailable:
        raise
    except Exception:  # noqa: BLE001 — the evaluation stage will say what it is; the rest can be shown
        return {"unavailable": RAISES}


async def _forecast(
    evaluations: PostgresEvaluations, district_id: str, limits: WindowLimits
) -> dict[str, Any] | None:
    async with evaluations.rehearsal(district_id) as evaluation:
        if evaluation is None:
            return {"unavailable": BUSY}
        waiting = await evaluation.remaining_events()
        if not waiting:
            return None
        why_not = await _why_not(evaluation, waiting, limits)
        return {"unavailable": why_not} if why_not else await _rehearse(evaluation, limits)


async def _why_not(evaluation: PostgresEvaluation, waiting: int, limits: WindowLimits) -> str | None:
    if waiting > limits.max_events:
        return TOO_MANY
    if await evaluation.has_ready_baseline():
        return BASELINE
    if needs_full_run(evaluation.state, today(evaluation), await terms_that_count(evaluation)):
        return FULL_RUN
    return None


async def _rehearse(evaluation: PostgresEvaluation, limits: WindowLimits) -> dict[str, Any]:
    state, window = evaluation.state, evaluation.window
    events = await evaluation.claim_events(window.through, limits.max_events)
    staged = await evaluation.staged({event.key for event in events})
    await judge(evaluation, staging.apply(staged, events, staging.bounds(state.floor, window.now)))
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
        "events": len(events),
        "outcome": outcome.value,
        "students": {
            "total": tally.students,
            "ready": tally.students - tally.blocked,
            "blocked": tally.blocked,
            "outside_scope": tally.outside_scope,
        },
        "by_code": tally.by_code(),
        "new": new,
        "resolved": resolved,
        "plan": {"digest": to_hex(tally.candidate_digest), "counts": plan_counts(tally)},
    }
