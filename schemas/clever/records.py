"""The records of Clever, with the fields that the product reads."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.clever.fields import Day, Grade, Id, Reference, Text, storable_fields
from schemas.clever.limits import MAX_SCHOOLS, MAX_STUDENTS, MAX_TEACHERS


class Wire(BaseModel):
    """What all wire models share: frozen, exact types, unknown fields allowed and not kept."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Name(Wire):
    """A person's name; contacts have the whole of it in `last`."""

    first: Text = None
    middle: Text = None
    last: Text = None


class StudentRole(Wire):
    """`roles.student`. `school` is the primary of `schools`; `dob` is M/D/YYYY, not zero-padded."""

    school: Reference = None
    schools: Annotated[list[Reference], Field(max_length=MAX_SCHOOLS)] | None = None
    sis_id: Text = None
    student_number: Text = None
    state_id: Text = None
    grade: Grade = None
    gender: Text = None
    dob: Text = None
    race: Text = None
    hispanic_ethnicity: Text = None
    ell_status: Text = None
    frl_status: Text = None
    iep_status: Text = None
    graduation_year: Text = None
    ext: Annotated[dict[str, Any] | None, AfterValidator(storable_fields)] = None


class TeacherRole(Wire):
    """`roles.teacher`."""

    sis_id: Text = None


class StaffRole(Wire):
    """`roles.staff`."""

    staff_id: Text = None


class Roles(Wire):
    """The roles a user has; one that is null or absent he has not."""

    student: StudentRole | None = None
    teacher: TeacherRole | None = None
    staff: StaffRole | None = None


class User(Wire):
    """Anyone: student, teacher, staff, contact, district admin (one object for all since v3.0)."""

    id: Id
    last_modified: Any = None
    district: Reference = None
    email: Text = None
    name: Name | None = None
    roles: Roles | None = None


class Section(Wire):
    """A section: the only place where students and teachers meet.

    `students` may list ids that the app cannot read; `name` is made by Clever of course, teacher's
    last name and period.
    """

    id: Id
    last_modified: Any = None
    district: Reference = None
    school: Reference = None
    name: Text = None
    subject: Text = None
    grade: Grade = None
    period: Text = None
    section_number: Text = None
    sis_id: Text = None
    course: Reference = None
    term_id: Reference = None
    teacher: Reference = None
    teachers: Annotated[list[Reference], Field(max_length=MAX_TEACHERS)] | None = None
    students: Annotated[list[Reference], Field(max_length=MAX_STUDENTS)] | None = None


class School(Wire):
    """A school."""

    id: Id
    last_modified: Any = None
    district: Reference = None
    name: Text = None
    sis_id: Text = None
    school_number: Text = None
    low_grade: Text = None
    high_grade: Text = None


class Course(Wire):
    """A course; most districts send none and Clever builds them from the sections."""

    id: Id
    last_modified: Any = None
    district: Reference = None
    name: Text = None
    number: Text = None


class Term(Wire):
    """A term; its id is not stable, and its days may be missing."""

    id: Id
    last_modified: Any = None
    district: Reference = None
    name: Text = None
    start_date: Day = None
    end_date: Day = None


class District(Wire):
    """The district itself and the state of its sync with Clever."""

    id: Id
    last_modified: Any = None
    name: Text = None
    state: Text = None
    pause_start: Text = None
    pause_end: Text = None
    last_sync: Text = None


class Resource(Wire):
    """A resource: part of the feed, and of no use to a roster."""

    id: Id
    last_modified: Any = None
    district: Reference = None


Record = User | Section | School | Course | Term | District | Resource


COLLECTIONS: Final[dict[str, type[Record]]] = {
    "users": User,
    "sections": Section,
    "schools": School,
    "courses": Course,
    "terms": Term,
    "districts": District,
    "resources": Resource,
}
