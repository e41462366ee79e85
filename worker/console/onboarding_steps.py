"""A district's onboarding as steps: where it was and when, where it is, and what is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.transitions import Trouble
from worker.onboarding.district_store import Record, Transition


class StepStatus(StrEnum):
    """How a step stands to where the district is."""

    DONE = "done"
    NOW = "now"
    TO_COME = "to_come"
    LEFT_OUT = "left_out"
    """What comes after it was seen already."""
    INTERRUPTED = "interrupted"
    """Where the district was when it was disconnected, and returns to."""


@dataclass(frozen=True, slots=True)
class StepView:
    """A step: when it was reached last and by whose move, how often, and when it is expected."""

    state: State
    place: StepStatus
    made: Transition | None = None
    """The move that led there last; a return from disconnected does not count."""
    times: int = 0
    expected_at: datetime | None = None


ORDINARY: Final = tuple(
    state for state in State if state not in {State.WAITING_ON_DISTRICT, State.DISCONNECTED}
)
"""The states that every district comes by, unless one is left out."""
WHERE: Final[dict[Trouble, tuple[str, str | None]]] = {
    Trouble.REVIEW: ("The roster is in review.", ""),
    Trouble.ON_HOLD: ("The district is on hold.", "orders"),
    Trouble.PARKED: ("The district is parked: its evaluation keeps failing.", "orders"),
    Trouble.DISCONNECTED: ("The district is no longer connected in Clever.", None),
    Trouble.UNREAD: ("The district cannot be read from Clever.", ""),
    Trouble.SYNC_PAUSED: ("The district's sync in Clever is paused.", ""),
    Trouble.SYNC_STALE: ("The district's sync in Clever is failing.", ""),
    Trouble.UNDECIDED: ("Nothing has been committed for the district.", "plan"),
    Trouble.UNPUBLISHED: ("A commit is being published. This takes seconds.", "history"),
    Trouble.DECIDING: ("The roster is being evaluated. This takes seconds to minutes.", "history"),
}
"""What delays a launch, and the page of the district that says more of it."""


def steps_of(record: Record, history: Sequence[Transition]) -> list[StepView]:
    """Return the steps of a district, in their order."""
    is_away = record.onboarding.state is State.DISCONNECTED
    here = (record.onboarding.returns_to or State.CONNECTED) if is_away else record.onboarding.state
    order, reached = list(State), _reached(history)
    shown = []
    for state in order:
        if (
            state not in ORDINARY
            and state is not here
            and (state not in reached or state is State.DISCONNECTED)
        ):
            continue
        place = _place(order.index(state) - order.index(here), was_reached=state in reached)
        if state is here and is_away:
            place = StepStatus.INTERRUPTED
        moves = reached.get(state, [])
        last = moves[-1] if moves else None
        shown.append(StepView(state, place, last, len(moves), _expected(record, state, place)))
        if state is here and is_away:
            away = [made for made in history if made.after is State.DISCONNECTED]
            shown.append(StepView(State.DISCONNECTED, StepStatus.NOW, away[-1] if away else None, len(away)))
    return shown


def troubles_of(record: Record) -> list[tuple[str, str | None]]:
    """Return what holds the launch back, each with the page that says more."""
    return [WHERE[trouble] for trouble in Trouble if trouble in record.troubles]


def _reached(history: Sequence[Transition]) -> dict[State, list[Transition]]:
    reached: dict[State, list[Transition]] = {}
    for made in history:
        if made.move is not Move.RETURN:
            reached.setdefault(made.after, []).append(made)
    return reached


def _place(ahead: int, *, was_reached: bool) -> StepStatus:
    if not ahead:
        return StepStatus.NOW
    if ahead > 0:
        return StepStatus.TO_COME
    return StepStatus.DONE if was_reached else StepStatus.LEFT_OUT


def _expected(record: Record, state: State, place: StepStatus) -> datetime | None:
    """Return when a step is to come, in the district's own time, where that is known."""
    if place is not StepStatus.TO_COME:
        return None
    return {State.READY: record.launch_at, State.LIVE: record.opens_at}.get(state)
