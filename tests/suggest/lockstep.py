"""A small elementary school whose classes go through the day together, so that every lesson counts alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.suggest.small import SmallDistrict, coverage
from tests.suggest.surveys import suggestions
from worker.domain.roster.section_filter import SectionFilter

LASTS = ("Abara", "Marrow", "Sedge", "Thorn", "Pell", "Wick")
SIZE = 10
ALL = (len(LASTS) * SIZE, 0, 0)


@dataclass
class Lockstep:
    """Six classes of ten, two in each of the grades 1 to 3, each with a teacher of its own."""

    district: SmallDistrict = field(default_factory=SmallDistrict)
    lasts: Sequence[str] = LASTS
    school: str = ""
    classes: list[list[str]] = field(default_factory=list)
    staff: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.school = self.district.school()
        for place, last in enumerate(self.lasts):
            self.classes.append(self.district.students(SIZE, self.school, str(place // 2 + 1)))
            self.staff.append(self.district.teacher(last, "Osric"))

    def own(self, name: str, *, without: int = 0, **fields: str | None) -> None:
        """Let each class's own teacher hold this; {last} and {grade} in the name are the class's.

        The first `without` students of each class are not in it.
        """
        self._hold(name, self.staff, fields, without)

    def special(self, name: str, **fields: str | None) -> None:
        """Let one teacher hold this for all classes."""
        self._hold(name, [self.district.teacher("Bellweather", "Ida")] * len(self.classes), fields)

    def _hold(
        self, name: str, teachers: Sequence[str], fields: dict[str, str | None], without: int = 0
    ) -> None:
        for place, (students, teacher) in enumerate(zip(self.classes, teachers, strict=True)):
            told = name.format(last=self.lasts[place], grade=place // 2 + 1)
            self.district.section(students[without:], teacher, name=told, school_id=self.school, **fields)


def first_of(school: Lockstep) -> SectionFilter:
    """Return the first suggestion, which gives each student exactly one section."""
    first = suggestions(school.district.records)[0]
    assert coverage(first) == ALL
    return first.section_filter
