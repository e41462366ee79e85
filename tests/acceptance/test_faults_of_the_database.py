"""What the database does wrong for a while: the program waits it out, tells of it, and loses nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg

from tests.acceptance.program import Site, Worker
from tests.support.builders.records import ARRIVAL
from tests.support.servers.postgres_server import PostgresServer

SOON = 60.0
"""Seconds within which work goes on again."""


async def test_a_server_that_is_read_only_at_the_start_and_later_is_waited_out(
    database_url: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    name = urlsplit(database_url).path[1:]
    setting = f"ALTER DATABASE {name} SET default_transaction_read_only"
    site = Site(tmp_path / "data", None, database_url, {"WINDOW__QUIET_SECONDS": "0.5"})
    await postgres_server.execute(f"{setting} = on")

    async with site.worker() as worker:
        waited = await worker.logged("stage.waiting", lambda line: "25006" in line["reason"])
        at_first = await failing(worker)
        await postgres_server.execute(f"{setting} = off")
        await publish(Site(tmp_path / "data", None, database_url), tmp_path)
        decided = await worker.logged("batch.decided", seconds=SOON)

    assert waited["level"] == "warning"
    assert "25006" in " ".join(at_first.values())
    assert decided["outcome"] == "commit"
    assert worker.process.returncode == 0


async def test_schema_faults_and_cancelled_queries_end_nothing(database_url: str, tmp_path: Path) -> None:
    role = f"worker_{urlsplit(database_url).path[1:]}"
    direct = Site(tmp_path / "data", None, database_url)
    own = database_url.replace("//postgres:@", f"//{role}@")
    site = Site(tmp_path / "data", None, own, {"WINDOW__QUIET_SECONDS": "0.5"})
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"CREATE ROLE {role} LOGIN")
        await connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}")
        await connection.execute(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}")
        async with site.worker() as worker:
            await worker.url()
            await connection.execute(f"REVOKE DELETE ON inbox FROM {role}")
            await publish(direct, tmp_path)
            right = await worker.logged("stage.failed", lambda line: line.get("sqlstate") == "42501")
            parked = await connection.fetch("SELECT FROM evaluation_failures WHERE failures > 0")
            await connection.execute("ALTER TABLE relay_leases RENAME TO elsewhere")
            table = await worker.logged("stage.failed", lambda line: line.get("sqlstate") == "42P01")
            names = await failing(worker)
            for _ in range(10):
                await connection.fetch(
                    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = $1", role
                )
            await connection.execute("ALTER TABLE elsewhere RENAME TO relay_leases")
            await connection.execute(f"GRANT DELETE ON inbox TO {role}")
            decided = await worker.logged("batch.decided", seconds=SOON)
            await worker.logged("message.published", seconds=SOON)
    finally:
        await connection.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        await connection.close()

    assert (right["stage"], right["table"], right["error"]) == (
        *("evaluate", "inbox"),
        "InsufficientPrivilegeError",
    )
    assert right["where"].startswith("adapters/postgres/evaluation/staged_roster.py")
    assert (table["stage"], table["table"]) == ("relay", "relay_leases")
    assert "relay" in names
    assert parked == []
    assert decided["outcome"] == "commit"
    assert worker.process.returncode == 0


async def publish(site: Site, folder: Path) -> None:
    """Publish the arrival of a district."""
    file = folder / "events.ndjson"
    file.write_text("\n".join(json.dumps(event) for event in ARRIVAL))
    await site.done("publish", str(file))


async def failing(worker: Worker) -> dict[str, str]:
    """Wait until `/ready` says no; return the parts that it names."""
    async with asyncio.timeout(SOON), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{await worker.url()}ready") as answer:
                told: dict[str, str] = (await answer.json())["failing"]
                if answer.status == 503 and told:
                    return told
            await asyncio.sleep(0.1)
