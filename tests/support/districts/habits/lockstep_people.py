"""Schools in lockstep where a person's name would tell the class, and must not."""

from __future__ import annotations

from typing import Final

from tests.support.districts.habits.days import Home
from tests.support.districts.habits.habit import Habits, keep
from tests.support.districts.habits.rooms import LUNCH, SPECIALS, Part, found, hire, hold_day, homeroom, leave
from tests.support.districts.habits.towns import Town
from worker.domain.roster.section_filter import SectionFilter

LOCKSTEP_PEOPLE: Final = Habits(is_lockstep=True)
habit = LOCKSTEP_PEOPLE.habit

NO_SPECIAL: Final = tuple(
    ("subject", "is_not", subject) for subject in ("arts and music", "PE and health", "other")
)


@habit("Both classes are named for a teacher who has left: 'Vasquez 4', 'Vasquez 5'; two substitutes teach.")
def named_for_the_departed(town: Town) -> SectionFilter:
    school, rooms = found(town, ("4", "5"), 1, 12, "Prairie Bend School", ["Vasquez", "Vasquez"])
    hold_day(town, school, rooms, (*SPECIALS, LUNCH, homeroom()), Home("{last} {short}", "{subject}"))
    leave(town, [room.teacher for room in rooms], [hire(town, "Tadesse"), hire(town, "Wojcik")])
    return keep(*NO_SPECIAL)


@habit("Three schools of one class, each taught by a Lopez: 'Lopez 2' beside 'Art 2', 'Music 2', 'Lunch 2'.")
def a_family_of_teachers(town: Town) -> SectionFilter:
    for grade in ("1", "2", "3"):
        school, rooms = found(town, (grade,), 1, 14, lasts=["Lopez"])
        home = homeroom(style=Home("{last} {short}"))
        hold_day(town, school, rooms, (*SPECIALS, LUNCH, home), Home("{course} {short}", "{subject}"))
    return keep(*NO_SPECIAL)


@habit("Two teachers to a class, both with initials: 'M. Garcia / N. Khoury - 3rd' beside 'Art - 3rd'.")
def two_teachers_to_a_class(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3"), 2, 10)
    specials = [Part(course, by="special") for course in ("Art", "Music", "Gym", "Library", "Lunch")]
    for room in rooms:
        other = hire(town, "Castañeda" if room.index else "O'Sullivan")
        home = homeroom(style=Home(f"{{initial}} {{last}} / {other.first[0]}. {other.last} - {{ordinal}}"))
        (section,) = town.sections(hold_day(town, school, [room], [home]))
        section["teachers"] = sorted((room.teacher.id, other.id))
    hold_day(town, school, rooms, specials, Home("{course} - {ordinal}"))
    return keep(("name", "contains", "/"))
