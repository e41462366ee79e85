"""Which e-mail a move causes, with which values, on which occasion, to whom: decided without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.builders.onboarding_states import RULES
from worker.domain.mail.mails import (
    Composed,
    Invitation,
    MailKind,
    ReadyToAssess,
    Rostered,
    RulesRequest,
    SharingRequest,
    SyncSettings,
    Values,
)
from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.transitions import DistrictFacts, Onboarding, Step
from worker.onboarding.district_store import RulesAsked
from worker.onboarding.mails import check_may_write, is_taken_back, ordered_mail, promised_link, seen_mail
from worker.onboarding.observation import Observation, OnboardingRules
from worker.runtime.errors import OnboardingError

NOW = datetime(2026, 9, 8, 3, tzinfo=UTC)
"""In Chicago it is the evening of the 7th."""
WINDOW = AssessmentWindow(date(2026, 12, 10), ZoneInfo("America/Chicago"))
SEEN = Observation(
    onboarding=Onboarding("larkspur", State.ROSTERED, window=WINDOW),
    facts=DistrictFacts(is_connected=True),
    now=NOW,
    name="Larkspur",
    contacts=("ada@larkspur.example", "bo@larkspur.example"),
    own_time_zone="America/Chicago",
    time_zone="America/Chicago",
    committed={"students": 400, "classes": 20, "schools": 2},
    clever_record=None,
    kept_troubles=frozenset(),
)
COMMIT = Step(State.WAITING_ON_DISTRICT, Move.COMMIT, State.ROSTERED)
LAUNCH = Step(State.ROSTERED, Move.LAUNCH, State.READY)


class Letters:
    """Composes e-mails, and keeps the values that they were made of."""

    def __init__(self) -> None:
        self.values: list[Values] = []
        self.rules = OnboardingRules(compose=self.compose, public_url="https://console.example/")

    def compose(self, values: Values) -> Composed:
        self.values.append(values)
        return Composed(values.kind, values.district_name, "")

    def of_order(self, move: Move, seen: Observation = SEEN, rules: RulesAsked | None = None) -> Values:
        """Return the values of the e-mail of a person's move."""
        link = promised_link(seen, timedelta(days=30)) if move is Move.INVITE else None
        ordered_mail(seen, move, 1, self.rules, link, rules)
        return self.values[-1]

    def of_step(self, step: Step, seen: Observation = SEEN) -> Values | None:
        """Return the values of the e-mail of a move that was seen."""
        mail = seen_mail(seen, step, self.rules)
        return self.values[-1] if mail else None


def test_a_move_that_may_be_made_again_has_an_email_with_a_number_of_its_own() -> None:
    mail = ordered_mail(SEEN, Move.REQUEST_SHARING, 3, Letters().rules)

    assert (mail.kind, mail.occasion, mail.recipients) == (
        MailKind.SHARING_REQUEST,
        "sharing/3",
        SEEN.contacts,
    )
    assert (mail.time_zone, mail.wait_for_sync) == ("America/Chicago", False)


def test_an_invitation_has_the_page_of_its_link_and_the_day_on_which_it_ends_in_the_district() -> None:
    values = Letters().of_order(Move.INVITE)

    assert isinstance(values, Invitation)
    assert values.connect_link.startswith("https://console.example/connect/")
    assert values.link_expires_on == date(2026, 10, 7)


def test_a_request_for_rules_has_the_rules_and_what_they_give() -> None:
    values = Letters().of_order(Move.REQUEST_RULES, rules=RULES)

    assert values == RulesRequest("Larkspur", RULES.rules, RULES.placed, SyncSettings(is_paused=False))


@pytest.mark.parametrize(
    ("end", "until"), [("2026-09-20", date(2026, 9, 20)), ("someday", None), (None, None)]
)
def test_a_request_for_rules_tells_of_a_paused_sync(end: str | None, until: date | None) -> None:
    record = {"state": "paused", "pause_start": "2026-09-01", "pause_end": end}
    values = Letters().of_order(Move.REQUEST_RULES, replace(SEEN, clever_record=record), RULES)

    assert isinstance(values, RulesRequest)
    assert values.sync == SyncSettings(is_paused=True, paused_until=until)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("  Lark\nspur\t ISD ", "Lark spur ISD"),
        ("L" * 200, "L" * 80),
        ("\u0007", "your district"),
        (None, "your district"),
    ],
)
def test_a_name_stands_in_an_email_as_one_short_line(name: str | None, called: str) -> None:
    values = Letters().of_order(Move.REQUEST_SHARING, replace(SEEN, name=name))

    assert values == SharingRequest(called)


def test_a_first_commit_tells_the_day_of_the_launch_while_that_is_to_come() -> None:
    letters, launch = Letters(), WINDOW.launches_at(OnboardingRules().rules.calendar)
    to_come, come = replace(SEEN, now=launch - timedelta(seconds=1)), replace(SEEN, now=launch)
    no_window = replace(SEEN, onboarding=Onboarding("larkspur", State.ROSTERED))

    days = [
        values.launches_on
        for seen in (SEEN, to_come, come, no_window)
        if isinstance(values := letters.of_step(COMMIT, seen), Rostered)
    ]

    assert days == [launch.date(), launch.date(), None, None]


def test_a_launch_tells_the_opening_and_the_roster_and_leaves_only_while_that_is_in_sync() -> None:
    letters = Letters()

    mail = seen_mail(SEEN, LAUNCH, letters.rules)

    assert mail is not None
    assert letters.values == [ReadyToAssess("Larkspur", WINDOW.opens_on, 400, 20, 2)]
    assert (mail.occasion, mail.wait_for_sync) == ("ready/2026-12-10", True)


def test_a_move_that_was_seen_has_no_email_without_a_server_a_contact_or_an_occasion() -> None:
    rules, silent = Letters().rules, OnboardingRules()
    returned = Step(State.DISCONNECTED, Move.RETURN, State.ROSTERED)

    assert seen_mail(SEEN, LAUNCH, silent) is None
    assert seen_mail(replace(SEEN, contacts=()), LAUNCH, rules) is None
    assert seen_mail(SEEN, returned, rules) is None


def test_an_email_that_cannot_be_written_is_refused_with_what_is_missing() -> None:
    rules = Letters().rules

    with pytest.raises(OnboardingError, match="no mail server is configured"):
        check_may_write(SEEN, Move.INVITE, OnboardingRules())
    with pytest.raises(OnboardingError, match="district larkspur has no contact"):
        check_may_write(replace(SEEN, contacts=()), Move.INVITE, rules)
    with pytest.raises(OnboardingError, match="ROSTERING_HTTP__PUBLIC_URL"):
        check_may_write(SEEN, Move.INVITE, replace(rules, public_url=None))
    check_may_write(SEEN, Move.REQUEST_SHARING, replace(rules, public_url=None))
    check_may_write(SEEN, Move.INVITE, rules)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (State.READY, State.ROSTERED, True),
        (State.LIVE, State.ROSTERED, True),
        (State.READY, State.LIVE, False),
        (State.LIVE, State.READY, False),
        (State.READY, State.DISCONNECTED, False),
        (State.ROSTERED, State.READY, False),
    ],
)
def test_a_launch_is_taken_back_by_a_move_to_before_it(before: State, after: State, expected: bool) -> None:
    assert is_taken_back(Step(before, Move.COMMIT, after)) is expected
