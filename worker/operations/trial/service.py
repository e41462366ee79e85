"""Try a section filter: what the preflight would say, what the plan would do, whom it would move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.words import RosterKind
from worker.domain.messages.bodies import plan_summary
from worker.domain.preflight.checks import DistrictContext, district_findings, vanished_kinds
from worker.domain.preflight.policy import Code
from worker.domain.preflight.recent_moves import NO_MOVES, PlannedMoves
from worker.domain.preflight.tally import Tally, roster_counts
from worker.domain.preflight.turnover import FilterEffect, Turnovers
from worker.domain.roster.scope import SCHOOLS, KnownScope, find_schools
from worker.domain.roster.scope_counts import ScopeValue, count_student, matching_nothing
from worker.domain.roster.section_filter import SectionFilter, looked_at
from worker.operations.trial.classes import ClassTrial
from worker.operations.trial.seats import count_seats
from worker.operations.trial.sections import keep_sections
from worker.operations.trial.snapshot import StudentGroup, Trials, TrialSnapshot
from worker.operations.trial.students import StudentTrial
from worker.runtime.errors import Unavailable, UnknownDistrictError, UsageError
from worker.runtime.progress import Progress, no_progress


@dataclass(frozen=True, slots=True)
class FilterTrial:
    """The outcome of a trial."""

    tally: Tally
    effect: FilterEffect
    unmatched: Sequence[ScopeValue]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        tally, by_code = self.tally, self.tally.by_code()
        none, several = by_code.get(Code.NO_SECTION, 0), by_code.get(Code.MULTIPLE_SECTIONS, 0)
        return {
            "coverage": {"exactly_one": tally.students - none - several, "none": none, "several": several},
            "outside_scope": tally.outside_scope,
            "scope_matches_nothing": [{"field": one.field, "value": one.value} for one in self.unmatched],
            "errors": tally.errors,
            "warnings": tally.warnings,
            "by_code": by_code,
            "plan": plan_summary(tally).wire(),
            "turnover": {
                "committed": self.effect.committed,
                "class_changes": self.effect.moves.class_changes,
                "removed": self.effect.moves.removed,
            },
        }


async def try_filter(
    trials: Trials, district_id: str, section_filter: SectionFilter, progress: Progress = no_progress
) -> dict[str, Any]:
    """Return what the preflight would say and the plan would do under another filter; changes nothing.

    Guards are silent on students whom `filter set` would show and ask to confirm. Events that wait in the
    window are not counted. Raises `UnknownDistrictError`.
    """
    async with trials.snapshot(district_id) as snapshot:
        if snapshot is None:
            raise UnknownDistrictError(f"district {district_id} is not known here")
        return (await run_trial(snapshot, section_filter, progress)).to_json()


async def filter_effect(
    trials: Trials, district_id: str, section_filter: SectionFilter, progress: Progress = no_progress
) -> FilterEffect | None:
    """Return whom a filter would move of what is committed; changes nothing.

    None where nothing is committed, or where the district cannot be counted: then its guards ask later.
    """
    try:
        async with trials.snapshot(district_id) as snapshot:
            if snapshot is None or snapshot.state.last_commit_id is None:
                return None
            return (await run_trial(snapshot, section_filter, progress)).effect
    except (Unavailable, UsageError):
        raise
    except Exception:  # noqa: BLE001 — the evaluation stage will say what it is; a filter may be what helps
        return None


async def run_trial(
    snapshot: TrialSnapshot, section_filter: SectionFilter, progress: Progress = no_progress
) -> FilterTrial:
    """Count what the filter would do."""
    state, policy, tally = snapshot.state, snapshot.state.policy, Tally()
    is_stale = state.evaluated_policy != policy.fingerprint() or state.is_partly_loaded
    schools = await snapshot.schools()
    scope = find_schools(section_filter.scope, schools)
    kept = await keep_sections(snapshot, section_filter, schools)
    seats = await count_seats(snapshot, kept, section_filter.strategy)
    recent = NO_MOVES
    if state.last_commit_id is not None:
        recent = await snapshot.recent_moves(snapshot.now - policy.look_back)
    students = StudentTrial(tally, policy, seats, PlannedMoves(recent), state.erased_students)
    evaluated = state.evaluated_filter
    if is_stale or evaluated is None or evaluated.scope != section_filter.scope:
        groups = await snapshot.student_groups()
        students.in_scope = _in_scope(groups, scope)
        students.to_judge = students.in_scope if is_stale else _doubtful(groups)
        _count_shared(tally, groups, scope)
    else:
        tally.take_shared(state.tally)
    await students.count_known(snapshot, progress)
    await students.count_new(snapshot, scope, {school.id for school in schools}, progress)
    await students.count_findings(snapshot, state.tally)
    await students.count_others(snapshot)
    places = await seats.classes(snapshot, seats.counts)
    classes = ClassTrial(snapshot, tally, policy, is_stale)
    await classes.count_classes({kept.ids[place] for place in places})
    named = {school for place in places if (school := kept.schools[place]) is not None}
    await classes.count_schools(students.schools | named, schools)
    unmatched = matching_nothing(tally, section_filter.scope, scope)
    effect = await _count_district(snapshot, section_filter, students, unmatched)
    return FilterTrial(tally, effect, unmatched)


def _in_scope(groups: Sequence[StudentGroup], scope: KnownScope) -> set[str]:
    return {student for group in groups if scope.holds(group.alike) for student in group.ids}


def _doubtful(groups: Sequence[StudentGroup]) -> set[str]:
    """Return those whose list of schools could not be read, so that a scope may find a field missing."""
    return {student for group in groups if SCHOOLS in group.alike.unread for student in group.ids}


def _count_shared(tally: Tally, groups: Sequence[StudentGroup], scope: KnownScope) -> None:
    for group in groups:
        count_student(tally, scope, group.alike, len(group.ids))


async def _count_district(
    snapshot: TrialSnapshot,
    section_filter: SectionFilter,
    students: StudentTrial,
    unmatched: Sequence[ScopeValue],
) -> FilterEffect:
    """Count what is found of the district as a whole and of its schools; return whom the filter moves."""
    state, tally = snapshot.state, students.tally
    whole = state.committed_counts.get("students", 0)
    alone = Turnovers()
    guarded: list[Turnovers] = []
    if state.last_commit_id is not None:
        alone = students.moves.alone(students.committed_at, whole)
        if any(tally.plan()[RosterKind.STUDENT].values()):
            guarded = [students.moves.with_commits(students.committed_at, whole), alone]
    effect = FilterEffect(whole, alone.to_confirmation())
    if effect.needs_confirmation:
        guarded = [one.confirmed_by(effect.moves) for one in guarded]
    context = DistrictContext(
        district_id=snapshot.district_id,
        students=tally.students,
        turnovers=guarded,
        quarantined=await snapshot.quarantined(),
        has_baseline=state.baseline_at is not None,
        unreadable=await snapshot.unreadable(looked_at(section_filter)),
        vanished=vanished_kinds(state.committed_counts, roster_counts(tally)),
        unmatched=[(one.field, one.value) for one in unmatched],
    )
    for finding in district_findings(context, state.policy):
        tally.add_findings(finding.code, finding.severity, 1)
    return effect
