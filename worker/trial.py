"""A trial of a section filter: the whole evaluation under it, and then all of it undone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worker.adapters.postgres.evaluations import PostgresEvaluations
from worker.candidate.refresh import Progress
from worker.domain.announcements import plan_counts
from worker.domain.canonical import to_hex
from worker.domain.filter import SectionFilter
from worker.domain.policy import Code
from worker.domain.preflight import Finding
from worker.domain.tally import Tally
from worker.errors import UnknownDistrictError
from worker.stages.evaluate import judge, no_progress


async def try_filter(
    evaluations: PostgresEvaluations,
    district_id: str,
    section_filter: SectionFilter,
    progress: Progress = no_progress,
) -> dict[str, Any]:
    """Return what the preflight would say and the plan would do under another filter; changes nothing.

    The district is locked meanwhile. Raises `UnknownDistrictError`.
    """
    async with evaluations.trial(district_id, section_filter) as evaluation:
        if evaluation is None:
            raise UnknownDistrictError(f"district {district_id} was never seen here")
        await judge(evaluation, [], progress)
        nothing = await evaluation.open_findings(["district"], [district_id])
        unmatched = [one.finding for one in nothing if one.finding.code is Code.SCOPE_MATCHES_NOTHING]
        return trial_result(evaluation.state.tally, unmatched)


def trial_result(tally: Tally, unmatched: Sequence[Finding] = ()) -> dict[str, Any]:
    """Return the outcome of a trial as JSON values; `unmatched` are findings on values of the scope."""
    by_code = tally.by_code()
    none, several = by_code.get(Code.NO_SECTION, 0), by_code.get(Code.MULTIPLE_SECTIONS, 0)
    return {
        "coverage": {"exactly_one": tally.students - none - several, "none": none, "several": several},
        "outside_scope": tally.outside_scope,
        "scope_matches_nothing": [
            {"field": one.detail["field"], "value": one.detail["value"]} for one in unmatched
        ],
        "errors": tally.errors,
        "warnings": tally.warnings,
        "by_code": by_code,
        "plan": {"digest": to_hex(tally.candidate_digest), "counts": plan_counts(tally)},
    }
