"""A school's office, which writes down every section with all the fields that its export has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from functools import wraps
from typing import Final

from tests.support.districts.habits.days import Home, grade_words, groups, open_section
from tests.support.districts.habits.habit import Build, Habits
from tests.support.districts.habits.names import FAMILY_NAMES
from tests.support.districts.habits.rooms import CLEVER, hire
from tests.support.districts.habits.towns import School, Teacher, Town
from worker.domain.roster.section_filter import SectionFilter

Course = tuple[str, str, str]
"""Title, number and subject; the first two may hold {short}, the grade."""

EXPORT: Final = replace(CLEVER, name="{course} - {last} - {period}", course="{course}", number="{code}")
"""Course, teacher and period make the name; course, section number, subject and period are filled."""


class Office:
    """One school with its students and teachers."""

    def __init__(
        self,
        town: Town,
        grades: Sequence[str],
        size: int,
        name: str | None = None,
        style: Home = EXPORT,
        staff: int = 16,
    ) -> None:
        self.town: Final = town
        self.style: Final = style
        self.school: Final[School] = town.school(grades, size, name, staff=0)
        self.school.staff = [hire(town, last) for last in town.rng.sample(FAMILY_NAMES, staff)]
        self._opened: Final[Counter[str]] = Counter()
        self._teaching: Final[dict[str, list[Teacher]]] = {}

    def everybody(self, *grades: str) -> list[str]:
        """Return the students of these grades, or of all."""
        return [one for grade in grades or self.school.grades for one in self.school.students[grade]]

    def open(
        self,
        students: Iterable[str],
        course: Course,
        period: str,
        grade: str = "",
        style: Home | None = None,
        teachers: Sequence[Teacher] = (),
        *,
        is_class: bool = False,
    ) -> str:
        """Open a section with one of those who teach the course, or with these; number it in its course."""
        grades = grade_words(grade) if grade else {"grade": "", "short": "", "ordinal": ""}
        title, code = (text.format(**grades) for text in course[:2])
        self._opened[code] += 1
        number = self._opened[code]
        held_by = teachers or [self._teacher(code, number)]
        words = {
            **grades,
            "course": title,
            "code": code,
            "subject": course[2],
            "period": period,
            "number": str(number),
            "last": "/".join(teacher.last for teacher in held_by),
        }
        section = open_section(self.town, self.school, style or self.style, list(students), held_by, words)
        if is_class:
            self.town.accept([section])
            self.town.homes.append(section)
        return section

    def divide(
        self,
        students: Sequence[str],
        course: Course,
        period: str,
        grade: str = "",
        size: int = 24,
        style: Home | None = None,
        *,
        is_class: bool = False,
    ) -> list[str]:
        """Divide these students among sections of one course."""
        mixed = self.town.rng.sample(students, len(students))
        opened = groups(mixed, size) if mixed else []
        return [self.open(group, course, period, grade, style, is_class=is_class) for group in opened]

    def homes(
        self,
        course: Course,
        period: str,
        grades: Sequence[str] = (),
        size: int = 18,
        style: Home | None = None,
        without: Sequence[str] = (),
        *,
        is_class: bool = True,
    ) -> list[str]:
        """Give each student of these grades, but those `without`, one section of what all have."""
        return [
            section
            for grade in grades or self.school.grades
            for section in self.divide(
                [one for one in self.school.students[grade] if one not in without],
                course,
                period,
                grade,
                size,
                style,
                is_class=is_class,
            )
        ]

    def teach(
        self,
        timetable: Sequence[Sequence[Course]],
        grades: Sequence[str] = (),
        leave: float = 0.06,
        style: Home | None = None,
        whole: Sequence[int] = (),
        form: str = "{}",
        first: int = 1,
    ) -> None:
        """Fill the day from a period on; half of a grade has each course later; `whole` periods are full."""
        for grade in grades or self.school.grades:
            students = self.town.rng.sample(self.school.students[grade], len(self.school.students[grade]))
            for half in (0, 1):
                for slot, options in enumerate(timetable):
                    period = (slot + half) % len(timetable) + first
                    stay = students[half::2]
                    taking = len(stay) if period in whole else round(len(stay) * (1 - leave))
                    takers = self.town.rng.sample(stay, taking)
                    for index, course in enumerate(options):
                        some = takers[index :: len(options)]
                        self.divide(some, course, form.format(period), grade, style=style)

    def _teacher(self, code: str, number: int) -> Teacher:
        """Return one of the two or three who teach a course."""
        if code not in self._teaching:
            self._teaching[code] = self.town.rng.sample(self.school.staff, 3)
        return self._teaching[code][number % 3]


class OfficeHabits(Habits):
    """A list of habits of districts whose offices leave a field blank here and there."""

    def habit(
        self, sentence: str, reaches: float = 1.0, partial: SectionFilter | None = None
    ) -> Callable[[Build], Build]:
        """Take the decorated builder for a habit of its name."""
        take = super().habit(sentence, reaches, partial)

        def smudged(build: Build) -> Build:
            @wraps(build)
            def built(town: Town) -> SectionFilter | None:
                best = build(town)
                smudge(town)
                return best

            return take(built)

        return smudged


def terms(town: Town) -> tuple[str, str, str]:
    """Set up the terms of this school year: all of it, the first half and the second."""
    starts = town.today.replace(month=8, day=12)
    ends = date(town.today.year + 1, 6, 4)
    halves = (("S1", starts, date(starts.year, 12, 18)), ("S2", date(ends.year, 1, 5), ends))
    year = town.term(f"{starts.year}-{ends.year} Year", starts, ends)
    first, second = (town.term(name, start, end) for name, start, end in halves)
    return year, first, second


def smudge(town: Town, share: float = 0.04) -> None:
    """Leave one field blank in this share of the sections, as offices do."""
    sections = [record for record in town.records.values() if "students" in record]
    for section in town.rng.sample(sections, round(len(sections) * share)):
        section.pop(town.rng.choice(("subject", "grade", "section_number")), None)


def miss(town: Town, homes: Sequence[str], share: float = 0.02) -> None:
    """Let this share of the students have no homeroom, as those who came yesterday."""
    places = [(one, home) for home in homes for one in town.sections([home])[0]["students"]]
    for student, home in town.rng.sample(places, round(len(places) * share)):
        town.withdraw(student, home)
