from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import CONNECTED_STATES, Move, State, sources
from worker.domain.onboarding.transitions import (
    DistrictFacts,
    Onboarding,
    Sharing,
    TransitionRules,
    Trouble,
    held_back,
    is_all_shared,
    moved,
    next_step,
    steps,
)

RULES = TransitionRules()
WINDOW = AssessmentWindow(date(2026, 12, 10), ZoneInfo("America/Chicago"))
BEFORE = datetime(2026, 12, 1, tzinfo=UTC)
LAUNCH = WINDOW.launches_at(RULES.calendar)
OPENING = WINDOW.opens_at()
CONNECTED = DistrictFacts(is_connected=True)
ROSTERED = DistrictFacts(is_connected=True, has_filter=True, commits=1)


def onboarding(state: State, **said: Any) -> Onboarding:
    return replace(Onboarding("d", state), **said)


def reached(start: Onboarding, facts: DistrictFacts, now: datetime = BEFORE) -> State:
    """Return where a district is after all that follows from what is seen."""
    state = start.state
    for step in steps(start, facts, now, RULES):
        state = step.after
    return state


@pytest.mark.parametrize("state", [State.CHOSEN, State.INVITED])
def test_a_token_that_appears_connects_a_district(state: State) -> None:
    assert reached(onboarding(state), DistrictFacts(is_connected=False)) is state
    assert reached(onboarding(state), CONNECTED) is State.CONNECTED


@pytest.mark.parametrize("state", [State.CONNECTED, State.SHARING_REQUESTED])
def test_sections_that_become_readable_are_shared_once_hardly_a_student_is_in_none(state: State) -> None:
    said = onboarding(state)

    assert reached(said, CONNECTED) is state
    assert reached(said, replace(CONNECTED, sharing=Sharing(0, 600, 600))) is state
    assert reached(said, replace(CONNECTED, sharing=Sharing(40, 600, 7))) is state
    assert reached(said, replace(CONNECTED, sharing=Sharing(40, 600, 6))) is State.ALL_SECTIONS_SHARED


def test_a_district_without_students_has_shared_nothing() -> None:
    assert not is_all_shared(Sharing(sections=3, students=0, unsectioned=0), RULES)
    assert is_all_shared(Sharing(sections=3, students=1, unsectioned=0), RULES)


def test_students_in_no_section_are_a_share_of_all() -> None:
    assert not is_all_shared(Sharing(sections=3, students=990, unsectioned=10), RULES)
    assert is_all_shared(Sharing(3, 1000, 20), TransitionRules(unsectioned_percent=2.0))


def test_with_a_filter_the_district_is_being_filtered() -> None:
    shared = onboarding(State.ALL_SECTIONS_SHARED)

    assert reached(shared, CONNECTED) is State.ALL_SECTIONS_SHARED
    assert reached(shared, replace(CONNECTED, has_filter=True)) is State.FILTERING


@pytest.mark.parametrize("state", sources(Move.COMMIT))
def test_the_first_commit_rosters_a_district_and_a_review_does_not(state: State) -> None:
    in_review = replace(ROSTERED, has_filter=False, troubles=frozenset({Trouble.REVIEW}))

    assert reached(onboarding(state), in_review) is state
    assert reached(onboarding(state), ROSTERED) is State.ROSTERED
    assert reached(onboarding(state), replace(ROSTERED, has_filter=False)) is State.ROSTERED
    assert reached(onboarding(state), replace(ROSTERED, has_filter=False, commits=0)) is state


def test_a_hold_does_not_undo_a_commit() -> None:
    assert reached(onboarding(State.FILTERING), replace(ROSTERED, troubles=frozenset({Trouble.ON_HOLD}))) is (
        State.ROSTERED
    )


def test_after_sharing_rules_were_asked_for_another_commit_is_waited_for() -> None:
    waiting = onboarding(State.WAITING_ON_DISTRICT, commits_before=1)

    assert reached(waiting, ROSTERED) is State.WAITING_ON_DISTRICT
    assert reached(waiting, replace(ROSTERED, commits=2)) is State.ROSTERED


def test_a_window_said_early_schedules_the_launch_as_soon_as_the_district_is_rostered() -> None:
    assert reached(onboarding(State.FILTERING, window=WINDOW), ROSTERED) is State.LAUNCH_SCHEDULED


def test_a_launch_waits_for_its_day_and_a_roster_in_sync() -> None:
    scheduled = onboarding(State.LAUNCH_SCHEDULED, window=WINDOW)

    assert reached(scheduled, ROSTERED, LAUNCH - timedelta(seconds=1)) is State.LAUNCH_SCHEDULED
    assert reached(scheduled, ROSTERED, LAUNCH) is State.READY
    assert reached(scheduled, ROSTERED, OPENING) is State.LIVE


@pytest.mark.parametrize("trouble", list(Trouble))
def test_any_trouble_holds_a_launch_back_and_is_told(trouble: Trouble) -> None:
    scheduled = onboarding(State.LAUNCH_SCHEDULED, window=WINDOW)
    facts = replace(ROSTERED, troubles=frozenset({trouble}))

    assert next_step(scheduled, facts, OPENING, RULES) is None
    assert held_back(scheduled, facts, LAUNCH, RULES) == {trouble}
    assert not held_back(scheduled, facts, LAUNCH - timedelta(seconds=1), RULES)
    assert not held_back(scheduled, ROSTERED, LAUNCH, RULES)


def test_without_a_window_no_launch_is_held_back() -> None:
    facts = replace(ROSTERED, troubles=frozenset({Trouble.REVIEW}))

    assert not held_back(onboarding(State.LAUNCH_SCHEDULED), facts, OPENING, RULES)


def test_a_district_that_was_disconnected_before_anybody_looked_returns_as_connected() -> None:
    back = next_step(onboarding(State.DISCONNECTED), CONNECTED, BEFORE, RULES)

    assert back is not None
    assert back.after is State.CONNECTED


def test_a_launch_is_held_back_while_the_district_is_disconnected() -> None:
    gone = onboarding(State.DISCONNECTED, returns_to=State.LAUNCH_SCHEDULED, window=WINDOW)
    facts = DistrictFacts(is_connected=False, commits=1, troubles=frozenset({Trouble.DISCONNECTED}))

    assert held_back(gone, facts, LAUNCH, RULES) == {Trouble.DISCONNECTED}
    assert not held_back(replace(gone, returns_to=State.LIVE), facts, LAUNCH, RULES)


def test_a_window_that_moves_to_a_later_day_is_launched_again() -> None:
    later = replace(WINDOW, opens_on=date(2027, 1, 14))

    for state in (State.READY, State.LIVE):
        assert reached(onboarding(state, window=later), ROSTERED, OPENING) is State.LAUNCH_SCHEDULED


def test_without_a_window_there_is_no_launch() -> None:
    for state in (State.LAUNCH_SCHEDULED, State.READY):
        assert reached(onboarding(state), ROSTERED) is State.ROSTERED
    assert reached(onboarding(State.LIVE), ROSTERED) is State.LIVE


@pytest.mark.parametrize("state", CONNECTED_STATES)
def test_a_district_that_was_disconnected_returns_to_where_it_was(state: State) -> None:
    off = DistrictFacts(is_connected=False)
    step = next_step(onboarding(state), off, BEFORE, RULES)
    assert step is not None
    assert (step.move, step.after) == (Move.DISCONNECT, State.DISCONNECTED)

    gone = moved(onboarding(state), step)
    assert next_step(gone, off, BEFORE, RULES) is None
    back = next_step(gone, CONNECTED, BEFORE, RULES)

    assert back is not None
    assert (back.move, back.after) == (Move.RETURN, state)
