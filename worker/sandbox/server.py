"""A Clever server: sends what `api` answers, spoiled where it was told to, and takes orders.

It serves Clever's Data API under `/v3.0` and `/v3.1`, its list of tokens at `/oauth/tokens`, and under
`/sandbox`, to this machine only, the orders of `control`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from math import ceil
from typing import Final

from aiohttp import web

from worker.sandbox.api import TOKENS_PATH, Answer, Api, Behaviour, RunningSandbox, refusal
from worker.sandbox.control import Control
from worker.sandbox.faults import OF_LISTS, FaultKind
from worker.sandbox.rate_limit import limit_headers
from worker.sandbox.world import World

_HTML: Final = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>\n"
_SHUTDOWN_SECONDS: Final = 2.0


class CleverServer:
    """The server, over a world of districts."""

    def __init__(
        self,
        world: World,
        behaviour: Behaviour | None = None,
        *,
        change_every: float = 0.0,
        changes: int = 5,
        seed: int = 1,
    ) -> None:
        """Make a server that every `change_every` seconds makes so many changes; 0 is never."""
        self.running = RunningSandbox(world, behaviour or Behaviour())
        self.url = ""
        self._api = Api(self.running)
        self._control = Control(self.running)
        self._change_every = change_every
        self._changes = changes
        self._rng = random.Random(seed)  # noqa: S311 — not for secrets: reproducible changes
        self._previous: dict[tuple[str, str], Answer] = {}
        self._runner: web.AppRunner | None = None
        self._changing: asyncio.Task[None] | None = None

    def application(self) -> web.Application:
        """Put the routes together."""
        application = web.Application()
        application.add_routes([
            web.get(TOKENS_PATH, self._tokens, allow_head=False),
            web.get(r"/{version:v3\.[01]}/{list}", self._data, allow_head=False),
            web.get(r"/{version:v3\.[01]}/{list}/{id}", self._data, allow_head=False),
            *self._control.routes(),
            web.route("*", "/{path:.*}", _nothing),
        ])  # fmt: skip
        return application

    async def start(self, host: str, port: int) -> None:
        """Listen, and change districts by the clock if told to; OSError if the address cannot be had."""
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError:
            await self.close()
            raise
        actual = self._runner.addresses[0][1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{actual}"
        if self._change_every:
            self._changing = asyncio.create_task(self._change_by_the_clock())

    async def close(self) -> None:
        """Stop listening and changing; may be called twice."""
        changing, self._changing = self._changing, None
        if changing is not None:
            changing.cancel()
            await asyncio.gather(changing, return_exceptions=True)
        await self._control.close()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _change_by_the_clock(self) -> None:
        while True:
            await asyncio.sleep(self._change_every)
            if connected := self.running.world.connected():
                one = self._rng.choice(connected)
                await self._control.small_day(one, self._changes, self._rng.randrange(2**32))

    async def _tokens(self, request: web.Request) -> web.StreamResponse:
        return await self._respond(request, self._api.tokens)

    async def _data(self, request: web.Request) -> web.StreamResponse:
        return await self._respond(request, self._api.data)

    async def _respond(
        self, request: web.Request, answering: Callable[[web.Request], Answer]
    ) -> web.StreamResponse:
        self.running.requests += 1
        answer = answering(request)
        faults = self.running.faults
        kind = faults.strike(self._fitting(answer)) if faults else None
        previous = self._remember(answer)
        if faults is None or kind is None:
            return await _send(request, answer)
        self.running.spoiled[kind.value] += 1
        match kind:
            case FaultKind.DROP:
                return _drop(request)
            case FaultKind.CUT:
                part, announced = faults.cut(answer.body)
                return await (
                    _break_off(request, answer, part) if announced else _send_part(request, answer, part)
                )
            case FaultKind.SLOW:
                await asyncio.sleep(faults.slow_seconds)
                return await _send(request, answer)
            case _:
                return await _send(request, self._spoil(kind, answer, previous))

    def _fitting(self, answer: Answer) -> set[FaultKind]:
        """Find the kinds of faults that make a difference to an answer."""
        fitting = set(FaultKind) - OF_LISTS
        if answer.holder is None:
            fitting.discard(FaultKind.EXPIRED_TOKEN)
        if answer.page is not None:
            fitting |= {FaultKind.EMPTY} if answer.page.rows else set()
            fitting |= {FaultKind.REORDER} if len(answer.page.rows) > 1 else set()
            fitting |= {FaultKind.REPEAT} if answer.list_key in self._previous else set()
        return fitting

    def _remember(self, answer: Answer) -> Answer | None:
        """Return the last page of the same list; from now on it is this one."""
        faults = self.running.faults
        if faults is None or FaultKind.REPEAT not in faults.kinds:
            self._previous.clear()  # a page may be megabytes: none is kept that is not needed
            return None
        if answer.list_key is None:
            return None
        previous = self._previous.get(answer.list_key)
        self._previous[answer.list_key] = answer
        return previous

    def _spoil(self, kind: FaultKind, answer: Answer, previous: Answer | None) -> Answer:
        match kind:
            case FaultKind.TOO_MANY:
                reset = ceil(self.running.world.clock().timestamp() + 1)
                limit = self.running.behaviour.requests_a_minute
                return replace(refusal(429, "too many requests"), headers=limit_headers(limit, 0, reset))
            case FaultKind.BAD_GATEWAY | FaultKind.PAGE_OF_HTML:
                status = 502 if kind is FaultKind.BAD_GATEWAY else 200
                return Answer(_HTML, status, content_type="text/html", headers=answer.headers)
            case FaultKind.EXPIRED_TOKEN if answer.holder is not None:
                answer.holder.rotate_token()
                return refusal(401, "unauthorized: the token has expired")
            case FaultKind.EMPTY if answer.page is not None:
                return answer.with_page(answer.page.emptied())
            case FaultKind.REORDER if answer.page is not None:
                return answer.with_page(answer.page.reversed())
            case FaultKind.REPEAT if previous is not None:
                return replace(previous, headers=answer.headers)
            case _:
                return replace(refusal(500, "internal error"), headers=answer.headers)


async def _nothing(request: web.Request) -> web.StreamResponse:
    return await _send(request, refusal(404, f"nothing found at {request.path}"))


async def _send(request: web.Request, answer: Answer) -> web.StreamResponse:
    response = await _send_part(request, answer, answer.body)
    if answer.holder is not None:
        answer.holder.note_served(answer.events)
    return response


async def _send_part(request: web.Request, answer: Answer, part: bytes) -> web.StreamResponse:
    response = _head(answer, len(part))
    await response.prepare(request)
    await response.write(part)
    await response.write_eof()
    return response


async def _break_off(request: web.Request, answer: Answer, part: bytes) -> web.StreamResponse:
    """Announce the whole answer, send a part of it, and close the connection."""
    response = _head(answer, len(answer.body))
    await response.prepare(request)
    await response.write(part)
    return _drop(request, response)


def _drop(request: web.Request, response: web.StreamResponse | None = None) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.close()
    return response or web.Response()


def _head(answer: Answer, length: int) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=dict(answer.headers))
    response.content_type = answer.content_type
    response.content_length = length
    return response
