"""First loads that lack the classes, or have students whom no rule is for."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, DOGWOOD, HOMEROOM, Builder, where
from tests.mistakes.changes import rules, sections, sections_gone
from tests.mistakes.district import District
from tests.mistakes.facts import APPROVE, Fact, at, number, word
from tests.mistakes.mistake import OURS, SHARING, Mistake, mistake

ADULT: Final = "Evening Adult Education"
AS_EVERYBODY: Final = Fact("that the homerooms may not be shared", r"does not share its homerooms")


def adults_too(district: District) -> None:
    """Have an evening program of adults shared with all the schools."""
    made = Builder.on(district)
    there = made.school(ADULT)
    group = made.students(there, "PostGraduate", 12)
    made.section("GED Prep", there, group[:8], subject="other", period="EVE")
    made.section("English for Adults", there, group[6:], subject="language", period="EVE2")


def adults_not_in_scope(district: District) -> None:
    district.filter["scope"] = {"schools": [ALDER, DOGWOOD]}


def elementary_and_middle() -> District:
    """Return an elementary and a middle school that both have homerooms, kept by name."""
    made = Builder([where("name", "contains", "homeroom")])
    for name, grades in ((ALDER, ("1", "2", "3")), (DOGWOOD, ("6",))):
        school = made.school(name)
        for grade in grades:
            group = made.students(school, grade, 24)
            for half in (group[:12], group[12:]):
                made.section("Homeroom", school, half, subject=HOMEROOM, grade=grade, period="0")
            for half in (group[::2], group[1::2]):
                made.section("Math", school, half, subject="math", grade=grade, period="2")
            made.section("Science", school, group, subject="science", grade=grade, period="3")
    return made.district


TABLE: Final[list[Mistake]] = [
    mistake(
        "a first load has all sections but the homerooms",
        bases.by_name,
        sections_gone(sections("Homeroom")),
        SHARING,
        *(number(48), word("“homeroom”"), AS_EVERYBODY),
        never=(APPROVE,),
        blocked=48,
        is_first_load=True,
    ),
    mistake(
        "a first load has all sections but those of the subject",
        bases.by_subject,
        sections_gone(sections("Room")),
        SHARING,
        *(number(48), word("“homeroom/advisory”"), AS_EVERYBODY),
        never=(APPROVE,),
        blocked=48,
        is_first_load=True,
    ),
    mistake(
        "a first load calls its homerooms otherwise",
        bases.by_subject,
        rules([where("name", "contains", "homeroom")]),
        OURS,
        number(48),
        never=(APPROVE, "does not share"),
        blocked=48,
        is_first_load=True,
        suggests=True,
    ),
    mistake(
        "a first load lacks the homerooms of one school",
        elementary_and_middle,
        sections_gone(sections("Homeroom", DOGWOOD)),
        (SHARING, OURS),
        *(number(24), *at(DOGWOOD), Fact("that they may not be shared", r"whether it shares")),
        never=(APPROVE,),
        blocked=24,
        is_first_load=True,
        suggests=True,
    ),
    mistake(
        "a first load has a program of adults",
        elementary_and_middle,
        adults_too,
        (OURS, SHARING),
        *(number(12), *at(ADULT), word("scope")),
        never=(APPROVE,),
        blocked=12,
        is_first_load=True,
        suggests=True,
        fix=adults_not_in_scope,
    ),
]
