"""What a rule means, as far as its words tell: a class that every student has, or something that only counts.

Many rules give every student one section by chance, since every student has one mathematics class, or one in
the first period. A rule that says "homeroom" is better than one of those even where it counts a little worse.
"""

from __future__ import annotations

from enum import IntEnum
from itertools import pairwise
from typing import Final

from worker.domain.roster.name_words import is_homeroom, words
from worker.domain.roster.section_filter import Condition
from worker.domain.roster.texts import fold


class Meaning(IntEnum):
    """From what every student has one of by purpose to what he has one of by chance."""

    HOMEROOM = 0
    CLASS = 1
    SUBJECT = 2
    NUMBER = 3


WEIGHTS: Final = {Meaning.HOMEROOM: 0.0, Meaning.CLASS: 0.02, Meaning.SUBJECT: 0.045, Meaning.NUMBER: 0.06}
"""Of the students that a rule places: by so much more must it place to come before one of homerooms."""

_CLASS_WORDS: Final = frozenset(
    {
        "class",
        "classroom",
        "grade",
        "contained",
        "selfcontained",
        "core",
        "kindergarten",
        "elementary",
        "group",
    }
    | {"team", "house", "family", "pod", "base", "mentor", "tutor", "cohort", "form"}
)
_SUBJECT_OF_HOMEROOMS: Final = ("homeroom", "advisory")
_NUMBERS: Final = frozenset({"period", "grade"})


def meaning(condition: Condition) -> Meaning:
    """Return what a condition that must hold means; one that must not hold means nothing by itself."""
    text = str(condition.value)
    if condition.field == "subject":
        says = any(word in fold(text) for word in _SUBJECT_OF_HOMEROOMS)
        return Meaning.HOMEROOM if says else Meaning.SUBJECT
    if condition.field in _NUMBERS:
        return Meaning.NUMBER
    said = words(text)
    phrases = {*said, *(first + second for first, second in pairwise(said))}
    if any(is_homeroom(phrase) for phrase in phrases):
        return Meaning.HOMEROOM
    if phrases & _CLASS_WORDS:
        return Meaning.CLASS
    if condition.field == "section_number" or not any(word.isalpha() for word in said):
        return Meaning.NUMBER
    return Meaning.SUBJECT
