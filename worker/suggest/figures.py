"""What a person needs to tell a class from physical education: how many, how large, and who teaches them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from worker.suggest.columns import Bools
from worker.suggest.conditions import Part, atoms
from worker.suggest.example_name import example_name
from worker.suggest.exclusions import Sitting
from worker.suggest.rule_sets import RuleSet
from worker.suggest.schools import seats
from worker.suggest.survey import Survey

MOST_STUDENTS: Final = 1000
"""That other rules are tried on, spread evenly over the district."""
MOST_TOLD: Final = 12
"""Other rules that are listed; the rest is counted."""
NEARLY: Final = 0.005
"""Of the students: a rule that gives so few less counts as well."""
_FIELDS: Final = frozenset({"subject", "name", "course_name", "period"})


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """The sections that a suggestion keeps and students in scope sit in; how many students each has."""

    sections: int
    smallest: int
    median: int
    largest: int
    teachers: int
    """Known or not; 0 where no section has one."""
    example: str | None = None
    """How most of the sections are called, without what may be a person's; None if nothing is left."""

    def to_json(self) -> Mapping[str, int | str | None]:
        """Return it as it stands in a suggestion."""
        return asdict(self)


def class_figures(survey: Survey, one: RuleSet) -> ClassFigures:
    """Return the figures of the sections that a draft keeps."""
    listed = np.bincount(survey.edge_section, minlength=survey.sections)
    kept: Bools = np.logical_or.reduce(one.kept) & (listed > 0)
    sizes = np.sort(listed[kept])
    teachers = {each for place in np.unique(survey.section_teachers[kept]) for each in survey.teachers[place]}
    if not len(sizes):
        return ClassFigures(0, 0, 0, 0, len(teachers))
    example = example_name(survey.columns["name"], kept, survey.vocabulary)
    smallest, median, largest = (int(sizes[place]) for place in (0, len(sizes) // 2, -1))
    return ClassFigures(len(sizes), smallest, median, largest, len(teachers), example)


@dataclass(frozen=True)
class _Rule:
    value: str
    mask: Bools
    single: int


class OtherRules:
    """The rules of one condition that give students of a sample exactly one section."""

    def __init__(self, survey: Survey) -> None:
        step = max(1, survey.students // MOST_STUDENTS)
        self._students = np.arange(0, survey.students, step, dtype=np.int32)
        sections, sizes = seats(survey, self._students)
        self._local, places = np.unique(sections, return_inverse=True)
        part = Part(survey, self._local.astype(np.int32), np.bincount(places, minlength=len(self._local)))
        owners = np.repeat(np.arange(len(sizes)), sizes)
        sitting = Sitting(places.astype(np.int32), owners, len(sizes))
        self._rules = [
            _Rule(str(atom.condition.value), atom.mask, sitting.single(atom.mask))
            for atom in atoms(part, len(sizes))
            if atom.condition.field in _FIELDS and atom.condition.op in ("is", "contains")
        ]

    def as_good_as(self, one: RuleSet) -> list[str]:
        """Return the public words of other rules that count as well as a draft, the best first."""
        kept: Bools = np.logical_or.reduce(one.kept)[self._local]
        least = int((one.places[self._students] == 1).sum()) - NEARLY * len(self._students)
        found: dict[bytes, _Rule] = {kept.tobytes(): _Rule("", kept, 0)}
        for rule in sorted(self._rules, key=lambda rule: -rule.single):
            if rule.single and rule.single >= least:
                found.setdefault(rule.mask.tobytes(), rule)
        return list(dict.fromkeys(rule.value for rule in found.values() if rule.value))
