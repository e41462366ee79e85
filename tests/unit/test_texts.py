"""Which texts are blank, and which two are the same."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.blank import INVISIBLE, is_blank
from worker.domain.roster.name_words import words
from worker.domain.roster.records import RecordId, Section
from worker.domain.roster.section_filter import Condition, SectionView, holds, parse_filter
from worker.domain.roster.texts import fold, fold_value, folded, wanted
from worker.runtime.errors import FilterError

LISTED = re.compile(f"[{INVISIBLE}]")
ALIKE = (range(0x3400, 0x4DBF), range(0x4E00, 0x9FFF), range(0xAC00, 0xD7A3), range(0x20000, 0x2F7FF))
"""Han that is no other sign's form, and the syllables of Hangul: all fold by the same rule."""
EMPTY = (range(0x32400, 0xE0000), range(0xE0200, sys.maxunicode + 1))
"""Where hardly any character is assigned."""
CATEGORIES = {"Cc", "Cf", "Zs", "Zl", "Zp"}
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180e\u2065\u2800\u3164\ufe0f\uffa0\U000e0100\U0001d159"
PAIRS = st.text(
    st.one_of(
        st.sampled_from(" \t\u00a0\u200b\ufeff\u00ad\u0301\u0307\u0345\u1160eEiI\u0130\u00df\ufb01\uff11"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=8,
)


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


def test_every_character_of_the_invisible_categories_is_listed_and_no_letter_that_is_seen() -> None:
    everything = np.arange(sys.maxunicode + 1, dtype="<u4").tobytes().decode("utf-32-le", "surrogatepass")
    listed = set(LISTED.findall(everything))
    categories = zip(everything, map(unicodedata.category, everything), strict=True)
    invisible = {sign for sign, category in categories if category in CATEGORIES}

    assert {hex(ord(sign)) for sign in invisible - listed} == set()
    # What Unicode has no letter for yet may be one that is ignored; else only fillers are listed besides.
    assert {unicodedata.category(sign) for sign in listed - invisible} <= {"Cn", "Mn", "Lo", "So"}
    assert len(invisible) > 200


def test_every_character_folds_to_something_that_folds_to_itself_and_shows_as_much() -> None:
    for sign in _characters():
        if unicodedata.category(sign) in {"Cn", "Co", "Cs"}:
            continue
        for of in (fold, folded):
            once = of(sign)
            if once != sign:
                assert of(once) == once, hex(ord(sign))
                assert is_blank(once) == is_blank(sign), hex(ord(sign))


def _characters() -> Iterator[str]:
    """Yield every character, and one in 64 of those that are alike and of where there is hardly any."""
    begin = 0
    for few in (*ALIKE, *EMPTY):
        yield from map(chr, chain(range(begin, few.start), few[::64]))
        begin = few.stop


@given(text=PAIRS)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert folded(folded(text)) == folded(text) == folded(fold(text))


@given(
    text=PAIRS, sign=st.sampled_from("\u200b\ufeff\u00ad\u200e\u200f\u2060\u3164"), place=st.integers(0, 8)
)
def test_an_invisible_character_anywhere_changes_nothing(text: str, sign: str, place: int) -> None:
    assert fold(text[:place] + sign + text[place:]) == fold(text)


@given(text=PAIRS, form=st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]))
def test_a_text_in_another_unicode_form_is_the_same(text: str, form: str) -> None:
    assert fold(unicodedata.normalize(form, text)) == fold(text)  # type: ignore[arg-type]


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
