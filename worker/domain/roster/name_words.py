"""Words of section and course names, and of people's names; see `worker.domain.roster.public_words`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

from worker.domain.roster.texts import fold

_RUNS: Final = re.compile(r"[^\W\d_]+|\d+")
_VOWELS: Final = re.compile("[aeiouáéíóú]")
LEAST_CONSONANTS: Final = 4
"""Letters that a word has without its vowels: of a shorter one, what is left may be anything."""

HOMEROOM_WORDS: Final = frozenset(
    {
        *("homeroom", "homerooms", "hmrm", "hmroom", "homerm", "hr", "hrm", "hmr", "hroom", "homeclass"),
        *("advisory", "advisories", "advisement", "advisor", "adviser", "advise", "advis"),
        *("attendance", "attendence", "att", "attn", "attnd", "atnd", "attd", "atten", "rollcall"),
        *("morningmeeting", "morningcircle", "circletime"),
        *("hogar", "salonhogar", "tutoria", "registro"),
        *("homebase", "homegroup", "tutorgroup", "crew", "mentorgroup", "mentoring", "registration"),
    }
)
"""Words, single or written apart as two, without accents, for the one class that every student has."""
HOMEROOM_SUBJECT: Final = "homeroom/advisory"
"""Clever's subject for them."""
SURNAMES: Final = frozenset({"crew", "hr", "mentoring", "registration"})
"""Those among them that a person may be called, so that they are public only if no teacher is."""


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """Return the runs of letters and the runs of digits of a text, in order, without case."""
    return tuple(_RUNS.findall(fold(text)))


def word_spans(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Return a text folded, and where in it each of its `words` stands."""
    found = fold(text)
    return found, [run.span() for run in _RUNS.finditer(found)]


@lru_cache(maxsize=65_536)
def is_homeroom(phrase: str) -> bool:
    """Whether a word or two of them, with or without white space, mean the class that every student has.

    A word may be shortened: "advsry" is an advisory.
    """
    word = plain("".join(phrase.split()))
    return word in HOMEROOM_WORDS or shortened_from(word, _HOMEROOMS_BY_CONSONANTS) is not None


def by_consonants(full: Iterable[str]) -> dict[str, list[str]]:
    """Return words by what is left of them without vowels, for `shortened_from`; short ones are left out."""
    found: dict[str, list[str]] = {}
    for word in sorted(full):
        consonants = _without_vowels(word)
        if len(consonants) >= LEAST_CONSONANTS:
            found.setdefault(consonants, []).append(word)
    return found


def shortened_from(word: str, full: Mapping[str, Sequence[str]]) -> str | None:
    """Return the word of which this one leaves out vowels behind the first letter and nothing else."""
    among = full.get(_without_vowels(word), ()) if len(word) >= LEAST_CONSONANTS else ()
    return next((one for one in among if len(word) < len(one) and _is_part(word, one)), None)


def _without_vowels(word: str) -> str:
    return word[:1] + _VOWELS.sub("", word[1:])


def _is_part(word: str, full: str) -> bool:
    """Whether the letters of a word stand in the full one in their order."""
    letters = iter(full)
    return all(letter in letters for letter in word)


_HOMEROOMS_BY_CONSONANTS: Final = by_consonants(HOMEROOM_WORDS)


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
