"""What nobody can read, from a publisher or from a person, stops nobody else and is never lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg

from tests.acceptance.program import Consumer, Finished, Site, consuming, publishing
from tests.support.builders.records import (
    Json,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
)
from tests.support.fixtures.store import opened_store
from worker.domain.roster.section_filter import parse_filter

MEBIBYTE = 1 << 20
CONCERNED = "c0" * 12
"""A district with nothing wrong; it stands beside those that have an unreadable event."""


def record_of(district: str, **fields: Any) -> Json:
    """A change of the district's one student, with something about it changed once more."""
    return event_json(student_json(1, district=district, **fields), number=5)


def as_json(event: Json) -> bytes:
    return json.dumps(event).encode()


def not_json(district: str) -> bytes:
    return as_json(record_of(district))[:-20]


def with_nothing_but_a_header(district: str) -> bytes:
    return f"not of {district}".encode()


def not_an_event(district: str) -> bytes:
    return as_json({"district": district, "users": [student_json(1)]})


def of_an_unknown_type(district: str) -> bytes:
    return as_json(record_of(district) | {"type": "students.updated"})


def of_no_district(_district: str) -> bytes:
    record = student_json(1)
    del record["district"]
    return as_json(event_json(record, number=5))


def with_a_wrong_type(district: str) -> bytes:
    return as_json(event_json(student_json(1, {"grade": 3}, district=district), number=5))


def ten_mebibytes_large(district: str) -> bytes:
    return as_json(record_of(district, note="x" * 10 * MEBIBYTE))


def nested_ten_thousand_deep(district: str) -> bytes:
    return as_json(record_of(district, note="HERE")).replace(b'"HERE"', b"[" * 10_000 + b"]" * 10_000)


def with_a_nul(district: str) -> bytes:
    return as_json(record_of(district, name={"first": "Tam\0sin", "last": "Fernquay"}))


def with_a_lone_surrogate(district: str) -> bytes:
    return as_json(record_of(district, name={"first": "Tam\ud800sin", "last": "Fernquay"}))


BAD_BODIES: dict[Callable[[str], bytes], str] = {
    not_json: "not_json",
    with_nothing_but_a_header: "not_json",
    not_an_event: "not_an_event",
    of_an_unknown_type: "unknown_type",
    of_no_district: "no_district",
    with_a_wrong_type: "bad_field",
    ten_mebibytes_large: "too_large",
    nested_ten_thousand_deep: "too_deep",
    with_a_nul: "forbidden_character",
    with_a_lone_surrogate: "forbidden_character",
}
"""Every kind of bad body, with the reason that it is put aside for."""

DISTRICTS = {kind: f"{number:02x}" * 12 for number, kind in enumerate(BAD_BODIES, 0xA0)}
"""Each has a district to itself, so that each is seen to hold back its own."""


def arrival(district: str) -> list[bytes]:
    """A whole small district: one school, one homeroom, one teacher, one student."""
    records = {
        "schools": school_json(district=district),
        "users": student_json(1, district=district),
        "sections": section_json(district=district),
    }
    events = [event_json(record, f"{name}.created", n) for n, (name, record) in enumerate(records.items(), 1)]
    events.append(event_json(teacher_json(district=district), "users.created", 4))
    return [as_json(event) for event in events]


def second_student(district: str) -> list[bytes]:
    """Two good events that come later: a student arrives and is put into the homeroom."""
    homeroom = section_json(district=district, students=[record_id(1), record_id(2)])
    return [
        as_json(event_json(student_json(2, district=district), "users.created", 6)),
        as_json(event_json(homeroom, "sections.updated", 7)),
    ]


def beside(kind: Callable[[str], bytes], district: str) -> dict[str, str]:
    """Return the headers that come with a bad body."""
    return {"district_id": district} if kind is with_nothing_but_a_header else {}


def told_district(kind: Callable[[str], bytes]) -> str | None:
    """Return the district that a bad body is known to be of."""
    return None if kind is of_no_district else DISTRICTS[kind]


async def test_each_kind_of_bad_body_is_put_aside_and_holds_back_its_own_district_only(site: Site) -> None:
    bad = {kind: kind(district) for kind, district in DISTRICTS.items()}
    held = {district for kind, district in DISTRICTS.items() if kind is not of_no_district}
    free = {CONCERNED, DISTRICTS[of_no_district]}

    async with consuming(site.broker_url or "") as consumer, publishing(site.broker_url or "") as publish:
        for kind, district in DISTRICTS.items():
            for body in arrival(district)[:2]:
                await publish(body)
            await publish(bad[kind], headers=beside(kind, district))
            for body in arrival(district)[2:]:
                await publish(body)
        for body in arrival(CONCERNED):
            await publish(body)
        async with site.worker() as worker:
            await consumer.until(lambda: len(consumer.dead_letters) == len(bad))
            await consumer.until(lambda: all(is_held_back(consumer, district) for district in held))
            await consumer.until(lambda: {c["district_id"] for c in consumer.commits} == free)

            for district in held | free:
                for body in second_student(district):
                    await publish(body)
            await until_evaluated(site, held | free)
            await consumer.until(lambda: len(consumer.commits) == 2 * len(free))
            counted = await metrics(await worker.url())
    async with opened_store(site.database_url or "") as store:
        shown = await store.districts.show(DISTRICTS[not_json])

    told = {
        message.body: (message.headers["x-reason"], message.headers.get("x-district-id"))
        for message in consumer.dead_letters
    }
    assert len(consumer.dead_letters) == len(bad)
    assert told == {bad[kind]: (reason, told_district(kind)) for kind, reason in BAD_BODIES.items()}
    for reason in BAD_BODIES.values():
        assert f'rostering_dead_letters_total{{reason="{reason}"}}' in counted
    assert {commit["district_id"] for commit in consumer.commits} == free
    for district in free:
        assert {("student", record_id(1)), ("student", record_id(2))} <= set(consumer.roster[district])
    assert (shown["status"], shown["quarantined"], shown["commits"]) == ("review", 1, 0)
    assert "Fernquay" not in "".join(worker.lines)


GOOD_FILTER = parse_filter('{"rules":[{"all":[{"field":"name","op":"contains","value":"homeroom"}]}]}')
BAD_FILTERS = {
    '{"rules":[': ("filter", "expected JSON", ""),
    '{"rule":[]}': ("rule", "unknown key", ""),
    '{"rules":[{"all":[{"field":"name","op":"like","value":"x"}]}]}': (
        "rules[0].all[0].op",
        "expected one of 'is', 'is_not', 'contains'",
        "got 'like'",
    ),
}
"""Filters with something wrong; and the key, what was expected and what came, as the line must tell."""


async def test_a_wrong_filter_is_refused_and_the_one_in_force_is(database_url: str, tmp_path: Path) -> None:
    site = Site(tmp_path, database_url=database_url)
    async with opened_store(database_url) as store:
        await store.districts.set_filter(CONCERNED, GOOD_FILTER, "somebody")
        before = await store.districts.current_filter(CONCERNED)

        refusals = await asyncio.gather(
            *(site.command("filter", "set", CONCERNED, "-", stdin=bad) for bad in BAD_FILTERS)
        )
        in_force = await store.districts.current_filter(CONCERNED)

    for refused, told in zip(refusals, BAD_FILTERS.values(), strict=True):
        assert_one_line(refused, *told)
    assert in_force == before
    assert in_force.section_filter == GOOD_FILTER


SECRET = "open-sesame-47"  # noqa: S105 — invented, to be looked for where it must not stand
BAD_SETTINGS = {
    ("BROKER_PASSWORD", SECRET): ("ROSTERING_BROKER_PASSWORD", "unknown key", ""),
    ("WINDOW__QUIET_SECONDS", "soon"): ("ROSTERING_WINDOW__QUIET_SECONDS", "expected a", "got 'soon'"),
    ("BROKER_URL", f"amqp://user:{SECRET}@broker.test:port/"): ("ROSTERING_BROKER_URL", "amqp://", ""),
}
"""Settings with something wrong; and the key, what was expected and what came, as the line must tell."""


async def test_a_wrong_setting_is_refused_in_one_line_without_a_secret(tmp_path: Path) -> None:
    site = Site(tmp_path)
    file = tmp_path / "settings.toml"
    file.write_text("[window]\nquiet_seconds = -1")

    in_file, *refusals = await asyncio.gather(
        site.command("--config", str(file), "check-config"),
        *(site.command("run", **{name: value}) for name, value in BAD_SETTINGS),
    )

    for refused, told in zip(refusals, BAD_SETTINGS.values(), strict=True):
        assert_one_line(refused, *told)
    assert_one_line(in_file, "ROSTERING_WINDOW__QUIET_SECONDS", "greater than 0", "got -1")


def is_held_back(consumer: Consumer, district: str) -> bool:
    """Whether the last word on a district is that it has an unreadable event."""
    reviews = [review for review in consumer.reviews if review["district_id"] == district]
    return bool(reviews) and reviews[-1]["findings"]["by_code"].get("district.events_quarantined") == 1


async def until_evaluated(site: Site, districts: set[str]) -> None:
    """Wait until the later events of all these districts were evaluated."""
    query = "SELECT count(*) FROM evaluated_events WHERE district_id = ANY($1) AND event_id IN ($2, $3)"
    connection = await asyncpg.connect(site.database_url)
    try:
        async with asyncio.timeout(30):
            while (  # noqa: ASYNC110 — another process's work
                await connection.fetchval(query, list(districts), record_id(6), record_id(7))
                < 2 * len(districts)
            ):
                await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def metrics(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(f"{url}metrics") as answer:
        return await answer.text()


def assert_one_line(finished: Finished, *told: str) -> None:
    """Exit code 2 and one line on standard error that tells all this, and no secret."""
    assert finished.code == 2, finished
    assert finished.out == ""
    assert finished.err.count("\n") == 1, finished.err
    assert finished.err.startswith("rostering: ")
    for part in told:
        assert part in finished.err, finished.err
    assert "Traceback" not in finished.err
    assert SECRET not in finished.err
