"""Step four: the teachers that classes list, and the schools that students and classes name."""

from __future__ import annotations

from collections.abc import Callable, Collection

from schemas.words import RosterKind
from worker.domain.roster.records import school_from_json, teacher_from_json
from worker.domain.roster.roster import Entry, school_entry, teacher_entry
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.rosters import EntryWrite, PersonState


async def refresh_teachers(context: Context, ids: Collection[str]) -> None:
    """Write the entries of those of these users who are teachers of a class."""
    if ids:
        await _write(context, RosterKind.TEACHER, await context.roster.teacher_states(ids), _teacher)


async def refresh_schools(context: Context, ids: Collection[str]) -> None:
    """Write the entries of those of these schools that the roster names."""
    if ids:
        await _write(context, RosterKind.SCHOOL, await context.roster.school_states(ids), _school)


async def _write(
    context: Context,
    kind: RosterKind,
    states: list[PersonState],
    entry_of: Callable[[PersonState], Entry | None],
) -> None:
    await context.write_entry_changes(
        [
            (EntryWrite(kind, state.id, entry_of(state) if state.needed else None), state.entry)
            for state in states
        ]
    )


def _teacher(state: PersonState) -> Entry | None:
    teacher = teacher_from_json(state.id, state.record)
    return None if teacher is None else teacher_entry(teacher)


def _school(state: PersonState) -> Entry | None:
    return None if state.record is None else school_entry(school_from_json(state.id, state.record))
