"""A district's window from its events to the decision, over a district in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from schemas.words import Trigger
from tests.support.builders.records import DISTRICT
from tests.support.fakes.evaluation import (
    LIMITS,
    STUDENT,
    MemoryEvaluation,
    committed,
    last,
    stage_of,
    students,
)
from tests.support.fakes.ports import RecordingTracer
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.policy import Code, Policy
from worker.domain.roster.records import EventId, RecordKind
from worker.domain.roster.section_filter import SectionFilter
from worker.pipeline.evaluate.record_decision import Decided
from worker.pipeline.evaluate.state import Adopted


async def test_there_is_no_work_where_no_district_is_due() -> None:
    assert not await stage_of(None).once()


async def test_what_was_decided_is_told_to_logs_metrics_traces_and_whoever_watches() -> None:
    district = MemoryEvaluation(contexts=["one", "two"])
    district.next_window(opened_at=district.window.now - timedelta(seconds=5))
    students(district, "a", "b")
    told: list[tuple[str, object, Decided]] = []
    tracer = RecordingTracer()
    stage = stage_of(district, tracer=tracer, watch=lambda *one: told.append(one))

    with capture_logs() as logs:
        assert await stage.once()
        district.next_window()
        assert await stage.once()

    decided = told[0][2]
    assert told == [(DISTRICT, district.port(), decided)]
    assert (decided.outcome, decided.sequence, decided.batch.events) == (Outcome.COMMIT, 1, 3)
    batch_id = decided.batch.batch_id
    figures = {"sequence": 1, "batch_id": batch_id, "trigger": "quiet", "events": 3, "errors": 0}
    assert tracer.spans[0].attributes == {
        "district_id": DISTRICT,
        "contexts": 2,
        "outcome": "commit",
        **figures,
    }
    assert tracer.spans[0].links == ["one", "two"]
    assert tracer.spans[1].attributes["outcome"] == "nothing to evaluate"
    (line,) = logs
    assert 0 <= line.pop("seconds") < 60
    assert line == {
        "event": "batch.decided",
        "log_level": "info",
        "stage": "evaluate",
        "district_id": DISTRICT,
        "outcome": "commit",
        "students": 2,
        "blocked": 0,
        "warnings": 3,
        **figures,
    }
    metrics = stage.metrics
    assert metrics.batches_closed.labels("quiet")._value.get() == 1
    assert metrics.decisions.labels("commit")._value.get() == 1
    assert 0 < metrics.preflight_seconds._sum.get() < 60
    assert 65 < metrics.event_to_decision_seconds._sum.get() < 125
    assert district.closed == [(None, True), (None, True)]
    assert len(district.batches) == 1


async def test_a_batch_without_events_says_nothing_of_how_long_events_wait() -> None:
    district = await committed("a")
    district.next_window(Trigger.FLUSH)
    stage = stage_of(district)

    await stage.once()

    assert last(district) == (Outcome.UNCHANGED, Trigger.FLUSH, 0)
    assert stage.metrics.event_to_decision_seconds._sum.get() == 0
    assert district.calls["kept fields"] == 2
    assert district.calls["demanded fields"] == 2


async def test_a_floor_that_is_mended_is_counted_and_told() -> None:
    district = await committed("a")
    stage = stage_of(district)

    with capture_logs() as logs:
        await stage.once()
        district.mended = 4
        await stage.once()

    assert stage.metrics.floors_corrected._value.get() == 1
    assert logs == [
        {
            "event": "floor.corrected",
            "log_level": "warning",
            "stage": "evaluate",
            "district_id": DISTRICT,
            "records": 4,
        }
    ]


@pytest.mark.parametrize(
    ("most", "waiting", "trigger", "answered"),
    [(3, 4, Trigger.SIZE, False), (4, 4, Trigger.FLUSH, True), (5, 4, Trigger.FLUSH, True)],
)
async def test_a_batch_that_could_not_take_all_events_was_closed_by_their_number(
    most: int, waiting: int, trigger: Trigger, answered: bool
) -> None:
    district = MemoryEvaluation()
    district.next_window(Trigger.FLUSH)
    students(district, *"abc")
    assert len(district.waiting) == waiting

    await stage_of(district, limits=replace(LIMITS, max_events=most)).once()

    assert last(district)[1:] == (trigger, min(most, waiting))
    assert district.closed[-1][1] is answered


async def test_a_first_load_that_is_cut_is_judged_once_when_all_of_it_is_staged() -> None:
    district = MemoryEvaluation()
    students(district, *"abcde")
    stage = stage_of(district, limits=replace(LIMITS, max_events=2))

    for _ in range(2):
        district.next_window(Trigger.SIZE, deferred_since=district.closed[-1][0] if district.closed else None)
        await stage.once()
        assert last(district) == (Outcome.DEFERRED, Trigger.SIZE, 2)
        assert not district.rows
        assert not district.findings
    district.next_window()
    await stage.once()

    assert last(district) == (Outcome.COMMIT, Trigger.QUIET, 2)
    assert len(district.committed()) == 6
    assert district.state.tally.shared == 5
    assert district.closed[0] == district.closed[1]


async def test_a_first_load_that_does_not_end_is_judged_when_it_was_put_off_long_enough() -> None:
    district = MemoryEvaluation()
    students(district, *"abcde")
    began = district.window.now
    district.next_window(Trigger.SIZE, seconds=LIMITS.max_deferral.total_seconds(), deferred_since=began)

    await stage_of(district, limits=replace(LIMITS, max_events=2)).once()

    assert last(district) == (Outcome.REVIEW, Trigger.SIZE, 2)


async def test_a_window_takes_the_events_up_to_where_it_was_closed() -> None:
    district = MemoryEvaluation()
    students(district, *"abc")
    district.next_window(through=district.waiting[1].id)

    await stage_of(district, limits=replace(LIMITS, max_events=2)).once()

    assert last(district)[1:] == (Trigger.SIZE, 2)


@pytest.mark.parametrize("trigger", [Trigger.AGE, Trigger.SIZE])
async def test_a_verdict_in_mid_change_is_put_off_from_the_first_time_on(trigger: Trigger) -> None:
    district = MemoryEvaluation()
    district.next_window(trigger)
    began = district.window.now
    students(district, "a", listed=False)
    await stage_of(district).once()
    district.next_window(trigger, deferred_since=began)
    await stage_of(district).once()

    assert district.outcomes == [Outcome.DEFERRED] * 2
    assert district.closed == [(began, True), (began, True)]
    district.next_window(Trigger.QUIET, deferred_since=began)
    await stage_of(district).once()
    assert last(district)[0] is Outcome.REVIEW
    assert district.closed[-1] == (None, True)


async def test_on_hold_nothing_is_committed_and_reviews_go_on() -> None:
    district = MemoryEvaluation(is_held=True)
    students(district, "a")
    await stage_of(district).once()
    assert (last(district)[0], district.committed()) == (Outcome.HELD, {})

    students(district, "a", listed=False)
    district.next_window()
    await stage_of(district).once()

    assert last(district)[0] is Outcome.REVIEW


async def test_events_from_before_the_last_baseline_change_nothing_and_are_told_of() -> None:
    district = await committed("a")
    district.state.floor = EventId("f" * 24)
    students(district, "b")

    await stage_of(district).once()

    found, _ = district.incidents[-1]
    condition = found["events.under_floor"]
    assert condition is not None
    assert condition.counts == {"events": 2}
    assert ("student", "b") not in district.committed()


async def test_a_search_of_filters_reads_anew_after_batches_that_changed_what_it_reads() -> None:
    district = await committed("a")
    assert district.state.search_input_batch == 1
    district.send(
        RecordKind.USER, "a", {"student": {"texts": {**STUDENT["student"]["texts"], "sis_id": "9"}}}
    )
    await stage_of(district).once()
    assert (district.state.search_input_batch, district.state.batch_number) == (1, 2)

    students(district, "a", "b")
    district.next_window()
    await stage_of(district).once()
    assert district.state.search_input_batch == 3

    district.adopted = Adopted(2, 2, None)
    district.next_window()
    await stage_of(district).once()
    assert district.state.search_input_batch == 4


async def test_whoever_leaves_the_scope_is_told_of_while_the_same_filter_is_in_force() -> None:
    district = await committed("a", "b")
    third = SectionFilter.model_validate({"scope": {"grades": ["3"], "schools": ["Larkspur", "h"]}})
    district.state = replace(district.state, section_filter=third, filter_version=2)
    district.send(RecordKind.SCHOOL, "h", {"name": "Larkspur"})
    district.send(RecordKind.USER, "b", {"student": {"texts": {"grade": "4", "school_id": "h"}}})
    await stage_of(district).once()
    told = [one.record_id for one in district.findings.values() if one.code is Code.LEFT_SCOPE]
    assert (told, ("student", "b") in district.committed()) == (["b"], False)

    district.next_window(Trigger.FLUSH)
    await stage_of(district).once()
    assert Code.LEFT_SCOPE in district.state.tally.by_code()
    district.state.filter_version = 3
    district.next_window(Trigger.FILTER)
    await stage_of(district).once()

    assert Code.LEFT_SCOPE not in district.state.tally.by_code()
    assert Code.SCOPE_MATCHES_NOTHING not in district.state.tally.by_code()


async def test_a_school_that_comes_to_have_a_name_of_the_scope_brings_its_students_in() -> None:
    south = SectionFilter.model_validate({"scope": {"schools": ["South"]}})
    district = MemoryEvaluation()
    district.state.section_filter = south
    district.send(RecordKind.SCHOOL, "h", {"name": "North"})
    students(district, "a")
    await stage_of(district).once()
    assert district.state.tally.students == 0

    district.send(RecordKind.SCHOOL, "h", {"name": "South"})
    district.next_window()
    await stage_of(district).once()

    assert set(district.committed()) == {("student", "a"), ("class", "c"), ("school", "h")}


async def test_a_district_without_students_is_judged_no_second_time_for_a_window_that_held_nothing() -> None:
    district = MemoryEvaluation()
    district.send(RecordKind.SCHOOL, "h", {"name": "North"})
    await stage_of(district).once()
    assert {one.code for one in district.errors()} == {Code.NO_STUDENTS}

    district.next_window()
    await stage_of(district).once()

    assert len(district.batches) == 1
    district.unread_events = 1
    await stage_of(district).once()
    assert len(district.batches) == 2


async def test_a_district_is_evaluated_on_its_own_day() -> None:
    district = MemoryEvaluation()
    district.state.policy = Policy(required_fields=(), time_zone="Pacific/Auckland")
    students(district, "a")

    await stage_of(district).once()

    assert district.state.evaluated_on == district.window.now.date() + timedelta(days=1)
