"""The parts of a text that may stand in a rule: its public words, and neighbors of them, with their signs.

Signs count where they are what tells: "H.R." is found by itself, and "art -" in no "Bartlett - 3".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from worker.domain.roster.name_words import is_homeroom, words
from worker.domain.roster.public_words import DAYS, ORDINALS, Vocabulary
from worker.domain.roster.texts import fold

_TOKENS: Final = re.compile(r"[^\W_]+")
_CODE: Final = re.compile(r"[^\W\d_]\d|\d[^\W\d_]")
_RUNS_AND_SIGNS: Final = re.compile(r"[^\W\d_]+|\d+|[^\w\s]+")
LONGEST_CODE: Final = 4
LONGEST_SIGN: Final = 2
LONE_SIGNS: Final = frozenset("/&+#@|*:")
"""Signs that tell something by themselves."""


def phrases(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield public words, and pairs of neighbors of which one is public, and the other too, or a number."""
    said = words(text)
    for word in said:
        if is_usable_word(word, vocabulary):
            yield word
    for one, other in pairwise(said):
        means_homeroom = is_homeroom(one + other) and vocabulary.is_public(one + other)
        pair = may_stand(one, vocabulary) and may_stand(other, vocabulary)
        if means_homeroom or (pair and not (one + other).isdigit()):
            yield f"{one} {other}"
    yield from _with_codes(text, vocabulary)


def signed_phrases(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield public words with the sign behind them, pairs with that between them, and some signs."""
    folded_text = fold(text)
    runs = list(_RUNS_AND_SIGNS.finditer(folded_text))
    for place, run in enumerate(runs):
        if run[0] in LONE_SIGNS:
            yield run[0]
        if not run[0].isalpha():
            continue
        sign = runs[place + 1] if place + 1 < len(runs) else None
        if sign is None or sign[0].isalnum() or len(sign[0]) > LONGEST_SIGN:
            continue
        if is_usable_word(run[0], vocabulary):
            yield _slice(folded_text, run, sign)
        other = runs[place + 2] if place + 2 < len(runs) else None
        if other is None or not other[0].isalpha():
            continue
        both = run[0] + other[0]
        if is_homeroom(both) and vocabulary.is_public(both):
            end = runs[place + 3] if place + 3 < len(runs) and runs[place + 3][0] == sign[0] else other
            yield _slice(folded_text, run, end if sign[0] == "." else other)
        elif is_usable_word(run[0], vocabulary) and is_usable_word(other[0], vocabulary):
            yield _slice(folded_text, run, other)


def lettered_phrases(text: str, vocabulary: Vocabulary) -> Iterator[str]:
    """Yield public words with the class's letter before them: "a art" is in "3A Art", not in "3A Martin"."""
    for one, other in pairwise(_TOKENS.findall(fold(text))):
        if one[:-1].isdigit() and one[-1] in DAYS and is_usable_word(other, vocabulary):
            yield f"{one[-1]} {other}"


def _slice(text: str, first: re.Match[str], last: re.Match[str]) -> str:
    return " ".join(text[first.start() : last.end()].split())


def _with_codes(text: str, vocabulary: Vocabulary) -> Iterable[str]:
    """Yield public words with the code beside them, such as homeroom s1."""
    if _CODE.search(text) is None:
        return
    tokens = _TOKENS.findall(fold(text))
    for one, other in pairwise(tokens):
        if _is_code(other) and vocabulary.is_public(one) and vocabulary.is_public_text(other):
            yield f"{one} {other}"


def _is_code(token: str) -> bool:
    return len(token) <= LONGEST_CODE and not token.isalpha() and not token.isdigit()


def is_usable_word(word: str, vocabulary: Vocabulary) -> bool:
    """Whether a word may be a rule's only one."""
    return word not in ORDINALS and vocabulary.is_public(word)


def may_stand(word: str, vocabulary: Vocabulary) -> bool:
    """Whether a word may stand in a rule beside others: a number may."""
    return word.isdigit() or vocabulary.is_public(word)


def is_fuller(phrase: str) -> bool:
    """Whether a phrase says all that it can: of "titan time" the word "time" is only a part."""
    return is_homeroom(phrase) or (" " in phrase and phrase.replace(" ", "").isalnum())
