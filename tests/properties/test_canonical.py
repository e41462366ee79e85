"""Canonical JSON is what the standard library writes, whatever the value is."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.roster.canonical import canonical


class Color(StrEnum):
    RED = "red"


TEXTS = st.text(st.characters(exclude_categories=()))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.just(Color.RED)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner) | st.dictionaries(TEXTS | st.just(Color.RED), inner) | st.tuples(inner, inner)
    ),
)


def by_the_book(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@given(VALUES)
def test_a_value_is_written_as_the_standard_library_does(value: Any) -> None:
    assert canonical(value) == by_the_book(value)


@pytest.mark.parametrize(
    "value",
    [
        {"\U0001f600": 1, "\uffff": 2, "z": 3, "": 4},
        {"text": "".join(map(chr, range(0xA1))) + "\u2028\u2029"},
        {"lone": "\ud800"},
        {"large": [2**63, 2**64, -(2**63) - 1, 2**200]},
        {"real": [1e16, 1e-7, 1.0, -0.0, float("inf")]},
        [[1], [1e16]],
        {1: "a number for a key"},
        {Color.RED: "a text of another class for a key"},
        {"deep": json.loads("[" * 300 + "]" * 300)},
    ],
)
def test_what_a_faster_writer_has_its_own_way_for_is_written_the_same(value: Any) -> None:
    assert canonical(value) == by_the_book(value)
