"""New sections that list students in no class, and nobody who has one: why the filter does not keep them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from worker.domain.review.causes.former_classes import BLANK, public_value
from worker.domain.roster.name_words import words
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.section_filter import Condition, Rule, SectionFilter, SectionView, holds, values_of
from worker.domain.roster.terms import TermCalendar
from worker.domain.roster.texts import folded


@dataclass(frozen=True, slots=True, order=True)
class NewHome:
    """Why a new section is not kept: which field a rule reads otherwise, and its value if that is public."""

    field: str = ""
    now: str = ""


def home_of(
    view: SectionView, section_filter: SectionFilter, calendar: TermCalendar, vocabulary: Vocabulary
) -> NewHome | None:
    """Return why a section is not kept, by the rule of which it fails the fewest conditions.

    None where its term is not current: it is for later.
    """
    if section_filter.current_term_only and not calendar.counts(view.section, view.term):
        return None
    failed = min((_failed(rule, view) for rule in section_filter.rules), key=len, default=[])
    if len(failed) != 1:
        return NewHome()
    (condition,) = failed
    if condition.field not in _OF_FEW_VALUES:
        return NewHome(condition.field)
    (value,) = values_of(condition.field, view)
    return NewHome(condition.field, public_value(value, None, vocabulary))


def with_homes(
    section_filter: SectionFilter,
    homes: Mapping[NewHome, Sequence[SectionView]],
    vocabulary: Vocabulary,
) -> list[SectionFilter]:
    """Return filters that keep these new sections as well: by the value that a rule misses, or by a word."""
    rules = list(section_filter.rules)
    for home in sorted(homes):
        if home.field in _OF_FEW_VALUES and home.now not in {"", BLANK}:
            rules = [_widened(rule, home, homes[home]) for rule in rules]
        else:
            rules += _named(homes[home], vocabulary)
    found = section_filter.model_copy(update={"rules": tuple(rules)})
    return [] if found == section_filter else [found]


_OF_FEW_VALUES: Final = frozenset({"grade", "subject", "period"})
"""Fields of which a value can be told, and added to a rule."""


def _failed(rule: Rule, view: SectionView) -> list[Condition]:
    return [one for one in rule.all if not holds(one, view)]


def _widened(rule: Rule, home: NewHome, views: Sequence[SectionView]) -> Rule:
    """Return a rule that takes the value as well, if it is the rule that only misses this."""
    missed = [one for view in views for one in _failed(rule, view) if len(_failed(rule, view)) == 1]
    wanted = [one for one in missed if one.field == home.field and one.op in {"is", "one_of"}]
    if not wanted:
        return rule
    known = (wanted[0].value,) if isinstance(wanted[0].value, str) else tuple(wanted[0].value)
    more = Condition(field=wanted[0].field, op="one_of", value=(*known, home.now))
    return Rule(all=tuple(more if one == wanted[0] else one for one in rule.all))


def _named(views: Sequence[SectionView], vocabulary: Vocabulary) -> Iterator[Rule]:
    """Yield the rule of two public words that all of these sections have, at their school if it is one."""
    pairs = Counter(
        f"{one} {other}"
        for view in views
        for one, other in set(pairwise(words(view.section.name or "")))
        if vocabulary.is_public(one)
        and vocabulary.is_public(other)
        and one + other in folded(view.section.name or "")
    )
    schools = {view.section.school_id for view in views}
    common = [pair for pair, sections in pairs.items() if sections == len(views)]
    if not common or len(schools) != 1 or None in schools:
        return
    name = Condition(field="name", op="contains", value=common[0])
    yield Rule(all=(name, Condition(field="school", op="is", value=str(*schools))))
