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
from worker.domain.roster.section_filter import SectionFilter
from worker.domain.roster.terms import without_grace
from worker.suggest.deadline import Deadline
from worker.suggest.picture import DistrictPicture
from worker.suggest.picture_builder import PictureBuilder
from worker.suggest.suggestions import Suggestion, suggest
from worker.suggest.survey import Survey

TODAY = date(2026, 10, 14)


def picture_of(records: Records, today: date = TODAY) -> DistrictPicture:
    """Return the picture of these records."""
    builder = PictureBuilder(without_grace(today))
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
            school_id, grade = student.texts.get("school_id"), student.texts.get("grade")
            builder.add_student(student.id, school_id, grade, student.other_schools)
    for record_id, record in _all(records, RecordKind.SECTION):
        builder.add_section(view(section_from_json(record_id, record), records))
    return builder.build()


def survey_of(records: Records, today: date = TODAY, in_force: SectionFilter | None = None) -> Survey:
    """Return the survey of these records."""
    return picture_of(records, today).within(in_force or SectionFilter())


def suggestions(
    records: Records, today: date = TODAY, in_force: SectionFilter | None = None, seconds: float = 60
) -> list[Suggestion]:
    """Return what is suggested to a district of these records."""
    chosen = in_force or SectionFilter()
    return suggest(survey_of(records, today, chosen), chosen, Deadline(seconds))


def _all(records: Records, kind: RecordKind) -> Iterable[tuple[str, Json]]:
    return [(record_id, record) for (of, record_id), record in records.items() if of is kind]
