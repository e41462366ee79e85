"""A suggestion as sharing rules of Clever: one rule a line, or why it cannot be sharing rules."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.review.sharing_rules import MAY_NAME, sharing_rules, why_not_sharing_rules
from worker.domain.roster.section_filter import Condition, Rule, SectionFilter
from worker.suggest.literal import HIDDEN, TOO_MANY
from worker.suggest.wording import filter_text, rule_text

HOMEROOM = {"field": "name", "op": "contains", "value": "homeroom"}
ADVISORY = {"field": "name", "op": "contains", "value": "advisory"}
WORDS = st.text(alphabet="ab \"',;1-", min_size=1, max_size=6).map(lambda text: f"x{text}x")
FIELDS = st.sampled_from(["name", "period", "course_name", "section_number", "sis_id", "school"])
PLAIN = st.builds(
    lambda field, op, value: Condition(field=field, op=op, value=value),
    FIELDS,
    st.sampled_from(["is", "is_not", "contains"]),
    WORDS,
)
LISTS = st.builds(
    lambda field, value: Condition(field=field, op="one_of", value=value),
    FIELDS,
    st.lists(WORDS.filter(lambda text: '"' not in text), min_size=1, max_size=3).map(tuple),
)
FILTERS = st.builds(
    lambda rules: SectionFilter(rules=tuple(Rule(all=tuple(one)) for one in rules)),
    st.lists(st.lists(PLAIN | LISTS, min_size=1, max_size=3), min_size=1, max_size=3),
)


def told(*conditions: dict[str, Any], why: str | None = None, **settings: Any) -> dict[str, Any]:
    """Return a suggestion that sharing rules cannot say."""
    rules = [{"all": [condition]} for condition in conditions]
    return {"sharing_rules": False, "why_not_shared": why, "filter": {"rules": rules, **settings}}


def spread(rule: Rule) -> list[Rule]:
    """Return a rule without "one of": one for each choice of a value."""
    ways = [
        [Condition(field=one.field, op="is", value=value) for value in one.value]
        if one.op == "one_of"
        else [one]
        for one in rule.all
    ]
    return [Rule(all=tuple(way)) for way in product(*ways)]


@given(FILTERS)
def test_each_rule_of_a_filter_is_one_line_in_clevers_operators(section_filter: SectionFilter) -> None:
    lines = sharing_rules(filter_text(section_filter, {}))

    assert list(lines) == [rule_text(one, {}) for rule in section_filter.rules for one in spread(rule)]
    assert not any(" is one of " in line for line in lines)


def test_a_rule_for_several_schools_is_one_line_for_each_school() -> None:
    text = (
        'Match all sections where school is one of "North", "South" and name contains "homeroom"; '
        'and match all sections where period is "1"'
    )

    assert sharing_rules(text) == (
        'Match all sections where school is "North" and name contains "homeroom"',
        'Match all sections where school is "South" and name contains "homeroom"',
        'Match all sections where period is "1"',
    )


def test_a_filter_without_rules_is_one_line() -> None:
    assert sharing_rules("Match all sections") == ("Match all sections",)


@pytest.mark.parametrize(
    ("suggestion", "why"),
    [
        (
            told(HOMEROOM, ADVISORY, strategy="first_match"),
            "it uses each rule only for students who have no class by the rules before it",
        ),
        (told(HOMEROOM, current_term_only=True), "it keeps only sections of current terms"),
        (
            told(ADVISORY, HOMEROOM | {"op": "starts_with"}),
            'it uses "starts with", and Clever knows only "is", "is not" and "contains"',
        ),
        (
            told(ADVISORY, HOMEROOM | {"op": "not_contains"}),
            'it uses "does not contain", and Clever knows only "is", "is not" and "contains"',
        ),
        (told(ADVISORY, HOMEROOM | {"field": "term"}), "it compares the terms of sections"),
        (told(HOMEROOM, why=TOO_MANY), TOO_MANY),
        (told(HOMEROOM, strategy="first_match", why=HIDDEN), HIDDEN),
        ({"sharing_rules": False, "why_not_shared": MAY_NAME, "filter": None}, MAY_NAME),
        ({"sharing_rules": True}, None),
    ],
)
def test_why_a_suggestion_is_no_sharing_rule_is_said_in_plain_words(
    suggestion: dict[str, Any], why: str | None
) -> None:
    assert why_not_sharing_rules(suggestion) == why
