"""When a district is advised to change its section filter, and how long advice is good."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from builders import NOON

from worker.domain.advice import DRIFT_PERCENT, FEW_PERCENT, STALE, Advice, is_wanted, unplaced
from worker.domain.tally import Tally


def tally(students: int, none: int = 0, several: int = 0, **codes: int) -> Tally:
    counts = {"roster:student": students, "code:student.no_section": none}
    counts |= {"code:student.multiple_sections": several}
    return Tally(Counter(counts | {f"code:student.{code}": count for code, count in codes.items()}))


def test_students_with_no_class_and_with_several_are_unplaced_and_no_others() -> None:
    assert unplaced(tally(100, 3, 4, field_missing=50)) == 7
    assert unplaced(tally(100)) == 0


def test_a_district_that_was_never_rostered_wants_advice_from_the_first_unplaced_student() -> None:
    assert is_wanted(tally(100_000, none=1), was_rostered=False)
    assert is_wanted(tally(100_000, several=1), was_rostered=False)
    assert not is_wanted(tally(100_000, field_missing=9), was_rostered=False)
    assert not is_wanted(tally(0), was_rostered=False)


def test_a_rostered_district_wants_it_where_more_than_a_few_are_unplaced() -> None:
    few = int(FEW_PERCENT * 10)
    assert not is_wanted(tally(1000, none=few), was_rostered=True)
    assert is_wanted(tally(1000, none=few, several=1), was_rostered=True)
    assert not is_wanted(tally(0), was_rostered=True)


def holds(
    days: timedelta = timedelta(0), version: int = 3, now: int = 100, then: int = 100, students: int = 200
) -> bool:
    return Advice(NOON, 3, then, []).still_holds(NOON + days, version, now, students)


def test_advice_holds_for_a_day() -> None:
    assert holds()
    assert holds(STALE - timedelta(microseconds=1))
    assert not holds(STALE)


@pytest.mark.parametrize("version", [2, 4])
def test_advice_under_another_filter_does_not_hold(version: int) -> None:
    assert not holds(version=version)


def test_advice_holds_while_about_as_many_students_are_unplaced() -> None:
    drift = int(DRIFT_PERCENT)
    assert holds(now=100 + drift)
    assert holds(now=100 - drift)
    assert not holds(now=101 + drift)
    assert not holds(now=99 - drift)


def test_advice_found_for_nobody_holds_for_nobody_only() -> None:
    assert holds(now=0, then=0)
    assert not holds(now=1, then=0)


def test_in_a_large_district_single_students_are_no_other_district() -> None:
    assert holds(then=3, now=5, students=1000)
    assert not holds(then=3, now=6, students=1000)
