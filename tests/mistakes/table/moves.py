"""Students at another school, in another term, or out of scope; fields required since the last commit."""

from __future__ import annotations

from typing import Final

from tests.mistakes.bases import (
    ALDER,
    DOGWOOD,
    ELM,
    HOMEROOM,
    Builder,
    by_subject,
    by_term,
    by_term_unguarded,
    two_ways,
)
from tests.mistakes.changes import (
    ONE,
    day_comes,
    filter_becomes,
    listed_too,
    moved_to_school,
    one_year_up,
    sections,
    students,
    students_become,
    unlisted,
)
from tests.mistakes.district import Change, District, put_title, role
from tests.mistakes.facts import APPROVAL, APPROVE, DATA, SHARE, SHARED, Fact, at, number, word
from tests.mistakes.mistake import OURS, SHARING, SIS, VENDOR, Mistake, mistake
from tests.mistakes.other_bases import FOXGLOVE, MAGNOLIA, NUTMEG, of_one_school, one_school_two_ways

NEWLY: Final = Fact("that it is required only since", r"not required at the last commit")
REQUIRED: Final = ("first_name", "last_name", "sis_id", "grade", "school_id")


def in_another_program(district: District) -> None:
    """Have a student at a new school, whose only section is not kept."""
    (student,) = students(ALDER, None, ONE)(district)
    unlisted(students(ALDER, None, ONE))(district)
    made = Builder.on(district)
    school = made.school("Summit Learning Center")
    role(student).update(school=school, schools=[school])
    made.section("Alternative Program", school, [student["id"]], grade="4")


def in_may() -> District:
    """Return the district of two terms, late in the second one."""
    district = by_term()
    day_comes(2027, 5, 17)(district)
    return district


def rolled_over(district: District) -> None:
    """Have everybody one grade up, and all sections made anew for the school year that comes."""
    district.drop("sections", district.all_of("sections"))
    one_year_up(students())(district)
    made = Builder.on(district)
    district.drop("terms", [district.term("S1")])
    next_year = made.term("Fall 2027", "2027-08-16", "2027-12-17")
    for name in (DOGWOOD, ELM):
        for grade in ("7", "8"):
            group = [student["id"] for student in district.students(name, grade)]
            for title, subject in (("Advisory", HOMEROOM), ("Science", "science")):
                made.section(title, district.school(name)["id"], group, subject=subject, term_id=next_year)


def with_flex() -> District:
    """Return the district of two terms where a school calls the advisories of the second otherwise."""
    district = by_term_unguarded()
    for section in district.sections("Advisory", ELM, term_id=district.term("S2")["id"]):
        put_title(section, "Flex")
    return district


def _required(name: str) -> Change:
    return lambda district: district.policy.update(required_fields=[*REQUIRED, name])


def without(select: slice, **fields: str) -> Change:
    return students_become(students(ALDER, None, select), **fields)


def some_without_state_id() -> District:
    """Return a district in which five students have no state id, which is not required."""
    district = by_subject()
    without(slice(5), state_id="")(district)
    return district


def without_student_numbers() -> District:
    """Return a district that never shared a student number, which is not required."""
    district = by_subject()
    students_become(students(), student_number="")(district)
    return district


def two_families() -> District:
    """Return a district in which two pairs of siblings have their parents' e-mail addresses."""
    district = by_subject()
    for at_, student in enumerate(district.students(ALDER)[:4]):
        student["email"] = f"parent{at_ % 2}@example.test"
    return district


def advanced(district: District) -> None:
    """Have three students of the elementary school in a class of the middle school as well."""
    listed_too(students(ALDER, None, slice(3)), sections("", DOGWOOD, period="1"))(district)


TABLE: Final[list[Mistake]] = [
    mistake(
        "three students take a class at a second school",
        two_ways,
        advanced,
        (SIS, OURS),
        *(number(3), *at(ALDER, DOGWOOD), word("changed schools"), word("a second school")),
        never=(APPROVE, SHARE),
        blocked=3,
    ),
    mistake(
        "we require that e-mail addresses differ, which siblings share",
        two_families,
        lambda district: district.policy.update(unique_fields=["sis_id", "email"]),
        (SIS, VENDOR),
        *(number(4), *at(ALDER), word("email"), word("siblings")),
        never=SHARED,
        blocked=4,
    ),
    mistake(
        "one student goes to another school, where no class is theirs",
        by_subject,
        in_another_program,
        (SIS, OURS),
        *(number(1), *at("Summit Learning Center", ALDER), word("the new school")),
        never=(APPROVE, r"\bback\b"),
        blocked=1,
    ),
    mistake(
        "a grade goes to a school that is out of scope",
        of_one_school,
        moved_to_school(students(MAGNOLIA, "5"), NUTMEG),
        OURS,
        *(number(12), *at(MAGNOLIA, NUTMEG), word("scope"), number(24), APPROVAL),
        never=(SHARE,),
    ),
    mistake(
        "the SIS is rolled over to the next school year in May",
        in_may,
        rolled_over,
        SIS,
        *(number(36), *at(DOGWOOD, ELM), word("Fall 2027"), word("2027-08-16"), word("too early")),
        never=SHARED,
        blocked=36,
    ),
    mistake(
        "a term begins in which the classes of a school are called otherwise",
        with_flex,
        day_comes(2027, 1, 6),
        (SIS, OURS),
        *(number(18), *at(ELM), word("S1"), word("2026-12-18"), word("another name")),
        never=(APPROVE, SHARE, r"in no section of it", r"does not have to change"),
        blocked=18,
    ),
    mistake(
        "the scope has a grade that the district writes otherwise",
        one_school_two_ways,
        filter_becomes(scope={"grades": ["K", "2", "4", "6", "7", "8"]}),
        OURS,
        *(number(12), *at(FOXGLOVE), word("Kindergarten"), word("No shared student has the grade “K”")),
        never=(SHARE,),
    ),
    mistake(
        "we require a state ID that some students never had",
        some_without_state_id,
        _required("state_id"),
        (SIS, VENDOR),
        *(number(5), *at(ALDER), word("state ID"), NEWLY),
        never=DATA,
        blocked=5,
    ),
    mistake(
        "we require a student number that was never shared",
        without_student_numbers,
        _required("student_number"),
        (SHARING, VENDOR),
        *(number(48), word("student number"), NEWLY),
        never=(*DATA, r"no longer shared"),
        blocked=48,
    ),
]
