"""Rules to the letter, in the spellings that a district's sections have."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.builders.records import view
from worker.domain.roster.section_filter import SectionFilter
from worker.domain.roster.terms import without_grace
from worker.suggest.literal import MOST_SPELLINGS, NotLiteral, to_the_letter
from worker.suggest.picture_builder import PictureBuilder
from worker.suggest.survey import Survey

Said = tuple[str, str, Any]


def survey(*names: str, **fields: Any) -> Survey:
    builder = PictureBuilder(without_grace(date(2026, 10, 14)))
    for name in names:
        builder.add_section(view(name=name, **fields))
    return builder.build().within(SectionFilter())


def rules(*some: list[Said]) -> SectionFilter:
    written = [{"all": [{"field": f, "op": op, "value": value} for f, op, value in one]} for one in some]
    return SectionFilter.model_validate({"rules": written}, strict=False)


def literal(of: Survey, *some: list[Said]) -> list[list[Said]]:
    found = to_the_letter(rules(*some), of)
    return [[(one.field, one.op, one.value) for one in rule.all] for rule in found.rules]


def test_each_spelling_of_a_part_is_a_rule_and_the_usual_one_comes_first() -> None:
    of = survey("Home Room A", "Homeroom B", "HOMEROOM C", "Art")

    assert literal(of, [("name", "contains", "homeroom")]) == [
        [("name", "contains", "homeroom")],
        [("name", "contains", "home room")],
    ]


def test_a_spelling_that_nobody_uses_is_no_rule() -> None:
    of = survey("Home Room A", "Art")

    assert literal(of, [("name", "contains", "homeroom")]) == [[("name", "contains", "home room")]]


def test_a_whole_value_is_spelled_in_each_of_its_ways_and_written_as_it_was() -> None:
    of = survey("PE Health", "PEHealth", "pe health")

    assert literal(of, [("name", "is", "PE Health")]) == [
        [("name", "is", "PE Health")],
        [("name", "is", "pehealth")],
    ]
    assert literal(of, [("name", "is_not", "PE Health")]) == [
        [("name", "is_not", "PE Health"), ("name", "is_not", "pehealth")]
    ]
    assert literal(of, [("name", "one_of", ["PE Health", "art"])]) == [
        [("name", "one_of", ("PE Health", "pehealth", "art"))]
    ]


def test_two_conditions_are_a_rule_for_each_pair_of_spellings() -> None:
    of = survey("Homeroom", "Home Room", period="Period 1")

    found = literal(of, [("name", "contains", "homeroom"), ("period", "is", "period1")])

    assert found == [
        [("name", "contains", "homeroom"), ("period", "is", "period 1")],
        [("name", "contains", "home room"), ("period", "is", "period 1")],
    ]


@pytest.mark.parametrize("name", ["Home  Room", "Home\tRoom", "Home\u00a0Room", "Home\u200bRoom"])
def test_what_nobody_sees_in_a_rule_is_not_written(name: str) -> None:
    with pytest.raises(NotLiteral, match="invisible characters"):
        literal(survey("Homeroom", name), [("name", "contains", "homeroom")])


def test_too_many_spellings_are_not_written() -> None:
    names = [" ".join(("h", *"omeroom"[:place], "omeroom"[place:])) for place in range(MOST_SPELLINGS + 1)]

    with pytest.raises(NotLiteral, match="too many"):
        literal(survey(*names), [("name", "contains", "homeroom")])


@pytest.mark.parametrize("said", [("name", "starts_with", "homeroom"), ("term", "is", "S1")])
def test_what_clever_does_not_know_is_not_written(said: Said) -> None:
    with pytest.raises(NotLiteral):
        literal(survey("Homeroom"), [said])


def test_a_school_is_chosen_and_not_spelled() -> None:
    assert literal(survey("Art"), [("school", "is", "s1")]) == [[("school", "is", "s1")]]
