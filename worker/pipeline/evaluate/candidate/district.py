"""Step five: the district as a whole, and its schools."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.words import RosterKind
from worker.domain.preflight.checks import (
    DistrictContext,
    district_findings,
    turnover_findings,
    vanished_kinds,
)
from worker.domain.preflight.tally import roster_counts
from worker.domain.preflight.turnover import SchoolLimits, Turnovers
from worker.domain.roster.scope_counts import matching_nothing
from worker.domain.roster.section_filter import looked_at
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.unit_of_work import Evaluation


async def judge_district(evaluation: Evaluation, context: Context) -> None:
    """Open and close the findings on the district as a whole and on its schools."""
    state, policy = evaluation.state, context.policy
    turnovers = await turnovers_of(evaluation, context)
    quarantined = await evaluation.quarantined()
    nothing = matching_nothing(context.tally, context.section_filter.scope, context.scope)
    unmatched = [(one.field, one.value) for one in nothing]
    unreadable = await evaluation.unreadable(looked_at(context.section_filter))

    def district(counts: Sequence[Turnovers]) -> DistrictContext:
        return DistrictContext(
            district_id=evaluation.window.district_id,
            students=context.tally.students,
            turnovers=counts,
            quarantined=quarantined,
            has_baseline=state.baseline_at is not None,
            unreadable=unreadable,
            vanished=vanished_kinds(state.committed_counts, roster_counts(context.tally)),
            unmatched=unmatched,
        )

    findings = district_findings(district(turnovers), policy)
    state.is_confirmed = False
    if state.confirmation is not None:
        asked = len(findings)
        confirmed = [one.confirmed_by(state.confirmation) for one in turnovers]
        findings = district_findings(district(confirmed), policy)
        state.is_confirmed = len(findings) < asked
    since = turnovers[0].since if turnovers else None
    state.guards_until = since + policy.look_back if since else None
    await context.write_finding_changes(await evaluation.findings_before(), findings)


async def turnovers_of(evaluation: Evaluation, context: Context) -> Sequence[Turnovers]:
    """Count removals and changes of class: those of recent commits with the plan's, and the plan's alone.

    What came with one of those commits is no loss against the time before it, and one all the same to those
    who have it now. None where the plan moves no student, nor before the first commit, which is no accident;
    nor where no count can be beyond a limit.
    """
    state, policy = evaluation.state, context.policy
    planned = context.tally.plan()[RosterKind.STUDENT]
    if state.last_commit_id is None or not any(planned.values()):
        return ()
    limits = SchoolLimits(
        policy.removal_limit_floor, policy.school_removal_limit_percent, policy.class_change_limit_percent
    )
    after = evaluation.window.now - policy.look_back
    committed = state.committed_counts.get("students", 0)
    most = await evaluation.most_moved(after, committed, limits)
    if not turnover_findings(evaluation.window.district_id, most, policy):
        return ()
    return await evaluation.turnovers(after, committed, limits)


async def planned_moves(evaluation: Evaluation) -> Turnovers:
    """Count what the plan alone removes and moves, at every school."""
    state = evaluation.state
    if state.last_commit_id is None:
        return Turnovers()
    committed = state.committed_counts.get("students", 0)
    _, alone = await evaluation.turnovers(evaluation.window.now, committed, SchoolLimits())
    return alone
