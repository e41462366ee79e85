from __future__ import annotations

from typing import Any

import pytest

from schemas.words import Severity
from tests.support.builders.records import DISTRICT, Json, record_id, section, student
from worker.domain.preflight.checks import (
    LISTED_IDS,
    DistrictContext,
    Finding,
    SectionContext,
    StudentContext,
    district_findings,
    section_findings,
    student_findings,
)
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.turnover import NO_TURNOVER, Turnover, Turnovers
from worker.domain.roster.records import RecordId

ONE_SECTION = (record_id(700),)
WHOLE = Policy()
HARSH = Policy(severities=dict.fromkeys(Code, Severity.ERROR))


def items(findings: list[Finding]) -> list[dict[str, Any]]:
    return [finding.item for finding in findings]


def judged(*counted: RecordId, policy: Policy = WHOLE, **fields: Any) -> list[dict[str, Any]]:
    return items(student_findings(StudentContext(student(**fields), counted), policy))


def about_student(code: str, severity: str = "error", **detail: Any) -> dict[str, Any]:
    return {"code": code, "severity": severity, "kind": "student", "id": record_id(1), **detail}


def about_district(code: str, **detail: Any) -> dict[str, Any]:
    return {"code": code, "severity": "error", "kind": "district", "id": DISTRICT, **detail}


def about_section(kind: str, code: str, **detail: Any) -> dict[str, Any]:
    return {"code": code, "severity": "warning", "kind": kind, "id": record_id(700), **detail}


# Students


def test_a_student_with_all_that_is_required_and_one_section_has_no_finding() -> None:
    assert judged(*ONE_SECTION) == []


def test_each_blank_field_that_is_required_is_one_finding() -> None:
    findings = judged(*ONE_SECTION, first_name=None, grade=None, middle_name=None)

    assert findings == [
        about_student("student.field_missing", field="first_name"),
        about_student("student.field_missing", field="grade"),
    ]


@pytest.mark.parametrize("blank", [None, "", "  ", []])
def test_an_extension_field_that_is_required_must_not_be_blank(blank: object) -> None:
    policy = Policy(required_fields=("ext.house",))

    assert judged(*ONE_SECTION, policy=policy, ext={"house": "Otter"}) == []
    for ext in ({"house": blank}, {}, None):
        assert judged(*ONE_SECTION, policy=policy, ext=ext) == [
            about_student("student.field_missing", field="ext.house")
        ]


@pytest.mark.parametrize("value", [0, False, {"colour": "green"}, ["a"]])
def test_an_extension_field_that_is_no_text_is_there(value: object) -> None:
    assert judged(*ONE_SECTION, policy=Policy(required_fields=("ext.x",)), ext={"x": value}) == []


def test_a_student_whom_no_kept_section_lists_has_no_section() -> None:
    assert judged() == [about_student("student.no_section")]


def test_a_student_in_two_kept_sections_is_told_which() -> None:
    sections = [record_id(700), record_id(701)]

    assert judged(*sections) == [about_student("student.multiple_sections", sections=sections)]


def test_a_finding_lists_twenty_sections_at_most() -> None:
    sections = [record_id(number) for number in range(25)]

    (found,) = judged(*sections)

    assert found["sections"] == sections[:LISTED_IDS]
    assert len(found["sections"]) == 20


def test_each_unique_field_that_another_student_shares_is_one_finding_in_a_stable_order() -> None:
    context = StudentContext(student(), ONE_SECTION, duplicated={"student_number", "sis_id"})

    assert items(student_findings(context, WHOLE)) == [
        about_student("student.duplicate_identity", field="sis_id"),
        about_student("student.duplicate_identity", field="student_number"),
    ]


def test_a_students_school_that_was_not_shared_is_a_warning() -> None:
    context = StudentContext(student(), ONE_SECTION, school_known=False)

    assert items(student_findings(context, WHOLE)) == [
        about_student("student.unknown_school", "warning", school_id=record_id(900))
    ]


def test_a_student_may_have_every_finding_at_once() -> None:
    context = StudentContext(student(grade=None), (), {"sis_id"}, school_known=False)

    assert [finding.code for finding in student_findings(context, WHOLE)] == [
        Code.FIELD_MISSING,
        Code.NO_SECTION,
        Code.DUPLICATE_IDENTITY,
        Code.UNKNOWN_SCHOOL,
    ]


# Sections


UNKNOWN = [record_id(502), record_id(501)]


@pytest.mark.parametrize(
    ("context", "warnings"),
    [
        pytest.param(SectionContext(section(), is_class=True), [], id="a class whose teacher is known"),
        pytest.param(
            SectionContext(section(teachers=()), is_class=True),
            [about_section("class", "class.no_teacher")],
            id="a class without a teacher",
        ),
        pytest.param(
            SectionContext(section(), is_class=True, unknown_teachers=UNKNOWN),
            [about_section("class", "class.unknown_teacher", teachers=sorted(UNKNOWN))],
            id="a class whose teachers are unknown",
        ),
        pytest.param(
            SectionContext(section(teachers=()), is_class=False, unknown_teachers=UNKNOWN), [], id="no class"
        ),
    ],
)
def test_a_class_is_warned_of_for_its_teachers(context: SectionContext, warnings: list[Json]) -> None:
    assert items(section_findings(context, WHOLE)) == warnings


@pytest.mark.parametrize("is_class", [True, False])
def test_unknown_students_are_warned_of_in_every_kept_section_twenty_ids_at_most(is_class: bool) -> None:
    unknown = [record_id(number) for number in range(3000, 0, -1)]
    context = SectionContext(section(), is_class, unknown_students=unknown)

    (found,) = items(section_findings(context, WHOLE))

    assert found == about_section("section", "section.unknown_student", students=sorted(unknown)[:20])


# The district


def district(
    *,
    students: int = 1000,
    removed: int = 0,
    committed: int = 1000,
    quarantined: int = 0,
    schools: dict[str, Turnover] | None = None,
    changed: Turnover = NO_TURNOVER,
    changed_at: dict[str, Turnover] | None = None,
) -> list[dict[str, Any]]:
    counts = Turnovers(Turnover(removed, committed), changed, schools or {}, changed_at or {})
    context = DistrictContext(DISTRICT, students, [counts], quarantined)
    return items(district_findings(context, WHOLE))


def test_a_district_with_students_and_no_removal_has_no_finding() -> None:
    assert district() == []


def test_a_district_without_a_student_cannot_be_committed() -> None:
    assert district(students=0, committed=0) == [about_district("district.no_students")]


def test_unreadable_events_that_wait_hold_the_district_back() -> None:
    (found,) = district(quarantined=3)

    assert found == about_district("district.events_quarantined", waiting=3)


@pytest.mark.parametrize(
    ("removed", "committed", "held"),
    [
        *((100, 1000, False), (101, 1000, True), (10, 10, False)),
        *((11, 11, True), (11, 110, False), (11, 109, True)),
    ],
)
def test_a_tenth_and_ten_students_make_a_mass_removal(removed: int, committed: int, held: bool) -> None:
    found = district(removed=removed, committed=committed)

    detail = {"removed": removed, "committed": committed, "limit_percent": 10}
    assert found == ([about_district("district.mass_removal", **detail)] if held else [])


@pytest.mark.parametrize(
    ("removed", "committed", "held"),
    [(50, 200, False), (51, 200, True), (10, 12, False), (11, 12, True), (11, 44, False), (11, 43, True)],
)
def test_a_quarter_of_a_school_makes_a_mass_removal(removed: int, committed: int, held: bool) -> None:
    found = district(schools={record_id(900): Turnover(removed, committed)})

    expected = {"code": "school.mass_removal", "severity": "error", "kind": "school", "id": record_id(900)}
    detail = {"removed": removed, "committed": committed, "limit_percent": 25}
    assert found == ([expected | detail] if held else [])


def test_schools_with_a_mass_removal_come_in_a_stable_order_after_the_district() -> None:
    found = district(
        removed=200, schools={"b": Turnover(50, 100), "a": Turnover(50, 100), "c": Turnover(1, 1)}
    )

    assert [finding["id"] for finding in found] == [DISTRICT, "a", "b"]


@pytest.mark.parametrize(
    ("percent", "floor", "held"), [(0, 0, True), (0, 5, False), (100, 0, False), (33.3, 0, True)]
)
def test_the_limits_are_the_policys(percent: float, floor: int, held: bool) -> None:
    assert Turnover(5, 15).exceeds(percent, floor) is held


@pytest.mark.parametrize(
    ("removed", "committed", "percent"), [(41, 500, 8.2), (11, 1000, 1.1), (7, 100, 7.0)]
)
def test_a_removal_of_exactly_the_limit_is_allowed(removed: int, committed: int, percent: float) -> None:
    assert not Turnover(removed, committed).exceeds(percent, 0)
    assert Turnover(removed + 1, committed).exceeds(percent, 0)
    assert Turnover(removed, committed - 1).exceeds(percent, 0)


def test_nothing_removed_from_nothing_committed_is_no_mass_removal() -> None:
    assert not Turnover(0, 0).exceeds(0, 0)


# Severities


def test_a_policy_turns_every_warning_into_an_error() -> None:
    students = StudentContext(student(), ONE_SECTION, school_known=False)
    sections = SectionContext(section(teachers=()), True, [record_id(501)], [record_id(2)])

    findings = student_findings(students, HARSH) + section_findings(sections, HARSH)

    assert len(findings) == 4
    assert all(finding.is_error for finding in findings)


def test_a_policy_turns_an_error_into_a_warning() -> None:
    lenient = Policy(severities={Code.FIELD_MISSING: Severity.WARNING})

    (found,) = student_findings(StudentContext(student(grade=None), ONE_SECTION), lenient)

    assert not found.is_error
    assert found.item["severity"] == "warning"


def test_a_findings_identity_follows_its_record_its_detail_and_its_severity() -> None:
    missing = student_findings(StudentContext(student(grade=None, sis_id=None), ONE_SECTION), WHOLE)
    again = student_findings(StudentContext(student(grade=None, sis_id=None), ONE_SECTION), WHOLE)
    harmless = Policy(severities={Code.FIELD_MISSING: Severity.WARNING})
    warned = student_findings(StudentContext(student(grade=None), ONE_SECTION), harmless)

    assert [one.member for one in missing] == [one.member for one in again]
    assert len({one.member for one in missing + warned}) == 3
