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
        "warning", "The district is in review: nothing is committed.", "The preflight passes again."
    ),
    PLAN_MASS_REMOVAL: IncidentKind(
        "warning",
        "A commit would remove many students. Nothing else blocks it: a person has to approve it.",
        "No removal is waiting for approval.",
    ),
    PLAN_CLASS_CHANGE: IncidentKind(
        "warning",
        "A commit would move many students to another class. Nothing else blocks it: a person has to approve "
        "it.",
        "No change of classes is waiting for approval.",
    ),
    EVENTS_QUARANTINED: IncidentKind(
        "warning",
        "Unreadable events block the district until a person replays or discards them.",
        "No unreadable events block the district any more.",
    ),
    EVENTS_UNDER_FLOOR: IncidentKind(
        "warning",
        "All events of a window are older than the district's last baseline: none of them changed anything.",
        "New events change the district again.",
    ),
    BASELINE_REFUSED: IncidentKind(
        "warning",
        "A baseline read far fewer records than expected and was refused: nothing was changed.",
        "A baseline was adopted.",
    ),
    SYNC_PAUSED: IncidentKind(
        "warning", "The district's sync in Clever is paused: no changes arrive.", "The sync runs again."
    ),
    SYNC_STALE: IncidentKind(
        "warning",
        "The district's sync in Clever has an error, or has not succeeded for four days.",
        "The sync succeeds again.",
    ),
    FEED_STUCK: IncidentKind(
        "critical",
        "A connected district cannot be read from Clever: reading fails, or does not reach the end of the "
        "feed.",
        "The feed is read to its end again.",
    ),
    DISTRICT_PARKED: IncidentKind(
        "critical",
        "Evaluating the district failed five times in a row: it is parked until you run `flush` or `resume`.",
        "The district is evaluated again.",
    ),
    WINDOW_OVERDUE: IncidentKind(
        "critical",
        "A window is overdue: check that the evaluate stage is running.",
        "No window is overdue.",
    ),
    OUTBOX_STUCK: IncidentKind(
        "critical",
        "Messages are waiting to be published: check the relay stage and the broker.",
        "The messages were published.",
    ),
    DEAD_LETTERS_WAITING: IncidentKind(
        "warning",
        "Messages that could not be read are waiting on clever.events.dead.",
        "No dead letters are waiting.",
    ),
    DEAD_LETTERS_UNATTRIBUTED: IncidentKind(
        "critical",
        "The broker dead-lettered messages of unknown districts: a roster may be incomplete.",
        "Every message that the broker dead-lettered was replayed or discarded.",
    ),
    STAGE_FAILING: IncidentKind(
        "critical",
        "A stage of the worker keeps failing or is stuck; it is retried.",
        "All stages work again.",
    ),
    LAUNCH_HELD: IncidentKind(
        "warning",
        "A launch is delayed: the district's roster is not in sync.",
        "The launch is no longer delayed.",
    ),
    MAILS_WAITING: IncidentKind(
        "warning",
        "E-mails to the district may not have arrived: a person has to check them.",
        "No e-mails to the district need attention.",
    ),
}

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
