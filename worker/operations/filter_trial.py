"""A trial of a section filter: the whole evaluation under it, and then all of it undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.domain.messages.bodies import plan_counts
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.turnover import FilterEffect
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.section_filter import SectionFilter
from worker.pipeline.evaluate.candidate.district import planned_moves
from worker.pipeline.evaluate.stage import judge
from worker.pipeline.evaluate.unit_of_work import Evaluation
from worker.runtime.errors import Unavailable, UnknownDistrictError, UsageError
from worker.runtime.progress import Progress, no_progress


async def try_filter(
    evaluations: PostgresEvaluations,
    district_id: str,
    section_filter: SectionFilter,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Return what the preflight would say and the plan would do under another filter; changes nothing.

    Guards are silent on students whom `filter set` would show and ask to confirm.
    The district is locked meanwhile. Raises `UnknownDistrictError`.
    """
    async with evaluations.trial(district_id, section_filter) as evaluation:
        if evaluation is None:
            raise UnknownDistrictError(f"district {district_id} was never seen here")
        await judge(evaluation, [], progress)
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
    await judge(evaluation, [])


async def filter_effect(
    evaluations: PostgresEvaluations,
    district_id: str,
    section_filter: SectionFilter,
    progress: Progress = no_progress,
) -> FilterEffect | None:
    """Return whom a filter would move of what is committed; changes nothing.

    None where nothing is committed, or where the district cannot be evaluated: then its guards ask later. The
    district is locked meanwhile.
    """
    try:
        async with evaluations.trial(district_id, section_filter) as evaluation:
            if evaluation is None or evaluation.state.last_commit_id is None:
                return None
            await judge(evaluation, [], progress)
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
        "plan": {"digest": to_hex(tally.candidate_digest), "counts": plan_counts(tally)},
    }
