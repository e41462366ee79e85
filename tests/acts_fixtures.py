"""The console over a real store, for tests that press its buttons as a browser without JavaScript does."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from access_fixtures import UNUSED_HASH
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer
from builders import DISTRICT
from people_fixtures import LIMITS
from store_fixtures import StoreUnderTest

from config.settings import Settings
from config.topology import DEAD_LETTER_QUEUE
from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.inprocess.dead_letters import FileDeadLetters
from worker.adapters.inprocess.files import DeadLetterFile
from worker.bootstrap import console as serving
from worker.bootstrap import store as app
from worker.console.access.cookies import LOCAL_SESSION, SESSION
from worker.console.access.cookies import VISIT as VISIT_COOKIE
from worker.console.access.csrf import FIELD, Secret
from worker.console.access.gate import digest_of
from worker.console.console import Console
from worker.console.pages import all_pages
from worker.console.site import site
from worker.domain.access.users import Role
from worker.operations.section_cache import SectionCache
from worker.suggest.draft_counts import DraftCounts

VISIT = "v" * 43
"""The secret of the browser's visit, which the tokens of its forms are made of."""

Fields = dict[str, Any] | Sequence[tuple[str, str]]


@dataclass
class Browser:
    """Somebody at the console; `role` is asked for with each page."""

    client: TestClient[web.Request, web.Application]
    console: Console
    broker: InProcessBroker
    page: str = field(default="", repr=False)
    """As it came; `text` is what a person reads of it."""
    text: str = field(default="", repr=False)
    status: int = 0
    address: str = ""
    secret: str = VISIT

    async def open(self, path: str) -> str:
        """Look at a page; return its text."""
        async with self.client.get(path) as answer:
            return await self._seen(answer)

    async def send(self, path: str, fields: Fields = ()) -> str:
        """Send a form, and look at the page that it leads to; return its text."""
        pairs = list(fields.items() if isinstance(fields, dict) else fields)
        form = FormData([(FIELD, Secret(self.secret).token()), *pairs])
        async with self.client.post(path, data=form, allow_redirects=False) as answer:
            await self._seen(answer)
            if self.status == web.HTTPSeeOther.status_code:
                self.address = answer.headers["Location"]
        return self.text

    async def of(self, what: str, fields: Fields | None = None) -> str:
        """Look at a page of the district, or send a form to it."""
        path = f"/districts/{DISTRICT}/{what}"
        return await (self.open(path) if fields is None else self.send(path, fields))

    def hidden(self, name: str) -> str:
        """Return the value of the page's first field of this name."""
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        assert found is not None, self.page
        return unescape(found[1])

    async def become(self, role: Role) -> None:
        """Log in as somebody with this role."""
        access, token = self.console.access, secrets.token_urlsafe(32)
        await access.users.add(f"vic-{role}", role, UNUSED_HASH, "test")
        credentials = await access.users.credentials(f"vic-{role}")
        assert credentials is not None
        assert await access.sessions.begin(digest_of(token), credentials)
        self.client.session.cookie_jar.update_cookies({SESSION: token})
        self.secret = token

    async def _seen(self, answer: Any) -> str:
        self.page, self.status, self.address = await answer.text(), answer.status, ""
        self.text = unescape(self.page)
        return self.text


@pytest.fixture
async def browser(store: StoreUnderTest, tmp_path: Path) -> AsyncIterator[Browser]:
    """The console with all that it can do, by somebody who may do all of it."""
    file = tmp_path / "dead-letters.ndjson"
    settings = Settings()
    broker = InProcessBroker(sinks={DEAD_LETTER_QUEUE: DeadLetterFile(file)})
    console = Console(
        districts=store.districts,
        dry_runs=store.evaluations,
        rollbacks=store.rollbacks,
        surveys=store.surveys,
        plans=store.plans,
        views=store.views,
        sections=SectionCache(store.sections),
        letters=FileDeadLetters(file),
        quarantine=store.quarantine,
        publisher=broker,
        coverages=DraftCounts(store.surveys),
        connections=store.connections,
        limits=LIMITS,
        access=serving.access(settings, app.access_store(settings, store.database)),
        onboarding=store.onboarding,
        mails=store.mail_orders,
        guide=serving.guide(settings),
    )
    application = site(all_pages(console), console)
    keys = console.access.gate.keys
    session = await keys.exchange(await keys.new_link())
    cookies = {VISIT_COOKIE: VISIT, LOCAL_SESSION: session or ""}
    async with TestClient(TestServer(application), cookies=cookies) as client:
        yield Browser(client, console, broker)
    await console.coverages.close()
    await broker.close()
