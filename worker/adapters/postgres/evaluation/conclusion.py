"""What an evaluation ends with, as one statement takes it: from its messages to its window."""

from __future__ import annotations

from collections.abc import Sequence

from worker.adapters.postgres.evaluation.district_state import columns
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.evaluate.state import ClosedWindow, Conclusion, DistrictState


def outbox_columns(state: DistrictState, messages: Sequence[OutboxMessage]) -> tuple[list[object], ...]:
    """Return messages by columns, behind those that are in the outbox; `state` counts them."""
    first = state.outbox_position + 1
    state.outbox_position += len(messages)
    return (
        list(range(first, first + len(messages))),
        [state.decision_number] * len(messages),
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


def conclusion_columns(
    state: DistrictState, conclusion: Conclusion, window: ClosedWindow, *, keeps_history: bool
) -> tuple[object, ...]:
    """Return what `conclude` takes, in its order, from the messages to the window."""
    batch, takeover, decision = conclusion.batch, conclusion.takeover, conclusion.decision
    messages = outbox_columns(state, conclusion.messages)
    return (
        *messages,
        takeover is not None,
        window.now,
        state.commit_sequence,
        takeover is not None and takeover.moves_students and not takeover.restarts_count,
        takeover is not None and keeps_history and not takeover.is_first,
        takeover is not None and takeover.restarts_count,
        batch.batch_id,
        batch.trigger,
        batch.events,
        batch.opened_at,
        batch.closed_at,
        conclusion.outcome,
        *((None,) * 3 if decision is None else (decision.id, decision.sequence, decision.summary)),
        *columns(state),
        conclusion.deferred_since,
        answered_up_to(window, answered=conclusion.answered),
    )


def answered_up_to(window: ClosedWindow, *, answered: bool) -> int:
    """Return the number up to which requests to close the window are dealt with; -1 for none."""
    return window.request_number if answered else -1
