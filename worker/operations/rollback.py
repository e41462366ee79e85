"""Taking a district back to the roster after one of its commits, by a commit more.

It restores the committed roster and nothing else: staged and candidate roster stay as they are, so that the
plan is afterwards what was undone, and the district is held until a person lets its commits go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from schemas.messages.batch import Batch
from schemas.messages.commit import COMMIT_SCHEMA, CommitEnvelope
from schemas.timestamps import instant
from schemas.words import Trigger
from worker.domain.messages.restoration import Restoration
from worker.domain.preflight.decision import Outcome, batch_id, decision_id
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.terms import without_grace
from worker.operations.rollback_store import PastCommit, Rollback, Rollbacks
from worker.pipeline.evaluate.candidate.context import chunks
from worker.pipeline.evaluate.candidate.district import judge_district
from worker.pipeline.evaluate.candidate.step2_students import refresh_students
from worker.pipeline.evaluate.preflight import context_of, today
from worker.pipeline.evaluate.record_decision import enqueue_changes
from worker.pipeline.evaluate.state import DecisionRecord
from worker.runtime.errors import RollbackRefused, UnknownDistrictError

PATIENCE: Final = timedelta(seconds=30)
"""For an evaluation that is under way."""


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A rollback: what it changed, and the roster after it; `sequence` is None where it was only tried."""

    target: PastCommit
    counts: dict[str, dict[str, int]]
    roster: dict[str, Any]
    sequence: int | None
    parts: int


async def roll_back(
    rollbacks: Rollbacks,
    district_id: str,
    sequence: int,
    actor: str,
    reason: str,
    patience: timedelta = PATIENCE,
) -> RolledBack:
    """Restore the roster as it was after a commit, publish that as a commit, and hold the district.

    Raises `RollbackRefused`, `UnknownDistrictError` and `DistrictBusy`; nothing was changed then.
    """
    async with rollbacks.begin(district_id, patience) as locked:
        district = _known(locked, district_id)
        target = await _target(district, sequence)
        restoration = await _compare(district, target)
        parts = await _commit(district, target, restoration)
        await district.void_approval(f"rolled back to commit {sequence}")
        detail = {"to": sequence, "commit": district.state.commit_sequence, "reason": reason}
        await district.note(actor, detail)
        await district.hold(actor, f"rolled back to commit {sequence}: {reason}")
    return RolledBack(target, restoration.counts, restoration.roster(), district.state.commit_sequence, parts)


async def try_rollback(
    rollbacks: Rollbacks, district_id: str, sequence: int, patience: timedelta = PATIENCE
) -> RolledBack:
    """Return what `roll_back` would do, and change nothing; raises the same."""
    async with rollbacks.begin(district_id, patience) as locked:
        district = _known(locked, district_id)
        target = await _target(district, sequence)
        restoration = await _compare(district, target)
    return RolledBack(target, restoration.counts, restoration.roster(), None, 0)


def commit_line(commit: PastCommit) -> dict[str, Any]:
    """Return what a list tells of a commit that one can go back to, as JSON values."""
    roster = commit.summary["roster"]
    return {
        "sequence": commit.sequence,
        "decided_at": instant(commit.decided_at),
        "students": roster["students"],
        "classes": roster["classes"],
        "changes": sum(sum(ops.values()) for ops in commit.summary["counts"].values()),
        "digest": roster["digest"],
        "rolled_back_to": commit.summary.get("rolled_back_to"),
    }


def _known(district: Rollback | None, district_id: str) -> Rollback:
    if district is None:
        raise UnknownDistrictError(f"district {district_id} is not known here")
    return district


async def _target(district: Rollback, sequence: int) -> PastCommit:
    """Return the commit to go back to; raises `RollbackRefused` where one cannot."""
    state, oldest = district.state, await district.history_from()
    newest = state.commit_sequence
    target = await district.commit_of(sequence)
    if state.last_commit_id is None:
        raise _refused(district, "it has no commit to restore")
    if sequence == newest:
        raise _refused(district, f"commit {sequence} is the latest: there is nothing to roll back")
    if sequence < oldest < newest:
        raise _refused(district, f"restore points go back to commit {oldest} only")
    if sequence < newest == oldest:
        raise _refused(district, "there are no restore points")
    if target is None:
        raise _refused(district, f"it has no commit {sequence}; the latest is {newest}")
    if target.summary["roster"]["digest"] == to_hex(state.committed_digest):
        raise _refused(district, f"its roster already matches commit {sequence}")
    return target


async def _compare(district: Rollback, target: PastCommit) -> Restoration:
    """Count what has to be put back, in the plan too; raises `RollbackRefused` where the proof fails."""
    state = district.state
    restoration = Restoration(state.committed_counts, state.committed_digest)
    # The proof has the students who were erased since, who were part of the roster then.
    proof = Restoration(state.committed_counts, state.committed_digest)
    async for difference in district.differences(target.sequence):
        restored = difference.restored
        restoration.put_back(difference, restored)
        proof.put_back(difference, restored if difference.erased is None else difference.erased)
        state.tally.count_committed(difference.kind, difference.candidate, difference.committed, restored)
    if proof.roster() != target.summary["roster"]:
        raise _refused(
            district,
            f"the stored history does not add up to the roster of commit {target.sequence} (different "
            "digest or "
            "size)",
        )
    return restoration


def _refused(district: Rollback, why: str) -> RollbackRefused:
    return RollbackRefused(f"district {district.window.district_id}: {why}; nothing was changed")


async def _commit(district: Rollback, target: PastCommit, restoration: Restoration) -> int:
    """Restore the roster and put the commit that does it into the outbox; return its parts."""
    state, district_id, now = district.state, district.window.district_id, district.window.now
    state.batch_number += 1
    state.decision_number += 1
    state.commit_sequence += 1
    batch = Batch(
        batch_id=batch_id(district_id, state.batch_number),
        trigger=Trigger.APPROVAL,
        events=0,
        opened_at=now,
        closed_at=now,
    )
    envelope = CommitEnvelope(
        schema_name=COMMIT_SCHEMA,
        commit_id=decision_id(Outcome.COMMIT, district_id, state.commit_sequence),
        district_id=district_id,
        sequence=state.commit_sequence,
        previous_commit_id=state.last_commit_id,
        rolled_back_to=target.sequence,
        decided_at=now,
        batch=batch,
        counts=restoration.counts,
        roster=restoration.roster(),
    )
    await district.restore(target.sequence)
    await district.restart_count()
    await district.end_confirmation()
    state.confirmation = None
    parts, messages = await enqueue_changes(district, district.restored_changes(), envelope)
    if messages:
        await district.enqueue(messages)
    state.last_commit_id = envelope.commit_id
    state.committed_digest, state.committed_counts = restoration.digest, restoration.sizes
    # What the plan removes, and from how many, is not what it was.
    context = await context_of(district, without_grace(today(district)))
    for ids in chunks(restoration.removed_since):
        await refresh_students(context, ids)
    await judge_district(district, context)
    record = DecisionRecord(envelope.commit_id, envelope.sequence, envelope.wire())
    await district.record_rollback(batch, record)
    return parts
