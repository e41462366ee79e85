"""The catalogue of incidents: every code with its severity, what it means, and how its end is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

PREFLIGHT_FAILED: Final = "preflight.failed"
PLAN_MASS_REMOVAL: Final = "plan.mass_removal"
PLAN_CLASS_CHANGE: Final = "plan.class_change"
EVENTS_QUARANTINED: Final = "events.quarantined"
EVENTS_UNDER_FLOOR: Final = "events.under_floor"
BASELINE_REFUSED: Final = "baseline.refused"
SYNC_PAUSED: Final = "sync.paused"
SYNC_STALE: Final = "sync.stale"
FEED_STUCK: Final = "feed.stuck"
DISTRICT_PARKED: Final = "district.parked"
WINDOW_OVERDUE: Final = "window.overdue"
OUTBOX_STUCK: Final = "outbox.stuck"
DEAD_LETTERS_WAITING: Final = "dead_letters.waiting"
DEAD_LETTERS_UNATTRIBUTED: Final = "dead_letters.unattributed"
LAUNCH_HELD: Final = "launch.held"
MAILS_WAITING: Final = "mails.waiting"
STAGE_FAILING: Final = "stage.failing"


@dataclass(frozen=True, slots=True)
class IncidentKind:
    """One kind of incident."""

    severity: Literal["warning", "critical"]
    meaning: str
    ending: str
    """What its resolved alert says."""


CATALOGUE: Final[Mapping[str, IncidentKind]] = {
    PREFLIGHT_FAILED: IncidentKind(
        "warning", "The district stands in review: nothing of it is committed.", "Preflight passed again."
    ),
    PLAN_MASS_REMOVAL: IncidentKind(
        "warning",
        "Nothing but guards stands against a commit that removes many students: a person is asked.",
        "No removal waits for a person any more.",
    ),
    PLAN_CLASS_CHANGE: IncidentKind(
        "warning",
        "Nothing but guards stands against a commit that puts many students into another class: a person is "
        "asked.",
        "No change of classes waits for a person any more.",
    ),
    EVENTS_QUARANTINED: IncidentKind(
        "warning",
        "Unreadable events of the district hold it back until a person replays or discards them.",
        "No unreadable event holds the district back any more.",
    ),
    EVENTS_UNDER_FLOOR: IncidentKind(
        "warning",
        "All events of a window are from before the district's last baseline: none of them changed anything.",
        "Events of the district count again.",
    ),
    BASELINE_REFUSED: IncidentKind(
        "warning",
        "A baseline has read too little to be true: nothing was changed.",
        "A baseline was adopted.",
    ),
    SYNC_PAUSED: IncidentKind(
        "warning", "The district's sync in Clever is paused: nothing arrives.", "The sync runs again."
    ),
    SYNC_STALE: IncidentKind(
        "warning",
        "The district's sync in Clever has an error, or did not succeed for four days.",
        "The sync succeeds again.",
    ),
    FEED_STUCK: IncidentKind(
        "critical",
        "A connected district is not read from Clever: its turns fail, or its feed's end is not reached.",
        "The feed is read to its end again.",
    ),
    DISTRICT_PARKED: IncidentKind(
        "critical",
        "The district's evaluation raised five times in a row: it waits for a person.",
        "The district is evaluated again.",
    ),
    WINDOW_OVERDUE: IncidentKind(
        "critical", "A window is due and was not evaluated: is anybody evaluating?", "No window is overdue."
    ),
    OUTBOX_STUCK: IncidentKind(
        "critical",
        "Messages wait to be published: is anybody relaying, and is the broker there?",
        "The messages were published.",
    ),
    DEAD_LETTERS_WAITING: IncidentKind(
        "warning", "Messages that could not be read wait on clever.events.dead.", "No dead letter waits."
    ),
    DEAD_LETTERS_UNATTRIBUTED: IncidentKind(
        "critical",
        "The broker itself put messages aside of which nobody can tell the district: it may have a hole.",
        "Every message that the broker put aside was replayed or discarded.",
    ),
    STAGE_FAILING: IncidentKind(
        "critical",
        "A part of the worker raises an error whenever it works, or stands still; it is tried again.",
        "Every stage works again.",
    ),
    LAUNCH_HELD: IncidentKind(
        "warning",
        "A launch whose day has come is held back: the district's roster is not in sync.",
        "The launch is not held back any more.",
    ),
    MAILS_WAITING: IncidentKind(
        "warning",
        "E-mails to the district's administration team did not surely arrive: a person is asked.",
        "No e-mail to the district waits for a person.",
    ),
}

EVALUATED: Final = (
    *(EVENTS_QUARANTINED, EVENTS_UNDER_FLOOR),
    *(PLAN_CLASS_CHANGE, PLAN_MASS_REMOVAL, PREFLIGHT_FAILED),
)
"""Those that an evaluation decides, in its transaction."""
INSPECTED: Final = (
    *(
        DEAD_LETTERS_UNATTRIBUTED,
        DEAD_LETTERS_WAITING,
        DISTRICT_PARKED,
        FEED_STUCK,
        LAUNCH_HELD,
        MAILS_WAITING,
        OUTBOX_STUCK,
    ),
    *(STAGE_FAILING, SYNC_PAUSED, SYNC_STALE, WINDOW_OVERDUE),
)
"""Those that an inspection finds."""
