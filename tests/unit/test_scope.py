"""Which students are in a filter's scope."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from worker.domain.roster.records import EventId, RecordId, RecordKind, School, Section, Student
from worker.domain.roster.scope import find_schools, is_moved_by
from worker.domain.roster.section_filter import Scope, SectionFilter, SectionView
from worker.domain.roster.staging import Change
from worker.domain.roster.terms import without_grace
from worker.suggest.picture_builder import PictureBuilder

HIGH, CAREER, OTHER = "66e1", "66e2", "66e3"
SCHOOLS = [
    School(RecordId(HIGH), "Maple High"),
    School(RecordId(CAREER), "Career Center"),
    School(RecordId(OTHER)),
]


def student(primary: str | None, *others: str, grade: str = "3") -> Student:
    texts = {"grade": grade} | ({"school_id": primary} if primary else {})
    return Student(RecordId("s"), texts, other_schools=others)


@pytest.mark.parametrize("named", [HIGH, HIGH.upper(), "maple high", " MapleHIGH\u200b"])
@pytest.mark.parametrize(
    ("who", "is_in"),
    [
        (student(HIGH), True),
        (student(CAREER, HIGH), True),
        (student(None, HIGH), True),
        (student("gone", "unknown", HIGH), True),
        (student(CAREER, OTHER), False),
        (student(CAREER), False),
        (student(None), False),
        (student("\u200b"), False),
    ],
)
def test_a_student_is_in_scope_by_any_school_of_his(named: str, who: Student, is_in: bool) -> None:
    scope = Scope(schools=(named,))

    assert find_schools(scope, SCHOOLS).holds(who) is is_in
    builder = PictureBuilder(without_grace(date(2026, 11, 30)))
    for school in SCHOOLS:
        builder.add_school(school)
    builder.add_student("another", OTHER, "4")
    builder.add_student("s", who.texts.get("school_id"), who.texts["grade"], who.other_schools)
    builder.add_section(SectionView(Section(RecordId("c"))))
    picture = builder.build()
    assert (picture.count(SectionFilter(scope=scope)).students == 1) is is_in
    assert (picture.within(SectionFilter(scope=scope)).students == 1) is is_in


def test_a_student_whose_schools_could_not_be_read_stays_in_scope() -> None:
    scope = find_schools(Scope(schools=(HIGH,)), SCHOOLS)

    assert scope.holds(replace(student(CAREER), unread=("schools",)))
    assert not scope.holds(replace(student(CAREER), unread=("race",)))


def test_a_grade_counts_wherever_the_student_is() -> None:
    scope = find_schools(Scope(grades=("3",), schools=(HIGH,)), SCHOOLS)

    assert scope.holds(student(CAREER, HIGH))
    assert not scope.holds(student(HIGH, grade="4"))
    assert find_schools(Scope(), []).holds(student(None, grade="\u200b"))


def school_change(before: str | None, after: str | None) -> Change:
    record = [None if name is None else {"name": name} for name in (before, after)]
    return Change(RecordKind.SCHOOL, RecordId(HIGH), EventId("1"), record[0], record[1])


@pytest.mark.parametrize(
    ("before", "after", "moves"),
    [
        ("Maple High", "Maple Academy", True),
        (None, "maple  high", True),
        ("Maple High", None, True),
        ("Maple High", "MAPLE HIGH", False),
        ("Oak", "Elm", False),
    ],
)
def test_a_name_of_the_scope_moves_its_students(before: str | None, after: str | None, moves: bool) -> None:
    changes = [school_change(before, after)]

    assert is_moved_by(Scope(schools=("Maple High",)), changes) is moves
    assert not is_moved_by(Scope(grades=("3",)), changes)
