"""The HTTP side of one process: probes, metrics and the console, on one address."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from worker.tracing import NO_TRACES, Tracer
from worker.web.console import Console
from worker.web.observing import observing
from worker.web.pages import all_pages
from worker.web.probes import Probes
from worker.web.site import site

KEEP_SECONDS: Final = 75.0
"""How long a connection may stay open without a request: longer than proxies keep theirs."""


class WebServer:
    """Listens, and answers with the site."""

    def __init__(self, probes: Probes, console: Console, tracer: Tracer = NO_TRACES) -> None:
        self._probes = probes
        self._console = console
        self._tracer = tracer
        self.url: str | None = None
        self._runner: web.AppRunner | None = None

    async def start(self, host: str, port: int) -> None:
        """Listen; raises `OSError` where the address cannot be had."""
        pages = [*self._probes.pages(), *all_pages(self._console)]
        application = site(pages, self._console, [observing(self._probes.measures, self._tracer)])
        self._runner = web.AppRunner(
            application, access_log=None, keepalive_timeout=KEEP_SECONDS, shutdown_timeout=2
        )
        await self._runner.setup()
        listening = web.TCPSite(self._runner, host, port)
        try:
            await listening.start()
        except OSError:
            await self.close()
            raise
        actual = self._runner.addresses[0][1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{actual}/"

    async def close(self) -> None:
        """Stop listening; may be called twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        await self._console.coverages.close()
