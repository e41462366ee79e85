"""An example of what the sections of a suggestion are called, without what may be a person's."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

from worker.domain.roster.name_words import words
from worker.domain.roster.public_words import Vocabulary
from worker.suggest.columns import BLANK, Bools, SectionColumn

HIDDEN: Final = "…"
MOST_NAMES: Final = 200
"""Names that are looked at, spread evenly over the sections."""
MOST_DIGITS: Final = 3
"""Of a number that is shown: a room or a period has so many, a person's number has more."""
SHORTEST: Final = 2
"""Letters of a word that is shown: one alone may be an initial."""
_RUNS: Final = re.compile(r"[^\W\d_]+|\d+")
_HIDDEN_RUNS: Final = re.compile(rf"{HIDDEN}(?:[\W_]*{HIDDEN})+")
_NUMBERS: Final = re.compile(r"\d+")


def example_name(names: SectionColumn, kept: Bools, vocabulary: Vocabulary) -> str | None:
    """Return how most of the kept sections are called, with `HIDDEN` for what is not public.

    None where nothing of their names is. Names that differ by their numbers alone are taken for one.
    """
    codes = names.text_codes[kept]
    codes = codes[:: max(1, len(codes) // MOST_NAMES)]
    shown = [public_part(names.texts[code], vocabulary) for code in codes.tolist() if code != BLANK]
    kinds = Counter(_NUMBERS.sub("0", one) for one in shown if one is not None)
    if not kinds:
        return None
    ((commonest, _),) = kinds.most_common(1)
    return next(one for one in shown if one is not None and _NUMBERS.sub("0", one) == commonest)


def public_part(text: str, vocabulary: Vocabulary) -> str | None:
    """Return a text with `HIDDEN` for every word and number in it that may be a person's; None if all may."""

    def shown(found: re.Match[str]) -> str:
        run = found[0]
        if run.isdigit():
            return run if len(run) <= MOST_DIGITS else HIDDEN
        is_public = len(run) >= SHORTEST and all(map(vocabulary.is_public, words(run)))
        return run if is_public else HIDDEN

    part = _HIDDEN_RUNS.sub(HIDDEN, _RUNS.sub(shown, unicodedata.normalize("NFKC", text))).strip()
    return part if any(run != HIDDEN and not run.isdigit() for run in _RUNS.findall(part)) else None
