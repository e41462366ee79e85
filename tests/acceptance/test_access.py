"""The real program asks who one is: users by its commands, the console off the loopback."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp

from tests.acceptance.program import Site
from tests.support.fixtures.access import PASSWORD, Browser


async def test_the_program_serves_off_the_loopback_once_users_can(tmp_path: Path, database_url: str) -> None:
    site = Site(tmp_path, database_url=database_url, settings={"HTTP__HOST": "0.0.0.0"})  # noqa: S104

    refused, short = await asyncio.gather(
        site.command("run"), site.command("users", "add", "ada", "--role", "admin", stdin="too short\n")
    )
    added = await site.done("users", "add", "Ada", "--role", "admin", stdin=f"{PASSWORD}\n")

    for finished, told in (
        (refused, "rostering users add NAME --role admin"),
        (refused, "ROSTERING_HTTP__TRUSTED_PROXIES"),
        (short, "expected at least 12 characters, got 9"),
    ):
        assert (finished.code, finished.out, finished.err.count("\n")) == (2, "", 1), finished
        assert told in finished.err
    assert added == "ada can log in as admin.\n"
    async with site.worker() as worker:
        url = (await worker.url()).replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        browser = Browser(url)
        async with browser.session:
            asked = await browser.get("/")
            entered = await browser.log_in("ada")
            audit = await browser.get("/audit")
            listed = await site.done("users", "list")
            ended = await site.done("users", "sessions", "end", "ada")
            after = await browser.get("/")
        lines = str(worker.records) + str(worker.lines)

    assert (asked.status, asked.headers["Location"]) == (303, "/login?next=/")
    assert (entered.status, entered.headers["Location"]) == (303, "/")
    assert "logged in" in audit.text
    assert listed.splitlines()[1].split()[:4] == ["ada", "admin", "enabled", "1"]
    assert ended == "ada is logged out everywhere: 1 session ended.\n"
    assert after.status == 303
    assert PASSWORD not in lines


async def test_a_proxy_that_says_who_asks_serves_without_users(tmp_path: Path, database_url: str) -> None:
    proxy = {
        "HTTP__HOST": "0.0.0.0",  # noqa: S104
        "HTTP__TRUSTED_PROXIES": '["127.0.0.1"]',
        "HTTP__USER_HEADER": "X-Forwarded-User",
    }
    site = Site(tmp_path, database_url=database_url, settings=proxy)

    async with site.worker() as worker:
        url = (await worker.url()).replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        async with (
            aiohttp.ClientSession(url) as session,
            session.get("/", headers={"X-Forwarded-User": "carol"}) as answer,
        ):
            text = await answer.text()

    assert answer.status == 200
    assert "carol" in text
    assert "(viewer)" in text
