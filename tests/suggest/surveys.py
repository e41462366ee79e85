"""Surveys of invented districts, made in memory from records as they are staged."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from tests.support.districts.oracle import Records, view
from worker.domain.roster.records import (
    Json,
    RecordKind,
    school_from_json,
    section_from_json,
    student_from_json,
    teacher_from_json,
)
from worker.domain.roster.section_filter import SectionFilter, rank
from worker.domain.roster.terms import is_current, without_grace
from worker.suggest.deadline import Deadline
from worker.suggest.suggestions import Suggestion, suggest
from worker.suggest.survey import Survey, SurveyBuilder

TODAY = date(2026, 10, 14)


def survey_of(records: Records, today: date = TODAY, in_force: SectionFilter | None = None) -> Survey:
    """Return the survey of these records."""
    in_force = in_force or SectionFilter()
    builder = SurveyBuilder(in_force.scope)
    for record_id, user in _all(records, RecordKind.USER):
        teacher = teacher_from_json(record_id, user)
        if teacher is not None:
            builder.add_teacher(teacher)
    schools = {i: school_from_json(i, record) for i, record in _all(records, RecordKind.SCHOOL)}
    for school in schools.values():
        builder.add_school(school)
    for record_id, user in _all(records, RecordKind.USER):
        student = student_from_json(record_id, user)
        if student is not None:
            builder.add_student(student)
    for record_id, record in _all(records, RecordKind.SECTION):
        section = section_from_json(record_id, record)
        seen = view(section, records)
        builder.add_section(seen, is_current(seen.term, today), rank(in_force, seen, without_grace(today)))
    return builder.build()


def suggestions(
    records: Records, today: date = TODAY, in_force: SectionFilter | None = None, seconds: float = 60
) -> list[Suggestion]:
    """Return what is suggested to a district of these records."""
    chosen = in_force or SectionFilter()
    return suggest(survey_of(records, today, chosen), chosen, Deadline(seconds))


def _all(records: Records, kind: RecordKind) -> Iterable[tuple[str, Json]]:
    return [(record_id, record) for (of, record_id), record in records.items() if of is kind]
