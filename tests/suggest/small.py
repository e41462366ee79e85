"""Small invented districts, written down in a test: a school or two, some kinds of sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import count

from tests.support.districts.oracle import Records
from worker.domain.roster.name_words import words
from worker.domain.roster.records import Json, RecordKind
from worker.domain.roster.section_filter import Condition, SectionFilter
from worker.suggest.suggestions import Suggestion

FALL = (date(2026, 8, 10), date(2026, 12, 18))
SPRING = (date(2027, 1, 4), date(2027, 6, 4))


@dataclass
class SmallDistrict:
    """Records as they are staged; every method adds some and returns their ids."""

    records: Records = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def school(self, name: str | None = "Larkspur Elementary") -> str:
        return self._add(RecordKind.SCHOOL, name=name)

    def students(self, number: int, school: str | None = None, grade: str | None = "3") -> list[str]:
        texts = {"school_id": school, "grade": grade}
        told = {name: text for name, text in texts.items() if text}
        return [self._add(RecordKind.USER, student={"texts": told}) for _ in range(number)]

    def teacher(self, last: str = "Quillfeather", first: str = "Osric") -> str:
        return self._add(RecordKind.USER, teacher={"first_name": first, "last_name": last})

    def term(self, days: tuple[date, date], name: str) -> str:
        return self._add(RecordKind.TERM, name=name, start=days[0].isoformat(), end=days[1].isoformat())

    def undated_term(self, name: str) -> str:
        return self._add(RecordKind.TERM, name=name)

    def course(self, name: str, number: str | None = None) -> str:
        return self._add(RecordKind.COURSE, name=name, number=number)

    def section(self, students: Sequence[str], teacher: str | None = None, **fields: str | None) -> str:
        teachers = [teacher] if teacher else []
        return self._add(RecordKind.SECTION, students=sorted(students), teachers=teachers, **fields)

    def sections(
        self, students: Sequence[str], teachers: Sequence[str], name: str, **fields: str | None
    ) -> None:
        """Spread students over one section a teacher, one student in one of them."""
        for place, teacher in enumerate(teachers):
            self.section(students[place :: len(teachers)], teacher, name=name, **fields)

    def _add(self, kind: RecordKind, **fields: object) -> str:
        record_id = f"{next(self._numbers):024x}"
        record: Json = {name: value for name, value in fields.items() if value is not None}
        self.records[kind, record_id] = record
        return record_id


def keeping(*conditions: tuple[str, str, str | list[str]], **fields: object) -> SectionFilter:
    """Return a filter of one rule."""
    told = [{"field": name, "op": op, "value": value} for name, op, value in conditions]
    return SectionFilter.model_validate({"rules": [{"all": told}], **fields}, strict=False)


def conditions(found: Iterable[Suggestion]) -> list[Condition]:
    return [condition for one in found for rule in one.section_filter.rules for condition in rule.all]


def values(found: Iterable[Suggestion]) -> set[str]:
    """Return the words of all conditions but those that name a school by its id."""
    spelled = [str(one.value) for one in conditions(found) if one.field != "school"]
    return {word for value in spelled for word in words(value)}


def coverage(one: Suggestion) -> tuple[int, int, int]:
    return one.exactly_one, one.none, one.several


def elementary(
    students: int = 100, teachers: tuple[str, ...] = ("Abara", "Marrow", "Sedge", "Thorn")
) -> tuple[SmallDistrict, list[str], list[str]]:
    """Return a district of one school with mathematics in the first period, and reading; no homerooms yet."""
    district = SmallDistrict()
    school = district.school()
    pupils = district.students(students, school)
    staff = [district.teacher(last, "Osric") for last in teachers]
    fields: dict[str, str | None] = {"school_id": school}
    district.sections(pupils, staff, "Mathematics", subject="math", period="1", **fields)
    district.sections(pupils, staff, "Reading", subject="english/language arts", period="2", **fields)
    return district, pupils, staff
