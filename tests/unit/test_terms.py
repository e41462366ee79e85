"""Which terms count on a day, and when time alone changes that."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.support.builders.records import term
from tests.support.builders.terms import GRACE, ONE_DAY, TODAY, counting, named
from worker.domain.roster.terms import DistrictTerms, TermUse, crosses_boundary, is_reversed, next_boundary

FALL = term(date(2026, 8, 20), date(2026, 11, 20), "S1")
SPRING = term(date(2026, 12, 7), date(2027, 5, 20), "S2")
IN_THE_GAP = date(2026, 11, 29)


def test_in_a_gap_the_term_that_ended_last_counts_until_the_next_one_begins() -> None:
    terms = named(FALL, SPRING)

    assert counting(terms, date(2026, 11, 20)) == ["0"]
    assert counting(terms, date(2026, 11, 21)) == ["0"]
    assert counting(terms, date(2026, 12, 6)) == ["0"]
    assert counting(terms, date(2026, 12, 7)) == ["1"]


def test_it_counts_no_longer_than_the_days_of_grace() -> None:
    terms = named(FALL)

    assert counting(terms, date(2026, 12, 20)) == ["0"]
    assert counting(terms, date(2026, 12, 21)) == []
    assert counting(terms, date(2026, 11, 21), grace=0) == []
    assert counting(terms, date(2026, 11, 21), grace=1) == ["0"]
    assert counting(terms, date(2026, 11, 22), grace=1) == []


def test_where_another_term_of_the_school_runs_there_is_no_gap() -> None:
    year = term(date(2026, 8, 20), date(2027, 5, 20), "Year")

    assert counting(named(FALL, SPRING, year), IN_THE_GAP) == ["2"]


def test_a_term_that_runs_at_another_school_ends_no_gap_here() -> None:
    year = term(date(2026, 8, 20), date(2027, 5, 20), "Year")
    terms = DistrictTerms([*named(FALL, SPRING).uses, TermUse("b", "9", 1, year)])

    assert counting(terms, IN_THE_GAP) == ["0", "9"]


def test_terms_that_ended_together_count_on_together_and_those_before_them_do_not() -> None:
    quarter, half = term(date(2026, 10, 1), date(2026, 11, 20)), term(date(2026, 8, 1), date(2026, 11, 20))
    first = term(date(2026, 8, 1), date(2026, 9, 30))

    assert counting(named(first, quarter, half, SPRING), IN_THE_GAP) == ["1", "2"]


def test_a_term_that_no_section_names_yet_ends_the_gap_when_it_begins() -> None:
    terms = named(FALL, unused=(SPRING,))

    assert counting(terms, date(2026, 12, 6)) == ["0"]
    assert counting(terms, date(2026, 12, 7)) == []


def test_a_term_that_no_section_names_and_that_began_long_before_is_not_the_next_one() -> None:
    assert counting(named(FALL, unused=(term(date(1990, 1, 1), date(2090, 1, 1)),)), IN_THE_GAP) == ["0"]


def test_a_term_that_no_section_names_and_that_began_on_the_last_day_or_never_is_not_the_next_one() -> None:
    overlapping, without_start = term(date(2026, 11, 20), date(2027, 5, 20)), term(None, date(2027, 5, 20))

    assert counting(named(FALL, unused=(overlapping, without_start)), IN_THE_GAP) == ["0"]


def test_terms_that_are_unknown_or_have_no_days_count_always_and_end_no_gap() -> None:
    assert counting(named(FALL, None, term(None, None)), IN_THE_GAP) == ["0", "1", "2"]


def test_a_term_with_its_days_the_wrong_way_round_never_counts_nor_ends_a_gap() -> None:
    wrong = term(date(2026, 11, 28), date(2026, 11, 25))

    assert is_reversed(wrong)
    assert counting(named(FALL, wrong), IN_THE_GAP) == ["0"]
    assert counting(named(wrong), IN_THE_GAP) == []


def test_sections_without_a_school_are_a_school_of_their_own() -> None:
    assert counting(named(FALL, SPRING, school=""), IN_THE_GAP) == ["0"]


def test_schools_at_which_another_term_counts_on_have_moved() -> None:
    before = [TermUse("a", "0", 1, FALL), TermUse("b", "0", 1, FALL, in_grace=True)]
    terms = DistrictTerms(before)

    assert terms.calendar(IN_THE_GAP, GRACE).moved(before) == {"a"}
    assert terms.calendar(date(2027, 2, 1), GRACE).moved(before) == {"b"}


@pytest.mark.parametrize("grace", [0, GRACE])
def test_a_term_counts_on_its_last_day_and_its_grace_ends_on_a_boundary(grace: int) -> None:
    terms = named(term(TODAY, TODAY))
    boundaries = [next_boundary(terms.all(), terms.calendar(day, grace)) for day in (TODAY, TODAY + ONE_DAY)]

    assert boundaries == [TODAY + ONE_DAY, TODAY + timedelta(days=grace + 1) if grace else None]
    assert not crosses_boundary(terms.all(), TODAY, TODAY, grace)
    assert crosses_boundary(terms.all(), TODAY, TODAY + ONE_DAY, grace)


def test_terms_without_days_with_their_days_the_wrong_way_round_or_without_end_have_no_boundary() -> None:
    terms = named(term(None, None), term(TODAY + 5 * ONE_DAY, TODAY + ONE_DAY), term(None, date.max))

    assert next_boundary(terms.all(), terms.calendar(TODAY, GRACE)) is None
    assert next_boundary([], DistrictTerms().calendar(TODAY, GRACE)) is None


def test_grace_does_not_reach_beyond_the_end_of_time() -> None:
    terms = named(term(None, date.max - 2 * ONE_DAY))
    last_days = [date.max - ONE_DAY, date.max]

    assert [counting(terms, day) for day in last_days] == [["0"], ["0"]]
    assert next_boundary(terms.all(), terms.calendar(date.max, GRACE)) is None
    assert all(not crosses_boundary(terms.all(), *two, GRACE) for two in pairwise(last_days))
