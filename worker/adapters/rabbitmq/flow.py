"""Reading from RabbitMQ no faster than memory allows.

Prefetch counts messages and not their bytes: a thousand small messages at hand are a megabyte, a thousand
large ones four gigabytes, and the broker sends what it is allowed to. So the socket is read through a gate:
while it is closed nothing more is read, the system's buffers fill, and the rest waits in the broker.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import aio_pika
from aiormq.connection import TCPTransportFactory, TLSTransportFactory, TransportFactory

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from yarl import URL


class ReadGate:
    """What reading from one connection passes; open at first.

    aiormq takes a connection from which nothing was read for three heartbeats for dead: a gate is closed for
    as long as a few messages take to be stored, or the connection is lost.
    """

    def __init__(self) -> None:
        self.is_open = True
        self._opened = asyncio.Event()
        self._opened.set()
        self.frame: bytearray | None = bytearray()
        """The last frame that was read, while the connection is being opened; None afterwards."""

    def set_open(self, *, is_open: bool) -> None:
        """Open or close it."""
        if is_open == self.is_open:
            return
        self.is_open = is_open
        if is_open:
            self._opened.set()
        else:
            self._opened.clear()

    async def passed(self) -> None:
        """Return once it is open."""
        await self._opened.wait()


class GatedTransport(TransportFactory):
    """Opens a connection whose bytes are read through a gate."""

    def __init__(self, gate: ReadGate) -> None:
        self._gate = gate

    async def create(self, url: URL, **kwargs: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection as aiormq does; raises what it raises."""
        usual = TLSTransportFactory() if url.scheme == "amqps" else TCPTransportFactory()
        reader, writer = await usual.create(url, **kwargs)
        return cast("asyncio.StreamReader", _GatedReader(reader, self._gate)), writer


class GatedConnection(aio_pika.Connection):
    """A connection that is read through a gate."""

    def read_through(self, gate: ReadGate) -> None:
        """Read through this gate; to be called before connecting."""
        # What aiormq takes and aio-pika has no name for.
        self.kwargs["transport_factory"] = GatedTransport(gate)


class _GatedReader:
    """As much of a stream's reader as aiormq uses."""

    def __init__(self, reader: asyncio.StreamReader, gate: ReadGate) -> None:
        self._reader = reader
        self._gate = gate

    def at_eof(self) -> bool:
        return self._reader.at_eof()

    async def read(self, size: int = -1) -> bytes:
        return await self._reader.read(size)

    def readexactly(self, size: int) -> Coroutine[Any, Any, bytes]:
        # Ten times a message: nothing is put between where there is nothing to do.
        if self._gate.frame is None and (size != 1 or self._gate.is_open):
            return self._reader.readexactly(size)
        return self._carefully(size)

    async def _carefully(self, size: int) -> bytes:
        # Only where a frame begins: what has begun to arrive is small, and closing must not wait for it.
        if size == 1:
            await self._gate.passed()
        piece = await self._reader.readexactly(size)
        if (frame := self._gate.frame) is not None:
            if size == 1:
                frame.clear()
            frame += piece
        return piece
