"""Sections in groups, and the condition that keeps each of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.support.builders.section_tables import table_of
from worker.domain.review.causes.labels import Label, LabelKind
from worker.domain.review.section_line import SectionLine
from worker.domain.roster.records import RecordId, Section
from worker.domain.roster.section_filter import SectionView
from worker.suggest.columns import Ints
from worker.suggest.section_table import LONGEST_VALUE, Grouping


def line(number: int, **fields: Any) -> SectionLine:
    return SectionLine(SectionView(Section(RecordId(f"c{number}"), **fields)), 1, None)


def ints(*places: int) -> Ints:
    return np.array(places, dtype=np.int32)


def word(text: str) -> Label:
    return Label(LabelKind.WORD, text)


@pytest.mark.parametrize(("length", "has_rule"), [(LONGEST_VALUE, True), (LONGEST_VALUE + 1, False)])
def test_a_condition_has_no_longer_value_than_a_filter_may_have(length: int, has_rule: bool) -> None:
    table = table_of([line(1, subject="x" * length)])

    (group,) = table.groups(ints(0), Grouping.SUBJECT)

    assert (table.rule(group)[0] is not None) is has_rule


def test_a_group_has_a_condition_only_where_it_keeps_each_of_its_sections() -> None:
    table = table_of([line(1, name="Math 1"), line(2, name="Algebra")], [word("math")] * 2)

    (both,) = table.groups(ints(0, 1), Grouping.LABEL)
    (first,) = table.groups(ints(0), Grouping.LABEL)

    assert table.rule(both) == (None, 0)
    rule, others = table.rule(first)
    assert rule is not None
    assert (rule.value, others) == ("math", 0)


def test_a_group_is_called_as_its_first_section_is() -> None:
    table = table_of([line(1, name="Math 1"), line(2, name="MATH 2")], [word("Math"), word("MATH")])

    (group,) = table.groups(ints(0, 1), Grouping.LABEL)

    assert group.title == "“Math”"


@pytest.mark.parametrize("labels", [[], [word("math")] * 2])
def test_sections_are_grouped_by_label_only_where_each_has_one(labels: list[Label]) -> None:
    with pytest.raises(ValueError, match="labels"):
        table_of([line(1)], labels).groups(ints(0), Grouping.LABEL)
