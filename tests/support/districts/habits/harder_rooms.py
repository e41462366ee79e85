"""Harder elementary schools in which classes stay together: other languages, lines, groups across classes."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.hours import (
    LASTS,
    OTHER,
    Hour,
    core,
    divide,
    hold_hours,
    open_school,
    own,
    put,
    special,
    specials,
)
from tests.support.districts.habits.rooms import hire
from tests.support.districts.habits.towns import MIDDLE, Town
from tests.support.districts.habits.writing import everybody
from worker.domain.roster.section_filter import SectionFilter

HARDER_ROOMS: Final = Habits(is_lockstep=True)
habit = HARDER_ROOMS.habit


@habit("French immersion: 'Maternelle' and '2e année' are classes, 'Français 2' and 'Musique 2' are not.")
def annees(town: Town) -> SectionFilter:
    school, rooms = open_school(town, name="École Voltaire")
    titles = ("Maternelle", "1re année", *(f"{year}e année" for year in range(2, 6)))
    for title, first in zip(titles, range(0, len(rooms), 2), strict=True):
        hold_hours(town, school, rooms[first : first + 2], [Hour(title, is_class=True)])
    lessons = [Hour(f"{one} {{g}}") for one in ("Français", "Mathématiques", "Sciences", "Études sociales")]
    rest = ("Arts plastiques", "Musique", "Éducation physique", "Bibliothèque")
    hold_hours(town, school, rooms, (*lessons, *(Hour(f"{one} {{g}}", by="special") for one in rest)))
    return keep_any([("name", "contains", "année")], [("name", "starts_with", "maternelle")])


@habit("'Grade 3' is the class; on Fridays the same teachers have a 'Crew 3' of all grades.")
def crews_on_fridays(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    home = Hour("Grade {g}", None, "1-6", is_class=True)
    hold_hours(town, school, rooms, (home, *core("{course} {g}"), *specials("{course} {g}")))
    students = town.rng.sample(everybody(rooms), len(rooms) * 12)
    for number, room in enumerate(rooms):
        crew = Hour(f"Crew {number + 1}", None, "F", has_grade=False)
        put(town, school, students[number :: len(rooms)], room.teacher, crew, "1")
    return keep(("name", "starts_with", "grade"))


@habit("'OFCL 3-301' at one school and 'SECTION 301 OFFICIAL' at the other; lessons are 'ELA 3-301'.")
def official_sections(town: Town) -> SectionFilter:
    number = "{g}-{g}0{n}"
    for form in (f"OFCL {number}", "SECTION {g}0{n} OFFICIAL"):
        school, rooms = open_school(town)
        lessons = [own(f"{one} {number}") for one in ("ELA", "MTH", "SCI", "SS")]
        rest = [special(f"{one} {number}") for one in ("ART", "GYM", "MUS")]
        hold_hours(town, school, rooms, (own(form, is_class=True), *lessons, *rest))
    return keep_any([("name", "contains", "ofcl")], [("name", "contains", "official")])


@habit("'ADM 3' is for the average daily membership; 'BEHAVIOR 3' and 'HANDWRITING 3' are not the class.")
def membership(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lessons = core("{course} {g}", has_subjects=False)
    lines = (Hour("BEHAVIOR {g}"), Hour("HANDWRITING {g}"))
    rest = specials("{course} {g}", has_subjects=False)
    hold_hours(town, school, rooms, (Hour("ADM {g}", is_class=True), *lessons, *lines, *rest))
    return keep(("name", "contains", "adm"))


@habit("'ADA 03' at a school with a teacher whose first name is Ada.")
def taught_by_ada(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    home = Hour("ADA {gg}", is_class=True, number="0{gg}ADA")
    hours = (home, *core("{course} {gg}"), *specials("{course} {gg}"), Hour("CONDUCT {gg}"))
    hold_hours(town, school, rooms, hours)
    teacher = replace(hire(town, "Lovell"), first="Ada")
    town.rename(teacher)
    town.names.add("ada")
    put(town, school, rooms[0].students[:5], teacher, Hour("Speech", has_grade=False), "1")
    return keep(("course_number", "contains", "ADA"))


@habit('A class is called after its teacher, "Kim\'s Class", and so is "Kim\'s Class - Art".')
def possessive(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lessons = ("Math", "Reading", "Art", "Music", "PE", "Lunch")
    specialists = {one: hire(town, town.rng.choice(LASTS)) for one in lessons[2:]}
    for room in rooms:
        name = f"{room.teacher.last}'s Class"
        put(town, school, room.students, room.teacher, own(name, is_class=True), room.grade)
        for one in lessons:
            teacher = specialists.get(one, room.teacher)
            put(town, school, room.students, teacher, own(f"{name} - {one}"), room.grade)
    return keep(("name", "contains", "'s class"), ("name", "not_contains", "class -"))


@habit("'Wilson 3' is the class, 'Math - 3 Wilson' a lesson; 'STAR Time - 3 Cruz' divides each grade again.")
def star_time(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lessons = [own(f"{one} - {{g}} {{last}}") for one in ("Math", "Reading", "Science")]
    rest = [special(f"{one} - {{g}} {{last}}") for one in ("Art", "Music", "Gym")]
    hold_hours(town, school, rooms, (own("{last} {g}", is_class=True), *lessons, *rest))
    divide(town, school, own("STAR Time - {g} {last}"), size=12)
    left_out = ("math", "reading", "science", "art", "music", "gym", "time")
    return keep(*(("name", "not_contains", f"{one} -") for one in left_out))


@habit("'Team 3-1' is the class, filed as other, as are 'Effort 3', 'Social Growth 3' and 'Study Habits 3'.")
def lines_filed_as_other(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lines = ("Effort", "Social Growth", "Study Habits", "Listening Skills", "Personal Responsibility")
    hours = (*(Hour(f"{one} {{g}}", OTHER) for one in lines), Hour("Team {g}-{n}", OTHER, is_class=True))
    hold_hours(town, school, rooms, (*hours, *core("{course} {g}"), *specials("{course} {g}")))
    return keep(("name", "starts_with", "team"))


@habit("Nothing is shared of the own teacher but 'CONDUCT 3' and 'EFFORT 3'.")
def nothing_but_lines(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lines = [Hour(f"{one} {{g}}", is_class=True) for one in ("CONDUCT", "EFFORT")]
    hold_hours(town, school, rooms, (*lines, *specials("{course} {g}", has_subjects=False)))
    return keep(("name", "contains", "conduct"))


@habit("'3A Martin' is the class, '3A Art' a special; kindergarten has 'K Attendance A'.")
def letters_before_specials(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    hold_hours(town, school, rooms[:2], [own("K Attendance {letter}", is_class=True)])
    hold_hours(town, school, rooms[2:], [own("{g}{letter} {last}", is_class=True)])
    lessons = ("Math", "Reading", "Art", "Music", "Gym", "Lunch")
    form = "{{g}}{{letter}} {}"
    hours = [
        *(own(form.format(one)) for one in lessons[:2]),
        *(special(form.format(one)) for one in lessons[2:]),
    ]
    hold_hours(town, school, rooms, hours)
    left_out = [f"{letter} {one}" for one in lessons for letter in "ab"]
    return keep(*(("name", "not_contains", one) for one in left_out))


@habit("'Rm 112' is the class, 'Rm 112 Math' a lesson, 'Rm 112 Calendar' and 'Rm 112 SEL' parts of the day.")
def rooms_and_what_is_held_there(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lessons = ("Math", "Reading", "Writing", "SEL", "Calendar")
    rest = ("Art", "Music", "PE", "Lunch")
    hours = [own("Rm {room}", is_class=True), *(own(f"Rm {{room}} {one}") for one in lessons)]
    hold_hours(town, school, rooms, (*hours, *(special(f"Rm {{room}} {one}") for one in rest)))
    return keep(*(("name", "not_contains", one) for one in (*lessons, *rest)))


@habit("'DA 03', course 03ATTEND, is for attendance, 'PG 03', course 03GROWTH, a line; nothing says so else.")
def told_by_course_numbers(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    hours = (Hour("DA {gg}", is_class=True, number="{gg}ATTEND"), Hour("PG {gg}", number="{gg}GROWTH"))
    lessons = (*core("{course} {gg}", has_subjects=False), *specials("{course} {gg}", has_subjects=False))
    hold_hours(town, school, rooms, (*hours, *lessons))
    return keep(("course_number", "contains", "ATTEND"))


@habit("Middle school classes stay together but for 'Family 7' in period 8, which everybody has.")
def families_across_teams(town: Town) -> SectionFilter:
    school, rooms = open_school(town, MIDDLE, 4, 20)
    lessons = [replace(one, by="partner") for one in core("{course} {g}{letter}", "1234")]
    rest = specials("{course} {g}{letter}", ("Art", "PE"), "56")
    hold_hours(town, school, rooms, (*lessons, *rest, Hour("Academic Lab {g}{letter}", None, "7")))
    divide(town, school, Hour("Family {g}", None, "8", is_class=True))
    return keep(("name", "contains", "family"))
