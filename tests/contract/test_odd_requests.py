"""Every page, with texts in every place that no person types: an answer, and never a failure of ours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

import worker.console
from tests.support.builders.records import DISTRICT, student_json
from tests.support.fixtures.access import Serve
from tests.support.fixtures.people import NORTH, Feed, evaluate, fed_once
from tests.support.fixtures.store import StoreUnderTest
from worker.console.access.cookies import SESSION
from worker.domain.access.users import Role
from worker.onboarding.district_store import Description

CONSOLE: Final = Path(worker.console.__file__).parent
ODD: Final = {
    "nul": "a%00b",
    "surrogate": "%ED%A0%80",
    "no UTF-8": "%FF%FE",
    "long": "9" * 6000,
    "controls": "%01%1b%5B31m%7F%C2%85%E2%80%AE",
    "far": "9999-12-31",
    "far back": "0001-01-01",
    "huge": "99999999999999999999",
    "json": quote('{"rules":[{"all":[{"field":"name","op":"is","value":"\\u0000\\ud800"}]}]}', safe=""),
    "deep json": quote("[" * 2500, safe=""),
}
PLACE: Final = re.compile(r"{(\w+)}")
_FIELDS: Final = re.compile(r'name="(\w+)"|(?:get|text_of)\((?:form, )?"(\w+)"')


def known_fields() -> list[str]:
    """Return every name of a form's field, or of a parameter, that pages and handlers know."""
    texts = [path.read_text() for path in CONSOLE.rglob("*") if path.suffix in {".html", ".py"}]
    found = {one or other for text in texts for one, other in _FIELDS.findall(text)}
    return sorted(found - {"form_token"})


async def arrived(store: StoreUnderTest) -> None:
    await fed_once(store, in_review_and_in_onboarding)


async def in_review_and_in_onboarding(feed: Feed) -> None:
    store = feed.store
    await feed.send(("users", student_json(1, {"school": NORTH, "sis_id": ""})))
    await evaluate(store)
    await store.onboarding.choose(DISTRICT, Description("North", ["team@north.test"], None), "test")


@pytest.mark.parametrize("kind", ODD)
async def test_no_text_in_a_request_makes_a_page_fail(serve: Serve, store: StoreUnderTest, kind: str) -> None:
    await arrived(store)
    odd = ODD[kind]
    every_field = "&".join(f"{name}={odd}" for name in known_fields())
    failed = list[tuple[int, str, str]]()
    async with serve() as console, console.logged_in(Role.ADMIN) as browser:
        token = (await browser.get("/account")).token
        cookie = {SESSION: browser.cookie() or ""}
        async with aiohttp.ClientSession(
            cookies=cookie, cookie_jar=aiohttp.CookieJar(unsafe=True)
        ) as session:
            session.cookie_jar.update_cookies(cookie, URL(console.url))
            pages = [page for page in console.pages if page.path not in {"/logout", "/metrics"}]
            for page in pages:
                known = PLACE.sub(lambda place: DISTRICT if place[1] == "district" else odd, page.path)
                for path in {known, PLACE.sub(odd, page.path)}:
                    url, body = path, None
                    if page.method != "GET":
                        body = f"form_token={token}&{every_field}"
                    elif len(odd) < 100:
                        url += f"?{every_field}"
                    async with session.request(
                        page.method,
                        URL(console.url.rstrip("/") + url, encoded=True),
                        data=body,
                        headers={"Content-Type": "application/x-www-form-urlencoded"} if body else {},
                        allow_redirects=False,
                    ) as answer:
                        await answer.read()
                        if answer.status >= 500:
                            failed.append((answer.status, page.method, url[:120]))

    assert failed == []


async def test_links_for_districts_do_not_use_a_requests_host(serve: Serve, store: StoreUnderTest) -> None:
    await arrived(store)
    async with serve() as console, console.logged_in(Role.ADMIN) as browser:
        token = (await browser.get("/account")).token
        path = f"/districts/{DISTRICT}/onboarding/new-link"
        page = await browser.post(path, {"form_token": token}, Host="evil.example")
        address = f"{console.url}connect/"

    assert page.status == 200
    assert "evil.example" not in page.text
    assert address in page.text
