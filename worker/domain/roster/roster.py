"""The candidate roster: the records we would commit now, and how a commit says what changed.

Field values are as Clever gives them, untrimmed, with blanks as null.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from schemas.words import RosterKind
from worker.domain.roster.canonical import canonical, member
from worker.domain.roster.records import RecordId, School, Section, Student, Teacher
from worker.domain.roster.student_fields import ALWAYS_KEPT


@dataclass(frozen=True)
class Entry:
    """One record of the candidate roster; `record` is its canonical JSON, to the letter as published."""

    kind: RosterKind
    id: str
    record: str

    @cached_property
    def member(self) -> int:
        """What the record adds to the roster's digest."""
        return member(f'{{"id":{canonical(self.id)},"kind":"{self.kind}","record":{self.record}}}')


def student_entry(student: Student, class_id: RecordId | None, extra_fields: Sequence[str]) -> Entry:
    """Return a student's entry; `class_id` is None while he has not exactly one class."""
    record: dict[str, Any] = {name: student.value(name) for name in ALWAYS_KEPT}
    record["class_id"] = class_id
    record["extra"] = {name: student.value(name) for name in extra_fields}
    return Entry(RosterKind.STUDENT, student.id, canonical(record))


_BEHIND_CLASS: Final = ',"email":'
"""The key of a student's record that follows `class_id`, which is the first."""


def members_with_classes(students: Iterable[tuple[str, str, str | None]]) -> list[bytes]:
    """Return what students with another class add to the roster's digest, each as it is stored.

    Of each come the id, the record in canonical JSON with any class, and the id of the other class or None.
    """
    texts: dict[str | None, str] = {}
    members = []
    for student_id, record, class_id in students:
        text = texts.get(class_id)
        if text is None:
            text = texts[class_id] = f',"kind":"student","record":{{"class_id":{canonical(class_id)}'
        rest = record[record.index(_BEHIND_CLASS) :]
        whole = f'{{"id":{canonical(student_id)}{text}{rest}}}'
        members.append(hashlib.sha256(whole.encode()).digest())
    return members


CLASS_TEXTS: Final = ("name", "school_id", "grade", "subject", "period", "term_id", "sis_id")
"""The fields of a section that a commit tells of a class, besides its teachers."""


def class_entry(section: Section) -> Entry:
    """Return the entry of a kept section that has a student in scope."""
    record: dict[str, Any] = {name: getattr(section, name) for name in CLASS_TEXTS}
    record["teacher_ids"] = list(section.teachers)
    return Entry(RosterKind.CLASS, section.id, canonical(record))


def teacher_entry(teacher: Teacher) -> Entry:
    """Return the entry of a known teacher of a class."""
    fields = ("first_name", "last_name", "email", "sis_id")
    return Entry(RosterKind.TEACHER, teacher.id, canonical({name: getattr(teacher, name) for name in fields}))


def school_entry(school: School) -> Entry:
    """Return the entry of a known school of a class or a student."""
    fields = ("name", "sis_id", "school_number", "low_grade", "high_grade")
    return Entry(RosterKind.SCHOOL, school.id, canonical({name: getattr(school, name) for name in fields}))


def digest(entries: Iterable[Entry]) -> int:
    """Return the digest of a whole roster."""
    return sum(entry.member for entry in entries)


def upsert_change(kind: str, record_id: str, record: str, replaces: str | None = None) -> str:
    """Return one change of a commit, as JSON, around a record that is canonical JSON already.

    `replaces` is the id that the record had before, where it was issued anew.
    """
    replaced = "" if replaces is None else f',"replaces":{canonical(replaces)}'
    return f'{{"op":"upsert","kind":"{kind}","id":{canonical(record_id)},"record":{record}{replaced}}}'


def remove_change(kind: str, record_id: str) -> str:
    """Return the removal of one record, as JSON."""
    return f'{{"op":"remove","kind":"{kind}","id":{canonical(record_id)}}}'


@dataclass(frozen=True, slots=True)
class PartLimits:
    """How much one part of a commit may hold."""

    changes: int = 1000
    bytes: int = 1_000_000
    """Of changes: 1 MiB less 48 KiB for the rest of the message."""


class PartPacker:
    """Packs changes, in their order, into parts that keep the limits."""

    def __init__(self, limits: PartLimits) -> None:
        self._limits = limits
        self._changes: list[str] = []
        self._bytes = 0

    def add(self, change: str) -> str | None:
        """Take a change; return the part that it no longer fits into, as a JSON array, if any."""
        size = len(change.encode()) + 1
        full = len(self._changes) >= self._limits.changes or self._bytes + size > self._limits.bytes
        part = self.take() if full and self._changes else None
        self._changes.append(change)
        self._bytes += size
        return part

    def take(self) -> str:
        """Return what is packed as a JSON array, and start the next part."""
        part = f"[{','.join(self._changes)}]"
        self._changes, self._bytes = [], 0
        return part
