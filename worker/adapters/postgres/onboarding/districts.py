"""Districts in onboarding from chosen to live, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.onboarding import connect_links, orders
from worker.adapters.postgres.onboarding.advancing import PostgresAdvancing
from worker.adapters.postgres.onboarding.observations import onboarding_of, sharing_of, zone_of
from worker.adapters.postgres.onboarding.orders import lock
from worker.domain.mail.mails import Mail
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.todo import BY_STATE, ReminderDelays, Who
from worker.domain.onboarding.transitions import Step, Trouble
from worker.onboarding.district_store import (
    ConnectLink,
    Description,
    Record,
    RulesAsked,
    StateCount,
    TodoCount,
    TodoPage,
    Transition,
    Welcome,
)
from worker.onboarding.observation import OnboardingRules
from worker.onboarding.todo import todo_counts
from worker.runtime.cooperative import yielding_every
from worker.runtime.errors import UnknownDistrictError

_SQL: Final = statements.load("onboarding/districts")
_LISTS: Final = statements.load("onboarding/lists")
_MAILS: Final = statements.load("mail/mails")
_LARGE_READS: Final = "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on"
"""All districts are looked at; see `worker.adapters.postgres.database` for the usual way."""


class PostgresOnboarding:
    """Answers to `worker.onboarding.district_store.OnboardingStore`."""

    def __init__(self, database: Database, onboarding_rules: OnboardingRules = OnboardingRules()) -> None:  # noqa: B008 — frozen
        self._database = database
        self._onboarding_rules = onboarding_rules
        self._advancing = PostgresAdvancing(database, onboarding_rules)

    async def records(self) -> list[Record]:
        """Return every district in onboarding, by id."""
        async with self._database.transaction() as connection:
            await connection.execute(_LARGE_READS)
            waiting = await _for_a_person(connection)
            rows = await connection.fetch(_SQL["records"], None)
        return [self._record(row, waiting) async for row in yielding_every(rows)]

    async def states(self) -> dict[State, StateCount]:
        """Return how many districts are in each state."""
        async with self._database.connection() as connection:
            return await _states(connection)

    async def standing(self, states: Sequence[State], offset: int, limit: int) -> list[Record]:
        """Return districts that have been in each of these states for longest, behind the first `offset`."""
        async with self._database.transaction() as connection:
            waiting = await _for_a_person(connection)
            rows = await connection.fetch(_LISTS["standing"], [*states], offset, limit)
            return await self._records(connection, [row["district_id"] for row in rows], waiting)

    async def todos(self, delays: ReminderDelays, who: Sequence[Who], first: int) -> TodoPage:
        """Return the districts of the `first` to-dos of these owners, and how many each owner has."""
        by_state = [(owner, state) for state, (owner, _) in BY_STATE.items() if owner in who]
        async with self._database.transaction() as connection:
            waiting = await _for_a_person(connection)
            rows = await connection.fetch(
                _LISTS["todo_districts"],
                *([owner for owner, _ in by_state], first),
                *(Who.ROSTER_TEAM in who, [state for _, state in by_state]),
            )
            ids = {row["district_id"] for row in rows} | waiting.keys()
            records = await self._records(connection, sorted(ids), waiting)
            counted = await connection.fetch(
                _LISTS["todo_counts"],
                *(list(BY_STATE), [delays.of(owner) for owner, _ in BY_STATE.values()]),
                delays.roster_team,
            )
            states = await _states(connection)
        by_code = {row["code"]: TodoCount(row["count"], row["due"]) for row in counted}
        pressed = [record for record in records if record.held_since or record.mails_waiting]
        counts = todo_counts(by_code, pressed, delays)
        return TodoPage(records, counts, sum(state.districts for state in states.values()))

    async def record(self, district_id: str) -> Record:
        """Return one; raises `UnknownDistrictError` where it is not in onboarding."""
        async with self._database.connection() as connection:
            waiting = await _for_a_person(connection)
            row = await connection.fetchrow(_SQL["records"], [district_id])
        if row is None:
            raise UnknownDistrictError(f"district {district_id} is not in onboarding")
        return self._record(row, waiting)

    async def history(self, district_id: str) -> list[Transition]:
        """Return every move of a district, the oldest first."""
        async with self._database.connection() as connection:
            return [_made(row) for row in await connection.fetch(_SQL["history"], district_id)]

    async def choose(self, district_id: str, description: Description, actor: str) -> None:
        """Begin onboarding; raises `OrderRefused` where it has begun, `OnboardingError` on a wrong value."""
        async with self._database.transaction() as connection:
            await orders.choose(connection, district_id, description, actor)

    async def describe(self, district_id: str, description: Description, actor: str) -> None:
        """Change what people say of a district; raises `UnknownDistrictError` and `OnboardingError`."""
        async with self._database.transaction() as connection:
            seen = await lock(connection, district_id, self._onboarding_rules)
            await orders.describe(connection, seen, description, actor)

    async def order(
        self,
        district_id: str,
        move: Move,
        actor: str,
        *,
        writes: bool = True,
        rules: RulesAsked | None = None,
    ) -> Step:
        """Make a person's move; raises `UnknownDistrictError`, `OrderRefused` or `OnboardingError`."""
        async with self._database.transaction() as connection:
            seen = await lock(connection, district_id, self._onboarding_rules)
            return await orders.order(
                connection, seen, move, actor, self._onboarding_rules, writes=writes, rules=rules
            )

    async def preview(self, district_id: str, move: Move, rules: RulesAsked | None = None) -> Mail:
        """Return the e-mail that a person's move would write; raises as `order` does."""
        async with self._database.transaction() as connection:
            return await orders.preview(connection, district_id, move, self._onboarding_rules, rules)

    async def set_window(
        self, district_id: str, opens_on: date | None, launch_on: date | None, actor: str
    ) -> list[Step]:
        """Say when the window opens; raises `UnknownDistrictError` and `OnboardingError`."""
        async with self._database.transaction() as connection:
            seen = await lock(connection, district_id, self._onboarding_rules)
            made = await orders.set_window(
                connection, seen, opens_on, launch_on, actor, self._onboarding_rules
            )
        return [Step(one.before, one.move, one.after) for one in made if one.before is not None]

    async def drop(self, district_id: str, actor: str) -> None:
        """Take a district out of onboarding; raises `UnknownDistrictError`."""
        async with self._database.transaction() as connection:
            seen = await lock(connection, district_id, self._onboarding_rules)
            await orders.drop(connection, seen, actor)

    async def links(self, district_id: str) -> list[ConnectLink]:
        """Return a district's connect links, the newest first."""
        async with self._database.connection() as connection:
            return await connect_links.links_of(connection, district_id)

    async def new_link(self, district_id: str, actor: str) -> ConnectLink:
        """Make a new connect link and revoke the ones before it; raises `UnknownDistrictError`."""
        async with self._database.transaction() as connection:
            await lock(connection, district_id, self._onboarding_rules)
            link = await connect_links.make_link(
                connection, district_id, actor, self._onboarding_rules.link_life
            )
            await orders.audit(connection, actor, "new_link", district_id)
        return link

    async def revoke_links(self, district_id: str, actor: str) -> int:
        """Revoke every open link; return how many there were. Raises `UnknownDistrictError`."""
        async with self._database.transaction() as connection:
            await lock(connection, district_id, self._onboarding_rules)
            revoked = await connect_links.revoke_all(connection, district_id)
            await orders.audit(connection, actor, "revoke_links", district_id, links=revoked)
        return revoked

    async def welcome(self, token: str) -> Welcome | None:
        """Return what the page behind a link shows, and note that it was opened; None for no open link."""
        async with self._database.connection() as connection:
            return await connect_links.welcome_by(connection, token)

    async def advance(self) -> list[Transition]:
        """Make every move that follows from what is seen; return them."""
        return await self._advancing.advance()

    async def _records(
        self, connection: Connection, ids: Sequence[str], waiting: Mapping[str, tuple[int, datetime]]
    ) -> list[Record]:
        rows = await connection.fetch(_SQL["records"], ids)
        return [self._record(row, waiting) async for row in yielding_every(rows)]

    def _record(self, row: asyncpg.Record, waiting: Mapping[str, tuple[int, datetime]]) -> Record:
        mails, mails_since = waiting.get(row["district_id"], (0, None))
        onboarding, calendar = (
            onboarding_of(row, self._onboarding_rules),
            self._onboarding_rules.rules.calendar,
        )
        return Record(
            onboarding=onboarding,
            since=row["since"],
            now=row["now"],
            name=row["called"],
            contacts=tuple(row["contacts"]),
            time_zone=zone_of(row, self._onboarding_rules),
            launch_at=onboarding.window.launches_at(calendar) if onboarding.window else None,
            opens_at=onboarding.window.opens_at() if onboarding.window else None,
            sharing=sharing_of(row),
            held_since=row["held_since"],
            troubles=frozenset(map(Trouble, row["troubles"])),
            mails_waiting=mails,
            mails_since=mails_since,
            review_since=row["review_since"],
            windows_set=row["windows_set"],
        )


async def _states(connection: Connection) -> dict[State, StateCount]:
    rows = await connection.fetch(_LISTS["states"])
    return {State(row["state"]): StateCount(row["districts"], row["held"]) for row in rows}


async def _for_a_person(connection: Connection) -> dict[str, tuple[int, datetime]]:
    rows = await connection.fetch(_MAILS["for_a_person"])
    return {row["district_id"]: (row["mails"], row["since"]) for row in rows}


def _made(row: asyncpg.Record) -> Transition:
    detail = dict(row["detail"])
    before = State(row["from_state"]) if row["from_state"] else None
    mail_id = detail.pop("mail_id", None)
    return Transition(
        *(row["district_id"], before, Move(row["move"]), State(row["to_state"]), row["at"], row["actor"]),
        *(mail_id, detail),
    )
