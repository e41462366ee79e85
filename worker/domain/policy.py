"""What the preflight demands of a district: the settings, or what was set for this district alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Final

from worker.domain.canonical import canonical


class Code(StrEnum):
    """What a finding says failed."""

    FIELD_MISSING = "student.field_missing"
    NO_SECTION = "student.no_section"
    MULTIPLE_SECTIONS = "student.multiple_sections"
    DUPLICATE_IDENTITY = "student.duplicate_identity"
    UNKNOWN_SCHOOL = "student.unknown_school"
    NO_TEACHER = "class.no_teacher"
    UNKNOWN_TEACHER = "class.unknown_teacher"
    UNKNOWN_STUDENT = "section.unknown_student"
    SCHOOL_MASS_REMOVAL = "school.mass_removal"
    DISTRICT_MASS_REMOVAL = "district.mass_removal"
    NO_STUDENTS = "district.no_students"
    EVENTS_QUARANTINED = "district.events_quarantined"
    NO_BASELINE = "district.no_baseline"


class Severity(StrEnum):
    """Errors hold the whole district back; warnings are told."""

    ERROR = "error"
    WARNING = "warning"


WARNINGS: Final = frozenset(
    {Code.UNKNOWN_SCHOOL, Code.NO_TEACHER, Code.UNKNOWN_TEACHER, Code.UNKNOWN_STUDENT}
)
"""The codes that only warn unless a policy says otherwise."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One district's demands. Percentages are of the committed students; `extra_fields` go into commits."""

    required_fields: tuple[str, ...] = ("first_name", "last_name", "sis_id", "grade", "school_id")
    unique_fields: tuple[str, ...] = ("sis_id",)
    removal_limit_percent: float = 10
    school_removal_limit_percent: float = 25
    removal_limit_floor: int = 10
    extra_fields: tuple[str, ...] = ()
    severities: Mapping[Code, Severity] = field(default_factory=dict)

    def severity(self, code: Code) -> Severity:
        """Return how grave a failed check is for this district."""
        return self.severities.get(code, Severity.WARNING if code in WARNINGS else Severity.ERROR)

    def fingerprint(self) -> str:
        """Return a digest by which two policies can be told apart."""
        return hashlib.sha256(canonical(asdict(self)).encode()).hexdigest()
