"""Dead letters in the console: seen without what is in them, looked into, replayed and discarded."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from tests.support.builders.records import DISTRICT, body, event_json, student_json
from tests.support.fixtures.console_orders import Browser
from tests.support.fixtures.ingest import ingesting
from tests.support.fixtures.store import StoreUnderTest
from worker.messaging.broker import Message

BROKEN = body(event_json(student_json(1, {"grade": 3}), number=5))
NAMED = b'{"Tamsin Fernquay'
OUR_KEY = f"{DISTRICT}.users.created"
LETTER = hashlib.sha256(BROKEN).hexdigest()


@pytest.fixture
async def ingest(browser: Browser, store: StoreUnderTest) -> AsyncIterator[None]:
    """Ingest beside the console, after it has put two messages aside."""
    async with ingesting(browser.broker, store.inbox):
        async with asyncio.timeout(20):
            for one, key in ((BROKEN, OUR_KEY), (NAMED, "Tamsin.Fernquay")):
                headers = {"district_id": DISTRICT}
                await browser.broker.publish(Message("clever.events", key, one, headers=headers))
        yield


async def quarantined(store: StoreUnderTest) -> int:
    return len(await store.rows("SELECT 1 FROM quarantine"))


async def test_without_dead_letters_the_page_says_so(browser: Browser) -> None:
    assert "Every message could be read" in await browser.open("/dead-letters")


@pytest.mark.usefixtures("ingest")
async def test_a_list_tells_everything_but_what_is_in_the_letters(browser: Browser) -> None:
    text = await browser.open("/dead-letters")

    for told in (LETTER, DISTRICT, "bad_field", "not_json", "should be a valid string", f"{len(BROKEN):,}"):
        assert told in text
    assert "Fernquay" not in text


@pytest.mark.usefixtures("ingest")
async def test_whoever_looks_into_a_letter_is_written_down(browser: Browser, store: StoreUnderTest) -> None:
    text = await browser.open(f"/dead-letters/{hashlib.sha256(NAMED).hexdigest()}")

    assert '{"Tamsin Fernquay' in text
    (looked,) = await store.rows("SELECT actor, action, district_id FROM audit")
    assert tuple(looked) == ("local", "lookup.dead-letters", DISTRICT)
    await browser.open(f"/dead-letters/{'ab' * 32}")
    assert browser.status == 404
    await browser.open("/dead-letters/nothing")
    assert browser.status == 404


async def test_letters_that_are_in_use_are_told_so(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser.console.dead_letters, "_patience", 0.05)
    async with browser.console.dead_letters.open():
        for path in ("", f"/{LETTER}"):
            assert "The dead letters are in use" in await browser.open(f"/dead-letters{path}")
            assert browser.status == 503


@pytest.mark.usefixtures("ingest")
async def test_a_letter_is_discarded_with_a_reason(browser: Browser, store: StoreUnderTest) -> None:
    await browser.send("/dead-letters/discard", {"letter": LETTER, "reason": "a test of theirs"})

    assert (browser.status, browser.address) == (303, "/dead-letters?done=discarded")
    assert await quarantined(store) == 1
    assert LETTER not in await browser.open("/dead-letters")
    (noted,) = await store.rows("SELECT actor, action, detail FROM audit")
    assert (noted["actor"], noted["action"]) == ("local", "dead_letter.discard")
    assert noted["detail"] == {"letter": LETTER, "unreadable_for": "bad_field", "reason": "a test of theirs"}


@pytest.mark.usefixtures("ingest")
async def test_a_letter_still_unreadable_comes_back_replayed(browser: Browser, store: StoreUnderTest) -> None:
    await browser.send("/dead-letters/replay", {"letter": LETTER, "reason": "again"})

    assert (browser.status, browser.address) == (303, "/dead-letters?done=replayed")
    assert LETTER in await browser.open("/dead-letters")
    assert await quarantined(store) == 2


@pytest.mark.parametrize(
    ("fields", "code", "told"),
    [
        ({"reason": "x"}, 422, "at least one dead letter"),
        ({"letter": LETTER, "reason": " "}, 422, "expected a reason"),
        ({"letter": "ab" * 32, "reason": "x"}, 409, "no longer there"),
    ],
)
@pytest.mark.parametrize("order", ["replay", "discard"])
@pytest.mark.usefixtures("ingest")
async def test_an_order_that_cannot_be_carried_out_keeps_what_was_typed(
    browser: Browser, store: StoreUnderTest, order: str, fields: dict[str, str], code: int, told: str
) -> None:
    text = await browser.send(f"/dead-letters/{order}", fields)

    assert browser.status == code
    assert told in text.lower()
    assert f'value="{fields["reason"]}"' in text
    assert (f'value="{LETTER}" aria-label="Letter {LETTER[:12]}" checked' in text) is (
        fields.get("letter") == LETTER
    )
    assert await quarantined(store) == 2
