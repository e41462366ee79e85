"""What the sections of a survey are, one by one, as far as their texts tell: homerooms, lessons, lunch.

A rule is worth what the sections are that it keeps, whatever it says itself: "huddle" is no word for a class
that anybody lists, but where every huddle is filed as a homeroom, it is one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.name_words import by_consonants, is_homeroom, shortened_from, words
from worker.suggest.columns import BLANK, Bools, SectionColumn
from worker.suggest.lesson_words import HOME_CODES, NOTHING, Says, of_subject, said
from worker.suggest.survey import Survey

LESSONS: Final = Says.READING | Says.MATH | Says.CORE | Says.HELP | Says.SPECIAL | Says.IDLE
MORE: Final = LESSONS | Says.ROOM | Says.LINE
"""What a homeroom is not called where its students have a plain one."""
MOST_CLASSES: Final = 2.5
"""Sections called a class for each student of a school: with more of them, the word tells nothing there."""
MOST_OF_PROGRAM: Final = 0.5
"""Of the students of a school: a program for more of them is none, but a line of the report card."""
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


@dataclass(frozen=True)
class TextFlags:
    """What the texts of each section say that it is, as flags of `Says`."""

    lesson: Flags
    """The names of the section and of its course; the course's number where these say nothing."""
    subject: Flags
    is_home: Bools
    """Whether any of them, or the section's number or period, is a word for homerooms."""

    @property
    def is_program(self) -> Bools:
        """Whether a section is called a class of a program, and no lesson."""
        program: Bools = ((self.lesson & Says.ROOM) > 0) & ((self.lesson & LESSONS) == 0)
        return program


def read_texts(survey: Survey) -> TextFlags:
    """Return what the texts of each section say."""
    name, course, number = (_read(survey, column) for column in ("name", "course_name", "course_number"))
    number = _without_titles(survey, number, (name | course) == 0)
    coded = _codes(survey, "section_number") | _codes(survey, "period") | (number & Says.HOMEROOM)
    lesson = _lines_told(survey, name | course | np.where(name | course, 0, number))
    return TextFlags(lesson, _subjects(survey), ((name | course | coded) & Says.HOMEROOM) > 0)


def kinds(survey: Survey, texts: TextFlags) -> npt.NDArray[np.int8]:
    """Return for each section what it is."""
    lesson, subject, home = texts.lesson, texts.subject, texts.is_home
    at_odds = _at_odds(survey, texts)
    rules = (
        (Kind.IDLE, survey.of_other_year),
        (Kind.IDLE, ((lesson & Says.IDLE) > 0) & (~home | at_odds)),
        (Kind.SPECIAL, ((lesson & Says.SPECIAL) > 0) & (~home | at_odds)),
        (Kind.HOMEROOM, home & ~at_odds),
        (Kind.HELP, ((lesson & Says.HELP) > 0) | (at_odds & ((lesson & LESSONS) == 0))),
        (Kind.READING, (lesson & Says.READING) > 0),
        (Kind.MATH, (lesson & Says.MATH) > 0),
        (Kind.CORE, (lesson & Says.CORE) > 0),
        (Kind.HELP, (lesson & Says.LINE) > 0),
        (Kind.ROOM, (lesson & Says.ROOM) > 0),
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


def _at_odds(survey: Survey, texts: TextFlags) -> Bools:
    """Return where a section is called homeroom and something else, and its students have a plain one.

    "HR Library" is not the homeroom of those who have "HR 3A". A school may have a lesson's word in the name
    of every homeroom, as "STEM Homeroom"; then these are the homerooms.
    """
    says_more = (texts.lesson & MORE) > 0
    is_class = ((texts.lesson & Says.CLASS) > 0) & ~says_more
    plain = (texts.is_home & ~says_more) | (is_class & ~_in_vain(survey, is_class))
    has_plain = np.repeat(survey.counts(plain & ~survey.of_other_year) > 0, np.diff(survey.starts))
    seats = np.bincount(survey.edge_section, minlength=survey.sections)
    having = np.bincount(survey.edge_section, weights=has_plain, minlength=survey.sections)
    at_odds: Bools = texts.is_home & says_more & (seats > 0) & (having >= MOST_AT_ODDS * seats)
    return at_odds


def _lines_told(survey: Survey, lesson: Flags) -> Flags:
    """Return the flags, of a program and a line of the report card the one that holds: a line is of all."""
    either = ((lesson & Says.ROOM) > 0) & ((lesson & Says.LINE) > 0)
    is_line = _for_more_than(survey, either, MOST_OF_PROGRAM)
    return lesson & ~np.where(is_line, Says.ROOM, np.where(either, Says.LINE, NOTHING)).astype(np.int32)


def _in_vain(survey: Survey, called: Bools) -> Bools:
    """Return which of the sections that are called a class are so at schools that call everything so."""
    return _for_more_than(survey, called, MOST_CLASSES)


def _for_more_than(survey: Survey, called: Bools, most: float) -> Bools:
    """Return which of these sections are at schools where they have more seats for each student than this."""
    seats = np.bincount(survey.edge_section, minlength=survey.sections) * called
    size = len(survey.schools) + 1
    of_school = np.bincount(survey.section_school + 1, weights=seats, minlength=size)
    students = np.bincount(survey.student_school + 1, minlength=size)
    found: Bools = called & (of_school > most * students)[survey.section_school + 1]
    return found


def _read(survey: Survey, name: str) -> Flags:
    """Return what the texts of a column say, without what are words of the teacher's name."""
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
    return flags


def _without_titles(survey: Survey, number: Flags, unsaid: Bools) -> Flags:
    """Return what courses' numbers say, without what only shortens a title that says nothing.

    LNCH07 is no lunch, but the number of a launch; MUS07 is the number of Mustang Time.
    """
    titles, codes = survey.columns["course_name"], survey.columns["course_number"]
    doubtful = np.flatnonzero((number > 0) & unsaid & (titles.text_codes != BLANK))
    found = number.copy()
    known: dict[tuple[int, int], Says] = {}
    for section in doubtful.tolist():
        pair = int(titles.text_codes[section]), int(codes.text_codes[section])
        if pair not in known:
            title, code = titles.texts[pair[0]], codes.texts[pair[1]]
            known[pair] = _all(tuple(one for one in said(code) if not _shortens(one[0], title)))
        found[section] = known[pair]
    return found


def _shortens(code: str, title: str) -> bool:
    """Whether the letters of a code are the first ones of a word of the title, or the word without vowels."""
    apart = [word for word in words(title) if word != code]
    is_start = any(word.startswith(code) for word in apart)
    return is_start or shortened_from(code, by_consonants(apart)) is not None


def _codes(survey: Survey, name: str) -> Flags:
    """Return where the letters of a code mean homeroom."""
    column = survey.columns[name]
    return _spread(
        column, [Says.HOMEROOM if any(map(_is_home, words(text))) else NOTHING for text in column.texts]
    )


def _is_home(word: str) -> bool:
    return word in HOME_CODES or is_homeroom(word) or any(says is Says.HOMEROOM for _, says in said(word))


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
