"""The verdict of a filter in a generated district: does it give students their classes, or just a number?"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.support.districts.habits.habit import District
from tests.support.districts.habits.placing import coverage
from worker.domain.roster.section_filter import SectionFilter

TOLERATED: Final = 0.02
"""Share of the students with exactly one section whose section may be another than the class.

Data is rough: a student or two in a hundred is misplaced at the district, and has a wrong section by a right
rule. A rule that takes something else for the class does so for a whole group at least, and no group is
smaller than this share of the small districts in which meaning decides.
"""


class Verdict(StrEnum):
    """What a filter is worth."""

    FOUND = "found"
    """As many students as by the known best filter have exactly one section, and it is their class."""
    SHORT = "short"
    """Fewer have, and what they have is their class."""
    MEANS_NOTHING = "means nothing"
    """Students have exactly one section that is not their class."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """A verdict with what it rests on."""

    verdict: Verdict
    right: int
    """Students whose only section is their class."""
    wrong: int
    """Students whose only section is not."""
    share: float
    """Share of the students in scope with exactly one section."""


def judge(district: District, section_filter: SectionFilter | None) -> Judgment:
    """Judge a filter beside the best one that is known; None: nothing was suggested.

    Where no filter is known, to suggest nothing is right, and so is a filter that gives nothing but classes.
    """
    known = district.best or district.partial
    best = Judgment(Verdict.FOUND, 0, 0, 0) if known is None else _counted(district, known)
    if section_filter is None:
        found = Judgment(Verdict.SHORT, 0, 0, 0)
    else:
        found = best if section_filter == known else _counted(district, section_filter)
    if found.wrong > TOLERATED * (found.right + found.wrong):
        verdict = Verdict.MEANS_NOTHING
    elif found.right >= best.right and found.share >= best.share:
        verdict = Verdict.FOUND
    else:
        verdict = Verdict.SHORT
    return Judgment(verdict, found.right, found.wrong, found.share)


def _counted(district: District, section_filter: SectionFilter) -> Judgment:
    placed = district.placements(section_filter)
    single = [(student, sections[0]) for student, sections in placed.items() if len(sections) == 1]
    right = sum(section in district.classes[student] for student, section in single)
    return Judgment(Verdict.SHORT, right, len(single) - right, coverage(placed).share)
