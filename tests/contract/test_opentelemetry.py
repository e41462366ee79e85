"""Spans as a collector gets them: their parents, links and attributes, and what is never in them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
import structlog
from structlog.testing import capture_logs

from schemas import clever
from tests.support.builders.records import DISTRICT, body, event_id, event_json, school_json
from tests.support.fakes.source import World, feed_event
from tests.support.fixtures.store import StoreUnderTest
from tests.support.servers.collector import Collector, collecting
from worker.adapters.opentelemetry import OpenTelemetryTracer
from worker.domain.preflight.window import WindowLimits
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.ingest.inbox import Arrival, Mark
from worker.pipeline.ingest.translate import BEGINNING, to_arrival
from worker.pipeline.poll.stage import PollStage
from worker.runtime.metrics import Metrics
from worker.runtime.trace_context import read_trace_parent
from worker.runtime.tracing import current, link_all, trace_parent

ELSEWHERE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
NOT_SAMPLED = ELSEWHERE[:-1] + "0"
QUOTED = "Tamsin Fernquay"
LIMITS = WindowLimits(timedelta(hours=1), timedelta(hours=1), 1000, timedelta(hours=1))


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as running:
        yield running


@asynccontextmanager
async def tracing(
    url: str, sent: Callable[[int, bool], None] = lambda *_: None
) -> AsyncIterator[OpenTelemetryTracer]:
    """Trace while the context is open; everything has been sent once it is left."""
    tracer = OpenTelemetryTracer(url, process="rostering/test/1", headers={}, sent=sent)
    try:
        yield tracer
    finally:
        await tracer.close()


async def test_a_span_says_what_it_was_of_whom_and_by_which_process(collector: Collector) -> None:
    async with tracing(collector.url) as tracer:
        with tracer.span("publish", kind="producer", district_id=DISTRICT, sequence=None) as span:
            span.set(part=1, http__route="/")

    (got,) = collector.spans
    assert (got.name, got.kind, got.parent, got.failed) == ("publish", 4, "", False)
    assert got.attributes == {"rostering.district_id": DISTRICT, "rostering.part": 1, "http.route": "/"}
    assert collector.resources[0]["service.instance.id"] == "rostering/test/1"
    assert collector.resources[0]["service.version"] == "0.1.0"


async def test_a_span_belongs_to_its_parents_trace_or_to_that_around_it(collector: Collector) -> None:
    async with tracing(collector.url) as tracer:
        with tracer.span("outer", parent=ELSEWHERE), tracer.span("inner"):
            pass
        with tracer.span("alone"):
            pass

    inner, outer, alone = collector.spans
    assert (outer.trace_id, outer.parent) == (ELSEWHERE[3:35], ELSEWHERE[36:52])
    assert (inner.trace_id, inner.parent) == (outer.trace_id, outer.span_id)
    assert alone.trace_id != outer.trace_id
    assert alone.parent == ""


async def test_the_open_span_is_the_context_of_messages_and_log_lines(collector: Collector) -> None:
    async with tracing(collector.url) as tracer:
        with tracer.span("evaluate"):
            inside, told = current(), structlog.contextvars.get_contextvars()
            made = trace_parent(DISTRICT, DISTRICT)
            of_a_task = await asyncio.create_task(_current())
        outside = current()

    (got,) = collector.spans
    assert inside == made == of_a_task == f"00-{got.context}-01"
    assert told == {"trace_id": got.trace_id}
    assert outside is None
    assert structlog.contextvars.get_contextvars() == {}


async def _current() -> str | None:
    return current()


async def test_an_error_is_told_by_its_type_and_place_and_never_by_its_text(collector: Collector) -> None:
    async with tracing(collector.url) as tracer:
        with pytest.raises(ValueError, match=QUOTED), tracer.span("evaluate"):
            raise ValueError(f"duplicate key: {QUOTED}")

    (got,) = collector.spans
    assert (got.failed, got.status, got.attributes["error.type"]) == (True, "ValueError", "ValueError")
    assert got.attributes["rostering.where"].startswith("opentelemetry.py:")
    assert "test_opentelemetry.py" in got.attributes["rostering.where"]
    assert QUOTED not in "".join(collector.texts)
    assert got.events == 0


async def test_a_span_has_at_most_64_links_each_once_and_counts_all(collector: Collector) -> None:
    contexts = [f"00-{number:032x}-{number:016x}-01" for number in range(1, 71)]

    async with tracing(collector.url) as tracer:
        with tracer.span("ingest") as span:
            link_all(span, [None, *contexts, *contexts])
        with tracer.span("ingest") as span:
            link_all(span, [None])

    many, none = collector.spans
    assert many.links == [context[3:-3] for context in contexts[:64]]
    assert many.attributes["rostering.contexts"] == 70
    assert (none.links, none.attributes) == ([], {})


async def test_the_share_asked_for_is_recorded(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0")

    async with tracing(collector.url) as tracer:
        with tracer.span("begun here"):
            not_recorded = current()
        with tracer.span("begun elsewhere", parent=ELSEWHERE):
            pass
        with tracer.span("not recorded elsewhere", parent=NOT_SAMPLED):
            pass

    assert [span.name for span in collector.spans] == ["begun elsewhere"]
    assert not_recorded is not None
    assert not_recorded.endswith("-00")
    assert read_trace_parent(not_recorded) == not_recorded


async def test_lost_spans_are_counted_and_told_once_until_they_arrive(collector: Collector) -> None:
    counted: list[tuple[int, bool]] = []
    news = asyncio.Event()
    loop = asyncio.get_running_loop()

    def sent(spans: int, arrived: bool) -> None:
        counted.append((spans, arrived))
        loop.call_soon_threadsafe(news.set)

    collector.refusing = True
    with capture_logs() as logs:
        async with tracing(collector.url, sent=sent) as tracer:
            for refusing in (True, True, False):
                collector.refusing = refusing
                with tracer.span("turn"):
                    pass
                async with asyncio.timeout(20):
                    await news.wait()
                news.clear()

    assert counted == [(1, False), (1, False), (1, True)]
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("traces.lost", "warning"),
        ("traces.resumed", "info"),
    ]


async def test_a_collector_that_takes_and_never_answers_does_not_delay_the_end() -> None:
    held = asyncio.Event()

    async def hold(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with tracing(f"http://127.0.0.1:{port}") as tracer:
        with tracer.span("turn"):
            pass
        began = time.monotonic()
    seconds = time.monotonic() - began
    held.set()
    server.close()

    assert seconds < 8


async def test_the_events_that_a_turn_publishes_carry_the_turns_context(collector: Collector) -> None:
    world = World()
    world.clever.feed = [feed_event(0), feed_event(1)]
    world.connect(cursor=0)

    async with tracing(collector.url) as tracer:
        await PollStage(replace(world.source, tracer=tracer)).once()

    (turn,) = collector.spans
    assert {message.headers["traceparent"] for message in world.publisher.messages} == {
        f"00-{turn.context}-01"
    }
    assert turn.attributes == {
        "rostering.district_id": DISTRICT,
        "rostering.outcome": "done",
        "rostering.events": 1,
        "rostering.records": 0,
    }


def school_arrival(number: int, context: str | None = None) -> Arrival:
    """Return a school that arrived in a trace context."""
    event = clever.read(body(event_json(school_json(number), "schools.created", number)))
    assert isinstance(event, clever.Event)
    return to_arrival(event, context)


async def test_a_batch_links_the_contexts_of_its_events(collector: Collector, store: StoreUnderTest) -> None:
    contexts = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2)]
    arrivals = [
        school_arrival(number, context)
        for number, context in enumerate([contexts[0], contexts[1], contexts[1], None], start=1)
    ]
    await store.inbox.store(arrivals, [Mark(DISTRICT, BEGINNING, event_id(4), 4)], [])

    async with tracing(collector.url) as tracer:
        stage = EvaluateStage(store.evaluations, LIMITS, Metrics(), tracer=tracer)
        assert await stage.once()
        assert not await stage.once()

    (batch,) = collector.spans
    assert sorted(batch.links) == [context[3:-3] for context in contexts]
    assert batch.attributes["rostering.contexts"] == 2
    assert batch.attributes["rostering.outcome"] == "review"
    queued = await store.rows("SELECT trace_parent FROM outbox")
    assert {row["trace_parent"] for row in queued} == {f"00-{batch.context}-01"}


async def test_an_evaluation_that_raises_fails_its_span(collector: Collector, store: StoreUnderTest) -> None:
    await store.inbox.store([school_arrival(1)], [Mark(DISTRICT, BEGINNING, event_id(1), 1)], [])
    await store.rows("ALTER TABLE staged ADD CONSTRAINT broken CHECK (record IS NULL) NOT VALID")

    async with tracing(collector.url) as tracer:
        stage = EvaluateStage(store.evaluations, LIMITS, Metrics(), tracer=tracer)
        assert await stage.once()

    (batch,) = collector.spans
    assert (batch.failed, batch.links) == (True, [])
    assert batch.status == batch.attributes["error.type"] != ""
    assert "Larkspur" not in "".join(collector.texts)
