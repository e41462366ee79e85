"""What we publish: a commit, a review, or an alert, exactly as it stands on the wire.

A commit says what changed in a district's roster, all or nothing. A review says why nothing was
committed, who owns each cause, and which rule would put it right. An alert tells operations that an
incident began or ended.

These models are the truth of the shapes, not the path to them: a commit's body is put together from
canonical record JSON that was made when the change was decided, and the tests hold it to the models.
So the models are exact: unknown keys are refused, nothing that a message must carry has a default,
and a time has one spelling. Names that Python keeps for itself (`class`) or pydantic does (`schema`)
have another name here and their own one on the wire.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    StrictBool,
    WithJsonSchema,
    model_serializer,
)
from pydantic.json_schema import SkipJsonSchema

from schemas.finding_codes import FindingCode

CommitSchema: TypeAlias = Literal["rostering.commit/v1"]
ReviewSchema: TypeAlias = Literal["rostering.review/v1"]
AlertSchema: TypeAlias = Literal["rostering.alert/v1"]

COMMIT_SCHEMA: Final[CommitSchema] = "rostering.commit/v1"
REVIEW_SCHEMA: Final[ReviewSchema] = "rostering.review/v1"
ALERT_SCHEMA: Final[AlertSchema] = "rostering.alert/v1"

MAX_CHANGES: Final = 1_000
"""Changes in one part of a commit; with records of usual size that stays far below 1 MiB."""

MAX_ITEMS: Final = 500
"""Findings listed in one review; the totals beside them count all."""

MAX_CAUSE_LISTED: Final = 20
"""Schools, grades or sections named for one cause: enough to recognise the pattern, not a whole district."""

INSTANT_PATTERN: Final = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"


def _one_spelling(value: object) -> object:
    """Let a `datetime` pass, and of texts only the one spelling that we publish."""
    if isinstance(value, datetime) or (isinstance(value, str) and re.fullmatch(INSTANT_PATTERN, value)):
        return value
    raise ValueError("expected a UTC time such as 2025-09-02T08:15:04.000Z")


def _utc_milliseconds(value: datetime) -> datetime:
    """Cut to what the wire carries, so that a message read back equals the one that was written."""
    return value.astimezone(UTC).replace(microsecond=value.microsecond // 1_000 * 1_000)


def _instant_text(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _in_order(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse an unsorted list: the same class would have two digests."""
    if list(values) != sorted(values):
        raise ValueError("expected the ids in ascending order")
    return values


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_one_spelling),
    AfterValidator(_utc_milliseconds),
    PlainSerializer(_instant_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN}),
]
Id = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(strict=True, ge=0)]
Ordinal = Annotated[int, Field(strict=True, ge=1)]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
DottedName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]
Percent = Annotated[float, Field(strict=True, ge=0, le=100)]
Absent: TypeAlias = SkipJsonSchema[None]
"""None in Python, and not there at all on the wire."""

Trigger: TypeAlias = Literal["settled", "quiet", "age", "size", "flush", "filter", "resync", "approval"]
RosterKind: TypeAlias = Literal["school", "teacher", "class", "student"]
FindingKind: TypeAlias = Literal["district", "school", "class", "section", "student"]
Severity: TypeAlias = Literal["error", "warning"]
AlertSeverity: TypeAlias = Literal["info", "warning", "critical"]
AlertStatus: TypeAlias = Literal["firing", "updated", "resolved"]
Owner: TypeAlias = Literal["sis", "sharing", "filter", "vendor"]


class Published(BaseModel):
    """What every part of a message shares: it never changes, and holds what is listed and no more."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


# What messages have in common


class Batch(Published):
    """The closed window of events that led to the decision."""

    batch_id: Id = Field(description="The batch.")
    trigger: Trigger = Field(
        description="What closed the window: the feed was read to its end (`settled`), nothing more came"
        " (`quiet`), it was open too long or grew too big (`age`, `size`), a person asked (`flush`,"
        " `approval`), the filter changed (`filter`), or the district was read again (`resync`)."
    )
    events: Count = Field(description="How many events it held; none where time or a person closed it.")
    opened_at: Instant = Field(description="When its first event was stored.")
    closed_at: Instant = Field(description="When it was closed.")


class KindCounts(Published):
    """How many records of one kind the change touches."""

    upserted: Count = Field(description="Records new to the roster, or different from before.")
    removed: Count = Field(description="Records that left the roster.")


class ChangeCounts(Published):
    """How many records the change touches, kind by kind."""

    school: KindCounts = Field(description="Schools.")
    teacher: KindCounts = Field(description="Teachers.")
    class_: KindCounts = Field(alias="class", description="Classes.")
    student: KindCounts = Field(description="Students.")


# The commit


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
    teacher_ids: Annotated[tuple[str, ...], AfterValidator(_in_order)] = Field(
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

    @model_serializer(mode="wrap")
    def _leave_out_what_does_not_apply(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {key: value for key, value in handler(self).items() if key != "replaces" or value is not None}


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


class CommitMessage(Published):
    """What changed in a district's roster: apply all of it, in order, and you have the roster."""

    schema_name: CommitSchema = Field(alias="schema", description="The name of this shape.")
    commit_id: Id = Field(description="The commit; the same one in all its parts and repetitions.")
    district_id: Id = Field(description="The district.")
    sequence: Ordinal = Field(description="The district's commits, counted from 1 without gaps.")
    previous_commit_id: Id | None = Field(description="The commit before; null in the first.")
    rolled_back_to: Ordinal | None = Field(
        description="The sequence of the commit after which the roster was what it is again after this one,"
        " where a person had it rolled back; null in all others. Apply it like any other."
    )
    part: Ordinal = Field(description="Which part of the commit this is, from 1.")
    parts: Ordinal = Field(description="How many parts it has; it is complete when all are here.")
    decided_at: Instant = Field(description="When it was decided.")
    batch: Batch = Field(description="The batch that led to it.")
    counts: ChangeCounts = Field(description="What the whole commit changes, not this part alone.")
    roster: RosterSummary = Field(description="The roster after the whole commit.")
    changes: tuple[Change, ...] = Field(
        max_length=MAX_CHANGES,
        description="Upserts of schools, teachers, classes, students; then removals in the opposite order."
        " None at all in a commit that only ends a review.",
    )


# The review


class StudentsSummary(Published):
    """The students in scope, and how many of them stand in the way."""

    total: Count = Field(description="Students in scope.")
    ready: Count = Field(description="Those without an error.")
    blocked: Count = Field(description="Those with at least one error.")
    outside_scope: Count = Field(description="Shared students that are out of scope.")


class FindingItem(Published):
    """One failed check on one record. Details that do not apply are left out; no names."""

    code: FindingCode = Field(description="The check that failed.")
    severity: Severity = Field(description="An error blocks the district; a warning does not.")
    kind: FindingKind = Field(description="What the record is.")
    id: Id = Field(description="The record's Clever id; the district's own where it concerns all of it.")
    field: str | Absent = Field(
        default=None, description="The field that is blank or shared, or that of the scope: grades, schools."
    )
    value: str | Absent = Field(
        default=None,
        description="The value of the filter's scope that nothing shared has, as written.",
    )
    sections: tuple[str, ...] | Absent = Field(
        default=None, description="The kept sections that list the student."
    )
    students: tuple[str, ...] | Absent = Field(
        default=None, description="The other students concerned: of the same identity, or unknown to us."
    )
    teachers: tuple[str, ...] | Absent = Field(
        default=None, description="The teachers listed that are unknown to us."
    )
    school_id: str | Absent = Field(default=None, description="The school that is unknown to us.")
    removed: Count | Absent = Field(
        default=None,
        description="Committed students that the plan would remove, with those that commits of the last hours"
        " (`preflight.removal_window_hours`) removed already.",
    )
    class_changes: Count | Absent = Field(
        default=None,
        description="Committed students that the plan would put into another class, with those that commits"
        " of the last hours moved already.",
    )
    earlier: Count | Absent = Field(
        default=None,
        description="How many of these are the commits' and not the plan's; left out where none.",
    )
    committed: Count | Absent = Field(
        default=None,
        description="Students that the roster had before the first of these commits, or has now.",
    )
    limit_percent: Percent | Absent = Field(
        default=None, description="How many of them may go, or change class, at once, in percent."
    )
    waiting: Count | Absent = Field(default=None, description="Unreadable events that wait for a person.")
    since: Instant | Absent = Field(default=None, description="Since when it has been open without a break.")

    @model_serializer(mode="wrap")
    def _leave_out_what_does_not_apply(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        return {key: value for key, value in handler(self).items() if value is not None}


class ErrorChanges(Published):
    """How the errors differ from those of the district's last review, by code; codes without any left out."""

    new: dict[FindingCode, Count] = Field(description="Errors that the last review did not have.")
    resolved: dict[FindingCode, Count] = Field(description="Errors of the last review that are gone.")
    standing: dict[FindingCode, Count] = Field(description="Errors that the last review had already.")


class FindingsSummary(Published):
    """All findings counted, what is new about them, and the first of them one by one."""

    errors: Count = Field(description="Errors in all.")
    warnings: Count = Field(description="Warnings in all.")
    by_code: dict[FindingCode, Count] = Field(description="How many of each code, errors and warnings.")
    new: Count = Field(description="Errors that the district's last review did not have.")
    resolved: Count = Field(description="Errors of the district's last review that are gone.")
    standing: Count = Field(description="Errors that the district's last review had already.")
    changes: ErrorChanges = Field(description="The same three, by code.")
    since: Instant | None = Field(description="Since when the oldest of the errors has been open.")
    items: tuple[FindingItem, ...] = Field(
        max_length=MAX_ITEMS,
        description="The first 500, errors first, in an order that does not change; fewer where the review"
        " would be too large for a message.",
    )


class Cause(Published):
    """Findings that have one reason, and whose it is to remove it."""

    code: DottedName = Field(description="What kind of reason it is.")
    owner: Owner = Field(
        description="Who can put it right: the district's SIS (`sis`), its sharing rules in Clever"
        " (`sharing`), our section filter (`filter`), or ourselves (`vendor`)."
    )
    students: Count = Field(description="Students that it blocks.")
    unblocks: Count = Field(description="Those of them that nothing else blocks: ready once it is fixed.")
    removed: Count | None = Field(
        description="Where it is a mass removal: students that the plan would remove for this reason."
    )
    class_changes: Count | None = Field(
        description="Where many change class at once: students that the plan would put into another class for"
        " this reason."
    )
    findings: dict[FindingCode, Count] = Field(
        description="The errors that belong to it, by code; each error belongs to one cause."
    )
    field: str | None = Field(description="The field that it is about, where it is about one.")
    schools: tuple[str, ...] = Field(
        max_length=MAX_CAUSE_LISTED, description="Ids of the schools most concerned, those first."
    )
    school_count: Count = Field(description="How many schools are concerned in all.")
    grades: tuple[str, ...] = Field(
        max_length=MAX_CAUSE_LISTED, description="Grades of the students, those of most of them first."
    )
    sections: tuple[str, ...] = Field(
        max_length=MAX_CAUSE_LISTED, description="Ids of some of the sections concerned."
    )
    since: Instant | None = Field(description="Since when the oldest of its errors has been open.")
    advice: str = Field(
        description="What is wrong, what the owner should do and what that would do: one to three sentences."
    )


class Coverage(Published):
    """How many students a filter would leave with one section, with none, and with several."""

    exactly_one: Count = Field(description="Students with exactly one: the aim.")
    none: Count = Field(description="Students with none.")
    several: Count = Field(description="Students with two or more.")


class Leftover(Published):
    """Students of one grade at one school whom a filter would not give exactly one section."""

    school: str | None = Field(description="The school's id; null for students without one.")
    grade: str | None = Field(description="The grade, as Clever gives it; null for students without one.")
    none: Count = Field(description="Students with none.")
    several: Count = Field(description="Students with two or more.")


class Suggestion(Published):
    """A section filter that would serve this district better, and what it would do."""

    filter: dict[str, JsonValue] = Field(description="The section filter, ready to be set.")
    coverage: Coverage = Field(description="What it would give.")
    sharing_rules: StrictBool = Field(
        description="Whether the district could set it up as sharing rules in Clever, which compare to the "
        "letter but for case."
    )
    why_not_shared: str | None = Field(description="Why it could not, where it could not.")
    text: str = Field(description="The filter in the words of Clever's sharing rules.")
    leftovers: tuple[Leftover, ...] = Field(
        description="Students it would leave without exactly one class, by school and grade, most "
        "first; not all of them."
    )
    leftover_groups: Count = Field(description="How many schools' grades it would leave some of.")
    in_force: StrictBool = Field(description="Whether it is the filter in force already.")
    cut_short: StrictBool = Field(
        description="Whether the search ended by its time, so that there may be better ones."
    )
    as_of: Instant = Field(description="When it was found, and its coverage was true.")


class Sync(Published):
    """How the district's sync with Clever stands, as far as we know; a paused one lets nothing through."""

    state: str | None = Field(description="The state that Clever gives.")
    paused: StrictBool | None = Field(description="Whether the sync is paused.")
    pause_start: str | None = Field(description="When the pause began, as Clever writes it.")
    pause_end: str | None = Field(description="When the pause ends, as Clever writes it.")
    last_sync: str | None = Field(description="When the last sync succeeded, as Clever writes it.")
    warning: str | None = Field(description="What a person should know before waiting for a change.")


class PlanSummary(Published):
    """What would be committed if the errors were away; a person may approve exactly this digest."""

    digest: Digest = Field(description="The digest of the roster that would be.")
    counts: ChangeCounts = Field(description="What it would change.")


class ReviewMessage(Published):
    """Why nothing of this district is committed, who owns each cause, and which rule would fix it."""

    schema_name: ReviewSchema = Field(alias="schema", description="The name of this shape.")
    review_id: Id = Field(description="The review; the same one if it is repeated.")
    district_id: Id = Field(description="The district.")
    sequence: Ordinal = Field(description="The district's reviews, counted from 1.")
    decided_at: Instant = Field(description="When it was decided.")
    standing_since: Instant = Field(
        description="Since when the district has stood in review without a break."
    )
    batch: Batch = Field(description="The batch that led to it.")
    students: StudentsSummary = Field(description="How many students are ready, and how many blocked.")
    findings: FindingsSummary = Field(description="What the preflight found.")
    causes: tuple[Cause, ...] = Field(description="The same, folded to its reasons.")
    suggestions: tuple[Suggestion, ...] = Field(
        description="Section filters that would do better, if any, the best first; those that would make the"
        " review too large for a message are left out."
    )
    sync: Sync = Field(description="Whether a change on the district's side would get through.")
    plan: PlanSummary = Field(description="What waits to be committed.")


# The alert


class AlertMessage(Published):
    """An incident that operations should know of: once when it begins, once when it is over.

    In between only where its picture changes, which is `updated`: to count what fires counts incidents.

    It carries counts and codes, never anything that a school, a class or a person is called.
    """

    schema_name: AlertSchema = Field(alias="schema", description="The name of this shape.")
    alert_id: Id = Field(description="This message; the same one if it is repeated.")
    dedup_key: Id = Field(
        description="The incident: the same in its firing, its updated and its resolved alerts."
    )
    status: AlertStatus = Field(description="Whether it began, changed or is over.")
    severity: AlertSeverity = Field(description="How soon a person should look.")
    code: DottedName = Field(description="What happened, such as preflight.failed.")
    district_id: Id | None = Field(description="The district; null where no single district is affected.")
    summary: str = Field(description="One line for a person.")
    counts: dict[DottedName, Count] = Field(
        description="The figures that matter, by name.", json_schema_extra={"additionalProperties": False}
    )
    url: str | None = Field(
        description="Where to look: the district's page, if `http.public_url` is set; null otherwise."
    )
    starts_at: Instant = Field(description="When it began.")
    ends_at: Instant | None = Field(description="When it was over; null while it lasts.")


# The headers


class Headers(Published):
    """The headers of a message. Others may stand beside them: brokers add their own on the way."""

    model_config = ConfigDict(extra="ignore")


class MessageHeaders(Headers):
    """What every message of ours carries beside its body, so that one can route without parsing it."""

    district_id: Id | None = Field(description="The district; null in an alert about no single district.")
    decision_id: Id | None = Field(
        description="The commit or review, or the one that an alert is about; null where there is none."
    )
    sequence: Ordinal | None = Field(
        description="The decision's number in its district; null in an alert of which none is the reason."
    )
    part: Ordinal = Field(description="Which part this is, from 1.")
    parts: Ordinal = Field(description="How many parts there are.")
    traceparent: str | None = Field(
        description="The W3C trace context that it was published in; untraced, that of the decision."
    )


class EventHeaders(Headers):
    """What a publisher may add to a Clever event."""

    district_id: Id | Absent = Field(
        default=None, description="The district, where the record does not name it."
    )
    traceparent: str | Absent = Field(
        default=None,
        description="The W3C trace context in which it is published; one that is not well-formed is ignored.",
    )
    replayed: str | Absent = Field(
        default=None,
        alias="x-replayed",
        description="Ours alone: it was a dead letter, put into quarantine for this district.",
    )


class DeadLetterHeaders(Headers):
    """Why a message could not be used. Absent where the broker itself gave the message up."""

    reason: Id | Absent = Field(
        default=None, alias="x-reason", description="Why it was put aside; never what it says."
    )
    district_id: Id | Absent = Field(
        default=None, alias="x-district-id", description="The district it belongs to, where that is known."
    )
    traceparent: str | Absent = Field(
        default=None, description="The W3C trace context that the message came with, where it came with one."
    )


HEADERS: Final[tuple[str, ...]] = tuple(MessageHeaders.model_fields)
"""The names of the headers that every message of ours carries."""
