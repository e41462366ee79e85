"""How ingest lets go of a subscription, and what it counts of what it took."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import DISTRICT, delivery, event_json, settled_json, student_json
from tests.support.fakes.ingest_bench import Bench, aside, bad, sound
from worker.pipeline.ingest import stage as module
from worker.pipeline.ingest.inbox import Stored
from worker.runtime.errors import BrokerUnavailable, StoreUnavailable

# Ending


async def test_a_lost_subscription_is_given_up_with_all_that_it_gave() -> None:
    bench = Bench([sound(1)], [], [sound(2), bad(3)])
    bench.queue.blocked = True
    await aside(bench)
    bench.inbox.failing = {event_json({}, number=2)["id"]}
    await bench.fails()
    bench.queue.lost = True

    with pytest.raises(BrokerUnavailable):
        await bench.stage.once()
    assert (bench.stage.consuming, bench.queue.open) == (False, 0)

    bench.queue.lost, bench.inbox.failing = False, set()
    bench.clock.now += 100
    await bench.once(2)
    assert (bench.stored, bench.queue.opened) == ([], 2)


async def test_closing_twice_ends_the_subscription_once_and_nothing_is_published_any_more() -> None:
    bench = Bench([sound(1), bad(2)])
    bench.queue.blocked = True
    await bench.once()
    pump = bench.stage._dead._pump
    assert pump is not None

    await bench.stage.close()
    await bench.stage.close()

    assert (pump.done(), bench.queue.open, bench.stage.consuming) == (True, 0, False)


# What is counted


async def test_a_flood_counts_each_message_once_however_often_the_store_fails() -> None:
    bench = Bench([bad(1)], [], [bad(2)], halt_after=2)
    bench.inbox.away = StoreUnavailable("away")
    await bench.fails(5)
    bench.inbox.away = None

    await bench.once(2)

    assert bench.counted("unreadable") == 2


def test_what_became_of_two_batches_is_counted_together() -> None:
    assert Stored(1, 2, 3) + Stored(10, 20, 30) == Stored(11, 22, 33)


async def test_what_became_of_messages_is_counted_also_where_one_of_them_is_refused() -> None:
    other = event_json({"id": "x", "district": DISTRICT}, "resources.created", 4)
    bench = Bench([sound(1)], [sound(2), sound(3), delivery(other, 4), delivery(settled_json(), 5)])
    bench.inbox.refused = {event_json({}, number=2)["id"]}

    with capture_logs() as logs:
        await bench.once()

    (told,) = [line for line in logs if line["event"] == "events.stored"]
    outcomes = ("stored", "duplicate", "ignored", "unreadable", "control")
    assert [told[outcome] for outcome in outcomes] == [2, 0, 1, 1, 1]
    assert [bench.counted(outcome) for outcome in outcomes] == [2, 0, 1, 1, 1]
    assert [one.district_id for one in bench.inbox.quarantined] == [DISTRICT]
    assert bench.queue.acknowledged[0] == [1, 3, 4, 5]


async def test_a_mark_that_the_store_refuses_is_a_dead_letter_of_no_district() -> None:
    bench = Bench([delivery(settled_json(), 1)])
    bench.inbox.refuses_marks = True

    await bench.once()

    assert (bench.inbox.quarantined, len(bench.queue.published)) == ([], 1)
    assert bench.queue.acknowledged == [[], [1]]


async def test_fields_that_were_left_out_and_times_ahead_are_counted_and_told() -> None:
    first = delivery(event_json(student_json(1, {"dob": 5}), number=1), 1)
    second = delivery(event_json(student_json(2, last_modified="2999-01-01T00:00:00Z"), number=2), 2)
    bench = Bench([first, second], [], [sound(3)])

    with capture_logs() as logs:
        await bench.once(2)

    metrics = bench.stage.metrics.registry
    unread = metrics.get_sample_value("rostering_fields_unread_total", {"collection": "users"})
    told = [(line.get("unread_fields"), line.get("changed_ahead")) for line in logs]
    assert (unread, told) == (1, [(1, 1), (None, None)])


async def test_how_long_storing_took_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Watch:
        def __init__(self) -> None:
            self.times = iter((100.0, 103.5))

        def perf_counter(self) -> float:
            return next(self.times)

    monkeypatch.setattr(module, "time", Watch())
    bench = Bench([sound(1)])

    with capture_logs() as logs:
        await bench.once()

    assert [line["seconds"] for line in logs] == [3.5]
