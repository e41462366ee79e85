"""Moves that follow by themselves: a look at districts of which something changed, or whose time came.

Triggers mark a district in the transaction of the change. Every hour, and when a process starts, all
districts are looked at: what the settings say may have changed as well.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.onboarding.observations import candidates, observe, timely
from worker.adapters.postgres.onboarding.transitions import find, follow, keep_held_back
from worker.onboarding.district_store import Transition
from worker.onboarding.observation import OnboardingRules

_SQL: Final = statements.load("onboarding/districts")

ADVANCED: Final = 500
"""Districts that advance in one transaction: a second or two, where each has an e-mail."""
JUDGED: Final = 20
"""Districts whose sharing is judged in one transaction: a large one takes a second."""
JUDGEMENTS: Final = 50
"""Such transactions in one round."""
ALL_EVERY: Final = 3600.0
"""Seconds between two looks at all districts."""
_LARGE_READS: Final = "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on"
"""All districts are looked at; see `worker.adapters.postgres.database` for the usual way."""


class PostgresAdvancing:
    """What one process remembers of its looks."""

    def __init__(self, database: Database, onboarding_rules: OnboardingRules) -> None:
        self._database = database
        self._onboarding_rules = onboarding_rules
        self._all_looked_at: float | None = None

    async def advance(self) -> list[Transition]:
        """Make every move that follows from what is seen; return them.

        Those that are found, and the judging of what is shared, are transactions of their own before; what a
        district does after is one.
        """
        now = time.monotonic()
        if self._all_looked_at is None or now - self._all_looked_at >= ALL_EVERY:
            made = await self._all()
            self._all_looked_at = now
            return made
        made = []
        marks, ids = await self._database.in_transaction(self._changed)
        for place in range(0, len(ids), ADVANCED):
            made += await self._look(ids[place : place + ADVANCED], marks)
        return made

    async def _all(self) -> list[Transition]:
        made = await self._database.in_transaction(self._find_all)
        await self._judge(None)
        after: str | None = ""
        while after is not None:
            moved, after = await self._database.in_transaction(partial(self._advance_behind, after))
            made = made + moved
        return made

    async def _find_all(self, connection: Connection) -> list[Transition]:
        await connection.execute(_LARGE_READS)
        return await find(connection)

    async def _changed(self, connection: Connection) -> tuple[dict[int, str], list[str]]:
        """Return marks, and the districts to look at: those marked, and those whose time may have come."""
        marks = {row["id"]: row["district_id"] for row in await connection.fetch(_SQL["marked"], ADVANCED)}
        return marks, sorted({*marks.values(), *await timely(connection, self._onboarding_rules)})

    async def _look(self, ids: list[str], marks: dict[int, str]) -> list[Transition]:
        looked_at = set(ids)
        of_these = [mark for mark, district_id in marks.items() if district_id in looked_at]
        made: list[Transition] = []
        if of_these:
            made = await self._database.in_transaction(partial(_find, ids))
            await self._judge(ids)
        return made + await self._database.in_transaction(partial(self._advance_these, ids, of_these))

    async def _judge(self, among: Sequence[str] | None) -> None:
        for _ in range(JUDGEMENTS):
            if await self._database.in_transaction(partial(self._judge_some, among)) < JUDGED:
                return

    async def _judge_some(self, among: Sequence[str] | None, connection: Connection) -> int:
        return len(await connection.fetch(_SQL["judge"], JUDGED, among))

    async def _advance_these(
        self, ids: Sequence[str], marks: Sequence[int], connection: Connection
    ) -> list[Transition]:
        free = [row["district_id"] for row in await connection.fetch(_SQL["free"], ids)]
        made = await self._advance(connection, await self._candidates(connection, "", free))
        if marks:
            await connection.execute(_SQL["unmark"], marks, free)
        return made

    async def _advance_behind(
        self, after: str, connection: Connection
    ) -> tuple[list[Transition], str | None]:
        """Advance some behind a district; return their moves, and behind whom there may be more."""
        await connection.execute(_LARGE_READS)
        ids = await self._candidates(connection, after, None)
        return await self._advance(connection, ids), ids[-1] if len(ids) == ADVANCED else None

    async def _candidates(self, connection: Connection, after: str, among: Sequence[str] | None) -> list[str]:
        if among is not None and not among:
            return []
        return await candidates(connection, self._onboarding_rules, after, ADVANCED, among)

    async def _advance(self, connection: Connection, ids: Sequence[str]) -> list[Transition]:
        if not ids:
            return []
        looked = await observe(connection, ids, self._onboarding_rules)
        taken = await follow(connection, looked, self._onboarding_rules)
        await keep_held_back(connection, looked, taken, self._onboarding_rules)
        return [made for one in taken for made in one.made()]


async def _find(among: Sequence[str], connection: Connection) -> list[Transition]:
    return await find(connection, among)
