"""Sections that are there twice, or may have come in the place of others."""

from __future__ import annotations

from typing import Final

from tests.mistakes.bases import ALDER, ELM, Builder, by_name
from tests.mistakes.changes import made_like, sections, split
from tests.mistakes.district import District, put_title
from tests.mistakes.facts import APPROVE, DATA, SEVERAL, SHARE, SHARED, Fact, at, number, word
from tests.mistakes.mistake import EITHER, OURS, SHARING, SIS, Mistake, mistake
from tests.mistakes.other_bases import LINDEN, by_sis_id

CHOOSES: Final = r"tell the two sections apart"
"""To choose by a filter between two sections of the same class."""
NARROWS: Final = r"remove the grades?\b"
"""To take a grade out of the scope that other schools have."""


def substituted(district: District) -> None:
    """Have a new teacher with a section of a homeroom whose old section goes on."""
    section = district.sections("Homeroom", ALDER)[0]
    fields = {name: section[name] for name in ("subject", "grade", "period")}
    Builder.on(district).section("Homeroom", section["school"], section["students"], **fields)


def exported_twice(district: District) -> None:
    """Have each class of a school twice, with other numbers."""
    for section in district.sections("Elementary", LINDEN):
        if section["sis_id"].startswith("HR-"):
            made_like(district, section, sis_id=f"{section['sis_id']}-2")


def two_labs(district: District) -> None:
    """Have a homeroom in two halves that are called otherwise."""
    before = {section["id"] for section in district.sections("Homeroom")}
    split(sections("Homeroom", ALDER, slice(1)))(district)
    for section in district.sections("Homeroom"):
        if section["id"] not in before:
            put_title(section, "Learning Lab")


def school_without_homerooms(district: District) -> None:
    """Have a school come of which math and art are shared, and no homeroom."""
    made = Builder.on(district)
    school = made.school(ELM)
    group = made.students(school, "3", 12)
    for half in (group[::2], group[1::2]):
        made.section("Math", school, half, subject="math", grade="3", period="2")
    made.section("Art", school, group, subject="arts and music", grade="3", period="5")


TABLE: Final[list[Mistake]] = [
    mistake(
        "a substitute has a second section of a homeroom",
        by_name,
        substituted,
        SIS,
        *(number(8), *at(ALDER), SEVERAL, word("substitute"), word("co-teacher")),
        never=(*SHARED, CHOOSES),
        blocked=8,
    ),
    mistake(
        "the classes of a school are exported twice under other numbers",
        by_sis_id,
        exported_twice,
        SIS,
        *(number(24), *at(LINDEN), SEVERAL, word("the same students"), word("twice")),
        never=(*SHARED, CHOOSES),
        blocked=24,
    ),
    mistake(
        "a homeroom ends, and two sections with another name have its students",
        by_name,
        two_labs,
        (*EITHER, OURS),
        *(number(8), *at(ALDER), Fact("that others may be in its place", r"taken (its|their) place")),
        never=DATA,
        blocked=8,
        suggests=True,
    ),
    mistake(
        "a new school shares no homerooms",
        by_name,
        school_without_homerooms,
        (OURS, SHARING),
        *(number(12), *at(ELM), Fact("that they may not be shared", r"whether it shares")),
        never=(APPROVE, SHARE, NARROWS),
        blocked=12,
        suggests=True,
    ),
]
