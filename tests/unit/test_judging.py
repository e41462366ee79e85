"""When a district is judged at all, and what becomes of an evaluation that fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest

from schemas.words import Severity, Trigger
from tests.support.builders.records import DISTRICT, NOON, Json
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.records import EventId, RecordId, RecordKind, Term
from worker.domain.roster.section_filter import Scope, SectionFilter
from worker.domain.roster.staging import Event
from worker.domain.roster.terms import DistrictTerms
from worker.pipeline.evaluate.extent import Extent, extent
from worker.pipeline.evaluate.rosters import OpenFinding
from worker.pipeline.evaluate.stage import (
    FAILURE_BACK_OFF,
    FAILURE_LIMIT,
    PUT_OFF,
    SILENT_SECONDS,
    EvaluateStage,
    _has_reason,
)
from worker.pipeline.evaluate.state import ClosedWindow, DistrictState
from worker.pipeline.evaluate.unit_of_work import Evaluation, Evaluations
from worker.runtime.errors import DistrictUnreadable, StoreFailed, StoreUnavailable
from worker.runtime.metrics import Metrics

TODAY = date(2026, 9, 15)
HOMEROOM = SectionFilter.model_validate(
    {"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]}, strict=False
)
FIRST_MATCH = SectionFilter(strategy="first_match")
THIRD_GRADE = SectionFilter(scope=Scope(grades=("3",)))
LIMITS = WindowLimits(timedelta(0), timedelta(hours=1), 10, timedelta(hours=1))


# When a district is judged


def state(**fields: Any) -> DistrictState:
    policy = Policy(time_zone="UTC", term_grace_days=2)
    known = DistrictState(Tally(), SectionFilter(), 3, 3, policy, policy.fingerprint(), TODAY)
    return replace(known, **fields)


ENDS = DistrictTerms(unused=[Term(RecordId("t"), None, date(2026, 8, 1), date(2026, 9, 16))])


OTHER = {"evaluated_filter_version": 2}


@pytest.mark.parametrize(
    ("known", "day", "terms", "wanted"),
    [
        ({}, TODAY, ENDS, Extent.CHANGES),
        (OTHER, TODAY, ENDS, Extent.EVERYTHING),  # by a filter that nobody knows any more
        ({**OTHER, "evaluated_filter": SectionFilter()}, TODAY, ENDS, Extent.SECTIONS),
        ({**OTHER, "evaluated_filter": HOMEROOM}, TODAY, ENDS, Extent.SECTIONS),
        ({**OTHER, "evaluated_filter": FIRST_MATCH}, TODAY, ENDS, Extent.EVERYTHING),
        ({**OTHER, "evaluated_filter": THIRD_GRADE}, TODAY, ENDS, Extent.EVERYTHING),
        ({"evaluated_policy": "another"}, TODAY, ENDS, Extent.EVERYTHING),
        ({"evaluated_policy": None, **OTHER}, TODAY, ENDS, Extent.CHANGES),
        ({"evaluated_policy": None, "is_partly_loaded": True}, TODAY, ENDS, Extent.EVERYTHING),
        ({}, date(2026, 9, 16), ENDS, Extent.CHANGES),
        ({}, date(2026, 9, 17), ENDS, Extent.SECTIONS),
        ({"evaluated_on": date(2026, 9, 17)}, date(2026, 9, 18), ENDS, Extent.CHANGES),
        ({"evaluated_on": date(2026, 9, 17)}, date(2026, 9, 19), ENDS, Extent.SECTIONS),
        ({"evaluated_on": None}, date(2026, 9, 19), ENDS, Extent.CHANGES),
        ({}, date(2027, 9, 19), DistrictTerms(), Extent.CHANGES),
    ],
)
def test_another_filter_policy_or_day_of_a_term_says_how_much_is_looked_at_again(
    known: Json, day: date, terms: DistrictTerms, wanted: Extent
) -> None:
    assert extent(state(**known), day, terms) is wanted


@dataclass
class FakeEvaluation:
    """As much of an evaluation as says whether there is a reason to judge."""

    trigger: Trigger = Trigger.QUIET
    deferred_since: datetime | None = None
    state: DistrictState = field(default_factory=state)
    waiting: int = 0
    known: int | None = None

    @property
    def window(self) -> ClosedWindow:
        return ClosedWindow(DISTRICT, self.trigger, NOON, NOON, self.deferred_since, 0, None)

    async def quarantined(self) -> int:
        return self.waiting

    async def findings_before(self) -> list[OpenFinding]:
        of_a_school = Finding(Code.SCHOOL_MASS_REMOVAL, Severity.ERROR, "school", "s", {"waiting": 9})
        if self.known is None:
            return [OpenFinding("s", of_a_school)]
        finding = Finding(
            Code.EVENTS_QUARANTINED, Severity.ERROR, "district", DISTRICT, {"waiting": self.known}
        )
        return [OpenFinding(DISTRICT, finding)]


EVENT = Event(EventId("1"), RecordKind.USER, RecordId("u"), {})
NEVER = {"evaluated_policy": None}


@pytest.mark.parametrize(
    ("evaluation", "events", "has_reason"),
    [
        (FakeEvaluation(), [], False),
        (FakeEvaluation(), [EVENT], True),
        (FakeEvaluation(deferred_since=NOON), [], True),
        *((FakeEvaluation(trigger), [], False) for trigger in (Trigger.SETTLED, Trigger.AGE, Trigger.SIZE)),
        *(
            (FakeEvaluation(trigger), [], True)
            for trigger in (Trigger.FLUSH, Trigger.FILTER, Trigger.APPROVAL)
        ),
        (FakeEvaluation(waiting=1), [], True),
        (FakeEvaluation(waiting=1, known=1), [], False),
        (FakeEvaluation(waiting=0, known=1), [], True),
        (FakeEvaluation(Trigger.APPROVAL, state=state(**NEVER)), [], False),
        (FakeEvaluation(Trigger.APPROVAL, state=state(**NEVER)), [EVENT], True),
        (FakeEvaluation(Trigger.APPROVAL, state=state(**NEVER), waiting=1), [], True),
        (FakeEvaluation(Trigger.FLUSH, state=state(**NEVER)), [], True),
    ],
)
async def test_a_window_is_judged_where_it_held_anything_or_somebody_asked(
    evaluation: FakeEvaluation, events: list[Event], has_reason: bool
) -> None:
    assert await _has_reason(cast("Evaluation", evaluation), events) is has_reason


class FakeEvaluations:
    """Gives an evaluation that cannot be read, or none, and keeps what is said of failures."""

    def __init__(self, error: Exception, *, inside: bool = True) -> None:
        self.error, self.inside = error, inside
        self.told: list[tuple[object, ...]] = []

    @asynccontextmanager
    async def next(self, _limits: WindowLimits) -> AsyncIterator[Any]:
        if not self.inside:
            raise self.error
        yield Failing(self.error)

    async def failed(self, *told: object) -> bool:
        self.told.append(("failed", *told))
        return False

    async def put_off(self, *told: object) -> None:
        self.told.append(("put off", *told))


@dataclass
class Failing:
    """An evaluation in which the first question raises."""

    error: Exception

    @property
    def window(self) -> ClosedWindow:
        return FakeEvaluation().window

    async def mend_floor(self) -> None:
        raise self.error


def evaluating(evaluations: FakeEvaluations) -> EvaluateStage:
    return EvaluateStage(cast("Evaluations", evaluations), LIMITS, Metrics())


FAILED = FAILURE_BACK_OFF, FAILURE_LIMIT


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (lambda: ValueError("a row"), [("failed", DISTRICT, "ValueError", *FAILED)]),
        (
            lambda: DistrictUnreadable(DISTRICT),
            [("failed", DISTRICT, str(DistrictUnreadable(DISTRICT)), *FAILED)],
        ),
    ],
)
async def test_a_district_whose_evaluation_fails_is_told_of_and_the_others_go_on(
    error: Callable[[], Exception], told: list[tuple[object, ...]]
) -> None:
    evaluations = FakeEvaluations(error())
    failing = evaluating(evaluations)

    assert await failing.once()

    assert evaluations.told == told
    assert failing.metrics.evaluation_failures._value.get() == 1


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StoreUnavailable("away"), []),
        (OSError(), [("put off", DISTRICT, "OSError", PUT_OFF)]),
        (MemoryError(), [("put off", DISTRICT, "MemoryError", PUT_OFF)]),
        (StoreFailed("full"), [("put off", DISTRICT, "full", PUT_OFF)]),
    ],
)
async def test_a_fault_of_no_district_is_raised(error: Exception, told: list[tuple[object, ...]]) -> None:
    evaluations = FakeEvaluations(error)

    with pytest.raises(type(error)):
        await evaluating(evaluations).once()

    assert evaluations.told == told


@pytest.mark.parametrize("error", [ValueError(), OSError()])
async def test_a_fault_before_a_district_is_known_is_raised_and_no_district_s(error: Exception) -> None:
    evaluations = FakeEvaluations(error, inside=False)

    with pytest.raises(type(error)):
        await evaluating(evaluations).once()

    assert evaluations.told == []


def test_an_evaluation_may_be_silent_for_two_searches_longer() -> None:
    evaluating = EvaluateStage(cast("Evaluations", None), LIMITS, Metrics(), suggest_seconds=7)

    assert evaluating.bound == SILENT_SECONDS + 14
