"""Fakes of the ports, kept in memory. The in-process broker is the fake of the broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from worker.messaging.broker import Message
from worker.pipeline.ingest.inbox import Arrival, Mark, Quarantined, Released, Stored
from worker.pipeline.relay.outbox import Queued
from worker.runtime.errors import LeaseLost, StoreFailed, StoreRefused
from worker.runtime.loop import Stop
from worker.runtime.tracing import Span, SpanKind, Value, entered

MOST_LOOKS: Final = 10_000
"""At one outbox: far more than any test needs, so that a relay without an end fails soon."""


class FakeInbox:
    """Keeps what is stored; `trouble` is raised instead while it is set, `gate` is waited for first.

    Nothing is stored that comes together with an event whose id is in `refused`, or in `failing`: there the
    store fails for a reason of its own. `unwritable` is raised where it is asked to show that it can write.
    """

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.marks: list[Mark] = []
        self.quarantined: list[Quarantined] = []
        self.released: list[Released] = []
        self.trouble: Exception | None = None
        self.unwritable: Exception | None = None
        self.failing: set[str] = set()
        self.checks = 0
        self.refused: set[str] = set()
        self.gate = asyncio.Event()
        self.gate.set()
        self.reached = asyncio.Event()

    async def ping(self) -> None:
        """Answer, where nothing is the matter."""
        if self.trouble is not None:
            raise self.trouble

    async def check_writable(self) -> None:
        """Answer, where nothing is the matter with writing either."""
        self.checks += 1
        if self.unwritable is not None:
            raise self.unwritable
        await self.ping()

    async def store(
        self,
        arrivals: Sequence[Arrival],
        marks: Sequence[Mark],
        quarantined: Sequence[Quarantined],
        released: Sequence[Released] = (),
    ) -> Stored:
        """Store all of it."""
        self.reached.set()
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        if any(arrival.event_id in self.refused for arrival in arrivals):
            raise StoreRefused("a value is refused")
        if any(arrival.event_id in self.failing for arrival in arrivals):
            raise StoreFailed("PostgreSQL: InternalServerError (XX000)")
        new = [arrival for arrival in arrivals if arrival not in self.arrivals]
        ignored = sum(arrival.ignored for arrival in new)
        self.arrivals += new
        self.marks += marks
        self.quarantined += quarantined
        self.released += released
        return Stored(len(new) - ignored, len(arrivals) - len(new), ignored)


class FakeOutbox:
    """Messages of districts; a lease on a district in `lost` turns out to be gone when it is used.

    One made with `of` is another holder over the messages of that one.
    """

    def __init__(self, messages: Iterable[Queued] = (), of: FakeOutbox | None = None) -> None:
        self.messages: list[Queued] = list(messages) if of is None else of.messages
        self.leases: dict[str, FakeOutbox] = {} if of is None else of.leases
        self.ended: set[str] = set() if of is None else of.ended
        """The districts whose lease has run out."""
        self.empty = asyncio.Event()
        self.lost: set[str] = set()
        self._looks = 0

    @property
    def leased(self) -> set[str]:
        """The districts that somebody holds."""
        return set(self.leases) - self.ended

    async def lease(self, districts: int, seconds: float) -> list[str]:
        """Take districts with messages."""
        free = {item.district_id: seconds for item in self.messages if item.district_id not in self.leased}
        taken = list(free)[:districts]
        self.leases |= dict.fromkeys(taken, self)
        self.ended -= set(taken)
        return taken

    async def renew(self, district_id: str, seconds: float) -> None:
        """Keep one for longer."""
        if seconds <= 0 or district_id in self.ended:
            raise LeaseLost(district_id)
        self._check_mine(district_id)

    async def first(self, district_id: str, limit: int) -> list[Queued]:
        """Return the first messages of a district."""
        self._looks += 1
        assert self._looks < MOST_LOOKS, "an outbox is looked at without an end"
        return [item for item in self.messages if item.district_id == district_id][:limit]

    async def published(self, message: Queued) -> None:
        """Take a message out."""
        self._check_mine(message.district_id)
        if message not in self.messages:
            raise LeaseLost(message.district_id)
        self.messages.remove(message)
        if not self.messages:
            self.empty.set()

    async def release(self, district_ids: Iterable[str]) -> None:
        """Give leases back."""
        for district_id in district_ids:
            if self.leases.get(district_id) is self:
                del self.leases[district_id]
                self.ended.discard(district_id)

    def _check_mine(self, district_id: str) -> None:
        if district_id in self.lost or self.leases.get(district_id) is not self:
            raise LeaseLost(district_id)

    async def wait(self, seconds: float) -> None:
        """Return at once."""


class FakeSink:
    """Keeps the messages of a queue in order, after `before` was told of each; that may raise."""

    def __init__(self, before: Callable[[Message], None] = lambda _: None) -> None:
        self.messages: list[Message] = []
        self.before = before

    async def append(self, message: Message) -> None:
        """Keep a message."""
        await asyncio.sleep(0)
        self.before(message)
        self.messages.append(message)


class ScriptedStage:
    """Does what its script says, one line a piece of work, and asks for the stop when that is over."""

    def __init__(self, stop: Stop, script: Iterable[bool | Exception | Callable[[], None]]) -> None:
        self.name = "scripted"
        self.worked = 0
        self.waited = 0
        self.wait_trouble: Exception | None = None
        self._stop = stop
        self._script = list(script)

    async def once(self) -> bool:
        """Return or raise what the next line says; a callable is called, and was work."""
        self.worked += 1
        line = self._script.pop(0)
        if not self._script:
            self._stop.set()
        if isinstance(line, Exception):
            raise line
        if isinstance(line, bool):
            return line
        line()
        return True

    async def wait(self) -> None:
        """Return at once, or raise `wait_trouble` the first time."""
        self.waited += 1
        trouble, self.wait_trouble = self.wait_trouble, None
        if trouble is not None:
            raise trouble


class ImpatientStop(Stop):
    """A stop whose sleeps take no time; `slept` lists how long they would have been."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        """Sleep for no time."""
        self.slept.append(seconds)
        await asyncio.sleep(0)


@dataclass
class RecordedSpan:
    """A span as a tracer was told of it."""

    name: str
    kind: SpanKind
    parent: str | None
    context: str
    attributes: dict[str, Value]
    links: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def set(self, **attributes: Value) -> None:
        """Keep what is said of it."""
        self.attributes |= attributes

    def link(self, contexts: Iterable[str]) -> None:
        """Keep the links."""
        self.links += contexts

    def failed(self, error: BaseException) -> None:
        """Keep the error's type."""
        self.errors.append(type(error).__name__)


class RecordingTracer:
    """Keeps spans, all of one trace; the first one's id is 1."""

    def __init__(self) -> None:
        self.spans: list[RecordedSpan] = []

    @contextmanager
    def span(
        self, name: str, *, kind: SpanKind = "internal", parent: str | None = None, **attributes: Value
    ) -> Iterator[Span]:
        """Open a span."""
        context = f"00-{1:032x}-{len(self.spans) + 1:016x}-01"
        span = RecordedSpan(name, kind, parent, context, attributes)
        self.spans.append(span)
        try:
            with entered(context):
                yield span
        except BaseException as error:
            span.failed(error)
            raise
