"""The store shows that it can store events before messages are taken: by a write, which is undone."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest
from yarl import URL

from tests.support.builders.records import DISTRICT, event_id, record_id
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.domain.roster.records import RecordKind
from worker.pipeline.ingest.inbox import Arrival
from worker.runtime.errors import StoreFailed

WRITTEN = ("inbox", "evaluated_events", "districts", "windows", "quarantine", "feed_marks")


@dataclass(frozen=True)
class Limited:
    """The inbox as a user of its own sees it, whose rights somebody else may take."""

    inbox: PostgresInbox
    owner: asyncpg.Connection[asyncpg.Record]
    role: str


@pytest.fixture
async def limited(store: StoreUnderTest) -> AsyncIterator[Limited]:
    owner = await asyncpg.connect(store.url)
    role = f"limited_{uuid.uuid4().hex}"
    await owner.execute(f"CREATE ROLE {role} LOGIN")
    await owner.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    database = Database(str(URL(store.url).with_user(role)), name="limited", size=2)
    yield Limited(PostgresInbox(database), owner, role)
    await database.close()
    await owner.execute(f"DROP OWNED BY {role}")
    await owner.execute(f"DROP ROLE {role}")
    await owner.close()


async def test_nothing_is_left_of_the_write_that_shows_it(limited: Limited) -> None:
    await limited.inbox.check_writable()
    await limited.inbox.ping()

    counts = [await limited.owner.fetchval(f"SELECT count(*) FROM seen.{table}") for table in WRITTEN]
    assert counts == [0] * len(WRITTEN)


@pytest.mark.parametrize("table", WRITTEN)
async def test_a_table_without_write_access_is_named_by_both_looks(limited: Limited, table: str) -> None:
    await limited.owner.execute(f"REVOKE INSERT ON {table} FROM {limited.role}")

    with pytest.raises(StoreFailed, match=table):
        await limited.inbox.check_writable()
    with pytest.raises(StoreFailed, match=table):
        await limited.inbox.ping()

    await limited.owner.execute(f"GRANT INSERT ON {table} TO {limited.role}")
    await limited.inbox.check_writable()
    await limited.inbox.ping()


async def test_a_write_that_only_storing_would_meet_is_seen(limited: Limited) -> None:
    refuse = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '23514'; END $$"""
    await limited.owner.execute(refuse)
    await limited.owner.execute(
        "CREATE TRIGGER refuse BEFORE INSERT ON quarantine FOR EACH ROW EXECUTE FUNCTION refuse()"
    )

    with pytest.raises(StoreFailed):
        await limited.inbox.check_writable()
    await limited.inbox.ping()


async def test_two_processes_show_it_at_once_without_waiting_for_each_other(store: StoreUnderTest) -> None:
    async with store.database.transaction() as connection:
        await connection.execute("INSERT INTO districts (district_id) VALUES ('another')")
        await store.inbox.check_writable()

    arrival = Arrival(DISTRICT, event_id(1), RecordKind.SCHOOL, record_id(1), "{}")
    assert (await store.inbox.store([arrival], [], [])).stored == 1
