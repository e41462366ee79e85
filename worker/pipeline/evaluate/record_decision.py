"""Writes a decision down: history, messages, new state; all in the evaluation's transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from schemas.messages.batch import Batch
from schemas.messages.commit import COMMIT_SCHEMA, CommitEnvelope
from schemas.messages.review import MAX_ITEMS, REVIEW_SCHEMA, Cause
from schemas.words import RosterKind, Trigger
from worker.domain.alerts import detection
from worker.domain.alerts.codes import BASELINE_REFUSED
from worker.domain.alerts.detection import decided
from worker.domain.messages.bodies import review_body
from worker.domain.preflight import tally as tally_module
from worker.domain.preflight.approval import GUARDS
from worker.domain.preflight.decision import Outcome, batch_id, decision_id
from worker.domain.review.causes.folding import fold
from worker.domain.roster.canonical import canonical
from worker.domain.roster.roster import PartLimits, PartPacker
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.evaluate.cause_facts import cause_facts
from worker.pipeline.evaluate.review_suggestions import advise
from worker.pipeline.evaluate.state import Conclusion, DecisionRecord, Takeover
from worker.pipeline.evaluate.unit_of_work import Evaluation
from worker.runtime.tracing import trace_parent

PARTS_AT_ONCE: Final = 8
"""Parts of a commit in memory before they go into the outbox: 8 MiB."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided, for the log and for a person watching."""

    outcome: Outcome
    sequence: int | None
    batch: Batch
    parts: int = 0


async def record_outcome(
    evaluation: Evaluation,
    outcome: Outcome,
    trigger: Trigger,
    events: int,
    *,
    adopted: bool,
    is_approved: bool,
    under_floor: int,
    answered: bool,
    suggest_seconds: float,
) -> Decided:
    """Record the batch and, where there is one, the decision with its messages; close the window.

    `adopted` says that a baseline was adopted with it, `is_approved` that guards would stand against the
    commit but for a person's approval, `under_floor` how many of the events are from before the last
    baseline, `answered` that the request which closed the window is dealt with; a review looks for section
    filters that would serve the district better for at most `suggest_seconds`.
    """
    state, window = evaluation.state, evaluation.window
    state.batch_number += 1
    batch = Batch(
        batch_id=batch_id(window.district_id, state.batch_number),
        trigger=trigger,
        events=events,
        opened_at=window.opened_at,
        closed_at=window.now,
    )
    written, parts = Conclusion(batch, outcome), 0
    if outcome is Outcome.COMMIT:
        written, parts = await _commit(evaluation, batch, is_approved=is_approved)
    elif outcome is Outcome.REVIEW:
        facts = await cause_facts(evaluation)
        causes = fold(facts)
        suggestions = await advise(evaluation, causes, suggest_seconds, facts.offers)
        written, parts = await _review(evaluation, batch, causes, suggestions), 1
    found = decided(state.tally, state.policy, outcome, is_in_review=state.standing_since is not None)
    if adopted:
        found[BASELINE_REFUSED] = None
    else:
        found |= detection.under_floor(events, under_floor)
    if found:
        await evaluation.note_incidents(found, batch.batch_id)
    put_off = (window.deferred_since or window.now) if outcome is Outcome.DEFERRED else None
    await evaluation.write_conclusion(replace(written, deferred_since=put_off, answered=answered))
    return Decided(outcome, written.decision.sequence if written.decision else None, batch, parts)


async def _commit(evaluation: Evaluation, batch: Batch, *, is_approved: bool) -> tuple[Conclusion, int]:
    """Return what a commit is concluded with, and how many parts it has."""
    state = evaluation.state
    district_id = evaluation.window.district_id
    state.decision_number += 1
    state.commit_sequence += 1
    commit_id = decision_id(Outcome.COMMIT, district_id, state.commit_sequence)
    envelope = CommitEnvelope(
        schema_name=COMMIT_SCHEMA,
        commit_id=commit_id,
        district_id=district_id,
        sequence=state.commit_sequence,
        previous_commit_id=state.last_commit_id,
        rolled_back_to=None,
        decided_at=batch.closed_at,
        batch=batch,
        counts=tally_module.plan_counts(state.tally),
        roster=tally_module.roster_summary(state.tally),
    )
    changes = evaluation.plan_changes(names_replaced=is_approved)
    parts, messages = await enqueue_changes(evaluation, changes, envelope)
    is_first = state.last_commit_id is None
    takeover = Takeover(
        is_first=is_first,
        moves_students=any(state.tally.plan()[RosterKind.STUDENT].values()),
        # The first commit is no accident, and of what a person said yes to, nothing counts toward the next.
        restarts_count=is_approved or state.is_confirmed or is_first,
    )
    state.guards_until = None
    if state.confirmation is not None:
        await evaluation.end_confirmation()
    state.tally.clear_plan()
    state.last_commit_id = commit_id
    state.committed_filter_version = state.filter_version
    state.committed_fields = tuple(sorted(state.policy.demanded_fields))
    state.committed_digest = state.tally.candidate_digest
    state.committed_counts = tally_module.roster_counts(state.tally)
    await _lower_guards(evaluation)
    state.standing_since, state.reported_digest = None, None
    decision = DecisionRecord(commit_id, state.commit_sequence, envelope.wire())
    return Conclusion(batch, Outcome.COMMIT, decision, messages, takeover), parts


async def _lower_guards(evaluation: Evaluation) -> None:
    """Close the findings of guards, told as warnings or approved: what was committed is a plan no more."""
    tally = evaluation.state.tally
    if not any(code in GUARDS for code in tally.by_code()):
        return
    found = await evaluation.open_findings(["district", "school"], None)
    closed = [one.finding for one in found if one.finding.code in GUARDS]
    for finding in closed:
        tally.count_finding(finding, -1)
    await evaluation.write_findings([], closed)


async def enqueue_changes(
    evaluation: Evaluation, changes: AsyncIterator[str], envelope: CommitEnvelope
) -> tuple[int, list[OutboxMessage]]:
    """Put a commit's parts into the outbox, a few in memory at a time; return how many there are.

    A commit of one part is not put there: it is returned, to be put there with the rest of the decision.
    """
    packer, waiting, count = PartPacker(PartLimits()), list[str](), 0
    text = canonical(envelope.wire())

    def take() -> list[OutboxMessage]:
        messages = [
            OutboxMessage(
                f"commit.{evaluation.window.district_id}",
                COMMIT_SCHEMA,
                envelope.commit_id,
                envelope.sequence,
                trace_parent(envelope.batch.batch_id, envelope.commit_id),
                text,
                part=count - len(waiting) + place,
                parts=count,
                changes=packed,
            )
            for place, packed in enumerate(waiting, start=1)
        ]
        waiting.clear()
        return messages

    async for change in changes:
        full = packer.add(change)
        if full is not None:
            waiting.append(full)
            count += 1
        if len(waiting) == PARTS_AT_ONCE:
            await evaluation.enqueue(take())
    waiting.append(packer.take())
    count += 1
    if count == 1:
        return count, take()
    await evaluation.enqueue(take())
    await evaluation.set_parts(count)
    return count, []


async def _review(
    evaluation: Evaluation,
    batch: Batch,
    causes: Sequence[Cause],
    suggestions: Sequence[dict[str, Any]],
) -> Conclusion:
    state, district_id = evaluation.state, evaluation.window.district_id
    state.decision_number += 1
    state.review_sequence += 1
    review_id = decision_id(Outcome.REVIEW, district_id, state.review_sequence)
    entered = state.standing_since is None
    state.standing_since = state.standing_since or batch.closed_at
    if entered:
        await evaluation.forget_reported()
    body = review_body(
        district_id=district_id,
        review_id=review_id,
        sequence=state.review_sequence,
        standing_since=state.standing_since,
        batch=batch,
        tally=state.tally,
        changed=await evaluation.changed_errors(),
        items=await evaluation.first_findings(MAX_ITEMS),
        district=await evaluation.district_record(),
        causes=causes,
        suggestions=suggestions,
    )
    await evaluation.mark_reported()
    state.reported_digest = state.tally.error_digest
    message = OutboxMessage(
        f"review.{district_id}",
        REVIEW_SCHEMA,
        review_id,
        state.review_sequence,
        trace_parent(batch.batch_id, review_id),
        canonical(body),
    )
    summary = {**body, "findings": {**body["findings"], "items": []}}
    decision = DecisionRecord(review_id, state.review_sequence, summary)
    return Conclusion(batch, Outcome.REVIEW, decision, [message])
