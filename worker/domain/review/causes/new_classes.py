"""Kept sections of students in several that were no classes in the last commit: what they are beside those.

Pure: a section is told by whom it lists, whether it was there at the last commit, and what changed of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from worker.domain.review.causes.former_classes import kind_of_name, public_value
from worker.domain.review.causes.labels import ConcernedSection
from worker.domain.roster.name_words import is_homeroom, words
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.section_filter import Condition, FilterField, Rule, SectionFilter
from worker.domain.roster.texts import folded

TAKES_OVER_SHARE: Final = 4
"""Of the students of a new section: if one in so many is in it alone, it is a class of its own."""
SHORTEST: Final = 4
"""Letters of a word that leaves sections out by itself: a shorter one may be a part of anybody's name."""
OF_TERMS: Final = frozenset(
    ("spring", "fall", "autumn", "winter", "semester", "term", "quarter", "trimester")
)
"""Words of parts of a year: what they leave out now are the classes later."""
MOST_CONDITIONS: Final = 3
"""Conditions that a filter gets to leave out what is no class."""


class Beside(StrEnum):
    """What a kept section is that was no class in the last commit."""

    TAKES_OVER = "takes_over"
    """It is new, and the only class of some of its students."""
    LEFT_OUT = "left_out"
    """It is new, all of its students have their class of before, and one condition leaves it out."""
    ADDED = "added"
    """It is new; nothing else is known."""
    CHANGED = "changed"
    """It was there, and the filter keeps it since it changed."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class NewClass:
    """What one section, or several alike, are; of a change the field, of a condition its field and value.

    `was` and `now` are public words, or "" where there are none.
    """

    what: Beside
    field: str = ""
    was: str = ""
    now: str = ""


@dataclass(frozen=True, slots=True)
class KeptText:
    """What conditions may read of a kept section."""

    name: str | None = None
    subject: str | None = None
    period: str | None = None
    school_id: str | None = None


UNKNOWN: Final = NewClass(Beside.UNKNOWN)
_FIELDS: Final[Mapping[str, str]] = {
    "name": "name",
    "subject": "subject",
    "period": "period",
    "grade": "grade",
    "term": "term_id",
    "course_name": "course_id",
    "course_number": "course_id",
    "school": "school_id",
    "section_number": "section_number",
    "sis_id": "sis_id",
}
"""The fields of a filter, and what they are called in a record; the most telling first."""


def new_classes(
    concerned: Sequence[ConcernedSection],
    filter_fields: Collection[str],
    others: Sequence[KeptText],
    vocabulary: Vocabulary,
    term_name: Callable[[str], str],
) -> dict[str, NewClass]:
    """Return what each section is that was no class; `others` are all kept sections but these."""
    found = [section for section in concerned if not section.was_class]
    told = {section.id: _told(section, filter_fields, vocabulary, term_name) for section in found}
    beside = [section for section in found if told[section.id].what is Beside.ADDED and not section.alone]
    for condition, some in _conditions(beside, others, vocabulary):
        now = condition.value if isinstance(condition.value, str) else ""
        told |= {section.id: NewClass(Beside.LEFT_OUT, condition.field, now=now) for section in some}
    return told


def without(section_filter: SectionFilter, found: Collection[NewClass]) -> list[SectionFilter]:
    """Return the filter that leaves out what can be left out; none where nothing can."""
    left_out = sorted({one for one in found if one.what is Beside.LEFT_OUT})
    conditions = tuple(_condition(one.field, one.now) for one in left_out)
    if not conditions or not section_filter.rules:
        return []
    rules = tuple(Rule(all=(*rule.all, *conditions)) for rule in section_filter.rules)
    return [section_filter.model_copy(update={"rules": rules})]


def _told(
    section: ConcernedSection,
    filter_fields: Collection[str],
    vocabulary: Vocabulary,
    term_name: Callable[[str], str],
) -> NewClass:
    if not section.is_changed:
        return UNKNOWN
    if section.before is None:
        is_class = section.alone * TAKES_OVER_SHARE >= section.students
        return NewClass(Beside.TAKES_OVER if is_class else Beside.ADDED)
    for name, key in _FIELDS.items():
        was, now = section.before.get(key), section.record.get(key)
        if name in filter_fields and folded(was or "") != folded(now or ""):
            return _changed(name, was, now, vocabulary, term_name)
    return NewClass(Beside.CHANGED)


def _changed(
    name: str, was: str | None, now: str | None, vocabulary: Vocabulary, term_name: Callable[[str], str]
) -> NewClass:
    match name:
        case "name":
            return NewClass(
                Beside.CHANGED, name, kind_of_name(was, now, vocabulary), kind_of_name(now, was, vocabulary)
            )
        case "term":
            return NewClass(Beside.CHANGED, name, term_name(was or ""), term_name(now or ""))
        case "subject" | "period" | "grade":
            return NewClass(
                Beside.CHANGED, name, public_value(was, None, vocabulary), public_value(now, None, vocabulary)
            )
        case _:
            return NewClass(Beside.CHANGED, name)


def _conditions(
    beside: Sequence[ConcernedSection], others: Sequence[KeptText], vocabulary: Vocabulary
) -> Iterator[tuple[Condition, list[ConcernedSection]]]:
    """Yield conditions that leave out some of these sections and no other kept one, those of most first."""
    waiting = list(beside)
    for _ in range(MOST_CONDITIONS):
        best = _best(waiting, others, vocabulary)
        if best is None:
            return
        condition, some = best
        yield condition, some
        waiting = [section for section in waiting if section not in some]


def _best(
    beside: Sequence[ConcernedSection], others: Sequence[KeptText], vocabulary: Vocabulary
) -> tuple[Condition, list[ConcernedSection]] | None:
    """Return the condition that leaves out most of these sections, and which; names before other fields."""
    by_value: defaultdict[tuple[FilterField, str], list[ConcernedSection]] = defaultdict(list)
    places = Counter[tuple[FilterField, str]]()
    for section in beside:
        for place, key in enumerate(dict.fromkeys(_values(section, vocabulary))):
            by_value[key].append(section)
            places[key] += place
    spared: Mapping[FilterField, frozenset[str]] = {
        "name": frozenset(folded(one.name or "") for one in others),
        "subject": frozenset(folded(one.subject or "") for one in others),
        "school": frozenset(folded(one.school_id or "") for one in others),
        "period": frozenset(folded(one.period or "") for one in others),
    }
    usable = [key for key in by_value if not _is_spared(*key, spared)]
    order = tuple(spared)
    best = min(
        usable,
        key=lambda key: (-len(by_value[key]), order.index(key[0]), places[key], key),
        default=None,
    )
    return None if best is None else (_condition(*best), by_value[best])


def _is_spared(name: FilterField, value: str, spared: Mapping[FilterField, frozenset[str]]) -> bool:
    """Whether a condition on this value would leave out another kept section as well."""
    text = folded(value)
    if name == "name":
        return any(text in one for one in spared[name])
    return text in spared[name]


def _condition(name: str, value: str) -> Condition:
    op = "not_contains" if name == "name" else "is_not"
    return Condition.model_validate({"field": name, "op": op, "value": value})


def _values(section: ConcernedSection, vocabulary: Vocabulary) -> Iterator[tuple[FilterField, str]]:
    """Yield what conditions may name of a section, the most telling first: what means homeroom comes last.

    Of words with a sign between them no condition would find both.
    """
    name = folded(section.name or "")
    public = [word if vocabulary.is_public(word) else "" for word in words(section.name or "")]
    pairs = [(one, other) for one, other in pairwise(public) if one and other and one + other in name]
    for one, other in pairs:
        if not is_homeroom(one) and not is_homeroom(other) and OF_TERMS.isdisjoint((one, other)):
            yield "name", f"{one} {other}"
    for word in public:
        if len(word) >= SHORTEST and not is_homeroom(word) and word not in OF_TERMS:
            yield "name", word
    for one, other in pairs:
        if OF_TERMS.isdisjoint((one, other)):
            yield "name", f"{one} {other}"
    if section.subject and vocabulary.is_public_text(section.subject):
        yield "subject", section.subject
    if section.school_id:
        yield "school", section.school_id
    if section.period and vocabulary.is_public_text(section.period):
        yield "period", section.period
