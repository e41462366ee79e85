"""Every character is folded, and blank or not; any text folds alike however it is written."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from itertools import chain

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas.blank import INVISIBLE, is_blank
from worker.domain.roster.texts import fold, folded

LISTED = re.compile(f"[{INVISIBLE}]")
ALIKE = (range(0x3400, 0x4DBF), range(0x4E00, 0x9FFF), range(0xAC00, 0xD7A3), range(0x20000, 0x2F7FF))
"""Han that is no other sign's form, and the syllables of Hangul: all fold by the same rule."""
EMPTY = (range(0x32400, 0xE0000), range(0xE0200, sys.maxunicode + 1))
"""Where hardly any character is assigned."""
CATEGORIES = {"Cc", "Cf", "Zs", "Zl", "Zp"}
PAIRS = st.text(
    st.one_of(
        st.sampled_from(" \t\u00a0\u200b\ufeff\u00ad\u0301\u0307\u0345\u1160eEiI\u0130\u00df\ufb01\uff11"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=8,
)


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
