"""What follows from whatever is seen of a district."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import CONNECTED_STATES, Move, State, is_allowed
from worker.domain.onboarding.transitions import (
    DistrictFacts,
    Onboarding,
    Sharing,
    TransitionRules,
    Trouble,
    steps,
)

RULES = TransitionRules()
WINDOW = AssessmentWindow(date(2026, 12, 10), ZoneInfo("America/Chicago"))
ways = st.builds(
    Onboarding,
    st.just("d"),
    st.sampled_from(State),
    st.none() | st.sampled_from(CONNECTED_STATES),
    st.none()
    | st.builds(AssessmentWindow, st.dates(date(2026, 11, 1), date(2027, 2, 1)), st.just(WINDOW.zone)),
    st.integers(0, 3),
)
counts = st.integers(0, 50)
facts_seen = st.builds(
    DistrictFacts,
    st.booleans(),
    st.none() | st.builds(Sharing, counts, counts, counts),
    st.booleans(),
    st.integers(0, 4),
    st.frozensets(st.sampled_from(Trouble), max_size=2),
)
moments = st.datetimes(datetime(2026, 10, 1), datetime(2027, 3, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(ways, facts_seen, moments)
def test_what_follows_comes_to_an_end_by_allowed_moves_and_never_launches_in_trouble(
    start: Onboarding, facts: DistrictFacts, now: datetime
) -> None:
    made = []
    for step in steps(start, facts, now, RULES):
        made.append(step)
        assert len(made) < len(State)

    for step in made:
        assert is_allowed(step.before, step.move, step.after)
        if step.move is Move.LAUNCH:
            assert not facts.troubles
    assert len({step.after for step in made}) == len(made)
