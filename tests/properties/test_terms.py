"""Which terms count on any two days."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders.records import term
from tests.support.builders.terms import ONE_DAY, TODAY, counting, named
from worker.domain.roster.records import Term
from worker.domain.roster.terms import crosses_boundary, next_boundary

days = st.integers(-70, 70).map(lambda number: TODAY + timedelta(days=number))
some_terms = st.lists(st.builds(term, st.none() | days, st.none() | days), max_size=5)
grace_days = st.sampled_from([0, 1, 30])


@given(some_terms, some_terms, grace_days)
def test_nothing_changes_before_the_next_boundary(some: list[Term], unused: list[Term], grace: int) -> None:
    terms = named(*some, unused=tuple(unused))
    boundary = next_boundary(terms.all(), terms.calendar(TODAY, grace))

    last_of_today = (boundary or TODAY + timedelta(days=120)) - ONE_DAY
    day = TODAY
    while day <= last_of_today:
        assert counting(terms, day, grace) == counting(terms, TODAY, grace)
        day += ONE_DAY
    assert boundary is None or boundary > TODAY


@given(some_terms, some_terms, grace_days, days, days)
def test_where_no_boundary_was_crossed_the_same_terms_count_on_both_days(
    some: list[Term], unused: list[Term], grace: int, one: date, other: date
) -> None:
    terms = named(*some, unused=tuple(unused))
    crosses = crosses_boundary(terms.all(), one, other, grace)

    assert crosses == crosses_boundary(terms.all(), other, one, grace)
    if counting(terms, one, grace) != counting(terms, other, grace):
        assert crosses
