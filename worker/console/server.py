"""The HTTP side of one process: console, probes and metrics on one port, the last two on another as well."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from worker.console.access import request_origin
from worker.console.connection_limits import (
    HEAD_SECONDS,
    TELLING_CONNECTIONS,
    ConnectionLimits,
    LimitedConnection,
)
from worker.console.console import Console
from worker.console.page import Route
from worker.console.pages import all_pages
from worker.console.probes import Probes
from worker.console.request_log import observing
from worker.console.site import site
from worker.runtime.errors import SettingsError
from worker.runtime.tracing import NO_TRACES, Tracer

KEEP_SECONDS: Final = 75.0
"""How long a connection may stay open without a request: longer than proxies keep theirs."""
BACKLOG: Final = 512
"""Connections that wait to be accepted: more than we keep, so that we turn a burst away in time."""
MOST_OF_PROBES: Final = 50
"""Connections to the port of probes: a supervisor's and a Prometheus' are a handful."""


@dataclass(slots=True)
class _Address:
    """One address that is listened on."""

    runner: web.AppRunner
    server: asyncio.Server | None = None

    async def listen(self, host: str, port: int, limits: ConnectionLimits) -> int:
        """Listen; return the port."""
        await self.runner.setup()
        answers = self.runner.server
        assert answers is not None  # noqa: S101 — set up just now
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(
            lambda: LimitedConnection(answers(), limits), host, port, backlog=BACKLOG
        )
        return int(self.server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listen no more, and end what is open."""
        if self.server is not None:
            self.server.close()
        await self.runner.cleanup()


class WebServer:
    """Listens, and answers with the site."""

    def __init__(self, probes: Probes, console: Console, tracer: Tracer = NO_TRACES) -> None:
        self._probes = probes
        self._console = console
        self._tracer = tracer
        self.head_seconds = HEAD_SECONDS
        self.url: str | None = None
        self.probes_url: str | None = None
        self._addresses: list[_Address] = []

    async def start(self, host: str, port: int, probes_port: int | None = None) -> None:
        """Listen; raises `SettingsError` where an address cannot be had."""
        rules = self._console.access.gate.rules
        first = [TELLING_CONNECTIONS, observing(self._probes.measures, self._tracer)]
        pages = [*self._probes.pages(), *all_pages(self._console)]
        limits = ConnectionLimits(
            self._counted(rules), head_seconds=self.head_seconds, refused=self._refused("page")
        )
        self.url = await self._listen(
            "ROSTERING_HTTP__PORT", site(pages, self._console, first), (host, port), limits
        )
        if probes_port is not None:
            application = web.Application(middlewares=first)
            _add(application, self._probes.pages())
            limits = ConnectionLimits(lambda _: None, most=MOST_OF_PROBES, refused=self._refused("probes"))
            self.probes_url = await self._listen(
                "ROSTERING_HTTP__PROBES_PORT", application, (host, probes_port), limits
            )

    async def opening_link(self) -> str | None:
        """Return a link that opens the console once; None where people log in, or it is not served."""
        gate = self._console.access.gate
        if self.url is None or not await gate.is_open():
            return None
        return f"{self.url}open/{await gate.keys.new_link()}"

    async def close(self) -> None:
        """Stop listening; may be called twice."""
        addresses, self._addresses = self._addresses, []
        for address in addresses:
            await address.close()
        await self._console.pictures.close()
        await self._console.coverage.close()

    async def _listen(
        self, setting: str, application: web.Application, place: tuple[str, int], limits: ConnectionLimits
    ) -> str:
        host, port = place
        runner = web.AppRunner(
            application, access_log=None, keepalive_timeout=KEEP_SECONDS, shutdown_timeout=2
        )
        address = _Address(runner)
        self._addresses.append(address)
        shown = f"[{host}]" if ":" in host else host
        try:
            actual = await address.listen(host, port, limits)
        except OSError as error:
            await self.close()
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise SettingsError(f"{setting}: cannot listen on {shown}:{port}: {reason}") from None
        return f"http://{shown}:{actual}/"

    def _refused(self, address: str) -> Callable[[], None]:
        return lambda: self._probes.measures.http_refused.labels(address).inc()

    @staticmethod
    def _counted(rules: request_origin.AccessRules) -> Callable[[str], str | None]:
        return lambda address: None if rules.trusts(address) else request_origin.counted_as(address)


def _add(application: web.Application, pages: list[Route]) -> None:
    for page in pages:
        application.router.add_route(page.method, page.path, page.handler)
        application.router.add_route("HEAD", page.path, page.handler)
