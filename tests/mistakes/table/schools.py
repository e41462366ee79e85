"""Schools, grades and kinds of records that are not shared any more, or are merged."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, CEDAR, Builder
from tests.mistakes.changes import (
    ONE,
    gone,
    ids_reissued,
    moved_to_school,
    school_gone,
    sections,
    sections_become,
    sections_gone,
    students,
    students_gone,
    students_unshared,
    together,
)
from tests.mistakes.district import Change, District
from tests.mistakes.facts import APPROVAL, DATA, FILTER, GONE, SHARE, Fact, at, number, word
from tests.mistakes.mistake import EITHER, SHARING, SIS, VENDOR, Mistake, mistake

OF_BOTH: Final = (
    Fact("that they may have left", r"\bSIS\b|student information system|\bleft\b|really|closed"),
    Fact("that sharing may be the reason", r"\bshar(e|ed|es|ing)\b"),
)
SCHOOLS_LOST: Final = r"schools? (is|are) no longer shared"
"""To be told only where the schools themselves are gone."""
TEACHERS: Final = word("teachers", r"\bteachers?\b")


def cedar_closed(district: District) -> None:
    """Have the students of a school, and their sections, at another one, and the school gone."""
    moved_to_school(students(CEDAR), BIRCH)(district)
    district.drop("users", district.teachers(CEDAR))
    district.drop("schools", [district.school(CEDAR)])


def students_come(like: str, to: str) -> Change:
    """Have as many students as a school has come to another one, in classes of its own."""

    def change(district: District) -> None:
        made = Builder.on(district)
        school = district.school(to)["id"]
        for section in district.sections("Homeroom", like):
            made.section("Homeroom", school, made.students(school, "3", len(section["students"])))

    return change


def grade_gone(grade: str) -> Fact:
    """Return that a grade is not shared any more."""
    return Fact(f"grade {grade}", rf"\bgrade {grade}\b")


LOST: Final[list[Mistake]] = [
    mistake(
        "one school is not shared any more",
        bases.by_name,
        school_gone(CEDAR),
        SHARING,
        *(number(16), *at(CEDAR), GONE),
        never=(FILTER,),
    ),
    mistake(
        "one of two schools is not shared any more",
        bases.lockstep,
        school_gone(BIRCH),
        SHARING,
        *(number(24), *at(BIRCH), GONE),
        never=(FILTER,),
    ),
    mistake(
        "one grade is not shared any more",
        bases.scoped,
        together(students_gone(students(None, "3")), sections_gone(sections("", None, None, grade="3"))),
        SHARING,
        *(number(24), grade_gone("3"), GONE),
        never=(FILTER,),
    ),
    mistake(
        "one grade of one school is not shared any more",
        bases.scoped,
        together(students_gone(students(ALDER, "5")), sections_gone(sections("", ALDER, None, grade="5"))),
        EITHER,
        *(number(12), *at(ALDER), grade_gone("5"), *OF_BOTH),
        never=(FILTER,),
    ),
    mistake(
        "every fourth student is gone",
        bases.by_subject,
        students_gone(students(None, None, slice(None, None, 4))),
        EITHER,
        *(number(12), *OF_BOTH),
        never=(FILTER,),
    ),
    mistake(
        "the students of one school are gone whom sections go on listing",
        bases.by_name,
        students_unshared(students(CEDAR)),
        SHARING,
        *(number(16), *at(CEDAR), Fact("that sections list them", r"\blist")),
        never=(*DATA, SCHOOLS_LOST),
    ),
    mistake(
        "all students are gone",
        bases.by_name,
        students_gone(students()),
        SHARING,
        *(number(48), word("students")),
        never=(*DATA, SCHOOLS_LOST),
    ),
    mistake(
        "everything is gone",
        bases.by_subject,
        together(*(gone(kind) for kind in ("sections", "users", "schools"))),
        SHARING,
        *(number(48), word("shared", r"\bshar(e|ed|es|ing)\b")),
        never=DATA,
    ),
    mistake(
        "only the sections of one subject are shared any more",
        bases.by_name,
        lambda district: district.drop(
            "sections", [one for one in district.all_of("sections") if one["subject"] != "math"]
        ),
        SHARING,
        *(number(48), GONE),
        never=DATA,
        blocked=48,
    ),
    mistake(
        "no section is shared any more",
        bases.by_period,
        gone("sections"),
        SHARING,
        *(number(48), word("section", r"\bsections?\b")),
        never=DATA,
        blocked=48,
    ),
    mistake(
        "no section of one school is shared any more",
        bases.by_name,
        sections_gone(sections("", BIRCH)),
        SHARING,
        *(number(16), *at(BIRCH), word("No other shared section"), word("export")),
        never=DATA,
        blocked=16,
    ),
    mistake(
        "the students of one school are gone, and as many others come to another one",
        bases.by_name,
        together(students_come(CEDAR, BIRCH), school_gone(CEDAR)),
        EITHER,
        *(number(16), *at(CEDAR), word(BIRCH)),
        never=(FILTER,),
    ),
    mistake(
        "the students of one school are at another one under new ids and the same numbers",
        bases.by_name,
        together(ids_reissued(students(CEDAR)), moved_to_school(students(CEDAR), BIRCH)),
        (SIS, VENDOR),
        *(number(16), *at(CEDAR), word(BIRCH), APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake("one school is merged with another one, and is gone", bases.by_name, cedar_closed, None),
    mistake(
        "the students of one school are at another one, with their sections",
        bases.by_subject,
        moved_to_school(students(ALDER), BIRCH),
        None,
    ),
]

PEOPLE_AND_KINDS: Final[list[Mistake]] = [
    mistake(
        "one teacher is gone",
        bases.by_name,
        gone("users", lambda district: district.teachers(ALDER)[:1]),
        None,
    ),
    mistake(
        "one student is gone whom sections go on listing",
        bases.by_name,
        students_unshared(students(ALDER, None, ONE)),
        None,
    ),
    mistake(
        "one class has no teacher",
        bases.by_name,
        sections_become(sections("Homeroom", BIRCH, ONE), teacher="", teachers=[]),
        None,
    ),
    mistake(
        "all teachers are gone",
        bases.by_subject,
        lambda district: district.drop("users", district.teachers()),
        SHARING,
        *(TEACHERS, GONE),
        never=(FILTER,),
    ),
    mistake(
        "all teachers of one school are gone",
        bases.by_subject,
        lambda district: district.drop("users", district.teachers(ALDER)),
        None,  # warnings of the classes tell it, where others still have theirs
    ),
    mistake(
        "no section has a teacher any more",
        bases.by_name,
        sections_become(sections(), teacher="", teachers=[]),
        EITHER,
        TEACHERS,
        never=(FILTER,),
    ),
    mistake(
        "one school's own record is gone",
        bases.by_name,
        gone("schools", lambda district: [district.school(CEDAR)]),
        None,
    ),
    mistake(
        "all schools' own records are gone",
        bases.by_name,
        gone("schools"),
        SHARING,
        *(word("schools"), GONE),
        never=(FILTER,),
    ),
]

TABLE: Final = [*LOST, *PEOPLE_AND_KINDS]
