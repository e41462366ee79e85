"""Districts in which no filter gives each student one class. Only the people there can mend that."""

from __future__ import annotations

from typing import Final

from tests.support.districts.habits.days import Home, groups, hold_homerooms
from tests.support.districts.habits.habit import Habits, keep
from tests.support.districts.habits.towns import ELEMENTARY, HIGH, MIDDLE, School, Town

HOPELESS: Final = Habits()
habit = HOPELESS.habit

_RANDOM_WORDS: Final = """
    amber basalt canoe dahlia ember fjord gravel harbor ivory jasper kelp lagoon mango nectar onyx pebble
    quartz raven sable tundra umber velvet walnut yarrow zephyr alder birch cobalt
"""
RANDOM_WORDS: Final = tuple(_RANDOM_WORDS.split())
ELECTIVES: Final = (
    ("Robotics", "technology and engineering"),
    ("Ceramics", "arts and music"),
    ("Choir", "arts and music"),
    ("Journalism", "english/language arts"),
    ("Poetry", "english/language arts"),
    ("Debate", "english/language arts"),
    ("Statistics", "math"),
    ("Calculus", "math"),
    ("Ecology", "science"),
    ("Forensics", "science"),
    ("Anatomy", "science"),
    ("Economics", "social studies"),
    ("Psychology", "social studies"),
    ("Fitness", "PE and health"),
)
HOMEROOM_NAMED: Final = keep(("name", "contains", "homeroom"))


def _everybody(school: School) -> list[tuple[str, str]]:
    return [(student, grade) for grade, students in school.students.items() for student in students]


def _hold_electives(town: Town, school: School) -> None:
    """Let each student take three to six of the electives, as he pleases, at no fixed hour."""
    takers: dict[str, list[str]] = {name: [] for name, _ in ELECTIVES}
    for student, _ in _everybody(school):
        for name, _ in town.rng.sample(ELECTIVES, town.rng.randint(3, 6)):
            takers[name].append(student)
    for name, subject in ELECTIVES:
        for group in groups(takers[name], 28):
            teacher = town.rng.choice(school.staff)
            course = town.course(name, name[:3].upper())
            town.section(
                school, group, [teacher], name=f"{name} - {teacher.last}", subject=subject, course_id=course
            )


@habit(
    "Names are random words; each student sits in some five sections, put together for him alone.", reaches=0
)
def random_words(town: Town) -> None:
    for _ in range(2):
        school = town.school(MIDDLE, 330)
        for _ in range(6):
            students = [student for student, _ in _everybody(school)]
            for group in groups(town.rng.sample(students, round(len(students) * 0.8)), 25):
                name = " ".join(word.title() for word in town.rng.sample(RANDOM_WORDS, 2))
                teacher = town.rng.choice(school.staff)
                period = str(town.rng.randint(1, 8))
                town.section(school, group, [teacher], name=f"{name} - {teacher.last}", period=period)


@habit("Homerooms are written as every other section is: 'Okafor 3', no subject, any period.", reaches=0)
def indistinguishable(town: Town) -> None:
    school = town.school(HIGH, 620)
    general = town.course("General")
    for grade, students in school.students.items():
        for turn in range(7):
            placed = students if turn == 0 else town.rng.sample(students, round(len(students) * 0.9))
            for group in groups(placed, 25):
                teacher, period = town.rng.choice(school.staff), str(town.rng.randint(1, 8))
                number = town.rng.randint(1, 9)
                section = town.section(
                    school,
                    group,
                    [teacher],
                    name=f"{teacher.last} {number}",
                    period=period,
                    grade=grade,
                    course_id=general,
                )
                town.accept([section] if turn == 0 else [])


@habit("Four schools, two of which share no homerooms.", reaches=0, partial=HOMEROOM_NAMED)
def half_of_the_schools(town: Town) -> None:
    for number in range(4):
        school = town.school(MIDDLE, 270)
        _hold_electives(town, school)
        if number % 2:
            hold_homerooms(town, school, Home("Homeroom {short} - {last}"))


@habit("Every homeroom is shared twice, alike to the letter.", reaches=0)
def twice_to_the_letter(town: Town) -> None:
    school = town.school(ELEMENTARY, 420)
    homes = hold_homerooms(town, school, Home("Homeroom {short}{letter} - {last}", "homeroom/advisory"))
    for section in town.sections(homes):
        same = {name: value for name, value in section.items() if isinstance(value, str)}
        del same["school_id"], same["sis_id"]
        copy = town.section(school, section["students"], [], **same)
        town.sections([copy])[0]["teachers"] = list(section["teachers"])
        town.accept([copy])


@habit("Only electives are shared, on alternating days, and everybody takes as many as he likes.", reaches=0)
def electives_only(town: Town) -> None:
    for _ in range(2):
        _hold_electives(town, town.school(HIGH, 400))


@habit("Only interventions and clubs are shared: two thirds of the students are in no section.", reaches=0)
def interventions_only(town: Town) -> None:
    for grades in (ELEMENTARY, MIDDLE):
        school = town.school(grades, 330)
        for name in ("Reading Intervention", "Math Intervention", "Speech", "Chess Club", "ESL Pull-Out"):
            students = [student for student, _ in _everybody(school)]
            for group in groups(town.rng.sample(students, len(students) // 12), 9):
                teacher = town.rng.choice(school.staff)
                town.section(school, group, [teacher], name=f"{name} - {teacher.last}", subject="other")


@habit("Homerooms were shared for a third of the grades only.", reaches=0, partial=HOMEROOM_NAMED)
def a_third_of_the_grades(town: Town) -> None:
    school = town.school(MIDDLE, 540)
    _hold_electives(town, school)
    hold_homerooms(town, school, Home("Homeroom {short}{letter}", size=25), ["7"])
