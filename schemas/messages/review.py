"""The review: why a district was not committed, and what to do about it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from pydantic import (
    Field,
    JsonValue,
    StrictBool,
)

from schemas.messages.batch import Batch, ChangeCounts
from schemas.messages.fields import (
    Absent,
    Count,
    Digest,
    DottedName,
    Id,
    Instant,
    Ordinal,
    Percent,
    Published,
)
from schemas.words import FindingCode, FindingKind, Owner, Severity

ReviewSchema: TypeAlias = Literal["rostering.review/v1"]


REVIEW_SCHEMA: Final[ReviewSchema] = "rostering.review/v1"


MAX_ITEMS: Final = 500
"""Findings listed in one review; the totals beside them count all."""


MAX_CAUSE_LISTED: Final = 20
"""Schools, grades or sections named for one cause: enough to recognise the pattern, not a whole district."""


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
    records: str | Absent = Field(
        default=None, description="The kind of which the plan removes every record: teachers, schools."
    )
    waiting: Count | Absent = Field(default=None, description="Unreadable events that wait for a person.")
    since: Instant | Absent = Field(default=None, description="Since when it has been open without a break.")


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


class SuggestedClasses(Published):
    """The sections that a suggested filter keeps, of those that students in scope sit in."""

    sections: Count = Field(description="How many they are.")
    smallest: Count = Field(description="Students in the smallest.")
    median: Count = Field(description="Students in the one in the middle.")
    largest: Count = Field(description="Students in the largest.")
    teachers: Count = Field(description="How many different teachers they have.")
    example: str | None = Field(
        description='What most of them are called, with "…" for every word and number that may be a '
        "person's; null where nothing else is left.",
    )


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
    classes: SuggestedClasses | None = Field(
        description="The sections that it keeps, to tell whether they are classes."
    )
    as_good: tuple[str, ...] = Field(
        description="Words of other rules that count as well, the best first; not all of them."
    )
    as_good_count: Count = Field(description="How many other rules count as well.")
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
