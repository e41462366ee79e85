"""A trace leads from an event's header to the message that follows from it, with nothing personal in it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp
import asyncpg
import orjson
import pytest

from tests.acceptance.program import Consumer, Site, Worker, consuming, publishing
from tests.support.builders.records import DISTRICT, event_json
from tests.support.districts import canaries
from tests.support.servers.collector import Collector, collecting
from worker.runtime.trace_context import read_trace_parent

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
NOBODYS_FILTER = json.dumps(
    {"rules": [{"all": [{"field": "name", "op": "is", "value": canaries.marker("filter")}]}]}
)


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as running:
        yield running


def context(number: int) -> str:
    """Return the trace context, without version and flags, in which a foreign publisher sends an event."""
    return f"{TRACE}-{number:016x}"


def worker_of(site: Site, collector: Collector, **settings: str) -> AbstractAsyncContextManager[Worker]:
    """Return a worker that sends its spans to the collector."""
    return site.worker(TRACING__OTLP_ENDPOINT=collector.url, **settings)


async def publish(site: Site, events: list[dict[str, Any]]) -> None:
    """Publish events, each in a trace context of its own."""
    async with publishing(site.broker_url or "") as publish_body:
        for number, event in enumerate(events, start=1):
            await publish_body(orjson.dumps(event), headers={"traceparent": f"00-{context(number)}-01"})


def header(consumer: Consumer, kind: str) -> str:
    """Return the trace context of the first message of a kind, without its flags."""
    message = next(each for each in consumer.messages if each.type == f"rostering.{kind}/v1")
    read = read_trace_parent(message.headers["traceparent"])
    assert read is not None
    return read.removeprefix("00-")[:-3]


async def test_each_stage_from_event_to_commit_is_in_the_trace(site: Site, collector: Collector) -> None:
    events = canaries.district()
    worker_with_headers = worker_of(site, collector, TRACING__HEADERS='{"x-tenant":"ours"}')

    async with consuming(site.broker_url or "") as consumer, worker_with_headers as worker:
        await publish(site, events)
        await consumer.until(lambda: len(consumer.commits) == 1)
        async with console_of(await worker.url()) as session:
            await site.open_console(session)
            async with session.get("/") as page:
                assert page.status == 200

    sent = {context(number) for number in range(1, len(events) + 1)}
    ingested = collector.named("ingest")
    assert {link for span in ingested for link in span.links} == sent
    assert sum(span.attributes["rostering.stored"] for span in ingested) == len(events)

    evaluated = collector.named("evaluate")[-1]
    assert {link for span in collector.named("evaluate") for link in span.links} == sent
    assert evaluated.attributes["rostering.contexts"] == len(evaluated.links)
    assert evaluated.attributes["rostering.outcome"] == "commit"
    assert (evaluated.attributes["rostering.district_id"], evaluated.parent) == (DISTRICT, "")

    published = {span.attributes["rostering.schema"]: span for span in collector.named("publish")}
    commit = published["rostering.commit/v1"]
    assert (commit.trace_id, commit.parent) == (evaluated.trace_id, evaluated.span_id)
    assert header(consumer, "commit") == commit.context

    *_, asked = collector.named("GET /")
    assert asked.attributes["http.response.status_code"] == 200
    assert {each["x-tenant"] for each in collector.headers} == {"ours"}
    assert collector.resources[0]["service.name"] == "rostering"
    by_line = {line["event"]: line for line in worker.records if "trace_id" in line}
    assert by_line["batch.decided"]["trace_id"] == evaluated.trace_id
    assert {"events.stored", "batch.decided", "message.published", "http.request"} <= by_line.keys()


async def test_a_full_run_tells_no_personal_field_anywhere(site: Site, collector: Collector) -> None:
    async with consuming(site.broker_url or "") as consumer, worker_of(site, collector) as worker:
        await publish(site, canaries.district())
        await consumer.until(lambda: len(consumer.commits) == 1)
        await publish(site, [canaries.in_several_sections(), canaries.unreadable()])
        await consumer.until(lambda: len(consumer.reviews) == 1 and len(consumer.dead_letters) == 1)
        await site.done("filter", "set", DISTRICT, "-", stdin=NOBODYS_FILTER)
        await consumer.until(lambda: len(consumer.reviews) == 2)
        await break_the_staging_of_users(site)
        await publish(site, [event_json(canaries.student(3), "users.created", 30)])
        failed = await worker.logged("evaluation.failed")
        metrics = await everything_asked_for(site, worker)

    assert canaries.found(json.dumps(consumer.commits)), "the run has rostered what was planted"
    canaries.assert_absent("".join(worker.lines), "the log")
    canaries.assert_absent(metrics, "a metric")
    canaries.assert_absent("".join(collector.texts), "a span")
    canaries.assert_absent(json.dumps(consumer.alerts), "an alert")
    for review in consumer.reviews:
        canaries.assert_absent(json.dumps(review["findings"]), "a review's item")
        canaries.assert_absent(json.dumps(review["causes"]), "a cause")
    for message in consumer.messages:
        canaries.assert_absent(f"{message.routing_key} {dict(message.headers)}", "a message's header")
    assert failed["error"] == "CheckViolationError"
    assert {span.name for span in collector.spans} >= {"ingest", "evaluate", "publish", "GET /"}
    assert {span.events for span in collector.spans} == {0}
    assert consumer.dead_letters[0].headers["traceparent"] == f"00-{context(2)}-01"


async def break_the_staging_of_users(site: Site) -> None:
    """Have the database refuse each user from now on, with an error that quotes the whole row."""
    connection = await asyncpg.connect(site.database_url)
    try:
        await connection.execute("ALTER TABLE staged ADD CONSTRAINT broken CHECK (kind <> 'user') NOT VALID")
    finally:
        await connection.close()


def console_of(url: str) -> aiohttp.ClientSession:
    """Return a browser at the worker's console."""
    return aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True))


async def everything_asked_for(site: Site, worker: Worker) -> str:
    """Ask for pages by addresses that hold something personal, and return the metrics."""
    async with console_of(await worker.url()) as session:
        await site.open_console(session)
        for path in ("/", f"/?q={canaries.marker('query')}", f"/{canaries.marker('path')}"):
            async with session.get(path) as answer:
                await answer.read()
        async with session.get("/metrics") as answer:
            text = await answer.text()
    assert (
        'rostering_http_request_duration_seconds_count{method="GET",route="(none)",status="404"} 1.0' in text
    )
    return text


async def test_a_collector_that_is_away_delays_and_logs_nothing(site: Site, collector: Collector) -> None:
    collector.refusing = True
    address = collector.url.removeprefix("http://")

    secretive = worker_of(site, collector, TRACING__HEADERS='{"authorization":"Bearer sesame"}')

    async with consuming(site.broker_url or "") as consumer, secretive as worker:
        await publish(site, canaries.district())
        await consumer.until(lambda: len(consumer.commits) == 1)
        await worker.logged("traces.lost")
        asked_to_stop = time.monotonic()
        code = await worker.stop()
        seconds = time.monotonic() - asked_to_stop

    log = "".join(worker.lines)
    assert code == 0
    assert seconds < 30
    assert sum(line["event"] == "traces.lost" for line in worker.records) == 1
    assert address not in log
    assert "sesame" not in log
    assert "Traceback" not in log


def test_without_a_collector_nothing_of_the_library_is_loaded() -> None:
    imports = (
        "import sys, worker.bootstrap.process, worker.cli.run;"
        " print([m for m in sys.modules if 'opentelemetry' in m])"
    )

    done = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
