"""Mistakes that two facts together decide: what changed, and what did not change with it."""

from __future__ import annotations

import copy
from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, DOGWOOD, ELM, Builder, where
from tests.mistakes.changes import (
    NEW_STUDENT,
    day_comes,
    filter_becomes,
    rules,
    sections,
    sections_gone,
    together,
)
from tests.mistakes.district import Change, District, role
from tests.mistakes.facts import APPROVE, FILTER, SHARE, SHARED, Fact, at, number, word
from tests.mistakes.mistake import OURS, SHARING, SIS, Mistake, mistake
from tests.mistakes.other_bases import (
    FOXGLOVE,
    LINDEN,
    MAGNOLIA,
    NUTMEG,
    by_quarter,
    by_sis_id,
    of_two_schools,
    one_school_two_ways,
    ranked,
    two_languages,
)


def with_math_labs() -> District:
    """Return three schools that have many sections of math beside their homerooms."""
    district = bases.by_name()
    made = Builder.on(district)
    for school in district.all_of("schools"):
        listed = [student["id"] for student in district.students(school["name"])]
        for part in range(2):
            made.section("Math Lab", school["id"], listed[part::2], subject="math", period="6")
    return district


def newcomers_of_grade_3(district: District) -> None:
    """Have five students come who are in no section."""
    Builder.on(district).students(district.school(LINDEN)["id"], "3", 5)


def transferred(*others: str) -> Change:
    """Have three students at another school, and in a class there; they are still in the former one."""

    def change(district: District) -> None:
        there = district.school(BIRCH)["id"]
        section = district.sections("Homeroom", BIRCH)[0]
        for student in district.students(ALDER)[:3]:
            schools = [there, *(district.school(name)["id"] for name in others)]
            role(student).update(school=there, schools=schools)
            section["students"] = [*section["students"], student["id"]]

    return change


def career_center(district: District) -> None:
    """Have a whole grade in a section of another school's program, in the period of its classes."""
    listed = [student["id"] for student in district.students(grade="8")]
    fields = {"subject": "other", "grade": "8", "period": "1"}
    Builder.on(district).section("Career Center", district.school(FOXGLOVE)["id"], listed, **fields)


def registered_twice(district: District) -> None:
    """Have four students come a second time, in no section."""
    for student in district.students(LINDEN)[:4]:
        district.add("users", copy.deepcopy(student) | {"id": district.free_id("users", NEW_STUDENT)})


def term_begins(name: str, day: str) -> Change:
    return lambda district: district.term(name).update(start_date=day)


def one_school_without_second_quarter() -> District:
    """Return two schools of which one has no section of the second quarter yet."""
    district = by_quarter()
    second = district.term("Q2")["id"]
    district.drop("sections", district.sections(school=NUTMEG, term_id=second))
    district.policy = {"class_change_limit_percent": 100}
    return district


TABLE: Final[list[Mistake]] = [
    mistake(
        "one school has no sections of the quarter that runs",
        one_school_without_second_quarter,
        day_comes(2026, 12, 3),
        SIS,
        *(number(20), *at(NUTMEG), word("Q1"), Fact("that the quarter runs", "“Q2” began on 2026-11-02")),
        never=(FILTER, APPROVE, "next term"),
        blocked=20,
    ),
    mistake(
        "the second term begins before the first one ends",
        bases.by_term,
        term_begins("S2", "2026-10-05"),
        SIS,
        *(number(36), *at(DOGWOOD, ELM), word("S1"), word("S2"), word("dates")),
        never=(*SHARED, r"\bis new\b"),
        blocked=36,
    ),
    mistake(
        "students who changed schools are still in a class of the old one",
        bases.by_name,
        transferred(),
        SIS,
        *(number(3), *at(ALDER, BIRCH), Fact("that they came", r"came from|changed schools|moved")),
        never=(*SHARED, r"\b[Ee]ither\b"),
        blocked=3,
    ),
    mistake(
        "students with a new main school are in a class of both schools that they are at",
        bases.by_name,
        transferred(ALDER),
        SIS,
        *(number(3), *at(ALDER, BIRCH), Fact("that they may be at both", r"attends? a second school")),
        never=(APPROVE, SHARE),
        blocked=3,
    ),
    mistake(
        "a whole grade has a program in the period of its classes",
        one_school_two_ways,
        career_center,
        (OURS, SHARING),
        *(number(12), *at(FOXGLOVE), Fact("which kind is new", "“career center” were not classes")),
        never=(APPROVE, SHARE, r"“science” were not"),
        blocked=12,
        suggests=True,
    ),
    mistake(
        "four students were registered a second time",
        by_sis_id,
        registered_twice,
        SIS,
        *(number(8), *at(LINDEN), word("same name"), word("two records")),
        never=(*SHARED, "different SIS ID"),
        blocked=8,
    ),
    mistake(
        "new students have no schedule yet",
        ranked,
        newcomers_of_grade_3,
        SIS,
        *(number(5), *at(LINDEN), word("new")),
        never=SHARED[:2],
        blocked=5,
    ),
    mistake(
        "only the sections of one subject are still shared",
        with_math_labs,
        together(sections_gone(sections("Homeroom")), sections_gone(sections("Art"))),
        SHARING,
        *(number(48), word("math"), Fact("the sharing rule", r"sharing rule")),
        never=(FILTER, APPROVE),
        blocked=48,
    ),
    mistake(
        "the scope gets a misspelled name of a school",
        of_two_schools,
        filter_becomes(scope={"schools": ["Linden Elementry School", MAGNOLIA]}),
        OURS,
        *(number(24), *at(LINDEN), word("Linden Elementry School")),
        never=(APPROVE, SHARE),
    ),
    mistake(
        "our new rule has the mornings and the afternoons of the same students",
        two_languages,
        rules([where("name", "contains", "dual language")], [where("name", "starts_with", "Homeroom")]),
        OURS,
        *(number(40), *at(LINDEN), word("am"), word("pm")),
        never=(APPROVE, SHARE, r"various reasons"),
        blocked=40,
        suggests=True,
    ),
]
