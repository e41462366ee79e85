"""Which sections a filter keeps, ranked in columns; and which of their fields a trial needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.domain.roster.days import day_in
from worker.domain.roster.records import RecordId, RecordKind, School, Section
from worker.domain.roster.section_filter import SectionFilter, beside
from worker.domain.roster.terms import TermCalendar
from worker.domain.roster.texts import is_blank
from worker.operations.trial.snapshot import TrialSnapshot
from worker.suggest.columns import NOT_KEPT, OF_FIELD, Bools, ColumnBuilder, SectionColumn, ranks

_FIELD_BESIDE: Final = {
    "school": "school_id",
    "term": "term_id",
    "course_name": "course_id",
    "course_number": "course_id",
}
"""The columns that are not the section's own, by the field of the section that names the other record."""

Names = Mapping[str, Mapping[str, str | None]]
"""For each of these columns what it says of the other record, by that one's id."""


@dataclass(frozen=True, slots=True)
class RankedSections:
    """The sections that a filter keeps, those of the earliest rule first, with its rule and their schools."""

    ids: Sequence[str]
    ranks: Sequence[int]
    schools: Sequence[str | None]


async def keep_sections(
    snapshot: TrialSnapshot, section_filter: SectionFilter, schools: Sequence[School]
) -> RankedSections:
    """Return the sections that the filter keeps on the day of the snapshot."""
    wanted = _columns_of(section_filter)
    own = {_FIELD_BESIDE.get(name, name) for name in wanted} | {"school_id", "term_id"}
    found = await snapshot.sections(own)
    texts = {name: _without_blanks(texts) for name, texts in found.texts.items()}
    current = await _current(snapshot, section_filter, texts, len(found.ids))
    names = await _names(snapshot, section_filter, schools)
    columns = {name: _column(name, texts, names) for name in wanted}
    found_ranks = ranks(section_filter, columns, current)
    places = np.argsort(found_ranks, kind="stable")[: int((found_ranks < NOT_KEPT).sum())].tolist()
    return RankedSections(
        [found.ids[place] for place in places],
        found_ranks[places].tolist(),
        [texts["school_id"][place] for place in places],
    )


def _columns_of(section_filter: SectionFilter) -> set[str]:
    fields = {condition.field for rule in section_filter.rules for condition in rule.all}
    return {name for field in fields for name in OF_FIELD.get(field, (field,))}


def _without_blanks(texts: Sequence[str | None]) -> Sequence[str | None]:
    blanks = {text for text in set(texts) if text is not None and is_blank(text)}
    return [None if text in blanks else text for text in texts] if blanks else texts


def _column(name: str, texts: Mapping[str, Sequence[str | None]], names: Names) -> SectionColumn:
    builder = ColumnBuilder()
    if name in names:
        called = names[name]
        for other in texts[_FIELD_BESIDE[name]]:
            builder.add(called.get(other or ""))
    else:
        for text in texts[name]:
            builder.add(text)
    return builder.build()


async def _names(snapshot: TrialSnapshot, section_filter: SectionFilter, schools: Sequence[School]) -> Names:
    kinds = beside(section_filter)
    courses = await snapshot.courses() if RecordKind.COURSE in kinds else []
    terms = (await snapshot.terms()).all() if RecordKind.TERM in kinds else []
    return {
        "school": {school.id: school.name for school in schools},
        "term": {term.id: term.name for term in terms},
        "course_name": {course.id: course.name for course in courses},
        "course_number": {course.id: course.number for course in courses},
    }


async def _current(
    snapshot: TrialSnapshot,
    section_filter: SectionFilter,
    texts: Mapping[str, Sequence[str | None]],
    number: int,
) -> Bools:
    """Return for each section whether its term counts; True for all where that is no matter."""
    if not section_filter.current_term_only:
        return np.ones(number, dtype=np.bool_)
    calendar = await calendar_of(snapshot)
    terms = {term.id: term for term in (await snapshot.terms()).all()}
    pairs = list(zip(texts["school_id"], texts["term_id"], strict=True))
    counts = {
        (school, term): calendar.counts(
            Section(
                RecordId(""),
                school_id=RecordId(school) if school else None,
                term_id=RecordId(term) if term else None,
            ),
            terms.get(RecordId(term)) if term else None,
        )
        for school, term in set(pairs)
    }
    return np.array([counts[pair] for pair in pairs], dtype=np.bool_)


async def calendar_of(snapshot: TrialSnapshot) -> TermCalendar:
    """Return which terms count on the district's day."""
    policy = snapshot.state.policy
    today = day_in(policy.time_zone, snapshot.now)
    return (await snapshot.terms()).calendar(today, policy.term_grace_days)
