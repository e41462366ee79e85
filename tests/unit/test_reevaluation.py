"""When time alone gives reason to evaluate a district again."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from worker.domain.preflight.policy import Policy
from worker.domain.preflight.tally import Tally
from worker.domain.roster.records import RecordId, Term
from worker.domain.roster.section_filter import SectionFilter
from worker.domain.roster.terms import DistrictTerms
from worker.pipeline.evaluate.preflight import _reevaluate_at
from worker.pipeline.evaluate.state import DistrictState

TODAY = date(2026, 9, 15)
TERM = Term(RecordId("1"), "Fall", date(2026, 9, 1), date(2026, 9, 20))
AFTER_IT = datetime(2026, 9, 21, tzinfo=UTC)
BEFORE_IT = datetime(2026, 9, 18, 12, tzinfo=UTC)
LATER = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("terms", "policy_until", "expected"),
    [
        ([TERM], BEFORE_IT, BEFORE_IT),
        ([TERM], LATER, AFTER_IT),
        ([TERM], None, AFTER_IT),
        ([], LATER, LATER),
        ([], None, None),
    ],
    ids=["policy first", "term first", "term alone", "policy alone", "nothing"],
)
def test_a_district_is_evaluated_again_at_the_first_of_the_moments_that_change_what_counts(
    terms: list[Term], policy_until: datetime | None, expected: datetime | None
) -> None:
    policy = Policy(time_zone="UTC")
    state = DistrictState(
        Tally(), SectionFilter(), 0, 0, policy, policy.fingerprint(), TODAY, policy_until=policy_until
    )
    known = DistrictTerms(unused=terms)

    assert _reevaluate_at(state, known, known.calendar(TODAY, 0)) == expected
