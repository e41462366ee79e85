"""Words of a text as they stand there, with the signs between them: so a section filter finds them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from worker.domain.roster.name_words import word_spans


def runs_as_written(text: str, places: Collection[int]) -> tuple[str, ...]:
    """Return runs of neighboring words of a text, by the places of words, as they are written there.

    A run of which longer ones have all words is left out: "Homeroom PM - Marrow - PM" has one.
    """
    folded, spans = word_spans(text)
    seen, found = set[str](), dict[int, str]()
    for first, last in sorted(_runs(sorted(places)), key=lambda run: (run[0] - run[1], run)):
        said = {folded[start:end] for start, end in spans[first : last + 1]}
        if not said <= seen:
            found[first] = folded[spans[first][0] : spans[last][1]]
        seen |= said
    return tuple(found[first] for first in sorted(found))


def _runs(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    for _, run in groupby(enumerate(places), key=lambda one: one[1] - one[0]):
        found = [place for _, place in run]
        yield found[0], found[-1]
