from __future__ import annotations

from datetime import date, timedelta

from builders import term
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.filter import is_current
from worker.domain.records import Term
from worker.domain.terms import crosses_boundary, next_boundary

TODAY = date(2026, 9, 15)
ONE_DAY = timedelta(days=1)

days = st.integers(-40, 40).map(lambda number: TODAY + timedelta(days=number))
terms = st.lists(st.builds(term, st.none() | days, st.none() | days), max_size=6)


def current(some: list[Term], day: date) -> list[bool]:
    return [is_current(one, day) for one in some]


@given(terms)
def test_no_term_changes_before_the_next_boundary_and_at_it_one_does(some: list[Term]) -> None:
    boundary = next_boundary(some, TODAY)

    last_of_today = (boundary or TODAY + timedelta(days=90)) - ONE_DAY
    day = TODAY
    while day <= last_of_today:
        assert current(some, day) == current(some, TODAY)
        day += ONE_DAY
    if boundary is not None:
        assert boundary > TODAY
        assert current(some, boundary) != current(some, TODAY)


@given(terms, days, days)
def test_where_no_boundary_was_crossed_the_same_terms_count_on_both_days(
    some: list[Term], one: date, other: date
) -> None:
    crosses = crosses_boundary(some, one, other)

    assert crosses == crosses_boundary(some, other, one)
    if not crosses:
        assert current(some, one) == current(some, other)
    if current(some, one) != current(some, other):
        assert crosses


def test_a_term_counts_on_its_last_day_and_has_ceased_to_on_the_next() -> None:
    assert next_boundary([term(TODAY, TODAY)], TODAY) == TODAY + ONE_DAY
    assert not crosses_boundary([term(TODAY, TODAY)], TODAY, TODAY)
    assert crosses_boundary([term(TODAY, TODAY)], TODAY, TODAY + ONE_DAY)


def test_terms_without_days_with_their_days_the_wrong_way_round_or_without_end_have_no_boundary() -> None:
    some = [term(None, None), term(TODAY + 5 * ONE_DAY, TODAY + ONE_DAY), term(None, date.max)]

    assert next_boundary(some, TODAY) is None
    assert next_boundary([], TODAY) is None
