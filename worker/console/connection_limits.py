"""Bounds on connections: how many, from whom, and how long a request's head may take.

aiohttp bounds the size of a head and of a body, and the time that a connection stays open without a
request, but neither the time that a head may take nor the number of connections. So the protocol of each
connection stands behind one of ours, which looks only at when bytes come and when a request is handled.
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, cast

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

HEAD_SECONDS: Final = 10.0
"""For the request line and the headers, from the connection or from the first byte after a request."""
MOST_CONNECTIONS: Final = 400
"""In all, so that file handles are left for the database and the broker."""
MOST_OF_A_PEER: Final = 100
"""Of one address: a browser opens six."""
UNACKNOWLEDGED_MILLISECONDS: Final = 60_000
"""After which the system gives up a peer that takes nothing of an answer."""
_TOO_LATE: Final = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


@dataclass(slots=True)
class ConnectionLimits:
    """What the connections of one address that is listened on share.

    Over a limit the connection ends that has been without a request for longest, and where there is none, the
    new one: whoever opens many and asks for nothing keeps out nobody, not even those behind the same address.
    """

    peer_of: Callable[[str], str | None]
    """Returns what an address is counted as; None: it is not counted by itself, being a proxy's."""
    most: int = MOST_CONNECTIONS
    most_of_a_peer: int = MOST_OF_A_PEER
    head_seconds: float = HEAD_SECONDS
    refused: Callable[[], None] = lambda: None
    _open: dict[LimitedConnection, str | None] = field(default_factory=dict)
    _of_peers: Counter[str | None] = field(default_factory=Counter)
    _waiting: dict[LimitedConnection, None] = field(default_factory=dict)
    """Those that have no complete request, the longest first."""

    def admit(self, connection: LimitedConnection, address: str) -> bool:
        """Count a connection; return whether it may stay."""
        peer = self.peer_of(address)
        is_too_much = peer is not None and self._of_peers[peer] >= self.most_of_a_peer
        if is_too_much and not self._end_one(peer):
            return self._refuse()
        if len(self._open) >= self.most and not self._end_one(None):
            return self._refuse()
        self._open[connection] = peer
        self._of_peers[peer] += 1
        self._waiting[connection] = None
        return True

    def handles(self, connection: LimitedConnection, *, is_so: bool) -> None:
        """Say whether a connection has a complete request."""
        self._waiting.pop(connection, None)
        if not is_so and connection in self._open:
            self._waiting[connection] = None

    def leave(self, connection: LimitedConnection) -> None:
        """Count a connection no more; may be called twice."""
        self._waiting.pop(connection, None)
        if connection in self._open:
            peer = self._open.pop(connection)
            self._of_peers[peer] -= 1
            if not self._of_peers[peer]:
                del self._of_peers[peer]

    def _end_one(self, peer: str | None) -> bool:
        """End the connection that has waited for longest, of that peer or of any; return whether one did."""
        of_peer = (one for one in self._waiting if peer is None or self._open[one] == peer)
        found = next(of_peer, None)
        if found is None:
            return False
        self.leave(found)
        found.give_up()
        self.refused()
        return True

    def _refuse(self) -> bool:
        self.refused()
        return False


class LimitedConnection(asyncio.Protocol):
    """One connection: hands everything on to aiohttp's own protocol while it is within the limits."""

    def __init__(self, inner: asyncio.Protocol, limits: ConnectionLimits) -> None:
        self._inner = inner
        self._limits = limits
        self._transport: asyncio.Transport | None = None
        self._is_admitted = False
        self._is_handling = False
        self._has_begun = False
        """Whether some of a head is there."""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection, or end it."""
        stream = cast("asyncio.Transport", transport)  # uvloop's is one by its methods only
        name = stream.get_extra_info("peername")
        self._is_admitted = self._limits.admit(self, str(name[0]) if name else "")
        if not self._is_admitted:
            stream.abort()
            return
        self._transport = stream
        _give_up_the_dead(stream.get_extra_info("socket"))
        self._await_head()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand bytes on; the first after a request begin a head."""
        if self._is_admitted:
            if not self._is_handling:
                self._has_begun = True
                if self._timer is None:
                    self._await_head()
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand the end of what is sent on."""
        return self._inner.eof_received() if self._is_admitted else None

    def pause_writing(self) -> None:
        """Hand it on."""
        if self._is_admitted:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand it on."""
        if self._is_admitted:
            self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count the connection no more."""
        if self._is_admitted:
            self._head_is_there()
            self._limits.leave(self)
            self._inner.connection_lost(exc)

    def handling(self, *, is_so: bool) -> None:
        """Say that a request is handled, its head being complete, or that it is answered."""
        self._is_handling, self._has_begun = is_so, False
        self._limits.handles(self, is_so=is_so)
        self._head_is_there()

    def give_up(self) -> None:
        """End the connection, which has no complete request."""
        self._head_is_there()
        if self._transport is not None and not self._transport.is_closing():
            if self._has_begun:
                self._transport.write(_TOO_LATE)
            self._transport.close()

    def _await_head(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._limits.head_seconds, self.give_up)

    def _head_is_there(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


@web.middleware
async def _middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    connection = request.transport.get_protocol() if request.transport is not None else None
    if not isinstance(connection, LimitedConnection):
        return await handler(request)
    connection.handling(is_so=True)
    try:
        return await handler(request)
    finally:
        connection.handling(is_so=False)


TELLING_CONNECTIONS: Final[Middleware] = _middleware
"""Tells each connection when its request is handled; to stand before all others."""


def _give_up_the_dead(peer: socket.socket | None) -> None:
    if peer is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MILLISECONDS)
