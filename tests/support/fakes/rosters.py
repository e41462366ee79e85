"""A district's rosters, kept in memory: a fake of `worker.pipeline.evaluate.rosters.EvaluatedRoster`."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from schemas.words import RosterKind
from tests.support.fakes.staged_records import MemoryStaged, Row
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.roster.records import Json, RecordId, RecordKind
from worker.pipeline.evaluate.rosters import (
    CandidateChanges,
    ClassState,
    EntryWrite,
    OpenFinding,
    PersonState,
    StudentState,
)


@dataclass
class MemoryRoster(MemoryStaged):
    """Both rosters and the findings. It refuses what a table refuses, as a count below zero."""

    async def write_kept(self, kept: Mapping[str, int], dropped: Collection[str]) -> None:
        """Keep these sections, and those no longer."""
        for section in dropped:
            del self.kept[section]
        for section, rank in kept.items():
            self.kept[section] = (rank, self.kept.get(section, (0, 0))[1])

    async def resize_kept(self, changes: Mapping[str, int]) -> set[str]:
        """Add to the number of students of kept sections."""
        self.calls["sizes"] += len(changes)
        turned = set()
        for section, change in changes.items():
            if section in self.kept:
                rank, before = self.kept[section]
                assert before + change >= 0
                self.kept[section] = rank, before + change
                if 0 in (before, before + change):
                    turned.add(section)
        return turned

    async def replace_identities(
        self, ids: Collection[str], identities: Collection[tuple[str, str, bytes]]
    ) -> set[tuple[str, bytes]]:
        """Replace the rows of these students."""
        before = {one for one in self.identities if one[0] in ids}
        self.identities = (self.identities - before) | set(identities)
        return {(name, digest) for _, name, digest in before ^ set(identities)}

    async def unsettled_holders(self, values: Collection[tuple[str, bytes]]) -> set[str]:
        """Return whose finding of a duplicate does not fit how many hold the value."""
        told = {
            (one.record_id, one.detail["field"])
            for one in self.findings.values()
            if one.code is Code.DUPLICATE_IDENTITY
        }
        return {
            student
            for student, name, digest in self.identities
            if (name, digest) in values
            and (len(self._holders(name, digest)) > 1) != ((student, name) in told)
        }

    def duplicated_fields(self, student_id: str) -> set[str]:
        """Return the fields of a student whose value somebody else has too."""
        of_student = [(name, digest) for one, name, digest in self.identities if one == student_id]
        return {name for name, digest in of_student if len(self._holders(name, digest)) > 1}

    def findings_on(self, record_id: str, *kinds: str) -> list[OpenFinding]:
        """Return the open findings on a record."""
        found = [one for one in self.findings.values() if one.kind in kinds and one.record_id == record_id]
        return [OpenFinding(record_id, one) for one in found]

    def _holders(self, name: str, digest: bytes) -> list[str]:
        return [one for one, *value in self.identities if value == [name, digest]]

    async def student_states(self, ids: Collection[str], *, with_duplicated: bool) -> list[StudentState]:
        """Return these users as students."""
        self.looked_at["student"].update(ids)
        return [self._student_state(one, with_duplicated=with_duplicated) for one in ids]

    def _student_state(self, student_id: str, *, with_duplicated: bool) -> StudentState:
        user = self.at(RecordKind.USER, student_id) or {}
        listed = self.enrolled[student_id]
        school = user.get("student", {}).get("texts", {}).get("school_id")
        return StudentState(
            student_id,
            user if "student" in user else None,
            {section: self.kept[section][0] for section in listed if section in self.kept},
            self.at(RecordKind.SCHOOL, school) is not None,
            self._row(RosterKind.STUDENT, student_id).state(),
            self.duplicated_fields(student_id) if with_duplicated else (),
            self.findings_on(student_id, "student"),
        )

    def _row(self, kind: RosterKind, record_id: str) -> Row:
        return self.rows.get((kind, record_id), Row())

    async def needed_states(
        self, teachers: Collection[str], schools: Collection[str]
    ) -> dict[RosterKind, list[PersonState]]:
        """Return these users as teachers, and these schools."""
        return {
            RosterKind.TEACHER: self._teacher_states(teachers),
            RosterKind.SCHOOL: self._school_states(schools),
        }

    def _look(self, what: str, ids: Collection[str]) -> None:
        if ids:
            self.looked_at[what].update(ids)

    def _teacher_states(self, ids: Collection[str]) -> list[PersonState]:
        self._look("teacher", ids)
        needed = {
            target
            for role, target, section in self.links
            if role == "teacher" and self.kept.get(section, (0, 0))[1] > 0
        }
        users = {one: self.at(RecordKind.USER, one) or {} for one in ids}
        records = {one: user if "teacher" in user else None for one, user in users.items()}
        return self._persons(RosterKind.TEACHER, records, needed)

    def _school_states(self, ids: Collection[str]) -> list[PersonState]:
        self._look("school", ids)
        needed = {row.school_id for row in self.rows.values() if row.candidate}
        return self._persons(RosterKind.SCHOOL, {one: self.at(RecordKind.SCHOOL, one) for one in ids}, needed)

    def _persons(
        self, kind: RosterKind, records: dict[str, Json | None], needed: Collection[str | None]
    ) -> list[PersonState]:
        return [
            PersonState(one, record, one in needed, self._row(kind, one).state())
            for one, record in records.items()
        ]

    async def students_of_schools(self, ids: Collection[str]) -> set[str]:
        """Return the students in the roster whose school is one of these."""
        students = {key[1]: row for key, row in self.rows.items() if key[0] is RosterKind.STUDENT}
        return {one for one, row in students.items() if row.candidate and row.school_id in ids}

    async def class_states(self, ids: Collection[str]) -> list[ClassState]:
        """Return these sections as classes."""
        self.looked_at["class"].update(ids)
        return [self._class_state(one) for one in ids]

    def _class_state(self, section_id: str) -> ClassState:
        rank, students = self.kept.get(section_id, (None, 0))
        entry = self._row(RosterKind.CLASS, section_id).state(with_record=True)
        record = self.at(RecordKind.SECTION, section_id)
        unknown: dict[str, list[RecordId]] = {
            side: [one for one in (record or {}).get(f"{side}s", ()) if side not in self._sides(one)]
            for side in ("student", "teacher")
            if rank is not None
        }
        return ClassState(
            section_id,
            record,
            rank,
            students,
            entry,
            unknown.get("student", ()),
            unknown.get("teacher", ()),
            self.findings_on(section_id, "class", "section"),
        )

    def _sides(self, user_id: str) -> Json:
        return self.at(RecordKind.USER, user_id) or {}

    async def write_candidate(self, changes: CandidateChanges) -> set[str]:
        """Change the candidate roster, the findings and the kept sections."""
        assert not self.rows.keys() & {(write.kind, write.id) for write in changes.new}
        if changes.entries or changes.new:
            await self.write_entries([*changes.entries, *changes.new])
        if changes.opened or changes.closed:
            await self.write_findings(changes.opened, changes.closed)
        return await self.resize_kept(changes.sizes) if changes.sizes else set()

    async def write_entries(self, writes: Sequence[EntryWrite]) -> None:
        """Change the candidate roster."""
        self.calls["entries"] += len(writes)
        for write in writes:
            row = self.rows.setdefault((write.kind, write.id), Row())
            row.candidate = write.entry
            row.school_id = write.school_id if write.entry else None
            row.sections = (write.sections or ()) if write.entry else ()
            row.grade = write.grade
            if row == Row():
                del self.rows[write.kind, write.id]

    async def open_findings(self, kinds: Collection[str], ids: Collection[str] | None) -> list[OpenFinding]:
        """Return open findings."""
        self.calls["readings of findings"] += 1
        found = [one for one in self.findings.values() if one.kind in kinds]
        return [OpenFinding(one.record_id, one) for one in found if ids is None or one.record_id in ids]

    async def students_with(self, code: Code, limit: int) -> set[str]:
        """Return students with an open finding of this code."""
        return set([one.record_id for one in self.findings.values() if one.code is code][:limit])

    async def write_findings(self, opened: Sequence[Finding], closed: Sequence[Finding]) -> None:
        """Open and close findings."""
        self.calls["findings"] += len(opened) + len(closed)
        for one in closed:
            del self.findings[one.record_id, one.member]
        for one in opened:
            self.findings[one.record_id, one.member] = one

    async def quarantined(self) -> int:
        """Return how many unreadable events wait."""
        return self.unread_events

    async def unreadable(self, kinds: Collection[str]) -> int:
        """Return how many records have fields that could not be read."""
        return sum("unread" in one for kind in kinds for one in self.live(RecordKind(kind)).values())

    # What there is, for a test

    def entries(self) -> dict[tuple[str, str], Json]:
        """Return the records of the candidate roster."""
        return {
            (key[0].value, key[1]): json.loads(row.candidate.record)
            for key, row in self.rows.items()
            if row.candidate
        }

    def committed(self) -> dict[tuple[str, str], Json]:
        """Return the records of the committed roster."""
        return {
            (key[0].value, key[1]): json.loads(row.committed.record)
            for key, row in self.rows.items()
            if row.committed
        }
