"""The table of mistakes, in parts by what changes."""

from __future__ import annotations

from typing import Final

from tests.mistakes.mistake import Mistake
from tests.mistakes.table import (
    beside,
    blanks,
    changed_sections,
    decided,
    fields,
    filters,
    judged,
    judged_no_class,
    labels,
    lists,
    moved_on,
    moves,
    next_terms,
    not_shared,
    schools,
    sections,
    students,
    terms,
    twins,
    ways,
)

MISTAKES: Final[list[Mistake]] = [
    *sections.TABLE,
    *changed_sections.TABLE,
    *lists.TABLE,
    *terms.TABLE,
    *fields.TABLE,
    *students.TABLE,
    *schools.TABLE,
    *filters.TABLE,
    *ways.TABLE,
    *judged.TABLE,
    *judged_no_class.TABLE,
    *twins.TABLE,
    *moves.TABLE,
    *moved_on.TABLE,
    *beside.TABLE,
    *decided.TABLE,
    *blanks.TABLE,
    *next_terms.TABLE,
    *labels.TABLE,
    *not_shared.TABLE,
]
