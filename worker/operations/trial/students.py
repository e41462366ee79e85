"""The students of a trial: those whom the last evaluation judged, with their new classes, and newcomers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas.words import RosterKind
from worker.domain.preflight.checks import StudentContext, student_findings
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.recent_moves import PlannedMove, PlannedMoves
from worker.domain.preflight.tally import Tally
from worker.domain.roster.canonical import from_bytes
from worker.domain.roster.records import RecordId, student_from_json
from worker.domain.roster.roster import members_with_classes, student_entry
from worker.domain.roster.scope import KnownScope
from worker.operations.trial.seats import SeatCounts
from worker.operations.trial.snapshot import StagedStudent, StudentRows, TrialSnapshot
from worker.pipeline.evaluate.candidate.context import chunks
from worker.pipeline.evaluate.candidate.step2_students import identities
from worker.runtime.cooperative import yielding_every
from worker.runtime.progress import Progress

ONE_OF: Final = 4
"""Where at least one of so many students of a chunk changes class, the next chunk comes with its records."""
_FROM_RECORDS: Final = frozenset({Code.FIELD_MISSING, Code.UNKNOWN_SCHOOL})
"""What is found of a student whatever the filter is, unless another student has a part in it."""
Value = tuple[str, bytes]
"""A unique field, and the digest of a value of it."""


Changed = tuple[int, str | None]
"""A student who stays in scope, by his place in a chunk, and his new class."""


@dataclass(slots=True)
class StudentTrial:
    """What becomes of the students, chunk by chunk."""

    tally: Tally
    policy: Policy
    seats: SeatCounts
    moves: PlannedMoves
    erased: Collection[str]
    in_scope: set[str] | None = None
    """Who is in scope; None where the scope is that of the last evaluation."""
    to_judge: Collection[str] = ()
    """Who of these has to be judged again, whatever the last evaluation said."""
    committed_at: Counter[str | None] = field(default_factory=Counter)
    """Committed students, by school."""
    schools: set[str] = field(default_factory=set)
    """The schools of those in scope."""
    removed: set[str] = field(default_factory=set)
    """Students who are committed, and not in scope."""
    staying: set[str] = field(default_factory=set)
    """Students in scope who are as they were judged; not kept where the scope is the same."""

    async def count_known(self, snapshot: TrialSnapshot, progress: Progress) -> None:
        """Count whom the last evaluation had in scope, and who is committed beside them."""
        async for rows in snapshot.students():
            changed = self._count_rows(rows)
            if changed:
                self._count_changed(rows, changed, await _records(snapshot, rows, changed))
            snapshot.wants_records = len(changed) * ONE_OF > len(rows.ids)
            progress("students", len(rows.ids))

    def _count_rows(self, rows: StudentRows) -> list[Changed]:
        """Count a chunk but for those who change class, who are returned."""
        places = self._stays(rows)
        ids, members, committed = rows.ids, rows.members, rows.committed_members
        if len(places) != len(ids):
            ids, members = [ids[place] for place in places], [members[place] for place in places]
            committed = [committed[place] for place in places]
        classes = rows.classes if len(places) == len(rows.ids) else [rows.classes[place] for place in places]
        next_classes = self._seat(ids)
        changed = [
            (place, after)
            for place, before, after in zip(places, classes, next_classes, strict=True)
            if before != after
        ]
        gone = {place for place, _ in changed}
        stay = [member for place, member in zip(places, members, strict=True) if place not in gone and member]
        planned = [
            (place, after)
            for place, member, other, after in zip(places, members, committed, next_classes, strict=True)
            if member != other and place not in gone
        ]
        self._count_moves(self._move(rows, place, after) for place, after in planned)
        self.schools.update(school for place in places if (school := rows.schools[place]) is not None)
        self.tally.add_entries(RosterKind.STUDENT, len(stay), sum(map(from_bytes, stay)), len(planned), 0)
        return changed

    def _seat(self, students: Sequence[str]) -> list[str | None]:
        """Count these students by their sections; return their classes."""
        pop, sections, last = self.seats.counts.pop, self.seats.sections.ids, self.seats.last
        numbers = [pop(student, 0) for student in students]
        none, one = numbers.count(0), numbers.count(1)
        for code, number in (
            (Code.NO_SECTION, none),
            (Code.MULTIPLE_SECTIONS, len(numbers) - none - one),
        ):
            self._find(code, number)
        return [
            sections[last[student]] if number == 1 else None
            for student, number in zip(students, numbers, strict=True)
        ]

    def _stays(self, rows: StudentRows) -> list[int]:
        """Return the places of those who stay in scope; count the committed, and whom the plan removes."""
        stays = [place for place, member in enumerate(rows.members) if member is not None]
        in_scope = self.in_scope
        if in_scope is not None:
            ids, again = rows.ids, self.to_judge
            stays = [place for place in stays if ids[place] in in_scope and ids[place] not in again]
            self.staying.update(ids[place] for place in stays)
        committed = rows.committed_members
        self.committed_at.update(
            [school for school, member in zip(rows.committed_schools, committed, strict=True) if member]
        )
        if len(stays) == len(committed):
            return stays
        for place in set(range(len(committed))).difference(stays):
            student = rows.ids[place]
            if committed[place] is not None and (in_scope is None or student not in in_scope):
                self.removed.add(student)
                self.tally.add_entries(RosterKind.STUDENT, 0, 0, 0, 1)
                self._count_moves([self._move(rows, place, None, is_there=False)])
        return stays

    def _count_changed(self, rows: StudentRows, changed: Sequence[Changed], records: Sequence[str]) -> None:
        """Count students who change class, with their candidate records."""
        members = members_with_classes(
            (rows.ids[place], record, after) for (place, after), record in zip(changed, records, strict=True)
        )
        same = [rows.committed_members[place] for place, _ in changed]
        upserted = sum(member != other for member, other in zip(members, same, strict=True))
        digest = sum(map(from_bytes, members))
        self.tally.add_entries(RosterKind.STUDENT, len(changed), digest, upserted, 0)
        self._count_moves(self._move(rows, place, after) for place, after in changed)

    def _move(
        self, rows: StudentRows, place: int, after: str | None, *, is_there: bool = True
    ) -> PlannedMove:
        committed = rows.committed_members[place]
        is_same = committed == rows.members[place]
        before = rows.classes[place] if is_same else rows.committed_classes[place]
        school = rows.committed_schools[place]
        return PlannedMove(rows.ids[place], school, before, after, committed is not None, is_there)

    def _count_moves(self, moves: Iterable[PlannedMove]) -> None:
        self.moves.count(
            move
            for move in moves
            if not (move.was_there and move.is_there and move.before == move.after)
            and move.student not in self.erased
        )

    async def count_new(
        self, snapshot: TrialSnapshot, scope: KnownScope, known_schools: Collection[str], progress: Progress
    ) -> None:
        """Count those in scope whom the last evaluation did not have there, by the rules for one student."""
        if self.in_scope is None:
            return
        held = await snapshot.holders() if self.staying else {}
        holders = {value: students & self.staying for value, students in held.items()}
        for ids in chunks(sorted(self.in_scope - self.staying)):
            values: dict[Value, set[str]] = {}
            async for one in yielding_every(await snapshot.staged_students(ids)):
                for value in self._judge(one, scope, known_schools):
                    values.setdefault(value, set()).add(one.id)
            held = await snapshot.holders_of(values) if self.staying else {}
            for value, students in values.items():
                before = holders.get(value) or held.get(value, set()) & self.staying
                holders[value] = before | students
            progress("students", len(ids))
        duplicates = sum(len(students) for students in holders.values() if len(students) > 1)
        self._find(Code.DUPLICATE_IDENTITY, duplicates)

    def _judge(self, one: StagedStudent, scope: KnownScope, known_schools: Collection[str]) -> list[Value]:
        """Count one student as an evaluation would; return his unique values."""
        student = student_from_json(one.id, one.record)
        if student is None:
            return []
        number = self.seats.counts.pop(one.id, 0)
        class_id = self.seats.class_of(one.id, number)
        school = student.value("school_id")
        context = StudentContext(
            student,
            # Which they are is no matter for what is counted; how many is.
            (RecordId(""),) * number,
            school_known=school is None or school in known_schools,
            lacks_schools=scope.lacks_schools(student),
        )
        for finding in student_findings(context, self.policy):
            self._find(finding.code, 1)
        entry = student_entry(
            student, None if class_id is None else RecordId(class_id), self.policy.extra_fields
        )
        self.tally.add_entry(RosterKind.STUDENT, entry.member, one.committed_member)
        if school is not None:
            self.schools.add(school)
        was_there = one.committed_member is not None
        self._count_moves(
            [
                PlannedMove(
                    one.id, one.committed_school, one.committed_class, class_id, was_there, is_there=True
                )
            ]
        )
        return [(name, digest) for _, name, digest in identities(student, self.policy.unique_fields)]

    async def count_findings(self, snapshot: TrialSnapshot, before: Tally) -> None:
        """Count what the last evaluation found of the records of those who stay as they were judged."""
        if self.in_scope is None:
            for code in (*_FROM_RECORDS, Code.DUPLICATE_IDENTITY):
                self._find(code, before.by_code().get(code, 0))
        elif self.staying:
            open_ones = await snapshot.field_findings()
            found = Counter(code for student, code in open_ones if student in self.staying)
            for code in _FROM_RECORDS:
                self._find(code, found[code])

    async def count_others(self, snapshot: TrialSnapshot) -> None:
        """Count what kept sections say of students whom they list, and who are not in scope."""
        others = self.seats.counts.keys()
        shared = await snapshot.shared(others) if others else set()
        self._find(Code.LEFT_SCOPE, len(shared & self.removed))
        unknown = set(others) - shared - set(self.erased)
        listing = await snapshot.sections_listing(unknown) if unknown else set()
        self._find(Code.UNKNOWN_STUDENT, len(listing.intersection(self.seats.sections.ids)))

    def _find(self, code: Code, number: int) -> None:
        self.tally.add_findings(code, self.policy.severity(code), number)


async def _records(snapshot: TrialSnapshot, rows: StudentRows, changed: Sequence[Changed]) -> list[str]:
    """Return the candidate records of those who change class."""
    records = rows.records
    if records is not None:
        return [records[place] or "" for place, _ in changed]
    fetched = await snapshot.student_records([rows.ids[place] for place, _ in changed])
    return [fetched[rows.ids[place]] for place, _ in changed]
