"""The time that a story is told in."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
from time_machine import TimeMachine


async def test_a_database_tells_the_time_of_the_machine_it_was_started_under(
    time_machine: TimeMachine, travelling_database_url: str
) -> None:
    connection = await asyncpg.connect(travelling_database_url)
    try:
        for days in (0, 1, 30):
            time_machine.forward(timedelta(days=days))
            told = await connection.fetchval("SELECT clock_timestamp()")
            assert abs(told - time_machine.now()) < timedelta(seconds=5)
    finally:
        await connection.close()
