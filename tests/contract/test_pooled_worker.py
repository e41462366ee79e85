"""The worker as it is put together, behind a real PgBouncer in each mode: from events to a commit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from config import loading
from tests.support.builders.records import event_json, school_json, section_json, student_json, teacher_json
from tests.support.servers.pgbouncer import running_pgbouncer
from tests.support.servers.postgres_server import PostgresServer
from worker.bootstrap.process import RunningWorker, Worker
from worker.bootstrap.store import open_store
from worker.messaging.publish_events import publish_events
from worker.runtime.errors import SettingsError

EVENTS = [
    event_json(school_json(), "schools.created", 1),
    event_json(teacher_json(), "users.created", 2),
    event_json(student_json(1), "users.created", 3),
    event_json(section_json(), "sections.created", 4),
]
pytestmark = pytest.mark.alone("a worker looks at the times of all districts, and puts right what lies ahead")

CLEVER = {"ROSTERING_CLEVER__CLIENT_ID": "app", "ROSTERING_CLEVER__CLIENT_SECRET": "secret"}


@pytest.fixture(params=["session", "transaction"])
async def pooled_url(
    request: pytest.FixtureRequest, postgres_server: PostgresServer, database_url: str
) -> AsyncIterator[str]:
    async with running_pgbouncer(postgres_server.url, request.param) as pooler:
        yield pooler.url(urlsplit(database_url).path.removeprefix("/"))


def environment(folder: Path, url: str, direct: str | None = None) -> Mapping[str, str]:
    return {
        "ROSTERING_DATA_DIR": str(folder),
        "ROSTERING_DATABASE_URL": url,
        "ROSTERING_WINDOW__QUIET_SECONDS": "0.2",
        **({"ROSTERING_DATABASE_DIRECT_URL": direct} if direct else {}),
    }


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what nothing tells of: a line in a file."""
    while not holds():  # noqa: ASYNC110 — see above
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("has_direct_address", [True, False])
async def test_events_become_a_commit(
    pooled_url: str, database_url: str, tmp_path: Path, *, has_direct_address: bool
) -> None:
    direct = database_url if has_direct_address else None
    settings = loading.load(environment(tmp_path, pooled_url, direct))
    worker = Worker(settings, ["ingest", "evaluate", "relay", "notify"], needs_http=False)
    running: asyncio.Future[RunningWorker] = asyncio.get_running_loop().create_future()
    worker.started = running.set_result
    task = asyncio.create_task(worker.run())
    async with asyncio.timeout(30):
        await publish_events((await running).broker, EVENTS, lambda _: None)

        commits = tmp_path / "out" / "commit.ndjson"
        await until(lambda: commits.exists() and commits.read_text().endswith("\n"))
        worker.stop.set()
        assert await task == 0
    commit = json.loads(commits.read_text().splitlines()[0])
    assert commit["roster"]["students"] == 1


async def test_a_direct_address_by_itself_is_refused(database_url: str, tmp_path: Path) -> None:
    alone = {"ROSTERING_DATA_DIR": str(tmp_path), "ROSTERING_DATABASE_DIRECT_URL": database_url}

    with pytest.raises(SettingsError, match="ROSTERING_DATABASE_URL: expected a value"):
        async with open_store(loading.load(alone)):
            pass
    assert not (tmp_path / "postgres").exists()


async def test_reading_from_clever_over_a_pooler_of_transactions_asks_for_a_direct_address(
    pooled_url: str, database_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    by_itself = loading.load({**environment(tmp_path, pooled_url), **CLEVER})
    beside_a_direct_one = loading.load({**environment(tmp_path, pooled_url, database_url), **CLEVER})

    async with open_store(beside_a_direct_one) as store:
        assert store.connections is not None
        async with store.connections.turn() as connection:
            assert connection is None
    if "transaction" in request.node.callspec.id:
        with pytest.raises(SettingsError, match="ROSTERING_DATABASE_DIRECT_URL: expected an address"):
            async with open_store(by_itself):
                pass
    else:
        async with open_store(by_itself):
            pass
