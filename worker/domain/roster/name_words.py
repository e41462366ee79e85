"""Words of section and course names, and of people's names; see `worker.domain.roster.public_words`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from worker.domain.roster.texts import fold

_RUNS: Final = re.compile(r"[^\W\d_]+|\d+")

HOMEROOM_WORDS: Final = frozenset(
    {
        *("homeroom", "homerooms", "hmrm", "hmroom", "homerm", "hr", "hrm"),
        *("advisory", "advisories", "advisement", "advisor", "adviser", "advise", "advis"),
        *("attendance", "att", "rollcall", "morningmeeting", "morningcircle", "circletime"),
        *("hogar", "salonhogar", "salónhogar", "tutoria", "tutoría", "registro"),
        *("homebase", "homegroup", "tutorgroup", "crew", "mentorgroup", "mentoring", "registration"),
    }
)
"""Words, single or written apart as two, that schools use for the one class that every student has."""
HOMEROOM_SUBJECT: Final = "homeroom/advisory"
"""Clever's subject for them."""
SURNAMES: Final = frozenset({"crew", "hr", "mentoring", "registration"})
"""Those among them that a person may be called, so that they are public only if no teacher is."""


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """Return the runs of letters and the runs of digits of a text, in order, without case."""
    return tuple(_RUNS.findall(fold(text)))


def is_homeroom(phrase: str) -> bool:
    """Whether a word or two of them, with or without white space, mean the class that every student has."""
    return "".join(phrase.split()) in HOMEROOM_WORDS


def plain(word: str) -> str:
    """Return the word without accents: a section may be called Perez where its teacher is called Pérez."""
    if word.isascii():
        return word
    apart = unicodedata.normalize("NFD", word)
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def name_words(names: Iterable[str | None]) -> set[str]:
    """Return the words of people's names, with and without accents, and those of double names as one."""
    found: set[str] = set()
    for name in names:
        if name:
            parts = words(name)
            found.update(parts)
            found.add("".join(parts))
    return found | {plain(word) for word in found}
