"""One district's evaluation on its connection, inside its transaction: from its events to the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import asyncpg

from schemas.messages.batch import Batch
from worker.adapters.postgres import statements, wakeups
from worker.adapters.postgres.alerts import incidents
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.evaluation.approvals import PostgresApprovals
from worker.adapters.postgres.evaluation.candidate_roster import PostgresCandidateRoster, finding_of
from worker.adapters.postgres.evaluation.conclusion import (
    answered_up_to,
    conclusion_columns,
    outbox_columns,
)
from worker.adapters.postgres.evaluation.district_state import Beginning
from worker.adapters.postgres.evaluation.error_figures import PostgresErrorFigures
from worker.adapters.postgres.evaluation.guards import PostgresGuards
from worker.adapters.postgres.evaluation.reissued_students import with_reissued
from worker.adapters.postgres.evaluation.staged_roster import Keeping, PostgresStagedRoster
from worker.adapters.postgres.poll import student_fields
from worker.adapters.postgres.poll.baseline_adoption import adopt, ready_baseline
from worker.adapters.postgres.suggest.kept_suggestions import PostgresKeptSuggestions
from worker.adapters.postgres.watched import rows_of
from worker.domain.alerts.incidents import AlertRules, Problem
from worker.domain.preflight.approval import Approval
from worker.domain.preflight.checks import ErrorChanges, StandingFinding
from worker.domain.preflight.decision import Outcome
from worker.domain.roster.records import EventId, Json, RecordKind
from worker.domain.roster.roster import remove_change, upsert_change
from worker.domain.roster.staging import is_ahead
from worker.domain.roster.student_fields import StudentFields, with_kept_fields, without_student
from worker.domain.roster.versions import highest_id
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.evaluate.rosters import ClassState, OpenFinding
from worker.pipeline.evaluate.state import Adopted, ClosedWindow, Conclusion, DecisionRecord, DistrictState
from worker.runtime.cooperative import yielding_every

_SQL: Final = statements.load("evaluation/unit_of_work")
_CONCLUSION: Final = statements.load("evaluation/conclusion")
_BASELINES: Final = statements.load("poll/baselines")

FETCH: Final = 1000
"""Rows of a plan in memory at a time."""


class PostgresEvaluation(
    PostgresStagedRoster,
    PostgresCandidateRoster,
    PostgresKeptSuggestions,
    PostgresErrorFigures,
    PostgresApprovals,
    PostgresGuards,
):
    """`Evaluation` of `worker.pipeline.evaluate.unit_of_work`, on one connection in a transaction."""

    def __init__(
        self,
        connection: Connection,
        window: ClosedWindow,
        state: DistrictState,
        beginning: Beginning | None = None,
        *,
        keeps_history: bool = True,
        rules: AlertRules = AlertRules(),  # noqa: B008 — frozen
    ) -> None:
        super().__init__(connection, window.district_id)
        self._rules = rules
        self._beginning = beginning
        self.window = window
        self.state = state
        self._keeps_history = keeps_history

    async def adopt_baseline(self, limit: int) -> Adopted | None:
        """Stage what a baseline that is ready has read; None where none is."""
        now = self.window.now
        if self._beginning is not None and not self._beginning.has_ready_baseline:
            return None
        baseline = await ready_baseline(self._connection, self._district_id, now)
        if baseline is None:
            return None
        fields = self.state.policy.demanded_fields
        if StudentFields(held=baseline.student_fields).has_more_than(fields):
            await student_fields.forget_read(self._connection, self._district_id, fields)
        adopted = await adopt(self._connection, self._district_id, baseline, now, limit)
        if baseline.lifts_floor:
            self.state.floor = max(self.state.floor, baseline.floor)
            if "users" in baseline.collections:
                known = self.state.student_fields
                self.state.student_fields = known.read_whole(fields, baseline.student_fields)
        self.state.baseline_at = self.window.now
        self._beginning = None  # adopting it lets go of what was in quarantine
        return adopted

    async def quarantined(self) -> int:
        """Return how many unreadable events wait."""
        return await super().quarantined() if self._beginning is None else self._beginning.quarantined

    async def open_approval(self) -> Approval | None:
        """Return the approval of a plan of the district that is open."""
        return await super().open_approval() if self._beginning is None else self._beginning.approval

    async def findings_before(self) -> Sequence[OpenFinding]:
        """Return the open findings on the district and its schools, as the last evaluation left them."""
        if self._beginning is None:
            return await self.open_findings(["district", "school"], None)
        return self._beginning.findings

    def keeping(self) -> Keeping:
        """Return what keeps of a student the fields that are demanded, and of an erased one nothing."""
        fields = self.state.policy.demanded_fields
        erased = self.state.erased_students

        def kept(kind: str, record_id: str, record: Json | None) -> Json | None:
            if kind != RecordKind.USER:
                return record
            if record_id in erased:
                return without_student(record)
            return with_kept_fields(record, fields)

        return kept

    async def class_states(self, ids: Collection[str]) -> list[ClassState]:
        """Return these sections as classes; who is erased is no unknown student."""
        states = await super().class_states(ids)
        erased = self.state.erased_students
        if not erased:
            return states
        return [
            replace(one, unknown_students=[each for each in one.unknown_students if each not in erased])
            for one in states
        ]

    async def keep_demanded_fields(self) -> None:
        """Keep what the policy in force demands of students, and delete what only another one did.

        What an older version kept is left for housekeeping, which takes its time.
        """
        state, fields = self.state, self.state.policy.demanded_fields
        if state.evaluated_policy is None and not state.is_partly_loaded:
            state.student_fields = StudentFields(fields, fields)
            return
        known = state.student_fields.demanding(fields)
        if known.held is not None and known.has_more_than(fields):
            await student_fields.forget_staged(self._connection, self._district_id, fields)
            known = known.without_others(fields)
        state.student_fields = known

    async def demand_fields(self) -> None:
        """Have a connected district read again where fields are demanded that were not kept."""
        fields = self.state.policy.demanded_fields
        if self.state.policy.needs_baseline and self.state.student_fields.lacking(fields):
            await student_fields.demand_baseline(self._connection, self._district_id, fields)

    async def mend_floor(self) -> int | None:
        """Bring a floor that lies ahead of now down to what is stored, and have the district read again.

        Returns how many records were staged by it; None where the floor is sound.
        """
        if not is_ahead(self.state.floor, self.window.now):
            return None
        now = highest_id(self.window.now)
        floor = await self._connection.fetchval(_BASELINES["newest_evaluated"], self._district_id, now)
        self.state.floor = EventId(floor)
        mended = await self._connection.execute(_BASELINES["mend_staged"], self._district_id, floor, now)
        await self._connection.execute(_BASELINES["demand_after_mending"], self._district_id)
        return int(mended.rpartition(" ")[2])

    async def district_record(self) -> Json | None:
        """Return what Clever last told of the district itself and its sync."""
        record: Json | None = await self._connection.fetchval(_SQL["district_record"], self._district_id)
        return record

    async def note_incidents(self, found: Mapping[str, Problem | None], batch_id: str) -> None:
        """Note what is wrong with the district now, by code, None where nothing is; tell what is news."""
        is_news = any(found.values()) or self._beginning is None or found.keys() & self._beginning.incidents
        if not is_news:  # all of these are begun by evaluations alone
            return
        cause = incidents.DecisionRef(self.state.decision_number, batch_id)
        await incidents.note(self._connection, self._district_id, found, self.window.now, self._rules, cause)

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
        await self._connection.execute(_SQL["drop_resolved"], self._district_id)
        await self._connection.execute(_SQL["mark_reported"], self._district_id)

    async def forget_reported(self) -> None:
        """Forget what the last review told, since the district left it."""
        await self._connection.execute(_SQL["drop_resolved"], self._district_id)
        await self._connection.execute(_SQL["forget_reported"], self._district_id)

    async def plan_changes(self, *, names_replaced: bool) -> AsyncIterator[str]:
        """Yield the plan's changes as JSON, in the order a commit has them."""
        statement = _SQL["plan_changes"]
        if names_replaced:
            statement = with_reissued(_SQL["plan_changes_with_replaced"])
        async for row in self._plan(statement):
            if row["candidate"] is None:
                yield remove_change(row["kind"], row["record_id"])
            else:
                replaces = row["replaces"] if names_replaced else None
                yield upsert_change(row["kind"], row["record_id"], row["candidate"], replaces)

    async def _plan(self, statement: str) -> AsyncIterator[asyncpg.Record]:
        """Yield the rows of a plan: at once, or where they are many, some at a time."""
        if not self._is_large:
            for row in await self._connection.fetch(statement, self._district_id):
                yield row
            return
        fetch = await rows_of(self._connection, statement, self._district_id)
        while rows := await fetch(FETCH):
            async for row in yielding_every(rows):
                yield row

    @property
    def _is_large(self) -> bool:
        """Whether the plan has more changes than are in memory at a time."""
        return sum(sum(ops.values()) for ops in self.state.tally.plan().values()) > FETCH

    async def enqueue(self, messages: Sequence[OutboxMessage]) -> None:
        """Put messages into the outbox, behind those that are there."""
        columns = outbox_columns(self.state, messages)
        await self._connection.execute(_SQL["enqueue"], self._district_id, *columns, wakeups.OUTBOX)

    async def set_parts(self, parts: int) -> None:
        """Tell the parts of this evaluation's commit how many they are."""
        await self._connection.execute(
            _SQL["set_parts"], self._district_id, self.state.decision_number, parts
        )

    async def write_conclusion(self, conclusion: Conclusion) -> None:
        """Write what the evaluation ends with, save `state`, and close the window."""
        # Who stores events of the district waits from when its window is locked until this is committed.
        is_large = conclusion.takeover is not None and not conclusion.messages
        await self._connection.execute(
            _CONCLUSION["conclude"],
            self._district_id,
            *conclusion_columns(self.state, conclusion, self.window, keeps_history=self._keeps_history),
            not is_large,
            wakeups.OUTBOX,
        )
        if is_large:
            await self._close_window(conclusion.deferred_since, answered=conclusion.answered)

    async def keep_decision(self, batch: Batch, outcome: Outcome, decision: DecisionRecord | None) -> None:
        """Keep the batch and the decision, and nothing else."""
        decided: tuple[object, ...] = (None,) * 4
        if decision is not None:
            decided = (self.state.decision_number, decision.id, decision.sequence, decision.summary)
        await self._connection.execute(
            _SQL["record_batch"],
            self._district_id,
            self.state.batch_number,
            batch.batch_id,
            batch.trigger,
            batch.events,
            batch.opened_at,
            batch.closed_at,
            outcome,
            *decided,
        )

    async def close_window(self) -> None:
        """Close the window, whose request is answered; keep open what came meanwhile."""
        await self._close_window(None, answered=True)

    async def _close_window(self, deferred_since: datetime | None, *, answered: bool) -> None:
        dealt_with = answered_up_to(self.window, answered=answered)
        await self._connection.execute(_SQL["close_window"], self._district_id, deferred_since, dealt_with)
