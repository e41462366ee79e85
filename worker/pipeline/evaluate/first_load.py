"""A first load that is larger than a batch: its parts are staged, and judged together with the last one.

Half a district says nothing: nearly every student in it has no class yet.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.words import Trigger
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.window import WindowLimits, deferral_expired
from worker.domain.roster.staging import Change
from worker.pipeline.evaluate.candidate.refresh import stage
from worker.pipeline.evaluate.record_decision import Decided, record_outcome
from worker.pipeline.evaluate.unit_of_work import Evaluation


async def is_cut_first_load(evaluation: Evaluation, events: int, limits: WindowLimits) -> bool:
    """Whether a batch of so many events is a part of a first load, with more of it waiting.

    Not where the judgment was put off for as long as it may be.
    """
    state, window = evaluation.state, evaluation.window
    if state.evaluated_policy is not None or events < limits.max_events:
        return False
    is_late = deferral_expired(window.deferred_since, window.now, limits)
    return not is_late and await evaluation.remaining_events() > 0


async def stage_part(
    evaluation: Evaluation, changes: Sequence[Change], events: int, under_floor: int
) -> Decided:
    """Stage a part of a first load; whoever evaluates the district next looks at all of it."""
    await stage(evaluation, changes)
    evaluation.state.is_partly_loaded = True
    return await record_outcome(
        evaluation,
        Outcome.DEFERRED,
        Trigger.SIZE,
        events,
        adopted=False,
        is_approved=False,
        under_floor=under_floor,
        answered=False,
        suggest_seconds=0,
    )
