"""A proxy on the loopback that leads to a server, and later to another one, or swallows everything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import parse_qs, urlsplit

Target = str | tuple[str, int]


class TcpProxy:
    """Where connections lead that are made from now on; those that are open stay where they are."""

    def __init__(self, target: Target, seconds_a_piece: float = 0) -> None:
        self.target = target
        self._seconds = seconds_a_piece
        self.port = 0
        self._is_dark: list[asyncio.Event] = []
        self._running: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    def swallow_open_connections(self) -> None:
        """Take whatever comes over connections that are open now, and pass nothing on."""
        for dark in self._is_dark:
            dark.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect one client."""
        task = asyncio.current_task()
        assert task is not None
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        dark = asyncio.Event()
        self._is_dark.append(dark)
        self._writers.append(writer)
        try:
            there, back = await _opened(self.target)
        except OSError:
            writer.close()
            return
        self._writers.append(back)
        seconds = self._seconds
        with suppress(asyncio.CancelledError):  # by `close`
            await asyncio.gather(
                _pass_on(reader, back, dark, seconds), _pass_on(there, writer, dark, seconds)
            )

    async def close(self) -> None:
        """Cut everything."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)  # a transport closes in the loop's next round


async def _opened(target: Target) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(target, str):
        return await asyncio.open_unix_connection(target)
    return await asyncio.open_connection(*target)


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, dark: asyncio.Event, seconds: float
) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            if dark.is_set():
                continue
            if seconds:
                await asyncio.sleep(seconds)  # a line that is slow
            writer.write(data)
            await writer.drain()
    if dark.is_set():
        await asyncio.Event().wait()  # nobody is told of the end either
    writer.close()


def socket_of(url: str) -> str:
    """Return the Unix socket that a URL of the embedded server leads to."""
    return f"{parse_qs(urlsplit(url).query)['host'][0]}/.s.PGSQL.5432"


@asynccontextmanager
async def proxied(target: Target, seconds_a_piece: float = 0) -> AsyncIterator[TcpProxy]:
    """Run a proxy while the context is open, one that takes so long for each piece of 64 KiB."""
    proxy = TcpProxy(target, seconds_a_piece)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
