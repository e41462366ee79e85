"""Slow heads, floods and too many connections, over real sockets: they starve nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web

from tests.support.builders.records import DISTRICT
from tests.support.fixtures.access import PASSWORD, Serve, ServedConsole
from tests.support.fixtures.store import StoreUnderTest
from worker.console.access.login_slots import TooManyWait, Turns
from worker.console.connection_limits import TELLING_CONNECTIONS, ConnectionLimits, LimitedConnection
from worker.console.single_flight import SingleFlight
from worker.domain.access.users import Role

ATTACKERS = 300
SOON = 1.0
TRIES = 3
LONG = 30.0

Socket = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(url: str) -> Socket:
    place = urlsplit(url)
    return await asyncio.open_connection(place.hostname, place.port)


@asynccontextmanager
async def many(url: str, count: int, sent: bytes) -> AsyncIterator[list[Socket]]:
    """Open so many connections that send something and then nothing."""
    sockets = await asyncio.gather(*(connect(url) for _ in range(count)))
    try:
        for _, writer in sockets:
            writer.write(sent)
        yield list(sockets)
    finally:
        for _, writer in sockets:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in sockets), return_exceptions=True)


async def timed(url: str) -> tuple[int, float]:
    """Ask by a connection of its own; return the status and the seconds."""
    started = time.perf_counter()
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        await answer.read()
    return answer.status, time.perf_counter() - started


async def slowest_probe(console: ServedConsole) -> float:
    slowest = 0.0
    for path in ("ready", "live", "metrics"):
        status, seconds = await timed(f"{console.probes_url}{path}")
        assert status in {200, 503}
        slowest = max(slowest, seconds)
    return slowest


async def soon(seconds_under_attack: Callable[[], Awaitable[float]]) -> None:
    """Assert that answers come soon under an attack, which is begun again where the machine was busy."""
    taken = [await seconds_under_attack()]
    while taken[-1] >= SOON and len(taken) < TRIES:
        taken.append(await seconds_under_attack())
    assert taken[-1] < SOON, taken


@pytest.mark.parametrize("sent", [b"", b"G", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
async def test_slow_heads_hold_up_neither_probes_nor_pages_and_end(serve: Serve, sent: bytes) -> None:
    async def attacked() -> float:
        async with serve(head_seconds=2.0) as console, many(console.url, ATTACKERS, sent) as sockets:
            probe = await slowest_probe(console)
            status, page = await timed(f"{console.url}static/style.css")
            heard = await asyncio.wait_for(asyncio.gather(*(reader.read() for reader, _ in sockets)), LONG)
        assert status == 200
        assert {answer[:12] for answer in heard} <= ({b""} if not sent else {b"", b"HTTP/1.1 408"})
        return max(probe, page)

    await soon(attacked)


async def test_a_head_that_comes_byte_by_byte_has_no_more_time(serve: Serve) -> None:
    async with serve(head_seconds=0.5) as console:
        reader, writer = await connect(console.url)

        async def drip() -> None:
            for byte in b"GET /live HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1000:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        # Not to the end: a byte that meets the closed connection ends it with a reset.
        heard = await asyncio.wait_for(reader.readexactly(13), LONG)
        assert not dripping.done()
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        writer.close()

    assert heard == b"HTTP/1.1 408 "


async def test_a_connection_that_asks_again_and_again_is_kept(serve: Serve) -> None:
    async with serve(head_seconds=0.5) as console, aiohttp.ClientSession(console.url) as session:
        statuses = []
        for _ in range(4):
            async with session.get("/live") as answer:
                statuses.append(answer.status)
            await asyncio.sleep(0.2)
        async with session.get("/live") as answer:
            statuses.append(answer.status)

    assert statuses == [200] * 5


async def test_a_flood_of_log_ins_leaves_time_and_connections_to_all_others(serve: Serve) -> None:
    async with serve() as console, console.logged_in(Role.ADMIN) as somebody, console.browser() as browser:
        await console.add_user("ada")
        token = (await browser.get("/login")).token

        async def attacked() -> float:
            tried = [
                asyncio.create_task(
                    browser.post("/login", {"form_token": token, "name": f"n{number}", "password": PASSWORD})
                )
                for number in range(80)
            ]
            probe = await slowest_probe(console)
            started = time.perf_counter()
            page = await somebody.get("/")
            seconds = time.perf_counter() - started
            answers = await asyncio.gather(*tried)
            assert page.status == 200
            assert {answer.status for answer in answers} <= {401, 429}
            assert all(answer.headers.get("Retry-After") for answer in answers if answer.status == 429)
            return max(probe, seconds)

        await soon(attacked)


async def test_a_flood_of_metrics_costs_the_database_a_question_a_second(
    serve: Serve, store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    figures = store.inspections.figures

    async def counted() -> Any:
        nonlocal asked
        asked += 1
        return await figures()

    monkeypatch.setattr(store.inspections, "figures", counted)
    async with serve() as console:
        started = time.perf_counter()
        answers = await asyncio.gather(*(timed(f"{console.url}metrics") for _ in range(90)))
        seconds = time.perf_counter() - started

    assert {status for status, _ in answers} == {200}
    assert asked <= 1 + seconds


async def test_the_port_of_probes_answers_nothing_else(serve: Serve) -> None:
    async with serve() as console:
        statuses = [(await timed(f"{console.probes_url}{path}"))[0] for path in ("live", "", "login")]
        on_both = (await timed(f"{console.url}live"))[0]

    assert (statuses, on_both) == ([200, 404, 404], 200)


# HEAD


async def test_no_page_has_a_body_where_its_head_is_asked_for(serve: Serve, store: StoreUnderTest) -> None:
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", DISTRICT)
    async with serve() as console:
        async with console.logged_in(Role.ADMIN) as browser:
            cookie = browser.cookie()
        bodies = {
            page.path: await head_of(console.url, page.path.replace("{district}", DISTRICT), cookie)
            for page in console.pages
            if page.method == "GET"
        }

    assert {path: body for path, body in bodies.items() if body} == {}
    assert "/districts/{district}/findings.csv" in bodies


async def head_of(url: str, path: str, cookie: str | None) -> bytes:
    """Ask for a head, and return what comes after it."""
    reader, writer = await connect(url)
    writer.write(
        f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Cookie: rostering_session={cookie}\r\n\r\n".encode()
    )
    answer = await asyncio.wait_for(reader.read(), LONG)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 "), path
    return body


# Bounds


@asynccontextmanager
async def limited(limits: ConnectionLimits, handler: Callable[..., Any]) -> AsyncIterator[str]:
    """Serve one handler within limits."""
    application = web.Application(middlewares=[TELLING_CONNECTIONS])
    application.router.add_get("/", handler)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    inner = runner.server
    assert inner is not None
    server = await asyncio.get_running_loop().create_server(
        lambda: LimitedConnection(inner(), limits), "127.0.0.1", 0
    )
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        await runner.cleanup()


@pytest.mark.parametrize(
    "limits",
    [ConnectionLimits(lambda address: address, most_of_a_peer=3), ConnectionLimits(lambda _: None, most=3)],
    ids=["of a peer", "in all"],
)
async def test_connections_over_a_limit_are_ended_but_none_that_is_answered(limits: ConnectionLimits) -> None:
    release, handled = asyncio.Event(), asyncio.Semaphore(0)
    refused = 0

    def count() -> None:
        nonlocal refused
        refused += 1

    limits.refused = count

    async def wait(_request: web.Request) -> web.Response:
        handled.release()
        await release.wait()
        return web.Response(text="answered")

    async with limited(limits, wait) as url:
        answered, idle = [], []
        for _ in range(3):  # each after an idle one, which it may push out
            idle.append(await connect(url))
            answered.append(asyncio.create_task(timed(url)))
            await asyncio.wait_for(handled.acquire(), LONG)
        with pytest.raises(aiohttp.ClientError):
            await timed(url)
        release.set()
        outcomes = await asyncio.gather(*answered)
        again = await timed(url)
        for _, writer in idle:
            writer.close()

    assert [status for status, _ in outcomes] == [200] * 3
    assert again[0] == 200
    assert refused >= 3


async def test_turns_are_bounded_and_no_address_has_all_of_them() -> None:
    turns = Turns(at_once=1, most_waiting=3, most_of_an_address=2)
    release = asyncio.Event()

    async def try_it(address: str) -> None:
        async with turns.of(address):
            await release.wait()

    tasks = [asyncio.create_task(try_it(address)) for address in ("a", "a", "b", "c")]
    await asyncio.sleep(0)
    for address in ("a", "d"):
        with pytest.raises(TooManyWait):
            await try_it(address)
    release.set()
    await asyncio.gather(*tasks)

    await try_it("d")


async def test_all_who_ask_at_the_same_time_get_one_answer_and_later_ones_another() -> None:
    now, asked, release = 0.0, 0, asyncio.Event()

    async def work() -> int:
        nonlocal asked
        asked += 1
        await release.wait()
        return asked

    shared = SingleFlight(work, 1.0, clock=lambda: now)
    hangs_up = asyncio.create_task(shared.get())
    waiting = [asyncio.create_task(shared.get()) for _ in range(5)]
    await asyncio.sleep(0)
    hangs_up.cancel()
    release.set()
    first = await asyncio.gather(*waiting)
    soon = await shared.get()
    now = 1.0
    later = await shared.get()

    assert (first, soon, later) == ([1] * 5, 1, 2)
