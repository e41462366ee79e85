"""What sections are that came, or changed, since the last commit: beside classes, or in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from worker.domain.review.causes.labels import ConcernedSection
from worker.domain.review.causes.new_classes import NewClass, new_classes
from worker.domain.review.causes.new_homes import NewHome, home_of, with_homes
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import RecordId
from worker.domain.roster.section_filter import SectionFilter, SectionView
from worker.domain.roster.terms import TermCalendar
from worker.pipeline.evaluate.unit_of_work import Evaluation
from worker.suggest.lesson_words import Says, of_subject

_CLASSES: Final = Says.HOMEROOM | Says.CLASS | Says.ROOM
_NO_CLASSES: Final = Says.IDLE | Says.SPECIAL | Says.HELP


async def what_new_classes_are(
    evaluation: Evaluation,
    concerned: Sequence[ConcernedSection],
    filter_fields: Sequence[str],
    vocabulary: Vocabulary,
) -> dict[str, NewClass]:
    """Return what the kept sections of students in several are that were no classes in the last commit."""
    found = [section for section in concerned if not section.was_class]
    if not any(section.is_changed for section in found):
        return {}
    added = [section.id for section in found if section.is_changed and section.before is None]
    others = await evaluation.kept_texts(added) if added else []
    names = {term.id: term.name or "" for term in (await evaluation.terms()).all()}
    return new_classes(
        concerned, filter_fields, others, vocabulary, lambda term: names.get(RecordId(term), "")
    )


async def new_homes(
    evaluation: Evaluation, section_filter: SectionFilter, calendar: TermCalendar, vocabulary: Vocabulary
) -> tuple[dict[str, NewHome], list[SectionFilter]]:
    """Return why new sections are not kept that list students in none, and filters that would keep them."""
    homes: dict[str, NewHome] = {}
    views: dict[NewHome, list[SectionView]] = {}
    for view in await evaluation.new_homes():
        home = home_of(view, section_filter, calendar, vocabulary)
        if home is not None and _may_be_a_class(view):
            homes[view.section.id] = home
            views.setdefault(home, []).append(view)
    return homes, with_homes(section_filter, views, vocabulary)


def _may_be_a_class(view: SectionView) -> bool:
    """Whether the name does not say that it is a club, a break, a special or some help."""
    says = of_subject(view.section.name or "")
    return bool(says & _CLASSES) or not says & _NO_CLASSES


def by_what_they_are(found: Mapping[str, NewClass]) -> dict[NewClass, list[str]]:
    """Return the sections by what they are, in order."""
    return {what: sorted(one for one in found if found[one] == what) for what in set(found.values())}


def by_reason(found: Mapping[str, NewHome]) -> dict[NewHome, list[str]]:
    """Return the new sections by why they are not kept, in order."""
    return {why: sorted(one for one in found if found[one] == why) for why in set(found.values())}
