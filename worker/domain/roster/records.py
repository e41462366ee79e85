"""A district's records as the rules see them, and how they are stored as JSON.

`None` is a blank; texts are otherwise kept to the letter. What was staged before some text came to count as
blank is read as what is staged today.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Final, NewType

from worker.domain.roster.texts import is_blank, without_blanks

RecordId = NewType("RecordId", str)
EventId = NewType("EventId", str)

Json = dict[str, Any]

EXTENSION_PREFIX: Final = "ext."

UNREAD: Final = "unread"
"""The key of a staged record under which the fields stand that could not be read; they are missing in it."""


class RecordKind(StrEnum):
    """What a staged record is; the values stand in the database."""

    DISTRICT = "district"
    SCHOOL = "school"
    TERM = "term"
    COURSE = "course"
    USER = "user"
    SECTION = "section"


KINDS: Final[Mapping[str, RecordKind | None]] = {
    "users": RecordKind.USER,
    "sections": RecordKind.SECTION,
    "schools": RecordKind.SCHOOL,
    "courses": RecordKind.COURSE,
    "terms": RecordKind.TERM,
    "districts": RecordKind.DISTRICT,
    "resources": None,
}
"""Kinds by the names of Clever's collections; resources are part of the feed and of no use to a roster."""


@dataclass(frozen=True, slots=True)
class Student:
    """The student side of a user: `texts` by the names of `student_fields.STUDENT_TEXTS`, blanks left out.

    `other_schools` are those that he is at beside his primary one, `school_id`.
    """

    id: RecordId
    texts: Mapping[str, str]
    ext: Mapping[str, Any] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    """Fields that came and could not be read."""
    other_schools: tuple[str, ...] = ()

    def value(self, name: str) -> Any:
        """Return one field, None where it is blank; `name` may be `ext.<name>`."""
        if name.startswith(EXTENSION_PREFIX):
            value = self.ext.get(name.removeprefix(EXTENSION_PREFIX))
        else:
            value = self.texts.get(name)
        if value.__class__ is str and "!" <= value < "\x7f":  # as nearly all are: see `is_blank`
            return value
        return None if is_blank(value) else value

    def all_schools(self) -> Iterator[str]:
        """Yield the ids of the schools that the student is at, the primary one first."""
        primary = self.value("school_id")
        if primary is not None:
            yield primary
        yield from self.other_schools


@dataclass(frozen=True, slots=True)
class Teacher:
    """The teacher or staff side of a user."""

    id: RecordId
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    sis_id: str | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """A section; `teachers` and `students` are sorted ids, each once, known to us or not."""

    id: RecordId
    school_id: RecordId | None = None
    name: str | None = None
    subject: str | None = None
    grade: str | None = None
    period: str | None = None
    section_number: str | None = None
    sis_id: str | None = None
    course_id: RecordId | None = None
    term_id: RecordId | None = None
    teachers: tuple[RecordId, ...] = ()
    students: tuple[RecordId, ...] = ()


@dataclass(frozen=True, slots=True)
class School:
    """A school."""

    id: RecordId
    name: str | None = None
    sis_id: str | None = None
    school_number: str | None = None
    low_grade: str | None = None
    high_grade: str | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """A course, of which a section filter reads name and number."""

    id: RecordId
    name: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A term; both days belong to it, and a missing one leaves that end open."""

    id: RecordId
    name: str | None = None
    start: date | None = None
    end: date | None = None


def student_from_json(record_id: str, user: Json | None) -> Student | None:
    """Read the student side of a staged user; None where he has none."""
    side = user.get("student") if user else None
    if side is None:
        return None
    return Student(
        RecordId(record_id),
        side.get("texts", {}),
        side.get("ext", {}),
        tuple(side.get(UNREAD, ())),
        tuple(side.get("other_schools", ())),
    )


def teacher_from_json(record_id: str, user: Json | None) -> Teacher | None:
    """Read the teacher side of a staged user; None where he has none."""
    side = user.get("teacher") if user else None
    return None if side is None else Teacher(RecordId(record_id), **_filled(side))


def section_from_json(record_id: str, section: Json) -> Section:
    """Read a staged section."""
    lists = {name: tuple(section.get(name, ())) for name in ("teachers", "students")}
    return Section(RecordId(record_id), **{**_filled(section), **lists})


def term_from_json(record_id: str, term: Json) -> Term:
    """Read a staged term."""
    start, end = (date.fromisoformat(day) if day else None for day in (term.get("start"), term.get("end")))
    return Term(RecordId(record_id), _filled(term).get("name"), start, end)


def school_from_json(record_id: str, school: Json) -> School:
    """Read a staged school."""
    return School(RecordId(record_id), **_filled(school))


def course_from_json(record_id: str, course: Json) -> Course:
    """Read a staged course."""
    filled = _filled(course)
    return Course(RecordId(record_id), filled.get("name"), filled.get("number"))


def _filled(record: Json) -> Json:
    return without_blanks(record.items())
