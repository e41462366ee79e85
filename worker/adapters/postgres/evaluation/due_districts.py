"""Where evaluations come from: districts whose window is due, and districts that are only tried or taken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Final

import asyncpg

from schemas.words import Trigger
from worker.adapters.postgres import statements, wakeups
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.errors import translated
from worker.adapters.postgres.evaluation import windows
from worker.adapters.postgres.evaluation.district_state import beginning, read_district, state_of
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
        due = await self._due(limits)
        async with self._database.connection() as connection:
            for district_id in due:
                async with connection.transaction():
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
        row = await read_district(connection, district_id)
        if row is None:
            return None
        window = ClosedWindow(district_id, trigger, row["now"], row["now"], None, 0, None)
        return PostgresEvaluation(connection, window, state_of(row, self._policy))

    @asynccontextmanager
    async def of_open_window(self, district_id: str) -> AsyncIterator[PostgresEvaluation | None]:
        """Lock a district as if its window closed now; all of it is undone on leaving.

        None where somebody has the district, or it was never seen: this waits for nobody.
        """
        async with self._database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                is_ours = await connection.fetchval(_SQL["lock_district"], district_id)
                row = await read_district(connection, district_id) if is_ours else None
                if row is None:
                    yield None
                    return
                now = row["now"]
                closed = ClosedWindow(district_id, Trigger.QUIET, now, now, None, 0, row["through"])
                yield PostgresEvaluation(connection, closed, state_of(row, self._policy))
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
        if await connection.fetchval(_SQL["lock_due_district"], district_id) is None:
            return None
        row = await read_district(connection, district_id)
        closed = _closed_window(row, district_id, limits) if row else None
        if row is None or closed is None:
            return None
        return PostgresEvaluation(
            connection,
            closed,
            state_of(row, self._policy),
            beginning(row),
            keeps_history=self._keeps_history,
            rules=self._rules,
        )

    async def _due(self, limits: WindowLimits) -> list[str]:
        """Return some districts that are due, after those that time alone gives reason to judge anew."""
        row = await self._look(limits)
        if row["is_any_due_by_time"]:
            await windows.close_by_time(self._database)
            row = await self._look(limits)
        return list(row["districts"])

    async def _look(self, limits: WindowLimits) -> asyncpg.Record:
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                _SQL["due_districts"],
                limits.max_events,
                limits.quiet,
                limits.max_age,
                limits.max_deferral,
                CANDIDATES,
            )
        assert row is not None  # noqa: S101 — it has no FROM
        return row


def _closed_window(row: asyncpg.Record, district_id: str, limits: WindowLimits) -> ClosedWindow | None:
    """Return the window of a row of `read_district`, if there is one that a trigger closes."""
    if row["opened_at"] is None:
        return None
    requested = Trigger(row["requested"]) if row["requested"] else None
    deferred = row["deferred_since"]
    window = Window(row["opened_at"], row["last_event_at"], row["events"], requested, deferred)
    trigger = closing_trigger(window, row["now"], limits)
    if trigger is None:
        return None
    return ClosedWindow(
        district_id,
        trigger,
        row["now"],
        row["opened_at"],
        deferred,
        row["request_number"],
        row["through"],
    )


@contextmanager
def _naming_district(district_id: str) -> Iterator[None]:
    """Say whose state it is that cannot be read: that district is put aside, and the others go on."""
    try:
        with translated():
            yield
    except (*_UNREADABLE, UsageError, StoreRefused) as error:
        raise DistrictUnreadable(district_id) from error
