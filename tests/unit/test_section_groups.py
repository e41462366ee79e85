"""Sections in groups, and the condition that keeps each of them."""

from __future__ import annotations

from typing import Any

import pytest

from worker.domain.review.causes.labels import Label, LabelKind
from worker.domain.review.section_table import LONGEST_VALUE, Grouping, SectionLine, SectionTable
from worker.domain.roster.records import RecordId, Section
from worker.domain.roster.section_filter import SectionView


def line(number: int, **fields: Any) -> SectionLine:
    return SectionLine(SectionView(Section(RecordId(f"c{number}"), **fields)), 1, None)


def word(text: str) -> Label:
    return Label(LabelKind.WORD, text)


@pytest.mark.parametrize(("length", "has_rule"), [(LONGEST_VALUE, True), (LONGEST_VALUE + 1, False)])
def test_a_condition_has_no_longer_value_than_a_filter_may_have(length: int, has_rule: bool) -> None:
    table = SectionTable([line(1, subject="x" * length)])

    (group,) = table.groups(table.lines, Grouping.SUBJECT)

    assert (group.rule is not None) is has_rule


def test_a_group_has_a_condition_only_where_it_keeps_each_of_its_sections() -> None:
    table = SectionTable([line(1, name="Math 1"), line(2, name="Algebra")], [word("math")] * 2)

    (both,) = table.groups(table.lines, Grouping.LABEL)
    (first,) = table.groups(table.lines[:1], Grouping.LABEL)

    assert both.rule is None
    assert first.rule is not None
    assert first.rule.value == "math"


def test_a_group_is_called_as_its_first_section_is() -> None:
    table = SectionTable([line(1, name="Math 1"), line(2, name="MATH 2")], [word("Math"), word("MATH")])

    (group,) = table.groups(table.lines, Grouping.LABEL)

    assert group.title == "“Math”"


@pytest.mark.parametrize("labels", [None, [], [word("math")] * 2])
def test_sections_are_grouped_by_label_only_where_each_has_one(labels: list[Label] | None) -> None:
    with pytest.raises(ValueError, match=r"labels|shorter|longer"):
        SectionTable([line(1)], labels).groups([line(1)], Grouping.LABEL)
