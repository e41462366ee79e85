"""Step three: which kept sections are classes, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field

from schemas.words import RosterKind
from worker.domain.preflight.checks import Finding, SectionContext, section_findings
from worker.domain.roster.records import Section, section_from_json
from worker.domain.roster.roster import class_entry
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.rosters import ClassState, EntryWrite
from worker.runtime.cooperative import yielding_every


@dataclass(slots=True)
class ClassOutcome:
    """The teachers and schools that classes which changed named before, or name now."""

    teachers: set[str] = field(default_factory=set)
    schools: set[str] = field(default_factory=set)

    def name(self, record: str | None) -> None:
        """Take note of the teachers and the school of a class's record."""
        if record is not None:
            named = json.loads(record)
            self.teachers.update(named["teacher_ids"])
            if named["school_id"]:
                self.schools.add(named["school_id"])


async def refresh_classes(context: Context, ids: Collection[str]) -> ClassOutcome:
    """Check these sections anew and write the entries of those that are classes."""
    outcome = ClassOutcome()
    if not ids:
        return outcome
    states = await context.roster.class_states(ids)
    kept = [
        (state, section_from_json(state.id, state.record))
        for state in states
        if state.rank is not None and state.record is not None
    ]
    sections = {state.id: section for state, section in kept}
    after: list[Finding] = []
    writes = []
    async for state in yielding_every(states):
        write = _entry(state, sections.get(state.id))
        writes.append((write, state.entry))
        if (write.entry.member if write.entry else None) != state.entry.candidate:
            outcome.name(state.entry.record)
            outcome.name(write.entry.record if write.entry else None)
    async for state, section in yielding_every(kept):
        after += section_findings(
            SectionContext(
                section,
                is_class=state.students > 0,
                unknown_teachers=state.unknown_teachers,
                unknown_students=state.unknown_students,
            ),
            context.policy,
        )
    before = [found for state in states for found in state.findings]
    await context.write_changes(writes, before, after)
    return outcome


def _entry(state: ClassState, section: Section | None) -> EntryWrite:
    if section is None or state.students == 0:
        return EntryWrite(RosterKind.CLASS, state.id, None)
    return EntryWrite(RosterKind.CLASS, state.id, class_entry(section), section.school_id)
