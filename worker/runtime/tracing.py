"""Traces: one span a unit of work, and which units led to which.

The pipeline knows these few words of tracing and no library. Where no collector is configured `NoTracer`
answers, which does nothing. The context of the span that is open travels with the task that opened it, and
is read where something is published.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Final, Literal, Protocol, TypeAlias

import structlog

from worker.runtime import trace_context
from worker.runtime.trace_context import trace_id

Value: TypeAlias = str | int | float | bool | None
SpanKind: TypeAlias = Literal["internal", "server", "producer", "consumer", "client"]

MOST_LINKS: Final = 64
"""Of one span: a batch may hold the events of thousands of traces, and collectors take 128 at most."""

_CURRENT: Final[ContextVar[str | None]] = ContextVar("trace_parent", default=None)


class Span(Protocol):
    """One unit of work, from its beginning to its end."""

    def set(self, **attributes: Value) -> None:
        """Say something of it: ids, counts and outcomes, nothing that names a person. None says nothing.

        A name stands for itself, or with two underscores for one of OpenTelemetry's own: `http__route`.
        """

    def link(self, contexts: Iterable[str]) -> None:
        """Say what led to it, as trace contexts."""

    def failed(self, error: BaseException) -> None:
        """Say that it failed: by the error's type and place, never by its text."""


class Tracer(Protocol):
    """Where spans come from."""

    def span(
        self, name: str, *, kind: SpanKind = "internal", parent: str | None = None, **attributes: Value
    ) -> AbstractContextManager[Span]:
        """Open a span for as long as the context is; one that is left by an error has failed.

        It belongs to the trace of `parent`, to that of the span that is open here, or to one of its own.
        """


class _NoSpan:
    def set(self, **attributes: Value) -> None:
        """Say nothing."""

    def link(self, contexts: Iterable[str]) -> None:
        """Link nothing."""

    def failed(self, error: BaseException) -> None:
        """Say nothing."""


class NoTracer:
    """Answers to `Tracer` where nothing is traced."""

    _NOTHING: Final = _NoSpan()

    def span(
        self,
        name: str,  # noqa: ARG002 — the port's
        *,
        kind: SpanKind = "internal",  # noqa: ARG002 — the port's
        parent: str | None = None,  # noqa: ARG002 — the port's
        **attributes: Value,  # noqa: ARG002 — the port's
    ) -> AbstractContextManager[Span]:
        """Open nothing."""
        return nullcontext(self._NOTHING)


NO_TRACES: Final = NoTracer()


def link_all(span: Span, contexts: Iterable[str | None]) -> None:
    """Link a span to the contexts of what led to it: each once, at most 64; and say how many there are."""
    distinct = list(dict.fromkeys(context for context in contexts if context is not None))
    if distinct:
        span.link(distinct[:MOST_LINKS])
        span.set(contexts=len(distinct))


def current() -> str | None:
    """Return the context of the span that is open here; None where none is."""
    return _CURRENT.get()


def trace_parent(batch: str, decided: str) -> str:
    """Return the context that a message gets: that of the span that is open, or one made of the two ids."""
    return current() or trace_context.trace_parent(batch, decided)


@contextmanager
def entered(context: str) -> Iterator[None]:
    """Make a span's context the current one, and put its trace's id on every log line meanwhile."""
    token = _CURRENT.set(context)
    try:
        with structlog.contextvars.bound_contextvars(trace_id=trace_id(context)):
            yield
    finally:
        _CURRENT.reset(token)
