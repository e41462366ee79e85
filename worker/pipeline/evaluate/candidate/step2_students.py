"""Step two: each student's identity, findings and entry, from the sections that count for him."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from schemas.words import RosterKind
from worker.domain.preflight.checks import Finding, StudentContext, left_scope, student_findings
from worker.domain.preflight.policy import Code
from worker.domain.roster.canonical import canonical
from worker.domain.roster.records import Json, RecordId, Student, student_from_json
from worker.domain.roster.roster import student_entry
from worker.domain.roster.scope_counts import count_student
from worker.domain.roster.section_filter import counted
from worker.domain.roster.staging import Change
from worker.domain.roster.texts import fold_value
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.rosters import EntryWrite, StudentState
from worker.runtime.cooperative import yielding_every

Identity: TypeAlias = tuple[str, str, bytes]
"""A student, a unique field, and the digest of its value."""
DIGEST_BYTES = 16
"""Of a unique field's value: enough to tell a million values apart, and it is not the value."""


@dataclass(slots=True)
class StudentOutcome:
    """What became of the students.

    Sections that came to have students or none, and schools that somebody came to or left.
    """

    turned: set[str] = field(default_factory=set)
    schools: set[str] = field(default_factory=set)

    def name_school(self, student: Student | None) -> None:
        """Take note of the school of a student who came into the roster, or left it."""
        school = student.value("school_id") if student else None
        if school:
            self.schools.add(school)


async def refresh_identities(context: Context, ids: Collection[str]) -> None:
    """Keep the values of unique fields of those in scope."""
    rows: list[Identity] = []
    for student_id, record in (await context.roster.student_records(ids)).items():
        rows += _identities(context, student_id, record)
    await context.roster.replace_identities(ids, rows)


async def change_identities(context: Context, changes: Iterable[Change]) -> set[tuple[str, bytes]]:
    """Keep the values of unique fields of users that changed; return the values that moved.

    What was kept of them before is what they had then: scope and unique fields are what they were.
    """
    rows: list[Identity] = []
    ids = []
    for change in changes:
        before, after = (_identities(context, change.record_id, one) for one in (change.before, change.after))
        if before != after:
            ids.append(change.record_id)
            rows += after
    return await context.roster.replace_identities(ids, rows) if ids else set()


async def refresh_students(
    context: Context, ids: Collection[str], *, counts_shared: bool = False
) -> StudentOutcome:
    """Check these students anew and write their entries; count those who are shared, where that is wanted."""
    outcome = StudentOutcome()
    if not ids:
        return outcome
    roster = context.roster
    states = await roster.student_states(ids, with_duplicated=bool(context.policy.unique_fields))
    before = [found for state in states for found in state.findings]
    after: list[Finding] = []
    writes = []
    sizes: Counter[str] = Counter()
    flagged = {found.record_id for found in before if found.finding.code is Code.LEFT_SCOPE}
    async for state in yielding_every(states):
        student = student_from_json(state.id, state.record)
        if counts_shared and student is not None:
            count_student(context.tally, context.scope, student, 1)
        if student is None or not context.scope.holds(student):
            write, findings = _outside(context, state, student, was_told=state.id in flagged)
        else:
            write, findings = _judge(context, state, student, state.duplicated)
        after += findings
        writes.append((write, state.entry))
        sizes.subtract(state.entry.sections)
        sizes.update(write.sections or ())
        if (write.entry is None) != (state.entry.candidate is None):
            outcome.name_school(student)
    _count_blocked(context, (found.finding for found in before), -1)
    _count_blocked(context, after, 1)
    grown = {section: change for section, change in sizes.items() if change}
    outcome.turned = await context.write_changes(writes, before, after, grown)
    return outcome


def _outside(
    context: Context, state: StudentState, student: Student | None, *, was_told: bool
) -> tuple[EntryWrite, list[Finding]]:
    """Take out somebody who is no student, or out of scope.

    That he left the scope is told while a kept section lists him: also after the commit that removes him,
    which may be the very next thing, until another filter is in force or he is not shared any more.
    """
    write = EntryWrite(RosterKind.STUDENT, state.id, None, sections=())
    left = state.entry.committed is not None or (was_told and not context.is_new_filter)
    if student is None or not state.ranks or not left:
        return write, []
    return write, [left_scope(state.id, context.policy)]


def _judge(
    context: Context, state: StudentState, student: Student, duplicated: Collection[str]
) -> tuple[EntryWrite, list[Finding]]:
    ranks = {RecordId(section): rule for section, rule in state.ranks.items()}
    sections = counted(context.section_filter.strategy, ranks)
    school = student.value("school_id")
    known = school is None or state.school_known
    lacks_schools = context.scope.lacks_schools(student)
    of_student = StudentContext(student, sections, duplicated, known, lacks_schools)
    findings = student_findings(of_student, context.policy)
    class_id = sections[0] if len(sections) == 1 else None
    entry = student_entry(student, class_id, context.policy.extra_fields)
    grade = student.value("grade")
    return EntryWrite(RosterKind.STUDENT, state.id, entry, school, sections, grade), findings


def _count_blocked(context: Context, findings: Iterable[Finding], sign: int) -> None:
    blocked = {one.record_id for one in findings if one.is_error and one.code is not Code.LEFT_SCOPE}
    context.tally.count_blocked(sign * len(blocked))


def _identities(context: Context, user_id: str, record: Json | None) -> list[Identity]:
    """Return the values of unique fields of a user, if he is a student in scope."""
    student = student_from_json(user_id, record)
    if student is None or not context.scope.holds(student):
        return []
    return list(identities(student, context.policy.unique_fields))


def identities(student: Student, fields: Iterable[str]) -> Iterable[Identity]:
    """Yield the student's values of these unique fields: his id, the field, a digest of the value."""
    for name in fields:
        value = student.value(name)
        if value is not None:
            digest = hashlib.sha256(canonical(fold_value(value)).encode()).digest()[:DIGEST_BYTES]
            yield student.id, name, digest
