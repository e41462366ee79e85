"""The commit of a district's roster, in parts of changes."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import (
    Field,
)

from schemas.messages.batch import Batch, ChangeCounts
from schemas.messages.fields import Absent, Count, Digest, Id, Instant, Ordinal, Published
from schemas.messages.records import ClassRecord, SchoolRecord, StudentRecord, TeacherRecord
from schemas.words import RosterKind

CommitSchema: TypeAlias = Literal["rostering.commit/v1"]


COMMIT_SCHEMA: Final[CommitSchema] = "rostering.commit/v1"


MAX_CHANGES: Final = 1_000
"""Changes in one part of a commit; with records of usual size that stays far below 1 MiB."""


class UpsertSchool(Published):
    """Take this school as it stands here, whether or not you had it."""

    op: Literal["upsert"] = Field(description="Add the record, or replace the whole of it.")
    kind: Literal["school"] = Field(description="A school.")
    id: Id = Field(description="The school's Clever id.")
    record: SchoolRecord = Field(description="The whole record.")


class UpsertTeacher(Published):
    """Take this teacher as he or she stands here, whether or not you had them."""

    op: Literal["upsert"] = Field(description="Add the record, or replace the whole of it.")
    kind: Literal["teacher"] = Field(description="A teacher.")
    id: Id = Field(description="The teacher's Clever id.")
    record: TeacherRecord = Field(description="The whole record.")


class UpsertClass(Published):
    """Take this class as it stands here, whether or not you had it."""

    op: Literal["upsert"] = Field(description="Add the record, or replace the whole of it.")
    kind: Literal["class"] = Field(description="A class.")
    id: Id = Field(description="The Clever id of its section.")
    record: ClassRecord = Field(description="The whole record.")


class UpsertStudent(Published):
    """Take this student as he or she stands here, whether or not you had them."""

    op: Literal["upsert"] = Field(description="Add the record, or replace the whole of it.")
    kind: Literal["student"] = Field(description="A student.")
    id: Id = Field(description="The student's Clever id.")
    record: StudentRecord = Field(description="The whole record.")
    replaces: Id | Absent = Field(
        default=None,
        description="The id under which you had this student, and which this commit removes; only where ids "
        "were issued again and a person approved the plan.",
    )


class Remove(Published):
    """Take this record off the roster; it may come back one day under the same id."""

    op: Literal["remove"] = Field(description="Remove the record.")
    kind: RosterKind = Field(description="What the record is.")
    id: Id = Field(description="Its Clever id.")


Upsert = Annotated[UpsertSchool | UpsertTeacher | UpsertClass | UpsertStudent, Field(discriminator="kind")]


Change = Annotated[Upsert | Remove, Field(discriminator="op")]


class RosterSummary(Published):
    """The district's whole committed roster as it is after this commit, and the proof of it."""

    schools: Count = Field(description="Schools in it.")
    teachers: Count = Field(description="Teachers in it.")
    classes: Count = Field(description="Classes in it.")
    students: Count = Field(description="Students in it.")
    digest: Digest = Field(
        description="The sum modulo 2^256 of the SHA-256 of every record's canonical JSON"
        " {id, kind, record}: independent of order, so that it can be kept up change by change."
    )


class CommitEnvelope(Published):
    """A commit without what differs between its parts."""

    schema_name: CommitSchema = Field(alias="schema", description="The name of this shape.")
    commit_id: Id = Field(description="The commit; the same one in all its parts and repetitions.")
    district_id: Id = Field(description="The district.")
    sequence: Ordinal = Field(description="The district's commits, counted from 1 without gaps.")
    previous_commit_id: Id | None = Field(description="The commit before; null in the first.")
    rolled_back_to: Ordinal | None = Field(
        description="The sequence of the commit after which the roster was what it is again after this one,"
        " where a person had it rolled back; null in all others. Apply it like any other."
    )
    decided_at: Instant = Field(description="When it was decided.")
    batch: Batch = Field(description="The batch that led to it.")
    counts: ChangeCounts = Field(description="What the whole commit changes, not this part alone.")
    roster: RosterSummary = Field(description="The roster after the whole commit.")


class CommitMessage(CommitEnvelope):
    """What changed in a district's roster: apply all of it, in order, and you have the roster."""

    part: Ordinal = Field(description="Which part of the commit this is, from 1.")
    parts: Ordinal = Field(description="How many parts it has; it is complete when all are here.")
    changes: tuple[Change, ...] = Field(
        max_length=MAX_CHANGES,
        description="Upserts of schools, teachers, classes, students; then removals in the opposite order."
        " None at all in a commit that only ends a review.",
    )
