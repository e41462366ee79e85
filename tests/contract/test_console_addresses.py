"""A district's id comes from whoever publishes its events: whatever it holds, pages lead to its own."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import aiohttp
import pytest

from schemas import clever
from tests.support.builders.records import DISTRICT, body, event_json, student_json
from tests.support.fixtures.console_orders import Browser
from tests.support.fixtures.people import Feed, evaluate
from tests.support.fixtures.store import StoreUnderTest
from worker.pipeline.ingest import translate

ODD = '../dead-letters/discard?"><script>#'
"""An id by which an order on this district would be one on dead letters, or on another district."""
HOME = f"/districts/{quote(ODD, safe='')}"
_ADDRESS = re.compile(r'(?:href|action|formaction|data-live-action)="([^"]*)"')


@pytest.fixture
async def odd(store: StoreUnderTest) -> str:
    event = clever.read(body(event_json(student_json(1, district=ODD), "users.created")))
    assert isinstance(event, clever.Event)
    await store.inbox.store([translate.to_arrival(event)], [], [], [])
    assert await evaluate(store) == ["review"]
    return ODD


@pytest.mark.usefixtures("odd")
@pytest.mark.parametrize("tab", ["", "/findings", "/filter", "/filter/edit", "/plan", "/history", "/orders"])
async def test_pages_of_a_district_with_an_odd_id_lead_to_its_own_pages(browser: Browser, tab: str) -> None:
    await browser.open(HOME + tab)

    assert browser.status == 200
    addresses = [unescape(address) for address in _ADDRESS.findall(browser.page)]
    assert f"{HOME}/findings" in addresses
    assert [one for one in addresses if "discard" in one and not one.startswith(HOME)] == []
    assert '"><script>' not in browser.page


@pytest.mark.usefixtures("odd")
async def test_an_order_on_a_district_with_an_odd_id_leads_back_to_it(browser: Browser) -> None:
    await browser.send(f"{HOME}/hold", {"reason": "its id is odd"})
    assert browser.address == f"{HOME}?done=held"
    await browser.open("/")
    assert f'href="{HOME}"' in browser.page


@pytest.mark.usefixtures("feed")
async def test_a_file_has_the_headers_that_pages_have(browser: Browser) -> None:
    async with browser.client.get(f"/districts/{DISTRICT}/findings.csv") as answer:
        assert (await answer.text()).startswith("code,severity")
        for name, value in (("X-Content-Type-Options", "nosniff"), ("Server", "rostering")):
            assert answer.headers[name] == value
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.alone("renames a column of the shadow's as well")
async def test_a_file_that_ends_too_early_does_not_look_like_a_whole_one(
    browser: Browser, feed: Feed, store: StoreUnderTest
) -> None:
    await feed.send(("users", student_json(1, name={"first": "", "last": "Fernquay"})))
    assert await evaluate(store) == ["review"]
    await store.rows("ALTER TABLE findings RENAME COLUMN detail TO gone")

    with pytest.raises(aiohttp.ClientError):
        async with browser.client.get(f"/districts/{DISTRICT}/findings.csv") as answer:
            await answer.text()
