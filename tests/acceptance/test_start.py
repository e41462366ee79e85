"""How the program starts and stops: what must be there first, what it says where it is not, its pages."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import aiohttp
import pytest

from tests.acceptance.program import Finished, Site
from tests.support.builders.records import event_json, school_json
from tests.support.servers.postgres_server import PostgresServer

PASSWORD = "open-sesame-47"  # noqa: S105 — invented, to be looked for where it must not stand
METRICS = (
    *("rostering_events_received_total", "rostering_batches_closed_total", "rostering_decisions_total"),
    *("rostering_preflight_duration_seconds", "rostering_event_to_decision_seconds"),
    *("rostering_outbox_unpublished", "rostering_districts", "rostering_dead_letters_total"),
)


@pytest.fixture
async def unmigrated_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """A database with nothing in it."""
    name = f"empty_{uuid.uuid4().hex}"
    await postgres_server.execute(f"CREATE DATABASE {name}")
    yield postgres_server.database_url(name)
    await postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_broker_without_its_queues_is_told_apart_and_never_mended_in_silence(
    tmp_path: Path, rabbitmq_vhost_url: str, database_url: str
) -> None:
    site = Site(tmp_path, rabbitmq_vhost_url, database_url)
    anew = replace(site, is_cold=True)

    assert_one_line(await anew.command("run"), "clever.events is missing", "rostering topology declare")

    await anew.done("topology", "declare")
    await declare_otherwise(rabbitmq_vhost_url, "clever.events")
    assert_one_line(await site.command("run"), "queue clever.events differs", "x-dead-letter-exchange")


async def test_a_missing_schema_is_told_and_made_once_by_migrate(tmp_path: Path, unmigrated_url: str) -> None:
    site = Site(tmp_path, database_url=unmigrated_url)
    anew = replace(site, is_cold=True)

    assert_one_line(await site.command("run"), "no schema", "rostering migrate")
    assert "migrated from version nothing" in await anew.done("migrate")
    assert "up to date" in await site.done("migrate")


async def test_check_config_hides_passwords_and_a_stage_that_there_is_not_is_refused(tmp_path: Path) -> None:
    site = Site(
        tmp_path,
        f"amqp://rosterer:{PASSWORD}@broker.test/v",
        f"postgresql://rosterer:{PASSWORD}@database.test/x?sslmode=verify-full&password={PASSWORD}",
    )
    named = '["broker"]'

    shown, refused, plain = await asyncio.gather(
        site.done("check-config", SECURITY__ALLOW_PLAINTEXT=named),
        site.command("run", "--stages", "ingest,evaluat", SECURITY__ALLOW_PLAINTEXT=named),
        site.command("districts"),
    )

    assert "rosterer:***@broker.test" in shown
    assert "rosterer:***@database.test" in shown
    assert "ROSTERING_WINDOW__MAX_DEFERRAL_SECONDS" in shown
    assert "The connection broker may be unencrypted outside this machine." in shown
    assert_one_line(plain, "ROSTERING_BROKER_URL", "expected TLS with a checked certificate")
    assert PASSWORD not in shown
    assert_one_line(refused, "--stages", "expected some of poll, ingest, evaluate, relay", "got evaluat")


async def test_a_worker_answers_probes_shares_its_port_with_nobody_and_stops_when_told(site: Site) -> None:
    async with site.worker() as worker:
        url = await worker.url()
        async with aiohttp.ClientSession(url) as session:
            async with session.get("/live") as live:
                assert live.status == 200
            await until_ready(session)
            async with session.get("/metrics") as answer:
                named = await answer.text()
        port = str(urlsplit(url).port)
        demanded = site.command("run", "--stages", "http,ingest", HTTP__PORT=port)
        by_default = site.command("run", HTTP__PORT=port)
        beside = site.command("run", HTTP__PORT="0", HTTP__PROBES_PORT=port)
        refused, refused_too, refused_beside = await asyncio.gather(demanded, by_default, beside)
        code = await worker.stop()

    for metric in METRICS:
        assert f"# HELP {metric} " in named, metric
    for each in (refused, refused_too):
        assert_one_line(each, "ROSTERING_HTTP__PORT", f"cannot listen on 127.0.0.1:{port}", "already in use")
    assert_one_line(refused_beside, "ROSTERING_HTTP__PROBES_PORT", f"cannot listen on 127.0.0.1:{port}")
    assert (code, worker.records[-1]["event"]) == (0, "worker.stopped")


async def declare_otherwise(url: str, name: str) -> None:
    """Put a plain quorum queue in the place of ours."""
    connection = await aio_pika.connect(url)
    try:
        channel = await connection.channel()
        await channel.queue_delete(name)
        await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
    finally:
        await connection.close()


async def until_ready(session: aiohttp.ClientSession) -> None:
    """Wait until `/ready` answers 200, naming nothing that fails."""
    async with asyncio.timeout(60):
        while True:
            async with session.get("/ready") as answer:
                said = json.loads(await answer.text())
            assert answer.status == (200 if said["ready"] else 503)
            if said["ready"]:
                assert said["failing"] == {}
                return
            await asyncio.sleep(0.1)


def assert_one_line(finished: Finished, *told: str) -> None:
    """Exit code 2 and one line on standard error that tells all this, and nothing else."""
    assert finished.code == 2, finished
    assert finished.out == ""
    assert finished.err.count("\n") == 1, finished.err
    for part in told:
        assert part in finished.err, finished.err
    assert "Traceback" not in finished.err


async def test_a_command_says_which_data_folder_it_makes(tmp_path: Path) -> None:
    site = Site(tmp_path / "data", settings={"WINDOW__QUIET_SECONDS": "0.1"})
    events = tmp_path / "events.ndjson"
    events.write_text(json.dumps(event_json(school_json(), "schools.created", 1)))

    alone = await site.command("publish", str(events))
    async with site.worker() as worker:
        await worker.logged("worker.started")
        beside = await site.command("publish", str(events))

    assert alone.out == "Published 1 event.\n"
    assert str(tmp_path / "data") in alone.err
    assert "No worker is running" in alone.err
    assert (beside.code, beside.out, beside.err) == (0, "Published 1 event.\n", "")


@pytest.mark.parametrize("arguments", [["check-config"], ["show"]])
async def test_a_start_by_a_fork_says_what_the_installed_program_says(
    tmp_path: Path, arguments: list[str]
) -> None:
    """Most tests here start the program by a fork of a process that has imported it."""
    anew = await Site(tmp_path, is_cold=True).command(*arguments, HTTP__HOST="::1")
    forked = await Site(tmp_path).command(*arguments, HTTP__HOST="::1")

    assert (forked.code, forked.out, forked.err) == (anew.code, anew.out, anew.err)
    assert forked.out + forked.err


async def test_publishing_where_nobody_takes_says_that_no_worker_runs(site: Site, tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.write_text(json.dumps(event_json(school_json(), "schools.created", 1)))

    alone = await site.command("publish", str(events))
    async with site.worker() as worker:
        await worker.logged("events.stored")
        beside = await site.command("publish", str(events))

    assert (alone.code, alone.out) == (0, "Published 1 event.\n")
    assert "No worker is running" in alone.err
    assert (beside.code, beside.out, beside.err) == (0, "Published 1 event.\n", "")
