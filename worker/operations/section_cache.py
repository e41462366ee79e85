"""The sections of the districts that somebody looks through: read once, and kept while they are true.

A table is that of one batch and one day; once a district was evaluated again, or purged, it is read anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import Final
from weakref import WeakKeyDictionary

from worker.domain.review.causes.labels import ConcernedSection, Label, label_sections
from worker.domain.review.section_table import SectionTable
from worker.domain.roster.name_words import name_words
from worker.operations.section_queries import ReadSections, Seats, SectionViews, TableMoment

MOST_SECTIONS: Final = 400_000
"""Of all tables that a process keeps: about 1 kB each."""
MOST_DISTRICTS: Final = 8
MOST_COUNTS: Final = 20
"""Of one table that are kept: for each grouping, and the last searches."""


class SectionCache:
    """The tables of a few districts; `views` is where they, and students, are read."""

    def __init__(
        self, views: SectionViews, *, most_sections: int = MOST_SECTIONS, most_districts: int = MOST_DISTRICTS
    ) -> None:
        self.views = views
        self._most_sections = most_sections
        self._most_districts = most_districts
        self._kept: OrderedDict[str, tuple[TableMoment, ReadSections, SectionTable]] = OrderedDict()

        self._counted: WeakKeyDictionary[SectionTable, dict[int, list[Seats]]] = WeakKeyDictionary()

    async def of(self, district_id: str, *, labelled: bool = False) -> SectionTable:
        """Return a district's table as of its last batch, with labels where they are asked for.

        Raises `UnknownDistrictError` and `StoreUnavailable`.
        """
        moment = await self.views.moment(district_id)
        known = self._kept.get(district_id)
        if known is None or known[0] != moment:
            read = await self.views.read(district_id)
            known = read.moment, read, SectionTable(read.lines)
            self._keep(district_id, known)
        self._kept.move_to_end(district_id)
        _, read, table = known
        if labelled and table.labels is None:
            names = await self.views.teacher_names(district_id)
            table.labels = await asyncio.to_thread(_labels, read, names)
        return table

    async def seats(
        self, district_id: str, table: SectionTable, groups: Sequence[Collection[str]]
    ) -> list[Seats]:
        """Return what each group of a table's sections alone would give; counted once for one table."""
        key = hash(tuple(tuple(group) for group in groups))
        counted = self._counted.setdefault(table, {})
        if key not in counted:
            counted[key] = await self.views.seats(district_id, groups)
            while len(counted) > MOST_COUNTS:
                del counted[next(iter(counted))]
        return counted[key]

    def _keep(self, district_id: str, known: tuple[TableMoment, ReadSections, SectionTable]) -> None:
        self._kept[district_id] = known
        self._kept.move_to_end(district_id)
        while len(self._kept) > 1 and (len(self._kept) > self._most_districts or self._are_too_many()):
            self._kept.popitem(last=False)

    def _are_too_many(self) -> bool:
        return sum(len(table.lines) for _, _, table in self._kept.values()) > self._most_sections


def _labels(read: ReadSections, names: Mapping[str, tuple[str | None, ...]]) -> list[Label]:
    """Return of what kind each section is, by the words that stand for no teacher."""
    concerned = [
        ConcernedSection(
            id=line.id,
            name=line.view.section.name,
            subject=line.view.section.subject,
            course=line.view.course.name if line.view.course else None,
            period=line.view.section.period,
            grade=line.view.section.grade,
            term=line.view.term,
            teachers=line.view.section.teachers,
            school_id=line.view.section.school_id,
        )
        for line in read.lines
    ]
    teacher_words = name_words(name for both in names.values() for name in both)
    labels = label_sections(concerned, teacher_words, names.keys(), read.calendar)
    return [labels[line.id] for line in read.lines]
