"""What is seen of a district, and the move that follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from worker.domain.onboarding.launch_dates import AssessmentWindow, LaunchCalendar
from worker.domain.onboarding.states import CONNECTED_STATES, Move, State, target


class Trouble(StrEnum):
    """Why a roster is not in sync, which delays a launch."""

    REVIEW = "review"
    ON_HOLD = "on_hold"
    PARKED = "parked"
    DISCONNECTED = "disconnected"
    UNREAD = "unread"
    """The feed's end was not reached for a while, or turns fail."""
    SYNC_PAUSED = "sync_paused"
    SYNC_STALE = "sync_stale"
    UNDECIDED = "undecided"
    """Nothing was committed yet, or its data was purged."""
    UNPUBLISHED = "unpublished"
    """A decision has not left yet: a matter of seconds, of which nobody needs to be told."""
    DECIDING = "deciding"
    """A verdict on it is being reached, and may be a review."""

    @property
    def text(self) -> str:
        """What an alert and a command call it."""
        return _TEXTS.get(self, self.replace("_", " "))


_TEXTS: Final = {
    Trouble.REVIEW: "in review",
    Trouble.UNREAD: "not read from Clever",
    Trouble.SYNC_STALE: "sync failing",
    Trouble.UNDECIDED: "nothing committed",
}


MOMENTARY: Final = frozenset({Trouble.UNPUBLISHED, Trouble.DECIDING})
"""Troubles that a launch waits for in silence."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """How much of a district is shared, as last judged: its students, and those in no section at all."""

    sections: int
    students: int
    unsectioned: int


@dataclass(frozen=True, slots=True)
class Onboarding:
    """Where a district stands in onboarding, and what people said of it.

    `returns_to` is the state before it was disconnected; `commits_before` how many commits there were when
    its sharing rules were last asked for.
    """

    district_id: str
    state: State
    returns_to: State | None = None
    window: AssessmentWindow | None = None
    commits_before: int = 0


@dataclass(frozen=True, slots=True)
class DistrictFacts:
    """What is seen of a district now; `sharing` is None where it was not judged, being of no interest."""

    is_connected: bool
    sharing: Sharing | None = None
    has_filter: bool = False
    commits: int = 0
    troubles: frozenset[Trouble] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class TransitionRules:
    """`unsectioned_percent`: students in no section up to which all sections count as shared."""

    calendar: LaunchCalendar = field(default_factory=LaunchCalendar)
    unsectioned_percent: float = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a district."""

    before: State
    move: Move
    after: State


def next_step(
    onboarding: Onboarding, facts: DistrictFacts, now: datetime, rules: TransitionRules
) -> Step | None:
    """Return the step that follows from what is seen; None where the district stays where it is."""
    if onboarding.state is State.DISCONNECTED:
        back = onboarding.returns_to or State.CONNECTED
        return Step(onboarding.state, Move.RETURN, back) if facts.is_connected else None
    if onboarding.state in CONNECTED_STATES and not facts.is_connected:
        return Step(onboarding.state, Move.DISCONNECT, State.DISCONNECTED)
    move = _next_move(onboarding, facts, now, rules)
    if move is None:
        return None
    after = target(onboarding.state, move)
    assert after is not None, (onboarding.state, move)  # noqa: S101 — the table and the rules below disagree
    return Step(onboarding.state, move, after)


def steps(
    onboarding: Onboarding, facts: DistrictFacts, now: datetime, rules: TransitionRules
) -> Iterator[Step]:
    """Yield all steps that follow from what is seen, one after the other, until the district stays."""
    while (step := next_step(onboarding, facts, now, rules)) is not None:
        yield step
        onboarding = moved(onboarding, step)


def moved(onboarding: Onboarding, step: Step) -> Onboarding:
    """Return where a district stands after a step."""
    returns_to = step.before if step.move is Move.DISCONNECT else None
    return replace(onboarding, state=step.after, returns_to=returns_to)


def held_back(
    onboarding: Onboarding, facts: DistrictFacts, now: datetime, rules: TransitionRules
) -> frozenset[Trouble]:
    """Return what holds back a launch whose time has come; empty where nothing does, or it has not come."""
    stands = onboarding.returns_to if onboarding.state is State.DISCONNECTED else onboarding.state
    if stands is not State.LAUNCH_SCHEDULED or not _is_time(onboarding, now, rules):
        return frozenset()
    return facts.troubles


def is_all_shared(sharing: Sharing, rules: TransitionRules) -> bool:
    """Whether all sections are shared, as far as one can tell: hardly a student is in none of them."""
    allowed = sharing.students * rules.unsectioned_percent / 100
    return sharing.sections > 0 and sharing.students > 0 and sharing.unsectioned <= allowed


def _next_move(
    onboarding: Onboarding, facts: DistrictFacts, now: datetime, rules: TransitionRules
) -> Move | None:
    match onboarding.state:
        case State.CHOSEN | State.INVITED:
            return Move.CONNECT if facts.is_connected else None
        case State.CONNECTED | State.SHARING_REQUESTED:
            is_shared = facts.sharing is not None and is_all_shared(facts.sharing, rules)
            return _committed(onboarding, facts) or (Move.SHARE if is_shared else None)
        case State.ALL_SECTIONS_SHARED:
            return _committed(onboarding, facts) or (Move.FILTER if facts.has_filter else None)
        case State.FILTERING | State.WAITING_ON_DISTRICT:
            return _committed(onboarding, facts)
        case State.ROSTERED:
            return Move.SCHEDULE if onboarding.window is not None else None
        case State.LAUNCH_SCHEDULED:
            return _launch(onboarding, facts, now, rules)
        case State.READY | State.LIVE:
            return _after_launch(onboarding, now, rules)
        case _:
            return None


def _committed(onboarding: Onboarding, facts: DistrictFacts) -> Move | None:
    """Return `commit` where there is one and nothing stands against it.

    One from before the rules were asked for does not count.
    """
    needed = onboarding.commits_before if onboarding.state is State.WAITING_ON_DISTRICT else 0
    is_clean = not facts.troubles & {Trouble.REVIEW, Trouble.UNDECIDED}
    return Move.COMMIT if facts.commits > needed and is_clean else None


def _launch(
    onboarding: Onboarding, facts: DistrictFacts, now: datetime, rules: TransitionRules
) -> Move | None:
    if onboarding.window is None:
        return Move.UNSCHEDULE
    return Move.LAUNCH if _is_time(onboarding, now, rules) and not facts.troubles else None


def _after_launch(onboarding: Onboarding, now: datetime, rules: TransitionRules) -> Move | None:
    """Return what follows a launch: one that was moved to a later day is scheduled anew; a window opens."""
    if onboarding.window is None:
        return Move.UNSCHEDULE if onboarding.state is State.READY else None
    if onboarding.window.launches_at(rules.calendar) > now:
        return Move.SCHEDULE
    return Move.OPEN if onboarding.state is State.READY and onboarding.window.opens_at() <= now else None


def _is_time(onboarding: Onboarding, now: datetime, rules: TransitionRules) -> bool:
    return onboarding.window is not None and onboarding.window.launches_at(rules.calendar) <= now
