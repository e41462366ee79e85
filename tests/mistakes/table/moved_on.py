"""Students whose class is gone, or who are out of it, because they changed: another grade, another school."""

from __future__ import annotations

from typing import Final

from tests.mistakes.bases import ALDER, BIRCH, CEDAR, HOMEROOM, Builder, by_name
from tests.mistakes.changes import (
    day_comes,
    gone,
    one_year_up,
    sections,
    sections_gone,
    students,
    students_become,
    taken_out,
    together,
    unlisted,
)
from tests.mistakes.district import Change, District, role
from tests.mistakes.facts import APPROVE, DATA, FILTER, SHARED, Fact, at, number, word
from tests.mistakes.mistake import EITHER, SHARING, SIS, Mistake, mistake
from tests.mistakes.other_bases import HAZEL, by_advisory

OAK_RIDGE, GRADUATED, INACTIVE = "Oak Ridge Elementary School", "Graduated Students", "Z-Inactive/No Show"
ROLLED_OVER: Final = Fact("that the year was rolled over", r"rolled over")
WAIT: Final = Fact("to wait for the schedule", r"\bwait for\b")
NOT_BACK: Final = (
    FILTER,
    APPROVE,
    r"\bput (them|the students) back\b",
    r"export of enrollments",
    r"sharing rule",
)
LEFT: Final = Fact("that they left", r"\bwho left\b")
IN_A_CLASS: Final = (r"share the sections? again", r"put (them|the students?) in")
"""What nobody does with those who left."""


def goes_to(name: str, *groups: tuple[str, str | None, slice]) -> Change:
    """Have students, out of all sections, go to a school that may be new."""

    def change(district: District) -> None:
        made = Builder.on(district)
        known = {one["name"]: one["id"] for one in district.all_of("schools")}
        there = known.get(name) or made.school(name)
        who = [one for school, grade, some in groups for one in district.students(school, grade)[some]]
        for student in who:
            district.unlist(student, district.all_of("sections"))
            role(student).update(school=there, schools=[there])

    return change


def without_empty_sections(district: District) -> None:
    district.drop("sections", [one for one in district.all_of("sections") if not one["students"]])


def scheduled(district: District) -> None:
    """Give the students of each grade of a school a homeroom."""
    made = Builder.on(district)
    for school in district.all_of("schools"):
        for grade in ("3", "4", "5"):
            group = [student["id"] for student in district.students(school["name"], grade)]
            made.section("Homeroom", school["id"], group, subject=HOMEROOM, grade=grade)


def left_out(name: str) -> Change:
    """Have a school and its students not shared any more."""
    return together(
        lambda district: district.drop_students(district.students(name)),
        lambda district: district.drop("schools", [district.school(name)]),
    )


def scheduled_at(name: str) -> Change:
    def change(district: District) -> None:
        group = [student["id"] for student in district.students(name)]
        Builder.on(district).section("Homeroom", district.school(name)["id"], group)

    return change


def closed(district: District) -> None:
    """Have a homeroom closed, whose students but two are put into the other one."""
    old, other = district.sections("Homeroom", BIRCH)
    other["students"] = [*other["students"], *old["students"][2:]]
    district.drop("sections", [old])


def forgotten_placed(district: District) -> None:
    (other,) = district.sections("Homeroom", BIRCH)
    other["students"] = [student["id"] for student in district.students(BIRCH)]


TABLE: Final[list[Mistake]] = [
    mistake(
        "the SIS is rolled over in July, and the new schedule is not made",
        by_name,
        together(gone("sections"), one_year_up(students()), day_comes(2027, 7, 6)),
        SIS,
        *(number(48), ROLLED_OVER, WAIT),
        never=NOT_BACK,
        blocked=48,
        fix=scheduled,
    ),
    mistake(
        "the SIS is rolled over, and the old sections stay with empty lists",
        by_name,
        together(taken_out(sections()), one_year_up(students()), day_comes(2027, 8, 2)),
        SIS,
        *(number(48), ROLLED_OVER, WAIT),
        never=NOT_BACK,
        blocked=48,
        fix=scheduled,
    ),
    mistake(
        "all sections end in July, and nobody is in another grade yet",
        by_name,
        together(gone("sections"), day_comes(2027, 7, 6)),
        SIS,
        *(number(48), WAIT),
        never=DATA,
        blocked=48,
    ),
    mistake(
        "half of a class is promoted, and in no class of the new grade",
        by_name,
        together(
            unlisted(students(ALDER, only=slice(4))),
            students_become(students(ALDER, only=slice(4)), grade="4"),
        ),
        SIS,
        *(number(4), *at(ALDER), word("grade"), word("4")),
        never=SHARED,
        blocked=4,
    ),
    mistake(
        "seniors are put into the school of those who graduated",
        by_advisory,
        together(
            goes_to(GRADUATED, (HAZEL, "12", slice(None))),
            students_become(students(GRADUATED), grade="Other"),
            without_empty_sections,
            day_comes(2027, 6, 10),
        ),
        EITHER,
        *(number(12), *at(GRADUATED, HAZEL), LEFT),
        never=(FILTER, *IN_A_CLASS),
        blocked=12,
        fix=left_out(GRADUATED),
    ),
    mistake(
        "some who left are put into a school of inactive students",
        by_name,
        goes_to(INACTIVE, (ALDER, None, slice(2)), (CEDAR, None, slice(2))),
        EITHER,
        *(number(4), *at(INACTIVE, ALDER, CEDAR), LEFT),
        never=(*DATA, *IN_A_CLASS),
        blocked=4,
        fix=left_out(INACTIVE),
    ),
    mistake(
        "a new school opens, and none of its sections is there",
        by_name,
        goes_to(OAK_RIDGE, (ALDER, None, slice(0, None, 2)), (BIRCH, None, slice(0, None, 2))),
        (*EITHER, SHARING),
        *(number(16), *at(OAK_RIDGE, ALDER, BIRCH)),
        never=DATA,
        blocked=16,
        fix=scheduled_at(OAK_RIDGE),
    ),
    mistake(
        "a school is closed, and its students have no schedule at another one",
        by_name,
        together(sections_gone(sections("", CEDAR)), goes_to(BIRCH, (CEDAR, None, slice(None)))),
        SIS,
        *(number(16), *at(BIRCH, CEDAR), word("the new school")),
        never=SHARED,
        blocked=16,
    ),
    mistake(
        "a homeroom is closed, and two of its students are in no other one",
        by_name,
        closed,
        SIS,
        *(number(2), *at(BIRCH), Fact("that the others have a class", r"\bothers\b.* in other classes\b")),
        never=SHARED,
        blocked=2,
        fix=forgotten_placed,
    ),
]
