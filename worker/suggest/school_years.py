"""Terms without dates that are called after a school year, as "2025-26" or "Fall 2025" are.

By its dates such a term always runs. Where a district shares last year's sections beside this year's, only
the names of the terms tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

import numpy as np

from worker.domain.roster.records import Term
from worker.domain.roster.terms import is_undated
from worker.domain.roster.texts import fold
from worker.suggest.columns import Bools, SectionColumn

FIRST_MONTH: Final = 7
"""Of a school year: in July the one before is over."""
_SPAN: Final = re.compile(r"(?<!\d)(?:20)?(\d\d)\s*[-/\u2013]\s*(?:20)?(\d\d)(?!\d)")
_SEASON: Final = re.compile(r"\b(fall|autumn|spring)\W*(20\d\d)\b")


def school_year_of(name: str) -> int | None:
    """Return the year in which the school year begins that a term is called after, if it is after one."""
    told = fold(name)
    for first, second in _SPAN.findall(told):
        if (int(first) + 1) % 100 == int(second):
            return 2000 + int(first)
    season = _SEASON.search(told)
    return None if season is None else int(season[2]) - (season[1] == "spring")


def of_other_years(column: SectionColumn, terms: Mapping[str, Term], today: date) -> Bools:
    """Return which sections have a term without dates that is called after another school year than today's.

    `column` holds the ids of the sections' terms. None where no section's term is called after today's.
    """
    running = today.year - (today.month < FIRST_MONTH)
    years = [_year(terms.get(term_id)) for term_id in column.texts]
    found = np.zeros(len(column.text_codes), dtype=np.bool_)
    if running in years:
        others = np.array([*(year not in (None, running) for year in years), False], dtype=np.bool_)
        found = others[column.text_codes]
    return found


def _year(term: Term | None) -> int | None:
    if term is None or not is_undated(term) or not term.name:
        return None
    return school_year_of(term.name)
