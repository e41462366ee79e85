"""The single conditions that some sections give rise to: their subjects, periods, words of their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.name_words import is_homeroom, words
from worker.domain.roster.public_words import TITLES, Vocabulary
from worker.domain.roster.section_filter import Condition, FilterField, Operator
from worker.domain.roster.texts import folded
from worker.suggest.columns import BLANK, Bools, Ints
from worker.suggest.phrases import is_fuller, is_usable_word, may_stand, phrases, signed_phrases
from worker.suggest.rule_kinds import Meaning, meaning
from worker.suggest.survey import Survey
from worker.suggest.wording import sharable

LEAST_SHARE: Final = 0.004
"""Of the students: a value that concerns fewer of them makes no rule."""
MOST_VALUES: Final = 24
"""Values of one field that make conditions, those with the most students."""
MOST_WORDS: Final = 60
"""Words of one field, the same way; words that mean homeroom are always among them."""
MOST_SIGNED: Final = 24
"""Words with their signs, of one field."""
NEGATIVES: Final = 12
"""Conditions that must not hold, of each field."""
_NAMES: Final[tuple[FilterField, ...]] = ("name", "course_name")
_VALUES: Final[tuple[FilterField, ...]] = ("subject", "period", "grade", "section_number", "term")
_OF_NOBODY: Final[frozenset[FilterField]] = frozenset({"school", "term"})
"""Fields that hold no person's name."""
SUBJECTS: Final = frozenset(
    {
        *("english/languagearts", "math", "science", "socialstudies", "language", "homeroom/advisory"),
        *("interventions/onlinelearning", "technologyandengineering", "peandhealth", "artsandmusic", "other"),
    }
)
"""Clever's own subjects, as they are compared: nobody's names, whatever teachers are called."""
LONGEST_VALUE: Final = 200
"""Characters of a value, or a word, that anybody would write into a rule."""


@dataclass(frozen=True)
class CandidateCondition:
    """A condition, the sections of a part of the survey where it holds, and what it means."""

    condition: Condition
    meaning: Meaning
    mask: Bools

    @property
    def is_negative(self) -> bool:
        """Whether it only takes away."""
        return self.condition.op in ("is_not", "not_contains")

    @property
    def standing(self) -> tuple[int, bool, bool]:
        """What orders conditions that hold for the same sections, the better ones first."""
        said = Meaning.WORD if self.meaning is Meaning.SUBJECT else self.meaning
        return said, not self.in_clever, not is_fuller(str(self.condition.value))

    @cached_property
    def in_clever(self) -> bool:
        """Whether Clever's sharing rules can say it."""
        return sharable(self.condition)


@dataclass(frozen=True)
class Part:
    """Some sections of a survey, each with the number of seats that students of interest have in it."""

    survey: Survey
    sections: Ints
    seats: npt.NDArray[np.int64]

    def column(self, name: str) -> Texts:
        """Return one field of these sections."""
        column = self.survey.columns[name]
        codes, places = np.unique(column.value_of[column.text_codes[self.sections]], return_inverse=True)
        return Texts(
            [column.values[code] if code != BLANK else "" for code in codes],
            [column.spellings[code] if code != BLANK else "" for code in codes],
            places.astype(np.int32),
            np.bincount(places, weights=self.seats, minlength=len(codes)).astype(np.float64),
        )


@dataclass(frozen=True)
class Texts:
    """One field of some sections: each text once, as it is compared and as it is spelled; blanks are ""."""

    values: list[str]
    spellings: list[str]
    places: Ints
    """For each section the place of its text."""
    seats: npt.NDArray[np.float64]
    """The seats of the sections that have each text."""

    def most(self, least: float) -> Iterator[int]:
        """Yield the places of texts with at least so many seats, the most first, and none of blanks."""
        for place in np.argsort(-self.seats, kind="stable"):
            if self.seats[place] < least:
                return
            if self.values[place]:
                yield int(place)

    def containing(self, wanted: str) -> Bools:
        """Return for each section whether its text has this in it."""
        return np.array([wanted in value for value in self.values], dtype=np.bool_)[self.places]

    def beginning(self, wanted: str) -> Bools:
        """Return for each section whether its text begins so."""
        return np.array([value.startswith(wanted) for value in self.values], dtype=np.bool_)[self.places]


def atoms(part: Part, students: int) -> list[CandidateCondition]:
    """Return the conditions worth a try for `students` who sit in the sections of a part."""
    least = max(1.0, students * LEAST_SHARE)
    return _telling(part, least, _all(part, least))


def with_signs(part: Part, students: int, found: list[CandidateCondition]) -> list[CandidateCondition]:
    """Return these conditions, and others with the signs that stand beside words."""
    least = max(1.0, students * LEAST_SHARE)
    signed = (atom for name in _NAMES for atom in _signed(part, name, least))
    return _telling(part, least, (*found, *signed))


def _telling(part: Part, least: float, atoms: Iterable[CandidateCondition]) -> list[CandidateCondition]:
    found: dict[bytes, CandidateCondition] = {}
    for atom in atoms:
        if part.seats[atom.mask].sum() < least:
            continue
        key = atom.mask.tobytes() + bytes([atom.is_negative])
        best = found.get(key)
        # Of several that hold for the same sections, keep the one that says most, and that Clever knows.
        if best is None or atom.standing < best.standing:
            found[key] = atom
    return list(found.values())


def _all(part: Part, least: float) -> Iterator[CandidateCondition]:
    vocabulary = part.survey.vocabulary
    for name in _VALUES:
        yield from _values(part, name, least, vocabulary)
    for name in _NAMES:
        yield from _words(part, name, least, vocabulary)
        yield from _whole_names(part, name, least, vocabulary)
    for name in ("course_number", "section_number"):
        yield from _codes(part, name, least, vocabulary)


def _values(
    part: Part, name: FilterField, least: float, vocabulary: Vocabulary
) -> Iterator[CandidateCondition]:
    texts = part.column(name)
    for order, place in enumerate(islice(texts.most(least), MOST_VALUES)):
        spelling = texts.spellings[place]
        is_public = name in _OF_NOBODY or texts.values[place] in SUBJECTS
        if len(spelling) > LONGEST_VALUE or not (is_public or vocabulary.is_public_text(spelling)):
            continue
        mask = texts.places == place
        yield _atom(name, "is", spelling, mask)
        if order < NEGATIVES and name in ("subject", "period"):
            yield _atom(name, "is_not", spelling, ~mask)


def _whole_names(
    part: Part, name: FilterField, least: float, vocabulary: Vocabulary
) -> Iterator[CandidateCondition]:
    """Yield conditions on names that are the same in many sections, and in which nobody is named."""
    texts = part.column(name)
    public = (
        place
        for place in texts.most(least)
        if len(texts.spellings[place]) <= LONGEST_VALUE
        and all(may_stand(word, vocabulary) for word in words(texts.spellings[place]))
    )
    for place in islice(public, MOST_VALUES):
        yield _atom(name, "is", texts.spellings[place], texts.places == place)


def _words(
    part: Part, name: FilterField, least: float, vocabulary: Vocabulary
) -> Iterator[CandidateCondition]:
    texts = part.column(name)
    seen, first = Counter[str](), Counter[str]()
    for spelling, seats in zip(texts.spellings, texts.seats, strict=True):
        said = words(spelling)
        for phrase in set(phrases(spelling, vocabulary)):
            seen[phrase] += seats
        if said and (is_usable_word(said[0], vocabulary) or said[0] in TITLES):
            first[said[0]] += seats
    for order, phrase in enumerate(_ranked(seen, least)):
        holds = texts.containing(folded(phrase))
        yield _atom(name, "contains", phrase, holds)
        if order < NEGATIVES:
            yield _atom(name, "not_contains", phrase, ~holds)
    for phrase in _ranked(first, least)[: MOST_WORDS // 2]:
        yield _atom(name, "starts_with", phrase, texts.beginning(folded(phrase)))


def _signed(part: Part, name: FilterField, least: float) -> Iterator[CandidateCondition]:
    texts = part.column(name)
    seen: Counter[str] = Counter()
    for spelling, seats in zip(texts.spellings, texts.seats, strict=True):
        for phrase in set(signed_phrases(spelling, part.survey.vocabulary)):
            seen[phrase] += seats
    for phrase in _ranked(seen, least)[:MOST_SIGNED]:
        yield _atom(name, "contains", phrase, texts.containing(folded(phrase)))


def _codes(
    part: Part, name: FilterField, least: float, vocabulary: Vocabulary
) -> Iterator[CandidateCondition]:
    """Yield conditions on the letters of codes such as HR-101: numbers alone tell nothing."""
    texts = part.column(name)
    seen: Counter[str] = Counter()
    for spelling, seats in zip(texts.spellings, texts.seats, strict=True):
        letters = _letters(spelling, vocabulary)
        for word in set(words(spelling)):
            if vocabulary.is_public(word) or word in letters:
                seen[word] += seats
    for word in _ranked(seen, least)[:MOST_VALUES]:
        yield _atom(name, "contains", word.upper(), texts.containing(word))
        yield _atom(name, "starts_with", word.upper(), texts.beginning(word))


def _letters(code: str, vocabulary: Vocabulary) -> set[str]:
    """Return the single letters of a code, unless they may be initials."""
    if not vocabulary.is_public_text(code):
        return set()
    return {word for word in words(code) if len(word) == 1 and word.isalpha()} - set(vocabulary.teacher_words)


def _ranked(seen: Mapping[str, float], least: float) -> list[str]:
    ranked = sorted(
        (phrase for phrase in seen if seen[phrase] >= least and len(phrase) <= LONGEST_VALUE),
        key=lambda p: (-seen[p], p),
    )
    homerooms = [phrase for phrase in ranked[MOST_WORDS:] if is_homeroom(phrase)]
    return ranked[:MOST_WORDS] + homerooms


def names_nobody(condition: Condition, vocabulary: Vocabulary) -> bool:
    """Whether a condition, whoever wrote it, has only public words in it."""
    if condition.field in _OF_NOBODY:
        return True
    values = (condition.value,) if isinstance(condition.value, str) else condition.value
    return all(folded(value) in SUBJECTS or vocabulary.is_public_text(value) for value in values)


def _atom(name: FilterField, op: Operator, value: str, mask: Bools) -> CandidateCondition:
    return CandidateCondition(*_condition(name, op, value), mask)


@lru_cache(maxsize=16_384)
def _condition(name: FilterField, op: Operator, value: str) -> tuple[Condition, Meaning]:
    """Return a condition, which many schools of a district give rise to, and what it means."""
    condition = Condition(field=name, op=op, value=value)
    return condition, meaning(condition)
