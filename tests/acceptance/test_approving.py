"""A school closes: the district is held back until a person approves exactly that, with the real program."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.acceptance.program import Site, consuming, publishing
from tests.support.builders.records import (
    DISTRICT,
    Json,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
)

NORTH, SOUTH = record_id(900), record_id(901)
NORTHERN, SOUTHERN = range(1, 141), range(141, 153)
"""The smaller school has less than a tenth of the district, so that its own limit is what guards it."""


def homeroom(number: int, school: str, students: range) -> Json:
    return section_json(number, school=school, students=[record_id(student) for student in students])


def numbered(events: list[tuple[str, Json]], first: int) -> list[Json]:
    return [event_json(record, what, number) for number, (what, record) in enumerate(events, start=first)]


ARRIVAL = numbered(
    [
        *(("schools.created", school_json(number)) for number in (900, 901)),
        ("users.created", teacher_json()),
        *(("users.created", student_json(number, {"school": NORTH})) for number in NORTHERN),
        *(("users.created", student_json(number, {"school": SOUTH})) for number in SOUTHERN),
        ("sections.created", homeroom(700, NORTH, NORTHERN)),
        ("sections.created", homeroom(701, SOUTH, SOUTHERN)),
    ],
    1,
)
CLOSURE = numbered(
    [
        *(("users.deleted", student_json(number, {"school": SOUTH})) for number in SOUTHERN),
        ("sections.deleted", homeroom(701, SOUTH, SOUTHERN)),
        ("schools.deleted", school_json(901)),
    ],
    1000,
)
REASON = ("--reason", "the school closed")


async def publish(site: Site, events: list[Json]) -> None:
    async with publishing(site.broker_url or "") as send:
        for event in events:
            await send(json.dumps(event).encode())


async def refusal(site: Site, *arguments: str) -> str:
    finished = await site.command(*arguments)
    assert (finished.code, finished.out) == (1, ""), finished
    return finished.err


async def test_a_school_that_vanishes_waits_for_an_approval_of_exactly_that_plan(site: Site) -> None:
    approve = ("approve", DISTRICT, *REASON, "--plan")
    async with consuming(site.broker_url or "") as consumer, site.worker():
        await publish(site, ARRIVAL)
        await consumer.until(lambda: len(consumer.commits) == 1)
        await publish(site, CLOSURE)
        await consumer.until(lambda: len(consumer.reviews) == 1)
        (review,) = consumer.reviews
        plan = review["plan"]["digest"]
        another = await refusal(site, *approve, "0" * 64)
        await site.done("hold", DISTRICT, "--reason", "is that so?")
        on_hold = await refusal(site, *approve, plan)
        held_twice = await refusal(site, "hold", DISTRICT, "--reason", "is that so?")
        told_on_hold = await site.done("show", DISTRICT)
        await site.done("resume", DISTRICT, "--reason", "they say so")
        resumed_twice = await refusal(site, "resume", DISTRICT, "--reason", "they say so")
        await site.done(*approve, plan)
        await consumer.until(lambda: len(consumer.commits) == 2)
        shown: dict[str, Any] = await site.show(DISTRICT)
        spent = await refusal(site, *approve, plan)
        told = await site.done("show", DISTRICT)

    assert review["findings"]["by_code"] == {"school.mass_removal": 1}
    assert plan in another
    assert "student: 0 upserted, 12 removed" in another
    assert f"school.mass_removal on {SOUTH} (12 of 12 students, limit 25 %)" in another
    assert "resume it first" in on_hold
    assert "already on hold" in held_twice
    assert "not on hold" in resumed_twice
    assert "on_hold" in told_on_hold
    assert "is that so?" in told_on_hold
    assert "in review since" in told_on_hold
    assert consumer.commits[1]["roster"]["digest"] == plan
    assert consumer.commits[1]["batch"]["trigger"] == "approval"
    assert consumer.commits[1]["counts"]["student"] == {"upserted": 0, "removed": len(SOUTHERN)}
    assert shown["status"] == "rostered"
    assert shown["findings"]["errors"] == 0
    assert shown["approval"]["last_ended"]["ended_as"] == "used"
    assert "the school closed" in told
    assert "needs no approval" in spent
    asked = [alert["status"] for alert in consumer.alerts if alert["code"] == "plan.mass_removal"]
    assert asked == ["firing", "resolved"]


async def test_a_policy_with_an_end_is_set_shown_and_listed(site: Site) -> None:
    lenient = '{"removal_limit_percent": 100.0}'
    today = datetime.now(UTC).date()
    last_day, long_ago = today + timedelta(days=300), today - timedelta(days=30)
    await site.done("policy", "set", DISTRICT, "-", *REASON, stdin="{}")
    ends = ("--until", last_day.isoformat(), "--reason", "rollover")
    told = await site.done("policy", "set", DISTRICT, "-", *ends, stdin=lenient)
    shown = await site.done("policy", "show", DISTRICT)
    history = await site.done("policy", "show", DISTRICT, "--history")
    past = await site.command("policy", "set", DISTRICT, "-", "--until", long_ago.isoformat(), stdin="{}")

    assert "version 2" in told
    assert f"until {last_day + timedelta(days=1)}T00:00:00.000Z" in told
    assert json.loads(shown) == json.loads(lenient)
    assert "rollover" in history
    assert "the school closed" in history
    assert past.code == 2
    assert "expected a time in the future" in past.err
