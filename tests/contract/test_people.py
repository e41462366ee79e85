"""What people decide on a district, in PostgreSQL: holds, approvals, ends of policies; and what time does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.builders.records import DISTRICT, record_id, school_json, student_json, term_json
from tests.support.fixtures.people import (
    HOUR,
    LIMITS,
    NORTH,
    NORTHERN,
    PATIENT,
    SOUTH,
    SOUTHERN,
    Feed,
    commits,
    evaluate,
    homeroom,
    refused,
    renamed,
    until,
)
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres import statements
from worker.adapters.postgres.evaluation import approvals
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter
from worker.operations.district_queries import DistrictsAsked
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.poll.clever import Token
from worker.runtime.errors import PolicyError, UnknownDistrictError
from worker.runtime.metrics import Metrics

NOBODY = SectionFilter.model_validate(
    {"rules": [{"all": [{"field": "name", "op": "is", "value": "no such section"}]}]}, strict=False
)
CURRENT = SectionFilter(current_term_only=True)
OTHER_DIGEST = "ab" * 32


async def lose_the_southern_school(feed: Feed) -> None:
    gone = [("users", str(record_id(number))) for number in SOUTHERN]
    await feed.send(*gone, ("sections", str(record_id(701))), ("schools", SOUTH))


async def held_back(store: StoreUnderTest, feed: Feed) -> str:
    """Bring the district into review for a mass removal; return the plan's digest."""
    await lose_the_southern_school(feed)
    assert await evaluate(store) == ["review"]
    return await plan(store)


async def plan(store: StoreUnderTest) -> str:
    return str((await store.districts.show(DISTRICT))["plan"]["digest"])


async def approval(store: StoreUnderTest) -> tuple[str, str] | None:
    """Return how the last approval ended and why; None while it is open."""
    said = (await store.districts.show(DISTRICT))["approval"]
    if said["open"]:
        return None
    return said["last_ended"]["ended_as"], said["last_ended"]["ended_why"]


# Holds


async def test_a_district_on_hold_is_judged_and_not_committed(store: StoreUnderTest, feed: Feed) -> None:
    await store.districts.hold(DISTRICT, "ada", "audit week")
    await feed.send(renamed(1, "Wren"))
    outcomes = await evaluate(store)
    shown = await store.districts.show(DISTRICT)
    page = await store.views.districts(DistrictsAsked(text=DISTRICT))
    before = await commits(store)
    await store.districts.resume(DISTRICT, "bo", "audit done")
    resumed = await evaluate(store, PATIENT)
    after = await commits(store)

    assert outcomes == ["held"]
    assert len(before) == 1
    assert [shown["status"]] == [line.status for line in page.rows] == ["on_hold"]
    assert [shown["hold"]] == [line.hold for line in page.rows]
    assert (shown["hold"]["actor"], shown["hold"]["reason"]) == ("ada", "audit week")
    assert shown["plan"]["counts"]["student"] == {"upserted": 1, "removed": 0}
    assert resumed == ["commit"]
    assert after[1]["batch"]["trigger"] == "approval"
    assert after[1]["counts"]["student"] == {"upserted": 1, "removed": 0}
    assert (await store.districts.show(DISTRICT))["status"] == "rostered"


async def test_reviews_go_on_while_on_hold_until_the_resume(store: StoreUnderTest, feed: Feed) -> None:
    await store.districts.hold(DISTRICT, "ada", "audit week")
    await feed.send(("users", student_json(1, {"school": NORTH, "grade": ""})))
    reviewed = await evaluate(store)
    await feed.send(("users", student_json(1, {"school": NORTH})))
    clean = await evaluate(store)
    shown = await store.districts.show(DISTRICT)
    statuses = await store.districts.statuses()
    await store.districts.resume(DISTRICT, "ada", "done")
    resumed = await evaluate(store)

    assert (reviewed, clean, resumed) == (["review"], ["held"], ["commit"])
    assert shown["status"] == "on_hold"
    assert shown["standing_since"] is not None
    assert shown["findings"]["errors"] == 0
    assert statuses == {"on_hold": 1}
    assert (await store.districts.show(DISTRICT))["standing_since"] is None


@pytest.mark.usefixtures("feed")
async def test_holds_and_their_ends_are_kept_with_who_and_why(store: StoreUnderTest) -> None:
    await store.districts.hold(DISTRICT, "ada", "audit week")
    again = await refused(store.districts.hold(DISTRICT, "bo", "me too"))
    await store.districts.resume(DISTRICT, "bo", "audit done")
    without = await refused(store.districts.resume(DISTRICT, "bo", "once more"))
    audit = await store.rows("SELECT actor, action, detail FROM audit ORDER BY id")

    assert "already on hold by ada since" in again
    assert again.endswith("audit week")
    assert "is not on hold" in without
    assert [(row["actor"], row["action"], row["detail"]) for row in audit] == [
        ("ada", "district.hold", {"reason": "audit week"}),
        ("bo", "district.resume", {"reason": "audit done"}),
    ]


async def test_nobody_holds_or_resumes_a_district_that_was_never_seen(store: StoreUnderTest) -> None:
    with pytest.raises(UnknownDistrictError):
        await store.districts.hold(DISTRICT, "ada", "r")
    with pytest.raises(UnknownDistrictError):
        await store.districts.resume(DISTRICT, "ada", "r")


async def test_a_hold_waits_only_for_the_tail_of_a_commit(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(renamed(1, "Wren"))
    async with store.evaluations.next(LIMITS) as evaluation:
        assert evaluation is not None
        await store.districts.hold(
            DISTRICT, "ada", "an evaluation that has not come to its commit is not waited for"
        )
        assert await evaluation.is_on_hold()
    await store.districts.resume(DISTRICT, "ada", "r")
    async with store.evaluations.next(LIMITS) as evaluation:
        assert evaluation is not None
        assert not await evaluation.is_on_hold()
        holding = asyncio.create_task(store.districts.hold(DISTRICT, "ada", "r"))
        await until(lambda: _waits_for_a_lock(store))
        assert not holding.done()
    await holding


async def test_a_commit_that_meets_a_hold_is_held_back(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(renamed(1, "Wren"))
    async with store.database.transaction() as connection:
        await approvals.hold(connection, DISTRICT, "ada", "r")
        evaluating = asyncio.create_task(evaluate(store))
        await until(lambda: _waits_for_a_lock(store))
        assert not evaluating.done()

    assert await evaluating == ["held"]


async def _waits_for_a_lock(store: StoreUnderTest) -> bool:
    return bool(
        (await store.rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"))[0][0]
    )


@pytest.mark.usefixtures("feed")
async def test_to_resume_a_district_of_which_nothing_is_left_decides_nothing(store: StoreUnderTest) -> None:
    await store.rows("DELETE FROM outbox")
    await store.districts.purge(DISTRICT, "ada")
    await store.districts.hold(DISTRICT, "ada", "r")
    await store.districts.resume(DISTRICT, "ada", "r")

    assert await evaluate(store) == []
    assert (await store.districts.show(DISTRICT))["status"] == "purged"
    assert await store.rows("SELECT FROM windows") == []


# Approvals


async def test_an_approved_plan_is_committed_once(store: StoreUnderTest, feed: Feed) -> None:
    digest = await held_back(store, feed)
    before = await store.districts.show(DISTRICT)
    await store.districts.approve(DISTRICT, digest[:8], "ada", "the school closed")
    waiting = (await store.districts.show(DISTRICT))["approval"]["open"]
    twice = await refused(store.districts.approve(DISTRICT, digest, "bo", "me too"))
    outcomes = await evaluate(store, PATIENT)
    shown = await store.districts.show(DISTRICT)
    findings = await store.rows("SELECT FROM findings WHERE open")
    audit = await store.rows("SELECT actor, detail FROM audit WHERE action = 'plan.approve'")

    assert before["findings"]["by_code"] == {"district.mass_removal": 1, "school.mass_removal": 1}
    assert (waiting["plan"], waiting["actor"], waiting["reason"]) == (digest, "ada", "the school closed")
    assert "already has an open approval" in twice
    assert outcomes == ["commit"]
    assert shown["status"] == "rostered"
    assert shown["findings"] == {"errors": 0, "warnings": 0, "by_code": {}}
    assert not findings
    assert shown["roster"]["students"] == len(NORTHERN)
    assert shown["roster"]["digest"] == digest
    assert await approval(store) == ("used", "commit 2")
    assert [(row["actor"], row["detail"]["plan"]) for row in audit] == [("ada", digest)]
    assert (await commits(store))[1]["counts"]["student"] == {"upserted": 0, "removed": len(SOUTHERN)}
    # Told as over, as with any commit that ends a review:
    alerts = [
        json.loads(row["envelope"])
        for row in await store.rows("SELECT body AS envelope FROM alerts ORDER BY position")
    ]
    assert [(alert["status"], alert["code"]) for alert in alerts] == [
        ("firing", "plan.mass_removal"),
        ("firing", "preflight.failed"),
        ("resolved", "plan.mass_removal"),
        ("resolved", "preflight.failed"),
    ]


async def test_a_used_approval_allows_no_second_commit(store: StoreUnderTest, feed: Feed) -> None:
    digest = await held_back(store, feed)
    await store.districts.approve(DISTRICT, digest, "ada", "the school closed")
    await evaluate(store)
    await feed.send(
        ("schools", school_json(901)),
        *(("users", student_json(number, {"school": SOUTH})) for number in SOUTHERN),
        ("sections", homeroom(701, SOUTH, SOUTHERN)),
    )
    came_back = await evaluate(store)
    again = await held_back(store, feed)

    assert came_back == ["commit"]
    assert again == digest
    assert len(await commits(store)) == 3
    assert (await store.districts.show(DISTRICT))["status"] == "review"


async def test_an_approval_leaves_newer_events_for_later(store: StoreUnderTest, feed: Feed) -> None:
    digest = await held_back(store, feed)
    await feed.send(renamed(1, "Wren"))
    await store.districts.approve(DISTRICT, digest, "ada", "the school closed")
    approved = await evaluate(store, PATIENT)
    inbox = await store.rows("SELECT FROM inbox")
    window = await store.rows("SELECT events, requested FROM windows")
    then = await evaluate(store)

    assert approved == ["commit"]
    assert (await commits(store))[1]["roster"]["digest"] == digest
    assert len(inbox) == 1
    assert [(row["events"], row["requested"]) for row in window] == [(1, None)]
    assert then == ["commit"]
    assert (await commits(store))[2]["counts"]["student"] == {"upserted": 1, "removed": 0}


async def test_an_event_that_changes_the_plan_voids_approval(store: StoreUnderTest, feed: Feed) -> None:
    digest = await held_back(store, feed)
    await store.districts.approve(DISTRICT, digest, "ada", "the school closed")
    await feed.send(renamed(1, "Wren"))
    await store.districts.flush(DISTRICT, "bo")  # takes the window over, before the approval was looked at
    outcomes = await evaluate(store)
    changed = await plan(store)
    told = await refused(store.districts.approve(DISTRICT, digest, "ada", "the school closed"))
    await store.districts.approve(DISTRICT, changed, "ada", "the school closed")

    assert outcomes == ["unchanged"]  # the same errors as were told
    assert changed != digest
    assert len(await commits(store)) == 1
    assert changed in told
    assert "student: 1 upserted, 12 removed" in told
    assert "school.mass_removal" in told
    assert await evaluate(store) == ["commit"]
    assert await approval(store) == ("used", "commit 2")


async def test_a_filter_that_changes_the_plan_voids_approval(store: StoreUnderTest, feed: Feed) -> None:
    digest = await held_back(store, feed)
    await store.districts.approve(DISTRICT, digest, "ada", "the school closed")
    await store.districts.set_filter(DISTRICT, NOBODY, "bo")
    outcomes = await evaluate(store)
    now = await plan(store)
    ended = await approval(store)
    await store.districts.set_filter(DISTRICT, KEEP_ALL, "bo")
    back = await evaluate(store)

    assert outcomes == ["review"]
    assert ended == ("void", f"the plan changed: it is now {now}")
    assert back == ["review"]
    assert await plan(store) == digest
    assert len(await commits(store)) == 1, "void is for good, though the plan came back"


async def test_a_commit_that_needed_no_approval_makes_it_void(store: StoreUnderTest, feed: Feed) -> None:
    digest = await held_back(store, feed)
    await store.districts.approve(DISTRICT, digest, "ada", "the school closed")
    lenient = {"removal_limit_percent": 100.0, "school_removal_limit_percent": 100.0}
    await store.districts.set_policy(DISTRICT, lenient, "bo")

    assert await evaluate(store) == ["commit"]
    assert await approval(store) == ("void", "commit 2 needed no approval")


async def test_a_hold_stops_an_approved_plan_until_it_ends(store: StoreUnderTest, feed: Feed) -> None:
    digest = await held_back(store, feed)
    await store.districts.approve(DISTRICT, digest, "ada", "the school closed")
    await store.districts.hold(DISTRICT, "bo", "wait")
    held = await evaluate(store)
    is_open = await approval(store) is None
    await store.districts.resume(DISTRICT, "bo", "go on")
    resumed = await evaluate(store)

    assert (held, is_open, resumed) == (["held"], True, ["commit"])
    assert await approval(store) == ("used", "commit 2")


async def test_what_cannot_be_approved_is_refused_with_why(store: StoreUnderTest, feed: Feed) -> None:
    no_need = await refused(store.districts.approve(DISTRICT, await plan(store), "ada", "r"))
    await lose_the_southern_school(feed)
    await feed.send(("users", student_json(1, {"school": NORTH, "grade": "", "sis_id": ""})))
    await evaluate(store)
    others = await refused(store.districts.approve(DISTRICT, await plan(store), "ada", "r"))
    changed = await refused(store.districts.approve(DISTRICT, OTHER_DIGEST, "ada", "r"))
    await feed.send(("users", student_json(1, {"school": NORTH})))
    await evaluate(store)
    await store.districts.hold(DISTRICT, "bo", "wait")
    on_hold = await refused(store.districts.approve(DISTRICT, await plan(store), "ada", "r"))

    assert "needs no approval" in no_need
    assert "student.field_missing 2" in others
    assert "mass_removal" not in others
    assert "plan of district" in changed
    assert await store.rows("SELECT FROM approvals") == []
    assert "on hold by bo" in on_hold
    assert "resume it first" in on_hold


async def test_an_approval_for_a_district_that_was_never_seen_is_refused(store: StoreUnderTest) -> None:
    assert "is not known here" in await refused(store.districts.approve(DISTRICT, OTHER_DIGEST, "ada", "r"))


async def test_a_move_to_another_school_is_no_removal(store: StoreUnderTest, feed: Feed) -> None:
    everybody = [*NORTHERN, *SOUTHERN]
    await feed.send(
        *(("users", student_json(number, {"school": NORTH})) for number in SOUTHERN),
        ("sections", homeroom(700, NORTH, everybody)),
        ("sections", str(record_id(701))),
        ("schools", SOUTH),
    )

    assert await evaluate(store) == ["review"]
    assert (await store.districts.show(DISTRICT))["findings"]["by_code"] == {
        "district.class_change": 1,
        "school.class_change": 1,
    }
    await store.districts.approve(DISTRICT, await plan(store), "ada", "the schools merge")
    assert await evaluate(store) == ["commit"]
    assert (await store.districts.show(DISTRICT))["roster"]["students"] == len(everybody)


# Policies that end, and other turns of time


async def pass_time(store: StoreUnderTest, time: timedelta = timedelta(hours=2)) -> None:
    """Let time pass: what is to come comes nearer."""
    await store.rows("UPDATE policies SET until = until - $1::interval", time)
    await store.rows("UPDATE districts SET reevaluate_at = reevaluate_at - $1::interval", time)


async def pass_a_day(store: StoreUnderTest) -> None:
    """Let a day pass: the days of terms come nearer by one."""
    for side in ("start", "end"):
        await store.rows(
            "UPDATE staged SET record = jsonb_set(record, ARRAY[$1],"
            " to_jsonb(((record ->> $1)::date - 1)::text)) WHERE kind = 'term' AND record ? $1",
            side,
        )
    await store.rows("UPDATE districts SET evaluated_on = evaluated_on - 1")
    await pass_time(store, timedelta(days=1))


async def reevaluate_at(store: StoreUnderTest) -> datetime | None:
    moment: datetime | None = (await store.rows("SELECT reevaluate_at FROM districts"))[0][0]
    return moment


NEEDS_NUMBER = {"required_fields": ["student_number"]}
NEEDS_HOUSE = {"required_fields": ["ext.house"]}


@pytest.mark.usefixtures("feed")
async def test_a_policy_that_ends_gives_way_to_the_one_before_it_by_itself(store: StoreUnderTest) -> None:
    await store.districts.set_policy(DISTRICT, NEEDS_NUMBER, "ada", reason="the usual")
    end = datetime.now(UTC) + HOUR
    await store.districts.set_policy(DISTRICT, NEEDS_HOUSE, "bo", until=end, reason="for a week")
    strict = await evaluate(store)
    planned = await reevaluate_at(store)
    early = await evaluate(store)
    await pass_time(store)
    in_force = await store.districts.own_policy(DISTRICT)
    late = await evaluate(store)
    history = await store.districts.policies(DISTRICT)

    assert strict == ["review"]
    assert planned == end
    assert early == []
    assert in_force.policy == NEEDS_NUMBER
    assert late == ["commit"]
    assert await reevaluate_at(store) is None
    assert [(one.version, one.actor, one.reason) for one in history] == [
        (1, "ada", "the usual"),
        (2, "bo", "for a week"),
    ]
    assert [row["trigger"] for row in await store.rows("SELECT trigger FROM batches ORDER BY number")][
        1:
    ] == ["filter", "filter"]


@pytest.mark.usefixtures("feed")
@pytest.mark.alone("what is demanded is demanded of every district")
async def test_an_ended_policy_of_its_own_leaves_a_district_to_the_settings(store: StoreUnderTest) -> None:
    await store.districts.set_policy(DISTRICT, NEEDS_HOUSE, "bo", until=datetime.now(UTC) + HOUR)
    await evaluate(store)
    await pass_time(store)

    assert (await store.districts.own_policy(DISTRICT)).policy == {}
    assert await store.evaluations.demand_policy() == 1
    assert await evaluate(store) == ["commit"]
    assert await store.evaluations.demand_policy() == 0


@pytest.mark.usefixtures("feed")
@pytest.mark.alone("asks for every district that an old policy concerns")
async def test_a_district_with_its_newest_policy_is_not_due_for_older_ones(store: StoreUnderTest) -> None:
    for policy in (NEEDS_NUMBER, NEEDS_HOUSE):
        await store.districts.set_policy(DISTRICT, policy, "bo")
        await evaluate(store)

    assert await store.evaluations.demand_policy() == 0


@pytest.mark.usefixtures("feed")
async def test_a_policy_must_end_in_time_to_come(store: StoreUnderTest) -> None:
    with pytest.raises(PolicyError, match="expected a time in the future"):
        await store.districts.set_policy(DISTRICT, NEEDS_HOUSE, "bo", until=datetime.now(UTC) - HOUR)

    assert await store.districts.policies(DISTRICT) == []


@pytest.mark.usefixtures("feed")
async def test_several_processes_judge_a_district_once_for_a_turn_of_time(store: StoreUnderTest) -> None:
    await store.districts.set_policy(DISTRICT, NEEDS_HOUSE, "bo", until=datetime.now(UTC) + HOUR)
    await evaluate(store)
    await pass_time(store)
    found = await asyncio.gather(*(evaluate(store) for _ in range(4)))

    assert sorted(outcome for one in found for outcome in one) == ["commit"]


async def test_a_terms_days_are_seen_without_an_event(store: StoreUnderTest, feed: Feed) -> None:
    today = datetime.now(UTC).date()
    tomorrow = today + timedelta(days=1)
    term = term_json(850, start_date=str(tomorrow), end_date=str(tomorrow))
    await feed.send(
        ("terms", term),
        ("sections", homeroom(700, NORTH, NORTHERN, term_id=record_id(850))),
        ("sections", homeroom(701, SOUTH, SOUTHERN, term_id=None)),
    )
    await store.districts.set_filter(DISTRICT, CURRENT, "ada")
    await store.districts.set_policy(DISTRICT, {"term_grace_days": 1}, "ada")
    not_begun = await evaluate(store)
    first = await reevaluate_at(store)
    await pass_a_day(store)
    begun = await evaluate(store)
    second = await reevaluate_at(store)
    await pass_a_day(store)
    in_grace = await evaluate(store)
    third = await reevaluate_at(store)
    await pass_a_day(store)
    over = await evaluate(store)

    midnight = datetime.combine(tomorrow, datetime.min.time(), UTC)
    assert (not_begun, begun, in_grace, over) == (["review"], ["commit"], ["unchanged"], ["review"])
    assert first == midnight
    assert second == midnight  # as seen from a day that was moved back: again the next one
    assert third == midnight
    assert await reevaluate_at(store) is None


async def test_a_day_without_boundary_is_no_reason_to_look(store: StoreUnderTest, feed: Feed) -> None:
    today = datetime.now(UTC).date()
    days = {"start_date": str(today - timedelta(days=90)), "end_date": str(today + timedelta(days=9))}
    await feed.send(("terms", term_json(850, **days)))
    await feed.send(("sections", homeroom(700, NORTH, NORTHERN, term_id=record_id(850))))
    await store.districts.set_filter(DISTRICT, CURRENT, "ada")
    seen = list[str]()
    stage = EvaluateStage(store.evaluations, LIMITS, Metrics())
    stage.progress = lambda _district: lambda what, _count: seen.append(what)
    while await stage.once():
        pass
    looked_at, seen[:] = list(seen), []
    await pass_a_day(store)
    idle = await stage.once()
    await feed.send(renamed(1, "Wren"))
    while await stage.once():
        pass

    assert "sections" in looked_at
    assert not idle
    assert seen == []
    assert (await store.districts.show(DISTRICT))["last_batch"]["outcome"] == "commit"
    assert await store.rows("SELECT FROM districts WHERE evaluated_on = $1", today)


@pytest.mark.parametrize("is_purged", [True, False])
@pytest.mark.usefixtures("feed")
async def test_time_moves_no_purged_or_disconnected_district(store: StoreUnderTest, is_purged: bool) -> None:
    await store.connections.listed({DISTRICT: Token("a token")})
    await store.districts.set_policy(DISTRICT, NEEDS_HOUSE, "bo", until=datetime.now(UTC) + HOUR)
    await evaluate(store)
    if is_purged:
        await store.rows("DELETE FROM outbox")
        await store.districts.purge(DISTRICT, "ada")
    else:
        await store.rows("UPDATE connections SET disconnected_at = now(), token = NULL, token_digest = NULL")
    await pass_time(store)

    assert await evaluate(store) == []
    assert await reevaluate_at(store) is None


@pytest.mark.usefixtures("feed")
async def test_a_reason_is_kept_with_a_filter_and_told_in_the_audit(store: StoreUnderTest) -> None:
    await store.districts.set_filter(DISTRICT, CURRENT, "ada", "a new year")
    await store.districts.set_filter(DISTRICT, KEEP_ALL, "ada")

    reasons = await store.rows("SELECT reason FROM filters ORDER BY version")
    audit = await store.rows("SELECT detail FROM audit WHERE action = 'filter.set' ORDER BY id")
    assert [row["reason"] for row in reasons] == ["a new year", None]
    assert [row["detail"] for row in audit] == [{"version": 1, "reason": "a new year"}, {"version": 2}]


@pytest.mark.usefixtures("feed")
async def test_no_look_for_turns_of_time_reads_the_table_of_districts(store: StoreUnderTest) -> None:
    times = [timedelta(minutes=1)] * 3
    looks: Sequence[tuple[str, str, list[Any]]] = [
        ("due_districts", "due_districts", [50_000, *times, 20]),
        ("windows", "take_due_by_time", [500]),
    ]
    for file, name, arguments in looks:
        found = await store.rows(f"EXPLAIN {statements.load(f'evaluation/{file}')[name]}", *arguments)
        text = "\n".join(row[0] for row in found)
        assert "districts_to_reevaluate" in text
        assert "Seq Scan" not in text


async def test_after_a_commit_a_review_tells_all_as_new(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(("sections", homeroom(701, SOUTH, range(22, 33))))
    first = await evaluate(store)
    await store.districts.set_policy(DISTRICT, {"severities": {"student.no_section": "warning"}}, "ada")
    without_errors = await evaluate(store)
    await store.districts.set_policy(DISTRICT, {}, "ada")
    again = await evaluate(store)

    assert (first, without_errors, again) == (["review"], ["commit"], ["review"])
    rows = await store.rows("SELECT summary FROM decisions WHERE outcome = 'review' ORDER BY sequence")
    told = [row["summary"]["findings"] for row in rows]
    assert [(errors["new"], errors["resolved"], errors["standing"]) for errors in told] == [(1, 0, 0)] * 2
