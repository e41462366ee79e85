"""A worker needs no more of the database than config/postgres/worker-role.sql gives it."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cases.case_runner import CaseRunner
from tests.support.builders.records import ARRIVAL, DISTRICT
from tests.support.fixtures.store import StoreUnderTest, opened_store
from tests.support.servers.postgres_server import PostgresServer
from worker.runtime.errors import RosteringError

GRANTS = Path(__file__).parents[2] / "config" / "postgres" / "worker-role.sql"


@pytest.fixture
async def store_of_the_role(
    store: StoreUnderTest, postgres_server: PostgresServer
) -> AsyncIterator[StoreUnderTest]:
    role = f"worker_{uuid.uuid4().hex[:12]}"
    await postgres_server.execute(f"CREATE ROLE {role} LOGIN")
    lines = [line for line in GRANTS.read_text().splitlines() if not line.startswith("--")]
    for statement in " ".join(lines).replace(':"role"', role).removesuffix(";").split(";"):
        await store.rows(statement)
    try:
        async with opened_store(store.url.replace("//postgres:@", f"//{quote(role)}:@")) as opened:
            yield opened
    finally:
        await store.rows(f"DROP OWNED BY {role}")
        await postgres_server.execute(f"DROP ROLE {role}")


async def test_this_role_does_all_work_of_a_worker(store_of_the_role: StoreUnderTest, tmp_path: Path) -> None:
    (tmp_path / "events.ndjson").write_text("\n".join(json.dumps(event) for event in ARRIVAL))
    case = CaseRunner(store_of_the_role, tmp_path)

    (user,) = await store_of_the_role.rows(
        "SELECT current_user AS name, usesuper FROM pg_user WHERE usename = current_user"
    )
    await case.happen("events.ndjson")
    await store_of_the_role.districts.purge(DISTRICT, "ada")

    assert user["name"].startswith("worker_")
    assert not user["usesuper"]
    assert len(case.students()) == 1
    assert await store_of_the_role.rows("SELECT 1 FROM audit WHERE action = 'district.purge'")


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_stays ON audit",
        "UPDATE audit SET actor = 'bo'",
        "TRUNCATE audit",
        "SET session_replication_role = replica",
    ],
)
async def test_this_role_cannot_unguard_the_audit(store_of_the_role: StoreUnderTest, change: str) -> None:
    with pytest.raises(RosteringError, match="InsufficientPrivilegeError"):
        await store_of_the_role.rows(change)
