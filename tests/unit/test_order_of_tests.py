"""The long tests begin first: each worker's share of the tests begins with its part of them."""

from __future__ import annotations

import pytest

from tests.support.order import long_first

FOLDERS = {"a": "acceptance", "b": "browser", "c": "contract", "m": "model", "u": "unit"}


@pytest.mark.parametrize(
    ("collected", "dealt"),
    [
        ("a1 a2 b1 c1 c2 m1 u1 u2 u3", "b1 m1 c1 a1 c2 u1 a2 u2 u3"),
        ("a1 c1 c2 c3 c4 u1 u2 u3", "a1 c1 c2 c3 c4 u1 u2 u3"),
        ("a1 a2 a3 a4 a5", "a1 a4 a2 a5 a3"),
        ("c1 c2 u1 u2", "c1 c2 u1 u2"),
        ("u1", "u1"),
        ("", ""),
    ],
)
def test_each_of_three_shares_begins_with_its_part_of_the_long_tests(collected: str, dealt: str) -> None:
    tests = [(FOLDERS[name[0]], name) for name in collected.split()]
    assert long_first(tests, 3) == dealt.split()
