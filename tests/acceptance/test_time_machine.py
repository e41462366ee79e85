"""The time that a story is told in."""

from __future__ import annotations

from datetime import timedelta

import asyncpg

from tests.support.fixtures.time_machine import TimeMachine


async def test_a_database_tells_the_time_that_it_was_run_forward_to(time_machine: TimeMachine) -> None:
    connection = await asyncpg.connect(time_machine.database_url)
    try:
        for days in (1, 30):
            await time_machine.to(time_machine.now() + timedelta(days=days))
            told = await connection.fetchval("SELECT ARRAY[now(), clock_timestamp()]")
            await connection.execute("INSERT INTO districts (district_id) VALUES ($1)", f"d{days}")
            seen = await connection.fetchval("SELECT max(seen_at) FROM districts")
            assert all(abs(each - time_machine.now()) < timedelta(hours=1) for each in (*told, seen))
    finally:
        await connection.close()
