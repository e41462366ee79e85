"""Step four: the teachers that classes list, and the schools that students and classes name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Final

from schemas.words import RosterKind
from worker.domain.roster.records import school_from_json, teacher_from_json
from worker.domain.roster.roster import Entry, school_entry, teacher_entry
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.rosters import EntryWrite, PersonState


async def refresh_teachers_and_schools(
    context: Context, teachers: Collection[str], schools: Collection[str]
) -> None:
    """Write the entries of those who are teachers of a class, and of those schools that the roster names."""
    if not (teachers or schools):
        return
    states = await context.roster.needed_states(teachers, schools)
    await context.write_changes(
        [
            (EntryWrite(kind, state.id, _ENTRIES[kind](state) if state.needed else None), state.entry)
            for kind, found in states.items()
            for state in found
        ]
    )


def _teacher(state: PersonState) -> Entry | None:
    teacher = teacher_from_json(state.id, state.record)
    return None if teacher is None else teacher_entry(teacher)


def _school(state: PersonState) -> Entry | None:
    return None if state.record is None else school_entry(school_from_json(state.id, state.record))


_ENTRIES: Final[Mapping[RosterKind, Callable[[PersonState], Entry | None]]] = {
    RosterKind.TEACHER: _teacher,
    RosterKind.SCHOOL: _school,
}
