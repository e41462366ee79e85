"""Grades as schools write them: which year of school is meant."""

from __future__ import annotations

import re
from typing import Final

from worker.domain.roster.texts import folded

_WORDS: Final = {
    "k": 0,
    "kg": 0,
    "kindergarten": 0,
    "kinder": 0,
    "prekindergarten": -1,
    "pk": -1,
    "prek": -1,
    "first": 1,
    "second": 2,
    "third": 3,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
    "eleventh": 11,
    "twelfth": 12,
}
_NUMBER: Final = re.compile(r"0*(\d{1,2})(st|nd|rd|th)?")
_DIGITS: Final = re.compile(r"[0-9]+")
_NOUN: Final = "grade"


def grade_number(text: str | None) -> int | None:
    """Return the year of school that a grade means, 0 for Kindergarten; None where it means none.

    "3", "03", "3rd", "Grade 3" and "Third Grade" are all 3.
    """
    plain = folded(text or "").replace("-", "").removeprefix(_NOUN).removesuffix(_NOUN)
    if plain in _WORDS:
        return _WORDS[plain]
    number = _NUMBER.fullmatch(plain)
    return int(number[1]) if number else None


def is_written_with(text: str | None, number: int) -> bool:
    """Whether the year of school is the one number in a text that means no grade otherwise, as in "G03"."""
    return [int(found) for found in _DIGITS.findall(text or "")] == [number]


def grade_order(grade: str) -> tuple[bool, int, str]:
    """Return a key that puts grades in the order of school years, those that mean none last."""
    number = grade_number(grade)
    return number is None, number or 0, grade
