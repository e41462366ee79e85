"""The records of a committed roster."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
    JsonValue,
)

from schemas.messages.fields import Id, Published, in_order


class SchoolRecord(Published):
    """A school that a committed student or class belongs to."""

    name: str | None = Field(description="The school's name.")
    sis_id: str | None = Field(description="Its id in the district's student information system.")
    school_number: str | None = Field(description="The number the district gives it.")
    low_grade: str | None = Field(description="Its lowest grade.")
    high_grade: str | None = Field(description="Its highest grade.")


class TeacherRecord(Published):
    """A teacher of at least one committed class."""

    first_name: str | None = Field(description="The first name.")
    last_name: str | None = Field(description="The last name.")
    email: str | None = Field(description="The e-mail address, not verified.")
    sis_id: str | None = Field(description="The teacher's id in the SIS, or else the staff id.")


class ClassRecord(Published):
    """A class: a kept section with at least one student in scope."""

    name: str | None = Field(description="The section's name.")
    school_id: str | None = Field(description="The school it is held at.")
    teacher_ids: Annotated[tuple[str, ...], AfterValidator(in_order)] = Field(
        description="Every teacher the section lists, in ascending order; some may be unknown to us."
    )
    grade: str | None = Field(description="The section's grade, which may not be its students'.")
    subject: str | None = Field(description="The subject.")
    period: str | None = Field(description="The period of the school day.")
    term_id: str | None = Field(description="The term; Clever's term ids do not last.")
    sis_id: str | None = Field(description="The section's id in the SIS.")


class StudentRecord(Published):
    """A student, with the one class he belongs to. Values are as Clever gives them, blanks as null."""

    first_name: str | None = Field(description="The first name.")
    middle_name: str | None = Field(description="The middle name.")
    last_name: str | None = Field(description="The last name.")
    email: str | None = Field(description="The e-mail address; young students often have none.")
    sis_id: str | None = Field(description="The id in the district's student information system.")
    student_number: str | None = Field(description="The number the school knows the student by.")
    state_id: str | None = Field(description="The number the state knows the student by.")
    grade: str | None = Field(description="The grade.")
    school_id: str | None = Field(description="The student's primary school.")
    class_id: Id = Field(description="The one class. This is what the whole preflight is for.")
    extra: dict[str, JsonValue] = Field(
        description="The further fields that the vendor asked for, by name; empty when none is set."
    )
