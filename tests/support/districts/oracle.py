"""A district judged by the rules alone: everything at once, from its staged records, in memory.

It is what the store's incremental evaluation is held to. No table, no tally, no delta.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from schemas.words import RosterKind
from worker.domain.preflight.checks import (
    DistrictContext,
    Finding,
    SectionContext,
    StudentContext,
    district_findings,
    section_findings,
    student_findings,
    vanished_kinds,
)
from worker.domain.preflight.policy import Policy
from worker.domain.preflight.tally import PLURALS
from worker.domain.preflight.turnover import Turnover, Turnovers
from worker.domain.roster.records import (
    Json,
    RecordId,
    RecordKind,
    Section,
    Student,
    course_from_json,
    school_from_json,
    section_from_json,
    student_from_json,
    teacher_from_json,
    term_from_json,
)
from worker.domain.roster.roster import Entry, class_entry, school_entry, student_entry, teacher_entry
from worker.domain.roster.scope import find_schools
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter, SectionView, counted, rank
from worker.domain.roster.terms import TermCalendar
from worker.domain.roster.texts import fold, folded

Records = dict[tuple[RecordKind, str], Json]
"""The live records of a district; tombstones are simply not there."""


@dataclass(frozen=True)
class Judged:
    """What the rules say of a district."""

    findings: list[Finding]
    entries: dict[tuple[str, str], Entry]
    class_sizes: dict[str, int]
    outside: set[str]
    """Shared students out of scope."""
    outside_listed: set[str]
    """Those of them whom a kept section lists."""


Seat = tuple[str | None, str | None]
"""A school and a class."""


@dataclass(frozen=True)
class Committed:
    """What guards look at: students with school and class, of the committed roster now and hours ago."""

    start: dict[str, Seat]
    now: dict[str, Seat]
    kinds: Mapping[str, int] = field(default_factory=dict)
    """How many records of each kind the committed roster has, in the words of messages."""


def seats_of(roster: Mapping[tuple[str, str], Json]) -> dict[str, Seat]:
    """Return the students of a roster with school and class."""
    return {
        key[1]: (record["school_id"], record["class_id"])
        for key, record in roster.items()
        if key[0] == "student"
    }


def kinds_of(roster: Iterable[tuple[str, str]]) -> Counter[str]:
    """Count the records of each kind, in the words of messages."""
    return Counter(PLURALS[RosterKind(kind)] for kind, _ in roster)


def judge(
    district_id: str,
    records: Records,
    section_filter: SectionFilter,
    policy: Policy,
    today: date,
    committed: Committed,
) -> Judged:
    """Judge a whole district."""
    sections = {
        record_id: section_from_json(record_id, record)
        for (kind, record_id), record in records.items()
        if kind is RecordKind.SECTION
    }
    calendar = calendar_of(records, today, policy.term_grace_days)
    ranks = {
        record_id: kept
        for record_id, section in sections.items()
        if (kept := rank(section_filter, view(section, records), calendar)) is not None
    }
    students = _students(records, section_filter)
    numbers = _numbers(students, policy)
    sections_of = {
        student: counted(
            section_filter.strategy,
            {RecordId(s): kept for s, kept in ranks.items() if student in sections[s].students},
        )
        for student in students
    }
    sizes: Counter[str] = Counter(
        section for counted_sections in sections_of.values() for section in counted_sections
    )
    findings: list[Finding] = []
    entries: list[Entry] = []
    for student_id, student in students.items():
        school = student.value("school_id")
        findings += student_findings(
            StudentContext(
                student,
                sections_of[student_id],
                _duplicated(student, numbers),
                school is None or (RecordKind.SCHOOL, school) in records,
            ),
            policy,
        )
        only = sections_of[student_id][0] if len(sections_of[student_id]) == 1 else None
        entries.append(student_entry(student, only, policy.extra_fields))
    for section_id in ranks:
        section = sections[RecordId(section_id)]
        findings += section_findings(_section_context(section, sizes[section_id] > 0, records), policy)
        if sizes[section_id]:
            entries.append(class_entry(section))
    entries += _people(sections, sizes, students, records)
    roster = {(entry.kind.value, entry.id): entry for entry in entries}
    planned = seats_of({key: json.loads(entry.record) for key, entry in roster.items()})
    turnovers = every_turnover(committed, planned)
    everybody = _students(records, KEEP_ALL)
    context = DistrictContext(
        district_id,
        len(students),
        turnovers,
        vanished=vanished_kinds(committed.kinds, kinds_of(roster)),
        unmatched=_unmatched(section_filter, everybody, records),
    )
    findings += district_findings(context, policy)
    outside = everybody.keys() - students.keys()
    listed = {student for section_id in ranks for student in sections[RecordId(section_id)].students}
    return Judged(
        findings, {(entry.kind, entry.id): entry for entry in entries}, dict(sizes), outside, outside & listed
    )


def _unmatched(
    section_filter: SectionFilter, everybody: dict[str, Student], records: Records
) -> list[tuple[str, str]]:
    """Return the values of the scope that no student and no school has."""
    grades = {student.value("grade") for student in everybody.values()}
    schools: set[str | None] = {school for student in everybody.values() for school in student.all_schools()}
    schools |= {i for (kind, i) in records if kind is RecordKind.SCHOOL}
    schools |= {record.get("name") for (kind, _), record in records.items() if kind is RecordKind.SCHOOL}
    scope = section_filter.scope
    values = [("grades", value, grades) for value in scope.grades]
    values += [("schools", value, schools) for value in scope.schools]
    return [
        (name, value)
        for name, value, there in values
        if everybody and not any(folded(value) == folded(one) for one in there if one)
    ]


def calendar_of(records: Records, today: date, days: int) -> TermCalendar:
    """Return which terms count on though they have ended, looked for day by day."""
    named: dict[str, set[str]] = {}
    for (kind, _), record in records.items():
        if kind is RecordKind.SECTION and record.get("term_id"):
            named.setdefault(record.get("school_id") or "", set()).add(record["term_id"])
    terms = {i: term_from_json(i, record) for (kind, i), record in records.items() if kind is RecordKind.TERM}
    unnamed = [term for i, term in terms.items() if not any(i in some for some in named.values())]
    grace: dict[tuple[str, str], date] = {}
    for school, some in named.items():
        known = [terms[i] for i in some if i in terms and (terms[i].start or terms[i].end)]
        for back in range(days + 1):
            day = today - timedelta(days=back)
            running = [term for term in known if (term.start or day) <= day <= (term.end or day)]
            begun = any(term.start == day and day <= (term.end or day) for term in unnamed)
            if back and running:
                grace |= {(school, term.id): day + timedelta(days=days) for term in running}
            if running or begun:
                break
    return TermCalendar(today, grace)


def view(section: Section, records: Records) -> SectionView:
    """Return a section with what a filter reads beside it."""

    def beside(kind: RecordKind, record_id: str | None) -> Json | None:
        return records.get((kind, record_id)) if record_id else None

    course = beside(RecordKind.COURSE, section.course_id)
    school = beside(RecordKind.SCHOOL, section.school_id)
    term = beside(RecordKind.TERM, section.term_id)
    return SectionView(
        section,
        course_from_json(section.course_id or "", course) if course is not None else None,
        school_from_json(section.school_id or "", school) if school is not None else None,
        term_from_json(section.term_id or "", term) if term is not None else None,
    )


def _students(records: Records, section_filter: SectionFilter) -> dict[str, Student]:
    students = {}
    schools = [school_from_json(key[1], one) for key, one in records.items() if key[0] is RecordKind.SCHOOL]
    scope = find_schools(section_filter.scope, schools)
    for (kind, record_id), record in records.items():
        student = student_from_json(record_id, record) if kind is RecordKind.USER else None
        if student is not None and scope.holds(student):
            students[record_id] = student
    return students


def _numbers(students: dict[str, Student], policy: Policy) -> dict[str, Counter[str]]:
    """Count how often each value that must be one student's occurs."""
    return {
        name: Counter(fold(student.value(name) or "") for student in students.values())
        for name in policy.unique_fields
    }


def _duplicated(student: Student, numbers: dict[str, Counter[str]]) -> set[str]:
    return {
        name
        for name, values in numbers.items()
        if (value := student.value(name)) is not None and values[fold(value)] > 1
    }


def _section_context(section: Section, is_class: bool, records: Records) -> SectionContext:
    def is_known(user: str, side: str) -> bool:
        return side in records.get((RecordKind.USER, user), {})

    return SectionContext(
        section,
        is_class,
        [teacher for teacher in section.teachers if not is_known(teacher, "teacher")],
        [student for student in section.students if not is_known(student, "student")],
    )


def _people(
    sections: dict[str, Section], sizes: Counter[str], students: dict[str, Student], records: Records
) -> list[Entry]:
    classes = [sections[section] for section in sizes]
    people = []
    for teacher_id in {teacher for section in classes for teacher in section.teachers}:
        teacher = teacher_from_json(teacher_id, records.get((RecordKind.USER, teacher_id)))
        if teacher is not None:
            people.append(teacher_entry(teacher))
    named = {section.school_id for section in classes}
    named |= {student.value("school_id") for student in students.values()}
    for school_id in named - {None}:
        school = records.get((RecordKind.SCHOOL, school_id or ""))
        if school is not None:
            people.append(school_entry(school_from_json(school_id or "", school)))
    return people


def every_turnover(committed: Committed, planned: dict[str, Seat]) -> list[Turnovers]:
    """Return what the limits hold for: the hours before with the plan, and the plan alone."""
    return [turnovers_of(committed, planned), turnovers_of(Committed(committed.now, committed.now), planned)]


def turnovers_of(committed: Committed, planned: dict[str, Seat]) -> Turnovers:
    """Count whom a plan removes or moves with what was before it, student by student; nobody at no commit."""
    removed, moved = set(committed.start) - set(planned), set()
    for student in set(committed.start) & set(planned):
        class_id = planned[student][1]
        if class_id is not None and class_id != committed.start[student][1]:
            moved.add(student)
    # What the plan leaves as it is committed was done before.
    gone = {student for student in removed if student not in committed.now}
    done = {s for s in moved if s in committed.now and committed.now[s][1] == planned[s][1]}

    def counted(some: set[str], before: set[str], school: str | None = None) -> Turnover:
        def at(students: Iterable[str]) -> int:
            return sum(school is None or committed.start[student][0] == school for student in students)

        return Turnover(at(some), at(committed.start), at(before))

    schools = sorted({seat[0] for seat in committed.start.values() if seat[0]})
    return Turnovers(
        counted(removed, gone),
        counted(moved, done),
        {school: counted(removed, gone, school) for school in schools},
        {school: counted(moved, done, school) for school in schools},
    )
