"""Codes of findings: the words of the wire that the preflight uses, too."""

from __future__ import annotations

from enum import StrEnum


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
    NO_STUDENTS = "district.no_students"
    EVENTS_QUARANTINED = "district.events_quarantined"
    NO_BASELINE = "district.no_baseline"
    RECORDS_UNREADABLE = "district.records_unreadable"
    SCOPE_MATCHES_NOTHING = "filter.scope_matches_nothing"
