"""Districts in onboarding, made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.support.builders.records import NOON
from worker.domain.onboarding.launch_dates import AssessmentWindow, LaunchCalendar
from worker.domain.onboarding.states import State
from worker.domain.onboarding.transitions import Onboarding
from worker.onboarding.district_store import Record

CALENDAR = LaunchCalendar()
ZONE = "America/Chicago"


def record(
    state: State = State.CHOSEN,
    district_id: str = "larkspur",
    *,
    returns_to: State | None = None,
    window: AssessmentWindow | None = None,
    **changed: Any,
) -> Record:
    """Return what is kept of a district; its launch and opening follow from the window."""
    made = Record(
        onboarding=Onboarding(district_id, state, returns_to, window),
        since=NOON,
        now=NOON,
        name="Larkspur",
        contacts=("ada@larkspur.example",),
        time_zone=ZONE,
        launch_at=window.launches_at(CALENDAR) if window else None,
        opens_at=window.opens_at() if window else None,
        sharing=None,
        held_since=None,
        troubles=frozenset(),
        mails_waiting=0,
        mails_since=None,
        review_since=None,
    )
    return replace(made, **changed)
