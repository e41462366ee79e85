"""The single conditions that some sections give rise to: their subjects, periods, words of their names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.filter import Condition, FilterField, Operator, folded
from worker.domain.words import Vocabulary, is_homeroom, words
from worker.suggest.meaning import Meaning, meaning
from worker.suggest.survey import BLANK, Bools, Ints, Survey
from worker.suggest.wording import sharable

LEAST_SHARE: Final = 0.004
"""Of the students: a value that concerns fewer of them makes no rule."""
MOST_VALUES: Final = 24
"""Values of one field that make conditions, those with the most students."""
MOST_WORDS: Final = 60
"""Words of one field, the same way; words that mean homeroom are always among them."""
NEGATIVES: Final = 12
"""Conditions that must not hold, of each field."""
_NAMES: Final[tuple[FilterField, ...]] = ("name", "course_name")
_VALUES: Final[tuple[FilterField, ...]] = ("subject", "period", "grade", "section_number", "term")
_TOKENS: Final = re.compile(r"[^\W_]+")
LONGEST_CODE: Final = 4
SUBJECTS: Final = frozenset(
    {
        *("english/languagearts", "math", "science", "socialstudies", "language", "homeroom/advisory"),
        *("interventions/onlinelearning", "technologyandengineering", "peandhealth", "artsandmusic", "other"),
    }
)
"""Clever's own subjects, as they are compared: nobody's names, whatever teachers are called."""
LONGEST_VALUE: Final = 200
"""Characters of a value, or a word, that anybody would write into a rule."""
_ORDINALS: Final = frozenset({"st", "nd", "rd", "th"})


@dataclass(frozen=True)
class Atom:
    """A condition, the sections of a part of the survey where it holds, and what it means."""

    condition: Condition
    mask: Bools
    meaning: Meaning

    @property
    def is_negative(self) -> bool:
        """Whether it only takes away."""
        return self.condition.op in ("is_not", "not_contains")

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

    def column(self, name: str) -> tuple[Ints, Ints]:
        """Return the codes that occur in a column, and for each section the place of its own among them."""
        codes, places = np.unique(self.survey.codes[name][self.sections], return_inverse=True)
        return codes, places.astype(np.int32)


def atoms(part: Part, students: int) -> list[Atom]:
    """Return the conditions worth a try for `students` who sit in the sections of a part."""
    found: dict[bytes, Atom] = {}
    least = max(1.0, students * LEAST_SHARE)
    for atom in _all(part, least):
        if part.seats[atom.mask].sum() < least:
            continue
        key = np.packbits(atom.mask).tobytes() + bytes([atom.is_negative])
        best = found.get(key)
        # Of two that hold for the same sections, the one that says more and that Clever knows is told.
        if best is None or (atom.meaning, not atom.in_clever) < (best.meaning, not best.in_clever):
            found[key] = atom
    return list(found.values())


def _all(part: Part, least: float) -> Iterator[Atom]:
    vocabulary = part.survey.vocabulary
    for name in _VALUES:
        yield from _values(part, name, least, vocabulary)
    for name in _NAMES:
        yield from _words(part, name, least, vocabulary)
        yield from _whole_names(part, name, least, vocabulary)
    for name in ("course_number", "section_number"):
        yield from _codes(part, name, least, vocabulary)


def _values(part: Part, name: FilterField, least: float, vocabulary: Vocabulary) -> Iterator[Atom]:
    codes, places = part.column(name)
    column = part.survey.columns[name]
    weights = np.bincount(places, weights=part.seats, minlength=len(codes))
    ranked = [place for place in np.argsort(-weights, kind="stable") if codes[place] != BLANK]
    for order, place in enumerate(ranked[:MOST_VALUES]):
        if weights[place] < least:
            break
        mask = places == place
        spelling = column.spellings[codes[place]]
        names_nobody = column.values[codes[place]] in SUBJECTS or _names_nobody(spelling, vocabulary)
        if len(spelling) > LONGEST_VALUE or not names_nobody:
            continue
        yield _atom(name, "is", spelling, mask)
        if order < NEGATIVES and name in ("subject", "period"):
            yield _atom(name, "is_not", spelling, ~mask)


def _whole_names(part: Part, name: FilterField, least: float, vocabulary: Vocabulary) -> Iterator[Atom]:
    """Names that are the same in many sections, and in which nobody is named."""
    codes, places = part.column(name)
    column = part.survey.columns[name]
    weights = np.bincount(places, weights=part.seats, minlength=len(codes))
    ranked = [place for place in np.argsort(-weights, kind="stable") if codes[place] != BLANK]
    taken = 0
    for place in ranked:
        if weights[place] < least or taken == MOST_VALUES:
            break
        spelling = column.spellings[codes[place]]
        if len(spelling) <= LONGEST_VALUE and all(_may_stand(word, vocabulary) for word in words(spelling)):
            taken += 1
            yield _atom(name, "is", spelling, places == place)


def _words(part: Part, name: FilterField, least: float, vocabulary: Vocabulary) -> Iterator[Atom]:
    codes, places = part.column(name)
    column = part.survey.columns[name]
    values = [column.values[code] if code != BLANK else "" for code in codes]
    seats = np.bincount(places, weights=part.seats, minlength=len(codes))
    seen: dict[str, float] = {}
    first: dict[str, float] = {}
    for place, code in enumerate(codes):
        if code == BLANK:
            continue
        said = words(column.spellings[code])
        for phrase in {*_phrases(said, vocabulary), *_with_codes(column.spellings[code], vocabulary)}:
            seen[phrase] = seen.get(phrase, 0) + seats[place]
        if said and _tells(said[0], vocabulary):
            first[said[0]] = first.get(said[0], 0) + seats[place]
    for order, phrase in enumerate(_ranked(seen, least)):
        wanted = folded(phrase)
        holds = np.array([wanted in value for value in values], dtype=np.bool_)[places]
        yield _atom(name, "contains", phrase, holds)
        if order < NEGATIVES:
            yield _atom(name, "not_contains", phrase, ~holds)
    for phrase in _ranked(first, least)[: MOST_WORDS // 2]:
        holds = np.array([value.startswith(folded(phrase)) for value in values], dtype=np.bool_)[places]
        yield _atom(name, "starts_with", phrase, holds)


def _codes(part: Part, name: FilterField, least: float, vocabulary: Vocabulary) -> Iterator[Atom]:
    """Yield conditions on the letters of codes such as HR-101: numbers alone tell nothing."""
    codes, places = part.column(name)
    column = part.survey.columns[name]
    values = [column.values[code] if code != BLANK else "" for code in codes]
    seats = np.bincount(places, weights=part.seats, minlength=len(codes))
    seen: dict[str, float] = {}
    for place, code in enumerate(codes):
        for word in set(words(column.spellings[code])) if code != BLANK else ():
            is_initial = len(word) == 1 and word in vocabulary.teacher_words
            if word.isalpha() and not is_initial and _names_nobody(word, vocabulary):
                seen[word] = seen.get(word, 0) + seats[place]
    for word in _ranked(seen, least)[:MOST_VALUES]:
        holds = np.array([word in value for value in values], dtype=np.bool_)[places]
        yield _atom(name, "contains", word.upper(), holds)
        begins = np.array([value.startswith(word) for value in values], dtype=np.bool_)[places]
        yield _atom(name, "starts_with", word.upper(), begins)


def _ranked(seen: dict[str, float], least: float) -> list[str]:
    ranked = sorted(
        (phrase for phrase in seen if seen[phrase] >= least and len(phrase) <= LONGEST_VALUE),
        key=lambda p: (-seen[p], p),
    )
    homerooms = [phrase for phrase in ranked[MOST_WORDS:] if is_homeroom(phrase)]
    return ranked[:MOST_WORDS] + homerooms


def _phrases(said: tuple[str, ...], vocabulary: Vocabulary) -> Iterable[str]:
    """Public words, and pairs of neighbours of which one is public and the other is so too, or a number."""
    for word in said:
        if _tells(word, vocabulary):
            yield word
    for one, other in pairwise(said):
        may_stand = _may_stand(one, vocabulary) and _may_stand(other, vocabulary)
        means_homeroom = is_homeroom(one + other) and vocabulary.is_public(one + other)
        if means_homeroom or (may_stand and not (one + other).isdigit()):
            yield f"{one} {other}"


def _with_codes(text: str, vocabulary: Vocabulary) -> Iterable[str]:
    """Public words with the code beside them, such as homeroom s1."""
    tokens = _TOKENS.findall(text.casefold())
    for one, other in pairwise(tokens):
        if _is_code(other) and vocabulary.is_public(one) and _names_nobody(other, vocabulary):
            yield f"{one} {other}"


def _is_code(token: str) -> bool:
    return len(token) <= LONGEST_CODE and not token.isalpha() and not token.isdigit()


def _tells(word: str, vocabulary: Vocabulary) -> bool:
    return word not in _ORDINALS and vocabulary.is_public(word)


def _may_stand(word: str, vocabulary: Vocabulary) -> bool:
    """Whether a word may stand in a rule beside others: a number may."""
    return word.isdigit() or vocabulary.is_public(word)


def _names_nobody(text: str, vocabulary: Vocabulary) -> bool:
    """Whether a code or value may be told: one letter with or without a number is no name."""
    return all(len(word) == 1 or word in _ORDINALS or _may_stand(word, vocabulary) for word in words(text))


def _atom(name: FilterField, op: Operator, value: str, mask: Bools) -> Atom:
    condition = Condition(field=name, op=op, value=value)
    says = Meaning.NUMBER if op in ("is_not", "not_contains") else meaning(condition)
    return Atom(condition, mask, says)
