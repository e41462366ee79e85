"""Gathers what the causes of a review are folded from, in a fixed number of questions to the store."""

from __future__ import annotations

from worker.domain.approval import CLASS_CHANGE_GUARDS, GUARDS
from worker.domain.canonical import to_hex
from worker.domain.causes import Facts, Label, label_sections, needs_teachers, schools_to_count
from worker.domain.days import day_in
from worker.domain.policy import Code
from worker.domain.terms import Calendar
from worker.domain.words import name_words
from worker.ports.evaluation import Evaluation


async def cause_facts(evaluation: Evaluation) -> Facts:
    """Return the figures of the district's open errors."""
    state = evaluation.state
    section_filter, counts = state.section_filter, state.tally.by_code()
    labels = None
    if section_filter.rules and counts.get(Code.MULTIPLE_SECTIONS):
        labels = await _labels(evaluation)
    blocked = await evaluation.blocked_students(labels) if state.tally.blocked else []
    others = await evaluation.other_errors()
    codes = {found.code for found in others}
    removals = None
    if codes & GUARDS:
        removals = await evaluation.removals(state.committed_counts.get("classes", 0))
    changes = await evaluation.class_changes() if codes & CLASS_CHANGE_GUARDS else []
    schools = schools_to_count(blocked)
    if removals:
        schools |= {group.place.school_id for group in removals.students if group.place.school_id}
    return Facts(
        district_id=evaluation.window.district_id,
        students=state.tally.students,
        plan_digest=to_hex(state.tally.candidate_digest),
        was_rostered=state.last_commit_id is not None,
        has_rules=bool(section_filter.rules),
        current_term_only=section_filter.current_term_only,
        has_scope=bool(section_filter.scope.grades or section_filter.scope.schools),
        blocked=blocked,
        cohorts=await evaluation.cohorts(schools) if schools else {},
        sections=await evaluation.sections_by_labels(labels) if labels else {},
        others=others,
        removals=removals,
        class_changes=changes,
        has_shared_students=Code.NO_STUDENTS in codes and await evaluation.has_shared_students(),
    )


async def _labels(evaluation: Evaluation) -> dict[str, Label]:
    sections = await evaluation.concerned_sections()
    names = await evaluation.teacher_names() if needs_teachers(sections) else {}
    teacher_words = name_words(name for both in names.values() for name in both)
    return label_sections(sections, teacher_words, names.keys(), await _calendar(evaluation))


async def _calendar(evaluation: Evaluation) -> Calendar:
    policy = evaluation.state.policy
    today = day_in(policy.time_zone, evaluation.window.now)
    return (await evaluation.terms()).calendar(today, policy.term_grace_days)
