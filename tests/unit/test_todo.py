from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from worker.domain.onboarding.states import State
from worker.domain.onboarding.todo import (
    ReminderDelays,
    TodoFacts,
    Who,
    due_at,
    is_due,
    reportable_troubles,
    waits,
)
from worker.domain.onboarding.transitions import MOMENTARY, Trouble

SINCE = datetime(2026, 11, 2, 15, tzinfo=UTC)
PATIENCE = ReminderDelays(timedelta(days=7), timedelta(days=2))
NOBODY = {State.LAUNCH_SCHEDULED, State.READY, State.LIVE}


def standing(state: State) -> TodoFacts:
    return TodoFacts(state, SINCE, has_contacts=True)


@pytest.mark.parametrize("state", list(State))
def test_every_state_says_who_is_waited_for_or_that_nobody_is(state: State) -> None:
    told = waits(standing(state))

    assert [wait.code for wait in told] == ([] if state in NOBODY else [state.value])


@pytest.mark.parametrize(
    ("state", "who"),
    [
        (State.INVITED, Who.DISTRICT),
        (State.SHARING_REQUESTED, Who.DISTRICT),
        (State.WAITING_ON_DISTRICT, Who.DISTRICT),
        (State.DISCONNECTED, Who.DISTRICT),
        (State.CHOSEN, Who.ROSTER_TEAM),
        (State.ALL_SECTIONS_SHARED, Who.ROSTER_TEAM),
    ],
)
def test_it_is_told_whose_turn_it_is(state: State, who: Who) -> None:
    assert waits(standing(state))[0].who is who


def test_somebody_stands_on_the_list_once_patience_is_over() -> None:
    (wait,) = waits(standing(State.INVITED))

    assert not is_due(wait, SINCE + timedelta(days=7, seconds=-1), PATIENCE)
    assert is_due(wait, SINCE + timedelta(days=7), PATIENCE)
    assert due_at(wait, PATIENCE) == SINCE + timedelta(days=7)


def test_a_launch_that_is_held_back_is_told_at_once_and_goes_first() -> None:
    held = replace(standing(State.LAUNCH_SCHEDULED), held_since=SINCE, troubles={Trouble.REVIEW})

    (wait,) = waits(held)

    assert (wait.code, wait.who) == ("launch_held", Who.ROSTER_TEAM)
    assert is_due(wait, SINCE, PATIENCE)


@pytest.mark.parametrize(
    ("troubles", "who"),
    [
        ({Trouble.REVIEW, Trouble.PARKED}, Who.OPERATIONS),
        ({Trouble.SYNC_PAUSED}, Who.DISTRICT),
        ({Trouble.ON_HOLD, Trouble.REVIEW}, Who.ROSTER_TEAM),
        ({Trouble.DISCONNECTED, Trouble.UNREAD}, Who.DISTRICT),
    ],
)
def test_of_several_troubles_the_one_the_others_need_is_told(troubles: set[Trouble], who: Who) -> None:
    held = replace(standing(State.LAUNCH_SCHEDULED), held_since=SINCE, troubles=troubles)

    assert [wait.who for wait in waits(held)] == [who]


def test_a_trouble_that_passes_by_itself_is_nobodys() -> None:
    held = replace(standing(State.LAUNCH_SCHEDULED), held_since=SINCE, troubles={Trouble.UNPUBLISHED})

    assert waits(held) == []
    assert reportable_troubles({Trouble.UNPUBLISHED, Trouble.REVIEW}) == {Trouble.REVIEW}


@pytest.mark.parametrize("trouble", sorted(set(Trouble) - MOMENTARY))
def test_every_other_trouble_has_somebody_who_can_put_it_right(trouble: Trouble) -> None:
    held = replace(standing(State.LAUNCH_SCHEDULED), held_since=SINCE, troubles={trouble})

    assert len(waits(held)) == 1


def test_an_e_mail_that_needs_a_person_is_told_beside_what_else_is_waited_for() -> None:
    told = waits(replace(standing(State.INVITED), mails_waiting=1, mails_since=SINCE))

    assert [wait.code for wait in told] == ["mails", "invited"]
    assert is_due(told[0], SINCE, PATIENCE)


def test_a_review_after_the_launch_waits_for_the_roster_team() -> None:
    told = waits(replace(standing(State.LIVE), review_since=SINCE))

    assert [(wait.code, wait.who) for wait in told] == [("review", Who.ROSTER_TEAM)]


def test_a_district_without_a_contact_is_told_until_it_is_live() -> None:
    silent = replace(standing(State.ROSTERED), has_contacts=False)

    assert "no_contact" in {wait.code for wait in waits(silent)}
    assert waits(replace(silent, state=State.LIVE)) == []
