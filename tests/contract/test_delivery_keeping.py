"""Which deliveries people order anew or for good, which are forgotten, and what a new channel is told."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.support.fixtures.deliveries import (
    AS_MADE,
    DAY,
    MINUTE,
    RESOLVED,
    add,
    add_each_kind,
    alert,
    stand,
    states,
    tell,
)
from tests.support.fixtures.store import StoreUnderTest

HOUR, MOMENT = timedelta(hours=1), timedelta(seconds=20)


# What is listed, and ordered by people


async def test_channels_are_counted_apart_by_what_waits_and_what_is_dead(store: StoreUnderTest) -> None:
    for channel in ("line-2", "line-1"):
        await add_each_kind(store, channel)
    first = datetime(2025, 1, 1, tzinfo=UTC)
    await add(store, "older", created_at=first, problem="away")
    await add(store, "settled", channel="gone-1", delivered_at=first)

    found = [
        (line.channel, line.waiting, line.dead, line.problem) for line in await store.deliveries.channels()
    ]
    figures = await store.inspections.figures()

    assert found == [("line-1", 2, 1, "refused"), ("line-2", 1, 1, "refused")]
    assert (await store.deliveries.channels())[0].since == first
    assert (figures.deliveries_waiting, figures.deliveries_dead) == ({"line": 3}, {"line": 2})


async def test_the_first_that_are_dead_are_listed(store: StoreUnderTest) -> None:
    await add_each_kind(store)
    for number in range(101):
        await add(store, f"{number:03}", dead_at=datetime.now(UTC))

    listed = [each.alert_id for each in await store.deliveries.dead()]

    assert listed == ["dead", *(f"{number:03}" for number in range(99))]


@pytest.mark.parametrize("channel", ["line-1", None])
async def test_only_what_is_dead_is_tried_once_more(store: StoreUnderTest, channel: str | None) -> None:
    for each in ("line-1", "other-1"):
        await add_each_kind(store, each)
    (before,) = await store.rows("SELECT * FROM deliveries WHERE body = 'dead' AND channel = 'line-1'")

    retried = await store.deliveries.retry(channel)

    assert retried == (1 if channel else 2, 0)
    assert await states(store) == AS_MADE | {"dead": "waits"}
    assert await states(store, "other-1") == (AS_MADE if channel else AS_MADE | {"dead": "waits"})
    (after,) = await store.rows("SELECT * FROM deliveries WHERE body = 'dead' AND channel = 'line-1'")
    assert after["attempts"] == before["attempts"] + 1, "whoever had it has it no more"
    assert after["created_at"] > before["created_at"], "it is given up as late as a new one"


LATER: Final[dict[str, tuple[dict[str, object], bool]]] = {
    "a later one was delivered": ({"delivered_at": datetime.now(UTC)}, False),
    "a later one waits": ({}, True),
    "a later one is dead": ({"dead_at": datetime.now(UTC)}, True),
    "a later one of another incident was delivered": (
        {"delivered_at": datetime.now(UTC), "dedup_key": "other"},
        True,
    ),
    "a later one of another channel was delivered": (
        {"delivered_at": datetime.now(UTC), "channel": "other-1"},
        True,
    ),
    "an earlier one was delivered": ({"delivered_at": datetime.now(UTC), "place": -1}, True),
    "one that was made later was delivered at the same place": (
        {"delivered_at": datetime.now(UTC), "place": 0},
        False,
    ),
}


@pytest.mark.parametrize("what", LATER)
async def test_what_a_later_alert_has_overtaken_is_not_tried_again(store: StoreUnderTest, what: str) -> None:
    columns, is_tried = LATER[what]
    other = {"channel": "line-1", "dedup_key": "k", "place": 1} | columns
    place = other.pop("place")
    dead = await add(store, "dead", dedup_key="k", dead_at=datetime.now(UTC))
    later = await add(store, "later", **other)
    await store.rows("UPDATE deliveries SET position = 5 WHERE id = $1", dead)
    await store.rows("UPDATE deliveries SET position = 5 + $2 WHERE id = $1", later, place)

    await store.deliveries.retry(None)

    assert (await states(store))["dead"] == ("waits" if is_tried else "dead")


async def test_those_that_stay_dead_are_counted_for_the_channel_or_for_all(store: StoreUnderTest) -> None:
    for channel in ("line-1", "line-1", "other-1"):
        key = uuid.uuid4().hex
        await add(store, key, channel=channel, dedup_key=key, dead_at=datetime.now(UTC))
        await add(store, f"{key} end", channel=channel, dedup_key=key, delivered_at=datetime.now(UTC))
    await add_each_kind(store, "third-1")
    await store.rows("DELETE FROM deliveries WHERE body = 'dead'")

    counts = [await store.deliveries.retry(channel) for channel in ("line-1", "other-1", "third-1", None)]

    assert counts == [(0, 2), (0, 1), (0, 0), (0, 3)]


@pytest.mark.parametrize("channel", ["line-1", None])
@pytest.mark.parametrize("waiting", [False, True])
async def test_what_is_given_up_for_good_is_what_was_dead_and_what_waits_only_if_asked(
    store: StoreUnderTest, channel: str | None, waiting: bool
) -> None:
    for each in ("line-1", "other-1"):
        await add_each_kind(store, each)

    discarded = await store.deliveries.discard(channel, waiting=waiting)

    expected = AS_MADE | dict.fromkeys(("dead", "waits") if waiting else ("dead",), "discarded")
    assert discarded == (1 + waiting) * (1 if channel else 2)
    assert await states(store) == expected
    assert await states(store, "other-1") == (AS_MADE if channel else expected)
    (died,) = await store.rows("SELECT dead_at FROM deliveries WHERE body = 'dead' AND channel = 'line-1'")
    assert died["dead_at"] == datetime(2026, 1, 1, tzinfo=UTC), "it was dead since then"


# What is forgotten


async def test_what_was_settled_long_ago_is_forgotten_unless_still_in_use(store: StoreUnderTest) -> None:
    now = datetime.now(UTC)
    old, new = now - DAY - MOMENT, now - DAY + MOMENT
    await add(store, "old", delivered_at=old)
    await add(store, "new", delivered_at=new)
    await add(store, "old, discarded", dead_at=old, discarded_at=old)
    await add(store, "new, discarded", dead_at=old, discarded_at=new)
    await add(store, "old, dead", dead_at=old)
    await add(store, "stands", delivered_at=old, dedup_key=await stand(store, "stands"))
    await add(store, "stands nowhere", delivered_at=old, dedup_key=await stand(store, "stands nowhere", ""))
    await add(store, "over", delivered_at=old, dedup_key=await stand(store, "over", is_told=False))
    await tell(store, alert())
    kept = await add(store, "its alert is kept", delivered_at=old)
    await store.rows(
        "UPDATE deliveries SET position = (SELECT position FROM alerts), delivered_at = $2 WHERE id = $1",
        *(kept, old),
    )

    await store.deliveries.tidy(DAY, DAY)

    left = {"new", "new, discarded", "old, dead", "stands", "stands nowhere", "its alert is kept"}
    assert set(await states(store)) == left


async def test_only_what_waits_too_long_is_given_up_with_its_problem(store: StoreUnderTest) -> None:
    now = datetime.now(UTC)
    await add(store, "young", created_at=now - DAY + MOMENT)
    await add(store, "old", created_at=now - DAY - MOMENT)
    await add(store, "old, refused", created_at=now - DAY - MOMENT, problem="refused")
    await add_each_kind(store, "other-1")
    await store.rows("UPDATE deliveries SET created_at = $1 WHERE body <> 'waits' AND channel = 'other-1'", now - 9 * DAY)  # fmt: skip  # noqa: E501

    await store.deliveries.tidy(DAY, DAY)

    rows = await store.rows("SELECT body, problem FROM deliveries WHERE dead_at > $1", now - HOUR)
    assert {row["body"]: row["problem"] for row in rows} == {
        "old": "nobody delivers to this channel",
        "old, refused": "refused",
    }
    assert await states(store, "other-1") == AS_MADE


@pytest.mark.parametrize(
    ("created", "published", "is_told", "stays"),
    [
        (DAY + MOMENT, DAY + MOMENT, None, False),
        (DAY - MOMENT, DAY + MOMENT, None, True),
        (DAY + MOMENT, DAY - MOMENT, None, True),
        (DAY + MOMENT, None, None, True),
        (DAY + MOMENT, DAY + MOMENT, True, True),
        (DAY + MOMENT, DAY + MOMENT, False, False),
    ],
)
@pytest.mark.parametrize("district", ["1", ""])
async def test_an_alert_is_forgotten_once_it_left_long_ago_and_its_incident_is_over(
    store: StoreUnderTest,
    created: timedelta,
    published: timedelta | None,
    is_told: bool | None,
    stays: bool,
    district: str,
) -> None:
    await tell(store, alert(number=1, dedup_key=f"preflight.failed/{district or '-'}"))
    await stand(store, "preflight.failed", "another")
    if is_told is not None:
        await stand(store, "preflight.failed", district, is_told=is_told)
    set_times = "UPDATE alerts SET created_at = now() - $1::interval, published_at = now() - $2::interval"
    await store.rows(set_times, created, published)

    await store.deliveries.tidy(DAY, DAY)

    assert len(await store.rows("SELECT FROM alerts")) == stays


# What a channel is told that was never seen


async def test_a_new_channel_is_told_all_of_a_standing_incident_alone(store: StoreUnderTest) -> None:
    since = datetime(2026, 9, 15, 12, 0, 0, 400, tzinfo=UTC)  # an alert tells it to the millisecond
    written = {"starts_at": "2026-09-15T12:00:00.000Z"}
    earlier = {"starts_at": "2026-09-15T11:59:59.999Z"}
    for number, is_told in ((1, True), (2, False), (3, True)):
        await tell(
            store,
            alert(number=number, **earlier),
            alert(RESOLVED, number, **earlier),
            alert(number=number, alert_id=f"{number}/again", **written),
            alert(number=number, alert_id=f"{number}/more", status="updated", **written),
        )
        await store.rows(
            "INSERT INTO incidents (district_id, code, since, told) VALUES ($1, 'preflight.failed', $2, $3)",
            *(str(number), since, "" if is_told else None),
        )
    nobodys = alert(number=1, dedup_key="stage.failing/-", alert_id="nobodys", **written)
    await tell(store, nobodys)
    await store.rows(
        "INSERT INTO incidents (district_id, code, since, told) VALUES ('', 'stage.failing', $1, '')", since
    )
    await store.rows("UPDATE alerts SET created_at = now() - interval '2 hours' WHERE alert_id NOT LIKE '3%'")

    assert await store.deliveries.take_over("new-1", 99) == 4, "those of the last hour"

    rows = await store.rows("SELECT alert_id FROM deliveries WHERE channel = 'new-1' ORDER BY id")
    assert [row["alert_id"] for row in rows] == [
        *("1/again", "1/more", "nobodys"),
        *("3/firing", "3/resolved", "3/again", "3/more"),
    ]


@pytest.mark.parametrize(("ago", "is_told"), [(HOUR - MINUTE, True), (HOUR + MINUTE, False)])
async def test_a_new_channel_is_told_of_what_was_over_within_the_last_hour(
    store: StoreUnderTest, ago: timedelta, is_told: bool
) -> None:
    await tell(store, alert(), alert(RESOLVED))
    await store.rows("UPDATE alerts SET created_at = now() - $1::interval", ago)

    assert await store.deliveries.take_over("new-1", 99) == (2 if is_told else 0)


async def test_a_channel_that_was_away_is_told_of_all_since(store: StoreUnderTest) -> None:
    for channel in ("old-1", "young-1"):
        await store.deliveries.take_over(channel, 99)
    await store.rows("UPDATE alert_channels SET since = now() - interval '2 days' WHERE channel = 'old-1'")
    await tell(store, alert(), alert(number=2))
    await store.rows("UPDATE alerts SET created_at = now() - interval '1 day'")

    taken = [await store.deliveries.take_over(channel, 99) for channel in ("young-1", "old-1", "old-1")]

    assert taken == [0, 2, 0]
