"""Which mails are taken, and what may be said of one: of each kind there is one, and no other is changed."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.support.builders.mail_rows import KINDS, add, add_each_kind, changed_of, held, need_a_person, rows
from tests.support.builders.mails import DAY, MINUTE, mail, put
from tests.support.fixtures.people import until_it_waits
from tests.support.fixtures.store import StoreUnderTest
from worker.mail.mail_store import DueMail
from worker.runtime.errors import OrderRefused

HOUR, MOMENT, NOTHING = timedelta(hours=1), timedelta(seconds=20), timedelta(0)
LATER = datetime(2190, 1, 1, tzinfo=UTC)

ORDERS: Final[dict[str, tuple[Callable[[StoreUnderTest, DueMail], Awaitable[object]], set[str]]]] = {
    "postpone": (lambda store, due: store.mails.postpone(due, LATER), {"waits"}),
    "handed": (lambda store, due: store.mails.handed(due, {}, MINUTE), {"waits"}),
    "sent": (lambda store, due: store.mails.sent(due), {"sending", "uncertain"}),
    "put_off": (
        lambda store, due: store.mails.put_off(due, "busy", MINUTE, DAY),
        {"waits", "sending", "uncertain"},
    ),
    "refuse": (lambda store, due: store.mails.refuse(due, "no", {}), {"waits", "sending", "uncertain"}),
    "uncertain": (lambda store, due: store.mails.uncertain(due, "?"), {"sending", "uncertain"}),
}
"""What a holder says of a mail, and of which kinds it may."""


@pytest.mark.parametrize("order", ORDERS)
async def test_a_word_on_a_mail_changes_it_where_it_may_be_said(store: StoreUnderTest, order: str) -> None:
    say, fitting = ORDERS[order]
    await add_each_kind(store)
    changed = {}
    for name in KINDS:
        before = await rows(store)
        await say(store, held(before[name]))
        changed[name] = changed_of(before, await rows(store))

    assert changed == {name: {name} if name in fitting else set() for name in KINDS}


@pytest.mark.parametrize("order", ORDERS)
async def test_a_holder_whose_turn_is_over_changes_nothing(store: StoreUnderTest, order: str) -> None:
    say, _ = ORDERS[order]
    await add_each_kind(store)
    before = await rows(store)

    for row in before.values():
        await say(store, held(row, attempts=2))
        await say(store, held(row, mail_id=uuid.uuid4()))

    assert changed_of(before, await rows(store)) == set()


async def test_a_mail_is_handed_over_only_within_the_time_of_its_taker(store: StoreUnderTest) -> None:
    for name, ahead in (("within", MOMENT), ("over", -MOMENT)):
        await add(
            store, name, f"attempts = 1, next_attempt_at = now() + interval '{ahead.total_seconds()} s'"
        )
    refused = {"a@b.example": 550}

    said = {
        name: await store.mails.handed(held(row), refused, MINUTE)
        for name, row in (await rows(store)).items()
    }

    after = await rows(store)
    assert said == {"within": True, "over": False}
    assert after["over"]["handed_at"] is None
    assert after["within"]["refused"] == refused
    assert MINUTE - MOMENT < after["within"]["next_attempt_at"] - datetime.now(UTC) <= MINUTE


async def test_a_mail_put_off_starts_over_and_counts_from_its_first_try(store: StoreUnderTest) -> None:
    for name, since in (("first", "NULL"), ("young", "now() - interval '1 day' + interval '20 s'"),
                        ("old", "now() - interval '1 day' - interval '20 s'")):  # fmt: skip
        await add(
            store,
            name,
            "state = 'sending', attempts = 1, handed_at = now(), refused = '{\"x\": 1}', "
            f"trying_since = {since}",
        )
    before = await rows(store)

    said = {name: await store.mails.put_off(held(row), name, HOUR, DAY) for name, row in before.items()}

    after = await rows(store)
    assert said == {"first": False, "young": False, "old": True}
    assert {name: row["dead_at"] is not None for name, row in after.items()} == said
    for name, row in after.items():
        assert (row["handed_at"], row["refused"], row["problem"]) == (None, {}, name)
        assert HOUR - MOMENT < row["next_attempt_at"] - datetime.now(UTC) <= HOUR
        assert row["trying_since"] == before[name]["trying_since"] or name == "first"
    assert datetime.now(UTC) - after["first"]["trying_since"] < MOMENT


async def test_of_a_text_only_links_that_have_left_are_lost(store: StoreUnderTest) -> None:
    token = "t0_-" * 8
    text = f"https://x.example/connect/{token}, /connect/{token} and /connect/short"
    await add(store, "a", "state = 'sending', attempts = 1, handed_at = now(), problem = 'slow'")
    await store.rows("UPDATE mails SET text = $1, html = $1 || '!'", text)

    await store.mails.sent(held((await rows(store))["a"]))

    sent = (await rows(store))["a"]
    assert sent["text"] == "https://x.example/connect/…, /connect/… and /connect/short"
    assert (sent["html"], sent["problem"]) == (f"{sent['text']}!", None)


# What is taken


async def taken(store: StoreUnderTest, limit: int = 99) -> list[str]:
    """Return the occasions of what is taken, in the order of the alphabet."""
    return sorted(due.subject.removeprefix("About ") for due in await store.mails.take(limit, MINUTE))


async def test_only_what_waits_and_is_due_is_taken(store: StoreUnderTest) -> None:
    await add_each_kind(store)
    await store.rows("UPDATE mails SET next_attempt_at = now() - interval '1 minute'")
    await add(store, "later", f"next_attempt_at = now() + interval '{MOMENT.total_seconds()} s'")

    assert await taken(store) == ["waits"]
    assert await taken(store) == []


async def test_mails_due_longest_are_taken_first_as_far_as_asked_for(store: StoreUnderTest) -> None:
    for name, minutes in (("b", 3), ("a", 4), ("d", 1), ("c", 2)):
        await add(store, name, f"next_attempt_at = now() - interval '{minutes} minutes'")

    assert (await taken(store, 2), await taken(store, 2)) == (["a", "b"], ["c", "d"])


@pytest.mark.parametrize("first", KINDS)
async def test_a_mail_waits_while_the_one_before_may_still_go(store: StoreUnderTest, first: str) -> None:
    await add(store, "first", KINDS[first], "d")
    await add(store, "second", "attempts = 0", "d")

    assert await taken(store) == ([] if first in {"waits", "sending", "uncertain"} else ["second"])


async def test_a_mail_waits_for_no_later_one_nor_another_district(store: StoreUnderTest) -> None:
    await add(store, "first", KINDS["waits"], "other")
    await add(store, "second", "attempts = 0", "d")
    await add(store, "third", KINDS["waits"], "d")

    assert await taken(store) == ["second"]


async def sync(store: StoreUnderTest, district_id: str) -> None:
    """Have a district in sync."""
    await store.rows("INSERT INTO districts (district_id, status) VALUES ($1, 'rostered')", district_id)


async def test_what_waits_for_the_sync_is_taken_once_in_sync(store: StoreUnderTest) -> None:
    for name in ("in", "out"):
        await put(store, mail(name, name, wait_for_sync=True))
    await sync(store, "in")

    assert await taken(store) == ["in"]
    assert await store.mails.handed(held((await rows(store))["in"]), {}, MINUTE)
    await store.rows(
        "UPDATE mails SET state = 'waiting', attempts = 1, next_attempt_at = now() + interval '1 h', "
        "handed_at = NULL"
    )
    assert not await store.mails.handed(held((await rows(store))["out"]), {}, MINUTE)


@pytest.mark.parametrize("is_in_sync", [True, False])
@pytest.mark.parametrize("first", ["waits", "sending", "uncertain"])
async def test_one_that_waits_for_the_sync_holds_later_ones_up_once_it_may_go_or_has_begun_to(
    store: StoreUnderTest, first: str, is_in_sync: bool
) -> None:
    await add(store, "first", f"wait_for_sync = true, {KINDS[first]}", "d")
    await add(store, "second", "attempts = 0", "d")
    await sync(store, "d" if is_in_sync else "another")

    assert await taken(store) == (["second"] if first == "waits" and not is_in_sync else [])


async def test_a_mail_that_somebody_else_takes_is_passed_by(store: StoreUnderTest) -> None:
    await put(store, mail("held", "1"), mail("free", "2"))
    await add(
        store, "unanswered", "state = 'sending', attempts = 1, handed_at = now(), next_attempt_at = now()"
    )
    async with store.database.transaction() as connection:
        await connection.execute("SELECT FROM mails WHERE occasion <> 'free' FOR UPDATE")

        async with asyncio.timeout(10):
            assert await taken(store) == ["free"]

    assert await taken(store) == ["held"]
    assert (await rows(store))["unanswered"]["state"] == "uncertain"


async def test_only_a_mail_handed_over_and_out_of_time_becomes_uncertain(store: StoreUnderTest) -> None:
    await add_each_kind(store)
    over, within = (f"now() + interval '{by.total_seconds()} s'" for by in (-MOMENT, MOMENT))
    await store.rows(f"UPDATE mails SET next_attempt_at = {over} WHERE occasion <> 'sending'")
    await store.rows(f"UPDATE mails SET next_attempt_at = {within} WHERE occasion = 'sending'")
    before = await rows(store)
    await taken(store)
    meanwhile = await rows(store)
    await store.rows(f"UPDATE mails SET next_attempt_at = {over} WHERE occasion = 'sending'")

    await taken(store)

    assert changed_of(before, meanwhile) == {"waits"}
    assert {name: row["state"] for name, row in (await rows(store)).items()} == {
        name: row["state"] for name, row in before.items()
    } | {"sending": "uncertain"}


async def test_what_is_taken_counts_its_attempt_and_is_held_for_the_lease(store: StoreUnderTest) -> None:
    await add(store, "new", "next_attempt_at = now()")
    await add(store, "tried", "attempts = 3, trying_since = now() - interval '1 hour'")
    await add(store, "later", KINDS["waits"])

    due = {each.district_id: each for each in await store.mails.take(9, MINUTE)}

    after = await rows(store)
    assert {name: each.attempts for name, each in due.items()} == {"new": 1, "tried": 4}
    assert {name: row["attempts"] for name, row in after.items()} == {"new": 1, "tried": 4, "later": 1}
    assert due["new"].tried_for == timedelta(0)
    assert HOUR <= due["tried"].tried_for < HOUR + MOMENT
    for name, each in due.items():
        assert after[name]["next_attempt_at"] - each.now <= MINUTE
        assert after[name]["next_attempt_at"] - each.now > MINUTE - MOMENT


# What people see, and say


async def test_reports_are_added_to_a_mail_that_left_once_each(store: StoreUnderTest) -> None:
    await add_each_kind(store)
    before = await rows(store)

    first = {name: await store.mails.bounce(held(row).mail_id, {"a": "5"}) for name, row in before.items()}
    after = await rows(store)
    (sent,) = [row for name, row in after.items() if name == "sent"]
    again = await store.mails.bounce(held(sent).mail_id, {"a": "5"})
    more = await store.mails.bounce(held(sent).mail_id, {"b": "4"})

    left = {"sending", "uncertain", "sent", "bounced"}
    assert {name for name, kind in first.items() if kind} == left
    assert changed_of(before, after) == left
    assert [after[name]["state"] for name in sorted(left)] == ["bounced", "sending", "bounced", "uncertain"]
    assert (again, more) == (None, "invitation")
    assert (await rows(store))["sent"]["bounced"] == {"a": "5", "b": "4"}


async def test_a_mail_that_some_do_not_have_is_bounced_once_it_is_sent(store: StoreUnderTest) -> None:
    kept = {"sent": "problem = NULL", "refused": "refused = '{\"a\": 550}'"}
    for name, changed in kept.items():
        await add(store, name, f"{KINDS['sending']}, {changed}")
    await add(store, "reported", KINDS["sending"])
    before = {name: held(row) for name, row in (await rows(store)).items()}
    await store.mails.bounce(before["reported"].mail_id, {"a": "5"})

    for due in before.values():
        await store.mails.sent(due)

    after = {name: row["state"] for name, row in (await rows(store)).items()}
    assert after == {"sent": "sent", "refused": "bounced", "reported": "bounced"}


async def test_a_mail_that_is_sent_again_has_no_report_of_the_time_before(store: StoreUnderTest) -> None:
    await add(store, "a", KINDS["uncertain"])
    due = held((await rows(store))["a"])
    await store.mails.bounce(due.mail_id, {"a": "5"})

    await store.mail_orders.settle(due.mail_id, "pat", arrived=False)

    anew = (await rows(store))["a"]
    assert (anew["state"], anew["bounced"], anew["refused"]) == ("waiting", {}, {})


async def test_the_newest_mails_are_listed_of_one_district_or_of_all(store: StoreUnderTest) -> None:
    await put(store, *(mail(str(number), "12"[number % 2]) for number in range(6)))

    async def listed(district_id: str | None, limit: int) -> list[str]:
        return [each.occasion for each in await store.mail_orders.newest(district_id, limit)]

    assert await listed(None, 4) == ["5", "4", "3", "2"]
    assert await listed("1", 2) == ["4", "2"]
    assert await listed("2", 9) == ["5", "3", "1"]
    assert await listed("3", 9) == []


ANEW: Final = {
    "arrived": ("bounced", "uncertain"),
    "again": ("uncertain",),
    "retry": ("dead",),
    "cancel": ("waits", "dead"),
}


@pytest.mark.parametrize("order", ANEW)
async def test_an_order_changes_its_mail_alone_and_names_its_giver(store: StoreUnderTest, order: str) -> None:
    await add_each_kind(store)
    for name in ANEW[order]:
        before = await rows(store)
        of = held(before[name]).mail_id
        if order in {"arrived", "again"}:
            await store.mail_orders.settle(of, "pat", arrived=order == "arrived")
        else:
            await (store.mail_orders.retry if order == "retry" else store.mail_orders.cancel)(of, "pat")
        after = await rows(store)
        assert changed_of(before, after) == {name}
        row, old = after[name], before[name]
        assert (row["settled_by"], row["attempts"] - old["attempts"]) == ("pat", order in {"again", "retry"})
        if order == "arrived":
            assert old["sent_at"] in {None, row["sent_at"]}
            assert row["state"] == "sent"
        elif order == "cancel":
            assert MOMENT > datetime.now(UTC) - row["cancelled_at"] > NOTHING
        else:
            assert row["state"] == "waiting"
            assert MOMENT > datetime.now(UTC) - row["next_attempt_at"] > NOTHING


async def test_an_order_waits_for_the_sender_and_sees_what_became_of_it(store: StoreUnderTest) -> None:
    await add(store, "waits", KINDS["waits"])
    of = (await rows(store))["waits"]["mail_id"]

    async with store.database.transaction() as sender:
        await sender.execute("UPDATE mails SET state = 'sending', handed_at = now() WHERE mail_id = $1", of)
        cancelling = asyncio.ensure_future(store.mail_orders.cancel(of, "pat"))
        await until_it_waits(store, cancelling)

    with pytest.raises(OrderRefused, match="is sending"):
        await cancelling
    assert (await rows(store))["waits"]["cancelled_at"] is None


async def test_each_mail_is_shown_as_it_is(store: StoreUnderTest) -> None:
    await add_each_kind(store)

    for name, row in (await rows(store)).items():
        shown = await store.mail_orders.show(uuid.UUID(str(row["mail_id"])))
        assert (str(shown.mail_id), shown.occasion) == (str(row["mail_id"]), name)


AGO = "now() - interval '{} hours'"
NEEDS: Final = {
    "dead": ("state = 'dead', dead_at = {2}", 2),
    "uncertain": ("state = 'uncertain', handed_at = {3}", 3),
    "bounced": (
        "state = 'bounced', handed_at = {5}, sent_at = {4}, bounced = '{{\"a\": \"5\"}}', bounced_at = {2}",
        2,
    ),
    "refused by some": ("state = 'bounced', handed_at = {5}, sent_at = {4}, refused = '{{\"a\": 550}}'", 4),
    "dead and settled": ("state = 'dead', dead_at = {2}, settled_at = {1}", 2),
}
NEEDS_NOT: Final = {name: KINDS[name] for name in ("waits", "sending", "sent", "cancelled")}


def at(columns: str) -> str:
    """Return columns with their times: `{2}` is two hours ago."""
    hours = [AGO.format(number) for number in range(6)]
    by = ", settled_by = 'pat'" if "settled_at" in columns else ""
    return columns.format(*hours) + by


async def test_districts_need_a_person_since_their_oldest_unsettled_mail(store: StoreUnderTest) -> None:
    for name, (columns, _) in NEEDS.items():
        await add(store, name, at(columns))
    for name, columns in NEEDS_NOT.items():
        await add(store, name, at(columns))

    needed = await need_a_person(store)

    hours = {each["district_id"]: round((datetime.now(UTC) - each["since"]) / HOUR) for each in needed}
    assert hours == {name: ago for name, (_, ago) in NEEDS.items()}
    assert {each["mails"] for each in needed} == {1}
    assert [each["district_id"] for each in needed] == sorted(NEEDS)


async def test_mails_that_need_a_person_are_counted_since_the_first(store: StoreUnderTest) -> None:
    for ago in (2, 3, 1):
        await add(store, str(ago), at(f"state = 'dead', dead_at = {{{ago}}}"), "d")

    (needed,) = await need_a_person(store)

    assert (needed["mails"], round((datetime.now(UTC) - needed["since"]) / HOUR)) == (3, 3)
