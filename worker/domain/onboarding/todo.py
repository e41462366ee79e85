"""Whom a district waits for, with what, and since when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from worker.domain.onboarding.states import State
from worker.domain.onboarding.transitions import MOMENTARY, Trouble


class Who(StrEnum):
    """Who is waited for."""

    DISTRICT = "district"
    ROSTER_TEAM = "roster_team"
    OPERATIONS = "operations"


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that somebody is waited for: `code` names it, `what` says it in a sentence."""

    code: str
    who: Who
    what: str
    since: datetime


@dataclass(frozen=True, slots=True)
class TodoFacts:
    """What a wait is judged by; `mails_waiting` are mails that need a person, the oldest since then."""

    state: State
    since: datetime
    has_contacts: bool
    held_since: datetime | None = None
    troubles: Collection[Trouble] = frozenset()
    """Why the launch was delayed when that was last looked at."""
    mails_waiting: int = 0
    mails_since: datetime | None = None
    review_since: datetime | None = None
    """Since when the district stands in review, if it does."""


@dataclass(frozen=True, slots=True)
class ReminderDelays:
    """For how long somebody may be waited for before the to-do list says so."""

    district: timedelta = timedelta(days=7)
    roster_team: timedelta = timedelta(days=2)
    operations: timedelta = timedelta(0)

    def of(self, who: Who) -> timedelta:
        """Return how long that one may take."""
        match who:
            case Who.DISTRICT:
                return self.district
            case Who.ROSTER_TEAM:
                return self.roster_team
            case Who.OPERATIONS:
                return self.operations


PRESSING: Final = frozenset({"launch_held", "mails"})
"""Waits that stand on the to-do list at once."""
BY_STATE: Final[Mapping[State, tuple[Who, str]]] = {
    State.CHOSEN: (Who.ROSTER_TEAM, "Invite the district."),
    State.INVITED: (Who.DISTRICT, "Connect through Clever with the link in the invitation."),
    State.CONNECTED: (Who.ROSTER_TEAM, "Request sharing of all sections."),
    State.SHARING_REQUESTED: (Who.DISTRICT, "Share all sections in Clever."),
    State.ALL_SECTIONS_SHARED: (Who.ROSTER_TEAM, "Review the section names and set a section filter."),
    State.FILTERING: (
        Who.ROSTER_TEAM,
        "Find a filter with one section per student, or request sharing rules.",
    ),
    State.WAITING_ON_DISTRICT: (Who.DISTRICT, "Set the requested sharing rules in Clever."),
    State.ROSTERED: (Who.ROSTER_TEAM, "Set the day on which the assessment window opens."),
    State.DISCONNECTED: (Who.DISTRICT, "Connect through Clever again."),
}
_HELD: Final[Mapping[Trouble, tuple[Who, str]]] = {
    Trouble.DISCONNECTED: (Who.DISTRICT, "Connect through Clever again: the launch is delayed."),
    Trouble.PARKED: (Who.OPERATIONS, "Retry the parked district: the launch is delayed."),
    Trouble.UNREAD: (
        Who.OPERATIONS,
        "Check why Clever cannot be read: the launch is delayed.",
    ),
    Trouble.REVIEW: (Who.ROSTER_TEAM, "Fix the causes of the review: the launch is delayed."),
    Trouble.ON_HOLD: (Who.ROSTER_TEAM, "Resume the district: the launch is delayed."),
    Trouble.UNDECIDED: (Who.ROSTER_TEAM, "Check why nothing is committed: the launch is delayed."),
    Trouble.SYNC_PAUSED: (Who.DISTRICT, "Resume the sync in Clever: the launch is delayed."),
    Trouble.SYNC_STALE: (Who.DISTRICT, "Fix the sync in Clever: the launch is delayed."),
}
"""The first that applies is told: without it the others cannot be put right, or will not last."""


def waits(standing: TodoFacts) -> list[Wait]:
    """Return everything that somebody is waited for in a district, the most pressing first."""
    found = [*_held(standing), *_mails(standing)]
    if standing.state in BY_STATE and not _has_delay(found):
        who, what = BY_STATE[standing.state]
        found.append(Wait(standing.state.value, who, what, standing.since))
    if standing.state in {State.READY, State.LIVE} and standing.review_since is not None:
        what = "Fix the causes of the review: changes do not reach the assessment."
        found.append(Wait("review", Who.ROSTER_TEAM, what, standing.review_since))
    if not standing.has_contacts and standing.state is not State.LIVE:
        what = "Add a contact: there is no one to send e-mails to."
        found.append(Wait("no_contact", Who.ROSTER_TEAM, what, standing.since))
    return found


def is_due(wait: Wait, now: datetime, patience: ReminderDelays) -> bool:
    """Whether somebody was waited for long enough to stand on the to-do list."""
    return due_at(wait, patience) <= now


def due_at(wait: Wait, patience: ReminderDelays) -> datetime:
    """Return when a wait comes onto the to-do list."""
    return wait.since if wait.code in PRESSING else wait.since + patience.of(wait.who)


def reportable_troubles(troubles: Collection[Trouble]) -> frozenset[Trouble]:
    """Return the troubles that somebody should hear of."""
    return frozenset(troubles) - MOMENTARY


def _held(standing: TodoFacts) -> list[Wait]:
    if standing.held_since is None:
        return []
    for trouble, (who, what) in _HELD.items():
        if trouble in standing.troubles:
            return [Wait("launch_held", who, what, standing.held_since)]
    return []


def _mails(standing: TodoFacts) -> list[Wait]:
    if not standing.mails_waiting or standing.mails_since is None:
        return []
    many = "an e-mail" if standing.mails_waiting == 1 else f"{standing.mails_waiting} e-mails"
    what = f"Check {many} that may not have arrived."
    return [Wait("mails", Who.ROSTER_TEAM, what, standing.mails_since)]


def _has_delay(found: Collection[Wait]) -> bool:
    return any(wait.code == "launch_held" for wait in found)
