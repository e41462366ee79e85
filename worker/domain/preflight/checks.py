"""The preflight: every check over the candidate roster, each as a function of one record.

Each takes all that its outcome depends on, so that a batch needs to repeat it only for the records
whose surroundings changed, and a full run gives the same findings.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from schemas.words import FindingKind, Severity
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.turnover import Turnover, Turnovers
from worker.domain.roster.canonical import canonical, member
from worker.domain.roster.records import RecordId, Section, Student

VANISHED_FLOOR: Final = 2
"""Records of a kind: so few may all be replaced by chance."""
LISTED_IDS: Final = 20
"""How many ids a finding names; a section may list thousands of unknown students."""


@dataclass(frozen=True)
class Finding:
    """One failed check on one record. `detail` holds ids, field names and numbers, never a person's data."""

    code: Code
    severity: Severity
    kind: FindingKind
    record_id: str
    detail: dict[str, Any]

    @cached_property
    def item(self) -> dict[str, Any]:
        """The finding as it stands in a review."""
        return {
            "code": self.code.value,
            "severity": self.severity.value,
            "kind": self.kind,
            "id": self.record_id,
            **self.detail,
        }

    @cached_property
    def member(self) -> int:
        """What the finding adds to the digest of a set of findings; also its identity."""
        return member(canonical(self.item))

    @property
    def is_error(self) -> bool:
        """Whether the finding holds the district back."""
        return self.severity is Severity.ERROR


@dataclass(frozen=True, slots=True)
class StandingFinding:
    """An open finding, and since when it stands. Its age is no part of what it is."""

    finding: Finding
    since: datetime


@dataclass(frozen=True, slots=True)
class ErrorChanges:
    """How many errors are new, and how many resolved, since a district's last review, by code."""

    new: Mapping[str, int] = field(default_factory=dict)
    resolved: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StudentContext:
    """A student in scope with all that his findings depend on.

    `counted` are the sections that count for him, `duplicated` the unique fields whose value another
    student in scope has too, `school_known` whether his school was shared (True where he has none).
    """

    student: Student
    counted: tuple[RecordId, ...]
    duplicated: Collection[str] = ()
    school_known: bool = True
    lacks_schools: bool = False
    """Whether the filter's scope looks at his list of schools, which could not be read."""


@dataclass(frozen=True, slots=True)
class SectionContext:
    """A kept section with all that its findings depend on; `unknown_*` are listed but not known to us."""

    section: Section
    is_class: bool
    unknown_teachers: Sequence[RecordId] = ()
    unknown_students: Sequence[RecordId] = ()


@dataclass(frozen=True, slots=True)
class DistrictContext:
    """What the findings on the district as a whole depend on."""

    district_id: str
    students: int
    turnovers: Sequence[Turnovers] = ()
    """What the limits hold for, each by itself: the plan with the commits before it, and the plan alone."""
    quarantined: int = 0
    has_baseline: bool = False
    unreadable: int = 0
    """Terms and courses that the section filter looks at and that could not be read whole."""
    vanished: Sequence[tuple[str, int]] = ()
    """Kinds of records of which the plan removes every one, each with how many those are."""
    unmatched: Sequence[tuple[str, str]] = ()
    """Values of the filter's scope that nothing shared has, each with its field, `grades` or `schools`."""


def student_findings(context: StudentContext, policy: Policy) -> list[Finding]:
    """Check one student in scope."""
    student = context.student

    def finding(code: Code, **detail: Any) -> Finding:
        return Finding(code, policy.severity(code), "student", student.id, detail)

    missing = [name for name in policy.required_fields if student.value(name) is None]
    if student.unread:
        asked = (*policy.unique_fields, *policy.extra_fields)
        missing += sorted({name for name in asked if name in student.unread} - set(missing))
    if context.lacks_schools:
        missing.append("schools")
    findings = [finding(Code.FIELD_MISSING, field=name) for name in missing]
    if not context.counted:
        findings.append(finding(Code.NO_SECTION))
    if len(context.counted) > 1:
        findings.append(finding(Code.MULTIPLE_SECTIONS, sections=list(context.counted[:LISTED_IDS])))
    findings += [finding(Code.DUPLICATE_IDENTITY, field=name) for name in sorted(context.duplicated)]
    if not context.school_known:
        findings.append(finding(Code.UNKNOWN_SCHOOL, school_id=student.value("school_id")))
    return findings


def left_scope(student_id: str, policy: Policy) -> Finding:
    """Tell of a student who was in scope, is not any more, and is listed by a kept section as before."""
    return Finding(Code.LEFT_SCOPE, policy.severity(Code.LEFT_SCOPE), "student", student_id, {})


def section_findings(context: SectionContext, policy: Policy) -> list[Finding]:
    """Check one kept section, as a section and, where it is one, as a class."""
    section = context.section
    findings = []
    if context.is_class and not section.teachers:
        findings.append(Finding(Code.NO_TEACHER, policy.severity(Code.NO_TEACHER), "class", section.id, {}))
    if context.is_class and context.unknown_teachers:
        listed = {"teachers": sorted(context.unknown_teachers)[:LISTED_IDS]}
        severity = policy.severity(Code.UNKNOWN_TEACHER)
        findings.append(Finding(Code.UNKNOWN_TEACHER, severity, "class", section.id, listed))
    if context.unknown_students:
        listed = {"students": sorted(context.unknown_students)[:LISTED_IDS]}
        severity = policy.severity(Code.UNKNOWN_STUDENT)
        findings.append(Finding(Code.UNKNOWN_STUDENT, severity, "section", section.id, listed))
    return findings


def district_findings(context: DistrictContext, policy: Policy) -> list[Finding]:
    """Check the district as a whole, and its schools against losing or moving many students at once."""

    def finding(code: Code, kind: FindingKind, record_id: str, **detail: Any) -> Finding:
        return Finding(code, policy.severity(code), kind, record_id, detail)

    findings = []
    if context.students == 0:
        findings.append(finding(Code.NO_STUDENTS, "district", context.district_id))
    if context.quarantined:
        findings.append(
            finding(Code.EVENTS_QUARANTINED, "district", context.district_id, waiting=context.quarantined)
        )
    if policy.needs_baseline and not context.has_baseline:
        findings.append(finding(Code.NO_BASELINE, "district", context.district_id))
    findings += [
        finding(Code.SCOPE_MATCHES_NOTHING, "district", context.district_id, field=name, value=value)
        for name, value in context.unmatched
    ]
    if context.unreadable:
        findings.append(
            finding(Code.RECORDS_UNREADABLE, "district", context.district_id, waiting=context.unreadable)
        )
    findings += [
        finding(Code.KIND_VANISHED, "district", context.district_id, records=records, removed=removed)
        for records, removed in context.vanished
    ]
    found: dict[tuple[Code, str], Finding] = {}
    for turnovers in context.turnovers:
        for one in turnover_findings(context.district_id, turnovers, policy):
            found.setdefault((one.code, one.record_id), one)
    return findings + list(found.values())


def vanished_kinds(committed: Mapping[str, int], planned: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return of which kinds the plan removes every record, with how many there are; both count by kind.

    Schools vanish while students stay, teachers while most classes do. Students and classes have limits of
    their own.
    """
    stays = {
        "schools": planned.get("students", 0) > 0,
        "teachers": planned.get("classes", 0) * 2 > committed.get("classes", 0),
    }
    return [
        (kind, committed[kind])
        for kind, does_stay in stays.items()
        if does_stay and committed.get(kind, 0) > VANISHED_FLOOR and not planned.get(kind)
    ]


def turnover_findings(whole: str, counts: Turnovers, policy: Policy) -> list[Finding]:
    """Check what asks a person whether it is meant: removals, then changes of class."""
    removal, at_school = policy.removal_limit_percent, policy.school_removal_limit_percent
    class_change = policy.class_change_limit_percent

    def found(
        code: Code, kind: FindingKind, what: str, limit: float, of: Mapping[str, Turnover]
    ) -> list[Finding]:
        return [
            Finding(code, policy.severity(code), kind, record_id, turnover.detail(what, limit))
            for record_id, turnover in sorted(of.items())
            if turnover.exceeds(limit, policy.removal_limit_floor)
        ]

    return [
        *found(Code.DISTRICT_MASS_REMOVAL, "district", "removed", removal, {whole: counts.removal}),
        *found(Code.SCHOOL_MASS_REMOVAL, "school", "removed", at_school, counts.school_removals),
        *found(
            Code.DISTRICT_CLASS_CHANGE,
            "district",
            "class_changes",
            class_change,
            {whole: counts.class_change},
        ),
        *found(
            Code.SCHOOL_CLASS_CHANGE, "school", "class_changes", class_change, counts.school_class_changes
        ),
    ]
