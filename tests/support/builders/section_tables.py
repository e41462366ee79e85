"""Tables of invented sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from worker.domain.review.causes.labels import Label
from worker.domain.review.section_line import SectionLine
from worker.domain.roster.records import RecordId
from worker.domain.roster.terms import without_grace
from worker.suggest.columns import NOT_KEPT
from worker.suggest.picture_builder import PictureBuilder
from worker.suggest.section_table import SectionTable


def table_of(lines: Sequence[SectionLine], labels: Sequence[Label] = ()) -> SectionTable:
    """Return a table of these lines."""
    builder = PictureBuilder(without_grace(date(2026, 10, 14)))
    for line in lines:
        students = tuple(RecordId(f"x{number}") for number in range(line.listed))
        builder.add_section(replace(line.view, section=replace(line.view.section, students=students)))
    ranks = [NOT_KEPT if line.rule is None else line.rule for line in lines]
    return SectionTable(builder.build(), np.array(ranks, dtype=np.int32), labels)
