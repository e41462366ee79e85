"""One connection to RabbitMQ with one channel on it: the unit that the adapter opens, loses and discards.

A link is never repaired. The robust connections of aio-pika restore channels and consumers behind the
caller's back and do not always succeed (aio-pika#231, #334, #379, #536): the process lives on, connected
and deaf. Here whatever goes wrong - the connection closed, the channel closed, the consumer cancelled by
the broker - makes the whole link *lost*, once and for good; everyone waiting on it is told at once, and
whoever still needs a link opens a new one.

All that aio-pika, aiormq and the operating system may raise is turned into our errors in this file, and
no text that leaves it holds the password.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import pamqp.frame
from aio_pika.exceptions import (
    AMQPError,
    ChannelInvalidStateError,
    ConnectionClosed,
    InvalidFrameError,
    ProbableAuthenticationError,
)
from pamqp import commands as spec
from pamqp.exceptions import PAMQPException
from yarl import URL

from worker.adapters.rabbitmq.flow import GatedConnection, ReadGate
from worker.runtime.errors import BrokerRefused, BrokerUnavailable, SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from aio_pika.abc import AbstractChannel, AbstractConnection
    from aiormq.abc import AbstractChannel as Transport
    from pamqp.commands import Basic

NOT_ALLOWED: Final = 530
"""AMQP's code for a virtual host that is missing or not ours, and for too many connections."""
CLOSED: Final = (RuntimeError, EOFError, StopAsyncIteration)
"""What aiormq raises besides where a connection is gone: on opening a channel, within a frame, before one."""
CLOSE_SECONDS: Final = 5.0
"""How long closing may take: a broker that no longer answers must not hold up a shutdown."""


def quiet_client_loggers() -> None:
    """Keep the client libraries from logging: each attempt that fails, and at DEBUG every frame.

    What they raise we log ourselves, once a minute. It is a matter of privacy too: frames hold records.
    """
    for name in ("aio_pika", "aiormq"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


class Address:
    """Where the broker is and who we are there; as text it is without user and password."""

    def __init__(self, url: str) -> None:
        try:
            self.url: Final = URL(url)
            usable = self.url.scheme in ("amqp", "amqps") and bool(self.url.host)
        except ValueError:
            usable = False
        if not usable:
            raise SettingsError("the broker URL must be like amqp://user:password@host:5672/vhost")

    def __str__(self) -> str:
        port = self.url.port or {"amqp": 5672, "amqps": 5671}[self.url.scheme]
        return f"{self.url.host}:{port}, virtual host {unquote(self.url.path.removeprefix('/')) or '/'}"


class BrokerLink:
    """An open connection and its channel; ask `lost` before use, and register `on_loss` to be told."""

    def __init__(
        self, connection: AbstractConnection, channel: AbstractChannel, transport: Transport, gate: ReadGate
    ) -> None:
        self.channel: Final = channel
        self.transport: Final = transport
        self.gate: Final = gate
        """Through which everything is read that comes from the broker."""
        self.lost: str | None = None
        self._connection = connection
        self._on_loss: list[Callable[[], None]] = []
        # The channel's future is also completed when its connection goes, so one place sees both: a channel
        # closed alone used to leave a consumer that waits for ever (aio-pika#379, #288).
        transport.closing.add_done_callback(self._closed)
        # A queue deleted or moved ends the consumer and nothing else (aio-pika#334). Consuming again on the
        # same channel is not safe on every broker (rabbitmq-server#17317), so this too is a loss.
        transport.on_consumer_cancel_callbacks.add(self._cancelled)

    @classmethod
    async def open(
        cls, address: Address, *, name: str, heartbeat: int, within: float, confirms: bool = False
    ) -> BrokerLink:
        """Connect in `within` seconds; raises `BrokerUnavailable`.

        `name` is what the broker lists the connection under. With `confirms` the channel confirms every
        publish and raises what was returned: by default a message nobody is bound for counts as a
        success (aio-pika#106, aiormq#9).
        """
        with translated(f"cannot connect to the broker at {address}"):
            async with asyncio.timeout(within):
                gate = ReadGate()
                connection = await _connect(address, name, heartbeat, gate)
                try:
                    channel = connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
                    await channel.initialize()
                    return cls(connection, channel, await channel.get_underlay_channel(), gate)
                except BaseException:
                    await _close_within(connection, CLOSE_SECONDS)
                    raise

    def on_loss(self, callback: Callable[[], None]) -> None:
        """Call `callback` when this link is lost; at once if it already is."""
        self._on_loss.append(callback)
        if self.lost is not None:
            callback()

    def raise_if_lost(self) -> None:
        """Raise `BrokerUnavailable` with the reason once the link is lost."""
        if self.lost is not None:
            raise BrokerUnavailable(self.lost)

    def lose(self, reason: str) -> None:
        """Count this link as lost; the first reason stands."""
        if self.lost is None:
            self.lost = reason
            for callback in self._on_loss:
                callback()

    @asynccontextmanager
    async def another_channel(self) -> AsyncIterator[Transport]:
        """Lend a channel that may be closed for what is asked on it, without this link being lost."""
        channel = self._connection.channel(publisher_confirms=False)
        await channel.initialize()
        try:
            yield await channel.get_underlay_channel()
        finally:
            with suppress(BrokerUnavailable), translated("closing"):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await channel.close()

    async def blocked(self) -> bool:
        """Whether the broker told us that it stopped reading from this connection (aiormq offers no more)."""
        try:
            async with asyncio.timeout(0):
                await self.transport.connection.ready()
        except TimeoutError:
            return True
        return False

    async def close(self) -> None:
        """Close the connection, its channel with it; bounded in time, and harmless when repeated."""
        self.lose("the connection to the broker was closed")
        self.gate.set_open(is_open=True)
        await _close_within(self._connection, CLOSE_SECONDS)

    def _closed(self, closing: asyncio.Future[None]) -> None:
        error = None if closing.cancelled() else closing.exception()
        self.lose(f"lost the broker: {_reason(error)}")

    def _cancelled(self, _frame: Basic.Cancel) -> None:
        self.lose("the broker cancelled the consumer: its queue was deleted or has moved")


async def _connect(address: Address, name: str, heartbeat: int, gate: ReadGate) -> AbstractConnection:
    connection = GatedConnection(
        address.url, client_properties={"connection_name": name}, heartbeat=heartbeat
    )
    connection.read_through(gate)
    try:
        await connection.connect()
    except InvalidFrameError as error:
        # The broker says why when it closes the connection here; aiormq drops that.
        raise _refused(address, gate) from error
    gate.frame = None
    return connection


def _refused(address: Address, gate: ReadGate) -> BrokerUnavailable:
    """Tell why the broker closed a connection that was being opened: for good, or for now."""
    doing = f"cannot connect to the broker at {address}"
    try:
        _, _, closed = pamqp.frame.unmarshal(bytes(gate.frame or b""))
    except PAMQPException:
        closed = None
    if not isinstance(closed, spec.Connection.Close):
        return BrokerUnavailable(f"{doing}: the connection was closed")
    if closed.reply_code == NOT_ALLOWED and "limit" not in closed.reply_text:
        return BrokerRefused(
            f"{doing}: it refused the virtual host (it does not exist, or this user may not use it)"
        )
    return BrokerUnavailable(f"{doing}: {' '.join(closed.reply_text.split())}")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise what the client libraries raise as `BrokerUnavailable`, its text starting with `doing`."""
    try:
        yield
    except TimeoutError as error:
        raise BrokerUnavailable(f"{doing}: no answer in time") from error
    except ProbableAuthenticationError as error:
        raise BrokerRefused(f"{doing}: it refused the user or the password") from error
    except (AMQPError, ChannelInvalidStateError, OSError) as error:
        raise BrokerUnavailable(f"{doing}: {_reason(error)}") from error
    except asyncio.CancelledError as error:
        # On a close aiormq cancels the futures that others wait on. Nobody cancelled *us*: it is a loss.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise BrokerUnavailable(f"{doing}: the connection was closed") from error
    except Exception as error:
        if type(error) is not Exception and not isinstance(error, CLOSED):
            raise
        # The same close, seen from elsewhere: aiormq rejects its waiters with a bare `Exception`.
        raise BrokerUnavailable(f"{doing}: the connection was closed") from error


def _reason(error: BaseException | None) -> str:
    """Put what the broker or the system said on one line."""
    if error is None or isinstance(error, asyncio.CancelledError):
        return "the connection was closed"
    said = ", ".join(str(part) for part in error.args if part not in (None, ""))
    return " ".join((said or type(error).__name__).split())


async def _close_within(connection: AbstractConnection, seconds: float) -> None:
    with suppress(BrokerUnavailable), translated("closing"):
        async with asyncio.timeout(seconds):
            # Without a reason of its own the close would cancel whoever still waits on the connection.
            await connection.close(ConnectionClosed(0, "closed by us"))
