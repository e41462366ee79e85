"""Reads what a run has written, answers and keeps, and remembers each marker with where it stood."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from typing import Final
from urllib.parse import unquote, urlsplit

import asyncpg

from tests.acceptance.program import Site
from tests.support.builders.records import DISTRICT, record_id
from tests.support.districts import canaries
from tests.support.fixtures.access import Answer, Browser

ROSTERS: Final = frozenset(
    {
        *("staged", "inbox", "roster", "commit_history", "filters", "baseline_records", "outbox"),
        *("onboarding", "mails"),
    }
)
"""Tables that hold people, names of sections and links, as they must; of the outbox all but commits is
read."""
TABS: Final = ("", "/findings", "/findings.csv", "/plan", "/history", "?forecast=1", "/mails")
PERSONAL: Final = ("/sections", "/filter", "/filter/edit", f"/students/{record_id(1)}", "/onboarding")
"""What an admin is shown of a district, and what was planted in it."""
LISTS: Final = ("/", "/audit", "/dead-letters", "/board", "/todo", "/onboarding.csv", "/onboarding.ics")
_ADDRESS: Final = re.compile(r'(?:href|action|formaction|src)="([^"]*)"')
_MAIL: Final = re.compile(r'href="(/districts/[^"]*/mails/[0-9a-f-]{36})"')
_LETTER: Final = re.compile(r'href="(/dead-letters/[0-9a-f]{64})"')


class Sweep:
    """What was read, and what was caught."""

    def __init__(self) -> None:
        self.caught: dict[str, list[str]] = {}
        self.watched: list[str] = []
        """Secrets that the program made itself."""

    def read(self, text: str, where: str) -> None:
        """Look for markers in a text, also where it is written as addresses or mails are."""
        if found := self.found(text):
            self.caught[where] = sorted(found | {*self.caught.get(where, [])})

    def found(self, text: str) -> set[str]:
        """Return the markers and the watched secrets in a text."""
        made = (each for each in self.watched if each in text)
        return {*canaries.found(text), *canaries.found(unquote(text)), *made}

    async def as_viewer(self, browser: Browser, mails: list[str]) -> None:
        """Go through the console as somebody who may see nobody, also where he knows an address."""
        for tab in TABS:
            answer = await browser.get(_of_district(tab))
            assert answer.status == 200, tab
            self.look(answer, f"a viewer's page {tab}")
        for path in (*LISTS, "/account", "/mails", *mails, *map(_of_district, PERSONAL)):
            self.look(await browser.get(path), f"a viewer's page {path}")

    async def as_admin(self, browser: Browser, mails: list[str]) -> None:
        """Go through the console as somebody who may see everybody: not in addresses, and not in lists."""
        for path in (*LISTS, *map(_of_district, ("", "/orders", "/rollback", "/mails"))):
            answer = await browser.get(path)
            assert answer.status == 200, path
            self.look(answer, f"an admin's page {path}")
        letters = _LETTER.findall((await browser.get("/dead-letters")).text)
        for path in (*letters[:1], *mails, *map(_of_district, PERSONAL)):
            answer = await browser.get(path)
            assert canaries.found(answer.text), f"{path} shows an admin what was planted"
            self._look_at_addresses(answer, f"an admin's page {path}")
        for tab in TABS:
            self._look_at_addresses(await browser.get(_of_district(tab)), f"an admin's page {tab}")
        await self._orders(browser)

    async def _orders(self, browser: Browser) -> None:
        """Send forms that hold something personal: where they lead to does not."""
        token, name = (await browser.get("/")).token, canaries.marker("section", 700)
        forms = {
            "sections": {"q": name, "by": "name", "field": "name", "value": name},
            "filter/edit": {"rule_field": "name", "rule_op": "is", "rule_value": name},
            "filter/coverage": {"rule-0-0-field": "name", "rule-0-0-op": "is", "rule-0-0-value": name},
            "filter/adopt": {"filter": f'{{"rules": "{name}"}}', "reason": "x", "version": name},
            "plan/approve": {"plan": name, "reason": "x"},
            "rollback": {"to": name, "reason": "x"},
            "flush": {"reason": "x"},
            "onboarding/describe": {
                "contacts": f"{canaries.address(1)} {name}",
                "name": "x",
                "time_zone": name,
            },
            "onboarding/window": {"opens_on": name, "launch_on": name},
            "onboarding/request_rules": {"rules": name},
        }
        for path, form in forms.items():
            answer = await browser.post(_of_district(f"/{path}"), {"form_token": token, **form})
            assert answer.status < 500, path
            self._look_at_addresses(answer, f"the answer of {path}")
        choice = {"form_token": token, "district": name, "name": name, "contacts": name, "time_zone": name}
        self._look_at_addresses(await browser.post("/board", choice), "the answer of /board")

    async def strange_questions(self, browser: Browser) -> None:
        """Ask for addresses that hold something personal; what is logged and traced of them does not."""
        strange = canaries.marker("asked")
        for path in (
            *(f"/{strange}", f"/?q={strange}", f"/districts/{strange}", f"/dead-letters/{strange}"),
            *(f"/audit?district={strange}&before={strange}", f"/static/{strange}"),
            *(f"/board?state={strange}&page={strange}", f"/todo?who={strange}", f"/mails/{strange}"),
            *(_of_district(f"/{end}") for end in (f"students/{strange}", f"findings?code={strange}")),
            *(_of_district(f"/{end}") for end in (f"history?before={strange}", f"plan?kind={strange}")),
            _of_district(f"/findings?after_code={strange}&school={strange}"),
            *(
                _of_district(f"/{end}")
                for end in (f"mails/{strange}", f"onboarding/request_rules?rules={strange}")
            ),
        ):
            answer = await browser.get(path, X_Name=strange, traceparent=strange, Referer=f"/{strange}")
            assert answer.status < 500, path
        await browser.post("/login", {"name": strange, "password": strange, "next": f"//{strange}"})
        await self._no_request(browser.url, strange)

    async def _no_request(self, url: str, strange: str) -> None:
        """Send what is no HTTP."""
        place = urlsplit(url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        writer.write(f"GET /{strange} HTTP/9.9\r\n{strange}\r\n: {strange}\r\n\r\n".encode())
        await asyncio.wait_for(reader.read(), 10)
        writer.close()

    async def broken_pages(self, browser: Browser) -> None:
        """Ask for pages that the database does not let us make, with a row in its error."""
        for path in map(_of_district, ("/sections", "/filter", f"/students/{record_id(1)}")):
            answer = await browser.get(path)
            assert answer.status == 500, path
            self.look(answer, f"the broken page {path}")

    async def metrics(self, browser: Browser) -> None:
        """Read what machines are told."""
        for path in ("/metrics", "/ready", "/live"):
            self.look(await browser.get(path), path)

    async def tables(self, site: Site) -> None:
        """Read every table but those of rosters, where the markers must be."""
        connection = await asyncpg.connect(site.database_url)
        try:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for (table,) in tables:
                if table not in ROSTERS:
                    self.read(str(await connection.fetch(f"SELECT * FROM {table}")), f"the table {table}")
            waiting = "SELECT * FROM outbox WHERE schema <> 'rostering.commit/v1'"
            self.read(str(await connection.fetch(waiting)), "the outbox")
            for table in ROSTERS - {"inbox", "baseline_records", "outbox"}:
                kept = str(await connection.fetch(f"SELECT * FROM {table}"))
                assert self.found(kept), f"{table} has what was planted"
        finally:
            await connection.close()

    def look(self, answer: Answer, where: str) -> None:
        """Look for markers in an answer and its headers."""
        self.read(unescape(answer.text), where)
        self.read(str(answer.headers), f"{where}: its headers")

    def _look_at_addresses(self, answer: Answer, where: str) -> None:
        for address in _ADDRESS.findall(answer.text):
            self.read(unescape(address), f"{where}: an address on it")
        self.read(str(answer.headers), f"{where}: its headers")


async def in_the_way(site: Site, *statements: str) -> None:
    """Have the database refuse something from now on."""
    connection = await asyncpg.connect(site.database_url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@asynccontextmanager
async def logged_in(url: str, name: str) -> AsyncIterator[Browser]:
    """Open a browser in which somebody has logged in."""
    browser = Browser(url)
    async with browser.session:
        assert (await browser.log_in(name)).status == 303
        yield browser


async def mails_of(browser: Browser) -> list[str]:
    """Return the addresses of the mails on the district's list, as whoever may open them has it."""
    return _MAIL.findall((await browser.get(_of_district("/mails"))).text)


def _of_district(path: str) -> str:
    return f"/districts/{DISTRICT}{path}"
