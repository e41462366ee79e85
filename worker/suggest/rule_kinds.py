"""What a rule says by itself, as far as its words tell: a class that every student has, or just a number.

What the sections are that it keeps is told by `worker.suggest.evidence`; where these say nothing, the rule
itself is all that there is.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Final

from worker.domain.roster.name_words import words
from worker.domain.roster.public_words import TITLES
from worker.domain.roster.section_filter import Condition
from worker.domain.roster.texts import fold
from worker.suggest.lesson_words import HOME_CODES, NOTHING, Says, of_subject, said


class Meaning(IntEnum):
    """From what every student has one of by purpose to what a student has one of by chance."""

    HOMEROOM = 0
    CLASS = 1
    WORD = 2
    """A word that is of no lesson we know."""
    FIRST = 3
    """The first period, in which attendance is taken."""
    SUBJECT = 4
    NUMBER = 5
    NOTHING = 6
    """It only says what is left out."""


_YEAR_LONG: Final = re.compile(r"\b(year|yr|annual|fy|all year|full)\b|\b(20)?\d\d\s*[-/]\s*(20)?\d\d\b")
_COUNTED: Final = frozenset(
    {
        "period",
        "periods",
        "per",
        "block",
        "blocks",
        "room",
        "rm",
        "hour",
        "mod",
        "day",
        "section",
        "sec",
        "slot",
    }
)
"""Words that stand beside a number, and say nothing without it."""


def meaning(condition: Condition) -> Meaning:
    """Return what a condition that must hold says; one that must not hold says nothing by itself."""
    if condition.op in ("is_not", "not_contains"):
        return Meaning.NOTHING
    text = str(condition.value)
    match condition.field:
        case "subject":
            return Meaning.HOMEROOM if of_subject(text) & Says.HOMEROOM else Meaning.SUBJECT
        case "period":
            return _of_period(text)
        case "grade":
            return Meaning.WORD
        case "term":
            return Meaning.CLASS if is_year_long(text) else Meaning.NUMBER
        case _:
            return _of_words(text)


def is_year_long(name: str) -> bool:
    """Whether a term is called as one that lasts all year, as "Full Year" or "2026-2027" are."""
    return _YEAR_LONG.search(fold(name)) is not None


def _of_period(text: str) -> Meaning:
    spoken = Meaning.HOMEROOM if not HOME_CODES.isdisjoint(words(text)) else _of_words(text)
    if spoken is not Meaning.NUMBER:
        return spoken
    numbers = [int(word) for word in words(text) if word.isdigit() and word.isascii()]
    if numbers and set(numbers) == {0}:
        return Meaning.CLASS
    return Meaning.FIRST if numbers[:1] == [1] else Meaning.NUMBER


@lru_cache(maxsize=16_384)
def _of_words(text: str) -> Meaning:
    says = NOTHING
    for _, one in said(text):
        says |= one
    apart = [word for word in words(text) if word.isalpha()]
    if says & Says.HOMEROOM:
        return Meaning.HOMEROOM
    if says & ~Says.CLASS:
        return Meaning.SUBJECT
    if says or (apart and set(apart) <= TITLES):
        return Meaning.CLASS
    has_number = any(word.isdigit() for word in words(text))
    says_more = any(len(word) > 1 and not (has_number and word in _COUNTED) for word in apart)
    return Meaning.WORD if says_more or not words(text) else Meaning.NUMBER
