"""Which texts are blank, and which two are the same."""

from __future__ import annotations

import pytest

from schemas.blank import is_blank
from worker.domain.roster.name_words import words
from worker.domain.roster.records import RecordId, Section
from worker.domain.roster.section_filter import Condition, SectionView, holds, parse_filter
from worker.domain.roster.texts import fold, fold_value, folded, wanted
from worker.runtime.errors import FilterError

FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180e\u2065\u2800\u3164\ufe0f\uffa0\U000e0100\U0001d159"


@pytest.mark.parametrize(
    "sign", [*"\u200b\ufeff\u2060\u00ad\u3164\u2800\u007f\u00a0\u2028\u001f\u0085", *FILLERS]
)
def test_a_text_of_what_nobody_sees_is_blank(sign: str) -> None:
    assert is_blank(sign)
    assert is_blank(f" {sign}{sign}\n")
    assert not is_blank(f"{sign}a{sign}")


@pytest.mark.parametrize("text", ["-", "0", "\u0301", "\u00df", "\u674e", "\u0640", "\U0001f600", "\ufffd"])
def test_a_text_with_anything_to_see_is_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("value", "blank"), [(None, True), ([], True), ("", True), ({}, False), (0, False), ([""], False)]
)
def test_null_and_an_empty_list_are_blank_and_other_values_are_not(value: object, blank: bool) -> None:
    assert is_blank(value) is blank


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("S-100", "S-100 "),
        ("a-7", "A-7"),
        ("S200", "S2\u200b00"),
        ("Zo\u00e9", "Zoe\u0301"),
        ("Zo\u00e9", "Zoe\u200b\u0301"),
        ("123", "\uff11\uff12\uff13"),
        ("stra\u00dfe", "STRASSE"),
        ("\ufb01n", "FIN"),
        ("\u0130x", "i\u0307X"),
        ("S 1", "\u200fS\u00a01\ufeff"),
        ("Ann.Lee@School.Example", "ann.lee@school.example\r\n"),
        ("\u03a3\u03c2", "\u03c3\u03c3"),
    ],
)
def test_two_spellings_of_one_value_are_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert folded(one) == folded(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("S 1", "S1"), ("S-1", "S1"), ("007", "7"), ("Zo\u00e9", "Zoe"), ("\u0131", "i"), ("O1", "01")],
)
def test_two_values_that_look_different_are_two(one: str, other: str) -> None:
    assert fold(one) != fold(other)


def test_values_that_are_no_texts_are_folded_within() -> None:
    assert fold_value({"a": ["X ", 1, None, True]}) == {"a": ["x", 1, None, True]}


def section(name: str) -> SectionView:
    return SectionView(Section(RecordId("1"), name=name))


@pytest.mark.parametrize("op", ["is", "contains", "starts_with"])
def test_a_filter_finds_a_name_however_its_invisible_characters_and_its_form_are(op: str) -> None:
    condition = Condition.model_validate({"field": "name", "op": op, "value": "Home\u00adroom \u00e9"})

    assert holds(condition, section("home room\ufeff e\u0301"))


@pytest.mark.parametrize("op", ["is", "contains", "starts_with", "one_of"])
def test_a_value_in_which_nothing_can_be_seen_finds_nothing(op: str) -> None:
    value = ["\u200b"] if op == "one_of" else "\u200b"
    condition = Condition.model_validate({"field": "name", "op": op, "value": value}, strict=False)

    assert not holds(condition, section("Homeroom"))
    assert wanted("\u200b") not in folded("Home\u200broom")


@pytest.mark.parametrize(
    "document",
    [
        '{"scope": {"grades": ["\\u200b"]}}',
        '{"scope": {"schools": ["\\ufeff "]}}',
        '{"rules": [{"all": [{"field": "name", "op": "contains", "value": "\\u3164"}]}]}',
        '{"rules": [{"all": [{"field": "name", "op": "one_of", "value": ["3", "\\u00ad"]}]}]}',
    ],
)
def test_a_person_cannot_write_a_filter_with_a_value_in_which_nothing_can_be_seen(document: str) -> None:
    with pytest.raises(FilterError, match="expected text that is not blank, got blank text"):
        parse_filter(document)


def test_the_words_of_a_name_are_whole_though_invisible_characters_stand_in_them() -> None:
    assert words("Home\u00adroom \u2013 P\u200berez 3") == ("homeroom", "perez", "3")
