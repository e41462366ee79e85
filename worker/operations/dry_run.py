"""Dry runs: the evaluation as it would be, of which everything is undone.

`try_filter` and `filter_effect` evaluate a district under another section filter, `forecast` what waits in
its open window.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Protocol

from schemas.words import Trigger
from worker.domain.messages.bodies import plan_summary, students_summary
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.decision import Outcome, decide
from worker.domain.preflight.policy import Code
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.turnover import FilterEffect
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster import staging
from worker.domain.roster.section_filter import SectionFilter
from worker.pipeline.evaluate.candidate.district import planned_moves
from worker.pipeline.evaluate.extent import extent
from worker.pipeline.evaluate.preflight import (
    run_preflight,
    terms_that_count,
    today,
    verdict_on,
)
from worker.pipeline.evaluate.unit_of_work import Evaluation
from worker.runtime.errors import Unavailable, UnknownDistrictError, UsageError
from worker.runtime.progress import Progress, no_progress

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

    def with_filter(
        self, district_id: str, section_filter: SectionFilter
    ) -> AbstractAsyncContextManager[Evaluation | None]:
        """Lock a district and evaluate it under another filter; None where it was never seen."""

    def of_open_window(self, district_id: str) -> AbstractAsyncContextManager[WindowEvaluation | None]:
        """Lock a district as if its window closed now.

        None where somebody has the district, or it was never seen: this waits for nobody.
        """


async def try_filter(
    dry_runs: DryRuns,
    district_id: str,
    section_filter: SectionFilter,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Return what the preflight would say and the plan would do under another filter; changes nothing.

    Guards are silent on students whom `filter set` would show and ask to confirm.
    The district is locked meanwhile. Raises `UnknownDistrictError`.
    """
    async with dry_runs.with_filter(district_id, section_filter) as evaluation:
        if evaluation is None:
            raise UnknownDistrictError(f"district {district_id} is not known here")
        await run_preflight(evaluation, [], progress)
        effect = await effect_of(evaluation)
        if effect.needs_confirmation:
            await _confirm(evaluation, effect)
        nothing = await evaluation.open_findings(["district"], [district_id])
        unmatched = [one.finding for one in nothing if one.finding.code is Code.SCOPE_MATCHES_NOTHING]
        return trial_result(evaluation.state.tally, unmatched) | {"turnover": _turnover(effect)}


async def _confirm(evaluation: Evaluation, effect: FilterEffect) -> None:
    """Judge the district once more as if a person had confirmed whom the filter moves."""
    state = evaluation.state
    state.confirmation, state.evaluated_policy = effect.moves, state.policy.fingerprint()
    await run_preflight(evaluation, [])


async def filter_effect(
    dry_runs: DryRuns,
    district_id: str,
    section_filter: SectionFilter,
    progress: Progress = no_progress,
) -> FilterEffect | None:
    """Return whom a filter would move of what is committed; changes nothing.

    None where nothing is committed, or where the district cannot be evaluated: then its guards ask later. The
    district is locked meanwhile.
    """
    try:
        async with dry_runs.with_filter(district_id, section_filter) as evaluation:
            if evaluation is None or evaluation.state.last_commit_id is None:
                return None
            await run_preflight(evaluation, [], progress)
            return await effect_of(evaluation)
    except (Unavailable, UsageError):
        raise
    except Exception:  # noqa: BLE001 — the evaluation stage will say what it is; a filter may be what helps
        return None


async def effect_of(evaluation: Evaluation) -> FilterEffect:
    """Return whom the plan of an evaluation moves."""
    moves = await planned_moves(evaluation)
    return FilterEffect(evaluation.state.committed_counts.get("students", 0), moves.to_confirmation())


def _turnover(effect: FilterEffect) -> dict[str, int]:
    return {
        "committed": effect.committed,
        "class_changes": effect.moves.class_changes,
        "removed": effect.moves.removed,
    }


def trial_result(tally: Tally, unmatched: Sequence[Finding] = ()) -> dict[str, Any]:
    """Return the outcome of a trial as JSON values; `unmatched` are findings on values of the scope."""
    by_code = tally.by_code()
    none, several = by_code.get(Code.NO_SECTION, 0), by_code.get(Code.MULTIPLE_SECTIONS, 0)
    return {
        "coverage": {"exactly_one": tally.students - none - several, "none": none, "several": several},
        "outside_scope": tally.outside_scope,
        "scope_matches_nothing": [
            {"field": one.detail["field"], "value": one.detail["value"]} for one in unmatched
        ],
        "errors": tally.errors,
        "warnings": tally.warnings,
        "by_code": by_code,
        "plan": plan_summary(tally).wire(),
    }


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
    events = await evaluation.claim_events(window.through, limits.max_events)
    staged = await evaluation.staged({event.key for event in events})
    await run_preflight(evaluation, staging.apply(staged, events, staging.bounds(state.floor, window.now)))
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
        "students": students_summary(tally).wire(),
        "by_code": tally.by_code(),
        "new": new,
        "resolved": resolved,
        "plan": plan_summary(tally).wire(),
    }
