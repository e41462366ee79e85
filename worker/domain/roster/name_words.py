"""Words of section and course names: which of them say what a section is, and which say who teaches it.

Clever makes section names of course, teacher's last name and period, so that a name is a person's data, but
most of its words are not. A word is public if it stands for no teacher: it is in no name of a teacher of the
district, and the sections that carry it do not all belong to one teacher (whom we may not know by name).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from worker.domain.roster.texts import fold

_RUNS: Final = re.compile(r"[^\W\d_]+|\d+")

HOMEROOM_WORDS: Final = frozenset(
    {
        *("homeroom", "homerooms", "hmrm", "homerm", "hr", "hrm"),
        *("advisory", "advisories", "advisement", "advisor", "adviser", "advise", "advis"),
        *("homebase", "homegroup", "tutorgroup", "crew", "mentorgroup", "mentoring", "registration"),
    }
)
"""Words, single or written apart as two, that schools use for the one class that every student has."""
SURNAMES: Final = frozenset({"crew", "hr", "mentoring", "registration"})
"""Those among them that a person may be called, so that they are public only where nobody is."""
SHORTEST: Final = 2
"""Letters of a word that says anything; one alone may be an initial."""


@lru_cache(maxsize=65_536)
def words(text: str) -> tuple[str, ...]:
    """Return the runs of letters and the runs of digits of a text, in order, without case."""
    return tuple(_RUNS.findall(fold(text)))


def is_homeroom(phrase: str) -> bool:
    """Whether a word or two of them, with or without white space, mean the class that every student has."""
    return "".join(phrase.split()) in HOMEROOM_WORDS


@dataclass(slots=True)
class Vocabulary:
    """The words of a district's sections, told one section after another; then asked which are public."""

    teacher_words: Collection[str]
    """Every word of every teacher's name; see `name_words`."""
    _teachers: dict[str, frozenset[str]] = field(default_factory=dict)
    _vouched: set[str] = field(default_factory=set)

    def add(self, text: str, teachers: Collection[str], *, knows_one: bool) -> None:
        """Take a section's name with the ids of all who teach it, and whether we know one of them by name.

        Where we know none, the section says nothing about whose name its words are.
        """
        if not knows_one:
            return
        for word in set(words(text)):
            common = self._teachers.get(word)
            self._teachers[word] = frozenset(teachers) if common is None else common & frozenset(teachers)

    def vouch(self, text: str) -> None:
        """Take the name of a course or a subject, in which no teacher's name stands."""
        self._vouched.update(words(text))

    def is_public(self, word: str) -> bool:
        """Whether the word may be told: letters only, and of no teacher's name."""
        if word in HOMEROOM_WORDS and (word not in SURNAMES or word not in self.teacher_words):
            return True
        if len(word) < SHORTEST or not word.isalpha():
            return False
        if plain(word) in self.teacher_words:
            return False
        return word in self._vouched or self._teachers.get(word) == frozenset()


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
