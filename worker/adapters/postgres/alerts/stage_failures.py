"""Stages that fail, kept where inspections of every process see them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Database

_SQL: Final = statements.load("alerts/stage_failures")


class PostgresStageFailures:
    """Answers to `worker.alerts.report_stages.StageFailures`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, process: str, failing: Mapping[str, tuple[float, str]]) -> None:
        """Keep which stages of a process fail, for how many seconds they have, and why."""
        columns = (
            list(failing),
            [timedelta(seconds=seconds) for seconds, _ in failing.values()],
            [problem for _, problem in failing.values()],
        )
        async with self._database.connection() as connection:
            await connection.execute(_SQL["report"], process, *columns)
