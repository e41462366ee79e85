from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from itertools import product
from typing import Any

import pytest

from schemas.words import Trigger
from tests.support.builders.records import DISTRICT, LIMITS, OTHER_DISTRICT, later
from worker.domain.preflight.decision import Outcome, Verdict, alert_id, batch_id, decide, decision_id
from worker.runtime.trace_context import trace_parent

SETTLED = [trigger for trigger in Trigger if trigger not in {Trigger.AGE, Trigger.SIZE, Trigger.APPROVAL}]
CUT_SHORT = [Trigger.AGE, Trigger.SIZE]
EVERY_DEFERRAL = [None, 0.0, 1799.0, 1800.0]
NONE, THESE, OTHERS = None, 5, 6
"""What the last review reported: the district stands in none, the same errors, or other ones."""


def decided(
    trigger: Trigger,
    *,
    errors: int,
    reported: int | None,
    empty: bool = False,
    deferred_for: float | None = None,
    guards: int = 0,
    approved: bool = False,
) -> Outcome:
    verdict = Verdict(errors, THESE if errors else 0, empty, reported, guards, approved)
    since = None if deferred_for is None else later(-deferred_for)
    return decide(verdict, trigger, since, later(0), LIMITS)


def decisions(
    triggers: Iterable[Trigger], *, deferred_for: Iterable[float | None], **verdict: Any
) -> set[Outcome]:
    """Return everything that is decided on one verdict, over these triggers and deferrals."""
    every = product(triggers, deferred_for)
    return {decided(trigger, deferred_for=seconds, **verdict) for trigger, seconds in every}


def test_without_an_error_the_plan_is_committed_whatever_closed_the_window() -> None:
    for reported in (NONE, THESE):
        found = decisions(Trigger, deferred_for=EVERY_DEFERRAL, errors=0, reported=reported)
        assert found == {Outcome.COMMIT}


def test_an_empty_plan_is_committed_only_to_end_a_review() -> None:
    for reported, outcome in ((NONE, Outcome.UNCHANGED), (OTHERS, Outcome.COMMIT)):
        found = decisions(Trigger, deferred_for=EVERY_DEFERRAL, errors=0, reported=reported, empty=True)
        assert found == {outcome}


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("reported", [NONE, OTHERS])
def test_errors_of_a_settled_window_are_reviewed_where_new(reported: int | None, empty: bool) -> None:
    found = decisions(SETTLED, deferred_for=EVERY_DEFERRAL, errors=1, reported=reported, empty=empty)

    assert found == {Outcome.REVIEW}


@pytest.mark.parametrize("reported", [NONE, OTHERS])
def test_errors_on_a_window_cut_short_are_put_off_no_longer_than_the_limit(reported: int | None) -> None:
    put_off = decisions(CUT_SHORT, deferred_for=[None, 0.0, 1799.999], errors=1, reported=reported)
    told = decisions(CUT_SHORT, deferred_for=[1800.0, 1e6], errors=1, reported=reported)

    assert put_off == {Outcome.DEFERRED}
    assert told == {Outcome.REVIEW}


@pytest.mark.parametrize("reported", [NONE, OTHERS])
def test_an_approval_takes_no_events_and_leaves_put_off_ones_put_off(reported: int | None) -> None:
    settled = decided(Trigger.APPROVAL, errors=1, reported=reported)
    put_off = decisions([Trigger.APPROVAL], deferred_for=[0.0, 1799.999], errors=1, reported=reported)
    told = decisions([Trigger.APPROVAL], deferred_for=[1800.0, 1e6], errors=1, reported=reported)

    assert settled is Outcome.REVIEW
    assert put_off == {Outcome.DEFERRED}
    assert told == {Outcome.REVIEW}


@pytest.mark.parametrize("reported", [NONE, THESE, OTHERS])
def test_an_approved_plan_is_committed_where_only_guards_oppose_it(reported: int | None) -> None:
    def every(guards: int, *, approved: bool) -> set[Outcome]:
        verdict = {"errors": 3, "reported": reported, "guards": guards, "approved": approved}
        return decisions(Trigger, deferred_for=EVERY_DEFERRAL, **verdict)

    assert every(3, approved=True) == {Outcome.COMMIT}
    for guards, approved in ((2, True), (0, True), (3, False)):
        assert Outcome.COMMIT not in every(guards, approved=approved)


def test_a_plan_that_passes_anyway_needs_no_approval() -> None:
    assert not Verdict(0, 0, False, NONE, 0, True).needs_approval
    assert Verdict(1, THESE, False, NONE, 1, False).needs_approval
    assert Verdict(2, THESE, False, NONE, 2, False).needs_approval
    assert not Verdict(2, THESE, False, NONE, 1, True).needs_approval


def test_errors_that_were_reported_already_say_nothing_new() -> None:
    found = decisions(Trigger, deferred_for=EVERY_DEFERRAL, errors=1, reported=THESE)

    assert found == {Outcome.UNCHANGED}


def test_as_many_errors_as_before_are_told_where_they_are_others() -> None:
    assert decided(Trigger.QUIET, errors=412, reported=OTHERS) is Outcome.REVIEW


def test_a_district_with_an_error_is_never_committed_and_one_without_never_reviewed_or_put_off() -> None:
    for errors, reported, empty in product([0, 1, 412], [NONE, THESE, OTHERS], [False, True]):
        found = decisions(Trigger, deferred_for=EVERY_DEFERRAL, errors=errors, reported=reported, empty=empty)
        allowed = {Outcome.REVIEW, Outcome.DEFERRED} if errors else {Outcome.COMMIT}
        assert found <= allowed | {Outcome.UNCHANGED}


# Ids


def identifiers(district_id: str) -> list[str]:
    return [
        batch_id(district_id, 1),
        batch_id(district_id, 2),
        decision_id(Outcome.COMMIT, district_id, 1),
        decision_id(Outcome.COMMIT, district_id, 2),
        decision_id(Outcome.REVIEW, district_id, 1),
        alert_id(district_id, "2026-09-15T12:00:00.000Z", "firing"),
        alert_id(district_id, "2026-09-15T12:00:00.000Z", "resolved"),
        alert_id(district_id, "2026-09-16T12:00:00.000Z", "firing"),
    ]


def test_ids_are_the_same_whenever_they_are_asked_for_also_of_another_version_of_the_program() -> None:
    assert identifiers(DISTRICT) == identifiers(DISTRICT)
    assert batch_id("d" * 24, 1) == "adbbd5dc-8f53-5c70-84eb-148517bed109"
    assert decision_id(Outcome.COMMIT, "d" * 24, 1) == "323c8071-ab51-514f-bc58-66abc4437795"


def test_ids_of_different_things_differ() -> None:
    every = identifiers(DISTRICT) + identifiers(OTHER_DISTRICT)

    assert len(set(every)) == len(every) == 16


def test_a_trace_parent_is_well_formed_and_shared_by_what_belongs_together() -> None:
    batch, commit, alert = identifiers(DISTRICT)[0], identifiers(DISTRICT)[2], identifiers(DISTRICT)[5]

    traces = [trace_parent(batch, commit), trace_parent(batch, alert)]

    assert all(re.fullmatch(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01", one) for one in traces)
    assert traces[0].split("-")[1] == traces[1].split("-")[1] == uuid.UUID(batch).hex
    assert traces[0] != traces[1]
