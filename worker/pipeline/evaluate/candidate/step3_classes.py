"""Step three: which kept sections are classes, and what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import chain

from schemas.words import RosterKind
from worker.domain.preflight.checks import Finding, SectionContext, section_findings
from worker.domain.roster.records import Section, section_from_json
from worker.domain.roster.roster import class_entry
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.rosters import ClassState, EntryWrite
from worker.runtime.cooperative import yielding_every


@dataclass(slots=True)
class ClassOutcome:
    """The teachers and schools that classes named before, or name now."""

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
    before = await context.roster.open_findings(["class", "section"], ids)
    kept = [
        (state, section_from_json(state.id, state.record))
        for state in states
        if state.rank is not None and state.record is not None
    ]
    no_students, no_teachers = await context.roster.unknown_users(
        set(chain.from_iterable(section.students for _, section in kept)),
        set(chain.from_iterable(section.teachers for _, section in kept)),
    )
    sections = {state.id: section for state, section in kept}
    after: list[Finding] = []
    writes = []
    async for state in yielding_every(states):
        write = _entry(state, sections.get(state.id))
        writes.append((write, state.entry))
        outcome.name(state.entry.record)
        outcome.name(write.entry.record if write.entry else None)
    async for state, section in yielding_every(kept):
        after += section_findings(
            SectionContext(
                section,
                is_class=state.students > 0,
                unknown_teachers=[teacher for teacher in section.teachers if teacher in no_teachers],
                unknown_students=[student for student in section.students if student in no_students],
            ),
            context.policy,
        )
    await context.write_finding_changes(before, after)
    await context.write_entry_changes(writes)
    return outcome


def _entry(state: ClassState, section: Section | None) -> EntryWrite:
    if section is None or state.students == 0:
        return EntryWrite(RosterKind.CLASS, state.id, None)
    return EntryWrite(RosterKind.CLASS, state.id, class_entry(section), section.school_id)
