"""Where alerts are delivered to in tests: a real Alertmanager, a real SMTP server, a webhook."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from alertmanager import AlertmanagerNode, binary


@pytest.fixture(scope="session")
def _alertmanager_node() -> Iterator[AlertmanagerNode]:
    if binary() is None:
        problem = "Alertmanager is not installed: `make test` says how to get it"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    node = AlertmanagerNode()
    try:
        yield node
    finally:
        node.remove()


@pytest.fixture
def alertmanager(_alertmanager_node: AlertmanagerNode) -> Iterator[AlertmanagerNode]:
    """An Alertmanager that knows no alert."""
    _alertmanager_node.start()
    try:
        yield _alertmanager_node
    finally:
        _alertmanager_node.kill()


class Mailbox:
    """Keeps the mails that an SMTP server takes, with when they came."""

    def __init__(self) -> None:
        self.mails: list[tuple[float, EmailMessage]] = []
        self._loop = asyncio.get_running_loop()
        self.news = asyncio.Event()
        self.url = ""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one, in the server's thread."""
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self._loop.call_soon_threadsafe(self._keep, mail)
        return "250 kept"

    def subjects(self) -> list[str]:
        """Return what the mails are about, in order."""
        return [str(mail["Subject"]) for _, mail in self.mails]

    def _keep(self, mail: EmailMessage) -> None:
        self.mails.append((self._loop.time(), mail))
        self.news.set()


@pytest.fixture
async def mailbox() -> AsyncIterator[Mailbox]:
    """A mailbox behind a real SMTP server."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    box.url = f"mailto://127.0.0.1:{port}?from=rostering@example.test&to=ops@example.test&mode=insecure"
    try:
        yield box
    finally:
        controller.stop(no_assert=True)


class Hook:
    """A webhook that keeps what is posted to it; it can be taken away and brought back."""

    def __init__(self) -> None:
        self.bodies: list[tuple[float, dict[str, Any]]] = []
        self.statuses: list[int] = []
        """What to answer next; 200 where the list is empty."""
        self.news = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """Its address, which is a secret."""
        return f"http://127.0.0.1:{self._port}/hook/s3sam3-0p3n"

    async def open(self) -> None:
        """Listen, at the same port as before."""
        application = web.Application()
        application.add_routes([web.post("/hook/{secret}", self._take)])
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Refuse connections from now on."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    def told(self) -> list[tuple[str, str]]:
        """Return the status and the code of each alert, in order."""
        return [(body["status"], body["code"]) for _, body in self.bodies]

    async def _take(self, request: web.Request) -> web.Response:
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            body = orjson.loads(await request.read())
            self.bodies.append((asyncio.get_running_loop().time(), body))
        self.news.set()
        return web.Response(status=status)


@asynccontextmanager
async def listening_hook() -> AsyncIterator[Hook]:
    """Lend a webhook."""
    hook = Hook()
    await hook.open()
    try:
        yield hook
    finally:
        await hook.close()


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    """A webhook."""
    async with listening_hook() as opened:
        yield opened


async def told_until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is so that nobody tells of."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 — Alertmanager tells nobody who waits
            await asyncio.sleep(0.01)
