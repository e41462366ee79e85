"""Where evaluations come from: districts whose window is due, and districts that are only tried or taken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Final

import asyncpg

from schemas.words import Trigger
from worker.adapters.postgres import statements, wakeups
from worker.adapters.postgres.connector import PLAN_ONCE
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.errors import translated
from worker.adapters.postgres.evaluation import windows
from worker.adapters.postgres.evaluation.district_state import read_state
from worker.adapters.postgres.evaluation.unit_of_work import PostgresEvaluation
from worker.adapters.postgres.wakeups import Wakeups
from worker.domain.alerts.incidents import AlertRules
from worker.domain.preflight.policy import Policy, in_force
from worker.domain.preflight.window import Window, WindowLimits, closing_trigger
from worker.pipeline.evaluate.state import ClosedWindow
from worker.runtime.errors import DistrictUnreadable, StoreRefused, UsageError

_SQL: Final = statements.load("evaluation/due_districts")

_UNREADABLE: Final = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What reading a value raises that is not as it should be."""
CANDIDATES: Final = 20
"""How many due districts to look at for one that no other process has."""


class PostgresEvaluations:
    """Answers to `worker.pipeline.evaluate.unit_of_work.Evaluations`; `policy` is what the settings demand.

    `keeps_history` says whether commits keep what they replace, for rollbacks; `rules` how alerts are made.
    """

    def __init__(
        self,
        database: Database,
        heard: Wakeups,
        policy: Policy,
        *,
        keeps_history: bool = True,
        rules: AlertRules = AlertRules(),  # noqa: B008 — frozen
    ) -> None:
        self._rules = rules
        self._database = database
        self._notices = heard
        self._policy = policy
        self._keeps_history = keeps_history

    @asynccontextmanager
    async def next(self, limits: WindowLimits) -> AsyncIterator[PostgresEvaluation | None]:
        """Lock the district that has been due for longest; None while none is."""
        await windows.close_by_time(self._database)
        async with self._database.connection() as connection:
            for district_id in await _due(connection, limits):
                async with connection.transaction():
                    await connection.execute(PLAN_ONCE)
                    with _naming_district(district_id):
                        evaluation = await self._begin(connection, district_id, limits)
                    if evaluation is not None:
                        yield evaluation
                        return
            yield None

    async def locked(
        self, connection: Connection, district_id: str, trigger: Trigger
    ) -> PostgresEvaluation | None:
        """Lock a district without its window, after an evaluation under way; None where it was never seen."""
        # What is read of the district must be from after the evaluation that is waited for.
        await connection.execute(_SQL["wait_for_district"], district_id)
        row = await connection.fetchrow(_SQL["lock_district"], district_id)
        if row is None:
            return None
        state = await read_state(connection, district_id, row, self._policy)
        now = await connection.fetchval("SELECT clock_timestamp()")
        window = ClosedWindow(district_id, trigger, now, now, None, 0, None)
        return PostgresEvaluation(connection, window, state)

    @asynccontextmanager
    async def of_open_window(self, district_id: str) -> AsyncIterator[PostgresEvaluation | None]:
        """Lock a district as if its window closed now; all of it is undone on leaving.

        None where somebody has the district, or it was never seen: this waits for nobody.
        """
        async with self._database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                row = await connection.fetchrow(_SQL["lock_district"], district_id)
                if row is None:
                    yield None
                    return
                window = await connection.fetchrow(_SQL["read_window"], district_id)
                through = window["through"] if window else None
                now = await connection.fetchval("SELECT clock_timestamp()")
                closed = ClosedWindow(district_id, Trigger.QUIET, now, now, None, 0, through)
                yield PostgresEvaluation(
                    connection, closed, await read_state(connection, district_id, row, self._policy)
                )
            finally:
                await transaction.rollback()

    async def failed(self, district_id: str, error: str, back_off: timedelta, limit: int) -> bool:
        """Count an evaluation that raised; return whether the district is parked for it."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["count_failure"], district_id, error, back_off, limit))

    async def put_off(self, district_id: str, error: str, for_how_long: timedelta) -> None:
        """Let others come first after an evaluation that no fault of the district failed; count nothing."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["put_off"], district_id, error, for_how_long)

    async def demand_policy(self) -> int:
        """Ask for the re-evaluation of districts last judged by another policy; return how many."""
        return await self._database.in_transaction(self._demand_policy)

    async def _demand_policy(self, connection: Connection) -> int:
        rows = await connection.fetch(_SQL["stale_policies"])
        stale = [row["district_id"] for row in rows if self._is_stale(row)]
        if stale:
            await windows.close(connection, stale, Trigger.FILTER)
        return len(stale)

    def _is_stale(self, row: asyncpg.Record) -> bool:
        """Whether a district was judged by another policy; so is one whose own policy cannot be read."""
        try:
            demanded = in_force(self._policy, row["policy"], row["time_zone"])
        except (ValueError, TypeError, UsageError):  # its evaluation says what is wrong
            return True
        return bool(demanded.fingerprint() != row["policy_fingerprint"])

    async def wait(self, seconds: float) -> None:
        """Return when somebody says that a window is due, or after `seconds`."""
        await self._notices.wait(wakeups.WINDOWS, seconds)

    async def _begin(
        self, connection: Connection, district_id: str, limits: WindowLimits
    ) -> PostgresEvaluation | None:
        row = await connection.fetchrow(_SQL["lock_district"], district_id)
        window = await connection.fetchrow(_SQL["read_window"], district_id) if row else None
        if row is None or window is None:
            return None
        requested = Trigger(window["requested"]) if window["requested"] else None
        trigger = closing_trigger(
            Window(
                window["opened_at"],
                window["last_event_at"],
                window["events"],
                requested,
                window["deferred_since"],
            ),
            window["now"],
            limits,
        )
        if trigger is None:
            return None
        closed = ClosedWindow(
            district_id,
            trigger,
            window["now"],
            window["opened_at"],
            window["deferred_since"],
            window["request_number"],
            window["through"],
        )
        state = await read_state(connection, district_id, row, self._policy)
        return PostgresEvaluation(
            connection, closed, state, keeps_history=self._keeps_history, rules=self._rules
        )


@contextmanager
def _naming_district(district_id: str) -> Iterator[None]:
    """Say whose state it is that cannot be read: that district is put aside, and the others go on."""
    try:
        with translated():
            yield
    except (*_UNREADABLE, UsageError, StoreRefused) as error:
        raise DistrictUnreadable(district_id) from error


async def _due(connection: Connection, limits: WindowLimits) -> list[str]:
    rows = await connection.fetch(
        _SQL["due_districts"],
        limits.max_events,
        limits.quiet,
        limits.max_age,
        limits.max_deferral,
        CANDIDATES,
    )
    return [row["district_id"] for row in rows]
