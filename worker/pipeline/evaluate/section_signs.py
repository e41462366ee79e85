"""What sections tell of students in none of them or in several, where it is not for the section filter."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from worker.domain.review.causes.facts import Sign, TermState
from worker.domain.review.causes.former_classes import FormerClass, FormerClassFate
from worker.domain.review.causes.new_classes import NewClass
from worker.domain.review.causes.new_homes import NewHome
from worker.domain.roster.section_filter import SectionFilter


@dataclass(frozen=True, slots=True)
class SectionSigns:
    """Sections that tell why students are in none or in several, where it is not for the filter."""

    term_states: Mapping[str, TermState] = field(default_factory=dict)
    """Sections of students in none: of current terms, and those that would count if theirs was current."""
    of_unknown_terms: Mapping[str, str] = field(default_factory=dict)
    """Kept sections whose term is not known or has no days, with the id of that term."""
    alike: Mapping[tuple[str, ...], Sign] = field(default_factory=dict)
    """Sets of kept sections with the same students: co-taught, or doubled."""
    students_with_two_ids: Collection[str] = ()
    """Students who are there under an old id and a new one."""
    former: Sequence[tuple[FormerClass, Mapping[bool, FormerClassFate]]] = ()
    """Former classes of students in none; the fate of each for those whom it lists (True), and for others."""
    new_classes: Collection[str] | None = None
    """Kept sections of students in several that were no classes in the last commit; None: not asked."""
    schools_of_classes: Mapping[str, str] = field(default_factory=dict)
    """Kept sections of students in several, each with its school; empty where all are of one school."""
    news: Mapping[str, NewClass] = field(default_factory=dict)
    """What those sections are."""
    homes: Mapping[str, NewHome] = field(default_factory=dict)
    """New sections that list students in none, and nobody who has one, each with why it is not kept."""
    offers: Sequence[SectionFilter] = ()
    """Filters that would keep those."""


NO_SIGNS: Final = SectionSigns()
