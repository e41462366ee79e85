"""What became of the class that a student had in the last commit, where the student is in no class now.

`former_class_fate` is pure: it compares the class as it was committed with its section as it is staged, and
asks the section filter which of the differences matters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from worker.domain.roster.name_words import is_homeroom, words
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import School, Section, Term
from worker.domain.roster.section_filter import SectionFilter, SectionView, matching_rule
from worker.domain.roster.terms import TermCalendar
from worker.domain.roster.texts import folded, is_blank
from worker.domain.roster.written import runs_as_written

MOST_KIND_WORDS: Final = 3
"""Words of a section's name that a sentence tells as its kind."""


CLOSED_SHARE: Final = 2
"""Of a class that is gone: if one of its students is placed for so many who are not, the school closed it."""
BLANK: Final = "blank"
"""The value of a field that has none."""


class Loss(StrEnum):
    """Why a class of the last commit is no class of its students now."""

    UNSHARED = "unshared"
    """Its section is gone from what is shared."""
    CLOSED = "closed"
    """Its section is gone, and others of its students are in other classes of the school."""
    REPLACED = "replaced"
    """Its section is gone, and one with the same SIS ID or the same name lists the students instead."""
    CHANGED = "changed"
    """Its section lists them still, and has another name, term, subject, period, grade or course."""
    FILTER_CHANGED = "filter_changed"
    """Its section is as it was and lists them; the filter is another one than that of the last commit."""
    EMPTY_LIST = "empty_list"
    """Its section is shared and lists no student at all."""
    TAKEN_OUT = "taken_out"
    """Its section is shared and lists other students."""
    SPLIT = "split"
    """Its section is shared and lists others; a new one with the same SIS ID or name lists the student."""
    TERM_OVER = "term_over"
    """Its section is as it was and lists them; its term is not current."""


@dataclass(frozen=True, slots=True)
class FormerClassFate:
    """One thing that happened to classes; of a change, which field, and the old and the new kind or value.

    `was` and `now` are public words (see `worker.domain.roster.public_words`), or "" where there are none.
    """

    loss: Loss
    field: str = ""
    was: str = ""
    now: str = ""
    day: date | None = None
    """Of another term: the day on which it begins, or ended."""

    def __lt__(self, other: FormerClassFate) -> bool:
        """Order fates by their text, so that there is one order of causes."""
        return str(self) < str(other)


@dataclass(frozen=True, slots=True)
class FormerClass:
    """A class of the last commit whose students, or some of them, are in no class now."""

    committed: Section
    """As far as a commit tells a class: neither its students nor its course."""
    students: int
    """Students of it who are in no class now."""
    still_listed: int
    """How many of them its section still lists."""
    staged: SectionView | None
    """Its section as it is shared now; None where it is gone."""
    term: Term | None = None
    school: School | None = None
    """The term and the school that it had in the commit, as they are staged now."""
    listed: int = 0
    """Students whom that section lists."""
    replacement: SectionView | None = None
    """Another section with the same SIS ID or name that lists the students now, and was no class."""
    placed: int = 0
    """Of a class whose section is gone: how many others of it are in another class of their school now."""

    @property
    def is_closed(self) -> bool:
        """Whether so many of its other students have another class that the school must have closed it."""
        return self.placed * CLOSED_SHARE >= self.students


@dataclass(frozen=True, slots=True)
class FilterInForce:
    """What the fate of a former class is judged by."""

    section_filter: SectionFilter
    is_new: bool
    """Whether it is another version than that of the last commit."""
    calendar: TermCalendar


def fates_of(
    former: FormerClass, in_force: FilterInForce, vocabulary: Vocabulary
) -> dict[bool, FormerClassFate]:
    """Return what became of a former class for the students whom its section lists (True), and for others.

    Only for those that there are.
    """
    having = {True: former.still_listed, False: former.students - former.still_listed}
    return {
        is_listed: former_class_fate(former, in_force, vocabulary, is_listed=is_listed)
        for is_listed, students in having.items()
        if students
    }


def former_class_fate(
    former: FormerClass, in_force: FilterInForce, vocabulary: Vocabulary, *, is_listed: bool
) -> FormerClassFate:
    """Return what became of a former class for those of its students whom its section lists, or does not."""
    if former.staged is None:
        if former.replacement is None:
            loss = Loss.CLOSED if former.is_closed else Loss.UNSHARED
            return FormerClassFate(loss, was=_kind(former.committed, vocabulary))
        change = _change(former, former.replacement, in_force, vocabulary)
        return replace(change, loss=Loss.REPLACED) if change.loss is Loss.CHANGED else change
    if not is_listed and former.listed and former.replacement is not None:
        return replace(_change(former, former.replacement, in_force, vocabulary), loss=Loss.SPLIT)
    if not is_listed:
        return FormerClassFate(Loss.TAKEN_OUT if former.listed else Loss.EMPTY_LIST)
    return _change(former, former.staged, in_force, vocabulary)


def _change(
    former: FormerClass, now: SectionView, in_force: FilterInForce, vocabulary: Vocabulary
) -> FormerClassFate:
    """Return which difference takes a section out of the filter: the first that alone would bring it back."""
    section_filter, calendar = in_force.section_filter, in_force.calendar
    differing = [name for name in _TELLING if _differs(name, former.committed, now.section)]
    counts = not section_filter.current_term_only or calendar.counts(now.section, now.term)
    if matching_rule(section_filter, now) is not None and not counts:
        if "term_id" in differing:
            return _in_another_term(now, calendar.today)
        return FormerClassFate(Loss.TERM_OVER)
    for names in (*((name,) for name in differing), differing):
        if names and matching_rule(section_filter, _with(now, former, names)) is not None:
            if names[0] == "term_id":
                return _in_another_term(now, calendar.today)
            return _changed(names[0], former.committed, now.section, vocabulary)
    if in_force.is_new:
        return FormerClassFate(Loss.FILTER_CHANGED)
    return _not_told(section_filter, now, vocabulary)


_TELLING: Final = ("name", "subject", "period", "grade", "term_id", "school_id", "sis_id")
"""Fields of a section that a commit tells and a filter reads, the most telling first."""


def _not_told(section_filter: SectionFilter, now: SectionView, vocabulary: Vocabulary) -> FormerClassFate:
    """Return what must have changed where all that a commit tells of a class is as it was.

    That is a field which a commit does not tell, or tells by the ID of a record that has changed itself.
    """
    used = {condition.field for rule in section_filter.rules for condition in rule.all}
    course, values = now.course, dict[str, str | None]()
    if used & {"course_name", "course_number"}:
        by_number = "course_number" in used
        values["course"] = (course.number if by_number else course.name) if course else None
    if "section_number" in used:
        values["section_number"] = now.section.section_number
    if "term" in used:
        values["term name"] = now.term.name if now.term else None
    if "school" in used:
        values["school name"] = now.school.name if now.school else None
    for name, value in values.items():
        return FormerClassFate(Loss.CHANGED, name, "", public_value(value, None, vocabulary))
    return FormerClassFate(Loss.CHANGED)


def _in_another_term(now: SectionView, today: date) -> FormerClassFate:
    term = now.term
    if term is None:
        return FormerClassFate(Loss.CHANGED, "term")
    day = term.start if term.start and term.start > today else term.end
    return FormerClassFate(Loss.CHANGED, "term", "", " ".join((term.name or "").split()), day)


def _differs(name: str, committed: Section, now: Section) -> bool:
    return folded(getattr(committed, name) or "") != folded(getattr(now, name) or "")


def _with(view: SectionView, former: FormerClass, names: Sequence[str]) -> SectionView:
    """Return the section as it is now, but for some fields as they were."""
    section = replace(view.section, **{name: getattr(former.committed, name) for name in names})
    return SectionView(
        section,
        view.course,
        former.school if "school_id" in names else view.school,
        former.term if "term_id" in names else view.term,
    )


def _changed(name: str, committed: Section, now: Section, vocabulary: Vocabulary) -> FormerClassFate:
    if name in ("school_id", "sis_id"):
        return FormerClassFate(Loss.CHANGED, name)
    shown = kind_of_name if name == "name" else public_value
    was, is_now = getattr(committed, name), getattr(now, name)
    return FormerClassFate(Loss.CHANGED, name, shown(was, is_now, vocabulary), shown(is_now, was, vocabulary))


def _kind(committed: Section, vocabulary: Vocabulary) -> str:
    """Return what kind of class it was: a word of its name that means homeroom, or else its subject."""
    named = next(filter(is_homeroom, vocabulary.public_words(committed.name or "")), "")
    return named or (public_value(committed.subject, None, vocabulary) if committed.subject else "")


_Shown = Callable[[str | None, str | None, Vocabulary], str]


def kind_of_name(name: str | None, other: str | None, vocabulary: Vocabulary) -> str:
    """Return the first public words of a name that the other name does not have, as they are written."""
    others = set(vocabulary.public_words(other or ""))
    telling = [
        place
        for place, word in enumerate(words(name or ""))
        if word not in others and vocabulary.is_public(word)
    ]
    return next(iter(runs_as_written(name or "", telling[:MOST_KIND_WORDS])), "")


def public_value(value: str | None, _: str | None, vocabulary: Vocabulary) -> str:
    """Return a value as a sentence tells it: "" of one that is not public."""
    if not value or is_blank(value):
        return BLANK
    return " ".join(value.split()) if vocabulary.is_public_text(value) else ""
