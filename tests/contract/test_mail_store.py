"""Mails as they are kept: once for each occasion, in order, and by one process at a time."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.builders.mail_rows import need_a_person
from tests.support.builders.mails import DAY, MINUTE, mail, now_due, put, states
from tests.support.builders.records import DISTRICT
from tests.support.fixtures.people import until
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.adapters.postgres.mail.mails import enqueue
from worker.domain.mail.mails import mail_id
from worker.mail.mail_store import DueMail, MailState
from worker.runtime.errors import OrderRefused

NOTHING = timedelta(0)


async def handed_without_an_answer(store: StoreUnderTest, *mails: DueMail) -> None:
    """Hand mails over, let their time pass, and have the stage look."""
    for each in mails:
        assert await store.mails.handed(each, {}, NOTHING)
    assert await store.mails.take(8, MINUTE) == []


async def test_an_occasion_has_one_mail_however_often_it_is_asked_for(store: StoreUnderTest) -> None:
    added = await put(store, mail("a"), mail("a"), mail("b"), mail("a", "another"))

    assert added == [True, False, True, True]
    assert len(await store.mail_orders.newest(DISTRICT)) == 2


async def test_a_transaction_that_is_undone_leaves_no_mail(store: StoreUnderTest) -> None:
    async with store.database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await enqueue(connection, mail())
        await transaction.rollback()

    assert await store.mail_orders.newest(None) == []


async def test_mails_of_one_district_are_written_by_one_process_at_a_time(store: StoreUnderTest) -> None:
    async with store.database.transaction() as first:
        await enqueue(first, mail("a"))
        async with store.database.connection() as other:
            await other.execute("SET lock_timeout = '20ms'")
            assert await enqueue(other, mail("a", "another"))
            with pytest.raises(asyncpg.LockNotAvailableError):
                await enqueue(other, mail("b"))
            await other.execute("RESET lock_timeout")


async def test_a_mails_id_is_always_that_of_its_occasion(store: StoreUnderTest) -> None:
    await put(store, mail("a"))

    (kept,) = await store.mail_orders.newest(None)

    assert kept.mail_id == mail_id(DISTRICT, "a")
    assert mail_id("1", "2a") != mail_id("12", "a")


async def test_a_mail_that_was_sent_is_not_made_uncertain_by_whoever_had_it(store: StoreUnderTest) -> None:
    await put(store, mail("a"))
    (taken,) = await store.mails.take(1, MINUTE)
    assert await store.mails.handed(taken, {}, MINUTE)
    await store.mails.sent(taken)

    await store.mails.uncertain(taken, "the line broke")

    (kept,) = await store.mail_orders.newest(None)
    assert (kept.state, kept.problem) == (MailState.SENT, None)


async def test_of_each_district_the_first_mail_is_taken_and_of_others_theirs(store: StoreUnderTest) -> None:
    await put(store, mail("a", "1"), mail("b", "1"), mail("c", "2"))

    taken = await store.mails.take(8, MINUTE)

    assert sorted(each.subject for each in taken) == ["About a", "About c"]
    assert await store.mails.take(8, MINUTE) == []


async def test_the_next_one_may_go_once_the_first_is_sent(store: StoreUnderTest) -> None:
    await put(store, mail("a"), mail("b"))
    (first,) = await store.mails.take(8, MINUTE)
    await store.mails.handed(first, {}, MINUTE)
    await store.mails.sent(first)

    (second,) = await store.mails.take(8, MINUTE)

    assert second.subject == "About b"


async def test_a_mail_not_handed_over_by_who_dies_is_left_to_others(store: StoreUnderTest) -> None:
    await put(store, mail())
    (lost,) = await store.mails.take(8, MINUTE)
    await now_due(store)

    (again,) = await store.mails.take(8, MINUTE)

    assert (again.mail_id, again.attempts) == (lost.mail_id, 2)
    assert not await store.mails.handed(lost, {}, MINUTE)
    assert await store.mails.handed(again, {}, MINUTE)


async def test_nobody_hands_over_a_mail_whose_time_with_it_is_over(store: StoreUnderTest) -> None:
    await put(store, mail())
    (late,) = await store.mails.take(8, NOTHING)

    assert not await store.mails.handed(late, {}, MINUTE)


async def test_a_mail_that_was_handed_over_ends_uncertain_and_stays_so(store: StoreUnderTest) -> None:
    await put(store, mail("a"), mail("b"))
    (taken,) = await store.mails.take(8, MINUTE)
    await store.mails.handed(taken, {}, MINUTE)
    before = await states(store)
    needed_before = await need_a_person(store)
    await now_due(store)

    assert before == ["sending", "waiting"]
    assert needed_before == []
    assert await store.mails.take(8, MINUTE) == []
    assert await states(store) == ["uncertain", "waiting"]
    assert [(each["district_id"], each["mails"]) for each in await need_a_person(store)] == [(DISTRICT, 1)]
    assert await store.mails.take(8, MINUTE) == []


async def test_a_late_answer_still_counts_where_nobody_has_ordered_otherwise(store: StoreUnderTest) -> None:
    await put(store, mail())
    (taken,) = await store.mails.take(8, MINUTE)
    await handed_without_an_answer(store, taken)
    before = await states(store)

    await store.mails.sent(taken)

    assert (before, await states(store)) == (["uncertain"], ["sent"])


async def test_an_uncertain_mail_is_settled_by_a_person_one_way_or_the_other(store: StoreUnderTest) -> None:
    await put(store, mail("a", "1"), mail("b", "2"))
    await handed_without_an_answer(store, *await store.mails.take(8, MINUTE))

    arrived = await store.mail_orders.settle(mail_id("1", "a"), "pat", arrived=True)
    again = await store.mail_orders.settle(mail_id("2", "b"), "pat", arrived=False)

    assert (arrived.state, arrived.settled_by) == ("sent", "pat")
    assert again.state == "waiting"
    assert [each.mail_id for each in await store.mails.take(8, MINUTE)] == [again.mail_id]
    noted = await store.rows("SELECT actor, action, district_id FROM audit ORDER BY id")
    assert [tuple(row) for row in noted] == [
        ("pat", "mail.settle_arrived", "1"),
        ("pat", "mail.settle_again", "2"),
    ]


BOTH_WAIT = """
    SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"""


async def test_of_two_people_who_settle_a_mail_one_is_told_so(store: StoreUnderTest) -> None:
    await put(store, mail("a", "1"))
    (due,) = await store.mails.take(8, MINUTE)
    await handed_without_an_answer(store, due)

    async with opened_store(store.url) as other:
        async with store.database.transaction() as held:
            await held.execute("SELECT FROM mails WHERE mail_id = $1 FOR UPDATE", due.mail_id)
            orders = [
                asyncio.ensure_future(store.mail_orders.settle(due.mail_id, "pat", arrived=True)),
                asyncio.ensure_future(other.mail_orders.settle(due.mail_id, "sam", arrived=False)),
            ]
            await until(lambda: both_wait(other))
        settled = await asyncio.gather(*orders, return_exceptions=True)

    assert sorted(type(each).__name__ for each in settled) == ["KeptMail", "OrderRefused"]
    assert len(await store.rows("SELECT FROM audit")) == 1


async def both_wait(store: StoreUnderTest) -> bool:
    return bool((await store.rows(BOTH_WAIT))[0]["count"] == 2)


async def test_an_answer_after_a_person_resent_a_mail_changes_nothing(store: StoreUnderTest) -> None:
    await put(store, mail())
    (taken,) = await store.mails.take(8, MINUTE)
    await handed_without_an_answer(store, taken)
    await store.mail_orders.settle(taken.mail_id, "pat", arrived=False)

    await store.mails.sent(taken)

    assert await states(store) == ["waiting"]


async def test_a_mail_is_given_up_after_long_trying_not_waiting(store: StoreUnderTest) -> None:
    await put(store, mail())
    await store.rows("UPDATE mails SET created_at = now() - interval '9 days'")
    (first,) = await store.mails.take(8, MINUTE)
    first_is_dead = await store.mails.put_off(first, "busy", NOTHING, DAY)
    await store.rows("UPDATE mails SET trying_since = now() - interval '2 days'")
    (second,) = await store.mails.take(8, MINUTE)

    assert not first_is_dead
    assert await store.mails.put_off(second, "busy", NOTHING, DAY)
    assert await states(store) == ["dead"]


async def test_a_dead_mail_blocks_nobody_and_can_be_sent_anew_or_cancelled(store: StoreUnderTest) -> None:
    await put(store, mail("a"), mail("b"))
    (first,) = await store.mails.take(8, MINUTE)
    await store.mails.refuse(first, "550", {"ada@district.example": 550})
    (second,) = await store.mails.take(8, MINUTE)

    anew = await store.mail_orders.retry(first.mail_id, "pat")
    cancelled = await store.mail_orders.cancel(first.mail_id, "pat")

    assert second.subject == "About b"
    assert (anew.state, cancelled.state) == ("waiting", "cancelled")


@pytest.mark.parametrize("order", ["arrived", "again", "retry"])
async def test_an_order_that_does_not_fit_is_refused_and_says_why(store: StoreUnderTest, order: str) -> None:
    await put(store, mail())
    one = mail().mail_id
    orders: dict[str, Callable[[uuid.UUID, str], Awaitable[object]]] = {
        "retry": store.mail_orders.retry,
        "arrived": partial(store.mail_orders.settle, arrived=True),
        "again": partial(store.mail_orders.settle, arrived=False),
    }

    with pytest.raises(OrderRefused, match="is waiting; this is possible only while it is"):
        await orders[order](one, "pat")


async def test_a_mail_that_was_sent_is_not_cancelled(store: StoreUnderTest) -> None:
    await put(store, mail())
    (taken,) = await store.mails.take(8, MINUTE)
    await store.mails.handed(taken, {}, MINUTE)

    with pytest.raises(OrderRefused, match="is sending;"):
        await store.mail_orders.cancel(taken.mail_id, "pat")


async def test_a_returned_mail_needs_a_person_each_time_until_settled(store: StoreUnderTest) -> None:
    await put(store, mail())
    (taken,) = await store.mails.take(8, MINUTE)
    await store.mails.handed(taken, {}, MINUTE)
    await store.mails.sent(taken)
    known = [
        await store.mails.bounce(taken.mail_id, {"ada@district.example": "5.1.1"}),
        await store.mails.bounce(taken.mail_id, {"ada@district.example": "5.1.1"}),
        await store.mails.bounce(mail_id("no", "such"), {"ada@district.example": "5.1.1"}),
    ]
    needed = [len(await need_a_person(store))]
    await store.mail_orders.settle(taken.mail_id, "pat", arrived=True)
    needed.append(len(await need_a_person(store)))
    await store.mails.bounce(taken.mail_id, {"office@district.example": "5.2.1"})
    needed.append(len(await need_a_person(store)))

    assert known == ["invitation", None, None]
    assert needed == [1, 0, 1]
    assert (await store.mail_orders.show(taken.mail_id)).needs_person


async def in_sync(store: StoreUnderTest, status: str) -> None:
    standing = "now(), ''" if status == "review" else "NULL, NULL"
    await store.rows(
        "INSERT INTO districts (district_id, status, standing_since, reported_digest) VALUES "
        f"($1, $2, {standing}) ON CONFLICT (district_id) DO UPDATE SET status = EXCLUDED.status, "
        "standing_since = EXCLUDED.standing_since, reported_digest = EXCLUDED.reported_digest",
        DISTRICT,
        status,
    )


async def test_a_mail_for_the_sync_is_passed_by_until_in_sync(store: StoreUnderTest) -> None:
    await put(store, mail("ready", wait_for_sync=True), mail("rules"))
    await in_sync(store, "review")
    (rules,) = await store.mails.take(8, MINUTE)
    await store.mails.handed(rules, {}, MINUTE)
    await store.mails.sent(rules)
    still = await store.mails.take(8, MINUTE)
    await in_sync(store, "rostered")

    (ready,) = await store.mails.take(8, MINUTE)

    assert (rules.subject, still, ready.subject) == ("About rules", [], "About ready")


@pytest.mark.parametrize("trouble", ["review", "hold", "parked", "disconnected"])
async def test_a_mail_for_the_sync_stays_where_sync_was_lost(store: StoreUnderTest, trouble: str) -> None:
    await put(store, mail("ready", wait_for_sync=True))
    await in_sync(store, "rostered")
    (ready,) = await store.mails.take(8, MINUTE)
    match trouble:
        case "review":
            await in_sync(store, "review")
        case "hold":
            await store.districts.hold(DISTRICT, "pat", "a stop")
        case "parked":
            await store.rows(
                "INSERT INTO evaluation_failures VALUES ($1, 5, now(), now(), 'trouble')", DISTRICT
            )
        case _:
            await store.rows(
                "INSERT INTO connections (district_id, disconnected_at) VALUES ($1, now())", DISTRICT
            )

    assert not await store.mails.handed(ready, {}, MINUTE)


async def test_a_purged_districts_mails_are_gone(store: StoreUnderTest) -> None:
    await put(store, mail(), mail("a", "another"))
    await in_sync(store, "rostered")

    deleted = await store.districts.purge(DISTRICT, "pat")

    assert deleted["mails"] == 1
    assert [each.district_id for each in await store.mail_orders.newest(None)] == ["another"]


async def test_two_processes_never_take_the_same_mail(store: StoreUnderTest) -> None:
    await put(store, *(mail("a", str(number)) for number in range(40)))
    async with opened_store(store.url) as other:
        taken = await asyncio.gather(
            *(each.mails.take(3, MINUTE) for each in (store, other) for _ in range(10))
        )

    assert set(Counter(each.district_id for some in taken for each in some).values()) == {1}
    assert sum(map(len, taken)) == 40


END = st.sampled_from(["sent", "refused", "put off", "died", "uncertain"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(st.sampled_from("12"), min_size=1, max_size=6), ends=st.lists(END, max_size=12))
async def test_a_districts_mails_leave_in_order(database_url: str, made: list[str], ends: list[str]) -> None:
    left: dict[str, list[int]] = {"1": [], "2": []}
    async with opened_store(database_url) as store:
        await store.rows("DELETE FROM mails")
        await put(store, *(mail(str(place), district) for place, district in enumerate(made)))
        for end in ends:
            await store.rows("UPDATE mails SET next_attempt_at = clock_timestamp() WHERE state = 'waiting'")
            for one in await store.mails.take(1, MINUTE):
                if end in {"sent", "uncertain"}:
                    await store.mails.handed(one, {}, MINUTE)
                    left[one.district_id].append(int(one.subject.removeprefix("About ")))
                if end == "sent":
                    await store.mails.sent(one)
                elif end == "refused":
                    await store.mails.refuse(one, "no", {})
                elif end == "put off":
                    await store.mails.put_off(one, "later", NOTHING, DAY)
        blocked = await store.rows(
            "SELECT district_id, position FROM mails WHERE state IN ('sending', 'uncertain')"
        )
        later = await store.rows(
            "SELECT FROM mails m JOIN mails e USING (district_id) WHERE e.state IN ('sending', 'uncertain') "
            "AND m.position > e.position AND m.handed_at IS NOT NULL"
        )

    assert all(order == sorted(order) for order in left.values())
    assert later == []
    assert len(blocked) <= 2


async def test_a_waiting_stage_is_woken_by_new_and_by_settled_mails(store: StoreUnderTest) -> None:
    async def woken() -> None:
        await asyncio.wait_for(store.mails.wait(60), 20)

    await store.mails.wait(0)  # from now on it listens
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(store.mails.wait(60), 0.05)
    await put(store, mail("first"))
    await woken()
    (first,) = await store.mails.take(1, MINUTE)
    assert await store.mails.handed(first, {}, MINUTE)
    await store.mails.sent(first)
    await woken()
    await put(store, mail("second"))
    await woken()
    (second,) = await store.mails.take(1, MINUTE)
    await store.mails.refuse(second, "no such user", {})
    await woken()
