"""The refresh: from a batch's changes to everything they touch, or over the whole district."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final

from worker.domain.preflight.policy import Code
from worker.domain.roster.records import Json, RecordKind
from worker.domain.roster.scope_counts import count_changes
from worker.domain.roster.staging import Change
from worker.pipeline.evaluate.candidate.context import CHUNK, Context, chunks
from worker.pipeline.evaluate.candidate.step1_sections import SectionOutcome, rank_sections, refresh_sections
from worker.pipeline.evaluate.candidate.step2_students import (
    StudentOutcome,
    change_identities,
    refresh_identities,
    refresh_students,
)
from worker.pipeline.evaluate.candidate.step3_classes import ClassOutcome, refresh_classes
from worker.pipeline.evaluate.candidate.step4_teachers_and_schools import refresh_teachers_and_schools
from worker.pipeline.evaluate.rosters import EnrollmentChanges, EvaluatedRoster, SectionLink
from worker.runtime.progress import Progress, no_progress

MANY_STUDENTS: Final = 50_000
"""Students in memory, by their ids, up to which only those are judged whom a turned section lists."""
_LINK_FIELDS = {"school": "school_id", "course": "course_id", "term": "term_id"}


@dataclass(slots=True)
class Touched:
    """What has to be looked at again, by kind."""

    sections: set[str] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    students: set[str] = field(default_factory=set)
    teachers: set[str] = field(default_factory=set)
    schools: set[str] = field(default_factory=set)
    before: dict[str, Json | None] = field(default_factory=dict)

    def rank(self, outcome: SectionOutcome) -> None:
        """Take note of what ranking sections touches."""
        self.students |= outcome.students
        self.classes |= outcome.turned

    def judge(self, outcome: StudentOutcome) -> None:
        """Take note of what judging students touches."""
        self.classes |= outcome.turned
        self.schools |= outcome.schools


async def stage(roster: EvaluatedRoster, changes: Sequence[Change]) -> None:
    """Write the changed records, which sections list and name whom, and which terms their schools have."""
    if not changes:
        return
    sections = [change for change in changes if change.kind is RecordKind.SECTION]
    await roster.write_staged(changes, _enrollments(sections))
    added: set[SectionLink] = set()
    removed: set[SectionLink] = set()
    for change in sections:
        before, after = _targets(change.before), _targets(change.after)
        added |= {(*target, change.record_id) for target in after - before}
        removed |= {(*target, change.record_id) for target in before - after}
    if added or removed:
        await roster.write_links(added, removed)
    terms = _term_counts(sections)
    if terms:
        await roster.count_school_terms(terms)


def _enrollments(sections: Iterable[Change]) -> EnrollmentChanges:
    added: dict[str, list[str]] = {}
    removed: dict[str, list[str]] = {}
    for change in sections:
        before, after = _students(change.before), _students(change.after)
        for student in after - before:
            added.setdefault(student, []).append(change.record_id)
        for student in before - after:
            removed.setdefault(student, []).append(change.record_id)
    return EnrollmentChanges(added, removed)


async def refresh(context: Context, changes: Sequence[Change], schools: Collection[str] = ()) -> None:
    """Bring the candidate roster and the findings up to date with these staged changes.

    All sections of `schools` are ranked anew, because other terms count there than before.
    """
    touched = await _counted_and_touched(context, changes)
    touched.sections |= await _linked(context, "school", schools)
    for ids in chunks(touched.sections):
        touched.rank(await refresh_sections(context, ids, touched.before))
    # Who somebody is depends on no section; nor on schools, where the scope is what it was.
    touched.students |= await _moved_identities(context, changes)
    for ids in chunks(touched.students):
        touched.judge(await refresh_students(context, ids))
    await _refresh_what_students_need(context, touched)


async def refresh_sections_and_changes(
    context: Context, changes: Sequence[Change], progress: Progress
) -> None:
    """Do what `refresh` does, with every section ranked anew: by a filter of the same scope and strategy.

    Students are looked at again where a section turned that lists them; where those are very many, all are.
    """
    roster = context.roster
    touched = await _counted_and_touched(context, changes)
    if context.is_new_filter:
        touched.students |= await roster.students_with(Code.LEFT_SCOPE, MANY_STUDENTS)
    are_many = len(touched.students) >= MANY_STUDENTS
    async for ids in roster.ids_in_chunks("section", CHUNK):
        changed_ones = [one for one in ids if one in touched.before]
        if changed_ones:
            touched.rank(await refresh_sections(context, changed_ones, touched.before))
        touched.rank(await rank_sections(context, [one for one in ids if one not in touched.before]))
        are_many = are_many or len(touched.students) >= MANY_STUDENTS
        if are_many:
            touched.students.clear()
        progress("sections", len(ids))
    touched.students |= await _moved_identities(context, changes)
    students = roster.ids_in_chunks("student", CHUNK) if are_many else _each(chunks(touched.students))
    async for ids in students:
        touched.judge(await refresh_students(context, ids))
        progress("students", len(ids))
    await _refresh_what_students_need(context, touched, progress)


async def refresh_all(context: Context, progress: Progress) -> None:
    """Check the whole district anew, in bounded memory, after a change of filter, policy or day."""
    roster = context.roster
    async for ids in roster.ids_in_chunks("section", CHUNK):
        await rank_sections(context, ids)
        progress("sections", len(ids))
    async for ids in roster.ids_in_chunks("student", CHUNK):
        await refresh_identities(context, ids)
        progress("identities", len(ids))
    context.tally.forget_shared()
    async for ids in roster.ids_in_chunks("student", CHUNK):
        await refresh_students(context, ids, counts_shared=True)
        progress("students", len(ids))
    async for ids in roster.ids_in_chunks("section", CHUNK):
        await refresh_classes(context, ids)
        progress("classes", len(ids))
    async for ids in roster.ids_in_chunks("teacher", CHUNK):
        await refresh_teachers_and_schools(context, ids, ())
    async for ids in roster.ids_in_chunks("school", CHUNK):
        await refresh_teachers_and_schools(context, (), ids)


async def _counted_and_touched(context: Context, changes: Sequence[Change]) -> Touched:
    """Count whom the changes share, and return what they touch directly."""
    real = [change for change in changes if change.is_real]
    count_changes(context.tally, context.scope, real)
    return await _touched(context, real)


async def _moved_identities(context: Context, changes: Iterable[Change]) -> set[str]:
    """Keep the unique values of those who changed; return who else shares one with them now, or no more."""
    moved: set[tuple[str, bytes]] = set()
    for some in chunks([change for change in changes if change.kind is RecordKind.USER]):
        moved |= await change_identities(context, some)
    return await context.roster.unsettled_holders(moved) if moved else set()


async def _refresh_what_students_need(
    context: Context, touched: Touched, progress: Progress = no_progress
) -> None:
    for ids in chunks(touched.classes):
        _name(touched, await refresh_classes(context, ids))
        progress("classes", len(ids))
    both = zip_longest(chunks(touched.teachers), chunks(touched.schools), fillvalue=())
    for teachers, schools in both:
        await refresh_teachers_and_schools(context, teachers, schools)


async def _each(lists: Iterable[list[str]]) -> AsyncIterator[list[str]]:
    for ids in lists:
        yield ids


async def _touched(context: Context, changes: Sequence[Change]) -> Touched:
    """Work out what the changed records touch directly."""
    touched = Touched()
    for change in changes:
        if change.kind is RecordKind.SECTION:
            touched.sections.add(change.record_id)
            touched.classes.add(change.record_id)
            touched.before[change.record_id] = change.before
        elif change.kind is RecordKind.USER:
            _touch_user(touched, change)
        elif change.kind is RecordKind.SCHOOL:
            touched.schools.add(change.record_id)
    for kind, role in (
        (RecordKind.SCHOOL, "school"),
        (RecordKind.COURSE, "course"),
        (RecordKind.TERM, "term"),
    ):
        # A filter may read their names and days, so that their sections are ranked anew.
        ids = {change.record_id for change in changes if change.kind is kind}
        touched.sections |= await _linked(context, role, ids)
    # A section that lists somebody who came or went is checked anew for whom it lists in vain.
    students = {change.record_id for change in changes if _turned(change, "student")}
    if students:
        touched.classes |= await context.roster.sections_of_students(students)
    teachers = {change.record_id for change in changes if _turned(change, "teacher")}
    touched.classes |= await _linked(context, "teacher", teachers)
    schools = {
        c.record_id
        for c in changes
        if c.kind is RecordKind.SCHOOL and (c.before is None) != (c.after is None)
    }
    if schools:
        touched.students |= await context.roster.students_of_schools(schools)
    return touched


async def _linked(context: Context, role: str, targets: Collection[str]) -> set[str]:
    return await context.roster.linked_sections(role, targets) if targets else set()


def _turned(change: Change, side: str) -> bool:
    """Whether a user came to have this side, or lost it."""
    return change.kind is RecordKind.USER and (side in (change.before or {})) != (
        side in (change.after or {})
    )


def _touch_user(touched: Touched, change: Change) -> None:
    before, after = change.before or {}, change.after or {}
    if before.get("student") != after.get("student"):
        touched.students.add(change.record_id)
        touched.schools |= _schools_of_student(change)
    if before.get("teacher") != after.get("teacher"):
        touched.teachers.add(change.record_id)


def _schools_of_student(change: Change) -> set[str]:
    """Return the schools that a student left and came to: the roster may need the one no more."""
    sides = ((record or {}).get("student", {}) for record in (change.before, change.after))
    left, joined = (side.get("texts", {}).get("school_id") for side in sides)
    return set() if left == joined else {school for school in (left, joined) if school}


def _students(section: Json | None) -> set[str]:
    return set(section.get("students", ())) if section else set()


def _targets(section: Json | None) -> set[tuple[str, str]]:
    """Return where a section points besides its students: role and id."""
    if section is None:
        return set()
    targets = {("teacher", teacher) for teacher in section.get("teachers", ())}
    targets |= {(role, section[name]) for role, name in _LINK_FIELDS.items() if section.get(name)}
    return targets


def _term_counts(sections: Iterable[Change]) -> dict[tuple[str, str], int]:
    """Return by how many sections each term of each school grows."""
    counts: Counter[tuple[str, str]] = Counter()
    for change in sections:
        for record, sign in ((change.before, -1), (change.after, 1)):
            if record is not None and record.get("term_id"):
                counts[record.get("school_id") or "", record["term_id"]] += sign
    return {key: count for key, count in counts.items() if count}


def _name(touched: Touched, outcome: ClassOutcome) -> None:
    touched.teachers |= outcome.teachers
    touched.schools |= outcome.schools
