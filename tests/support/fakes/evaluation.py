"""One district's evaluation, kept in memory: a fake of `worker.pipeline.evaluate.unit_of_work.Evaluation`."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from schemas.messages.batch import Batch
from schemas.words import RosterKind, Trigger
from tests.support.builders.records import DISTRICT, NOON
from tests.support.districts.oracle import seats_of
from tests.support.fakes.figures import MemoryFigures
from worker.domain.alerts.incidents import Problem
from worker.domain.preflight.approval import Approval, Ended
from worker.domain.preflight.checks import ErrorChanges, StandingFinding
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.records import EventId, Json, RecordId, RecordKind
from worker.domain.roster.roster import remove_change, upsert_change
from worker.domain.roster.staging import Event
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.evaluate.rosters import OpenFinding
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.evaluate.state import Adopted, ClosedWindow, Conclusion, DecisionRecord
from worker.pipeline.evaluate.unit_of_work import Evaluation, Evaluations
from worker.runtime.metrics import Metrics

ORDER = {kind: place for place, kind in enumerate(RosterKind)}


@dataclass
class MemoryEvaluation(MemoryFigures):
    """A district between its evaluations and in one; `next_window` opens another.

    `adopted`, `mended` and `approval` are what the next one is told of a baseline, of its floor, and of a
    person's yes.
    """

    window: ClosedWindow = field(
        default_factory=lambda: ClosedWindow(DISTRICT, Trigger.QUIET, NOON, NOON, None, 0, None)
    )
    adopted: Adopted | None = None
    mended: int | None = None
    approval: Approval | None = None
    is_held: bool = False
    sent: int = 0
    messages: list[OutboxMessage] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    decisions: list[DecisionRecord | None] = field(default_factory=list)
    closed: list[tuple[datetime | None, bool]] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    incidents: list[tuple[dict[str, Problem | None], str]] = field(default_factory=list)
    reported: dict[int, str] = field(default_factory=dict)
    """The errors that the last review told, with their codes."""

    def next_window(self, trigger: Trigger = Trigger.QUIET, seconds: float = 60, **fields: Any) -> None:
        """Open a window that is closed by `trigger` so many seconds after the last."""
        now = self.window.now + timedelta(seconds=seconds)
        plain = ClosedWindow(DISTRICT, trigger, now, now, None, 0, None)
        self.window = replace(plain, **fields)

    def send(self, kind: RecordKind, record_id: str, record: Json | None) -> None:
        """Put an event into the inbox."""
        self.sent += 1
        self.waiting.append(Event(EventId(f"{self.sent:024x}"), kind, RecordId(record_id), record))

    # The district around its records

    async def adopt_baseline(self, limit: int) -> Adopted | None:
        """Return what was adopted; not in detail where it is more than `limit`."""
        if self.adopted and self.adopted.changes and len(self.adopted.changes) > limit:
            return replace(self.adopted, changes=None)
        return self.adopted

    async def keep_demanded_fields(self) -> None:
        """Count it."""
        self.calls["kept fields"] += 1

    async def demand_fields(self) -> None:
        """Count it."""
        self.calls["demanded fields"] += 1

    async def mend_floor(self) -> int | None:
        """Return how many records were staged by it."""
        return self.mended

    async def district_record(self) -> Json | None:
        """Return nothing: Clever told nothing of the district."""
        return None

    async def note_incidents(self, found: Mapping[str, Problem | None], batch_id: str) -> None:
        """Keep them."""
        self.incidents.append((dict(found), batch_id))

    async def remaining_events(self) -> int:
        """Return how many events wait."""
        return len(self.waiting)

    async def is_on_hold(self) -> bool:
        """Whether commits are stopped."""
        return self.is_held

    async def open_approval(self) -> Approval | None:
        """Return the approval."""
        return self.approval

    async def findings_before(self) -> Sequence[OpenFinding]:
        """Return the open findings on the district and its schools."""
        return await self.open_findings(["district", "school"], None)

    async def end_approval(self, approval: Approval, ended: Ended) -> None:
        """End it."""
        assert approval == self.approval
        self.approval = None
        self.ended.append(ended)

    # Decisions

    async def changed_errors(self) -> ErrorChanges:
        """Compare the open errors with those that were told."""
        now = {one.member: one.code.value for one in self.errors()}
        new = Counter(code for member, code in now.items() if member not in self.reported)
        return ErrorChanges(new, Counter(c for member, c in self.reported.items() if member not in now))

    async def first_findings(self, limit: int) -> list[StandingFinding]:
        """Return open findings, errors first."""
        found = sorted(self.findings.values(), key=lambda one: (one.severity, one.code, one.record_id))
        return [StandingFinding(one, NOON) for one in found[:limit]]

    async def mark_reported(self) -> None:
        """Keep the open errors as told."""
        self.reported = {one.member: one.code.value for one in self.errors()}

    async def forget_reported(self) -> None:
        """Forget what was told."""
        self.reported = {}

    async def plan_changes(self, *, names_replaced: bool) -> AsyncIterator[str]:
        """Yield the changes: upserts from schools to students, then removals the other way round."""
        self.calls["plans with replaced ones"] += names_replaced
        rows = sorted(self.rows.items(), key=lambda one: (ORDER[one[0][0]], one[0][1]))
        plan = [(key, row) for key, row in rows if row.candidate != row.committed]
        for (kind, record_id), row in plan:
            if row.candidate:
                yield upsert_change(kind, record_id, row.candidate.record)
        for (kind, record_id), row in reversed(plan):
            if not row.candidate:
                yield remove_change(kind, record_id)

    async def adopt_candidate(self, *, restarts_count: bool) -> None:
        """Commit the candidate roster."""
        self.past = [] if restarts_count else [*self.past, (self.window.now, seats_of(self.committed()))]
        for key, row in list(self.rows.items()):
            row.committed = row.candidate
            if row.candidate is None:
                del self.rows[key]

    async def enqueue(self, messages: Sequence[OutboxMessage]) -> None:
        """Put messages behind those that are there."""
        self.calls["enqueued"] += 1
        self.messages += messages

    async def set_parts(self, parts: int) -> None:
        """Tell the parts of this evaluation's commit how many they are."""
        self.calls["told parts"] += 1
        last = self.messages[-1].key
        self.messages = [replace(one, parts=parts) if one.key == last else one for one in self.messages]

    async def write_conclusion(self, conclusion: Conclusion) -> None:
        """Keep the batch, the decision and its messages, and how the window was closed."""
        if conclusion.messages:
            await self.enqueue(conclusion.messages)
        if conclusion.takeover is not None:
            await self.adopt_candidate(restarts_count=conclusion.takeover.restarts_count)
        self.batches.append(conclusion.batch)
        self.outcomes.append(conclusion.outcome)
        self.decisions.append(conclusion.decision)
        self.closed.append((conclusion.deferred_since, conclusion.answered))

    async def close_window(self) -> None:
        """Keep that it was closed."""
        self.closed.append((None, True))

    def port(self) -> Evaluation:
        """Return it as the port it stands for."""
        return self


@dataclass
class MemoryEvaluations:
    """Gives one district, and keeps what is said of failures."""

    district: MemoryEvaluation | None

    @asynccontextmanager
    async def next(self, _limits: WindowLimits) -> AsyncIterator[Evaluation | None]:
        """Give the district."""
        yield self.district.port() if self.district else None

    async def failed(self, _district_id: str, error: str, _back_off: object, _limit: int) -> bool:
        """Fail the test: the cause stands above it."""
        raise AssertionError(error)


LIMITS = WindowLimits(timedelta(0), timedelta(hours=1), 50, timedelta(hours=1))


def stage_of(district: MemoryEvaluation | None, **fields: Any) -> EvaluateStage:
    """Return the stage that evaluates a district."""
    evaluations = cast("Evaluations", MemoryEvaluations(district))
    return EvaluateStage(evaluations, fields.pop("limits", LIMITS), Metrics(), suggest_seconds=0, **fields)


# A district with students of one class

STUDENT: Json = {"student": {"texts": {"grade": "3", "school_id": "h"}}}


def students(district: MemoryEvaluation, *names: str, listed: bool = True) -> None:
    """Send students and the class that lists them."""
    for name in names:
        district.send(RecordKind.USER, name, STUDENT)
    district.send(RecordKind.SECTION, "c", {"students": list(names) if listed else [], "teachers": []})


async def committed(*names: str) -> MemoryEvaluation:
    """Return a district with a first commit of these students."""
    district = MemoryEvaluation()
    students(district, *names)
    await stage_of(district).once()
    district.next_window()
    return district


def last(district: MemoryEvaluation) -> tuple[Outcome, Trigger, int]:
    batch = district.batches[-1]
    return district.outcomes[-1], batch.trigger, batch.events
