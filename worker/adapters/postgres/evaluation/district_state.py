"""What was decided on a district so far, read from its row and written back."""

from __future__ import annotations

from typing import Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.poll import student_fields
from worker.adapters.postgres.poll.student_fields import stored_fields
from worker.domain.preflight.policy import Policy, in_force
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.turnover import Confirmation
from worker.domain.roster.canonical import from_bytes, to_bytes
from worker.domain.roster.records import EventId, Json
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter
from worker.pipeline.evaluate.state import DistrictState

_SQL: Final = statements.load("evaluation/district_state")


async def read_state(
    connection: Connection, district_id: str, row: asyncpg.Record, settings: Policy
) -> DistrictState:
    """Return what was decided on a district, with the filter and the policy that are in force for it.

    `row` is its row of `districts`, locked; `settings` is what districts without a policy are judged by.
    """
    chosen = await connection.fetchrow(_SQL["read_filter"], district_id)
    own = await connection.fetchrow(_SQL["read_policy"], district_id)
    in_force_filter = _filter(chosen["filter"] if chosen else None)
    version = chosen["version"] if chosen else 0
    evaluated_filter: SectionFilter | None = in_force_filter
    if row["filter_version"] != version:
        evaluated_filter = await _earlier_filter(connection, district_id, row["filter_version"])
    return DistrictState(
        tally=Tally.from_json(
            row["counts"], from_bytes(row["candidate_digest"]), from_bytes(row["error_digest"])
        ),
        section_filter=in_force_filter,
        filter_version=version,
        evaluated_filter_version=row["filter_version"],
        evaluated_filter=evaluated_filter,
        policy=in_force(settings, own["policy"] if own else None, row["time_zone"]),
        policy_until=own["until"] if own else None,
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
        confirmation=Confirmation(**chosen["confirmed"]) if chosen and chosen["confirmed"] else None,
        search_input_batch=row["search_input_batch"],
        erased_students=frozenset(row["erased_students"]),
        student_fields=stored_fields(row["complete_fields"], row["held_fields"]),
    )


def _filter(stored: Json | None) -> SectionFilter:
    return KEEP_ALL if stored is None else SectionFilter.model_validate(stored, strict=False)


async def _earlier_filter(connection: Connection, district_id: str, version: int) -> SectionFilter | None:
    """Return a filter that was in force before; None where it cannot be read, so that all is looked at."""
    stored = await connection.fetchval(_SQL["read_earlier_filter"], district_id, version)
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
