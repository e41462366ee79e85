"""Schools that work in their own way, and students and schools that come."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, CEDAR, ELM, HOMEROOM, Builder, where
from tests.mistakes.changes import ONE, filter_becomes, made_beside, rules, sections, students
from tests.mistakes.district import Change, District, role
from tests.mistakes.facts import APPROVE, DATA, SEVERAL, SHARE, Fact, at, number, word
from tests.mistakes.mistake import EITHER, OURS, SHARING, SIS, Mistake, mistake
from tests.support.builders.records import record_id

HERE: Final = Fact(
    "that the school has two kinds of them",
    r"\bkinds?\b|\bboth\b|\bschool (has|works|keeps)|nearly (all|every)",
)
NO_CLASS: Final = Fact("that the filter keeps nothing there", r"\b(no|none|nothing|not)\b")
NOT_HARMFUL: Final = (APPROVE, SHARE)
NOT_OF_DATA: Final = (
    *NOT_HARMFUL,
    r"\bremove (them|the student)",
    r"student information system|\bSIS\b(?! ID)",
)
"""Nor that the students be taken out of a class, where it is how the school works."""


def of_term(title: str, school: str, name: str) -> Change:
    """Add sections of a second term to some, and a term to both."""

    def change(district: District) -> None:
        made = Builder.on(district)
        now, later = (
            made.term("Fall", "2026-08-17", "2026-12-18"),
            made.term(name, "2027-01-05", "2027-06-04"),
        )
        for section in district.sections(title, school):
            section["term_id"] = now
        made_beside(sections(title, school), title, term_id=later)(district)

    return change


def new_school(title: str, subject: str, period: str) -> Change:
    """Have a middle school come with two classes of 8 that are called so."""

    def change(district: District) -> None:
        made = Builder.on(district)
        school = made.school(ELM)
        rooms = [made.students(school, "6", 8) for _ in range(2)]
        for room in rooms:
            made.section(title, school, room, subject=subject, period=period)
        for half in (rooms[0][:4] + rooms[1][:4], rooms[0][4:] + rooms[1][4:]):
            made.section("Science", school, half, subject="science", period="3")

    return change


def newcomers(how_many: int, school: str | None, grade: str) -> Change:
    """Have students come who are in no section, at a school, or at one that is not shared."""

    def change(district: District) -> None:
        at = district.school(school)["id"] if school else record_id(999)
        Builder.on(district).students(at, grade, how_many)

    return change


def newcomers_listed(district: District) -> None:
    """Have students come from a school that is not shared, into a homeroom of one that is."""
    made = Builder.on(district)
    section = district.sections("Homeroom", ALDER)[0]
    section["students"] = [*section["students"], *made.students(record_id(999), "3", 3)]


def placed(district: District) -> None:
    """Put the newcomer into a homeroom."""
    (student,) = students(ALDER, None, slice(-1, None))(district)
    section = district.sections("Homeroom", ALDER)[0]
    section["students"] = [*section["students"], student["id"]]


def second_primary_school(district: District) -> None:
    """Have students at a second school as well; nothing else is different."""
    for student in district.students(ALDER)[:3]:
        role(student)["schools"] = [role(student)["school"], district.school(CEDAR)["id"]]


SCHOOLS: Final[list[Mistake]] = [
    mistake(
        "one school has a homeroom in the morning and one in the afternoon",
        bases.by_name,
        made_beside(sections("Homeroom", CEDAR), "Homeroom PM"),
        OURS,
        *(number(16), *at(CEDAR), HERE),
        never=NOT_OF_DATA,
        blocked=16,
        suggests=True,
        fix=rules([where("name", "contains", "homeroom"), where("name", "not_contains", "PM")]),
    ),
    mistake(
        "nearly everybody of one school is in a second homeroom of another meaning",
        bases.by_name,
        made_beside(sections("Homeroom", ALDER), "Homeroom Career Center", slice(7)),
        OURS,
        *(number(14), *at(ALDER), HERE),
        never=NOT_OF_DATA,
        blocked=14,
        suggests=True,
        fix=rules([where("name", "contains", "homeroom"), where("name", "not_contains", "career")]),
    ),
    mistake(
        "one school has homerooms for help with English beside the others",
        bases.by_subject,
        made_beside(sections("Room", ALDER), "ESL"),
        OURS,
        *(number(24), *at(ALDER), HERE),
        never=NOT_OF_DATA,
        blocked=24,
        suggests=True,
        fix=rules([where("subject", "is", HOMEROOM), where("name", "not_contains", "ESL")]),
    ),
    mistake(
        "one school works by semesters",
        bases.by_name,
        of_term("Homeroom", CEDAR, "Spring"),
        OURS,
        *(number(16), *at(CEDAR), word("term", r"\bterms?\b")),
        never=NOT_OF_DATA,
        blocked=16,
        suggests=True,
        fix=filter_becomes(current_term_only=True),
    ),
    mistake(
        "a new school names its classes otherwise",
        bases.by_name,
        new_school("Advisory", HOMEROOM, "0"),
        OURS,
        *(number(16), *at(ELM), NO_CLASS),
        never=NOT_OF_DATA,
        blocked=16,
        suggests=True,
        fix=rules([where("name", "contains", "homeroom")], [where("name", "contains", "advisory")]),
    ),
    mistake(
        "a new school has its classes in period 1, and no homeroom",
        bases.by_subject,
        new_school("Science A", "science", "1"),
        OURS,
        *(number(16), *at(ELM), NO_CLASS),
        never=NOT_OF_DATA,
        blocked=16,
        suggests=True,
        fix=rules([where("subject", "is", HOMEROOM)], [where("period", "is", "1")]),
    ),
    mistake(
        "the three students of one more homeroom are in another one too",
        bases.by_name,
        made_beside(sections("Homeroom", ALDER, ONE), "Homeroom Newcomers", slice(3)),
        (OURS, SIS),
        *(number(3), *at(ALDER), SEVERAL),
        never=NOT_HARMFUL,
        blocked=3,
        suggests=True,
    ),
    mistake(
        "a new school names its classes as the others", bases.by_name, new_school("Homeroom", "", "0"), None
    ),
]

NEWCOMERS: Final[list[Mistake]] = [
    mistake(
        "one new student is in no section",
        bases.by_name,
        newcomers(1, ALDER, "3"),
        EITHER,
        *(number(1), *at(ALDER)),
        never=DATA,
        blocked=1,
        fix=placed,
    ),
    mistake(
        "four new students are in no section",
        bases.by_subject,
        newcomers(4, bases.BIRCH, "4"),
        EITHER,
        *(number(4), *at(bases.BIRCH)),
        never=DATA,
        blocked=4,
    ),
    mistake(
        "students come of a grade whose sections are not shared",
        bases.by_name,
        newcomers(12, ALDER, "4"),
        SHARING,
        *(number(12), *at(ALDER), Fact("the grade", r"\bgrade 4\b")),
        never=DATA,
        blocked=12,
    ),
    mistake(
        "students come from a school that is not shared",
        bases.by_name,
        newcomers(8, None, "3"),
        SHARING,
        *(
            number(8),
            word("school"),
            Fact(
                "that it is not shared",
                r"schools? (\S+ )?(is|are) (also )?not (shared|known)"
                r"|unknown school|share (the|that|this|their) school",
            ),
        ),
        never=DATA,
        blocked=8,
    ),
    mistake(
        "students come from a school that is not shared into a homeroom",
        bases.by_name,
        newcomers_listed,
        None,
    ),
    mistake("students are at a second school too", bases.by_name, second_primary_school, None),
]


TABLE: Final = [*SCHOOLS, *NEWCOMERS]
