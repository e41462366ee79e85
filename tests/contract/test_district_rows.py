"""What people are shown of one district and of all of them: of each what is its own, beside others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from schemas.timestamps import instant
from tests.support.builders.records import NOON, later
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.section_filter import KEEP_ALL
from worker.operations.district_queries import DistrictsAsked
from worker.operations.districts import WORKER, NamedDistrict

NORTH, SOUTH = "900", "901"
DIGEST = b"\x01" * 32


async def add(store: StoreUnderTest, table: str, **values: object) -> None:
    places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
    await store.rows(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})", *values.values())


async def stage(store: StoreUnderTest, district: str, kind: str, record: str, name: str) -> None:
    await add(store, "staged", district_id=district, kind=kind, record_id=record, event_id="",
              record={"name": name})  # fmt: skip


async def fill(store: StoreUnderTest, district: str, n: int) -> None:
    """Have a district in review, of which everything there is tells the number n."""
    await add(
        store,
        "districts",
        district_id=district,
        status="review",
        standing_since=later(n),
        reported_digest=DIGEST,
        commit_sequence=n,
        review_sequence=n,
        decision_number=10 * n + 1,
    )
    await stage(store, district, "district", district, f"staged {n}")
    await stage(store, district, "school", district, "a school")
    await stage(store, district, "district", "another", "another")
    await stage(store, district, "school", NORTH, f"north {n}")
    await stage(store, district, "section", SOUTH, "a section")
    await add(store, "evaluation_failures", district_id=district, failures=n, not_before=NOON,
              parked_at=NOON if n == 2 else None, error=f"error {n}")  # fmt: skip
    await add(store, "holds", district_id=district, actor=f"ada {n}", reason="r")
    await add(store, "baselines", district_id=district, run="5d5d5d5d-0000-0000-0000-000000000000", seed="",
              overlap="", floor="", collections=[], records=n)  # fmt: skip
    for code, since, told in (("a", 3, "x"), ("b", 2, "x"), ("c", 1, None)):
        await add(store, "incidents", district_id=district, code=code, since=later(10 * n + since), told=told,
                  summary=f"{code} {n}")  # fmt: skip
    for number in range(n):
        await add(store, "quarantine", district_id=district, body_digest=bytes([number]), reason="r",
                  explanation="x")  # fmt: skip
        await add(
            store,
            "outbox",
            district_id=district,
            position=number,
            decision_number=1,
            routing_key="",
            schema="",
            message_key="",
            sequence=1,
            part=1,
            parts=1,
            trace_parent="",
            envelope="",
        )
    await add(store, "windows", district_id=district, opened_at=NOON, last_event_at=NOON, events=n)
    for number, outcome, sequence in ((0, "review", 1), (1, "review", 2), (2, "commit", 9)):
        summary: dict[str, Any] = {
            "review_id": f"{district} {sequence}", "sequence": sequence, "decided_at": "", "suggestions": [],
            "causes": [{"schools": [NORTH, SOUTH]}], "findings": {},
        }  # fmt: skip
        await add(store, "decisions", district_id=district, number=10 * n + number, outcome=outcome,
                  decision_id=f"{district} {number}", sequence=10 * n + sequence, batch_number=1,
                  decided_at=later(10 * n + number), summary=summary)  # fmt: skip
        await add(
            store,
            "batches",
            district_id=district,
            number=10 * n + number,
            trigger="quiet",
            events=n,
            batch_id=f"{district} {number}",
            opened_at=NOON,
            closed_at=NOON,
            outcome="review",
        )


@pytest.fixture
async def districts(store: StoreUnderTest) -> None:
    """Two districts of which all is known, the first of them connected, and one of which nothing is."""
    await fill(store, "e", 2)
    await add(store, "districts", district_id="b", decision_number=11)
    await fill(store, "d", 1)
    await add(store, "connections", district_id="d", connected_at=later(1), failures=1, cursor="",
              record={"name": "as Clever has it"})  # fmt: skip
    await stage(store, "e", "school", SOUTH, "of another district")
    await stage(store, "e", "district", "b", "of another district")
    await stage(store, "b", "school", "b", "a school")


@pytest.mark.usefixtures("districts")
async def test_every_district_is_listed_once_in_order_with_what_is_its_own(store: StoreUnderTest) -> None:
    page = await store.views.districts(DistrictsAsked())

    lines = [one for one in page.rows if one.district_id in {*"bde"}]
    assert [
        (one.district_id, one.name, one.status, one.commits, one.reviews, one.decided_at) for one in lines
    ] == [
        ("b", None, "waiting", 0, 0, None),
        ("d", "as Clever has it", "on_hold", 1, 1, later(11)),
        ("e", "staged 2", "parked", 2, 2, later(21)),
    ]
    assert [one.window and one.window.events for one in lines] == [None, 1, 2]
    assert [one.hold and one.hold["actor"] for one in lines] == [None, "ada 1", "ada 2"]


@pytest.mark.usefixtures("districts")
@pytest.mark.parametrize(("district", "n", "name"), [("d", 1, "as Clever has it"), ("e", 2, "staged 2")])
async def test_a_district_is_shown_with_all_that_is_known_of_it(
    store: StoreUnderTest, district: str, n: int, name: str
) -> None:
    shown = await store.districts.show(district)

    assert (shown["name"], shown["hold"]["actor"], shown["commits"]) == (name, f"ada {n}", n)
    assert shown["evaluation_failures"] == {"count": n, "last": f"error {n}"}
    assert (shown["quarantined"], shown["unpublished"]) == (n, n)
    assert [one["summary"] for one in shown["incidents"]] == [f"b {n}", f"a {n}"]
    assert shown["window"]["events"] == n
    assert shown["last_decision"]["decision_id"] == f"{district} 2"
    assert shown["last_decision"]["decided_at"] == instant(later(10 * n + 2))
    assert shown["last_batch"]["batch_id"] == f"{district} 2"
    assert shown["review"]["review_id"] == f"{district} 2"
    names = {NORTH: f"north {n}"} | ({} if district == "d" else {SOUTH: "of another district"})
    assert shown["review"]["school_names"] == names


@pytest.mark.usefixtures("districts")
async def test_how_a_district_is_read_is_shown_where_it_is_connected(store: StoreUnderTest) -> None:
    connected, other = [(await store.districts.show(district))["source"] for district in "de"]

    assert (connected["connected_at"], connected["turns_failed"]) == (instant(later(1)), 1)
    assert connected["baseline"]["records"] == 1
    assert other is None


@pytest.mark.usefixtures("districts")
async def test_of_an_unknown_district_nothing_of_others_is_shown(store: StoreUnderTest) -> None:
    await add(store, "connections", district_id="b")
    shown = await store.districts.show("b")

    assert (shown["name"], shown["hold"], shown["window"], shown["review"]) == (None, None, None, None)
    assert (shown["last_decision"], shown["last_batch"]) == (None, None)
    assert (shown["incidents"], shown["quarantined"], shown["unpublished"]) == ([], 0, 0)
    assert shown["evaluation_failures"] == {"count": 0, "last": None}
    assert shown["source"]["baseline"] is None
    assert [await store.districts.is_known(district) for district in "bz"] == [True, False]


async def test_districts_are_counted_by_status(store: StoreUnderTest) -> None:
    stands = {"purged": 1, "disconnected": 2, "parked": 3, "on_hold": 4, "rostered": 5, "waiting": 6}
    for status, count in stands.items():
        for district in (f"{status} {number}" for number in range(count)):
            is_purged = status == "purged"
            await add(store, "districts", district_id=district, purged_at=NOON if is_purged else None,
                      status="rostered" if status == "rostered" else "waiting")  # fmt: skip
            await add(store, "connections", district_id=district,
                      disconnected_at=NOON if status == "disconnected" else None)  # fmt: skip
            await add(store, "evaluation_failures", district_id=district, failures=1, not_before=NOON,
                      parked_at=NOON if status == "parked" else None, error="")  # fmt: skip
            if status == "on_hold":
                await add(store, "holds", district_id=district, actor="ada", reason="r")

    assert await store.districts.statuses() == stands


async def test_a_districts_status_is_what_keeps_it_most_from_commits(store: StoreUnderTest) -> None:
    async def status() -> str:
        shown, page = await store.districts.show("b"), await store.views.districts(DistrictsAsked(text="b"))
        assert [shown["status"]] == [one.status for one in page.rows if one.district_id == "b"]
        return str(shown["status"])

    await add(store, "districts", district_id="b", status="rostered")
    found = [await status()]
    await add(store, "holds", district_id="b", actor="ada", reason="r")
    found.append(await status())
    await add(store, "evaluation_failures", district_id="b", failures=1, not_before=NOON, error="",
              parked_at=NOON)  # fmt: skip
    found.append(await status())
    await add(store, "connections", district_id="b", disconnected_at=NOON)
    found.append(await status())
    await store.rows("UPDATE districts SET purged_at = now() WHERE district_id = 'b'")
    found.append(await status())

    assert found == ["rostered", "on_hold", "parked", "disconnected", "purged"]


@pytest.mark.usefixtures("districts")
async def test_a_parked_district_that_is_flushed_gets_another_try_and_no_other(store: StoreUnderTest) -> None:
    await store.districts.flush("d", "ada")

    rows = await store.rows("SELECT district_id FROM evaluation_failures")
    assert [row["district_id"] for row in rows] == ["e"]


# Names


async def test_names_that_clever_told_come_before_those_a_person_typed(store: StoreUnderTest) -> None:
    for district, tells in (("x1", "ost"), ("x2", "cso"), ("x3", "so"), ("x4", "o"), ("x5", "c")):
        if tells != "o":
            await add(store, "districts", district_id=district)
        for source in tells:
            name = f"{source} {district}"
            if source == "c":
                await add(store, "connections", district_id=district, record={"name": name})
            elif source == "s":
                await stage(store, district, "district", district, name)
            elif source == "o":
                await add(store, "onboarding", district_id=district, state="chosen", name=name)
            else:
                await stage(store, district, "school", district, name)
                await stage(store, district, "district", "another", name)

    await stage(store, "e", "district", "x4", "of another district")

    found = await store.districts.districts_called("x", "x")

    assert found == [
        NamedDistrict(district, name)
        for district, name in (
            ("x1", "s x1"), ("x2", "c x2"), ("x3", "s x3"), ("x4", "o x4"), ("x5", "c x5")
        )
    ]  # fmt: skip
    assert await store.districts.districts_called("x1", None) == found[:1]
    assert await store.districts.districts_called("O X4", None) == [NamedDistrict("x4", "o x4")]
    assert await store.districts.districts_called("o x3", None) == []


async def test_of_districts_that_begin_so_the_exact_id_comes_first_of_twenty(store: StoreUnderTest) -> None:
    for number in reversed(range(30)):
        await add(store, "districts", district_id=f"x{number:02}")

    found = await store.districts.districts_called("x25", "x")

    assert [one.district_id for one in found] == ["x25", *(f"x{number:02}" for number in range(19))]


# Settings


async def test_the_filter_in_force_is_the_latest_and_all_are_told_in_order(store: StoreUnderTest) -> None:
    for district, version in (("e", 9), ("d", 3), ("d", 1), ("d", 2)):
        await add(store, "filters", district_id=district, version=version, filter={}, actor=f"ada {version}")

    in_force = await store.districts.current_filter("d")
    history = await store.districts.filters("d")
    added = await store.districts.set_filter("d", KEEP_ALL, "bo")
    first = await store.districts.set_filter("f", KEEP_ALL, "bo")

    assert (in_force.version, in_force.actor) == (3, "ada 3")
    assert [one.version for one in history] == [1, 2, 3]
    assert (added, first) == (4, 1)
    assert (await store.districts.current_filter("g")).version == 0


async def test_the_newest_policy_that_has_not_ended_is_in_force(store: StoreUnderTest) -> None:
    hour, now = timedelta(hours=1), datetime.now(UTC)
    for district, version, until in (
        ("e", 9, None),
        ("d", 4, now - hour),
        ("d", 3, now + hour),
        ("d", 1, None),
        ("d", 2, None),
    ):
        await add(
            store, "policies", district_id=district, version=version, policy={}, actor="ada", until=until
        )

    until_it_ends = await store.districts.own_policy("d")
    history = await store.districts.policies("d")
    await store.rows("UPDATE policies SET until = until - interval '2 hours'")
    afterwards = await store.districts.own_policy("d")
    added = await store.districts.set_policy("d", {}, "bo")
    first = await store.districts.set_policy("f", {}, "bo", until=now + hour)

    assert (until_it_ends.version, afterwards.version) == (3, 2)
    assert [one.version for one in history] == [1, 2, 3, 4]
    assert (added, first) == (5, 1)
    assert (await store.districts.own_policy("g")).version == 0


# Upkeep


@pytest.mark.parametrize("at_once", [1, 2, 4, 5])
async def test_ids_of_evaluated_events_are_forgotten_after_their_time(
    store: StoreUnderTest, at_once: int
) -> None:
    for event, hours in (
        ("older", 12),
        ("oldest", 13),
        ("old", 11),
        ("as old", 11),
        ("new", 9),
        ("newest", 0),
    ):
        await store.rows(
            "INSERT INTO evaluated_events VALUES ('d', $1, now() - $2::interval)",
            *(event, timedelta(hours=hours)),
        )

    await store.districts.forget_events_older_than(timedelta(hours=10), at_once)

    rows = await store.rows("SELECT event_id FROM evaluated_events WHERE district_id = 'd' ORDER BY 1")
    assert [row["event_id"] for row in rows] == ["new", "newest"]


async def test_a_worker_is_one_that_is_connected_to_this_database(store: StoreUnderTest) -> None:
    found = []
    for database, name in (("postgres", WORKER), (None, "console"), (None, WORKER)):
        settings = {"application_name": f"rostering/a/{name}"}
        connection = await asyncpg.connect(store.url, database=database, server_settings=settings)
        found.append(await store.districts.has_worker())
        await connection.close()

    assert found == [False, False, True]
