"""One district's evaluation: its lock and its transaction, from the window that is due to the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from worker.adapters.postgres import history, notices, sql, windows
from worker.adapters.postgres.adoption import adopt, ready_baseline
from worker.adapters.postgres.advice import PostgresAdvice
from worker.adapters.postgres.approvals import PostgresApprovals
from worker.adapters.postgres.candidate import PostgresCandidateRoster, finding_of
from worker.adapters.postgres.causes import PostgresErrorFigures
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.incidents import close_incident
from worker.adapters.postgres.notices import Notices
from worker.adapters.postgres.staged import PostgresStagedRoster
from worker.domain.canonical import from_bytes, to_bytes
from worker.domain.filter import KEEP_ALL, SectionFilter
from worker.domain.incidents import Incident
from worker.domain.policy import Policy, in_force
from worker.domain.preflight import ErrorChanges, StandingFinding
from worker.domain.records import EventId, Json
from worker.domain.roster import remove_change, upsert_change
from worker.domain.tally import Tally
from worker.domain.window import Trigger, Window, WindowLimits, closing_trigger
from worker.ports.evaluation import Adopted, BatchRecord, ClosedWindow, DecisionRecord, DistrictState
from worker.ports.outbox import OutboxMessage

_SQL: Final = sql.load("evaluation")

CANDIDATES: Final = 20
"""How many due districts to look at for one that no other process has."""
FETCH: Final = 1000
"""Rows of a plan in memory at a time."""


class PostgresEvaluation(
    PostgresStagedRoster, PostgresCandidateRoster, PostgresAdvice, PostgresErrorFigures, PostgresApprovals
):
    """Answers to `worker.ports.evaluation.Evaluation` on one connection, inside its transaction."""

    def __init__(
        self,
        connection: Connection,
        window: ClosedWindow,
        state: DistrictState,
        *,
        keeps_history: bool = True,
    ) -> None:
        super().__init__(connection, window.district_id)
        self.window = window
        self.state = state
        self._keeps_history = keeps_history

    async def adopt_baseline(self, limit: int) -> Adopted | None:
        """Stage what a baseline that is ready has read; None where none is."""
        baseline = await ready_baseline(self._connection, self._district_id)
        if baseline is None:
            return None
        adopted = await adopt(self._connection, self._district_id, baseline, limit)
        self.state.floor = max(self.state.floor, baseline.floor)
        self.state.baseline_at = self.window.now
        return adopted

    async def district_record(self) -> Json | None:
        """Return what Clever last told of the district itself and its sync."""
        record: Json | None = await self._connection.fetchval(_SQL["district_record"], self._district_id)
        return record

    async def close_incident(self, code: str) -> Incident | None:
        """Forget an incident of the district and return it; None where there was none."""
        return await close_incident(self._connection, self._district_id, code)

    async def has_ready_baseline(self) -> bool:
        """Return whether a baseline waits to be adopted."""
        return bool(await self._connection.fetchval(_SQL["has_ready_baseline"], self._district_id))

    async def remaining_events(self) -> int:
        """Return how many of the district's events still wait in the inbox."""
        return int(await self._connection.fetchval(_SQL["remaining_events"], self._district_id))

    async def changed_errors(self) -> ErrorChanges:
        """Return how many errors are new, and how many resolved, since the district's last review."""
        rows = await self._connection.fetch(_SQL["changed_errors"], self._district_id)
        return ErrorChanges(
            {row["code"]: row["opened"] for row in rows if row["opened"]},
            {row["code"]: row["resolved"] for row in rows if row["resolved"]},
        )

    async def first_findings(self, limit: int) -> list[StandingFinding]:
        """Return open findings with their age, errors first, in a stable order."""
        rows = await self._connection.fetch(_SQL["first_findings"], self._district_id, limit)
        return [StandingFinding(finding_of(row), row["since"]) for row in rows]

    async def mark_reported(self) -> None:
        """Take the open errors for the ones that the last review told."""
        await self._connection.execute(_SQL["mark_reported"], self._district_id)
        await self._connection.execute(_SQL["drop_resolved"], self._district_id)

    async def forget_reported(self) -> None:
        """Forget what the last review told, since the district left it."""
        await self._connection.execute(_SQL["drop_resolved"], self._district_id)
        await self._connection.execute(_SQL["forget_reported"], self._district_id)

    async def plan_changes(self) -> AsyncIterator[str]:
        """Yield the plan's changes as JSON, in the order a commit has them."""
        cursor = await self._connection.cursor(_SQL["plan_changes"], self._district_id)
        while rows := await cursor.fetch(FETCH):
            for row in rows:
                if row["candidate"] is None:
                    yield remove_change(row["kind"], row["record_id"])
                else:
                    yield upsert_change(row["kind"], row["record_id"], row["candidate"])

    async def adopt_candidate(self) -> None:
        """Make the candidate roster the committed one, and keep what it replaces."""
        await history.keep(self._connection, self._district_id, self.state, wanted=self._keeps_history)
        await self._connection.execute(_SQL["adopt_upserts"], self._district_id)
        await self._connection.execute(_SQL["adopt_removals"], self._district_id)

    async def enqueue(self, messages: Sequence[OutboxMessage]) -> None:
        """Put messages into the outbox, behind those that are there."""
        first = self.state.outbox_position + 1
        self.state.outbox_position += len(messages)
        columns = (
            list(range(first, first + len(messages))),
            [self.state.decision_number] * len(messages),
            [message.routing_key for message in messages],
            [message.schema for message in messages],
            [message.key for message in messages],
            [message.sequence for message in messages],
            [message.part for message in messages],
            [message.parts for message in messages],
            [message.trace_parent for message in messages],
            [message.envelope for message in messages],
            [message.changes for message in messages],
        )
        await self._connection.execute(_SQL["enqueue"], self._district_id, *columns)
        await notices.notify(self._connection, notices.OUTBOX)

    async def set_parts(self, parts: int) -> None:
        """Tell the parts of this evaluation's commit how many they are."""
        await self._connection.execute(
            _SQL["set_parts"], self._district_id, self.state.decision_number, parts
        )

    async def record(self, batch: BatchRecord, decision: DecisionRecord | None) -> None:
        """Keep the batch and the decision, and save `state`."""
        await self.keep_decision(batch, decision)
        await self._connection.execute(_SQL["save_district"], self._district_id, *_columns(self.state))
        await self._connection.execute(_SQL["forgive_failures"], self._district_id)

    async def keep_decision(self, batch: BatchRecord, decision: DecisionRecord | None) -> None:
        """Keep the batch and the decision, and nothing else."""
        await self._connection.execute(
            _SQL["record_batch"],
            self._district_id,
            batch.number,
            batch.id,
            batch.trigger,
            batch.events,
            batch.opened_at,
            batch.closed_at,
            batch.outcome,
        )
        if decision is not None:
            await self._connection.execute(
                _SQL["record_decision"],
                self._district_id,
                decision.number,
                decision.id,
                decision.outcome,
                decision.sequence,
                decision.batch_number,
                decision.decided_at,
                dict(decision.summary),
            )

    async def close_window(self, deferred_since: datetime | None, *, answered: bool) -> None:
        """Close the window, or keep open what came meanwhile or was put off."""
        await self._connection.execute(_SQL["lock_window"], self._district_id)
        dealt_with = self.window.request_number if answered else -1
        row = await self._connection.fetchrow(
            _SQL["reopen_window"], self._district_id, deferred_since, dealt_with
        )
        if row is not None and not row["events"] and not row["requested"] and deferred_since is None:
            await self._connection.execute(_SQL["delete_window"], self._district_id)


class PostgresEvaluations:
    """Answers to `worker.ports.evaluation.Evaluations`; `policy` is what the settings demand.

    `keeps_history` says whether commits keep what they replace, for rollbacks.
    """

    def __init__(
        self, database: Database, heard: Notices, policy: Policy, *, keeps_history: bool = True
    ) -> None:
        self._database = database
        self._notices = heard
        self._policy = policy
        self._keeps_history = keeps_history

    @asynccontextmanager
    async def next(self, limits: WindowLimits) -> AsyncIterator[PostgresEvaluation | None]:
        """Lock the district that has been due for longest; None while none is."""
        async with self._database.connection() as connection:
            await windows.close_by_time(connection)
            for district_id in await _due(connection, limits):
                async with connection.transaction():
                    evaluation = await self._begin(connection, district_id, limits)
                    if evaluation is not None:
                        yield evaluation
                        return
            yield None

    @asynccontextmanager
    async def trial(
        self, district_id: str, section_filter: SectionFilter
    ) -> AsyncIterator[PostgresEvaluation | None]:
        """Lock a district and evaluate it under another filter; all of it is undone on leaving.

        None where the district was never seen.
        """
        async with self._database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                evaluation = await self.locked(connection, district_id, Trigger.FILTER)
                if evaluation is not None:
                    evaluation.state.section_filter, evaluation.state.filter_version = section_filter, -1
                yield evaluation
            finally:
                await transaction.rollback()

    async def locked(
        self, connection: Connection, district_id: str, trigger: Trigger
    ) -> PostgresEvaluation | None:
        """Lock a district without its window, after an evaluation under way; None where it was never seen."""
        row = await connection.fetchrow(_SQL["lock_district"].replace("SKIP LOCKED", ""), district_id)
        if row is None:
            return None
        state = await self._state(connection, district_id, row)
        now = await connection.fetchval("SELECT clock_timestamp()")
        window = ClosedWindow(district_id, trigger, now, now, None, 0, None)
        return PostgresEvaluation(connection, window, state)

    @asynccontextmanager
    async def rehearsal(self, district_id: str) -> AsyncIterator[PostgresEvaluation | None]:
        """Lock a district as if its window closed now; all of it is undone on leaving.

        None where somebody has the district, or it was never seen: this waits for nobody.
        """
        async with self._database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                row = await connection.fetchrow(_SQL["lock_district"], district_id)
                if row is None:
                    yield None
                    return
                window = await connection.fetchrow(_SQL["read_window"], district_id)
                through = window["through"] if window else None
                now = await connection.fetchval("SELECT clock_timestamp()")
                closed = ClosedWindow(district_id, Trigger.QUIET, now, now, None, 0, through)
                yield PostgresEvaluation(connection, closed, await self._state(connection, district_id, row))
            finally:
                await transaction.rollback()

    async def failed(self, district_id: str, error: str, back_off: timedelta, limit: int) -> bool:
        """Count an evaluation that raised; return whether the district is parked for it."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["count_failure"], district_id, error, back_off, limit))

    async def demand_policy(self) -> int:
        """Ask for the re-evaluation of districts last judged by another policy; return how many."""
        async with self._database.transaction() as connection:
            rows = await connection.fetch(_SQL["stale_policies"])
            stale = [
                row["district_id"]
                for row in rows
                if in_force(self._policy, row["policy"]).fingerprint() != row["policy_fingerprint"]
            ]
            if stale:
                await windows.close(connection, stale, Trigger.FILTER)
            return len(stale)

    async def wait(self, seconds: float) -> None:
        """Return when somebody says that a window is due, or after `seconds`."""
        await self._notices.wait(notices.WINDOWS, seconds)

    async def _begin(
        self, connection: Connection, district_id: str, limits: WindowLimits
    ) -> PostgresEvaluation | None:
        row = await connection.fetchrow(_SQL["lock_district"], district_id)
        window = await connection.fetchrow(_SQL["read_window"], district_id) if row else None
        if row is None or window is None:
            return None
        requested = Trigger(window["requested"]) if window["requested"] else None
        trigger = closing_trigger(
            Window(
                window["opened_at"],
                window["last_event_at"],
                window["events"],
                requested,
                window["deferred_since"],
            ),
            window["now"],
            limits,
        )
        if trigger is None:
            return None
        closed = ClosedWindow(
            district_id,
            trigger,
            window["now"],
            window["opened_at"],
            window["deferred_since"],
            window["request_number"],
            window["through"],
        )
        state = await self._state(connection, district_id, row)
        return PostgresEvaluation(connection, closed, state, keeps_history=self._keeps_history)

    async def _state(self, connection: Connection, district_id: str, row: asyncpg.Record) -> DistrictState:
        chosen = await connection.fetchrow(_SQL["read_filter"], district_id)
        own = await connection.fetchrow(_SQL["read_policy"], district_id)
        return DistrictState(
            tally=Tally.from_json(
                row["counts"], from_bytes(row["candidate_digest"]), from_bytes(row["error_digest"])
            ),
            section_filter=SectionFilter.model_validate(chosen["filter"], strict=False)
            if chosen
            else KEEP_ALL,
            filter_version=chosen["version"] if chosen else 0,
            evaluated_filter_version=row["filter_version"],
            policy=in_force(self._policy, own["policy"] if own else None),
            policy_until=own["until"] if own else None,
            evaluated_policy=row["policy_fingerprint"],
            evaluated_on=row["evaluated_on"],
            batch_number=row["batch_number"],
            decision_number=row["decision_number"],
            commit_sequence=row["commit_sequence"],
            review_sequence=row["review_sequence"],
            outbox_position=row["outbox_position"],
            last_commit_id=row["last_commit_id"],
            standing_since=row["standing_since"],
            reported_digest=from_bytes(row["reported_digest"]) if row["reported_digest"] else None,
            floor=EventId(row["floor"]),
            baseline_at=row["baseline_at"],
            committed_digest=from_bytes(row["committed_digest"]),
            committed_counts=row["committed_counts"],
        )


async def _due(connection: Connection, limits: WindowLimits) -> list[str]:
    rows = await connection.fetch(
        _SQL["due_districts"],
        limits.max_events,
        limits.quiet,
        limits.max_age,
        limits.max_deferral,
        CANDIDATES,
    )
    return [row["district_id"] for row in rows]


def _status(state: DistrictState) -> str:
    if state.reported_digest is not None:
        return "review"
    return "rostered" if state.last_commit_id else "waiting"


def _columns(state: DistrictState) -> tuple[object, ...]:
    return (
        _status(state),
        state.batch_number,
        state.decision_number,
        state.commit_sequence,
        state.review_sequence,
        state.outbox_position,
        state.last_commit_id,
        state.standing_since,
        None if state.reported_digest is None else to_bytes(state.reported_digest),
        state.tally.to_json(),
        to_bytes(state.tally.candidate_digest),
        to_bytes(state.tally.error_digest),
        to_bytes(state.committed_digest),
        state.committed_counts,
        state.filter_version,
        state.policy.fingerprint(),
        state.evaluated_on,
        state.floor,
        state.baseline_at,
        state.reevaluate_at,
    )
