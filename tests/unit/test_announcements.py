"""The bodies that decisions publish, held to the models and the JSON Schemas of the wire."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from config.topology import TOPOLOGY
from schemas import export
from schemas.messages.alert import ALERT_SCHEMA, AlertMessage
from schemas.messages.commit import COMMIT_SCHEMA, CommitEnvelope
from schemas.messages.review import MAX_ITEMS
from schemas.timestamps import instant
from schemas.words import Owner, Trigger
from tests.support.builders.records import (
    BATCH_ID,
    DECISION_ID,
    DISTRICT,
    NOON,
    batch,
    cause,
    finding,
    later,
    record_id,
    school,
    section,
    student,
    teacher,
)
from tests.support.builders.suggestions import suggestion
from worker.domain.messages import bodies
from worker.domain.preflight import tally as tally_module
from worker.domain.preflight.checks import (
    DistrictContext,
    ErrorChanges,
    Finding,
    SectionContext,
    StandingFinding,
    StudentContext,
    district_findings,
    left_scope,
    section_findings,
    student_findings,
)
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.turnover import Turnover, Turnovers
from worker.domain.roster.canonical import canonical, to_hex
from worker.domain.roster.roster import (
    Entry,
    PartLimits,
    PartPacker,
    class_entry,
    remove_change,
    school_entry,
    student_entry,
    teacher_entry,
    upsert_change,
)
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.relay.stage import body
from worker.runtime.trace_context import trace_parent

Json = dict[str, Any]
MEBIBYTE = 1024 * 1024
LONG_ID = "i" * 128


@cache
def schemas() -> dict[str, Draft202012Validator]:
    files = {name: export.FOLDER / f"{name}.v1.schema.json" for name in export.PUBLISHED}
    return {name: Draft202012Validator(json.loads(file.read_bytes())) for name, file in files.items()}


def read(name: str, text: bytes) -> Json:
    """Return a body, once its model and its schema have taken it."""
    export.PUBLISHED[name].model_validate_json(text)
    document: Json = json.loads(text)
    schemas()[name].validate(document)
    return document


def entries() -> list[Entry]:
    return [
        school_entry(school()),
        teacher_entry(teacher()),
        class_entry(section()),
        student_entry(
            student(first_name="Zoë", ext={"house": {"a": 1}}), record_id(700), ["dob", "ext.house"]
        ),
    ]


def tally_of(candidate: list[Entry]) -> Tally:
    tally = Tally()
    for entry in candidate:
        tally.count_entry(entry.kind, None, entry.member, None)
    return tally


def envelope(tally: Tally, **changed: Any) -> Json:
    given: Json = {
        "schema": COMMIT_SCHEMA,
        "district_id": DISTRICT,
        "commit_id": DECISION_ID,
        "rolled_back_to": None,
        "decided_at": later(10),
        "previous_commit_id": None,
        "sequence": 1,
        "batch": batch(),
        "counts": tally_module.plan_counts(tally),
        "roster": tally_module.roster_summary(tally),
    }
    return CommitEnvelope(**(given | changed)).wire()


def outgoing(schema: str, content: Json, changes: str | None = None, part: int = 1, parts: int = 1) -> bytes:
    trace = trace_parent(BATCH_ID, DECISION_ID)
    message = OutboxMessage("key", schema, DECISION_ID, 1, trace, canonical(content), part, parts, changes)
    return body(message)


def commit_body(content: Json, changes: str, part: int = 1, parts: int = 1) -> bytes:
    return outgoing("rostering.commit/v1", content, changes, part, parts)


def review_body(**changed: Any) -> bytes:
    given: Json = {
        "district_id": DISTRICT,
        "review_id": DECISION_ID,
        "sequence": 1,
        "standing_since": NOON,
        "batch": batch(),
        "tally": Tally(),
        "changed": ErrorChanges(),
        "items": [],
        "district": None,
    }
    return outgoing("rostering.review/v1", bodies.review_body(**(given | changed)))


def alert_body(**changed: Any) -> bytes:
    given: Json = {
        "schema": ALERT_SCHEMA,
        "district_id": DISTRICT,
        "alert_id": DECISION_ID,
        "dedup_key": f"preflight.failed/{DISTRICT}",
        "code": "preflight.failed",
        "severity": "warning",
        "status": "firing",
        "url": None,
        "summary": "Preflight failed: 412 of 1004 students blocked, 412 errors.",
        "counts": {"student.multiple_sections": 412},
        "starts_at": NOON,
        "ends_at": None,
    }
    return outgoing("rostering.alert/v1", AlertMessage(**(given | changed)).wire())


# Commits


def test_a_commit_with_every_kind_of_change_is_of_the_contracts_shape() -> None:
    candidate = entries()
    upserts = [upsert_change(entry.kind, entry.id, entry.record) for entry in candidate]
    removals = [remove_change(kind, record_id(9)) for kind in ("student", "class", "teacher", "school")]

    commit = read("commit", commit_body(envelope(tally_of(candidate)), f"[{','.join(upserts + removals)}]"))

    assert [change["kind"] for change in commit["changes"]][:4] == ["school", "teacher", "class", "student"]
    assert commit["counts"]["class"] == {"upserted": 1, "removed": 0}
    assert commit["roster"] == {
        "schools": 1,
        "teachers": 1,
        "classes": 1,
        "students": 1,
        "digest": to_hex(sum(entry.member for entry in candidate)),
    }


def test_a_commit_has_just_the_keys_of_the_contract() -> None:
    commit = read("commit", commit_body(envelope(Tally()), "[]"))

    assert list(commit["batch"]) == ["batch_id", "closed_at", "events", "opened_at", "trigger"]
    assert set(commit) == {
        *("schema", "commit_id", "district_id", "sequence", "previous_commit_id", "part", "parts"),
        *("decided_at", "batch", "counts", "roster", "changes", "rolled_back_to"),
    }
    assert commit["rolled_back_to"] is None


def test_every_part_tells_its_place_and_speaks_of_the_whole_commit() -> None:
    content = envelope(tally_of(entries()), sequence=3, previous_commit_id=BATCH_ID)

    parts = [read("commit", commit_body(content, "[]", part, 2)) for part in (1, 2)]

    assert [(part.pop("part"), part.pop("parts")) for part in parts] == [(1, 2), (2, 2)]
    assert parts[0] == parts[1]


def test_a_commit_that_only_ends_a_review_changes_nothing() -> None:
    commit = read("commit", commit_body(envelope(Tally()), "[]"))

    assert commit["changes"] == []
    assert commit["roster"]["digest"] == "0" * 64


def test_a_rollback_says_to_which_commit_and_has_just_the_keys_of_every_commit() -> None:
    content = envelope(Tally(), sequence=5, rolled_back_to=2, batch=batch(Trigger.APPROVAL, events=0))

    commit = read("commit", commit_body(content, "[]"))

    assert (commit["sequence"], commit["rolled_back_to"]) == (5, 2)
    assert commit.keys() == read("commit", commit_body(envelope(Tally()), "[]")).keys()


def test_every_trigger_may_stand_in_a_message() -> None:
    for trigger in Trigger:
        content = envelope(Tally(), batch=batch(trigger, events=0))

        assert read("commit", commit_body(content, "[]"))["batch"]["trigger"] == trigger.value


def test_a_records_text_reaches_the_wire_to_the_letter() -> None:
    (entry,) = [teacher_entry(teacher(first_name='Zoë\u2028 "Z"'))]

    text = commit_body(envelope(Tally()), f"[{upsert_change(entry.kind, entry.id, entry.record)}]")

    assert f'"record":{entry.record}' in text.decode()


def test_no_part_of_a_commit_is_larger_than_a_mebibyte_with_its_envelope() -> None:
    packer, parts = PartPacker(PartLimits()), []
    for number in range(2500):
        record = school_entry(school(number, name="é" * 600)).record
        parts.append(packer.add(upsert_change("school", LONG_ID, record)))
    content = envelope(Tally(), district_id=LONG_ID, commit_id=LONG_ID, previous_commit_id=LONG_ID)

    full = [commit_body(content, part, 9999, 9999) for part in [*parts, packer.take()] if part is not None]

    assert sum(len(json.loads(part)["changes"]) for part in full) == 2500
    assert max(len(part) for part in full) > 0.9 * MEBIBYTE
    assert all(len(part) <= MEBIBYTE for part in full)


# Reviews


def every_finding() -> list[Finding]:
    policy = Policy(required_fields=("grade", "ext.house"))
    lost = StudentContext(student(grade=None), (), {"sis_id"}, school_known=False)
    torn = StudentContext(student(2), (record_id(700), record_id(701)))
    bare = SectionContext(section(teachers=()), True, [record_id(501)], [record_id(3)])
    lost_at: dict[str, Turnover] = {record_id(900): Turnover(300, 400)}
    moved_at: dict[str, Turnover] = {record_id(901): Turnover(90, 200, 20)}
    moved = Turnover(150, 400, 20)
    turnovers = Turnovers(Turnover(300, 400), moved, lost_at, moved_at)
    gone, nothing = [("teachers", 31)], [("grades", "K")]
    emptied = DistrictContext(DISTRICT, 0, [turnovers], quarantined=2, vanished=gone, unmatched=nothing)
    return [
        *student_findings(lost, policy),
        *student_findings(torn, policy),
        left_scope(record_id(3), policy),
        *section_findings(bare, policy),
        *district_findings(emptied, policy),
    ]


def test_a_review_with_every_kind_of_finding_is_of_the_contracts_shape() -> None:
    found, tally = every_finding(), tally_of(entries())
    for one in found:
        tally.count_finding(one, 1)
    tally.count_blocked(1)
    changes = ErrorChanges({Code.NO_SECTION.value: 9}, {Code.FIELD_MISSING.value: 2})

    review = read(
        "review",
        review_body(tally=tally, items=[StandingFinding(one, NOON) for one in found], changed=changes),
    )

    assert {item["code"] for item in review["findings"]["items"]} == set(Code) - {
        Code.NO_BASELINE,
        Code.RECORDS_UNREADABLE,
    }
    assert review["findings"]["items"] == [{**one.item, "since": instant(NOON)} for one in found]
    assert (review["findings"]["new"], review["findings"]["resolved"]) == (9, 2)
    assert review["findings"]["errors"] + review["findings"]["warnings"] == len(found)
    assert review["students"] == {"total": 1, "ready": 0, "blocked": 1, "outside_scope": 0}
    assert review["plan"]["digest"] == to_hex(tally.candidate_digest)


def test_a_review_says_by_code_what_is_new_what_resolved_and_what_stands_since_when() -> None:
    several, missing = Code.MULTIPLE_SECTIONS.value, Code.FIELD_MISSING.value
    causes = [
        cause("filter.no_rules", Owner.FILTER, findings={several: 5}, since=later(-60)),
        cause("sis.field_missing", Owner.SIS, findings={missing: 2}, field="dob", since=NOON),
        cause("sis.in_no_section", Owner.SIS, findings={Code.NO_SECTION.value: 1}),
    ]
    changed = ErrorChanges({several: 3, missing: 2}, {several: 1})

    review = read("review", review_body(causes=causes, changed=changed))

    found = review["findings"]
    assert (found["new"], found["resolved"], found["standing"]) == (5, 1, 3)
    assert found["changes"] == {
        "new": {several: 3, missing: 2},
        "resolved": {several: 1},
        "standing": {several: 2, Code.NO_SECTION.value: 1},
    }
    assert found["since"] == instant(later(-60))
    assert [one["field"] for one in review["causes"]] == [None, "dob", None]


def test_the_age_of_a_finding_is_no_part_of_what_it_is() -> None:
    one = finding(Code.NO_SECTION)

    young, old = (
        read("review", review_body(items=[StandingFinding(one, since)]))["findings"]["items"]
        for since in (NOON, later(-60))
    )

    assert young != old
    assert "since" not in one.item


def test_suggestions_are_told_as_they_are_given() -> None:
    left = {"school": "h1", "grade": "3", "none": 1, "several": 0}
    told = suggestion(
        filter={"rules": []}, leftovers=[left], leftover_groups=1, as_of="2026-08-20T14:00:00.000Z"
    )

    assert read("review", review_body(suggestions=[told]))["suggestions"] == [told]


def test_a_review_has_just_the_keys_of_the_contract() -> None:
    review = read("review", review_body())

    assert review["causes"] == review["suggestions"] == []
    assert set(review) == {
        *("schema", "review_id", "district_id", "sequence", "decided_at", "standing_since", "batch"),
        *("students", "findings", "causes", "suggestions", "sync", "plan"),
    }


def test_a_review_with_all_the_findings_that_it_lists_is_smaller_than_a_mebibyte() -> None:
    sections = [record_id(number) for number in range(20)]
    items = [
        StandingFinding(finding(Code.MULTIPLE_SECTIONS, number=number, sections=sections), NOON)
        for number in range(MAX_ITEMS)
    ]

    text = review_body(items=items)

    assert len(json.loads(text)["findings"]["items"]) == 500
    assert len(text) < MEBIBYTE


def test_a_paused_sync_is_warned_of() -> None:
    told = {
        "state": "paused",
        "pause_end": "2026-10-01T00:00:00.000Z",
        "last_sync": "2026-09-14T02:00:00.000Z",
    }

    sync = read("review", review_body(district=told | {"name": "Marrowgate Unified"}))["sync"]

    assert sync.pop("warning").startswith("The district's sync is paused")
    assert sync == told | {"paused": True, "pause_start": None}


def test_a_running_sync_is_not_warned_of_and_an_unknown_one_is_null() -> None:
    running = read("review", review_body(district={"state": "running"}))["sync"]
    unknown = read("review", review_body(district=None))["sync"]

    assert (running["paused"], running["warning"]) == (False, None)
    assert set(unknown.values()) == {None}
    assert unknown == read("review", review_body(district={}))["sync"]


def sync_of(**district: str) -> dict[str, Any]:
    sync: dict[str, Any] = read("review", review_body(district={"state": "running"} | district))["sync"]
    return sync


def test_a_pause_by_its_days_counts_as_one_whatever_the_state_says() -> None:
    days = {"pause_start": "2026-09-15T00:00:00.000Z", "pause_end": "2026-09-20T00:00:00.000Z"}

    assert sync_of(**days)["warning"].startswith("The district's sync is paused until 2026-09-20")
    assert not sync_of(pause_start="2026-09-16T00:00:00.000Z")["paused"]
    assert sync_of(pause_start="2026-09-15T12:00:00")["paused"], "without a zone it is UTC"
    assert not sync_of(pause_start="2026-09-15T12:00:00-01:00")["paused"]
    assert not sync_of(**days | {"pause_end": "2026-09-15T11:59:59.000Z"})["paused"]


def test_a_sync_that_has_not_succeeded_for_days_is_warned_of() -> None:
    assert sync_of(last_sync="2026-09-12T12:00:00.000Z")["warning"] is None
    assert "was on 2026-09-10" in sync_of(last_sync="2026-09-10T12:00:00.000Z")["warning"]
    assert sync_of(last_sync="last Tuesday")["warning"] is None


@pytest.mark.parametrize(("state", "whose"), [("pending", "the district must"), ("error", "Clever must")])
def test_a_sync_with_an_error_says_who_must_put_it_right(state: str, whose: str) -> None:
    assert whose in sync_of(state=state)["warning"]


# Alerts


def test_an_alert_fires_and_is_resolved_under_one_key() -> None:
    firing = read("alert", alert_body())
    resolved = read("alert", alert_body(status="resolved", ends_at=later(60), counts={}))

    assert (firing["status"], firing["ends_at"]) == ("firing", None)
    assert (resolved["status"], resolved["ends_at"]) == ("resolved", "2026-09-15T12:01:00.000Z")
    assert firing["dedup_key"] == resolved["dedup_key"]
    assert firing["starts_at"] == resolved["starts_at"] == "2026-09-15T12:00:00.000Z"


def test_an_alert_may_count_every_code() -> None:
    counts = dict.fromkeys((code.value for code in Code), 1)

    assert read("alert", alert_body(counts=counts))["counts"] == counts


# What they share


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    berlin = timezone(timedelta(hours=2))

    assert instant(datetime(2026, 9, 15, 14, 0, 0, 123_987, berlin)) == "2026-09-15T12:00:00.123Z"
    assert instant(NOON) == "2026-09-15T12:00:00.000Z"


def test_what_is_published_has_a_queue_bound_for_its_key() -> None:
    patterns = [binding.pattern for binding in TOPOLOGY.bindings if binding.exchange == "rostering"]

    assert patterns == ["commit.#", "review.#", "alert.#"]
