"""Which e-mail a move causes: its values from what is seen of the district, its occasion, to whom."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from worker.domain.mail.mails import (
    Invitation,
    Mail,
    MailKind,
    ReadyToAssess,
    Rostered,
    RulesRequest,
    SharingRequest,
    SyncSettings,
    Values,
)
from worker.domain.onboarding.contact_text import ASKED
from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.transitions import Step
from worker.domain.roster.clever_sync import sync_state
from worker.onboarding.district_store import ConnectLink, RulesAsked, connect_page
from worker.onboarding.observation import Observation, OnboardingRules
from worker.runtime.errors import OnboardingError

OCCASIONS: Final = {
    Move.INVITE: "invitation",
    Move.REQUEST_SHARING: "sharing",
    Move.REQUEST_RULES: "rules",
}
"""Of moves by people: with a number each, since they may be made again."""
PROMISED: Final = "the-link-is-made-when-this-is-sent"
LONGEST_NAME: Final = 80
"""Of a district, in a subject with more in it."""
NO_SERVER: Final = (
    "no e-mail can be sent: no mail server is configured (ROSTERING_MAIL__SMTP_URL). Contact the district "
    "yourself and mark this as done without e-mail (`--no-mail`)"
)


def check_may_write(seen: Observation, move: Move, onboarding_rules: OnboardingRules) -> None:
    """Raise `OnboardingError` where a move's e-mail could not be written."""
    if onboarding_rules.compose is None:
        raise OnboardingError(NO_SERVER)
    if not seen.contacts:
        raise OnboardingError(f"district {seen.district_id} has no contact: add one first")
    if move is Move.INVITE and onboarding_rules.public_url is None:
        raise OnboardingError(
            "an invitation needs the public address of the console: set ROSTERING_HTTP__PUBLIC_URL"
        )


def promised_link(seen: Observation, life: timedelta) -> ConnectLink:
    """Return what stands in for the link of an invitation that is only looked at."""
    return ConnectLink(PROMISED, seen.district_id, seen.now, "", seen.now + life, None, None, is_open=False)


def ordered_mail(
    seen: Observation,
    move: Move,
    number: int,
    onboarding_rules: OnboardingRules,
    link: ConnectLink | None = None,
    rules: RulesAsked | None = None,
) -> Mail:
    """Return the e-mail of a person's move, of its kind the one with this number in the district.

    Raises `OnboardingError` or `MailError`.
    """
    values = _ordered(seen, onboarding_rules, link, rules)
    return _mail(seen, values, f"{OCCASIONS[move]}/{number}", onboarding_rules)


def seen_mail(seen: Observation, step: Step, onboarding_rules: OnboardingRules) -> Mail | None:
    """Return the e-mail of a move that was seen; None where it has none. Raises `MailError`."""
    if onboarding_rules.compose is None or not seen.contacts:
        return None
    if step.move is Move.COMMIT:
        return _mail(seen, _rostered(seen, onboarding_rules), "rostered", onboarding_rules)
    if step.move is Move.LAUNCH and seen.onboarding.window is not None:
        return ready_mail(seen, seen.onboarding.window, onboarding_rules)
    return None


def ready_mail(seen: Observation, window: AssessmentWindow, onboarding_rules: OnboardingRules) -> Mail:
    """Return the e-mail of a launch, which leaves only while the roster is in sync. Raises `MailError`."""
    values = ReadyToAssess(_name(seen), window.opens_on, *_counts(seen))
    return _mail(seen, values, f"ready/{window.opens_on}", onboarding_rules)


def is_taken_back(step: Step) -> bool:
    """Whether a move takes a launch back, and with it the e-mail that may not have left."""
    return step.before in {State.READY, State.LIVE} and step.after not in {
        State.READY,
        State.LIVE,
        State.DISCONNECTED,
    }


def _ordered(
    seen: Observation, onboarding_rules: OnboardingRules, link: ConnectLink | None, rules: RulesAsked | None
) -> Values:
    if link is not None:
        expires_on = link.expires_at.astimezone(ZoneInfo(seen.time_zone)).date()
        return Invitation(
            _name(seen),
            connect_page(onboarding_rules.public_url or "", link.token or PROMISED),
            expires_on,
            ASKED,
        )
    if rules is not None:
        return RulesRequest(_name(seen), rules.rules, rules.placed, _sync(seen))
    return SharingRequest(_name(seen))


def _rostered(seen: Observation, onboarding_rules: OnboardingRules) -> Rostered:
    window, calendar = seen.onboarding.window, onboarding_rules.rules.calendar
    is_to_come = window is not None and window.launches_at(calendar) > seen.now
    launches_on = window.launches_on(calendar) if window and is_to_come else None
    return Rostered(_name(seen), *_counts(seen), launches_on)


def _sync(seen: Observation) -> SyncSettings:
    said = sync_state(seen.clever_record, seen.now)
    try:
        until = date.fromisoformat(str(said.pause_end)[:10])
    except ValueError:
        until = None
    return SyncSettings(bool(said.paused), until)


def _counts(seen: Observation) -> tuple[int, int, int]:
    counts = seen.committed
    return counts.get("students", 0), counts.get("classes", 0), counts.get("schools", 0)


def _name(seen: Observation) -> str:
    """Return what a district is called, as one short line, whatever Clever told."""
    called = "".join(letter if letter.isprintable() else " " for letter in seen.name or "")
    return " ".join(called.split())[:LONGEST_NAME] or "your district"


def _mail(seen: Observation, values: Values, occasion: str, onboarding_rules: OnboardingRules) -> Mail:
    if onboarding_rules.compose is None:
        raise OnboardingError(NO_SERVER)
    return Mail(
        seen.district_id,
        values.kind,
        occasion,
        seen.contacts,
        onboarding_rules.compose(values),
        seen.time_zone,
        wait_for_sync=values.kind is MailKind.READY_TO_ASSESS,
    )
