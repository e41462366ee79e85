"""Districts that are committed as they are: every student in exactly one class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count, islice
from typing import Any, Final

from tests.mistakes.district import District, Json
from tests.support.builders.records import record_id

Base = Callable[[], District]

ALDER, BIRCH, CEDAR = "Alder Elementary School", "Birch Elementary School", "Cedar Elementary School"
DOGWOOD, ELM = "Dogwood Middle School", "Elm Middle School"
HOMEROOM: Final = "homeroom/advisory"
_FIRST: Final = (
    "Bel",
    "Cor",
    "Dru",
    "Fen",
    "Gri",
    "Hal",
    "Jor",
    "Kes",
    "Lum",
    "Mor",
    "Nev",
    "Orl",
    "Pru",
    "Quo",
)
_LAST: Final = ("vaxi", "zorbel", "threnn", "moxley", "dwick", "pellam", "skarn", "frawn", "gruth")


class Builder:
    """Makes the records of a district one after the other."""

    def __init__(
        self, *rules: Sequence[Json], scope: Json | None = None, current_term_only: bool = False
    ) -> None:
        self.district = District(
            filter={
                "scope": scope or {},
                "current_term_only": current_term_only,
                "rules": [{"all": list(rule)} for rule in rules],
            }
        )
        self._schools, self._terms = count(900), count(850)
        self._users, self._sections, self._teachers = count(1), count(700), count(501)

    @classmethod
    def on(cls, district: District) -> Builder:
        """Return one that adds to a district that is there, under ids that nobody has."""
        made = cls()
        made.district = district
        made._schools, made._users = count(950), count(201)
        made._sections, made._teachers = count(780), count(601)
        return made

    def school(self, name: str) -> str:
        """Add a school; return its id."""
        number = next(self._schools)
        school = {
            "id": record_id(number),
            "name": name,
            "sis_id": f"SCH-{number}",
            "school_number": str(number),
        }
        return str(self.district.add("schools", school)["id"])

    def term(self, name: str, start: str, end: str) -> str:
        """Add a term; return its id."""
        days = {"start_date": start, "end_date": end}
        term = {"id": record_id(next(self._terms)), "name": name} | days
        return str(self.district.add("terms", term)["id"])

    def students(self, school: str, grade: str, how_many: int) -> list[str]:
        """Add students of a grade; return their ids."""
        return [self._student(number, school, grade) for number in islice(self._users, how_many)]

    def section(
        self, title: str, school: str, students: Sequence[str], teacher: str | None = None, **fields: Any
    ) -> str:
        """Add a section, named by Clever of its course, its teacher and its period; return its id."""
        number = next(self._sections)
        by = teacher or self.teacher(school)
        period = fields.get("period", "")
        name = f"{title} - {self.district.records['users', by]['name']['last']} - {period}"
        section = {
            "id": record_id(number),
            "school": school,
            "name": name,
            "subject": "",
            "grade": "",
            "period": period,
            "section_number": str(number),
            "sis_id": f"SEC-{number}",
            "term_id": None,
            "teacher": by,
            "teachers": [by],
            "students": list(students),
        }
        return str(self.district.add("sections", section | fields)["id"])

    def teacher(self, school: str) -> str:
        """Add a teacher; return the id."""
        number = next(self._teachers)
        teacher = {
            "id": record_id(number),
            "email": f"teacher{number}@example.test",
            "name": {"first": "Tova", "last": person_name(number)},
            "roles": {"teacher": {"sis_id": f"TCH-{number}", "school": school, "schools": [school]}},
        }
        return str(self.district.add("users", teacher)["id"])

    def _student(self, number: int, school: str, grade: str) -> str:
        student = {
            "id": record_id(number),
            "email": f"pupil{number}@example.test",
            "name": {"first": "Ysolde", "last": person_name(number)},
            "roles": {
                "student": {
                    "school": school,
                    "schools": [school],
                    "sis_id": f"STU-{number:04}",
                    "student_number": f"NUM{number:05}",
                    "state_id": f"STATE{number:05}",
                    "grade": grade,
                    "dob": "2/11/2017",
                }
            },
        }
        return str(self.district.add("users", student)["id"])


def person_name(number: int) -> str:
    """Return a last name that no word of a school is."""
    return _FIRST[number % len(_FIRST)] + _LAST[number // len(_FIRST) % len(_LAST)] + "aeiouy"[number // 126]


def where(field: str, op: str, value: object) -> Json:
    """Return a condition of a filter."""
    return {"field": field, "op": op, "value": value}


def _classes(made: Builder, school: str, title: str, grades: Sequence[str], size: int, **fields: Any) -> None:
    """Add two classes of each grade, and sections in which the two are mixed, as most districts have."""
    for grade in grades:
        rooms = [made.students(school, grade, size) for _ in range(2)]
        for room in rooms:
            made.section(title, school, room, grade=grade, **fields)
        halves = [rooms[0][::2] + rooms[1][::2], rooms[0][1::2] + rooms[1][1::2]]
        for half in halves:
            made.section("Math", school, half, grade=grade, subject="math", period="2")
        made.section("Art", school, rooms[0] + rooms[1], grade=grade, subject="arts and music", period="5")


def by_name() -> District:
    """Return three elementary schools, two homerooms of 6 a grade, kept by the name of the section."""
    made = Builder([where("name", "contains", "homeroom")])
    for name in (ALDER, BIRCH, CEDAR):
        _classes(made, made.school(name), "Homeroom", ["3"], 8, subject="other", period="0")
    return made.district


def by_subject() -> District:
    """Return two elementary schools, two homerooms of 12 each, kept by subject."""
    made = Builder([where("subject", "is", HOMEROOM)])
    for name in (ALDER, BIRCH):
        _classes(made, made.school(name), "Room", ["4"], 12, subject=HOMEROOM, period="0")
    return made.district


def by_period() -> District:
    """Return two middle schools in which the class of period 1 counts, whatever its subject."""
    made = Builder([where("period", "is", "1")])
    subjects = ("math", "science", "english/language arts")
    for name in (DOGWOOD, ELM):
        school = made.school(name)
        groups = [made.students(school, grade, 8) for grade in ("6", "7", "8")]
        mixed = [[group[at] for group in groups for at in range(part, 8, 3)] for part in range(3)]
        for period in ("1", "2", "3"):
            for at, group in enumerate(groups if period == "1" else mixed):
                subject = subjects[(at + int(period)) % 3]
                made.section(subject.split("/")[0].title(), school, group, subject=subject, period=period)
    return made.district


def by_term() -> District:
    """Return a middle school with advisories of two terms, of which the current one counts."""
    made = Builder([where("name", "contains", "advisory")], current_term_only=True)
    first = made.term("S1", "2026-08-17", "2026-12-18")
    second = made.term("S2", "2027-01-05", "2027-06-04")
    for name in (DOGWOOD, ELM):
        school = made.school(name)
        groups = [made.students(school, grade, 9) for grade in ("6", "7")]
        for term in (first, second):
            for group in groups:
                made.section("Advisory", school, group, subject=HOMEROOM, period="1", term_id=term)
            for half in (groups[0][:5] + groups[1][:5], groups[0][5:] + groups[1][5:]):
                made.section("Science", school, half, subject="science", period="2", term_id=term)
    return made.district


def by_first_term() -> District:
    """Return the same of which no section of the second term is there yet."""
    district = by_term()
    second = district.term("S2")["id"]
    district.drop("sections", district.sections(term_id=second))
    return district


def by_term_unguarded() -> District:
    """Return the same, of whose students any number may change class at once."""
    district = by_term()
    district.policy = {"class_change_limit_percent": 100}
    return district


def by_date_of_birth() -> District:
    """Return two elementary schools of whose students the date of birth is required."""
    district = by_subject()
    district.policy = {"required_fields": ["first_name", "last_name", "sis_id", "grade", "school_id", "dob"]}
    return district


def lockstep() -> District:
    """Return two elementary schools in which the same group has every subject together."""
    made = Builder([where("subject", "is", HOMEROOM)])
    for name in (ALDER, BIRCH):
        school = made.school(name)
        for grade in ("3", "4"):
            group = made.students(school, grade, 12)
            subjects = {"Homeroom": HOMEROOM, "Math": "math", "Reading": "english/language arts"}
            for period, (title, subject) in enumerate(subjects.items()):
                made.section(title, school, group, subject=subject, grade=grade, period=str(period))
    return made.district


def scoped() -> District:
    """Return two elementary schools of which grades 3 to 5 are rostered."""
    scope = {"grades": ["3", "4", "5"]}
    made = Builder([where("name", "contains", "homeroom")], scope=scope)
    for name in (ALDER, BIRCH):
        school = made.school(name)
        for grade in ("2", "3", "4", "5"):
            group = made.students(school, grade, 12)
            made.section("Homeroom", school, group, subject=HOMEROOM, grade=grade, period="0")
            made.section("Music", school, group[::2], subject="arts and music", grade=grade, period="4")
    return made.district


def by_titles() -> District:
    """Return two elementary schools whose classes are kept by their whole names, one by one."""
    district = by_subject()
    named = [section["name"] for section in district.sections("Room")]
    district.filter["rules"] = [{"all": [where("name", "one_of", named)]}]
    return district


def by_course() -> District:
    """Return two elementary schools whose classes are kept by the number of the course."""
    made = Builder([where("course_number", "is", "HR")])
    homeroom, room = (record_id(800), record_id(801))
    made.district.add("courses", {"id": homeroom, "name": "Homeroom", "number": "HR"})
    made.district.add("courses", {"id": room, "name": "Study Room", "number": "ST"})
    for name in (ALDER, BIRCH):
        _classes(made, made.school(name), "Homeroom", ["2"], 12, subject="other", course=homeroom)
    return made.district


def two_ways() -> District:
    """Return an elementary school kept by its homerooms, and a middle school kept by its first period."""
    made = Builder(
        [where("school", "is", ALDER), where("name", "contains", "homeroom")],
        [where("school", "is", DOGWOOD), where("period", "is", "1")],
    )
    _classes(made, made.school(ALDER), "Homeroom", ["5"], 12, subject=HOMEROOM, period="0")
    _classes(made, made.school(DOGWOOD), "Science", ["6"], 12, subject="science", period="1")
    return made.district


ALL: Final[dict[str, Base]] = {
    base.__name__: base
    for base in (
        *(by_name, by_subject, by_period, by_term, by_first_term, by_term_unguarded, lockstep, scoped),
        *(by_titles, by_course, two_ways, by_date_of_birth),
    )
}
