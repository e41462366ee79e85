"""What evaluations tell of over PostgreSQL, in their transaction; its end, its order, and its way out."""

from __future__ import annotations

from datetime import timedelta

from tests.support.builders.records import BATCH_ID, DISTRICT, OTHER_DISTRICT, record_id, student_json
from tests.support.districts.full_run import with_filter
from tests.support.fixtures.incidents import alerts, inspect, told
from tests.support.fixtures.people import NORTH, SOUTHERN, Feed, evaluate, everybody, renamed
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.domain.alerts.incidents import AlertRules, Problem
from worker.domain.roster.section_filter import KEEP_ALL
from worker.messaging.broker import Message
from worker.pipeline.relay.stage import RelayStage
from worker.runtime.metrics import Metrics


async def test_another_set_of_codes_is_an_update_and_its_end_once(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(("users", student_json(1, {"school": NORTH, "sis_id": ""})))
    await evaluate(store)
    await feed.send(("users", student_json(2, {"school": NORTH, "sis_id": ""})))
    await evaluate(store)
    more_of_the_same = await told(store)
    await feed.send(
        ("users", student_json(1, {"school": NORTH})),
        ("users", student_json(2, {"school": NORTH})),
        ("users", student_json(99, {"school": NORTH})),
    )
    await evaluate(store)
    other = await told(store)
    await feed.send(("users", str(record_id(99))))
    await evaluate(store)

    assert more_of_the_same == [("firing", "preflight.failed")]
    assert other == [("firing", "preflight.failed"), ("updated", "preflight.failed")]
    assert (await told(store))[2:] == [("resolved", "preflight.failed")]
    assert {alert["dedup_key"] for alert in await alerts(store)} == {f"preflight.failed/{DISTRICT}"}


async def test_a_flapping_districts_end_is_told_by_an_inspection_later(database_url: str) -> None:
    async with opened_store(database_url, rules=AlertRules(timedelta(hours=1))) as store:
        feed = await rostered(store)
        for _ in range(4):
            await feed.send(("users", student_json(1, {"school": NORTH, "sis_id": ""})))
            await evaluate(store)
            await feed.send(renamed(1, "Wren"))
            await evaluate(store)
        await inspect(store)
        while_it_flaps = await told(store)
        await store.rows("UPDATE incidents SET clear_since = clear_since - interval '2 hours'")
        await inspect(store)
        await store.rows("UPDATE incidents SET told_at = told_at - interval '2 hours'")
        await inspect(store)

        assert [status for status, _ in while_it_flaps] == [
            "firing",
            "resolved",
            "firing",
            "resolved",
            "firing",
        ]
        assert (await told(store))[5:] == [("resolved", "preflight.failed")]
        assert await store.rows("SELECT FROM incidents") == []


async def rostered(store: StoreUnderTest) -> Feed:
    feed = Feed(store)
    await feed.send(*everybody())
    await evaluate(store)
    return feed


async def test_what_is_rolled_back_is_not_told(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(("users", student_json(1, {"school": NORTH, "sis_id": ""})))
    async with with_filter(store, DISTRICT, KEEP_ALL) as evaluation:
        assert evaluation is not None
        await evaluation.note_incidents({"preflight.failed": Problem("x", "x")}, BATCH_ID)

    assert await told(store) == []
    assert await store.rows("SELECT FROM incidents") == []


async def test_a_purge_ends_all_incidents_of_its_district_alone(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(*(("users", str(record_id(number))) for number in SOUTHERN))
    await evaluate(store)
    await store.rows(
        "INSERT INTO evaluation_failures SELECT d, 5, now(), now(), '' FROM unnest(ARRAY[$1, $2]) AS d",
        DISTRICT,
        OTHER_DISTRICT,
    )
    await inspect(store)
    await store.rows("DELETE FROM outbox")
    await store.districts.purge(DISTRICT, "ada")
    await inspect(store)

    ended = [alert for alert in await alerts(store) if alert["status"] == "resolved"]
    assert sorted(alert["code"] for alert in ended) == [
        "district.parked",
        "plan.mass_removal",
        "preflight.failed",
    ]
    assert {alert["summary"] for alert in ended} == {"The district's data was deleted."}
    assert [(each.district_id, each.code) for each in await store.deliveries.incidents()] == [
        (OTHER_DISTRICT, "district.parked")
    ]


# Their outbox


async def test_alerts_leave_while_their_districts_commits_wait(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(("users", student_json(1, {"school": NORTH, "sis_id": ""})))
    await evaluate(store)
    published = list[tuple[str, object]]()

    class Listener:
        async def publish(self, message: Message) -> None:
            published.append((message.routing_key, message.headers["sequence"]))

    assert await store.outbox.lease(10, 60) == [DISTRICT], "somebody publishes the district"
    assert await RelayStage(store.alerts, Listener(), Metrics(), name="relay.alerts").once()

    assert published == [("alert.warning", 2)]
    assert (await store.alerts.unpublished(), await store.outbox.unpublished()) == (0, 2)
