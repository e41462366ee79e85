"""Taking a district back to a roster of its past: from the history of its commits, in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import asyncpg

from schemas.messages.batch import Batch
from schemas.words import RosterKind, Trigger
from worker.adapters.postgres import statements
from worker.adapters.postgres.access.audit import audit
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.adapters.postgres.evaluation.unit_of_work import FETCH, PostgresEvaluation
from worker.adapters.postgres.watched import rows_of
from worker.domain.messages.restoration import Difference
from worker.domain.preflight.decision import Outcome
from worker.domain.roster.canonical import from_bytes, to_bytes
from worker.domain.roster.roster import remove_change, upsert_change
from worker.operations.rollback_store import PastCommit, Reachable
from worker.pipeline.evaluate.state import DecisionRecord
from worker.runtime.errors import DistrictBusy

_SQL: Final = statements.load("operations/rollback")


class PostgresRollback(PostgresEvaluation):
    """Answers to `worker.operations.rollback_store.Rollback`, on one connection in a transaction."""

    async def history_from(self) -> int:
        """Return the sequence of the first commit that one can go back to."""
        return int(await self._connection.fetchval(_SQL["history_from"], self._district_id))

    async def commit_of(self, sequence: int) -> PastCommit | None:
        """Return one of the district's commits; None where it has none of this sequence."""
        row = await self._connection.fetchrow(_SQL["commit"], self._district_id, sequence)
        return None if row is None else _past_commit(row)

    async def differences(self, sequence: int) -> AsyncIterator[Difference]:
        """Yield what the committed roster has to become to be as it was after that commit, in no order."""
        fetch = await rows_of(self._connection, _SQL["differences"], self._district_id, sequence)
        while rows := await fetch(FETCH):
            for row in rows:
                yield Difference(
                    RosterKind(row["kind"]),
                    row["record_id"],
                    row["record"],
                    _number(row["committed_member"]),
                    _number(row["candidate_member"]),
                    _number(row["erased_member"]),
                )

    async def restore(self, sequence: int) -> None:
        """Make the committed roster what it was after that commit; keep what that replaces."""
        ours = self.state.commit_sequence
        for statement in ("keep_replaced", "put_back"):
            await self._connection.execute(_SQL[statement], self._district_id, sequence, ours)
        for statement in ("drop_rows", "take_out"):
            await self._connection.execute(_SQL[statement], self._district_id, ours)

    async def restored_changes(self) -> AsyncIterator[str]:
        """Yield what `restore` changed as JSON, in the order a commit has it."""
        fetch = await rows_of(
            self._connection, _SQL["changes"], self._district_id, self.state.commit_sequence
        )
        while rows := await fetch(FETCH):
            for row in rows:
                if row["committed"] is None:
                    yield remove_change(row["kind"], row["record_id"])
                else:
                    yield upsert_change(row["kind"], row["record_id"], row["committed"])

    async def record_rollback(self, batch: Batch, decision: DecisionRecord) -> None:
        """Keep the batch and the decision, and save of `state` what a rollback changes."""
        await self.keep_decision(batch, Outcome.COMMIT, decision)
        state = self.state
        await self._connection.execute(
            _SQL["save_district"],
            self._district_id,
            state.batch_number,
            state.decision_number,
            state.commit_sequence,
            state.outbox_position,
            state.last_commit_id,
            state.tally.to_json(),
            to_bytes(state.tally.error_digest),
            to_bytes(state.committed_digest),
            state.committed_counts,
        )

    async def hold(self, actor: str, reason: str) -> None:
        """Stop the district's commits until a person lets them go on; an earlier hold is replaced."""
        await self._connection.execute(_SQL["hold"], self._district_id, actor, reason)

    async def void_approval(self, why: str) -> None:
        """End an open approval, if there is one."""
        await self._connection.execute(_SQL["void_approval"], self._district_id, why)

    async def note(self, actor: str, detail: Mapping[str, Any]) -> None:
        """Write the rollback into the audit."""
        await audit(self._connection, actor, "district.rollback", self._district_id, detail)


class PostgresRollbacks:
    """Answers to `worker.operations.rollback_store.Rollbacks`."""

    def __init__(self, database: Database, evaluations: PostgresEvaluations) -> None:
        self._database = database
        self._evaluations = evaluations

    @asynccontextmanager
    async def begin(self, district_id: str, patience: timedelta) -> AsyncIterator[PostgresRollback | None]:
        """Lock a district, and wait for an evaluation that is under way; None where it was never seen."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["wait_for_locks"], str(int(patience.total_seconds() * 1000)))
            try:
                locked = await self._evaluations.locked(connection, district_id, Trigger.APPROVAL)
            except asyncpg.LockNotAvailableError:
                raise DistrictBusy(
                    f"district {district_id} is being evaluated; nothing was changed. Try again"
                ) from None
            yield None if locked is None else PostgresRollback(connection, locked.window, locked.state)

    async def reachable(self, district_id: str, limit: int) -> Reachable | None:
        """Return the commits that one can go back to, at most `limit`; None where the district is unknown."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["commits"], district_id, limit)
            if not rows and not await _is_known(connection, district_id):
                return None
        return Reachable([_past_commit(row) for row in rows], rows[0]["reachable"] if rows else 0)


async def _is_known(connection: Connection, district_id: str) -> bool:
    return await connection.fetchval(_SQL["history_from"], district_id) is not None


def _past_commit(row: asyncpg.Record) -> PastCommit:
    return PastCommit(row["sequence"], row["decided_at"], row["summary"])


def _number(stored: bytes | None) -> int | None:
    return None if stored is None else from_bytes(stored)
