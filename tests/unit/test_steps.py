"""A district's onboarding as steps: what was, what is and what is to come, told as the history has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from tests.support.builders.onboarding import record
from tests.support.builders.records import NOON
from worker.console.onboarding_steps import WHERE, StepStatus, StepView, steps_of, troubles_of
from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.transitions import Trouble
from worker.onboarding.district_store import Transition

DAY = timedelta(days=1)
S = State


def history(*moves: tuple[Move, State], actor: str | None = None) -> list[Transition]:
    """Return moves, a day apart."""
    made, before = list[Transition](), None
    for number, (move, after) in enumerate(moves):
        made.append(Transition("d", before, move, after, NOON + number * DAY, actor, None, {}))
        before = after
    return made


def places(shown: Sequence[StepView]) -> dict[str, str]:
    return {step.state.value: step.place.value for step in shown}


SMOOTH = (
    (Move.CHOOSE, S.CHOSEN),
    (Move.INVITE, S.INVITED),
    (Move.CONNECT, S.CONNECTED),
    (Move.REQUEST_SHARING, S.SHARING_REQUESTED),
    (Move.SHARE, S.ALL_SECTIONS_SHARED),
    (Move.FILTER, S.FILTERING),
)


def test_what_was_reached_is_done_and_what_was_not_is_to_come() -> None:
    shown = steps_of(record(S.FILTERING), history(*SMOOTH))

    assert places(shown) == {
        **dict.fromkeys(
            ("chosen", "invited", "connected", "sharing_requested", "all_sections_shared"), "done"
        ),
        "filtering": "now",
        **dict.fromkeys(("rostered", "launch_scheduled", "ready", "live"), "to_come"),
    }
    assert [step.made.at for step in shown if step.made] == [NOON + number * DAY for number in range(6)]


def test_a_state_that_was_passed_over_is_left_out_and_not_done() -> None:
    shown = steps_of(record(S.ROSTERED), history((Move.FIND, S.CONNECTED), (Move.COMMIT, S.ROSTERED)))

    found = places(shown)
    assert (found["chosen"], found["connected"], found["filtering"]) == ("left_out", "done", "left_out")


def test_a_district_that_was_asked_for_rules_after_it_was_live_has_what_it_was_to_come_again() -> None:
    went = history(
        *SMOOTH, (Move.COMMIT, S.ROSTERED), (Move.SCHEDULE, S.LAUNCH_SCHEDULED), (Move.LAUNCH, S.READY),
        (Move.OPEN, S.LIVE), (Move.REQUEST_RULES, S.WAITING_ON_DISTRICT),
    )  # fmt: skip
    shown = {step.state: step for step in steps_of(record(S.WAITING_ON_DISTRICT), went)}

    assert shown[S.WAITING_ON_DISTRICT].place is StepStatus.NOW
    assert shown[S.LIVE].place is StepStatus.TO_COME
    assert shown[S.LIVE].made is not None


def test_repeats_are_counted_and_a_return_is_none() -> None:
    went = history(
        (Move.CHOOSE, S.CHOSEN), (Move.INVITE, S.INVITED), (Move.INVITE, S.INVITED),
        (Move.CONNECT, S.CONNECTED), (Move.DISCONNECT, S.DISCONNECTED), (Move.RETURN, S.CONNECTED),
    )  # fmt: skip
    shown = {step.state: step for step in steps_of(record(S.CONNECTED), went)}

    assert (shown[S.INVITED].times, shown[S.CONNECTED].times) == (2, 1)
    assert S.DISCONNECTED not in shown


def test_a_disconnected_district_stands_beside_the_step_that_it_comes_back_to() -> None:
    went = history(*SMOOTH, (Move.DISCONNECT, S.DISCONNECTED))
    shown = steps_of(record(S.DISCONNECTED, returns_to=S.FILTERING), went)

    names = [step.state for step in shown]
    assert names.index(S.DISCONNECTED) == names.index(S.FILTERING) + 1
    assert places(shown)["filtering"] == "interrupted"
    assert [step.state for step in shown if step.place is StepStatus.NOW] == [S.DISCONNECTED]


def test_a_launch_and_an_opening_that_are_to_come_have_their_days() -> None:
    zone = ZoneInfo("America/Chicago")
    one = record(S.LAUNCH_SCHEDULED, window=AssessmentWindow(date(2026, 9, 15), zone))
    shown = {step.state: step for step in steps_of(one, [])}

    assert shown[S.READY].expected_at == one.launch_at
    assert shown[S.LIVE].expected_at == one.opens_at


def test_everything_that_can_hold_a_launch_back_is_told_with_where_to_see_to_it() -> None:
    assert set(WHERE) == set(Trouble)
    one = record(S.LAUNCH_SCHEDULED, troubles=frozenset(Trouble))
    assert len(troubles_of(one)) == len(Trouble)
    assert troubles_of(record(S.LAUNCH_SCHEDULED)) == []
