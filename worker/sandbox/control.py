"""Orders to the sandbox, under `/sandbox`, from this machine only: JSON in, JSON out.

A change is made while its events are taken, and other requests are served in between: a district in the
middle of a large change answers as Clever's would. One district makes one change at a time.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from typing import Annotated, Final, TypeAlias

import orjson
from aiohttp import web
from pydantic import Field, ValidationError

from worker.messaging.event_files import JsonObject
from worker.sandbox import ids
from worker.sandbox.api import RunningSandbox, UnknownCursor
from worker.sandbox.district import DistrictSpec, generate
from worker.sandbox.expected_roster import name_contains, truth
from worker.sandbox.faults import FaultKind, Faults
from worker.sandbox.live_districts import WorldDistrict
from worker.sandbox.order_bodies import MOST_SECONDS, RefusedOrder, Seed, checked, error_text
from worker.sandbox.order_handlers import AT_ONCE, CHANGES, Command

MOST_STUDENTS: Final = 1_000_000
_MOST_REQUESTS: Final = 1_000_000
_PUBLISHED_AT_ONCE: Final = 200
"""Events of a change that are told before other requests get their turn."""
_LATE_SECONDS: Final = 3.0

_Kind: TypeAlias = Annotated[FaultKind, Field(strict=False)]
_EVERY_KIND: Final = list(FaultKind)
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Control:
    """Takes the orders; `close` ends what they left running."""

    def __init__(self, running: RunningSandbox) -> None:
        self._running = running
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._late: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        """List the routes of all orders."""
        district = "/sandbox/districts/{district}"
        return [
            web.get("/sandbox", _order(self._overview)),
            web.post("/sandbox/districts", _order(self._add)),
            web.post("/sandbox/faults", _order(self._set_faults)),
            web.delete("/sandbox/faults", _order(self._end_faults)),
            web.post("/sandbox/settings", _order(self._set_behaviour)),
            web.get(f"{district}/truth", _order(self._truth)),
            web.get(f"{district}/served/{{event}}", _order(self._served)),
            *(
                web.post(f"{district}/{name}", _order(self._at_once(at_once)))
                for name, at_once in AT_ONCE.items()
            ),
            *(
                web.post(f"{district}/{name}", _order(self._changing(change)))
                for name, change in CHANGES.items()
            ),
        ]

    async def small_day(self, one: WorldDistrict, count: int, seed: int) -> None:
        """Make a day of changes in a district."""
        async with self._locks[one.id]:
            await self._publish(one, one.day(count, seed))

    async def close(self) -> None:
        """Give up the events that are still held back."""
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    async def _overview(self, _request: web.Request, /) -> JsonObject:
        running = self._running
        return {
            "districts": [_described(one) for one in running.world.districts.values()],
            "requests": running.requests,
            "spoiled": dict(running.spoiled),
        }

    async def _add(
        self,
        _request: web.Request,
        /,
        *,
        students: Annotated[int, Field(ge=0, le=MOST_STUDENTS)] = 1000,
        seed: Seed | None = None,
        connected: bool = True,
    ) -> JsonObject:
        world = self._running.world
        seed = world.next_seed if seed is None else seed
        world.next_seed = max(world.next_seed, seed + 1)
        made = await asyncio.to_thread(generate, DistrictSpec(students=students, seed=seed))
        try:
            one = world.add(made)
        except ValueError as error:
            raise RefusedOrder(f"seed: {error}") from None
        if not connected:
            one.disconnect()
        return _described(one)

    async def _set_faults(
        self,
        _request: web.Request,
        /,
        *,
        every: Annotated[int, Field(ge=1, le=_MOST_REQUESTS)] = 10,
        kinds: Annotated[list[_Kind], Field(min_length=1)] = _EVERY_KIND,
        seed: Seed = 1,
        slow_seconds: Annotated[float, Field(ge=0, le=MOST_SECONDS)] = 2.0,
    ) -> JsonObject:
        self._running.faults = Faults(every, kinds, seed, slow_seconds)
        return {"every": every, "kinds": kinds, "seed": seed, "slow_seconds": slow_seconds}

    async def _end_faults(self, _request: web.Request, /) -> JsonObject:
        self._running.faults = None
        return {}

    async def _set_behaviour(
        self,
        _request: web.Request,
        /,
        *,
        unknown_cursor: UnknownCursor | None = None,
        requests_a_minute: Annotated[int, Field(ge=0, le=_MOST_REQUESTS)] | None = None,
    ) -> JsonObject:
        behaviour = self._running.behaviour
        if unknown_cursor is not None:
            behaviour.unknown_cursor = unknown_cursor
        if requests_a_minute is not None:
            behaviour.requests_a_minute = requests_a_minute
        return asdict(behaviour)

    async def _truth(self, request: web.Request, /) -> JsonObject:
        one = self._district(request)
        keeps = name_contains(request.query.get("contains", "homeroom"))
        async with self._locks[one.id]:  # no change may come between one record and the next
            found = await asyncio.to_thread(truth, one.district, keeps)
        return {"digest": found.digest, "counts": found.counts, "blocked": found.blocked}

    async def _served(self, request: web.Request, /) -> JsonObject:
        at = self._district(request).served.get(request.match_info["event"])
        return {"at": None if at is None else ids.timestamp(at)}

    def _at_once(self, do: Callable[[WorldDistrict], None]) -> _Ordered:
        async def ordered(request: web.Request, /) -> JsonObject:
            one = self._district(request)
            do(one)
            return _described(one)

        return ordered

    def _changing(self, change: Command) -> _Ordered:
        async def ordered(
            request: web.Request,
            /,
            *,
            late: Annotated[float | bool, Field(ge=0, le=MOST_SECONDS)] = False,
            **keys: object,
        ) -> JsonObject:
            one = self._district(request)
            delay = (_LATE_SECONDS if late else None) if isinstance(late, bool) else late
            async with self._locks[one.id]:
                events, said = change(one, **keys)
                return said | await self._publish(one, events, delay)

        return ordered

    async def _publish(
        self, one: WorldDistrict, events: Iterable[JsonObject], late: float | None = None
    ) -> JsonObject:
        """Put a change into the feed; `late` holds its first event back for so many seconds."""
        count = 0
        said: JsonObject = {}
        for event in events:
            if count == 0 and late is not None:
                said = {"late_event_id": event["id"]}
                task = asyncio.create_task(_publish_later(one, event, late))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
            else:
                one.publish(event)
            count += 1
            if count % _PUBLISHED_AT_ONCE == 0:
                await asyncio.sleep(0)
        at = ids.timestamp(self._running.world.clock())
        return {"events": count, "last_event_id": one.events.last, "at": at, **said}

    def _district(self, request: web.Request) -> WorldDistrict:
        try:
            return self._running.world.districts[request.match_info["district"]]
        except KeyError:
            raise RefusedOrder("no such district here", 404) from None


_Ordered: TypeAlias = Callable[..., Awaitable[JsonObject]]


def _order(ordered: _Ordered) -> Handler:
    """Make a handler of an order: who may give it, its body, and what becomes of a wrong one."""
    # Made for the first order: most are never given, and making one takes a millisecond.
    carry_out = cache(lambda: checked(ordered))

    async def handler(request: web.Request) -> web.StreamResponse:
        if not _is_here(request.remote):
            return _json({"message": "orders are accepted from this machine only"}, 403)
        try:
            return _json(await carry_out()(request, **await _body(request)))
        except ValidationError as error:
            return _json({"message": error_text(error)}, 400)
        except RefusedOrder as error:
            return _json({"message": str(error)}, error.status)

    return handler


def _is_here(address: str | None) -> bool:
    try:
        return address is None or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


async def _body(request: web.Request) -> JsonObject:
    text = await request.read()
    with suppress(orjson.JSONDecodeError):
        body = orjson.loads(text) if text.strip() else {}
        if isinstance(body, dict):
            return body
    raise RefusedOrder("expected a JSON object")


def _json(document: JsonObject, status: int = 200) -> web.Response:
    body = orjson.dumps(document) + b"\n"
    return web.Response(body=body, status=status, content_type="application/json")


async def _publish_later(one: WorldDistrict, event: JsonObject, seconds: float) -> None:
    await asyncio.sleep(seconds)
    one.publish(event)


def _described(one: WorldDistrict) -> JsonObject:
    return {
        "id": one.id,
        "name": one.name,
        "connected": one.connected,
        "students": one.students,
        "sections": len(one.district.sections),
        "events": len(one.events),
        "last_event_id": one.events.last,
    }
