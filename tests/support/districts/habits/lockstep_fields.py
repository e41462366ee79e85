"""Elementary schools in lockstep where another field than the name tells the class."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import HOMEROOM, Home
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.rooms import (
    CORE,
    LUNCH,
    PLAIN,
    SPECIALS,
    blank,
    found,
    hold_day,
    homeroom,
)
from tests.support.districts.habits.towns import Town
from worker.domain.roster.section_filter import SectionFilter

LOCKSTEP_FIELDS: Final = Habits(is_lockstep=True)
habit = LOCKSTEP_FIELDS.habit

DAY: Final = (*CORE, *SPECIALS, LUNCH)


@habit("Every name is a teacher's, 'Garcia 3'; the subject homeroom/advisory tells the class.")
def subject_in_lockstep(town: Town) -> SectionFilter:
    school, rooms = found(town)
    style = Home("{last} {short}", "{subject}")
    hold_day(town, school, rooms, (*DAY, homeroom(subject=HOMEROOM)), style)
    return keep(("subject", "is", HOMEROOM))


@habit("The class has the expression 'HR(A-E)'; specials meet once a cycle, '5(A)', '5(B)'.")
def expression_of_days(town: Town) -> SectionFilter:
    school, rooms = found(town)
    home = homeroom(style=Home("{last} {short}", period="HR(A-E)"))
    core = [replace(part, style=Home("{last} {short}", period="{slot}(A-E)")) for part in CORE]
    specials = [
        replace(part, style=Home("{last} {short}", period=f"5({day})"))
        for part, day in zip(SPECIALS, "ABCD", strict=True)
    ]
    hold_day(town, school, rooms, (home, *core, *specials), PLAIN)
    return keep(("period", "starts_with", "hr"))


@habit("Names are numbers, '309000-1'; the course is called 'Hmrm Att' among 'Math', 'Art' and the rest.")
def numbers_for_names(town: Town) -> SectionFilter:
    school, rooms = found(town)
    style = Home("{short}0{slot}000-{number}", course="{course} {short}", number="{short}0{slot}000")
    hold_day(town, school, rooms, (*blank(DAY), homeroom("Hmrm Att")), style)
    return keep(("course_name", "contains", "hmrm"))


@habit(
    "The teacher's name is the course's; the number tells the kind: '30GEN1' is the class, '30ART1' is not."
)
def teacher_as_course(town: Town) -> SectionFilter:
    school, rooms = found(town)
    style = Home("{short}-{number}", course="{last}, {first}", number="{short}0{code}{number}")
    hold_day(town, school, rooms, (*blank(DAY), homeroom("GEN")), style)
    return keep(("course_number", "contains", "GEN"))


@habit("The class runs all year; each quarter has one special, and in any quarter everybody has one.")
def specials_by_quarter(town: Town) -> SectionFilter:
    year = town.today.year
    school, rooms = found(town)
    days = [(year, 8, 10), (year, 10, 9), (year, 12, 18), (year + 1, 3, 12), (year + 1, 6, 4)]
    dates = [town.today.replace(year=y, month=m, day=d) for y, m, d in days]
    full = town.term(f"{year}-{year + 1}", dates[0], dates[-1])
    home = homeroom(style=Home("{short} - {last}", term=full))
    specials = [
        replace(part, style=Home("{short} - {last}", term=town.term(f"Q{number + 1}", start, end)))
        for number, (part, start, end) in enumerate(zip(SPECIALS, dates[:-1], dates[1:], strict=True))
    ]
    hold_day(town, school, rooms, (*blank(specials), home), PLAIN)
    return keep(("term", "is", f"{year}-{year + 1}"))


@habit("Homerooms are opened each trimester again under the same names, as every subject is.")
def trimesters(town: Town) -> SectionFilter:
    year = town.today.year
    school, rooms = found(town)
    spans = [
        ((year, 8, 10), (year, 11, 13)),
        ((year, 11, 16), (year + 1, 2, 26)),
        ((year + 1, 3, 1), (year + 1, 6, 4)),
    ]
    for number, (start, end) in enumerate(spans):
        first, last = (town.today.replace(year=y, month=m, day=d) for y, m, d in (start, end))
        style = replace(PLAIN, term=town.term(f"T{number + 1}", first, last))
        home = replace(homeroom(), is_class=number == 0)
        hold_day(town, school, rooms, (home, *blank(DAY)[:5]), style)
    return keep_any([("name", "contains", "homeroom")], current_term_only=True)


@habit(
    "Last year's sections are still shared, with the same students dealt otherwise, in a term that is over."
)
def last_year_in_lockstep(town: Town) -> SectionFilter:
    year = town.today.year
    school, rooms = found(town)
    for offset in (1, 0):
        start = town.today.replace(year=year - offset, month=8, day=10)
        term = town.term(f"{start.year}", start, start.replace(year=start.year + 1, month=6, day=4))
        parts = [
            replace(part, is_mixed=bool(offset), is_class=part.course == "Homeroom" and not offset)
            for part in (homeroom(), *blank(DAY)[:6])
        ]
        hold_day(town, school, rooms, parts, replace(PLAIN, term=term))
    return keep_any([("name", "contains", "homeroom")], current_term_only=True)


@habit("'Attendance' is period 0 and called by the teacher's name alone, as is lunch, which has no period.")
def period_zero(town: Town) -> SectionFilter:
    school, rooms = found(town)
    name = "{last} ({short})"
    home = homeroom(style=Home(name, period="0"))
    lunch = replace(LUNCH, style=Home(name), by="own")
    day = replace(PLAIN, name=name, period="{period}")
    hold_day(town, school, rooms, (*blank(CORE), *blank(SPECIALS), lunch, home), day)
    return keep(("period", "is", "0"))
