"""Section filters that are worth a try in any district, and what they keep."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from worker.domain.filter import (
    KEEP_ALL,
    Condition,
    FilterField,
    Operator,
    Rule,
    SectionFilter,
    SectionView,
    counted,
    rank,
)
from worker.domain.records import RecordId, Section
from worker.pages import JsonObject
from worker.sandbox.district import District


@dataclass(frozen=True, slots=True)
class Candidate:
    """A filter, and what a person calls it."""

    label: str
    section_filter: SectionFilter


class Coverage(NamedTuple):
    """How many students a filter leaves with exactly one section, with none, with several."""

    exactly_one: int
    none: int
    several: int

    @property
    def total(self) -> int:
        """All students in scope."""
        return sum(self)

    @property
    def is_complete(self) -> bool:
        """Whether there are students, and each has exactly one section."""
        return 0 < self.exactly_one == self.total


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a candidate on the whole district."""

    candidate: Candidate
    coverage: Coverage


def _rule(name: FilterField, op: Operator, value: str) -> Rule:
    return Rule(all=(Condition(field=name, op=op, value=value),))


_HOMEROOM: Final = _rule("name", "contains", "homeroom")
_ADVISORY: Final = _rule("name", "contains", "advisory")
_SUBJECT: Final = _rule("subject", "is", "homeroom/advisory")
_PERIOD: Final = _rule("period", "is", "1")

BY_SUBJECT: Final = Candidate('subject is "homeroom/advisory"', SectionFilter(rules=(_SUBJECT,)))
"""The obvious one: Clever has a subject for it."""
CANDIDATES: Final = (
    Candidate("no filter: every section counts", KEEP_ALL),
    Candidate('name contains "homeroom"', SectionFilter(rules=(_HOMEROOM,))),
    BY_SUBJECT,
    Candidate('name contains "advisory"', SectionFilter(rules=(_ADVISORY,))),
    Candidate('period is "1"', SectionFilter(rules=(_PERIOD,))),
    Candidate(
        'subject is "english/language arts"',
        SectionFilter(rules=(_rule("subject", "is", "english/language arts"),)),
    ),
    Candidate(
        'name contains "homeroom", else period "1"',
        SectionFilter(strategy="first_match", rules=(_HOMEROOM, _PERIOD)),
    ),
    Candidate(
        'subject is "homeroom/advisory", else period "1"',
        SectionFilter(strategy="first_match", rules=(_SUBJECT, _PERIOD)),
    ),
)
"""Simpler ones first: of two that do equally well, the first is the better."""


def best(trials: Sequence[Trial]) -> Trial:
    """Return the trial that leaves most students with exactly one section; the first of several."""
    return max(trials, key=lambda trial: trial.coverage.exactly_one)


def kept_sections(district: District, section_filter: SectionFilter) -> dict[RecordId, int]:
    """Return the sections that a candidate keeps, each with the rule that keeps it."""
    ranks = {
        RecordId(section["id"]): rank(section_filter, SectionView(_section(section)), date.min)
        for section in district.records("sections")
    }
    return {section: rule for section, rule in ranks.items() if rule is not None}


def leftovers(district: District, section_filter: SectionFilter) -> dict[str, list[tuple[str, int]]]:
    """Return, by grade, the students without exactly one section that counts, and how many each has."""
    kept = kept_sections(district, section_filter)
    left: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for student in district.students():
        ranks = {
            RecordId(one): kept[RecordId(one)] for one in district.sections_of(student["id"]) if one in kept
        }
        count = len(counted(section_filter.strategy, ranks))
        if count != 1:
            left[student["roles"]["student"].get("grade") or "(none)"].append((student["id"], count))
    return dict(left)


def _section(record: JsonObject) -> Section:
    """Return a raw section as far as the candidates read it: they ask for no course, school or term."""
    name, subject, period = (record.get(text) or None for text in ("name", "subject", "period"))
    return Section(RecordId(record["id"]), name=name, subject=subject, period=period)
