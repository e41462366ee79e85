"""Small schools that go through the day together and call the class by an unusual word, or by none."""

from __future__ import annotations

from typing import Final

from tests.support.districts.habits.days import ELA, PE, Home
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.names import FAMILY_NAMES
from tests.support.districts.habits.rooms import Part, found, hire, hold_day, homeroom
from tests.support.districts.habits.towns import Town
from tests.support.districts.habits.writing import everybody, forget_words, write
from worker.domain.roster.section_filter import SectionFilter

UNUSUAL_WORDS: Final = Habits(is_lockstep=True)
habit = UNUSUAL_WORDS.habit
TREES: Final = ("Maple", "Oak", "Birch", "Cedar", "Alder", "Willow")


@habit(
    "Classes of two grades stay with a teacher for two years: 'Loop 1-2 Adeyemi' beside 'Art 1-2 Adeyemi'."
)
def looping_classes(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3", "4"), 2, 9)
    courses = ("Art", "Music", "Gym", "Garden", "Lunch", "Library")
    for lower, upper in ((rooms[0:2], rooms[2:4]), (rooms[4:6], rooms[6:8])):
        for one, other in zip(lower, upper, strict=True):
            grades, last = f"{one.grade}-{other.grade}", one.teacher.last
            students = everybody((one, other))
            write(town, school, students, one.teacher, f"Loop {grades} {last}", is_class=True)
            for course in courses:
                special = hire(town, town.rng.choice(FAMILY_NAMES))
                write(town, school, students, special, f"{course} {grades} {last}")
            write(town, school, students, one.teacher, f"Reading {grades} {last}", subject=ELA)
    return keep(("name", "starts_with", "loop"))


@habit("Half of the classes are taught in Spanish: 'Salón Hogar 2 - Delgado' beside 'Homeroom 2 - Hartwell'.")
def home_in_two_languages(town: Town) -> SectionFilter:
    school, rooms = found(town, ("Kindergarten", "1", "2", "3"), 2, 9)
    english = ("Reading", "Math", "Science", "Art", "Music", "Physical Education", "Lunch")
    spanish = ("Lectura", "Matemáticas", "Ciencias", "Arte", "Música", "Educación Física", "Almuerzo")
    for index, (home, courses) in enumerate((("Homeroom", english), ("Salón Hogar", spanish))):
        half = [room for room in rooms if room.index == index]
        own = [Part(course) for course in courses[:3]]
        specials = [Part(course, by="special") for course in courses[3:-1]]
        lunch = Part(courses[-1], "other", "special")
        style = Home("{course} {short} - {last}", "{subject}")
        hold_day(town, school, half, (*own, homeroom(home), *specials, lunch), style)
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "salón hogar")])


@habit(
    "'HRM 4 Young' is the class and 'SSR 4 Young' silent reading; teachers are Young, Rose, March and Bell."
)
def silent_reading_beside(town: Town) -> SectionFilter:
    lasts = ["Young", "Rose", "March", "Bell", "Art", "House"]
    school, rooms = found(town, ("4", "5", "6"), 2, 11, lasts=lasts)
    forget_words(town, lasts)
    own = [Part(course) for course in ("SSR", "ELA", "MTH", "SOC")]
    specials = [Part(course, by="special") for course in ("PHYS ED", "MUS", "LUNCH", "WIN")]
    hold_day(town, school, rooms, (*own, homeroom("HRM"), *specials), Home("{course} {short} {home}"))
    gifted = [room.students[0] for room in rooms]
    write(town, school, gifted, hire(town, "Quackenbush"), "TAG Quackenbush")
    return keep(("name", "contains", "hrm"))


@habit("One school of six pods: 'Pod Maple', with 'Podcast Studio Maple', 'Garden Maple' and 'Lunch Maple'.")
def pods_of_trees(town: Town) -> SectionFilter:
    school, rooms = found(town, ("Kindergarten", "1", "2"), 2, 11)
    for room in rooms:
        tree = TREES[room.number - 1]
        home = homeroom(style=Home(f"Pod {tree} ({{last}})"))
        specials = [
            Part(course, by="special") for course in ("Podcast Studio", "Garden", "Lunch", "Movement")
        ]
        own = [Part(course) for course in ("Numeracy", "Literacy")]
        hold_day(town, school, [room], (home, *own, *specials), Home(f"{{course}} {tree}"))
    return keep(("name", "contains", "pod"), ("name", "not_contains", "podcast"))


@habit("Capitals and slashes, every subject 'other': 'SELF CONT/GR 2/ADEYEMI' beside 'RECESS/GR 2/ADEYEMI'.")
def self_contained_in_short(town: Town) -> SectionFilter:
    lasts = [last.upper() for last in town.rng.sample(FAMILY_NAMES, 8)]
    school, rooms = found(town, ("1", "2", "3", "4"), 2, 8, lasts=lasts)
    courses = ("MUSIC", "LUNCH A", "RECESS", "INTERV BLOCK", "COMP LAB")
    others = [Part(course, "other", "special") for course in courses]
    home = homeroom("SELF CONT", "other")
    style = Home("{course}/GR {short}/{home}", "{subject}", section_number="{number}")
    hold_day(town, school, rooms, (*others, home), style)
    return keep(("name", "starts_with", "self cont"))


@habit("A class is named by its teacher alone, 'Peña-Muñoz' or 'Reading'; others are 'Peña-Muñoz Gym'.")
def the_teachers_name_alone(town: Town) -> SectionFilter:
    lasts = ["Reading", "Peña-Muñoz", "O'Sullivan", "VanDerveer", "Castañeda", "Rose"]
    school, rooms = found(town, ("1", "2", "3"), 2, 11, lasts=lasts)
    forget_words(town, ["Reading", "Rose"])
    courses = ("Gym", "Music", "Library", "Cafeteria", "Recess")
    others = [Part(course, by="special") for course in courses]
    hold_day(town, school, rooms, [homeroom(style=Home("{last}"))])
    hold_day(town, school, rooms, others, Home("{home} {course}"))
    return keep(*(("name", "not_contains", course) for course in courses))


@habit(
    "A district of three rooms: 'Lower Room (Hartwell)'; sports are 'Weight Room - Lower' in 'Lunch Room'."
)
def three_rooms_and_a_weight_room(town: Town) -> SectionFilter:
    school, rooms = found(town, ("2", "5", "8"), 1, 20)
    for room, named in zip(rooms, ("Lower", "Middle", "Upper"), strict=True):
        home = homeroom(style=Home(f"{named} Room ({{last}})", grade=None))
        own = [Part(course) for course in ("Reading", "Math", "Science")]
        sports = Part("Weight Room", PE, "special")
        others = [Part(course, by="special") for course in ("Lunch Room", "Band", "Shop")]
        style = Home(f"{{course}} - {named}", "{subject}", grade=None)
        hold_day(town, school, [room], (*own, sports, *others, home), style)
    return keep_any(*([("name", "starts_with", f"{named} room")] for named in ("lower", "middle", "upper")))


@habit("Only lunch, recess, library and testing groups are shared: none is a class.", reaches=0)
def testing_and_lunch_only(town: Town) -> None:
    school, rooms = found(town, ("2", "3", "4"), 2, 11)
    courses = ("Lunch A", "Recess Duty", "Library", "MAP Testing", "Bus Dismissal", "Drill Team 2")
    others = [Part(course, by="special") for course in courses]
    hold_day(town, school, rooms, others, Home("{course} {short} {last}"))
