"""The preflight of a district: its candidate roster brought up to date, and what its findings come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

from worker.domain.preflight.approval import Approval, guard_errors
from worker.domain.preflight.decision import Verdict
from worker.domain.review.kept_suggestions import changes_search
from worker.domain.roster import staging
from worker.domain.roster.canonical import MODULUS
from worker.domain.roster.days import beginning_of, day_in
from worker.domain.roster.scope import find_schools, is_moved_by
from worker.domain.roster.staging import Change
from worker.domain.roster.terms import DistrictTerms, TermCalendar, next_boundary
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.candidate.district import judge_district
from worker.pipeline.evaluate.candidate.refresh import (
    refresh,
    refresh_all,
    refresh_sections_and_changes,
    stage,
)
from worker.pipeline.evaluate.extent import Extent, extent
from worker.pipeline.evaluate.state import Adopted, DistrictState
from worker.pipeline.evaluate.unit_of_work import Evaluation
from worker.runtime.progress import Progress, no_progress

MANY_CHANGES: Final = 5_000
"""Of a first load, from which on all records are read by chunks, and not those that each change touches."""


async def run_preflight(
    evaluation: Evaluation,
    changes: Sequence[Change],
    progress: Progress = no_progress,
    adopted: Adopted | None = None,
) -> None:
    """Stage the changes and bring candidate roster, findings and tally up to date with them.

    What was `adopted` from a baseline before is staged already, and not yet looked at.
    """
    state, day = evaluation.state, today(evaluation)
    await stage(evaluation, changes)
    terms = await terms_that_count(evaluation)
    calendar = terms.calendar(day, state.policy.term_grace_days)
    context = await context_of(evaluation, calendar)
    first = [] if adopted is None else adopted.changes
    touching = None if first is None else staging.combine(first, changes)
    schools = calendar.moved(terms.uses)
    wanted = extent(state, day, terms)
    if "" in schools:
        # Sections that name no school have no link by which those of a school are found.
        wanted = max(wanted, Extent.SECTIONS)
    is_first = state.evaluated_policy is None
    if is_first and touching is not None and len(touching) > MANY_CHANGES:
        wanted = Extent.EVERYTHING  # every record is looked at in either way, and less is asked about each
    is_full = wanted is Extent.EVERYTHING
    if touching is None or is_full or is_moved_by(state.section_filter.scope, touching):
        await refresh_all(context, progress)
    elif wanted is Extent.SECTIONS:
        await refresh_sections_and_changes(context, touching, progress)
    else:
        await refresh(context, touching, schools)
    if schools:
        await evaluation.put_in_grace(calendar.grace.keys())
    if is_first or first is None or changes_search([*first, *changes], state.tally.students):
        state.search_input_batch = state.batch_number + 1
    await judge_district(evaluation, context)
    state.evaluated_filter_version, state.evaluated_filter = state.filter_version, state.section_filter
    state.evaluated_policy, state.evaluated_on = state.policy.fingerprint(), day
    state.is_partly_loaded = False
    state.reevaluate_at = _reevaluate_at(state, terms, calendar)


async def context_of(evaluation: Evaluation, calendar: TermCalendar) -> Context:
    """Return what a district is judged in: its filter, policy, days and scope, as it is staged now."""
    state, scope = evaluation.state, evaluation.state.section_filter.scope
    schools = await evaluation.schools() if scope.schools else []
    known = find_schools(scope, schools)
    is_new = state.evaluated_filter_version != state.filter_version
    return Context(evaluation, state.tally, state.section_filter, state.policy, calendar, known, is_new)


def today(evaluation: Evaluation) -> date:
    """Return the day of an evaluation, as it is in its district."""
    return day_in(evaluation.state.policy.time_zone, evaluation.window.now)


async def terms_that_count(evaluation: Evaluation) -> DistrictTerms:
    """Return the terms whose days the filter in force looks at: all of them, or none."""
    return await evaluation.terms() if evaluation.state.section_filter.current_term_only else DistrictTerms()


def _reevaluate_at(state: DistrictState, terms: DistrictTerms, calendar: TermCalendar) -> datetime | None:
    """Return when time alone will change what the district is judged by."""
    boundary = next_boundary(terms.all(), calendar)
    turns = [state.policy_until, beginning_of(boundary, state.policy.time_zone) if boundary else None]
    return min((turn for turn in turns if turn is not None), default=None)


def verdict_on(state: DistrictState, approval: Approval | None) -> Verdict:
    """Return what the preflight says of a district, with what a person said of its plan."""
    tally = state.tally
    return Verdict(
        tally.errors,
        tally.error_digest % MODULUS,
        tally.plan_is_empty,
        state.reported_digest,
        guard_errors(tally.by_code(), state.policy),
        approval is not None and approval.fits(tally.candidate_digest, state.commit_sequence),
    )
