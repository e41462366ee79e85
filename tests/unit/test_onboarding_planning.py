"""The steps that districts take, planned without a database: those that follow, and those of people."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import structlog

from tests.support.builders.onboarding_states import RULES
from worker.domain.mail.mails import Composed, Values
from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.transitions import DistrictFacts, Onboarding, Step, Trouble
from worker.onboarding.district_store import Description
from worker.onboarding.observation import Observation, OnboardingRules, sync_troubles
from worker.onboarding.planning import (
    PlannedTransitions,
    changed_delays,
    checked_description,
    checked_request,
    following,
    has_new_opening,
    ordered_step,
)
from worker.runtime.errors import MailError, OnboardingError, OrderRefused

NOW = datetime(2026, 12, 9, 18, tzinfo=UTC)
WINDOW = AssessmentWindow(date(2026, 12, 10), ZoneInfo("America/Chicago"))
QUIET = OnboardingRules()


def seen(state: State, facts: DistrictFacts | None = None, **said: Any) -> Observation:
    """Return what is seen of a connected district in this state."""
    onboarding = Onboarding("larkspur", state, window=said.pop("window", None))
    observed = Observation(
        onboarding=onboarding,
        facts=facts or DistrictFacts(is_connected=True),
        now=NOW,
        name="Larkspur",
        contacts=("ada@larkspur.example",),
        own_time_zone=None,
        time_zone="America/Chicago",
        committed={},
        clever_record=None,
        kept_troubles=frozenset(),
    )
    return replace(observed, **said)


def failing(error: Exception) -> OnboardingRules:
    def compose(_: Values) -> Composed:
        raise error

    return OnboardingRules(compose=compose)


ROSTERED = DistrictFacts(is_connected=True, has_filter=True, commits=1)


def test_a_district_takes_every_step_that_follows_with_its_emails() -> None:
    writing = OnboardingRules(compose=lambda values: Composed(values.kind, "", ""))

    plan = following(seen(State.WAITING_ON_DISTRICT, ROSTERED, window=WINDOW), writing)

    assert plan is not None
    assert [step.after for step in plan.steps] == [State.ROSTERED, State.LAUNCH_SCHEDULED, State.READY]
    assert [made.mail_id is not None for made in plan.made()] == [True, False, True]
    assert {made.actor for made in plan.made()} == {None}


def test_a_district_where_nothing_follows_has_no_plan() -> None:
    assert following(seen(State.CONNECTED), QUIET) is None


@pytest.mark.parametrize(
    ("error", "said"), [(MailError("too long a subject"), "too long a subject"), (ValueError("secret"), None)]
)
def test_a_district_without_a_possible_email_waits_and_says_so(error: Exception, said: str | None) -> None:
    with structlog.testing.capture_logs() as logs:
        plan = following(seen(State.WAITING_ON_DISTRICT, ROSTERED), failing(error))

    assert plan is None
    (line,) = logs
    assert (line["event"], line["district_id"]) == ("district.not_moved", "larkspur")
    assert line.get("reason") == said
    assert "secret" not in str(line)


def test_only_a_district_held_back_by_other_troubles_than_before_is_kept_again() -> None:
    in_review = replace(ROSTERED, troubles=frozenset({Trouble.REVIEW}))
    before = seen(State.LAUNCH_SCHEDULED, in_review, window=WINDOW)
    known = replace(before, kept_troubles=frozenset({Trouble.REVIEW}))

    assert changed_delays([before], [], QUIET) == [("larkspur", "review", NOW)]
    assert changed_delays([known], [], QUIET) == []


def test_a_district_that_takes_a_step_is_held_back_by_where_it_then_stands() -> None:
    in_review = replace(ROSTERED, troubles=frozenset({Trouble.REVIEW}))
    kept = seen(State.LAUNCH_SCHEDULED, in_review, window=WINDOW, kept_troubles=frozenset({Trouble.REVIEW}))
    launched = PlannedTransitions(kept, [Step(State.LAUNCH_SCHEDULED, Move.LAUNCH, State.READY)])

    assert changed_delays([kept], [launched], QUIET) == [("larkspur", "", NOW)]


def test_a_move_that_is_allowed_leads_to_its_state() -> None:
    step = ordered_step(seen(State.CONNECTED), Move.REQUEST_SHARING)

    assert step == Step(State.CONNECTED, Move.REQUEST_SHARING, State.SHARING_REQUESTED)


@pytest.mark.parametrize(
    ("move", "why"),
    [
        (Move.COMMIT, "commit happens automatically"),
        (Move.INVITE, "larkspur is live; invite is allowed from"),
    ],
)
def test_a_move_that_is_not_allowed_is_refused_with_where_it_is(move: Move, why: str) -> None:
    with pytest.raises(OrderRefused, match=why):
        ordered_step(seen(State.LIVE), move)


def test_a_launch_opens_anew_only_where_it_stands_and_the_day_is_another() -> None:
    other = replace(WINDOW, opens_on=date(2026, 12, 11))
    ready = Onboarding("larkspur", State.READY, window=WINDOW)

    assert has_new_opening(ready, replace(ready, window=other))
    assert not has_new_opening(ready, ready)
    assert not has_new_opening(ready, replace(ready, window=None))
    assert not has_new_opening(replace(ready, window=None), ready)
    assert not has_new_opening(replace(ready, state=State.ROSTERED), replace(ready, window=other))
    assert not has_new_opening(ready, replace(ready, state=State.ROSTERED, window=other))


def test_a_request_for_rules_names_them_where_an_email_is_written() -> None:
    with pytest.raises(OnboardingError, match="say which sharing rules"):
        checked_request(Move.REQUEST_RULES, None, writes=True)

    assert checked_request(Move.REQUEST_RULES, None, writes=False) is None
    assert checked_request(Move.INVITE, RULES, writes=True) is None
    assert checked_request(Move.REQUEST_RULES, RULES, writes=True) == RULES


def test_what_nobody_said_of_a_district_stays_unsaid() -> None:
    assert checked_description(Description()) == (None, None, None)
    assert checked_description(Description(" Larkspur ", None, "America/Chicago")) == (
        "Larkspur",
        None,
        "America/Chicago",
    )


def test_the_day_of_a_district_is_that_of_its_own_zone() -> None:
    assert seen(State.CONNECTED, now=datetime(2026, 9, 8, 3, tzinfo=UTC)).today == date(2026, 9, 7)


def test_a_paused_and_a_late_sync_are_troubles_only_of_a_district_that_is_read() -> None:
    paused = {"state": "paused", "pause_start": "2026-12-01", "pause_end": None}
    late = {"state": "success", "last_sync": "2026-11-01T00:00:00Z"}

    assert sync_troubles(paused, NOW, is_read=True) == {Trouble.SYNC_PAUSED}
    assert sync_troubles(late, NOW, is_read=True) == {Trouble.SYNC_STALE}
    assert sync_troubles(late, NOW, is_read=False) == frozenset()
    assert sync_troubles(None, NOW, is_read=True) == frozenset()
