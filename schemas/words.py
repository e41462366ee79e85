"""The words of the wire that the program uses, too: each list of values stands here alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias


class Trigger(StrEnum):
    """What closed the window of a batch."""

    SETTLED = "settled"
    QUIET = "quiet"
    AGE = "age"
    SIZE = "size"
    FLUSH = "flush"
    FILTER = "filter"
    RESYNC = "resync"
    APPROVAL = "approval"


class RosterKind(StrEnum):
    """The kinds of records that a commit carries."""

    SCHOOL = "school"
    TEACHER = "teacher"
    CLASS = "class"
    STUDENT = "student"


FindingKind: TypeAlias = Literal["district", "school", "class", "section", "student"]
"""What a finding is about."""


class Severity(StrEnum):
    """Errors hold the whole district back; warnings are told."""

    ERROR = "error"
    WARNING = "warning"


class Owner(StrEnum):
    """Who can put a cause right."""

    SIS = "sis"
    SHARING = "sharing"
    FILTER = "filter"
    VENDOR = "vendor"


class AlertStatus(StrEnum):
    """What an alert says of its incident."""

    FIRING = "firing"
    UPDATED = "updated"
    RESOLVED = "resolved"


class FindingCode(StrEnum):
    """Every check that a preflight makes, by the name of what it finds."""

    FIELD_MISSING = "student.field_missing"
    NO_SECTION = "student.no_section"
    MULTIPLE_SECTIONS = "student.multiple_sections"
    DUPLICATE_IDENTITY = "student.duplicate_identity"
    UNKNOWN_SCHOOL = "student.unknown_school"
    LEFT_SCOPE = "student.left_scope"
    NO_TEACHER = "class.no_teacher"
    UNKNOWN_TEACHER = "class.unknown_teacher"
    UNKNOWN_STUDENT = "section.unknown_student"
    SCHOOL_MASS_REMOVAL = "school.mass_removal"
    DISTRICT_MASS_REMOVAL = "district.mass_removal"
    SCHOOL_CLASS_CHANGE = "school.class_change"
    DISTRICT_CLASS_CHANGE = "district.class_change"
    KIND_VANISHED = "district.kind_vanished"
    NO_STUDENTS = "district.no_students"
    EVENTS_QUARANTINED = "district.events_quarantined"
    NO_BASELINE = "district.no_baseline"
    RECORDS_UNREADABLE = "district.records_unreadable"
    SCOPE_MATCHES_NOTHING = "filter.scope_matches_nothing"
