"""Orders in the console, sent as a browser without JavaScript sends them: done, refused, and written down."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.support.builders.records import DISTRICT, record_id
from tests.support.fixtures.console_orders import Browser
from tests.support.fixtures.people import SOUTH, SOUTHERN, Feed, commits, evaluate, renamed
from tests.support.fixtures.store import StoreUnderTest
from worker.console.access.identity import Identity, Role
from worker.console.pages import rollback
from worker.pipeline.poll.clever import Token


async def audited(store: StoreUnderTest) -> list[tuple[str, str, str | None]]:
    rows = await store.rows(
        "SELECT actor, action, detail FROM audit WHERE action NOT LIKE 'lookup.%' ORDER BY id"
    )
    return [(row["actor"], row["action"], row["detail"].get("reason")) for row in rows]


async def looked(store: StoreUnderTest) -> list[tuple[str, str]]:
    rows = await store.rows("SELECT actor, action FROM audit WHERE action LIKE 'lookup.%' ORDER BY id")
    return [(row["actor"], row["action"]) for row in rows]


async def lose_the_southern_school(feed: Feed, store: StoreUnderTest) -> None:
    gone = [("users", str(record_id(number))) for number in SOUTHERN]
    await feed.send(*gone, ("sections", str(record_id(701))), ("schools", SOUTH))
    assert await evaluate(store) == ["review"]


async def status(store: StoreUnderTest) -> str:
    return str((await store.districts.show(DISTRICT))["status"])


# Hold, resume, flush, resync


@pytest.mark.usefixtures("feed")
async def test_a_district_is_held_and_resumed_with_a_reason(browser: Browser, store: StoreUnderTest) -> None:
    await browser.of("hold", {"reason": " audit week "})
    assert (browser.status, browser.address) == (303, f"/districts/{DISTRICT}?done=held")
    assert await status(store) == "on_hold"
    assert "audit week" in await browser.of("orders")

    await browser.of("resume", {"reason": "over"})
    assert await status(store) == "rostered"
    assert await audited(store) == [
        ("local", "district.hold", "audit week"),
        ("local", "district.resume", "over"),
    ]


@pytest.mark.parametrize(
    ("order", "reason", "code", "told"),
    [
        ("hold", "  ", 422, "expected a reason"),
        ("hold", "x" * 1001, 422, "at most 1,000 characters"),
        ("resume", "go on", 409, "is not on hold"),
        ("resync", "", 409, "not connected to this application in Clever"),
    ],
)
@pytest.mark.usefixtures("feed")
async def test_an_order_that_is_refused_says_why_and_changes_nothing(
    browser: Browser, store: StoreUnderTest, order: str, reason: str, code: int, told: str
) -> None:
    text = await browser.of(order, {"reason": reason})

    assert (browser.status, await status(store), await audited(store)) == (code, "rostered", [])
    assert told.lower() in text.lower()


@pytest.mark.usefixtures("feed")
async def test_what_was_typed_is_kept_beside_the_refusal(browser: Browser, store: StoreUnderTest) -> None:
    await store.districts.hold(DISTRICT, "ada", "first")

    text = await browser.of("hold", {"reason": "mine as well"})

    assert browser.status == 409
    assert "already on hold by ada" in text
    assert "Your reason: mine as well" in text


@pytest.mark.usefixtures("feed")
async def test_a_window_is_flushed(browser: Browser, store: StoreUnderTest) -> None:
    await browser.of("flush", {})

    (window,) = await store.rows("SELECT requested FROM windows")
    assert (browser.status, window["requested"]) == (303, "flush")
    assert await audited(store) == [("local", "window.flush", None)]


@pytest.mark.usefixtures("feed")
async def test_a_connected_district_is_read_whole_again(browser: Browser, store: StoreUnderTest) -> None:
    await store.connections.listed({DISTRICT: Token("a token")})
    await store.connections.again(DISTRICT, timedelta(hours=1), None)

    await browser.of("resync", {})

    assert browser.status == 303
    connection = await store.connections.read(DISTRICT)
    assert connection is not None
    assert connection.resync == "requested by local"
    assert await audited(store) == [("local", "district.resync", None)]


async def test_an_order_on_a_district_that_was_never_seen_is_no_page(browser: Browser) -> None:
    for order in ("hold", "flush", "resync", "plan/approve", "rollback", "filter/adopt", "filter/edit"):
        await browser.send(f"/districts/{'e0' * 12}/{order}", {"reason": "x", "do": "save", "to": "1"})
        assert browser.status == 404, order


# The plan


async def test_a_plan_is_told_change_by_change(browser: Browser, store: StoreUnderTest, feed: Feed) -> None:
    await store.districts.hold(DISTRICT, "ada", "wait")
    await feed.send(renamed(1, "Zelda"))
    await evaluate(store)

    text = await browser.of("plan")

    assert "<del>Tamsin</del>" in text
    assert "<ins>Zelda</ins>" in text
    assert record_id(1) in text
    assert await looked(store) == [("local", "lookup.plan")]


async def test_who_may_not_see_personal_data_sees_which_fields_change_and_no_value(
    browser: Browser, store: StoreUnderTest, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.console.pages.plan.who", lambda _request: Identity("eve", Role.VIEWER))
    await store.districts.hold(DISTRICT, "ada", "wait")
    await feed.send(renamed(1, "Zelda"))
    await evaluate(store)

    text = await browser.of("plan")

    assert record_id(1) in text
    assert "first_name" in text
    for value in ("Zelda", "Tamsin", "Fernquay"):
        assert value not in text
    assert await looked(store) == []


async def test_a_plan_is_read_page_by_page(
    browser: Browser, store: StoreUnderTest, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.console.pages.plan.PAGE", 5)
    await lose_the_southern_school(feed, store)
    seen: list[str] = []
    path = "plan?kind=student&op=removed"
    while True:
        text = await browser.of(path)
        seen += re.findall(r"student<code>(\w+)</code>", text)
        following = re.search(r'plan(\?[^"#]*)#changes">Next page', text)
        if following is None:
            break
        path = f"plan{following[1]}"

    assert seen == [record_id(number) for number in SOUTHERN]
    assert "No changes match" in await browser.of("plan?kind=teacher&op=added")


async def test_a_mass_removal_is_approved(browser: Browser, store: StoreUnderTest, feed: Feed) -> None:
    await lose_the_southern_school(feed, store)
    text = await browser.of("plan")
    assert "district.mass_removal" in text
    assert "12 of 32" in text

    await browser.of("plan/approve", {"plan": browser.hidden("plan"), "reason": "it closed"})

    assert (browser.status, browser.address) == (303, f"/districts/{DISTRICT}/plan?done=approved")
    assert await evaluate(store) == ["commit"]
    assert await audited(store) == [("local", "plan.approve", "it closed")]


async def test_a_changed_plan_is_not_approved(browser: Browser, store: StoreUnderTest, feed: Feed) -> None:
    await lose_the_southern_school(feed, store)
    await browser.of("plan")
    seen = browser.hidden("plan")
    await feed.send(renamed(1, "Zelda"))
    await evaluate(store)

    text = await browser.of("plan/approve", {"plan": seen, "reason": "it closed"})

    assert browser.status == 409
    assert "changed: it is now" in text
    assert browser.hidden("plan") != seen
    assert browser.hidden("plan") == (await store.districts.show(DISTRICT))["plan"]["digest"]
    assert 'value="it closed"' in text


# Rolling back


async def test_a_district_is_rolled_back(browser: Browser, store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(renamed(1, "Zelda"))
    assert await evaluate(store) == ["commit"]
    assert "Preview" in await browser.of("rollback")

    tried = await browser.of("rollback/try", {"to": "1"})
    assert (browser.status, len(await commits(store))) == (200, 2)
    assert "Roll back to commit 1" in tried
    no = await browser.of("rollback", {"to": "1", "reason": " "})
    assert (browser.status, len(await commits(store))) == (422, 2)
    assert "Roll back to commit 1" in no
    await browser.of("rollback", {"to": "1", "reason": "a wrong name"})

    assert (browser.status, await status(store)) == (303, "on_hold")
    assert (await commits(store))[-1]["rolled_back_to"] == 1
    assert await audited(store) == [("local", "district.rollback", "a wrong name")]


@pytest.mark.parametrize(("to", "code"), [("1", 409), ("7", 409), ("one", 422), ("", 422)])
@pytest.mark.usefixtures("feed")
async def test_what_cannot_be_gone_back_to_is_told(browser: Browser, to: str, code: int) -> None:
    await browser.of("rollback/try", {"to": to})
    assert browser.status == code
    await browser.of("rollback", {"to": to, "reason": "x"})
    assert browser.status == code
    assert "no earlier commit" in browser.text


async def test_no_more_commits_are_listed_than_a_page_has_room_for(
    browser: Browser, store: StoreUnderTest, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollback, "LISTED", 2)
    for name in ("Ada", "Zelda"):
        await feed.send(renamed(1, name))
        await evaluate(store)

    assert "And 1 older restore point" in await browser.of("rollback")
