"""The console as people reach it: the real site over a real store, on a port of its own."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias

import aiohttp
import pytest
from argon2 import PasswordHasher
from store_fixtures import StoreUnderTest
from yarl import URL

from config.settings import HttpSettings, Settings
from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.passwords import Argon2Passwords
from worker.adapters.postgres.alerts.stage_failures import PostgresStageFailures
from worker.adapters.postgres.operations.clock import PostgresClock
from worker.adapters.postgres.operations.students import PostgresStudents
from worker.adapters.postgres.poll.student_fields import PostgresStudentFields
from worker.bootstrap import console as serving
from worker.bootstrap import settings as settings_module
from worker.bootstrap import store as app
from worker.console.access.cookies import SESSION
from worker.console.access.gate import digest_of
from worker.console.access.login import Access
from worker.console.connection_limits import HEAD_SECONDS
from worker.console.console import Console
from worker.console.page import Route
from worker.console.pages import all_pages
from worker.console.probes import Probes
from worker.console.server import WebServer
from worker.domain.access.users import Role
from worker.runtime.loop import Health
from worker.runtime.metrics import Metrics

PASSWORD = "correct horse battery"  # noqa: S105 — invented
UNUSED_HASH = "$argon2id$v=19$of-nobody"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""The tests hash often, and guard nobody's password."""
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    text: str

    @property
    def token(self) -> str:
        """The token of the page's forms."""
        found = _TOKEN.search(self.text)
        assert found is not None, self.text
        return found[1]

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that were set, each with its attributes."""
        lines = self.headers.getall("Set-Cookie", [])
        return {line.partition("=")[0]: line.partition("=")[2] for line in lines}


class Browser:
    """Somebody's browser: keeps cookies, follows no redirection by itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page."""
        return await self._ask("GET", path, None, headers)

    async def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        """Send a form."""
        return await self._ask("POST", path, form, headers)

    async def send(self, path: str, body: bytes, content_type: str) -> Answer:
        """Send what no form sends."""
        return await self._ask("POST", path, BytesIO(body), {"Content-Type": content_type})

    async def log_in(self, name: str, password: str = PASSWORD, **more: str) -> Answer:
        """Log in by the page's form."""
        token = (await self.get("/login")).token
        return await self.post(
            "/login", {"form_token": token, "name": name, "password": password, "next": "/", **more}
        )

    def cookie(self, name: str = SESSION) -> str | None:
        """Return the value of a cookie that it keeps."""
        return next((each.value for each in self.session.cookie_jar if each.key == name), None)

    def keep(self, name: str, value: str) -> None:
        """Keep a cookie, wherever it is from."""
        self.session.cookie_jar.update_cookies({name: value}, URL(self.url))

    async def _ask(
        self, method: str, path: str, form: dict[str, str] | BytesIO | None, headers: dict[str, str]
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        asking = self.session.request(method, path, data=form, headers=named, allow_redirects=False)
        async with asking as answer:
            return Answer(answer.status, answer.headers, await answer.text())


@dataclass(frozen=True)
class ServedConsole:
    """A console that runs, and what stands behind it."""

    url: str
    console: Console
    store: StoreUnderTest
    pages: list[Route]
    probes_url: str

    @property
    def access(self) -> Access:
        """Who may use it."""
        return self.console.access

    @asynccontextmanager
    async def browser(self, *, by_link: bool = True) -> AsyncIterator[Browser]:
        """Open a browser; by the link, where the console has no users."""
        browser = Browser(self.url)
        async with browser.session:
            if by_link and await self.access.gate.is_open():
                assert (await browser.get(f"/open/{await self.new_link()}")).status == 303
            yield browser

    async def new_link(self) -> str:
        """Return the token of a link that opens the console once."""
        return await self.access.gate.keys.new_link()

    @asynccontextmanager
    async def logged_in(self, role: Role) -> AsyncIterator[Browser]:
        """Open a browser in which a user of that role has logged in, without the time a password takes."""
        name, token = f"{role}-{secrets.token_hex(4)}", secrets.token_urlsafe(32)
        await self.access.users.add(name, role, UNUSED_HASH, "test")
        credentials = await self.access.users.credentials(name)
        assert credentials is not None
        assert await self.access.sessions.begin(digest_of(token), credentials)
        async with self.browser() as browser:
            is_https = (self.access.gate.rules.public_url or "").startswith("https:")
            browser.keep(f"{'__Host-' if is_https else ''}{SESSION}", token)
            yield browser

    async def add_user(self, name: str, role: Role = Role.REVIEWER) -> None:
        """Add a user who has the tests' password."""
        await self.access.users.add(name, role, await self.access.passwords.hash(PASSWORD), "test")


Serve: TypeAlias = Callable[..., AbstractAsyncContextManager[ServedConsole]]


@pytest.fixture
def serve(store: StoreUnderTest) -> Serve:
    """Serve the console over the store, with settings of `[http]`; more than once is more processes."""

    @asynccontextmanager
    async def served(*, head_seconds: float = HEAD_SECONDS, **http: Any) -> AsyncIterator[ServedConsole]:
        settings = Settings(http=HttpSettings(**http))
        access_store = app.access_store(settings, store.database)
        opened = app.Stores(
            dsn=store.url,
            inbox=store.inbox,
            evaluations=store.evaluations,
            outbox=store.outbox,
            districts=store.districts,
            baselines=store.baselines,
            surveys=store.surveys,
            connections=store.connections,
            rollbacks=store.rollbacks,
            quarantine=store.quarantine,
            losses=store.losses,
            plans=store.plans,
            views=store.views,
            alerts=store.alerts,
            inspections=store.inspections,
            deliveries=store.deliveries,
            sections=store.sections,
            onboarding=store.onboarding,
            mails=store.mails,
            mail_orders=store.mail_orders,
            clock=partial(PostgresClock, store.database),
            stage_failures=PostgresStageFailures(store.database),
            retention=app.retention(settings, store.database),
            student_fields=PostgresStudentFields(store.database, settings_module.policy(settings)),
            students=PostgresStudents(store.database, store.evaluations),
            access=access_store,
        )
        broker = InProcessBroker(sinks={})
        made = serving.build_console(settings, opened, broker)
        object.__setattr__(made.access, "passwords", Argon2Passwords(CHEAP))
        probes = Probes(store.districts, [store.outbox], store.inspections, broker, Health(), Metrics())
        server = WebServer(probes, made)
        server.head_seconds = head_seconds
        await server.start("127.0.0.1", 0, 0)
        try:
            assert server.url is not None
            assert server.probes_url is not None
            pages = [*probes.pages(), *all_pages(made)]
            yield ServedConsole(server.url, made, store, pages, server.probes_url)
        finally:
            await server.close()
            await broker.close()

    return served
