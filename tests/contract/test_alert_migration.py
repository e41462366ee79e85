"""Alerts that waited in the version before, brought to the table of alerts."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import pytest
from builders import Json
from delivery_helpers import RESOLVED, Line, alert, all_of, deliver
from postgres_server import PostgresServer
from store_fixtures import opened_store

from worker.adapters.postgres import migrating, schema

BEFORE = "0010"
LINKS_BEFORE = "0019"
OUTBOX = (
    "INSERT INTO alert_outbox (district_id, routing_key, schema, message_key, trace_parent, envelope) "
    "VALUES ('1', 'alert.warning', 'rostering.alert/v1', $1, '', $2)"
)
DELIVERY = (
    "INSERT INTO deliveries (channel, alert_id, dedup_key, status, starts_at, body, delivered_at) "
    "VALUES ('line-1', $1, $2, $3, $6, $4, CASE WHEN $5 THEN now() END)"
)


@pytest.fixture
async def old_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """A database of the version before."""
    name = f"test_{uuid.uuid4().hex}"
    await postgres_server.execute(f"CREATE DATABASE {name}")
    url = postgres_server.database_url(name)
    await migrating.upgrade(url, to=BEFORE)
    try:
        yield url
    finally:
        await postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_what_waited_is_delivered_once_and_in_order_after_the_migration(old_url: str) -> None:
    line = Line()
    old = await asyncpg.connect(old_url)
    # One was delivered and not marked as published; one came from the queue after its end.
    await deliver_before(old, alert(), is_delivered=True)
    await deliver_before(old, alert(RESOLVED, 2), is_delivered=False)
    await deliver_before(old, alert(number=2), is_delivered=False)
    for each in (alert(), alert(RESOLVED), alert(number=3)):
        await old.execute(OUTBOX, each["alert_id"], json.dumps(each))

    await schema.migrate(old_url)
    # A worker of the version before goes on for a while.
    late = alert(RESOLVED, 3)
    await old.execute(OUTBOX, late["alert_id"], json.dumps(late))
    await old.close()

    async with opened_store(old_url) as store:
        waiting = await store.alerts.unpublished()
        await all_of(deliver(store, line))
        await all_of(deliver(store, line))

    assert waiting == 4
    assert sorted(line.sent) == ["1/resolved", "2/firing", "2/resolved", "3/firing", "3/resolved"]
    assert line.sent.index("2/firing") < line.sent.index("2/resolved")
    assert line.sent.index("3/firing") < line.sent.index("3/resolved")


async def test_a_connect_link_from_before_opens_its_page_and_its_token_is_kept_no_longer(
    old_url: str,
) -> None:
    token = "t" * 43
    await migrating.upgrade(old_url, to=LINKS_BEFORE)
    old = await asyncpg.connect(old_url)
    await old.execute("INSERT INTO lifecycles (district_id, state) VALUES ('1', 'chosen')")
    await old.execute(
        "INSERT INTO connect_links (token, district_id, created_by, expires_at) "
        "VALUES ($1, '1', 'vic', now() + interval '1 day')",
        token,
    )
    await old.close()

    await schema.migrate(old_url)

    async with opened_store(old_url) as store:
        assert await store.lifecycles.welcome(token) is not None
        assert await store.lifecycles.welcome("u" * 43) is None
        assert token not in str(await store.rows("SELECT * FROM connect_links"))


async def deliver_before(old: asyncpg.Connection[asyncpg.Record], told: Json, *, is_delivered: bool) -> None:
    await old.execute(
        DELIVERY,
        told["alert_id"],
        told["dedup_key"],
        told["status"],
        json.dumps(told),
        is_delivered,
        datetime.fromisoformat(told["starts_at"]),
    )
