"""Logs hold an error's type and where it was raised, and never its text, which may quote a child's name."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from worker.runtime import logs
from worker.runtime.logs import configure_logging, version, where
from worker.runtime.metrics import Metrics

QUOTED = "Tamsin Fernquay"
CONTRACT = {
    "rostering_events_received": ("counter", ["outcome"]),
    "rostering_batches_closed": ("counter", ["trigger"]),
    "rostering_decisions": ("counter", ["outcome"]),
    "rostering_preflight_duration_seconds": ("histogram", []),
    "rostering_event_to_decision_seconds": ("histogram", []),
    "rostering_outbox_unpublished": ("gauge", []),
    "rostering_districts": ("gauge", ["status"]),
    "rostering_dead_letters": ("counter", ["reason"]),
    "rostering_store_duration_seconds": ("histogram", []),
    "rostering_publish_duration_seconds": ("histogram", []),
    "rostering_http_request_duration_seconds": ("histogram", ["method", "route", "status"]),
    "rostering_spans": ("counter", ["outcome"]),
    "rostering_stage_up": ("gauge", ["stage"]),
    "rostering_stage_last_worked_timestamp_seconds": ("gauge", ["stage"]),
}


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture(params=[False, True], ids=["json", "pretty"])
def stream(request: pytest.FixtureRequest) -> io.StringIO:
    """What is logged, in both forms."""
    written = io.StringIO()
    configure_logging(written, pretty=request.param)
    return written


@pytest.fixture
def lines() -> io.StringIO:
    """What is logged as JSON."""
    written = io.StringIO()
    configure_logging(written, pretty=False)
    return written


def raises() -> None:
    raise ValueError(f"duplicate key: {QUOTED}")


def read(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_an_exception_of_ours_is_logged_by_type_and_place(stream: io.StringIO) -> None:
    try:
        raises()
    except ValueError:
        structlog.get_logger().exception("evaluation.failed", district_id="d1")

    written = stream.getvalue()
    assert "evaluation.failed" in written
    assert "ValueError" in written
    assert "test_telemetry.py" in written
    assert QUOTED not in written
    assert "duplicate key" not in written


def test_an_exception_that_is_given_as_it_is_is_logged_the_same_way(lines: io.StringIO) -> None:
    try:
        raises()
    except ValueError as error:
        caught = error
    structlog.get_logger().error("stage.broke", exc_info=caught)

    (line,) = read(lines)
    assert (line["error"], line["event"]) == ("ValueError", "stage.broke")
    assert line["where"].endswith(" raises")
    assert QUOTED not in lines.getvalue()


def test_a_foreign_librarys_exception_is_logged_the_same_way(stream: io.StringIO) -> None:
    try:
        raises()
    except ValueError:
        logging.getLogger("aiormq.connection").exception("connection broke")

    written = stream.getvalue()
    assert "connection broke" in written
    assert "ValueError" in written
    assert QUOTED not in written


def test_a_task_that_nobody_waited_for_is_told_without_its_exceptions_text(stream: io.StringIO) -> None:
    async def forgotten() -> None:
        raises()

    async def forget() -> None:
        task = asyncio.create_task(forgotten())
        await asyncio.wait([task])

    asyncio.run(forget())

    written = stream.getvalue()
    assert "Task exception was never retrieved" in written
    assert "ValueError" in written
    assert QUOTED not in written


def test_a_line_without_an_exception_is_what_was_said(lines: io.StringIO) -> None:
    structlog.get_logger().info("batch.decided", district_id="d1", errors=412)

    (line,) = read(lines)
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "batch.decided", "level": "info", "district_id": "d1", "errors": 412}


def test_what_foreign_libraries_say_in_passing_is_left_out(lines: io.StringIO) -> None:
    for name in ("aio_pika.robust_connection", "aiohttp.access", "alembic.runtime", "asyncio"):
        logging.getLogger(name).info("chatter")
        logging.getLogger(name).warning("trouble")

    assert [line["event"] for line in read(lines)] == ["trouble"] * 4


def test_where_names_files_lines_and_functions_and_nothing_else() -> None:
    try:
        raises()
    except ValueError as error:
        place = where(error)

    *_, last = place.split(" > ")
    assert last.split(":")[0] == "test_telemetry.py"
    assert last.endswith(" raises")
    assert QUOTED not in place
    assert where(ValueError(QUOTED)) == ""


def test_the_metrics_are_the_contracts_and_none_has_a_district_in_a_label() -> None:
    metrics = Metrics()

    known = {family.name: family.type for family in metrics.registry.collect()}
    assert {name: known[name] for name in CONTRACT} == {name: kind for name, (kind, _) in CONTRACT.items()}
    labels = {
        collector._name: list(collector._labelnames)
        for collector in vars(metrics).values()
        if hasattr(collector, "_labelnames")
    }
    assert {name: labels[name] for name in CONTRACT} == {name: names for name, (_, names) in CONTRACT.items()}
    assert metrics.registry.get_sample_value("rostering_build_info", {"version": version()}) == 1
    assert not any("district_id" in names or "district" in names for names in labels.values())


def test_two_processes_metrics_do_not_meet() -> None:
    one, other = Metrics(), Metrics()
    one.batches_closed.labels("quiet").inc()

    assert one.registry.get_sample_value("rostering_batches_closed_total", {"trigger": "quiet"}) == 1
    assert other.registry.get_sample_value("rostering_batches_closed_total", {"trigger": "quiet"}) is None


def test_the_modules_that_errors_only_pass_through_are_there() -> None:
    worker = Path(logs.__file__).parents[1]

    assert [name for name in logs._PLUMBING if not (worker / name).is_file()] == []
