"""A district evaluated under another filter, of which everything is undone: what a trial is held to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from schemas.words import Trigger
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.evaluation.unit_of_work import PostgresEvaluation
from worker.domain.preflight.policy import Code
from worker.domain.preflight.turnover import FilterEffect
from worker.domain.roster.scope_counts import ScopeValue
from worker.domain.roster.section_filter import SectionFilter
from worker.operations.trial.service import FilterTrial
from worker.pipeline.evaluate.candidate.district import planned_moves
from worker.pipeline.evaluate.preflight import run_preflight


@asynccontextmanager
async def with_filter(
    store: StoreUnderTest, district_id: str, section_filter: SectionFilter
) -> AsyncIterator[PostgresEvaluation | None]:
    """Lock a district and evaluate it under another filter; None where it was never seen."""
    async with store.database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            evaluation = await store.evaluations.locked(connection, district_id, Trigger.FILTER)
            if evaluation is not None:
                evaluation.state.section_filter, evaluation.state.filter_version = section_filter, -1
                evaluation.state.confirmation = None  # it is of the filter in force
            yield evaluation
        finally:
            await transaction.rollback()


async def evaluated(store: StoreUnderTest, district_id: str, section_filter: SectionFilter) -> dict[str, Any]:
    """Return what a trial has to say of a filter, as an evaluation finds it."""
    async with with_filter(store, district_id, section_filter) as evaluation:
        assert evaluation is not None
        state = evaluation.state
        await run_preflight(evaluation, [])
        moves = (await planned_moves(evaluation)).to_confirmation()
        effect = FilterEffect(state.committed_counts.get("students", 0), moves)
        if effect.needs_confirmation:
            state.confirmation, state.evaluated_policy = effect.moves, state.policy.fingerprint()
            await run_preflight(evaluation, [])
        found = await evaluation.open_findings(["district"], [district_id])
        unmatched = [
            ScopeValue(one.finding.detail["field"], one.finding.detail["value"])
            for one in found
            if one.finding.code is Code.SCOPE_MATCHES_NOTHING
        ]
        unmatched.sort(key=lambda one: one.key)  # findings stand in the order that they were written in
        return FilterTrial(state.tally, effect, unmatched).to_json()
