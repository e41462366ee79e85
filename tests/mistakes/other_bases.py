"""Districts of other kinds, committed as they are: two ways at one school, ranked rules, four terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tests.mistakes.bases import HOMEROOM, Base, Builder, where
from tests.mistakes.district import District, Json
from tests.support.builders.records import record_id

FOXGLOVE, HAZEL, JUNIPER = "Foxglove School", "Hazel High School", "Juniper Charter Academy"
LINDEN, MAGNOLIA = "Linden Elementary School", "Magnolia Elementary School"
NUTMEG: Final = "Nutmeg Middle School"
OLDER: Final = ("6", "7", "8")


def _mixed(made: Builder, school: str, students: Sequence[str], title: str, **fields: Any) -> None:
    """Add two sections that each have every other student."""
    for half in (students[::2], students[1::2]):
        made.section(title, school, half, **fields)


def one_school_two_ways() -> District:
    """Return a K-8 school: homerooms to grade 4, and the class of period 1 in grades 6 to 8."""
    made = Builder(
        [where("name", "contains", "homeroom")],
        [where("period", "is", "1"), where("grade", "one_of", list(OLDER))],
    )
    school = made.school(FOXGLOVE)
    for grade in ("Kindergarten", "2", "4", *OLDER):
        group = made.students(school, grade, 12)
        if grade in OLDER:
            made.section("Science", school, group, subject="science", grade=grade, period="1")
            _mixed(made, school, group, "Math", subject="math", grade=grade, period="2")
            _mixed(made, school, group[::-1], "Spanish", subject="language", grade=grade, period="3")
        else:
            made.section("Homeroom", school, group, subject=HOMEROOM, grade=grade, period="0")
            _mixed(made, school, group, "Music", subject="arts and music", grade=grade, period="1")
    return made.district


def by_advisory() -> District:
    """Return a high school whose advisories meet in period 3, mixed in all other periods."""
    made = Builder([where("name", "contains", "advisory")])
    school = made.school(HAZEL)
    groups = [made.students(school, grade, 12) for grade in ("9", "10", "11", "12")]
    for group, grade in zip(groups, ("9", "10", "11", "12"), strict=True):
        made.section("Advisory", school, group, subject=HOMEROOM, grade=grade, period="3")
    everybody = [one for group in groups for one in group]
    for period, (title, subject) in (("1", ("Algebra", "math")), ("2", ("Biology", "science"))):
        for part in range(3):
            made.section(title, school, everybody[part::3], subject=subject, period=period)
    return made.district


def by_section_number() -> District:
    """Return a charter school of 40, whose classes are kept by how their numbers begin."""
    made = Builder([where("section_number", "starts_with", "HR")])
    school = made.school(JUNIPER)
    for at, grade in enumerate(("Kindergarten", "1", "2", "3")):
        group = made.students(school, grade, 10)
        fields = {"grade": grade, "subject": "other"}
        made.section("Class", school, group, section_number=f"HR-{at}", **fields)
        _mixed(made, school, group, "Reading", section_number=f"RD-{at}", **fields)
    return made.district


def ranked() -> District:
    """Return two schools where homeroom counts, and where a student has none, period 1."""
    made = Builder([where("name", "contains", "homeroom")], [where("period", "is", "1")])
    made.district.filter["strategy"] = "first_match"
    linden, nutmeg = made.school(LINDEN), made.school(NUTMEG)
    for grade in ("3", "4"):
        group = made.students(linden, grade, 12)
        made.section("Homeroom", linden, group, subject=HOMEROOM, grade=grade, period="0")
        _mixed(made, linden, group, "Art", subject="arts and music", grade=grade, period="1")
    for grade in ("6", "7"):
        group = made.students(nutmeg, grade, 12)
        made.section("History", nutmeg, group, subject="social studies", grade=grade, period="1")
        _mixed(made, nutmeg, group, "Math", subject="math", grade=grade, period="2")
    return made.district


def but_care() -> District:
    """Return two schools kept by subject, but for the care before school that has the same subject."""
    made = Builder([where("subject", "is", HOMEROOM), where("name", "not_contains", "care")])
    for name in (LINDEN, MAGNOLIA):
        school = made.school(name)
        for grade in ("1", "2"):
            group = made.students(school, grade, 12)
            made.section("Room", school, group, subject=HOMEROOM, grade=grade, period="1")
            made.section("Early Care", school, group[::2], subject=HOMEROOM, grade=grade, period="0")
            _mixed(made, school, group, "Math", subject="math", grade=grade, period="2")
    return made.district


def two_languages() -> District:
    """Return a school in which half of the day is in each of two languages; the morning counts."""
    made = Builder(
        [where("name", "starts_with", "Dual Language AM")], [where("name", "starts_with", "Homeroom")]
    )
    school = made.school(LINDEN)
    for grade in ("1", "2"):
        one, two = made.students(school, grade, 10), made.students(school, grade, 10)
        for part, groups in (("AM", (one, two)), ("PM", (two, one))):
            for group in groups:
                made.section(f"Dual Language {part}", school, group, subject="language", grade=grade)
        group = made.students(school, grade, 10)
        made.section("Homeroom", school, group, subject=HOMEROOM, grade=grade)
        _mixed(made, school, [*one, *two, *group], "Art", subject="arts and music", grade=grade)
    return made.district


def of_one_school() -> District:
    """Return three schools of which one, named in the scope, is rostered."""
    made = Builder([where("subject", "is", HOMEROOM)], scope={"schools": [MAGNOLIA]})
    for name in (LINDEN, MAGNOLIA, NUTMEG):
        school = made.school(name)
        for grade in ("4", "5"):
            group = made.students(school, grade, 12)
            made.section("Homeroom", school, group, subject=HOMEROOM, grade=grade)
            _mixed(made, school, group, "Math", subject="math", grade=grade)
    return made.district


def of_two_schools() -> District:
    """Return the same of which two schools are rostered."""
    district = of_one_school()
    district.filter["scope"] = {"schools": [LINDEN, MAGNOLIA]}
    return district


def by_school_names() -> District:
    """Return an elementary and a middle school, each with a rule that begins with its name."""
    made = Builder(
        [where("school", "starts_with", "Magnolia"), where("name", "contains", "homeroom")],
        [where("school", "starts_with", "Nutmeg"), where("period", "is", "2")],
    )
    for name, titles in ((MAGNOLIA, ("Homeroom", "Music")), (NUTMEG, ("Music", "English"))):
        school = made.school(name)
        for grade in ("5",) if name == MAGNOLIA else ("6", "7"):
            group = made.students(school, grade, 14)
            for title, period in zip(titles, ("1", "2"), strict=True):
                whole = title in {"Homeroom", "English"}
                if whole:
                    made.section(title, school, group, grade=grade, period=period)
                else:
                    _mixed(made, school, group, title, grade=grade, period=period)
    return made.district


QUARTERS: Final = {
    "Q1": ("2026-08-17", "2026-10-30"),
    "Q2": ("2026-11-02", "2027-01-15"),
    "Q3": ("2027-01-19", "2027-03-26"),
    "Q4": ("2027-03-29", "2027-06-04"),
}


def by_quarter() -> District:
    """Return two middle schools with advisories of four quarters, of which the current one counts."""
    made = Builder([where("name", "contains", "advisory")], current_term_only=True)
    terms = [made.term(name, *days) for name, days in QUARTERS.items()]
    for name in (FOXGLOVE, NUTMEG):
        school = made.school(name)
        for grade in ("6", "7"):
            group = made.students(school, grade, 10)
            for term in terms:
                made.section("Advisory", school, group, subject=HOMEROOM, grade=grade, term_id=term)
                _mixed(made, school, group, "Math", subject="math", grade=grade, term_id=term)
    return made.district


def by_sis_id() -> District:
    """Return two schools whose classes are kept by how their SIS ids begin."""
    made = Builder([where("sis_id", "starts_with", "HR-")])
    for at, name in enumerate((LINDEN, MAGNOLIA)):
        school = made.school(name)
        for grade in ("2", "3"):
            group = made.students(school, grade, 12)
            made.section("Elementary", school, group, grade=grade, sis_id=f"HR-{at}{grade}")
            _mixed(made, school, group, "Elementary", grade=grade, subject="math")
    return made.district


def by_course_name() -> District:
    """Return two schools whose classes are kept by the name of the course, one a grade."""
    made = Builder([where("course_name", "contains", "core")])
    courses = {}
    for at, (name, number) in enumerate(
        (("Core Grade 1", "C1"), ("Core Grade 2", "C2"), ("Music", "M"), ("Chorus", "CH"))
    ):
        courses[number] = made.district.add(
            "courses", {"id": record_id(800 + at), "name": name, "number": number}
        )["id"]
    for name in (LINDEN, MAGNOLIA):
        school = made.school(name)
        for grade in ("1", "2"):
            group = made.students(school, grade, 12)
            made.section(f"Core Grade {grade}", school, group, grade=grade, course=courses[f"C{grade}"])
            _mixed(made, school, group, "Music", grade=grade, course=courses["M"])
            made.section("Chorus", school, group[:5], grade=grade, course=courses["CH"])
    return made.district


def by_teacher() -> District:
    """Return a school whose classes are kept by their whole names, with those of the teachers."""
    made = Builder([where("name", "contains", "homeroom")])
    school = made.school(LINDEN)
    kept: list[list[Json]] = []
    for grade in ("1", "2", "3"):
        group = made.students(school, grade, 12)
        made.section("Grade", school, group, grade=grade, period="1")
        kept.append([where("name", "starts_with", made.district.all_of("sections")[-1]["name"])])
        _mixed(made, school, group, "Art", grade=grade, period="2")
    made.district.filter["rules"] = [{"all": rule} for rule in kept]
    return made.district


def by_section_grade() -> District:
    """Return two schools kept by subject and by the grade of the section."""
    made = Builder([where("subject", "is", "english/language arts"), where("grade", "one_of", ["3", "4"])])
    for name in (LINDEN, MAGNOLIA):
        school = made.school(name)
        for grade in ("3", "4"):
            group = made.students(school, grade, 12)
            made.section("Reading", school, group, subject="english/language arts", grade=grade)
            _mixed(made, school, group, "Math", subject="math", grade=grade)
            made.section("Book Club", school, group[:3], subject="english/language arts", grade="")
    return made.district


ALL: Final[dict[str, Base]] = {
    base.__name__: base
    for base in (
        *(one_school_two_ways, by_advisory, by_section_number, ranked, but_care, two_languages),
        *(of_one_school, of_two_schools, by_school_names, by_quarter, by_sis_id),
        *(by_course_name, by_teacher, by_section_grade),
    )
}
