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

from schemas.messages.alert import ALERT_SCHEMA, AlertMessage, AlertSchema
from schemas.messages.batch import Batch, ChangeCounts, KindCounts
from schemas.messages.commit import (
    COMMIT_SCHEMA,
    MAX_CHANGES,
    Change,
    CommitMessage,
    CommitSchema,
    Remove,
    RosterSummary,
    Upsert,
    UpsertClass,
    UpsertSchool,
    UpsertStudent,
    UpsertTeacher,
)
from schemas.messages.fields import (
    INSTANT_PATTERN,
    Absent,
    AlertSeverity,
    AlertStatus,
    Count,
    Digest,
    DottedName,
    FindingKind,
    Id,
    Instant,
    Ordinal,
    Owner,
    Percent,
    Published,
    RosterKind,
    Severity,
    Trigger,
)
from schemas.messages.headers import HEADERS, DeadLetterHeaders, EventHeaders, Headers, MessageHeaders
from schemas.messages.records import ClassRecord, SchoolRecord, StudentRecord, TeacherRecord
from schemas.messages.review import (
    MAX_CAUSE_LISTED,
    MAX_ITEMS,
    REVIEW_SCHEMA,
    Cause,
    Coverage,
    ErrorChanges,
    FindingItem,
    FindingsSummary,
    Leftover,
    PlanSummary,
    ReviewMessage,
    ReviewSchema,
    StudentsSummary,
    Suggestion,
    Sync,
)

__all__ = [
    "ALERT_SCHEMA",
    "COMMIT_SCHEMA",
    "HEADERS",
    "INSTANT_PATTERN",
    "MAX_CAUSE_LISTED",
    "MAX_CHANGES",
    "MAX_ITEMS",
    "REVIEW_SCHEMA",
    "Absent",
    "AlertMessage",
    "AlertSchema",
    "AlertSeverity",
    "AlertStatus",
    "Batch",
    "Cause",
    "Change",
    "ChangeCounts",
    "ClassRecord",
    "CommitMessage",
    "CommitSchema",
    "Count",
    "Coverage",
    "DeadLetterHeaders",
    "Digest",
    "DottedName",
    "ErrorChanges",
    "EventHeaders",
    "FindingItem",
    "FindingKind",
    "FindingsSummary",
    "Headers",
    "Id",
    "Instant",
    "KindCounts",
    "Leftover",
    "MessageHeaders",
    "Ordinal",
    "Owner",
    "Percent",
    "PlanSummary",
    "Published",
    "Remove",
    "ReviewMessage",
    "ReviewSchema",
    "RosterKind",
    "RosterSummary",
    "SchoolRecord",
    "Severity",
    "StudentRecord",
    "StudentsSummary",
    "Suggestion",
    "Sync",
    "TeacherRecord",
    "Trigger",
    "Upsert",
    "UpsertClass",
    "UpsertSchool",
    "UpsertStudent",
    "UpsertTeacher",
]
