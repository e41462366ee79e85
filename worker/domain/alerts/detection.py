"""What operations should know of: what an evaluation decides, and what an inspection finds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from schemas.words import RosterKind, Severity
from worker.domain.alerts.codes import (
    DEAD_LETTERS_UNATTRIBUTED,
    DEAD_LETTERS_WAITING,
    DISTRICT_PARKED,
    EVENTS_QUARANTINED,
    EVENTS_UNDER_FLOOR,
    FEED_STUCK,
    LAUNCH_HELD,
    MAILS_WAITING,
    OUTBOX_STUCK,
    PLAN_CLASS_CHANGE,
    PLAN_MASS_REMOVAL,
    PREFLIGHT_FAILED,
    STAGE_FAILING,
    SYNC_PAUSED,
    SYNC_STALE,
    WINDOW_OVERDUE,
)
from worker.domain.alerts.incidents import NO_DISTRICT, Problem, picture
from worker.domain.onboarding.todo import reportable_troubles
from worker.domain.onboarding.transitions import Trouble
from worker.domain.preflight.approval import CLASS_CHANGE_GUARDS, GUARDS, REMOVAL_GUARDS
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import Tally
from worker.domain.roster.clever_sync import sync_state
from worker.runtime.count_text import counted

Conditions: TypeAlias = dict[tuple[str, str], Problem]
"""What is wrong, by district and code."""

FOLD_OVER: Final = 20
"""Districts with the same incident above which one alert speaks for all that were not told of: where Clever
is away, operations want to hear of it, and not of thirteen thousand districts one by one."""


_QUARANTINED: Final = Problem(
    "", "Unreadable events block the district until they are replayed or discarded."
)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """For how long something may be so before operations are told."""

    feed: timedelta = timedelta(minutes=15)
    outbox: timedelta = timedelta(minutes=5)
    window: timedelta = timedelta(minutes=15)
    stage: timedelta = timedelta(minutes=2)
    reads_clever: bool = True
    """Whether districts are read from Clever at all."""


@dataclass(frozen=True, slots=True)
class StageFailure:
    """A stage that fails: in how many processes, and one of the errors by its class and place."""

    processes: int
    problem: str


@dataclass(frozen=True, slots=True)
class Observed:
    """What an inspection saw, district by district; `failing` are districts with how often turns failed."""

    syncs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    failing: Mapping[str, int] = field(default_factory=dict)
    unread: Collection[str] = ()
    parked: Collection[str] = ()
    overdue: Mapping[str, int] = field(default_factory=dict)
    """Events that wait in windows that are overdue."""
    unpublished: Mapping[str, int] = field(default_factory=dict)
    """Messages that wait for too long."""
    dead_letters: int | None = None
    """None: nobody knows."""
    held: Mapping[str, Collection[Trouble]] = field(default_factory=dict)
    """Why launches that are due are delayed."""
    mails: Mapping[str, int] = field(default_factory=dict)
    """E-mails that need a person."""
    stages: Mapping[str, StageFailure] = field(default_factory=dict)
    """Stages that fail, by name."""
    unattributed: int = 0
    """Messages that the broker put aside and of which nobody can tell the district."""


def decided(
    tally: Tally, policy: Policy, outcome: Outcome, *, is_in_review: bool
) -> dict[str, Problem | None]:
    """Return what an evaluation decided that operations should know of, by code; None: nothing is wrong.

    Nothing at all comes back where the verdict was put off, or a hold keeps things as they were.
    """
    if outcome in {Outcome.DEFERRED, Outcome.HELD}:
        return {}
    by_code = tally.by_code()
    errors = (
        {code for code in by_code if policy.severity(Code(code)) is Severity.ERROR} if is_in_review else set()
    )
    asks = errors if errors <= GUARDS else frozenset[str]()
    return {
        PREFLIGHT_FAILED: _failed(tally, errors) if is_in_review else None,
        PLAN_MASS_REMOVAL: _asked(tally, errors) if asks & (REMOVAL_GUARDS | {Code.KIND_VANISHED}) else None,
        PLAN_CLASS_CHANGE: _asked_of_classes(tally, errors) if asks & CLASS_CHANGE_GUARDS else None,
        EVENTS_QUARANTINED: _QUARANTINED if Code.EVENTS_QUARANTINED in errors else None,
    }


def under_floor(events: int, under: int) -> dict[str, Problem | None]:
    """Return whether the events of a window, of which so many lie under the floor, count at all."""
    if not events:
        return {}
    summary = f"{counted(under, 'event')} changed nothing: the whole window is older than the last baseline."
    return {
        EVENTS_UNDER_FLOOR: Problem("", summary, {"events": under}) if under == events else None,
    }


def _failed(tally: Tally, errors: Collection[str]) -> Problem:
    parts = []
    if tally.blocked:
        parts.append(f"{tally.blocked:,} of {counted(tally.students, 'student')} blocked")
    removed = tally.plan()[RosterKind.STUDENT]["removed"]
    if removed and not REMOVAL_GUARDS.isdisjoint(errors):
        parts.append(f"{counted(removed, 'student')} would be removed")
    parts.append(counted(tally.errors, "error"))
    return Problem(picture(errors), f"Preflight failed: {', '.join(parts)}.", tally.by_code())


def _asked(tally: Tally, errors: Iterable[str]) -> Problem:
    removed = tally.plan()[RosterKind.STUDENT]["removed"]
    summary = f"The plan removes {counted(removed, 'student')} at once: a person has to approve it."
    return Problem(picture(errors), summary, {"removed": removed, "students": tally.students})


def _asked_of_classes(tally: Tally, errors: Iterable[str]) -> Problem:
    summary = "The plan moves many students to another class at once: a person has to approve it."
    return Problem(picture(errors), summary, {"students": tally.students})


def inspected(observed: Observed, now: datetime) -> Conditions:
    """Return what is wrong by what an inspection saw."""
    found: Conditions = {}
    for district, record in observed.syncs.items():
        if said := sync_incident(record, now):
            found[district, said[0]] = said[1]
    for district in observed.unread:
        found[district, FEED_STUCK] = Problem("unread", "The feed has not been read to its end for a while.")
    for district, turns in observed.failing.items():
        found[district, FEED_STUCK] = Problem(
            "failing",
            f"Reading the district from Clever failed {counted(turns, 'time')} in a row.",
            {"turns": turns},
        )
    for district in observed.parked:
        summary = (
            "The district's evaluation failed five times in a row: "
            "it is parked until you run `flush` or `resume`."
        )
        found[district, DISTRICT_PARKED] = Problem("", summary)
    for district, events in observed.overdue.items():
        summary = f"A window with {counted(events, 'event')} is overdue."
        found[district, WINDOW_OVERDUE] = Problem("", summary, {"events": events})
    for district, messages in observed.unpublished.items():
        summary = f"{counted(messages, 'message has', 'messages have')} waited too long to be published."
        found[district, OUTBOX_STUCK] = Problem("", summary, {"messages": messages})
    found |= _onboarding_problems(observed)
    found |= _in_processes(observed)
    if observed.unattributed:
        summary = (
            f"The broker dead-lettered {counted(observed.unattributed, 'message')} of unknown districts."
        )
        counts = {"messages": observed.unattributed}
        found[NO_DISTRICT, DEAD_LETTERS_UNATTRIBUTED] = Problem("", summary, counts)
    if observed.dead_letters:
        summary = (
            f"{counted(observed.dead_letters, 'dead letter is', 'dead letters are')} "
            "waiting on clever.events.dead."
        )
        counts = {"messages": observed.dead_letters}
        found[NO_DISTRICT, DEAD_LETTERS_WAITING] = Problem("", summary, counts)
    return found


def _in_processes(observed: Observed) -> Conditions:
    """Return one incident for all stages that fail, since one cause mostly fails several."""
    if not observed.stages:
        return {}
    each = sorted(observed.stages.items())
    summary = "Stages keep failing: " + "; ".join(f"{stage}: {one.problem}" for stage, one in each)
    counts = {stage: one.processes for stage, one in each}
    return {(NO_DISTRICT, STAGE_FAILING): Problem(picture(observed.stages), f"{summary}.", counts)}


def _onboarding_problems(observed: Observed) -> Conditions:
    found: Conditions = {}
    for district, troubles in observed.held.items():
        if told := sorted(reportable_troubles(troubles)):
            summary = f"The launch is delayed: {', '.join(trouble.text for trouble in told)}."
            found[district, LAUNCH_HELD] = Problem(picture(told), summary)
    for district, mails in observed.mails.items():
        summary = f"{counted(mails, 'e-mail')} to the district may not have arrived: a person has to check."
        found[district, MAILS_WAITING] = Problem("", summary, {"mails": mails})
    return found


def sync_incident(record: Mapping[str, Any], now: datetime) -> tuple[str, Problem] | None:
    """Return what is wrong with a district's sync, by what Clever last told of it."""
    said = sync_state(record, now)
    if said.warning is None:
        return None
    if said.paused:
        return SYNC_PAUSED, Problem("", said.warning)
    state = said.state if said.state in {"pending", "error"} else None
    return SYNC_STALE, Problem(state or "old", said.warning)


def folded(found: Conditions, is_open: Collection[tuple[str, str]]) -> Conditions:
    """Return what is wrong with one incident for many districts that have the same one.

    Districts that operations were told of already stay incidents of their own.
    """
    told, districts = dict(found), defaultdict[str, list[str]](list)
    for district, code in found:
        if district != NO_DISTRICT:
            districts[code].append(district)
    for code, concerned in districts.items():
        if len(concerned) <= FOLD_OVER:
            continue
        for district in concerned:
            if (district, code) not in is_open:
                del told[district, code]
        summary = (
            f"{counted(len(concerned), 'district has', 'districts have')} this incident at once; "
            "most of them send no alert of their own."
        )
        told[NO_DISTRICT, code] = Problem("many", summary, {"districts": len(concerned)})
    return told
