"""The store held to the model: findings, rosters, counts, approvals, and what a consumer has."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

from tests.model.mirror import DISTRICT, TODAY, Model, Recent
from tests.support.districts.full_run import with_filter
from tests.support.districts.oracle import Judged, calendar_of, every_turnover, kinds_of, seats_of
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.preflight.checks import DistrictContext, district_findings, left_scope, vanished_kinds
from worker.domain.roster.canonical import to_bytes, to_hex
from worker.domain.roster.records import Json, RecordKind
from worker.domain.roster.roster import digest
from worker.pipeline.evaluate.preflight import run_preflight as judge_in_store
from worker.pipeline.relay.stage import body


async def compare(model: Model, store: StoreUnderTest) -> None:
    if not model.events:
        return
    await consume(model, store)
    judged = await with_those_who_left(model.judged(), model, store)
    await compare_findings(judged, store)
    await compare_roster(judged, store)
    await compare_coverage(judged, store)
    await _compare_school_terms(model, store)
    await _compare_tally(judged, model, store)
    assert (await store.districts.show(DISTRICT))["students"]["outside_scope"] == len(judged.outside)
    await _compare_approvals(judged, model, store)
    await compare_full_run(store)


async def with_those_who_left(judged: Judged, model: Model, store: StoreUnderTest) -> Judged:
    """Return what the rules say, with the students of whom the store tells that they left the scope.

    It must tell so of all who are committed, out of scope, and listed by a kept section; and it may tell so
    of no others but those who left with an earlier commit, and are listed still.
    """
    rows = await store.rows("SELECT record_id FROM findings WHERE open AND code = 'student.left_scope'")
    told = {row["record_id"] for row in rows}
    committed = {record_id for kind, record_id in model.committed if kind == "student"}
    assert judged.outside_listed & committed <= told <= judged.outside_listed
    left = [left_scope(student, model.policy) for student in sorted(told)]
    return replace(judged, findings=[*judged.findings, *left])


async def _compare_approvals(judged: Judged, model: Model, store: StoreUnderTest) -> None:
    """Each approval that was used stands for one commit; one that is open speaks of the plan there is."""
    rows = await store.rows("SELECT plan_digest, ended_as, ended_why FROM approvals ORDER BY id")
    used = [(row["ended_why"], row["plan_digest"].hex()) for row in rows if row["ended_as"] == "used"]
    assert used == [(f"commit {sequence}", plan) for sequence, plan in model.used]
    still_open = [row["plan_digest"].hex() for row in rows if row["ended_as"] is None]
    assert still_open in ([], [to_hex(digest(judged.entries.values()))])
    model.approved = still_open[0] if still_open else None


async def consume(model: Model, store: StoreUnderTest) -> None:
    """Apply the commits as a consumer does, and prove each by its digest."""
    await store.outbox.lease(10, 60)
    for queued in await store.outbox.first(DISTRICT, 1000):
        await store.outbox.published(queued)
        if not queued.message.routing_key.startswith("commit."):
            continue
        message = json.loads(body(queued.message))
        assert message["sequence"] == model.commits + 1
        before, uses = seats_of(model.committed), len(model.used)
        if message["rolled_back_to"] is not None:
            model.approved = None
        else:
            _check_that_it_may_be(message, model)
        if model.commits == 0 or message["rolled_back_to"] is not None or len(model.used) > uses:
            model.recent = []
        else:
            model.recent.append(Recent(before))
        for change in message["changes"]:
            key = (change["kind"], change["id"])
            if change["op"] == "remove":
                del model.committed[key]
            else:
                assert model.committed.get(key) != change["record"], "an unchanged record was sent"
                model.committed[key] = change["record"]
        model.past.append(dict(model.committed))
        assert message["roster"]["digest"] == digest_of(model.committed)
    await store.outbox.release([DISTRICT])


def _check_that_it_may_be(message: Json, model: Model) -> None:
    """No commit while on hold, and none over the limits but by the approval of that very plan."""
    assert not model.is_held, "a commit while on hold"
    if _is_guarded(message, model):
        plan = message["roster"]["digest"]
        assert model.approved == plan, "a plan that nobody approved"
        model.used.append((model.commits + 1, plan))
        model.approved = None


def _is_guarded(message: Json, model: Model) -> bool:
    """Whether a commit removes, or moves, more than the limits allow."""
    if model.commits == 0:
        return False
    planned, kept = seats_of(model.committed), set(model.committed)
    for change in message["changes"]:
        key = change["kind"], change["id"]
        (kept.add if "record" in change else kept.discard)(key)
        if change["kind"] == "student":
            record = change.get("record")
            planned.pop(change["id"], None)
            if record is not None:
                planned[change["id"]] = record["school_id"], record["class_id"]
    guarded = model.guarded()
    gone = vanished_kinds(guarded.kinds, kinds_of(kept))
    context = DistrictContext(DISTRICT, 1, every_turnover(guarded, planned), vanished=gone)
    return any(finding.is_error for finding in district_findings(context, model.policy))


def digest_of(roster: dict[tuple[str, str], Json]) -> str:
    import hashlib  # noqa: PLC0415 — a consumer's own computation, apart from ours

    total = 0
    for (kind, record_id), record in roster.items():
        text = json.dumps(
            {"id": record_id, "kind": kind, "record": record},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        total += int.from_bytes(hashlib.sha256(text.encode()).digest())
    return f"{total % 2**256:064x}"


async def compare_findings(judged: Judged, store: StoreUnderTest) -> None:
    rows = await store.rows("SELECT member FROM findings WHERE open")
    items = await store.rows("SELECT code, kind, record_id, detail FROM findings WHERE open")
    expected = sorted(to_bytes(finding.member) for finding in judged.findings)
    assert sorted(row["member"] for row in rows) == expected, (
        sorted((r["code"], r["record_id"], str(r["detail"])) for r in items),
        sorted((f.code.value, f.record_id, str(f.detail)) for f in judged.findings),
    )


async def compare_roster(judged: Judged, store: StoreUnderTest) -> None:
    rows = await store.rows("SELECT kind, record_id, candidate FROM roster WHERE candidate IS NOT NULL")
    assert {(r["kind"], r["record_id"]): r["candidate"] for r in rows} == {
        key: entry.record for key, entry in judged.entries.items()
    }
    kept = await store.rows("SELECT section_id, students FROM kept_sections WHERE students > 0")
    assert {row["section_id"]: row["students"] for row in kept} == judged.class_sizes


async def _compare_tally(judged: Judged, model: Model, store: StoreUnderTest) -> None:
    details = await store.districts.show(DISTRICT)
    errors = [finding for finding in judged.findings if finding.is_error]
    blocked = {finding.record_id for finding in errors if finding.kind == "student"}
    assert details["findings"]["errors"] == len(errors)
    assert details["findings"]["warnings"] == len(judged.findings) - len(errors)
    assert details["students"]["blocked"] == len(blocked)
    assert details["plan"]["digest"] == to_hex(digest(judged.entries.values()))
    is_reviewed = details["standing_since"] is not None
    assert is_reviewed or not errors
    assert not is_reviewed or errors or model.is_held
    # A rollback is a commit in the middle of a review that goes on.
    assert is_reviewed or (details["last_decision"] or {}).get("outcome") != "review"
    status = "review" if is_reviewed else "rostered" if model.commits else "waiting"
    assert details["status"] == ("on_hold" if model.is_held else status)
    assert (details["hold"] is not None) == model.is_held
    if not errors and not model.is_held:
        assert {key: json.loads(entry.record) for key, entry in judged.entries.items()} == model.committed
    await compare_plan(judged, model, store)


async def compare_plan(judged: Judged, model: Model, store: StoreUnderTest) -> None:
    planned = {key: json.loads(entry.record) for key, entry in judged.entries.items()}
    upserted = sum(record != model.committed.get(key) for key, record in planned.items())
    removed = sum(key not in planned for key in model.committed)
    counts = (await store.districts.show(DISTRICT))["plan"]["counts"].values()
    assert sum(ops["upserted"] for ops in counts) == upserted
    assert sum(ops["removed"] for ops in counts) == removed


async def compare_coverage(judged: Judged, store: StoreUnderTest) -> None:
    """What the district's page shows by school and grade is what counting anew gives."""
    blocked = {one.record_id for one in judged.findings if one.is_error and one.kind == "student"}
    expected: dict[tuple[str | None, str | None], tuple[int, int]] = {}
    for (kind, student), entry in judged.entries.items():
        if kind == "student":
            record = json.loads(entry.record)
            place = record["school_id"], record["grade"]
            students, stuck = expected.get(place, (0, 0))
            expected[place] = students + 1, stuck + (student in blocked)
    cells = await store.views.coverage(DISTRICT)
    assert {(one.school_id, one.grade): (one.students, one.blocked) for one in cells} == expected


async def _compare_school_terms(model: Model, store: StoreUnderTest) -> None:
    """The terms of schools that are kept up are what counting anew gives, and so is which counts on."""
    sections = [record for (kind, _), record in model.records.items() if kind is RecordKind.SECTION]
    expected = Counter((one.get("school_id") or "", one["term_id"]) for one in sections if one.get("term_id"))
    rows = await store.rows("SELECT school_id, term_id, sections, in_grace FROM school_terms")
    assert {(row["school_id"], row["term_id"]): row["sections"] for row in rows} == expected
    if model.section_filter.current_term_only:
        calendar = calendar_of(model.records, TODAY, model.policy.term_grace_days)
        in_grace = {(row["school_id"], row["term_id"]) for row in rows if row["in_grace"]}
        assert in_grace == calendar.grace.keys()


async def compare_full_run(store: StoreUnderTest) -> None:
    """A full run over the same district finds nothing that the incremental one overlooked."""
    current = (await store.districts.current_filter(DISTRICT)).section_filter
    async with with_filter(store, DISTRICT, current) as evaluation:
        assert evaluation is not None
        before = evaluation.state.tally.to_json(), evaluation.state.tally.error_digest
        # By the same filter, all the same: another policy than the last asks for a full run as well.
        evaluation.state.filter_version = evaluation.state.evaluated_filter_version
        evaluation.state.evaluated_policy = "another"
        await judge_in_store(evaluation, [])
        assert (evaluation.state.tally.to_json(), evaluation.state.tally.error_digest) == before
