"""A district's sections as people look through them: searched, put in order, grouped.

A search is a condition of a section filter, so that what it finds is what a rule of it would keep.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from worker.domain.review.causes.labels import Label, LabelKind
from worker.domain.review.section_line import SectionLine
from worker.domain.roster.section_filter import Condition, FilterField
from worker.domain.roster.texts import folded, is_blank
from worker.suggest.columns import NOT_KEPT, Bools, ColumnBuilder, Ints, SectionColumn, holds
from worker.suggest.picture import DistrictPicture

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


SHOWN: Final = {
    "school": ("school", "school_id"),
    "term": ("term", "term_id"),
    "course": ("course_name", "course_id"),
}
"""The columns of the picture that stand in one of the table: a name, and the id for want of it."""
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
    sections: Ints
    listed: int
    """How many places their lists of students have: a student in two of them counts twice."""
    kept: int
    """How many of them the filter in force keeps."""
    wanted: Condition | None
    """The condition that says what they have in common; None where none does."""


@dataclass(frozen=True)
class SectionTable:
    """The sections of a district under the filter in force; sections are told by their places."""

    picture: DistrictPicture
    ranks: Ints
    """For each section the first rule that keeps it, `NOT_KEPT` where none does."""
    labels: Sequence[Label] = ()
    """Of what kind each section is; only groups by label need it."""

    def line(self, place: int) -> SectionLine:
        """Return one section as it is shown."""
        rank = int(self.ranks[place])
        return SectionLine(
            self.picture.view(place), int(self.picture.listed[place]), None if rank == NOT_KEPT else rank
        )

    def schools(self) -> dict[str, str]:
        """Return what the schools that have sections are called, by id."""
        ids, names = self.picture.columns["school_id"].each(), self._shown(Sort.SCHOOL).each()
        return {school_id: name or "" for school_id, name in zip(ids, names, strict=True) if school_id}

    def chosen(self, choice: SectionQuery) -> Ints:
        """Return the sections asked for."""
        found = np.ones(len(self.ranks), dtype=np.bool_)
        if not is_blank(choice.text):
            found &= self._fitting(Condition(field=choice.field, op="contains", value=choice.text))
        if choice.school:
            found &= np.array([one == choice.school for one in self.picture.columns["school_id"].each()])
        if choice.kept is not None:
            found &= (self.ranks < NOT_KEPT) == choice.kept
        return np.flatnonzero(found).astype(np.int32)

    def page(
        self, sections: Ints, sort: Sort, after: PagePosition | None, limit: int
    ) -> tuple[list[SectionLine], PagePosition | None]:
        """Return some of these sections, in order from behind a place, and the place to read on from."""
        order = self._ordered(sort)
        if after is not None:
            begin = (_key(sort, after.value), after.id)
            order = order[bisect_right(order, begin, key=partial(self._place, sort)) :]
        wanted = np.zeros(len(self.ranks), dtype=np.bool_)
        wanted[sections] = True
        found = order[wanted[order]]
        lines = [self.line(place) for place in found[:limit]]
        following = PagePosition(_value(lines[-1], sort), lines[-1].id) if len(found) > limit else None
        return lines, following

    def groups(self, sections: Ints, by: Grouping) -> list[SectionGroup]:
        """Return these sections in groups, the largest first; by label needs `labels`."""
        keys = self._keys(by)
        members: dict[str, list[int]] = {}
        for place in sections.tolist():
            members.setdefault(keys[place], []).append(place)
        groups = [self._group(key, np.array(of, dtype=np.int32), by) for key, of in members.items()]
        return sorted(groups, key=lambda group: (-len(group.sections), group.title.casefold(), group.key))

    def rule(self, group: SectionGroup) -> tuple[Condition | None, int]:
        """Return the condition that keeps all of a group, and how many sections it keeps besides.

        None and 0 where no single condition keeps all of it.
        """
        if group.wanted is None:
            return None, 0
        fitting = self._fitting(group.wanted)
        if not fitting[group.sections].all():
            return None, 0
        return group.wanted, int(fitting.sum()) - len(group.sections)

    def _group(self, key: str, sections: Ints, by: Grouping) -> SectionGroup:
        first = self.line(sections[0])
        if by is Grouping.LABEL:
            label = self.labels[sections[0]]
            title, condition = str(label), _label_condition(label)
        else:
            title, condition = first.shown(by), _field_condition(first, by)
        listed, kept = self.picture.listed[sections].sum(), (self.ranks[sections] < NOT_KEPT).sum()
        return SectionGroup(key, title, sections, int(listed), int(kept), condition)

    def _fitting(self, condition: Condition) -> Bools:
        return holds(condition, self.picture.columns)

    def _keys(self, by: Grouping) -> list[str]:
        """Return for each section what tells its group from the others."""
        if by is Grouping.LABEL:
            if len(self.labels) != len(self.ranks):
                raise ValueError("labels were not worked out")
            return [label_key(label) for label in self.labels]
        if by is Grouping.SCHOOL:
            return [school_id or "" for school_id in self.picture.columns["school_id"].each()]
        column = self._shown(by)
        values = [*column.values, ""]  # a blank has the last place
        return [values[code] for code in column.codes.tolist()]

    def _shown(self, name: str) -> SectionColumn:
        """Return what stands in a column of the table: a name, or an id where there is none."""
        first, *others = SHOWN.get(name, (name,))
        column = self.picture.columns[first]
        shown = ColumnBuilder()
        rest = self.picture.columns[others[0]].each() if others else [None] * len(self.ranks)
        for text, other in zip(column.each(), rest, strict=True):
            shown.add(" ".join((text or other or "").split()))
        return shown.build()

    def _place(self, sort: Sort, place: int) -> tuple[Key, str]:
        line = self.line(place)
        return _key(sort, _value(line, sort)), line.id

    def _ordered(self, sort: Sort) -> Ints:
        """Return all sections in order, those that are equal in it by their ids."""
        known = self.picture.orders.get(sort)
        if known is None:
            ids = self.picture.ids
            by_id = np.array(sorted(range(len(ids)), key=ids.__getitem__), dtype=np.int32)
            ranks = -self.picture.listed if sort is Sort.STUDENTS else self._ranked(sort)
            known = by_id[np.argsort(ranks[by_id], kind="stable")]
            self.picture.orders[sort] = known
        return known

    def _ranked(self, sort: Sort) -> Ints:
        column = self._shown(sort)
        keys = [_key(sort, text) for text in (*column.texts, "")]
        ranks = {key: rank for rank, key in enumerate(sorted(set(keys)))}
        ranked: Ints = np.array([ranks[key] for key in keys], dtype=np.int32)[column.text_codes]
        return ranked


def label_key(label: Label) -> str:
    """Return what tells a kind of section from the others, whether its term runs or not."""
    return f"{label.kind} {folded(label.text)}"


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
