"""The long tests begin first: the shares of all workers but the last begin with them."""

from __future__ import annotations

import pytest

from tests.support.order import long_first

FOLDERS = {"a": "acceptance", "b": "browser", "c": "contract", "m": "model", "u": "unit"}


@pytest.mark.parametrize(
    ("collected", "first", "second", "third"),
    [
        ("a1 a2 b1 c1 c2 m1 u1 u2 u3", "b1 c1 c2", "a1 a2 m1", "u1 u2 u3"),
        ("a1 a2 a3 c1 c2 m1 u1 u2 u3", "a1 a3 c1", "a2 m1 c2", "u1 u2 u3"),
        ("a1 b1 b2 c1 c2 c3", "b1 b2", "a1 c1", "c2 c3"),
        ("a1 a2 a3", "a1 a3", "a2", ""),
        ("c1 c2 u1 u2", "c1", "c2", "u1 u2"),
        ("u1", "", "", "u1"),
    ],
)
def test_long_tests_are_first_in_the_shares_of_two_of_three_workers(
    collected: str, first: str, second: str, third: str
) -> None:
    tests = [(FOLDERS[name[0]], name) for name in collected.split()]
    assert long_first(tests, 3) == f"{first} {second} {third}".split()


def test_a_worker_without_others_begins_with_the_long_tests() -> None:
    assert long_first([("unit", 1), ("model", 2), ("browser", 3)], 1) == [3, 2, 1]
