"""Sections that come, or change, so that they list students beside their classes, or in their place."""

from __future__ import annotations

from typing import Final

from tests.mistakes.bases import (
    ALDER,
    BIRCH,
    CEDAR,
    DOGWOOD,
    ELM,
    HOMEROOM,
    Builder,
    by_name,
    by_period,
    by_term,
    lockstep,
    where,
)
from tests.mistakes.changes import made_like
from tests.mistakes.district import Change, District, Json, put_title, role
from tests.mistakes.facts import APPROVE, FILTER, SEVERAL, SHARE, SHARED, Fact, at, number, word
from tests.mistakes.mistake import OURS, SIS, Mistake, mistake
from tests.mistakes.other_bases import HAZEL, LINDEN, by_advisory, by_section_grade

CAREER: Final = "Ridgeline Career Center"
NOT_HARMFUL: Final = (APPROVE, SHARE)
NEW: Final = Fact("that it is new", r"\bnew section")
SAME: Final = Fact("that their classes did not change", r"did not change")
TAKEN_PLACE: Final = Fact("that others are in their place", r"taken (its|their) place")
BACK: Final = (*NOT_HARMFUL, r"\bput (them|the students) back\b")


def _ids(records: list[Json]) -> list[str]:
    return [record["id"] for record in records]


def comes(title: str, school: str, *groups: list[str], **fields: str) -> Change:
    """Have a section come for each of some groups."""

    def change(district: District) -> None:
        made = Builder.on(district)
        for group in groups:
            made.section(title, district.school(school)["id"], group, **fields)

    return change


def taken_over(district: District) -> None:
    """Have another teacher's homeroom for a class of which half stays in the old one as well."""
    (old, *_) = district.sections("Homeroom", ALDER)
    teacher = Builder.on(district).teacher(old["school"])
    name = f"Homeroom - {district.records['users', teacher]['name']['last']} - 0"
    made_like(district, old, teacher=teacher, teachers=[teacher], name=name)
    old["students"] = old["students"][:4]


def old_one_ends(district: District) -> None:
    district.drop("sections", [district.sections("Homeroom", ALDER)[0]])


def one_more_class(district: District) -> None:
    """Have a third homeroom, of some of both, of whom one is still in the old one; and three who are new."""
    first, second = district.sections("Homeroom", BIRCH)
    made = Builder.on(district)
    new = made.students(first["school"], "3", 3)
    made.section("Homeroom", first["school"], [*first["students"][:2], *second["students"][:2], *new])
    first["students"] = first["students"][1:]
    second["students"] = second["students"][2:]


def still_listed_ends(district: District) -> None:
    first = district.sections("Homeroom", BIRCH)[0]
    first["students"] = first["students"][1:]


def summer_school(district: District) -> None:
    """Have summer school in two sections, of students of three schools."""
    first, second = (
        [one for name in (ALDER, BIRCH, CEDAR) for one in _ids(district.students(name))[part]]
        for part in (slice(2, 4), slice(4, 6))
    )
    comes("Summer School Homeroom", CEDAR, first, second, subject=HOMEROOM, period="1")(district)


def breakfast(district: District) -> None:
    comes("Homeroom Breakfast", CEDAR, _ids(district.students(CEDAR)), subject="other", period="0")(district)


def testing_groups(district: District) -> None:
    """Have groups for a test, across the classes of a school."""
    listed = _ids(district.students(BIRCH))
    comes("Testing Homeroom", BIRCH, listed[::2], listed[1:6:2], subject="other", period="9")(district)


def athletics(district: District) -> None:
    """Have athletes of three grades in a section in the period that counts."""
    group = _ids(district.students(ELM))[::4]
    comes("Athletics", ELM, group, subject="PE and health", period="1")(district)


def career_center(district: District) -> None:
    """Have students of two grades at a second school, which has an advisory of its own."""
    made = Builder.on(district)
    there = made.school(CAREER)
    who = [*district.students(HAZEL, "11")[:5], *district.students(HAZEL, "12")[:5]]
    for student in who:
        role(student)["schools"] = [role(student)["school"], there]
    made.section("Career Advisory", there, _ids(who), subject="other", period="6")


def second_campus(district: District) -> None:
    """Have students at a second school, whose section is called as all the others are."""
    made = Builder.on(district)
    there = made.school("Newcomer Center")
    made.section("Homeroom", there, _ids(district.students(ALDER))[3:9], subject="other", period="0")


def lockstep_by_name() -> District:
    """Return two schools in which the same group has every subject together, kept by the name."""
    district = lockstep()
    district.filter["rules"] = [{"all": [where("name", "contains", "homeroom")]}]
    return district


def without(*conditions: Json) -> Change:
    """Have a condition more in the rule."""
    return lambda district: district.filter["rules"][0]["all"].extend(conditions)


def not_named(text: str) -> Change:
    return without(where("name", "not_contains", text))


def not_at(name: str) -> Change:
    return lambda district: without(where("school", "is_not", district.school(name)["id"]))(district)


def with_a_year() -> District:
    """Return the district of two terms with a term that is the whole year."""
    district = by_term()
    days = {"start_date": "2026-08-17", "end_date": "2027-06-04"}
    year = district.add("terms", {"id": "5" * 24, "name": "YR"} | days)
    made = Builder.on(district)
    group = _ids(district.students(DOGWOOD))[::3]
    made.section("Band", district.school(DOGWOOD)["id"], group, period="6", term_id=year["id"])
    return district


def of_the_year(district: District) -> None:
    second, year = district.term("S2")["id"], district.term("YR")["id"]
    for section in district.sections("Advisory", DOGWOOD, term_id=second):
        section["term_id"] = year


def combined(district: District) -> None:
    """Have halves of two grades in a class whose section has no grade that a rule names."""
    third, fourth = (district.sections("Reading", LINDEN, grade=grade)[0] for grade in ("3", "4"))
    group = [*third["students"][6:], *fourth["students"][6:]]
    for section in (third, fourth):
        section["students"] = section["students"][:6]
    comes("Reading", LINDEN, group, subject="english/language arts", grade="Other")(district)


def combined_kept(district: District) -> None:
    district.filter["rules"][0]["all"][1]["value"] = ["3", "4", "Other"]


def self_contained(district: District) -> None:
    """Have students of two classes in a classroom of special education, all day."""
    who = [*district.students(ALDER)[:2], *district.students(ALDER)[8:10]]
    for student in who:
        district.unlist(student, district.all_of("sections"))
    comes("Life Skills SDC", ALDER, _ids(who), subject="other", period="ALL")(district)


def kept_too(text: str) -> Change:
    """Have a rule more."""
    return lambda district: district.filter["rules"].append({"all": [where("name", "contains", text)]})


def departmental(district: District) -> None:
    """Have the classes of a school closed, and its students by subject in new groups."""
    rooms = district.sections("Homeroom", BIRCH)
    mixed = [[one for room in rooms for one in room["students"][part::2]] for part in range(2)]
    comes("Science 5", BIRCH, *mixed, subject="science", period="1")(district)
    district.drop("sections", rooms)


def tracked(district: District) -> None:
    """Have the math of a class renamed so that it counts as well."""
    put_title(district.sections("Math", ALDER, grade="3")[0], "Homeroom Math")


TABLE: Final[list[Mistake]] = [
    mistake(
        "a substitute has a homeroom, and half of the class is in the old one as well",
        by_name,
        taken_over,
        SIS,
        *(number(4), *at(ALDER), SEVERAL, NEW, Fact("that they were not taken out", r"not taken out")),
        never=SHARED,
        blocked=4,
        fix=old_one_ends,
    ),
    mistake(
        "there is one class more, and one student of it is still in the old one",
        by_name,
        one_more_class,
        SIS,
        *(number(1), *at(BIRCH), SEVERAL, NEW, Fact("that they were not taken out", r"not taken out")),
        never=SHARED,
        blocked=1,
        fix=still_listed_ends,
    ),
    mistake(
        "summer school has homerooms beside those of three schools",
        by_name,
        summer_school,
        OURS,
        *(number(12), word("summer"), SEVERAL, NEW, SAME),
        never=NOT_HARMFUL,
        blocked=12,
        suggests=True,
        fix=not_named("summer"),
    ),
    mistake(
        "one section of breakfast has a whole school",
        by_name,
        breakfast,
        OURS,
        *(number(16), *at(CEDAR), word("breakfast"), SEVERAL, NEW, SAME),
        never=NOT_HARMFUL,
        blocked=16,
        suggests=True,
        fix=not_named("breakfast"),
    ),
    mistake(
        "groups for a test are across the classes of a school",
        by_name,
        testing_groups,
        OURS,
        *(number(11), *at(BIRCH), word("testing"), SEVERAL, NEW, SAME),
        never=NOT_HARMFUL,
        blocked=11,
        suggests=True,
        fix=not_named("testing"),
    ),
    mistake(
        "athletes have a section in the period that counts",
        by_period,
        athletics,
        OURS,
        *(number(6), *at(ELM), word("athletics"), SEVERAL, NEW, SAME),
        never=NOT_HARMFUL,
        blocked=6,
        suggests=True,
        fix=not_named("athletics"),
    ),
    mistake(
        "a career center has an advisory of its own",
        by_advisory,
        career_center,
        OURS,
        *(number(10), *at(CAREER, HAZEL), word("career"), SEVERAL, NEW, SAME),
        never=NOT_HARMFUL,
        blocked=10,
        suggests=True,
        fix=not_named("career"),
    ),
    mistake(
        "a second school has a section that is called as all the others",
        by_name,
        second_campus,
        OURS,
        *(number(6), *at("Newcomer Center", ALDER), SEVERAL, NEW, SAME),
        never=NOT_HARMFUL,
        blocked=6,
        suggests=True,
        fix=not_at("Newcomer Center"),
    ),
    mistake(
        "the advisories of the next semester are put into the term of the year",
        with_a_year,
        of_the_year,
        SIS,
        *(number(18), *at(DOGWOOD), SEVERAL, word("S2"), word("YR")),
        never=(*SHARED, r"correct the dates"),
        blocked=18,
    ),
    mistake(
        "a lesson is renamed so that it counts in schools in lockstep",
        lockstep_by_name,
        tracked,
        SIS,
        *(number(12), *at(ALDER), SEVERAL, Fact("that it was there", r"there before"), word("name")),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "a class of two grades has a grade that no rule names",
        by_section_grade,
        combined,
        OURS,
        *(number(12), *at(LINDEN), word("grade"), word("Other"), NEW),
        never=BACK,
        blocked=12,
        suggests=True,
        fix=combined_kept,
    ),
    mistake(
        "four students have a classroom of special education that no rule names",
        by_name,
        self_contained,
        OURS,
        *(number(4), *at(ALDER), word("name"), NEW),
        never=BACK,
        blocked=4,
        suggests=True,
        fix=kept_too("life skills"),
    ),
    mistake(
        "a school closes its homerooms, and has groups by subject",
        by_name,
        departmental,
        OURS,
        *(
            number(16),
            *at(BIRCH),
            word("homeroom"),
            TAKEN_PLACE,
        ),
        never=(*NOT_HARMFUL, FILTER),
        blocked=16,
        suggests=True,
        fix=kept_too("science"),
    ),
]
