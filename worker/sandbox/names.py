"""Invented people, schools and courses: no name here belongs to anybody.

First and last names are put together from syllables and from words for plants, weather and tools, so
that they read as names and are plainly made up. Some carry accents, apostrophes and hyphens, because
real ones do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from worker.messaging.event_files import JsonObject


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FIRST_STEMS: Final = _words("""
    Av Belv Corv Dell Ev Fen Gal Hest Il Jor Kel Lum Murr Nev Or Pell Quin Rov Sel Tam Ul Ver Wil Yar Zeph
    Bri Cael Dru Elo Fré Ís Léo Ño Ösk
""")
_FIRST_ENDINGS: Final = _words("""
    abeth adine amond anza arwen elio erin essa etta ian idra ilde imar inna olin omir onda oria ulan yra
""")
_LAST_STEMS: Final = _words("""
    Quill Fern Thistle Bramble Cobalt Lantern Marrow Pebble Saffron Tinder Umber Velvet Wicker Yarrow Barley
    Cinder Drizzle Ember Flint Gorse Haze Ivory Juniper Kestrel Linden Mallow Nettle Otter Plume Russet
    Sorrel Teasel O'Thimble D'Ambler Ångel Müsli
""")
_LAST_ENDINGS: Final = _words("""
    mere whistle brook wright gate thorpe lock field moss water ridge hollow stead bank croft dale lace nook
    path quay root shaw well yard
""")
_DOUBLE_NAMES: Final = 0.03
_MIDDLE_NAMES: Final = ("A", "B.", "Elowin", "J", "K", "Q", "Tamsel", "Zé")
_GENDERS: Final = ("F", "M", "F", "M", "F", "M", "X", "")
_RACES: Final = ("Caucasian", "Asian", "Black or African American", "Two or More Races", "Unknown", "")
_YES_NO: Final = ("Y", "N", "N", "")
_LUNCH: Final = ("Free", "Reduced", "Paid")
FALL: Final = "Fall"
SPRING: Final = "Spring"
FULL_YEAR: Final = "Full Year"
_EMAIL_FROM: Final = 4
"""Position of the grade from which students have e-mail addresses."""
_BIRTH_CUTOFF: Final = (9, 1)
"""Month and day by which a child must have turned five to enter Kindergarten that year."""


@dataclass(frozen=True, slots=True)
class CourseName:
    """What a course is called, and the subject that Clever files its sections under."""

    name: str
    subject: str


@dataclass(frozen=True, slots=True)
class Timetable:
    """The day of some grades; `courses` by period from 1 on, taken in turns where there are several."""

    homeroom_period: str
    advisory_period: str
    one_teacher: bool
    courses: tuple[tuple[CourseName, ...], ...]


HOMEROOM: Final = CourseName("Homeroom {label}", "homeroom/advisory")
ADVISORY: Final = CourseName("Advisory {label}", "homeroom/advisory")
GRADES: Final = ("Kindergarten", *(str(grade) for grade in range(1, 13)))
_ONE_SCHOOL_BELOW: Final = 100
_LEVELS: Final = (
    ("Elementary School", GRADES[:6], 450),
    ("Middle School", GRADES[6:9], 650),
    ("High School", GRADES[9:], 1100),
)
ELEMENTARY: Final = Timetable(
    homeroom_period="0",
    advisory_period="0",
    one_teacher=True,
    courses=(
        (CourseName("{label} Reading", "english/language arts"),),
        (CourseName("{label} Math", "math"),),
        (CourseName("{label} Science", "science"),),
        (CourseName("{label} Social Studies", "social studies"),),
        (CourseName("{label} Art", "arts and music"), CourseName("{label} Music", "arts and music")),
        (CourseName("{label} Physical Education", "PE and health"), CourseName("Library Time", "")),
    ),
)
MIDDLE: Final = Timetable(
    homeroom_period="1",
    advisory_period="7",
    one_teacher=False,
    courses=(
        (CourseName("English {grade}", "english/language arts"),),
        (CourseName("Math {grade}", "math"), CourseName("Accelerated Math {grade}", "math")),
        (CourseName("Science {grade}", "science"),),
        (CourseName("World Cultures {grade}", "social studies"),),
        (CourseName("Spanish - Beginners", "language"), CourseName("Robotics", "technology and engineering")),
        (CourseName("Physical Education {grade}", "PE and health"), CourseName("Band", "arts and music")),
    ),
)
HIGH: Final = Timetable(
    homeroom_period="HR",
    advisory_period="7",
    one_teacher=False,
    courses=(
        (CourseName("English {grade}", "english/language arts"),),
        (CourseName("Algebra {grade}", "math"), CourseName("Geometry", "math")),
        (CourseName("Biology", "science"), CourseName("Chemistry", "science")),
        (CourseName("World History", "social studies"), CourseName("Government", "social studies")),
        (CourseName("French {grade}", "language"), CourseName("Study Hall", "")),
        (CourseName("Health", "PE and health"), CourseName("Reading Lab", "interventions/online learning")),
    ),
)


def timetable(grade: str) -> Timetable:
    """Find the timetable that a grade follows: K-5, 6-8, 9-12."""
    position = _position(grade)
    return ELEMENTARY if position < GRADES.index("6") else MIDDLE if position < GRADES.index("9") else HIGH


def _position(grade: str) -> int:
    # Clever knows more grades than we generate (PreKindergarten, Ungraded): they count as the youngest.
    return GRADES.index(grade) if grade in GRADES else 0


def course_in_grade(course: CourseName, grade: str) -> CourseName:
    """Name a course as it is called for one grade."""
    label = f"Grade {grade}" if grade.isdigit() else grade
    return CourseName(course.name.format(label=label, grade=grade), course.subject)


def section_name(course: str, teacher_last_name: str, period: str) -> str:
    """Name a section as Clever computes it; a new teacher or period renames the section."""
    return f"{course} - {teacher_last_name} - {period}"


def school_plans(students: int, rng: Random) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Share students out over schools of realistic sizes, each a kind, its grades and its students."""
    if students < _ONE_SCHOOL_BELOW:
        yield "School", GRADES, students
        return
    shares = split(students, [len(grades) for _, grades, _ in _LEVELS])
    for (kind, grades, typical), share in zip(_LEVELS, shares, strict=True):
        weights = [rng.uniform(0.7, 1.3) for _ in range(max(1, round(share / typical)))]
        for size in split(share, weights):
            yield kind, grades, size


def split(total: int, weights: Sequence[float]) -> list[int]:
    """Split a number by weights into whole parts that add up to it."""
    share = total / (sum(weights) or 1.0)
    bounds = [round(share * part) for part in accumulate(weights, initial=0.0)]
    return [upper - lower for lower, upper in pairwise(bounds)]


def place(number: int) -> str:
    """Name the `number`th place; schools and districts are called after it."""
    stem, ending = number * 7 % len(_LAST_STEMS), number * 11 % len(_LAST_ENDINGS)
    return _LAST_STEMS[stem] + _LAST_ENDINGS[ending]


def last_name(rng: Random) -> str:
    """Invent a last name, now and then a double one."""
    name = rng.choice(_LAST_STEMS) + rng.choice(_LAST_ENDINGS)
    return f"{name}-{rng.choice(_LAST_STEMS)}" if rng.random() < _DOUBLE_NAMES else name


def first_name(rng: Random) -> str:
    """Invent a first name."""
    return rng.choice(_FIRST_STEMS) + rng.choice(_FIRST_ENDINGS)


def person_name(rng: Random) -> JsonObject:
    """Invent a Clever `name`; the middle name may be there, or missing in any of the forms that occur."""
    name: JsonObject = {"first": first_name(rng), "last": last_name(rng)}
    set_or_blank(name, "middle", rng.choice(_MIDDLE_NAMES), rng, blank=0.6)
    return name


def email(name: JsonObject, number: int, host: str) -> str:
    """Make an address under a reserved domain, which cannot reach anybody."""
    local = f"{name['first']}.{name['last']}".lower().replace("'", "")
    return f"{local.encode('ascii', 'ignore').decode()}{number}@{host}.example.org"


def birth_date(rng: Random, grade: str, school_year: int) -> str:
    """Draw a birth date that fits the grade, as M/D/YYYY without leading zeros."""
    entered = school_year - _position(grade)
    born = date(entered - 6, *_BIRTH_CUTOFF) + timedelta(days=rng.randrange(365))
    return f"{born.month}/{born.day}/{born.year}"


def set_or_blank(record: JsonObject, key: str, value: object, rng: Random, *, blank: float = 0.3) -> None:
    """Set a field, or with the given probability leave it blank in one of Clever's forms."""
    chance = rng.random()
    if chance >= blank:
        record[key] = value
    elif chance < blank * 0.5:
        record[key] = ""
    elif chance < blank * 0.6:
        record[key] = None
    # else the key is absent, which is the commonest form for optional fields


def student_user(rng: Random, grade: str, schools: list[str], school_year: int, number: int) -> JsonObject:
    """Invent a student's name, address and role; the first of his schools is his primary one."""
    user: JsonObject = {"name": person_name(rng)}
    blank = 0.9 if _position(grade) < _EMAIL_FROM else 0.05
    set_or_blank(user, "email", email(user["name"], number, "students"), rng, blank=blank)
    role = _student_role(rng, grade, school_year, number)
    user["roles"] = {"student": {"school": schools[0], "schools": schools, "enrollments": [], **role}}
    return user


def _student_role(rng: Random, grade: str, school_year: int, number: int) -> JsonObject:
    role: JsonObject = {
        "sis_id": str(100_000_000 + number),
        "student_number": str(100_000_000 + number),
        "state_id": str(900_000_000_000 + number * 7),
        "grade": grade,
        "dob": birth_date(rng, grade, school_year),
        "gender": rng.choice(_GENDERS),
        "race": rng.choice(_RACES),
        "hispanic_ethnicity": rng.choice(_YES_NO),
        "location": {"address": "", "city": "", "state": "", "zip": f"{number % 900 + 100:05d}"},
    }
    set_or_blank(role, "ell_status", rng.choice(_YES_NO), rng)
    set_or_blank(role, "frl_status", rng.choice(_LUNCH), rng)
    set_or_blank(role, "iep_status", rng.choice(_YES_NO), rng, blank=0.6)
    set_or_blank(role, "graduation_year", str(school_year + 13 - _position(grade)), rng, blank=0.7)
    set_or_blank(role, "home_language", "English", rng, blank=0.8)
    role["ext"] = {} if rng.randrange(10) else {"house": rng.choice(_LAST_STEMS)}
    return role


def teacher_role(rng: Random, number: int) -> JsonObject:
    """Invent a teacher as the school's system knows him, without schools."""
    role: JsonObject = {"sis_id": f"T{number}", "legacy_id": "", "ext": {}}
    set_or_blank(role, "teacher_number", str(40_000 + number), rng)
    set_or_blank(role, "title", "Teacher", rng, blank=0.6)
    return role


def contact_role(rng: Random, student: str, number: int) -> JsonObject:
    """Invent a contact of one student; no telephone number that could be anybody's."""
    role: JsonObject = {
        "sis_id": "",
        "phone_type": "Other",
        "student_relationships": [{"student": student, "relationship": "Parent", "type": "Parent/Guardian"}],
    }
    set_or_blank(role, "phone", f"555-01{number % 100:02d}", rng, blank=0.5)
    return role


def school_details(name: str, number: int, grades: tuple[str, ...]) -> JsonObject:
    """Write what Clever says of a school beyond its ids."""
    return {
        "name": name,
        "sis_id": str(number),
        "school_number": f"{number:03d}",
        "low_grade": grades[0],
        "high_grade": grades[-1],
        "location": {"address": "", "city": place(number + 5), "state": "", "zip": ""},
        "ext": {},
    }


def district_details(number: int, synced: str) -> JsonObject:
    """Write what Clever says of a district beyond its id."""
    return {
        "name": f"{place(number)} Unified District",
        "sis_type": "sftp",
        "launch_date": synced[:10],
        "portal_url": f"https://clever.example.org/in/{number}",
        "login_methods": ["Clever Passwords"],
        "state": "running",
        "last_sync": synced,
        "error": "",
    }


def school_year(first_day: date, *, semesters: bool) -> dict[str, tuple[date, date]]:
    """Date the terms of a year, by name: the year itself last, and before it its semesters if wanted."""
    last_day = first_day + timedelta(days=298)
    year = {FULL_YEAR: (first_day, last_day)}
    if not semesters:
        return year
    fall, spring = first_day + timedelta(days=151), first_day + timedelta(days=155)
    return {FALL: (first_day, fall), SPRING: (spring, last_day), **year}
