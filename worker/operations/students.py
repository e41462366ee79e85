"""What people ask of one student: all that is kept of him, and that nothing is.

`worker.adapters.postgres.operations.students` answers; every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from worker.domain.roster.staging import Change
from worker.pipeline.evaluate.unit_of_work import Evaluation


@dataclass(frozen=True, slots=True)
class ErasedStudent:
    """That a student was erased, and when."""

    erased_at: datetime


class Erasure(Evaluation, Protocol):
    """A district locked as for an evaluation; what is done is committed when the context is left well."""

    async def erase(self, student_id: str, actor: str) -> Change | None:
        """Delete what is kept of a student but for the roster; return what that changes in what is staged."""

    async def conclude(self, student_id: str, actor: str, detail: dict[str, Any]) -> bool:
        """Save `state`, close the window, write the audit; return whether he is still committed."""


class Students(Protocol):
    """Students of a district, as people ask about one of them."""

    async def called(self, district_id: str, text: str, beginning: str | None) -> list[str]:
        """Return the ids of those whom a text may mean; at most 20."""

    async def erased(self, district_id: str, student_id: str) -> ErasedStudent | None:
        """Return when a student was erased; None where he was not."""

    async def export(self, district_id: str, student_id: str) -> dict[str, Any]:
        """Return all that is kept of a student, as JSON values."""

    def begin(self, district_id: str, patience: timedelta) -> AbstractAsyncContextManager[Erasure | None]:
        """Lock a district, and wait for an evaluation that is under way; None where it was never seen.

        Raises `DistrictBusy` where that takes longer than `patience`.
        """
