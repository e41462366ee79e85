"""Which full reads of a district are believed."""

from __future__ import annotations

import pytest

from worker.domain.roster.baseline_check import why_refused

THERE = {"students": 400, "schools": 3, "sections": 250, "teachers": 30}


def test_the_first_read_of_a_district_is_believed_even_where_it_found_nothing() -> None:
    assert why_refused({}, {"students": 0, "schools": 0, "sections": 0}) is None


@pytest.mark.parametrize("what", ["students", "schools", "sections"])
def test_a_read_without_any_of_what_was_there_is_refused(what: str) -> None:
    assert f"no {what} were read" in (why_refused(THERE, THERE | {what: 0}) or "")


def test_what_was_not_read_says_nothing() -> None:
    assert why_refused(THERE, {"students": 400, "sections": 250}) is None


def test_half_of_the_students_is_believed_and_one_fewer_is_not() -> None:
    assert why_refused(THERE, THERE | {"students": 200}) is None
    assert "read only 199 of 400 stored students" in (why_refused(THERE, THERE | {"students": 199}) or "")


def test_a_handful_of_students_may_become_a_few() -> None:
    assert why_refused({"students": 10}, {"students": 1}) is None


def test_a_narrower_sharing_rule_may_leave_few_sections() -> None:
    assert why_refused(THERE, THERE | {"sections": 20}) is None
