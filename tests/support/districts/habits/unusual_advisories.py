"""Middle and high schools where something else is written as homerooms are, beside the one that is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import HOMEROOM, Home, groups, hold_homerooms, hold_lessons, upper
from tests.support.districts.habits.habit import Habits, keep
from tests.support.districts.habits.rooms import hire
from tests.support.districts.habits.towns import MIDDLE, School, Town
from tests.support.districts.habits.writing import hire_worded, write
from worker.domain.roster.section_filter import SectionFilter

UNUSUAL_ADVISORIES: Final = Habits()
habit = UNUSUAL_ADVISORIES.habit


def middle(town: Town, size: int = 120) -> School:
    """Found a middle school some of whose teachers' names are in no suggestion."""
    school = town.school(MIDDLE, size, staff=10)
    school.staff += [hire(town, last) for last in ("Thibodeaux", "Peña-Muñoz", "O'Sullivan")]
    school.staff.append(hire(town, "Abernathy", is_shared=False))
    return school


@habit("A charter school's 'CREW 7B - Khoury'; everybody has a study hall, and some row in 'Rowing Crew'.")
def crews_and_study_halls(town: Town) -> SectionFilter:
    school = middle(town)
    hold_lessons(town, school, upper(name="{course} - {last}"))
    hold_homerooms(town, school, Home("Study Hall {short} - {last}", period="7"), is_class=False)
    hold_homerooms(town, school, Home("CREW {short}{letter} - {last}"))
    rowers = town.rng.sample(school.students["8"], 15)
    write(town, school, rowers, hire(town, "Esquivel"), "Rowing Crew - Esquivel", period="8")
    return keep(("name", "starts_with", "crew"))


@habit("'Homeroom Lunch B' is lunch duty for everybody; the class is 'ADV7 Wojcik'.")
def homeroom_for_lunch(town: Town) -> SectionFilter:
    school = middle(town)
    hold_lessons(town, school, upper(name="{course} {last}"))
    hold_homerooms(town, school, Home("Homeroom Lunch {letter} {last}", period="L", size=20), is_class=False)
    hold_homerooms(town, school, Home("ADV{short} {last}"))
    return keep(("name", "starts_with", "adv"))


@habit("Counselors' lists 'HR A-L - Adeyemi' and 'HR M-Z - Mbatha' beside the real 'H/R 7-2 Lovett'.")
def counselors_by_alphabet(town: Town) -> SectionFilter:
    school = middle(town)
    hold_lessons(town, school, upper(name="{course} - {last}"))
    hold_homerooms(town, school, Home("H/R {short}-{number} {last}", size=14))
    for grade, students in school.students.items():
        for half, last, letters in ((0, "Adeyemi", "A-L"), (1, "Mbatha", "M-Z")):
            counselor = hire(town, last)
            name = f"HR {letters} - {last}"
            write(town, school, students[half::2], counselor, name, grade=grade, course="Counselor Caseload")
    return keep(("name", "starts_with", "h/r"))


@habit("'MAP Testing 3' is filed under homeroom as the advisory is, and everybody has one of each.")
def testing_groups_under_homeroom(town: Town) -> SectionFilter:
    school = middle(town)
    hold_lessons(town, school, upper(name="{course} - {last} - {period}"))
    hold_homerooms(town, school, Home("Adv Gr{short} {last}", HOMEROOM))
    hold_homerooms(town, school, Home("MAP Testing {number} {last}", HOMEROOM, size=30), is_class=False)
    return keep(("name", "starts_with", "adv"))


@habit("'DO NOT USE - Homeroom 7 Lovett' still lists most students, beside 'Homeroom 7 Ingram'.")
def do_not_use(town: Town) -> SectionFilter:
    school = middle(town)
    hold_lessons(town, school, upper(name="{course} {last}"))
    away = town.rng.sample(school.students["6"], 6)
    old = Home("DO NOT USE - Homeroom {short} {last}", HOMEROOM, "HR", size=28)
    hold_homerooms(town, school, old, without=away, is_class=False)
    hold_homerooms(town, school, Home("Homeroom {short} {last}", HOMEROOM, "HR"))
    return keep(("name", "contains", "homeroom"), ("name", "not_contains", "do not use"))


@habit("Last year's homerooms are shared still; terms have no dates, but are named 25-26 and 26-27.")
def last_years_terms(town: Town) -> SectionFilter:
    school = middle(town)
    now, past = town.term("26-27"), town.term("25-26")
    hold_lessons(town, school, upper(name="{course} - {last}", term=now))
    for term in (past, now):
        home = Home("Homeroom - {last}", HOMEROOM, "HR", term=term, size=22)
        hold_homerooms(town, school, home, is_class=term == now)
    return keep(("name", "contains", "homeroom"), ("term", "is", "26-27"))


@habit("Everybody is in a house of all grades and in a mentor group; a Mr. House teaches as well.")
def houses_and_mentors(town: Town) -> SectionFilter:
    school = middle(town)
    school.staff.append(hire_worded(town, "House"))
    hold_lessons(town, school, upper(name="{course} {last}"))
    everyone = town.rng.sample([one for some in school.students.values() for one in some], 120)
    houses = zip(groups(everyone, 30), ("Courage", "Honor", "Wisdom", "Grit"), strict=True)
    for students, house in houses:
        write(town, school, students, town.rng.choice(school.staff), f"House of {house}", subject="other")
    hold_homerooms(town, school, Home("Mentor Group {short}.{number} {last}", "other", size=14))
    return keep(("name", "contains", "mentor"))


@habit("Groups of all grades meet as 'Fam Grp March'; Mr. March and Ms. Bell have lessons too.")
def family_groups(town: Town) -> SectionFilter:
    school = middle(town)
    lasts = ("March", "Bell", "Rose", "Class", "Grade", "Young")
    hosts = [hire_worded(town, last) for last in lasts]
    school.staff += hosts
    day = replace(upper(name="{course} {short} {last}", subject=None), whole=frozenset({1, 4}))
    hold_lessons(town, school, day)
    everyone = town.rng.sample([one for some in school.students.values() for one in some], 120)
    for students, host in zip(groups(everyone, 20), hosts, strict=True):
        write(town, school, students, host, f"Fam Grp {host.last}", is_class=True)
    return keep(("name", "starts_with", "fam grp"))


@habit("In the period HR some students have '504 Caseload - Dimitriou' besides the class, '6-1 - Page'.")
def caseloads_in_the_homeroom_period(town: Town) -> SectionFilter:
    school = middle(town)
    hold_lessons(town, school, upper(name="{course} - {last}", grade=None))
    hold_homerooms(town, school, Home("{short}-{number} - {last}", None, "HR", None))
    for last, label in (("Dimitriou", "504 Caseload"), ("Jaramillo", "IEP Caseload")):
        listed = [one for some in school.students.values() for one in town.rng.sample(some, 4)]
        write(town, school, listed, hire(town, last), f"{label} - {last}", period="HR")
    return keep(("period", "is", "HR"), ("name", "not_contains", "caseload"))


@habit(
    "'Homeroom TEST Norwood' was set up to try the export out, and lists students as 'Homeroom 7 Page' does."
)
def homerooms_for_a_trial(town: Town) -> SectionFilter:
    school = middle(town)
    hold_lessons(town, school, upper(name="{course} - {last}"))
    hold_homerooms(town, school, Home("Homeroom {short} {last}"))
    hold_homerooms(town, school, Home("Homeroom TEST {last}", size=20), is_class=False)
    return keep(("name", "contains", "homeroom"), ("name", "not_contains", "homeroom test"))


@habit("'Advocacy 8 - Dunleavy' is filed under no subject, and neither is any lesson.")
def advocacy_without_subjects(town: Town) -> SectionFilter:
    school = middle(town)
    hold_lessons(town, school, replace(upper(name="{course} - {last}", subject=None), whole=frozenset({1})))
    hold_homerooms(town, school, Home("Advocacy {short} - {last}"))
    return keep(("name", "contains", "advocacy"))
