"""What the sections of a survey are, one by one, as far as their texts tell: homerooms, lessons, lunch.

A rule is worth what the sections are that it keeps, whatever it says itself: "huddle" is no word for a class
that anybody lists, but where every huddle is filed as a homeroom, it is one.
"""

from __future__ import annotations

from collections import defaultdict
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.name_words import is_homeroom, words
from worker.suggest.columns import BLANK, Bools, SectionColumn
from worker.suggest.lesson_words import NOTHING, Says, of_subject, said
from worker.suggest.survey import Survey

FREQUENT: Final = 3
"""Sections whose name has a word for homerooms and one for a lesson: fewer are teachers' names."""
MOST_CLASSES: Final = 2.5
"""Sections called a class for each student of a school: with more of them, the word tells nothing there."""
MOST_AT_ODDS: Final = 0.5
"""Of a section's students: so many have a homeroom beside the one that has a lesson's word in its name."""
Flags = npt.NDArray[np.int32]


class Kind(IntEnum):
    """What a section is, from what every student has one of by purpose to what is no class."""

    HOMEROOM = 0
    CLASS = 1
    UNKNOWN = 2
    ROOM = 3
    READING = 4
    MATH = 5
    CORE = 6
    HELP = 7
    SPECIAL = 8
    IDLE = 9


def kinds(survey: Survey) -> npt.NDArray[np.int8]:
    """Return for each section what it is."""
    name, homeroom_in_name = _read(survey, "name")
    course, _ = _read(survey, "course_name")
    number, _ = _read(survey, "course_number")
    coded = _codes(survey, "section_number") | _codes(survey, "period") | (number & Says.HOMEROOM)
    subject = _subjects(survey)
    lesson = name | course | np.where(name | course, 0, number)
    home = ((name | course | coded) & Says.HOMEROOM) > 0
    at_odds = home & homeroom_in_name
    rules = (
        (Kind.IDLE, ((lesson & Says.IDLE) > 0) & (~home | at_odds)),
        (Kind.SPECIAL, ((lesson & Says.SPECIAL) > 0) & (~home | at_odds)),
        (Kind.HOMEROOM, home & ~at_odds),
        (Kind.HELP, (lesson & Says.HELP) > 0),
        (Kind.ROOM, (lesson & Says.ROOM) > 0),
        (Kind.READING, (lesson & Says.READING) > 0),
        (Kind.MATH, (lesson & Says.MATH) > 0),
        (Kind.CORE, (lesson & Says.CORE) > 0),
        (Kind.HOMEROOM, (subject & Says.HOMEROOM) > 0),
        (Kind.SPECIAL, (subject & (Says.SPECIAL | Says.IDLE)) > 0),
        (Kind.CLASS, (lesson & Says.CLASS) > 0),
        (Kind.HELP, (subject & Says.HELP) > 0),
        (Kind.READING, (subject & Says.READING) > 0),
        (Kind.MATH, (subject & Says.MATH) > 0),
        (Kind.CORE, (subject & Says.CORE) > 0),
    )
    found = np.full(survey.sections, Kind.UNKNOWN, dtype=np.int8)
    for kind, holds in reversed(rules):
        found[holds] = kind
    found[_in_vain(survey, found == Kind.CLASS)] = Kind.UNKNOWN
    return found


def _in_vain(survey: Survey, called: Bools) -> Bools:
    """Return which of the sections that are called a class are so at schools that call everything so."""
    seats = np.bincount(survey.edge_section, minlength=survey.sections) * called
    size = len(survey.schools) + 1
    of_school = np.bincount(survey.section_school + 1, weights=seats, minlength=size)
    students = np.bincount(survey.student_school + 1, minlength=size)
    in_vain: Bools = called & (of_school > MOST_CLASSES * students)[survey.section_school + 1]
    return in_vain


def _read(survey: Survey, name: str) -> tuple[Flags, Bools]:
    """Return what the texts of a column say, and where a word for homerooms stands with another's lesson."""
    column = survey.columns[name]
    texts = [said(text) for text in column.texts]
    flags = _spread(column, [_all(one) for one in texts])
    doubtful = {
        place
        for place, one in enumerate(texts)
        if any(word in survey.vocabulary.teacher_words for word, _ in one)
    }
    if doubtful:
        for section in np.flatnonzero(np.isin(column.text_codes, list(doubtful))).tolist():
            called = survey.called(section)
            of = texts[column.text_codes[section]]
            flags[section] = _all(tuple(one for one in of if one[0] not in called))
    return flags, _at_odds(survey, column, texts, flags)


def _at_odds(
    survey: Survey, column: SectionColumn, texts: list[tuple[tuple[str, Says], ...]], flags: Flags
) -> Bools:
    """Return where a name says homeroom and, as others do, a lesson: "HR Library" is not the homeroom."""
    lessons = Says.SPECIAL | Says.IDLE | Says.READING | Says.MATH | Says.CORE | Says.HELP
    both = [_all(one) for one in texts]
    mixed = {place for place, says in enumerate(both) if says & Says.HOMEROOM and says & lessons}
    at_odds = np.zeros(survey.sections, dtype=np.bool_)
    if not mixed:
        return at_odds
    having: dict[tuple[int, str], list[int]] = defaultdict(list)
    for section in np.flatnonzero(np.isin(column.text_codes, list(mixed))).tolist():
        if flags[section] & Says.HOMEROOM and flags[section] & lessons:
            for word, says in texts[column.text_codes[section]]:
                if says & lessons:
                    having[int(survey.section_school[section]), word].append(section)
    for sections in having.values():
        if len(sections) >= FREQUENT:
            at_odds[sections] = True
    return at_odds & _have_another(survey, at_odds, (flags & Says.HOMEROOM) > 0)


def _have_another(survey: Survey, at_odds: Bools, homerooms: Bools) -> Bools:
    """Return the sections most of whose students sit in a homeroom that says nothing else."""
    has_plain = np.repeat(survey.counts(homerooms & ~at_odds) > 0, np.diff(survey.starts))
    seats = np.bincount(survey.edge_section, minlength=survey.sections)
    having = np.bincount(survey.edge_section, weights=has_plain, minlength=survey.sections)
    another: Bools = (seats > 0) & (having >= MOST_AT_ODDS * seats)
    return another


def _codes(survey: Survey, name: str) -> Flags:
    """Return where the letters of a code mean homeroom."""
    column = survey.columns[name]
    return _spread(
        column, [Says.HOMEROOM if any(map(_is_home, words(text))) else NOTHING for text in column.texts]
    )


def _is_home(word: str) -> bool:
    return is_homeroom(word) or any(says is Says.HOMEROOM for _, says in said(word))


def _subjects(survey: Survey) -> Flags:
    column = survey.columns["subject"]
    return _spread(column, [of_subject(text) for text in column.texts])


def _all(found: tuple[tuple[str, Says], ...]) -> Says:
    says = NOTHING
    for _, one in found:
        says |= one
    return says


def _spread(column: SectionColumn, flags: list[Says]) -> Flags:
    assert BLANK == -1  # noqa: S101 — which is what makes its place the last, where nothing is said
    spread: Flags = np.array([*flags, NOTHING], dtype=np.int32)[column.text_codes]
    return spread
