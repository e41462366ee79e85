"""One student, to be looked at; every call may raise `StoreUnavailable`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from worker.domain.preflight.checks import Finding
from worker.domain.review.section_line import SectionLine
from worker.domain.roster.records import Student


@dataclass(frozen=True, slots=True)
class StudentDetails:
    """What is known of one student, all of one moment."""

    staged: Student | None
    """None where Clever deleted the record, or it is no student any more."""
    candidate: dict[str, Any] | None
    """As it would be committed; None where it is out of scope, or gone."""
    committed: dict[str, Any] | None
    sections: Sequence[SectionLine]
    """Those that list the student."""
    counted: Collection[str]
    """Those among them that count for the student: a first match leaves out kept ones."""
    findings: Sequence[tuple[Finding, datetime]]
    """What is open on the record, and since when."""


class StudentRecords(Protocol):
    """Where all that is known of one student is read."""

    async def student(self, district_id: str, record_id: str) -> StudentDetails | None:
        """Return one student; None where nobody of this id is one, or was committed as one."""
