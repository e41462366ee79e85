"""Which words of a district's section and course names may be told to people: those that name nobody.

Clever makes section names of course, teacher's last name and period, so that a name is a person's data, but
most of its words are not. A word is told only if it is a word of schools, or if sections of several schools
and many teachers have it. Even then it is not told if anybody may be called so: a teacher whom we know or
whose sections the names of other teachers stand on, or many people in the country.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final, TypeAlias

from worker.domain.roster.name_words import HOMEROOM_WORDS, SURNAMES, plain, words

MANY_SCHOOLS: Final = 3
"""Schools whose sections have a word that is no word of schools, for it to be told."""
MANY_TEACHERS: Final = 6
"""Teachers of those sections: of two who have a third one's sections, neither makes her name a word."""
SHORTEST: Final = 2
"""Letters of a word that says anything; one alone may be an initial."""
NAMING_PERCENT: Final = 20
"""Of the words at one place of texts that are none of schools: where so many are names, the others are."""
ORDINALS: Final = frozenset({"st", "nd", "rd", "th"})
DAYS: Final = frozenset("abcdefgh")
"""Letters that name the days of a rotation."""
WEEKDAYS: Final = frozenset("mtwrfsu")
WEEKDAYS_LEAST: Final = 3
"""Letters of weekdays: of fewer, each may be an initial."""
TITLES: Final = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "coach", "sr", "sra", "señor", "señora"})
"""What comes before somebody's name."""

Place: TypeAlias = tuple[int, bool]
"""Where a word is in a text: so many words from its start, or from its end."""
MOST_PLACES: Final = 3
"""Places from either end of a text where a name is looked for."""


@cache
def school_words() -> frozenset[str]:
    """Return the words of US schools, with and without accents."""
    return _listed("school_words.txt")


@cache
def common_names() -> frozenset[str]:
    """Return last and first names that many people have."""
    return _listed("common_names.txt")


def _listed(file: str) -> frozenset[str]:
    text = resources.files(__package__).joinpath(file).read_text(encoding="utf-8")
    found = {word for line in text.splitlines() if not line.startswith("#") for word in line.split()}
    return frozenset(found | set(map(plain, found)))


@dataclass(slots=True)
class _Carriers:
    """The schools and teachers of the sections that have a word, up to as many as matter."""

    schools: set[str | None] = field(default_factory=set)
    teachers: set[str] = field(default_factory=set)

    @property
    def are_many(self) -> bool:
        return len(self.schools) >= MANY_SCHOOLS and len(self.teachers) >= MANY_TEACHERS

    def add(self, school: str | None, teachers: Collection[str]) -> None:
        if not self.are_many:
            self.schools.add(school)
            self.teachers.update(teachers)


@dataclass(slots=True)
class _NamePlace:
    """A place of texts: how many have a word there that is none of schools, how many a known teacher's."""

    texts: int = 0
    naming: int = 0
    words: set[str] = field(default_factory=set)

    @property
    def is_for_names(self) -> bool:
        return self.naming * 100 >= self.texts * NAMING_PERCENT > 0


@dataclass(slots=True)
class Vocabulary:
    """The words of a district's sections, told one section after another; then asked which may be told."""

    teacher_words: Collection[str]
    """Every word of every teacher's name; see `worker.domain.roster.name_words.name_words`."""
    _carriers: dict[str, _Carriers] = field(default_factory=lambda: defaultdict(_Carriers))
    _places: dict[Place, _NamePlace] = field(default_factory=lambda: defaultdict(_NamePlace))
    _titled: set[str] = field(default_factory=set)

    def add(self, text: str, school: str | None, teachers: Collection[str], *, knows_one: bool) -> None:
        """Take a text of a section, with its school, all who teach it, and whether we know one by name.

        Where we know none, the section says nothing about whose name its words are.
        """
        said = words(text)
        for one, following in pairwise(said):
            if one in TITLES:
                self._titled.add(following)
        for place, word in _placed(said):
            if word not in school_words():
                known = self._places[place]
                known.words.add(word)
                known.texts += 1
                known.naming += self._is_of_teacher(word)
        if knows_one:
            for word in set(said):
                self._carriers[word].add(school, teachers)

    def may_tell(self, word: str) -> bool:
        """Whether the word may be told: letters only, and nobody's name."""
        if word in HOMEROOM_WORDS and (word not in SURNAMES or word not in self.teacher_words):
            return True
        if len(word) < SHORTEST or not word.isalpha() or self._is_of_teacher(word):
            return False
        if word in school_words():
            return True
        carriers = self._carriers.get(word)
        return carriers is not None and carriers.are_many and not self._may_be_a_name(word)

    def may_tell_text(self, text: str) -> bool:
        """Whether a whole text may be told. One letter or a number is nobody's name; two may be initials."""
        said = [word for word in words(text) if word not in ORDINALS and not word.isdigit()]
        letters = "".join(word for word in said if len(word) == 1)
        are_initials = len(letters) > 1 and not (_are_days(letters) or self.may_tell(letters))
        return not are_initials and all(len(word) == 1 or self.may_tell(word) for word in said)

    def _is_of_teacher(self, word: str) -> bool:
        return word in self.teacher_words or plain(word) in self.teacher_words

    def _may_be_a_name(self, word: str) -> bool:
        """Whether it is a name in the country, or stands where these sections have their teachers' names."""
        if plain(word) in common_names() or word in self._titled:
            return True
        return any(place.is_for_names and word in place.words for place in self._places.values())


def _are_days(letters: str) -> bool:
    """Whether letters are those of a rotation, as in the period 1(A-B), or at least three weekdays."""
    return DAYS.issuperset(letters) or (len(letters) >= WEEKDAYS_LEAST and WEEKDAYS.issuperset(letters))


def _placed(said: tuple[str, ...]) -> Iterator[tuple[Place, str]]:
    """Yield the words at either end, numbers left out: a room or a period after a name does not move it."""
    letters = [word for word in said if word.isalpha()]
    for number, word in enumerate(letters[:MOST_PLACES]):
        yield (number, True), word
    for number, word in enumerate(letters[: -MOST_PLACES - 1 : -1]):
        yield (number, False), word
