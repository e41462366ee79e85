"""What is due of any window stays due."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.words import Trigger
from tests.support.builders.records import LIMITS, later, window
from worker.domain.preflight.window import Window, closing_trigger

SECONDS = st.floats(0, 4000, allow_nan=False)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    opened, last = sorted((draw(SECONDS), draw(SECONDS)))
    return window(
        opened=opened,
        last=last,
        events=draw(st.sampled_from([0, 1, 49_999, 50_000])),
        requested=draw(st.none() | st.sampled_from(list(Trigger))),
        deferred=draw(st.none() | SECONDS),
    )


@given(windows(), SECONDS, SECONDS)
def test_what_is_due_stays_due_and_only_age_gives_way(some: Window, first: float, second: float) -> None:
    earlier, afterwards = sorted((first, second))

    before = closing_trigger(some, later(earlier), LIMITS)
    after = closing_trigger(some, later(afterwards), LIMITS)

    assert before in {None, after} or (before, after) == (Trigger.AGE, Trigger.QUIET)
