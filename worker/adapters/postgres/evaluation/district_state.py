"""What was decided on a district so far, read from its row and written back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.evaluation.candidate_roster import finding_of
from worker.adapters.postgres.poll import student_fields
from worker.adapters.postgres.poll.student_fields import stored_fields
from worker.domain.preflight.approval import Approval
from worker.domain.preflight.policy import Policy, in_force
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.turnover import Confirmation
from worker.domain.roster.canonical import from_bytes, to_bytes
from worker.domain.roster.records import EventId, Json
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter
from worker.pipeline.evaluate.rosters import OpenFinding
from worker.pipeline.evaluate.state import DistrictState

_SQL: Final = statements.load("evaluation/district_state")


@dataclass(frozen=True, slots=True)
class Beginning:
    """What may stand against a commit, as it is when an evaluation begins."""

    has_ready_baseline: bool
    quarantined: int
    approval: Approval | None
    findings: Sequence[OpenFinding]
    """Those on the district and its schools."""
    incidents: frozenset[str]
    """The codes of those that are remembered of the district."""


async def read_district(connection: Connection, district_id: str) -> asyncpg.Record | None:
    """Return all that an evaluation of a locked district begins with; None where it was never seen."""
    return await connection.fetchrow(_SQL["read_district"], district_id)


def beginning(row: asyncpg.Record) -> Beginning:
    """Return what may stand against a commit, of a row of `read_district`."""
    approval = None
    if row["approval_id"] is not None:
        approval = Approval(row["approval_id"], from_bytes(row["plan_digest"]), row["approved_after"])
    findings = [OpenFinding(one["record_id"], finding_of(one)) for one in row["findings"]]
    return Beginning(
        row["has_ready_baseline"], row["quarantined"], approval, findings, frozenset(row["incidents"])
    )


def state_of(row: asyncpg.Record, settings: Policy) -> DistrictState:
    """Return what was decided on a district, with the filter and the policy that are in force for it.

    `row` is one of `read_district`; `settings` is what districts without a policy are judged by.
    """
    in_force_filter = _filter(row["filter"])
    version = row["version"]
    evaluated_filter: SectionFilter | None = in_force_filter
    if row["filter_version"] != version:
        evaluated_filter = _earlier_filter(row["earlier_filter"], row["filter_version"])
    return DistrictState(
        tally=Tally.from_json(
            row["counts"], from_bytes(row["candidate_digest"]), from_bytes(row["error_digest"])
        ),
        section_filter=in_force_filter,
        filter_version=version,
        evaluated_filter_version=row["filter_version"],
        evaluated_filter=evaluated_filter,
        policy=in_force(settings, row["policy"], row["time_zone"]),
        policy_until=row["until"],
        evaluated_policy=row["policy_fingerprint"],
        is_partly_loaded=row["is_partly_loaded"],
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
        committed_filter_version=row["committed_filter_version"],
        committed_fields=tuple(row["committed_fields"]),
        committed_digest=from_bytes(row["committed_digest"]),
        committed_counts=row["committed_counts"],
        confirmation=Confirmation(**row["confirmed"]) if row["confirmed"] else None,
        search_input_batch=row["search_input_batch"],
        erased_students=frozenset(row["erased_students"]),
        student_fields=stored_fields(row["complete_fields"], row["held_fields"]),
    )


def _filter(stored: Json | None) -> SectionFilter:
    return KEEP_ALL if stored is None else SectionFilter.model_validate(stored, strict=False)


def _earlier_filter(stored: Json | None, version: int) -> SectionFilter | None:
    """Return a filter that was in force before; None where it cannot be read, so that all is looked at."""
    try:
        return None if stored is None and version else _filter(stored)
    except ValueError:
        return None


def _status(state: DistrictState) -> str:
    if state.reported_digest is not None:
        return "review"
    return "rostered" if state.last_commit_id else "waiting"


def columns(state: DistrictState) -> tuple[object, ...]:
    """Return what `save_district` takes, in its order."""
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
        state.evaluated_policy,
        state.evaluated_on,
        state.floor,
        state.baseline_at,
        min((turn for turn in (state.reevaluate_at, state.guards_until) if turn is not None), default=None),
        state.search_input_batch,
        *student_fields.columns(state.student_fields),
        sorted(state.student_fields.lacking(state.policy.demanded_fields)),
        state.committed_filter_version,
        list(state.committed_fields),
        state.is_partly_loaded,
    )
