"""Taking a district back to a roster of its past.

`worker.adapters.postgres` answers, inside one transaction; every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from schemas.messages.batch import Batch
from worker.domain.messages.restoration import Difference
from worker.pipeline.evaluate.state import DecisionRecord
from worker.pipeline.evaluate.unit_of_work import Evaluation


@dataclass(frozen=True, slots=True)
class PastCommit:
    """A commit that was decided; `summary` is its message without its changes."""

    sequence: int
    decided_at: datetime
    summary: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reachable:
    """The newest commit, and before it those that one can go back to: the newest of them first."""

    commits: list[PastCommit]
    total: int
    """How many there are; `commits` may be the newest of them only."""


class Rollback(Evaluation, Protocol):
    """A district locked as for an evaluation; what is done is committed when the context is left well."""

    async def history_from(self) -> int:
        """Return the sequence of the first commit that one can go back to."""

    async def commit_of(self, sequence: int) -> PastCommit | None:
        """Return one of the district's commits; None where it has none of this sequence."""

    def differences(self, sequence: int) -> AsyncIterator[Difference]:
        """Yield what the committed roster has to become to be as it was after that commit, in no order."""

    async def restore(self, sequence: int) -> None:
        """Make the committed roster what it was after that commit.

        What that replaces is kept under `state.commit_sequence`, a commit of its own.
        """

    def restored_changes(self) -> AsyncIterator[str]:
        """Yield what `restore` changed as JSON, in the order a commit has it."""

    async def record_rollback(self, batch: Batch, decision: DecisionRecord) -> None:
        """Keep the batch and the decision, and save of `state` what a rollback changes.

        What the candidate roster was last judged by stays as it is.
        """

    async def hold(self, actor: str, reason: str) -> None:
        """Stop the district's commits until a person lets them go on; an earlier hold is replaced."""

    async def void_approval(self, why: str) -> None:
        """End an open approval, if there is one: what it was given for is another difference now."""

    async def note(self, actor: str, detail: Mapping[str, Any]) -> None:
        """Write the rollback into the audit."""


class Rollbacks(Protocol):
    """Where districts that are to be rolled back come from."""

    def begin(self, district_id: str, patience: timedelta) -> AbstractAsyncContextManager[Rollback | None]:
        """Lock a district, and wait for an evaluation that is under way; None where it was never seen.

        Raises `DistrictBusy` where that takes longer than `patience`.
        """

    async def reachable(self, district_id: str, limit: int) -> Reachable | None:
        """Return the commits that one can go back to, at most `limit`; None where the district is unknown."""
