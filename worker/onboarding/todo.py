"""Whom a district in onboarding waits for: its record, as the domain judges it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from worker.domain.onboarding.states import State
from worker.domain.onboarding.todo import (
    BY_STATE,
    PRESSING,
    ReminderDelays,
    TodoFacts,
    Wait,
    Who,
    due_at,
    waits,
)
from worker.onboarding.district_store import Record, TodoCount


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing that somebody is waited for in a district, and since when that is too long."""

    record: Record
    wait: Wait
    due_at: datetime

    @property
    def is_due(self) -> bool:
        """Whether it took too long already, when the record was read."""
        return self.due_at <= self.record.now


def waits_of(record: Record) -> list[Wait]:
    """Return everything that somebody is waited for in a district, the most pressing first."""
    return waits(
        TodoFacts(
            state=record.onboarding.state,
            since=record.since,
            has_contacts=bool(record.contacts),
            held_since=record.held_since,
            troubles=record.troubles,
            mails_waiting=record.mails_waiting,
            mails_since=record.mails_since,
            review_since=record.review_since,
        )
    )


def todos(records: Iterable[Record], patience: ReminderDelays, who: Who | None = None) -> list[Todo]:
    """Return what somebody is waited for in these districts, what is due for the longest time first."""
    found = [
        Todo(record, wait, due_at(wait, patience))
        for record in records
        for wait in waits_of(record)
        if who is None or wait.who is who
    ]
    return sorted(found, key=lambda todo: (todo.due_at, todo.record.district_id, todo.wait.code))


def todo_counts(
    by_code: Mapping[str, TodoCount], pressed: Iterable[Record], delays: ReminderDelays
) -> dict[Who, TodoCount]:
    """Return how many to-dos each owner has, and how many are overdue.

    `by_code` counts districts by state, as if each waited by its state, and those without a contact or in
    review; `pressed` are those with a delayed launch or with e-mails to check.
    """
    count, due = dict.fromkeys(Who, 0), dict.fromkeys(Who, 0)
    for code, counted in by_code.items():
        who = BY_STATE[State(code)][0] if code in BY_STATE else Who.ROSTER_TEAM
        count[who] += counted.count
        due[who] += counted.due
    for record in pressed:
        pressing = [wait for wait in waits_of(record) if wait.code in PRESSING]
        for wait in pressing:
            count[wait.who] += 1
            due[wait.who] += 1
        state = record.onboarding.state
        if state in BY_STATE and any(wait.code == "launch_held" for wait in pressing):
            who, _ = BY_STATE[state]
            count[who] -= 1
            due[who] -= record.since + delays.of(who) <= record.now
    return {who: TodoCount(count[who], due[who]) for who in Who}
