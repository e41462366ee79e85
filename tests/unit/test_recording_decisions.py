"""What is written down of a batch: commits in parts, reviews, and what stands afterwards."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from schemas.messages.batch import Batch
from schemas.messages.commit import COMMIT_SCHEMA, CommitEnvelope
from schemas.messages.review import REVIEW_SCHEMA
from schemas.timestamps import instant
from schemas.words import Severity, Trigger
from tests.support.builders.records import DISTRICT, Json
from tests.support.fakes.evaluation import MemoryEvaluation
from worker.domain.alerts.codes import BASELINE_REFUSED, EVENTS_UNDER_FLOOR, PREFLIGHT_FAILED
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.decision import Outcome, batch_id, decision_id
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import plan_counts, roster_summary
from worker.domain.preflight.turnover import Confirmation
from worker.domain.roster.canonical import canonical, to_hex
from worker.domain.roster.records import EventId, RecordId, RecordKind
from worker.domain.roster.roster import PartLimits
from worker.domain.roster.staging import Change
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.evaluate.preflight import run_preflight
from worker.pipeline.evaluate.record_decision import PARTS_AT_ONCE, Decided, enqueue_changes, record_outcome
from worker.runtime.trace_context import trace_parent


def student(number: int, **texts: str) -> Change:
    user: Json = {"student": {"texts": {"sis_id": f"S{number}", "grade": "3", **texts}}}
    return Change(RecordKind.USER, RecordId(f"s{number:04}"), EventId(f"{number:024x}"), None, user)


def section(*students: int) -> Change:
    record = {"students": [f"s{number:04}" for number in students], "teachers": []}
    return Change(RecordKind.SECTION, RecordId("c"), EventId(f"{9:024x}"), None, record)


async def district_of(*numbers: int, listed: bool = True) -> MemoryEvaluation:
    """Return a district that was judged, with these students, in one class or in none."""
    district = MemoryEvaluation()
    await run_preflight(district.port(), [*map(student, numbers), section(*numbers if listed else ())])
    return district


async def recorded(district: MemoryEvaluation, outcome: Outcome, events: int = 7, **fields: Any) -> Decided:
    usual = {"adopted": False, "is_approved": False, "under_floor": 0, "answered": True}
    given = usual | {"suggest_seconds": 0.0} | fields
    return await record_outcome(district.port(), outcome, Trigger.QUIET, events, **given)


def batch_of(district: MemoryEvaluation) -> Batch:
    window = district.window
    return Batch(
        batch_id=batch_id(DISTRICT, 1),
        trigger=Trigger.QUIET,
        events=7,
        opened_at=window.opened_at,
        closed_at=window.now,
    )


def envelope_of(district: MemoryEvaluation) -> CommitEnvelope:
    return CommitEnvelope(
        schema_name=COMMIT_SCHEMA,
        commit_id=decision_id(Outcome.COMMIT, DISTRICT, 1),
        district_id=DISTRICT,
        sequence=5,
        previous_commit_id=None,
        rolled_back_to=None,
        decided_at=district.window.now,
        batch=batch_of(district),
        counts=plan_counts(district.state.tally),
        roster=roster_summary(district.state.tally),
    )


async def test_a_commit_tells_the_plan_and_is_what_the_next_one_is_counted_from() -> None:
    district = await district_of(1, 2)
    state, digest = district.state, district.state.tally.candidate_digest

    done = await recorded(district, Outcome.COMMIT)

    first = decision_id(Outcome.COMMIT, DISTRICT, 1)
    batch = batch_of(district)
    assert done == Decided(Outcome.COMMIT, 1, batch, 1)
    (message,) = district.messages
    envelope = json.loads(message.envelope)
    assert message == OutboxMessage(
        f"commit.{DISTRICT}",
        COMMIT_SCHEMA,
        first,
        1,
        trace_parent(batch.batch_id, first),
        canonical(envelope),
        1,
        1,
        message.changes,
    )
    assert [one["id"] for one in json.loads(message.changes or "")] == ["c", "s0001", "s0002"]
    assert envelope["counts"]["student"] == {"upserted": 2, "removed": 0}
    assert (envelope["roster"]["students"], envelope["roster"]["digest"]) == (2, to_hex(digest))
    assert (envelope["previous_commit_id"], envelope["sequence"]) == (None, 1)
    assert (state.last_commit_id, state.commit_sequence, state.decision_number) == (first, 1, 1)
    assert (state.committed_digest, state.committed_counts["students"]) == (digest, 2)
    assert state.tally.plan_is_empty
    assert (state.batch_number, state.review_sequence) == (1, 0)
    assert district.batches[0].batch_id == batch.batch_id
    assert district.decisions[0] is not None
    assert district.decisions[0].summary == envelope

    await run_preflight(district.port(), [student(3)])
    await recorded(district, Outcome.COMMIT)
    assert json.loads(district.messages[-1].envelope)["previous_commit_id"] == first
    assert [one.sequence for one in district.decisions if one] == [1, 2]
    assert district.messages[-1].sequence == 2


@pytest.mark.parametrize(
    ("fields", "is_approved", "restarts"),
    [({}, False, False), ({"is_confirmed": True}, False, True), ({}, True, True)],
)
async def test_the_count_of_guards_starts_over_with_the_first_commit_and_with_what_a_person_said_yes_to(
    fields: Json, *, is_approved: bool, restarts: bool
) -> None:
    district = await district_of(1, 2)
    await recorded(district, Outcome.COMMIT)
    assert district.past == []
    assert district.calls["plans with replaced ones"] == 0

    await run_preflight(district.port(), [student(3)])
    district.state = replace(
        district.state, **fields, confirmation=Confirmation(1, 0), guards_until=district.window.now
    )
    await recorded(district, Outcome.COMMIT, is_approved=is_approved)

    assert bool(district.past) is not restarts
    assert district.calls["plans with replaced ones"] == is_approved
    assert (district.state.confirmation, district.state.guards_until) == (None, None)
    assert district.calls["ended confirmations"] == 1


async def test_a_commit_closes_the_findings_of_guards_and_no_others() -> None:
    district = await district_of(1)
    quarantined = Finding(Code.EVENTS_QUARANTINED, Severity.WARNING, "district", DISTRICT, {"waiting": 1})
    guard = Finding(Code.SCHOOL_MASS_REMOVAL, Severity.WARNING, "school", "h", {"removed": 1})
    for one in (quarantined, guard):
        await district.write_findings([one], [])
        district.state.tally.count_finding(one, 1)
    warnings, calls = district.state.tally.warnings, district.calls["findings"]

    await recorded(district, Outcome.COMMIT)
    readings = district.calls["readings of findings"]
    await recorded(district, Outcome.COMMIT)

    assert district.calls["readings of findings"] == readings
    assert guard not in district.findings.values()
    assert quarantined in district.findings.values()
    assert district.state.tally.warnings == warnings - 1
    assert district.calls["findings"] == calls + 1


async def test_guards_are_closed_where_nothing_else_is_told() -> None:
    district = MemoryEvaluation()
    guard = Finding(Code.SCHOOL_MASS_REMOVAL, Severity.WARNING, "school", "h", {"removed": 1})
    await district.write_findings([guard], [])
    district.state.tally.count_finding(guard, 1)

    done = await recorded(district, Outcome.COMMIT)

    assert district.findings == {}
    assert Decided(Outcome.UNCHANGED, None, done.batch).parts == 0


async def changes_of(size: int, count: int) -> AsyncIterator[str]:
    for number in range(count):
        yield '"' + f"{number:04}".ljust(size - 3, "x") + '"'


@pytest.mark.parametrize("parts", [1, 2, PARTS_AT_ONCE, PARTS_AT_ONCE + 1])
async def test_a_commit_goes_into_the_outbox_in_numbered_parts(parts: int) -> None:
    district, limit = MemoryEvaluation(), PartLimits()
    envelope = envelope_of(district)

    count, left = await enqueue_changes(district.port(), changes_of(limit.bytes, parts), envelope)

    assert (count, len(left)) == (parts, parts == 1)
    district.messages += left
    assert [one.part for one in district.messages] == list(range(1, parts + 1))
    assert {one.parts for one in district.messages} == {parts}
    assert [(one.changes or "")[:7] for one in district.messages] == [f'["{n:04}x' for n in range(parts)]
    assert district.calls["enqueued"] == ((parts - 1) // PARTS_AT_ONCE + 1) * (parts > 1)
    assert district.calls["told parts"] == (parts > 1)
    assert {one.key for one in district.messages} == {envelope.commit_id}


async def test_a_commit_of_nothing_is_one_part() -> None:
    district = MemoryEvaluation()
    envelope = envelope_of(district)

    count, left = await enqueue_changes(district.port(), changes_of(9, 0), envelope)

    assert (count, [one.changes for one in left], district.messages) == (1, ["[]"], [])


async def test_a_review_tells_what_is_new_since_the_last_one_and_since_when_it_stands() -> None:
    district = await district_of(1, 2, listed=False)
    district.reported = {1: "student.no_section"}
    state = district.state

    done = await recorded(district, Outcome.REVIEW)

    first = decision_id(Outcome.REVIEW, DISTRICT, 1)
    began = district.window.now
    body = json.loads(district.messages[0].envelope)
    assert (done.sequence, done.parts) == (1, 1)
    assert district.messages[0] == OutboxMessage(
        f"review.{DISTRICT}",
        REVIEW_SCHEMA,
        first,
        1,
        trace_parent(batch_id(DISTRICT, 1), first),
        canonical(body),
    )
    assert body["findings"]["changes"] == {"new": {Code.NO_SECTION: 2}, "resolved": {}, "standing": {}}
    assert (body["standing_since"], body["review_id"]) == (instant(began), first)
    assert [one["code"] for one in body["causes"]] != []
    assert len(body["findings"]["items"]) == 2
    assert (state.standing_since, state.reported_digest) == (began, state.tally.error_digest)
    assert district.decisions[0] is not None
    assert district.decisions[0].summary == {**body, "findings": {**body["findings"], "items": []}}
    assert district.state.decision_number == 1

    district.next_window()
    await run_preflight(district.port(), [student(3)])
    await recorded(district, Outcome.REVIEW)
    body = json.loads(district.messages[1].envelope)
    assert body["findings"]["changes"] == {
        "new": {Code.NO_SECTION: 1},
        "resolved": {},
        "standing": {Code.NO_SECTION: 2},
    }
    assert body["standing_since"] == instant(began)
    assert (state.review_sequence, state.decision_number) == (2, 2)
    assert state.standing_since == began
    assert district.incidents[-1][0][PREFLIGHT_FAILED] is not None

    await run_preflight(district.port(), [section(1, 2, 3)])
    await recorded(district, Outcome.COMMIT)
    assert [state.standing_since, state.reported_digest] == [None, None]
    assert district.incidents[-1][0][PREFLIGHT_FAILED] is None


@pytest.mark.parametrize("outcome", [Outcome.HELD, Outcome.DEFERRED, Outcome.UNCHANGED])
async def test_of_other_outcomes_only_the_batch_is_kept(outcome: Outcome) -> None:
    district = await district_of(1)

    done = await recorded(district, outcome)

    assert (done.outcome, done.sequence, done.parts) == (outcome, None, 0)
    assert (district.messages, district.decisions) == ([], [None])
    assert (district.state.batch_number, district.outcomes) == (1, [outcome])
    assert [one.events for one in district.batches] == [7]
    assert district.committed() == {}
    assert (district.state.commit_sequence, district.state.review_sequence) == (0, 0)


@pytest.mark.parametrize(
    ("outcome", "fields", "told"),
    [
        (Outcome.DEFERRED, {"events": 0}, None),
        (Outcome.DEFERRED, {"events": 2, "under_floor": 2}, {EVENTS_UNDER_FLOOR: True}),
        (Outcome.DEFERRED, {"events": 1}, {EVENTS_UNDER_FLOOR: False}),
        (Outcome.DEFERRED, {"events": 2, "under_floor": 2, "adopted": True}, {BASELINE_REFUSED: False}),
    ],
)
async def test_operations_are_told_of_a_batch_that_is_from_before_the_last_baseline_unless_one_was_adopted(
    outcome: Outcome, fields: Json, told: dict[str, bool] | None
) -> None:
    district = await district_of(1)

    await recorded(district, outcome, **fields)

    found = [
        ({code: one is not None for code, one in some.items()}, batch) for some, batch in district.incidents
    ]
    assert found == ([] if told is None else [(told, batch_id(DISTRICT, 1))])


async def test_what_is_wrong_is_told_only_while_the_district_stands_in_review() -> None:
    district = await district_of(1, 2, listed=False)

    await recorded(district, Outcome.UNCHANGED, events=0)
    assert district.incidents[-1][0][PREFLIGHT_FAILED] is None
    await recorded(district, Outcome.REVIEW)
    await recorded(district, Outcome.UNCHANGED)
    assert [one[0][PREFLIGHT_FAILED] is not None for one in district.incidents] == [False, True, True]
    assert district.state.policy == Policy(required_fields=())
