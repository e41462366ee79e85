"""Section filters in the words of Clever's sharing rules."""

from __future__ import annotations

import pytest

from tests.suggest.small import keeping
from worker.domain.roster.section_filter import Condition, Rule, SectionFilter
from worker.suggest.wording import can_share, filter_text


def test_what_clevers_sharing_rules_can_say() -> None:
    assert can_share(keeping(("name", "contains", "homeroom"), ("period", "is", "1")))
    assert can_share(keeping(("subject", "is_not", "math")))
    one_of = Condition(field="school", op="one_of", value=("a", "b"))
    assert can_share(SectionFilter(rules=(Rule(all=(one_of,)),)))


def two_rules(strategy: str) -> SectionFilter:
    filter_text = [
        {"all": [{"field": "name", "op": "contains", "value": value}]} for value in ("homeroom", "advisory")
    ]
    return SectionFilter.model_validate({"strategy": strategy, "rules": filter_text}, strict=False)


@pytest.mark.parametrize(
    "section_filter",
    [
        keeping(("name", "starts_with", "homeroom")),
        keeping(("name", "contains", "homeroom"), ("name", "not_contains", "chess")),
        keeping(("term", "is", "Fall")),
        keeping(("name", "contains", "homeroom"), current_term_only=True),
        two_rules("first_match"),
    ],
)
def test_what_they_cannot_say(section_filter: SectionFilter) -> None:
    assert not can_share(section_filter)


def test_rules_together_and_rules_in_turn_are_worded_differently() -> None:
    assert filter_text(two_rules("union"), {}) == (
        'Match all sections where name contains "homeroom"; '
        'and match all sections where name contains "advisory"'
    )
    assert filter_text(two_rules("first_match"), {}) == (
        'Match all sections where name contains "homeroom". For students in none of these: '
        'match all sections where name contains "advisory"'
    )
    assert can_share(two_rules("union"))


def test_every_operator_and_field_has_its_words() -> None:
    section_filter = keeping(
        ("course_name", "is", "A"),
        ("course_number", "is_not", "B"),
        ("section_number", "starts_with", "C"),
        ("sis_id", "not_contains", "D"),
    )
    assert filter_text(section_filter, {}) == (
        'Match all sections where course name is "A" and course number is not "B" and '
        'section number starts with "C" and SIS id does not contain "D"'
    )
    schools = Condition(field="school", op="one_of", value=("s1", "s2"))
    assert filter_text(SectionFilter(rules=(Rule(all=(schools,)),)), {"s1": "Larkspur"}) == (
        'Match all sections where school is one of "Larkspur", "s2"'
    )
