"""A district's sections as people look through them: searched, put in order, grouped.

A search is a condition of a section filter, so that what it finds is what a rule of it would keep.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from worker.domain.review.causes.labels import Label, LabelKind
from worker.domain.roster.section_filter import Condition, FilterField, SectionView, values_of
from worker.domain.roster.texts import folded, is_blank, wanted

_DIGITS: Final = re.compile(r"\d+")

Key: TypeAlias = tuple[object, ...]


class Sort(StrEnum):
    """What sections are put in order by; the largest come first by students."""

    NAME = "name"
    SCHOOL = "school"
    SUBJECT = "subject"
    PERIOD = "period"
    GRADE = "grade"
    COURSE = "course"
    TERM = "term"
    STUDENTS = "students"


class Grouping(StrEnum):
    """What sections are grouped by."""

    LABEL = "label"
    SUBJECT = "subject"
    PERIOD = "period"
    GRADE = "grade"
    COURSE = "course"
    SCHOOL = "school"
    TERM = "term"


RULE_FIELDS: Final[Mapping[Grouping, FilterField]] = {
    Grouping.SUBJECT: "subject",
    Grouping.PERIOD: "period",
    Grouping.GRADE: "grade",
    Grouping.COURSE: "course_name",
    Grouping.SCHOOL: "school",
    Grouping.TERM: "term",
}
_LABEL_FIELDS: Final[Mapping[LabelKind, FilterField]] = {
    LabelKind.WORD: "name",
    LabelKind.SUBJECT: "subject",
    LabelKind.COURSE: "course_name",
    LabelKind.PERIOD: "period",
    LabelKind.GRADE: "grade",
    LabelKind.TERM: "term",
}


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A section as the table shows it; `view` is without its students, of whom it lists so many."""

    view: SectionView
    listed: int
    rule: int | None
    """The rule that keeps it, the first is 0; None where the filter does not."""

    @property
    def id(self) -> str:
        """Its id."""
        return self.view.section.id

    @property
    def is_kept(self) -> bool:
        """Whether the filter in force keeps it."""
        return self.rule is not None

    def shown(self, name: str) -> str:
        """Return what stands in a column, "" where that is blank or not known."""
        view = self.view
        match name:
            case "school":
                text = (view.school.name if view.school else None) or view.section.school_id
            case "term":
                text = (view.term.name if view.term else None) or view.section.term_id
            case "course":
                text = (view.course.name if view.course else None) or view.section.course_id
            case _:
                text = getattr(view.section, name)
        return " ".join(text.split()) if text else ""


@dataclass(frozen=True, slots=True)
class SectionQuery:
    """Which sections are asked for; a blank text, school or None means all."""

    text: str = ""
    field: FilterField = "name"
    school: str = ""
    kept: bool | None = None


@dataclass(frozen=True, slots=True)
class PagePosition:
    """The last section of a page: what it has in the column that the order is by, and its id."""

    value: str
    id: str


@dataclass(frozen=True, slots=True)
class SectionGroup:
    """Sections that have something in common."""

    key: str
    title: str
    """"" where what they have in common is that there is nothing."""
    sections: Sequence[SectionLine]
    rule: Condition | None
    """The condition that keeps all of them; None where no single one does."""
    others: int
    """How many other sections of the district that condition keeps besides."""

    @property
    def listed(self) -> int:
        """How many places their lists of students have: a student in two of them counts twice."""
        return sum(line.listed for line in self.sections)

    @property
    def kept(self) -> int:
        """How many of them the filter in force keeps."""
        return sum(line.is_kept for line in self.sections)


@dataclass(eq=False)
class SectionTable:
    """The live sections of one district; what was worked out of them once is kept with them."""

    lines: Sequence[SectionLine]
    labels: Sequence[Label] | None = None
    """Of what kind each of the lines is; None where that was not worked out."""
    _columns: dict[FilterField, list[tuple[str, ...]]] = field(default_factory=dict)
    _places: dict[FilterField, dict[str, list[int]]] = field(default_factory=dict)
    _orders: dict[Sort, list[tuple[Key, SectionLine]]] = field(default_factory=dict)

    def chosen(self, choice: SectionQuery) -> list[SectionLine]:
        """Return the sections asked for, in no particular order."""
        numbers: Iterable[int] = range(len(self.lines))
        if not is_blank(choice.text):
            numbers = self._fitting(Condition(field=choice.field, op="contains", value=choice.text))
        found = (self.lines[number] for number in numbers)
        return [
            line
            for line in found
            if (not choice.school or line.view.section.school_id == choice.school)
            and (choice.kept is None or line.is_kept == choice.kept)
        ]

    def page(
        self, sections: Collection[SectionLine], sort: Sort, after: PagePosition | None, limit: int
    ) -> tuple[list[SectionLine], PagePosition | None]:
        """Return some of these sections, in order from behind a place, and the place to read on from."""
        wanted = {line.id for line in sections}
        begin = () if after is None else (*_key(sort, after.value), after.id)
        found: list[SectionLine] = []
        for key, line in self._ordered(sort):
            if line.id in wanted and key > begin:
                if len(found) == limit:
                    return found, PagePosition(_value(found[-1], sort), found[-1].id)
                found.append(line)
        return found, None

    def groups(self, sections: Sequence[SectionLine], by: Grouping) -> list[SectionGroup]:
        """Return these sections in groups, the largest first; by label needs `labels`."""
        label_of = {}
        if by is Grouping.LABEL:
            if self.labels is None:
                raise ValueError("labels were not worked out")
            label_of = {line.id: label for line, label in zip(self.lines, self.labels, strict=True)}
        members: dict[str, list[SectionLine]] = {}
        for line in sections:
            key = label_key(label_of[line.id]) if label_of else _group_key(line, by)
            members.setdefault(key, []).append(line)
        groups = [
            self._group(key, by, of_group, label_of.get(of_group[0].id)) for key, of_group in members.items()
        ]
        return sorted(groups, key=lambda group: (-len(group.sections), group.title.casefold(), group.key))

    def _group(
        self, key: str, by: Grouping, lines: Sequence[SectionLine], label: Label | None
    ) -> SectionGroup:
        if label is not None:
            title, condition = str(label), _label_condition(label)
        else:
            title, condition = lines[0].shown(by), _field_condition(lines[0], by)
        if condition is None:
            return SectionGroup(key, title, lines, None, 0)
        fitting = {self.lines[number].id for number in self._fitting(condition)}
        if not all(line.id in fitting for line in lines):
            return SectionGroup(key, title, lines, None, 0)
        return SectionGroup(key, title, lines, condition, len(fitting) - len(lines))

    def _fitting(self, condition: Condition) -> list[int]:
        """Return the places of the sections that a condition, `is` or `contains`, keeps."""
        text, column = wanted(str(condition.value)), self._column(condition.field)
        if condition.op == "is":
            return self._places_of(condition.field).get(text, [])
        return [number for number, values in enumerate(column) if any(text in value for value in values)]

    def _column(self, name: FilterField) -> list[tuple[str, ...]]:
        if name not in self._columns:
            self._columns[name] = [
                tuple(folded(value) for value in values_of(name, line.view) if value) for line in self.lines
            ]
        return self._columns[name]

    def _places_of(self, name: FilterField) -> dict[str, list[int]]:
        """Return where each value of a field stands."""
        if name not in self._places:
            places: dict[str, list[int]] = {}
            for number, values in enumerate(self._column(name)):
                for value in set(values):
                    places.setdefault(value, []).append(number)
            self._places[name] = places
        return self._places[name]

    def _ordered(self, sort: Sort) -> list[tuple[Key, SectionLine]]:
        if sort not in self._orders:
            keyed = [((*_key(sort, _value(line, sort)), line.id), line) for line in self.lines]
            self._orders[sort] = sorted(keyed, key=lambda one: one[0])
        return self._orders[sort]


def label_key(label: Label) -> str:
    """Return what tells a kind of section from the others, whether its term runs or not."""
    return f"{label.kind} {folded(label.text)}"


def _group_key(line: SectionLine, by: Grouping) -> str:
    if by is Grouping.SCHOOL:
        return line.view.section.school_id or ""
    return folded(line.shown(by))


def _field_condition(line: SectionLine, by: Grouping) -> Condition | None:
    """Return the condition that keeps the sections which have the same as this one."""
    value = (line.view.section.school_id or "") if by is Grouping.SCHOOL else line.shown(by)
    return _condition(RULE_FIELDS[by], "is", value)


def _label_condition(label: Label) -> Condition | None:
    name = _LABEL_FIELDS.get(label.kind)
    if name is None:
        return None
    return _condition(name, "contains" if label.kind is LabelKind.WORD else "is", label.text)


def _condition(name: FilterField, op: str, value: str) -> Condition | None:
    if not folded(value) or len(value) > LONGEST_VALUE:
        return None
    return Condition.model_validate({"field": name, "op": op, "value": value})


LONGEST_VALUE: Final = 1000
"""Characters that a condition's value may have."""


def _value(line: SectionLine, sort: Sort) -> str:
    return str(line.listed) if sort is Sort.STUDENTS else line.shown(sort)


def _key(sort: Sort, value: str) -> Key:
    """Return what a value is ordered by: numbers as numbers, blanks last, the most students first."""
    if sort is Sort.STUDENTS:
        return (-int(value),)
    return not value, _DIGITS.sub(_numbered, value.casefold())


def _numbered(digits: re.Match[str]) -> str:
    """Return a number so that texts with it are in order: the longer it is, the larger."""
    number = digits[0].lstrip("0")
    return f"{len(number):04}{number}"
