"""Which words of a district's section and course names are public: those that cannot be a teacher's name.

Clever makes section names of course, teacher's last name and period, so that a name is a person's data, but
most of its words are not. A word is public if it is a word of schools, or if sections of several schools and
many teachers have it. A word of a known teacher's name is not public, whatever else it means. A word that is
not of schools is not public either if it is a frequent name, follows a title, or is where other sections have
teachers' names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Final, TypeAlias

from worker.domain.roster.name_words import HOMEROOM_WORDS, SURNAMES, is_homeroom, plain, words

MANY_SCHOOLS: Final = 3
"""Schools whose sections must have a word that is not of schools, for it to be public."""
MANY_TEACHERS: Final = 6
"""Teachers of those sections: two substitutes do not make the name of the teacher who left public."""
SHORT_FOR_ATTENDANCE: Final = frozenset({"ada"})
"""Average daily attendance, which is a first name as well: public at one school, if of many teachers."""
SHORTEST: Final = 2
"""Letters of a word that says anything; one alone may be an initial."""
NAMING_PERCENT: Final = 20
"""Of the words at one place of texts that are not of schools: if so many are names, the others are, too."""
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
        return len(self.schools) >= MANY_SCHOOLS and self.have_many_teachers

    @property
    def have_many_teachers(self) -> bool:
        return len(self.teachers) >= MANY_TEACHERS

    def add(self, school: str | None, teachers: Collection[str]) -> None:
        if not self.are_many:
            self.schools.add(school)
            self.teachers.update(teachers)


@dataclass(slots=True)
class _NamePlace:
    """A place of texts: how many have a word there that is not of schools, how many a known teacher's."""

    texts: int = 0
    naming: int = 0
    words: set[str] = field(default_factory=set)

    @property
    def is_for_names(self) -> bool:
        return self.naming * 100 >= self.texts * NAMING_PERCENT > 0


@dataclass(frozen=True, slots=True)
class _KnownText:
    """A text that was added: the carriers of its words, and its places, with whether each names a teacher."""

    carriers: Sequence[_Carriers]
    places: Sequence[tuple[_NamePlace, bool]]


@dataclass(slots=True)
class Vocabulary:
    """The words of a district's sections, added one section after another; then asked which are public."""

    teacher_words: Collection[str]
    """Every word of every teacher's name; see `worker.domain.roster.name_words.name_words`."""
    _carriers: dict[str, _Carriers] = field(default_factory=lambda: defaultdict(_Carriers))
    _places: dict[Place, _NamePlace] = field(default_factory=lambda: defaultdict(_NamePlace))
    _titled: set[str] = field(default_factory=set)
    _texts: dict[str, _KnownText] = field(default_factory=dict)
    _asked: dict[str, bool] = field(default_factory=dict)
    """What was answered since the last text was added."""

    def add(self, text: str, school: str | None, teachers: Collection[str], *, knows_one: bool) -> None:
        """Take a text of a section, with its school, all who teach it, and whether we know one by name.

        Where we know none, the section says nothing about whose name its words are.
        """
        if self._asked:
            self._asked = {}
        known = self._texts.get(text)
        if known is None:
            known = self._texts[text] = self._read(text)
        for place, is_naming in known.places:
            place.texts += 1
            place.naming += is_naming
        if knows_one:
            for carriers in known.carriers:
                carriers.add(school, teachers)

    def _read(self, text: str) -> _KnownText:
        said = words(text)
        self._titled.update(following for one, following in pairwise(said) if one in TITLES)
        others = [(place, word) for place, word in _placed(said) if not _is_of_schools(word)]
        for place, word in others:
            self._places[place].words.add(word)
        return _KnownText(
            [self._carriers[word] for word in set(said) if word.isalpha() and not _is_of_schools(word)],
            [(self._places[place], self._is_of_teacher(word)) for place, word in others],
        )

    def is_public(self, word: str) -> bool:
        """Whether the word is public: letters only, and no name."""
        known = self._asked.get(word)
        if known is None:
            known = self._asked[word] = self._is_public(word)
        return known

    def _is_public(self, word: str) -> bool:
        if plain(word) in HOMEROOM_WORDS and (word not in SURNAMES or word not in self.teacher_words):
            return True
        if len(word) < SHORTEST or not word.isalpha() or self._is_of_teacher(word):
            return False
        if _is_of_schools(word) or is_homeroom(word):
            return True
        carriers = self._carriers.get(word)
        if carriers is None:
            return False
        if word in SHORT_FOR_ATTENDANCE:
            return carriers.have_many_teachers and word not in self._titled
        return carriers.are_many and not self._may_be_a_name(word)

    def public_words(self, text: str) -> list[str]:
        """Return the public words of a text, in their order."""
        return [word for word in words(text) if self.is_public(word)]

    def is_public_text(self, text: str) -> bool:
        """Whether a whole text is public. One letter or a number is no name; two letters may be initials."""
        said = [word for word in words(text) if word not in ORDINALS and not word.isdigit()]
        letters = "".join(word for word in said if len(word) == 1)
        are_initials = len(letters) > 1 and not (_are_days(letters) or self.is_public(letters))
        return not are_initials and all(len(word) == 1 or self.is_public(word) for word in said)

    def _is_of_teacher(self, word: str) -> bool:
        return word in self.teacher_words or plain(word) in self.teacher_words

    def _may_be_a_name(self, word: str) -> bool:
        """Whether it is a frequent name, or is where these sections have their teachers' names."""
        if plain(word) in common_names() or word in self._titled:
            return True
        return any(place.is_for_names and word in place.words for place in self._places.values())


def _is_of_schools(word: str) -> bool:
    return word in school_words() or plain(word) in school_words()


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
