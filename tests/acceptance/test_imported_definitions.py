"""The broker's definitions, imported into a real RabbitMQ, are a topology that a worker accepts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from config import definitions
from config.topology import TOPOLOGY
from tests.acceptance.program import Site, consuming, publishing
from tests.support.builders.records import event_json, school_json, section_json, student_json, teacher_json
from tests.support.fixtures.broker import one_at_a_time
from tests.support.servers.rabbitmq_node import RabbitNode

PASSWORD = "open-sesame-53"  # noqa: S105 — invented, for a node that lives as long as this run


@pytest.fixture
def least_url(rabbitmq: RabbitNode, run_folder: Path) -> Iterator[str]:
    """The virtual host of the imported definitions, as the user who may configure nothing."""
    with one_at_a_time(run_folder / "definitions.lock"):
        rabbitmq.add_user(definitions.USER, PASSWORD)
        rabbitmq.import_definitions(definitions.ROOT / definitions.PATH)
        yield rabbitmq.vhost_url(definitions.VHOST).replace("guest:guest", f"{definitions.USER}:{PASSWORD}")
        rabbitmq.delete_vhost(definitions.VHOST)
        rabbitmq.delete_user(definitions.USER)


async def test_a_broker_that_imported_the_definitions_has_what_a_worker_needs(
    tmp_path: Path, rabbitmq: RabbitNode, database_url: str, least_url: str
) -> None:
    site = Site(tmp_path, least_url, database_url)

    assert "every exchange and queue, and this user every permission" in await site.done("topology", "check")
    assert bindings(rabbitmq) == {(each.exchange, each.pattern, each.queue) for each in TOPOLOGY.bindings}


async def test_a_user_who_may_configure_nothing_takes_a_district_from_events_to_its_commit(
    tmp_path: Path, database_url: str, least_url: str
) -> None:
    site = Site(tmp_path, least_url, database_url, {"WINDOW__QUIET_SECONDS": "0.5"})
    arrival = [
        event_json(school_json(), "schools.created", 1),
        event_json(student_json(1), "users.created", 2),
        event_json(teacher_json(), "users.created", 3),
        event_json(section_json(), "sections.created", 4),
    ]
    file = tmp_path / "arrival.ndjson"
    file.write_text("".join(json.dumps(event) + "\n" for event in arrival))
    await site.done("publish", str(file))
    async with site.worker():
        async with consuming(least_url) as consumer:
            await consumer.until(lambda: len(consumer.commits) == 1)
        async with publishing(least_url) as send:
            await send(b"not JSON")
        async with asyncio.timeout(60):
            while "not_json" not in (listed := await site.done("dead-letters", "list", "--json")):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    letter = json.loads(listed.splitlines()[0])["id"]
    discarded = await site.done("dead-letters", "discard", letter, "--reason", "a test")

    assert "1" in discarded


async def test_a_wrong_password_ends_a_worker_with_one_line(
    tmp_path: Path, database_url: str, least_url: str
) -> None:
    site = Site(tmp_path, least_url.replace(PASSWORD, "wrong"), database_url)

    for command in (["run"], ["topology", "check"], ["dead-letters", "list"]):
        finished = await site.command(*command)
        assert finished.code == 2, finished
        assert "refused the user or the password" in finished.err.splitlines()[-1]


async def test_a_right_that_is_missing_is_told_by_the_check_and_ends_a_worker_at_its_start(
    tmp_path: Path, rabbitmq: RabbitNode, database_url: str, least_url: str
) -> None:
    site = Site(tmp_path, least_url, database_url)
    (given,) = definitions.definitions()["permissions"]
    configure, write, read = given["configure"], r"^(clever\.events|rostering)$", given["read"]
    rabbitmq.permit(definitions.USER, definitions.VHOST, configure, write, read)

    checked, started = await asyncio.gather(
        site.command("topology", "check"), site.command("run", "--stages", "ingest,evaluate")
    )

    for finished, code in ((checked, 1), (started, 2)):
        assert finished.code == code, finished
        assert "may not write to exchange clever.events.dead" in finished.err.splitlines()[-1]


def bindings(node: RabbitNode) -> set[tuple[str, str, str]]:
    """Return what is bound in the virtual host, but for what the default exchange binds by itself."""
    listed = json.loads(
        node.ctl(
            *("--formatter", "json", "list_bindings", "--vhost", definitions.VHOST),
            *("source_name", "routing_key", "destination_name"),
        )
    )
    return {
        (each["source_name"], each["routing_key"], each["destination_name"])
        for each in listed
        if each["source_name"]
    }
