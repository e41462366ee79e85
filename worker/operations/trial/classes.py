"""The classes of a trial, their teachers, and the schools of both classes and students."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from schemas.words import RosterKind
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import Tally
from worker.domain.roster.records import School, section_from_json, teacher_from_json
from worker.domain.roster.roster import Entry, class_entry, school_entry, teacher_entry
from worker.operations.trial.snapshot import RosterRow, TrialSnapshot
from worker.pipeline.evaluate.candidate.context import chunks
from worker.runtime.cooperative import yielding_every


@dataclass(frozen=True, slots=True)
class ClassTrial:
    """What becomes of classes, teachers and schools.

    What the last evaluation made of a record stands, unless `is_stale`.
    """

    snapshot: TrialSnapshot
    tally: Tally
    policy: Policy
    is_stale: bool

    async def count_classes(self, classes: Collection[str]) -> None:
        """Count the classes, and their teachers."""
        new = await self._count_rows(RosterKind.CLASS, classes)
        for ids in chunks(sorted(new)):
            records = await self.snapshot.section_records(ids)
            async for section_id, record in yielding_every(list(records.items())):
                self._count_new(class_entry(section_from_json(section_id, record)), new)
        teachers: dict[str, list[str]] = {section: [] for section in classes}
        for section, teacher in await self.snapshot.taught_by():
            if section in teachers:
                teachers[section].append(teacher)
        known = await self._count_teachers({one for some in teachers.values() for one in some})
        self._find(Code.NO_TEACHER, sum(not some for some in teachers.values()))
        self._find(Code.UNKNOWN_TEACHER, sum(not known.issuperset(some) for some in teachers.values()))

    async def _count_teachers(self, teachers: Collection[str]) -> set[str]:
        """Count those who are teachers, and return them."""
        new = await self._count_rows(RosterKind.TEACHER, teachers)
        known = set(teachers) - new.keys()
        for ids in chunks(sorted(new)):
            async for teacher_id, record in yielding_every(
                list((await self.snapshot.user_records(ids)).items())
            ):
                teacher = teacher_from_json(teacher_id, record)
                if teacher is not None:
                    known.add(teacher_id)
                    self._count_new(teacher_entry(teacher), new)
        for teacher_id, committed in new.items():
            if teacher_id not in known:
                self.tally.add_entry(RosterKind.TEACHER, None, committed)
        return known

    async def count_schools(self, named: Collection[str], schools: Sequence[School]) -> None:
        """Count those of these schools that are shared."""
        shared: dict[str, School] = {school.id: school for school in schools if school.id in named}
        new = await self._count_rows(RosterKind.SCHOOL, shared)
        for school_id in new:
            self._count_new(school_entry(shared[school_id]), new)

    async def _count_rows(self, kind: RosterKind, wanted: Collection[str]) -> dict[str, int | None]:
        """Count the roster's records; return whom it lacks, each with the committed one's member."""
        rows = {row.id: row for row in await self.snapshot.rows(kind)}
        new: dict[str, int | None] = {}
        for record_id in wanted:
            row = rows.pop(record_id, RosterRow(record_id, None, None))
            if row.candidate is None or self.is_stale:
                new[record_id] = row.committed
            else:
                self.tally.add_entry(kind, row.candidate, row.committed)
        for row in rows.values():
            self.tally.add_entry(kind, None, row.committed)
        return new

    def _count_new(self, entry: Entry, new: Mapping[str, int | None]) -> None:
        self.tally.add_entry(entry.kind, entry.member, new[entry.id])

    def _find(self, code: Code, number: int) -> None:
        self.tally.add_findings(code, self.policy.severity(code), number)
