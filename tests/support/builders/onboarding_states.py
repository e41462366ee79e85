"""Districts brought to a state of their way, by the facts and the orders that lead there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from tests.support.builders.records import DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.onboarding.districts import PostgresOnboarding
from worker.domain.onboarding.states import Move, State
from worker.domain.review.suggestion_texts import StudentsPlaced
from worker.mail.compose import Composer, Vendor
from worker.onboarding.district_store import Description, RulesAsked, Transition
from worker.onboarding.observation import OnboardingRules

TEAM: Final = Description("Larkspur", ["Ada Park <ada@larkspur.example>"], "America/Chicago")
RULES: Final = RulesAsked(
    ('Match all sections where name contains "homeroom"',), StudentsPlaced(exactly_one=996, none=3, several=1)
)
GUIDANCE: Final = OnboardingRules(compose=Composer(Vendor()).compose, public_url="https://console.example")
DAY: Final = timedelta(days=1)

CONNECT: Final = """
    WITH known AS (INSERT INTO districts (district_id) VALUES ($1) ON CONFLICT DO NOTHING)
    INSERT INTO connections (district_id) VALUES ($1)
    ON CONFLICT (district_id) DO UPDATE SET disconnected_at = NULL"""
DISCONNECT: Final = (
    "UPDATE connections SET disconnected_at = now(), token = NULL, token_digest = NULL WHERE district_id = $1"
)
KNOW: Final = "INSERT INTO districts (district_id) VALUES ($1) ON CONFLICT DO NOTHING"
EVALUATED: Final = "UPDATE districts SET batch_number = batch_number + 1 WHERE district_id = $1"
SECTION: Final = """
    INSERT INTO staged (district_id, kind, record_id, event_id, record)
    VALUES ($1, 'section', 's1', '1', '{}')
    ON CONFLICT DO NOTHING"""
STUDENTS: Final = """
    INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member)
    SELECT $1, 'student', 'p' || n, '{}', '' FROM generate_series(1, 100) AS n ON CONFLICT DO NOTHING"""
SEATS: Final = """
    INSERT INTO enrollments (district_id, student_id, sections)
    SELECT $1, 'p' || n, '{s1}' FROM generate_series(1, 99) AS n ON CONFLICT DO NOTHING"""
SHARE: Final = (KNOW, SECTION, STUDENTS, SEATS, EVALUATED)
FILTER: Final = "UPDATE districts SET filter_version = 1 WHERE district_id = $1"
COMMIT: Final = """
    UPDATE districts SET status = 'rostered', standing_since = NULL, reported_digest = NULL,
        commit_sequence = commit_sequence + 1,
        committed_counts = '{"students": 100, "classes": 1, "schools": 2}'
    WHERE district_id = $1"""
REVIEW: Final = """
    UPDATE districts SET status = 'review', standing_since = now(), reported_digest = ''
    WHERE district_id = $1"""
NO_REVIEW: Final = """
    UPDATE districts SET status = 'rostered', standing_since = NULL, reported_digest = NULL
    WHERE district_id = $1"""


def made_up_id(word: str) -> str:
    """Return an id as Clever makes them, the same for the same word."""
    return hashlib.sha256(word.encode()).hexdigest()[:24]


class Onboarding:
    """A district in onboarding, in a store whose moves write e-mails."""

    def __init__(
        self, store: StoreUnderTest, district_id: str = DISTRICT, onboarding_rules: OnboardingRules = GUIDANCE
    ) -> None:
        self.store = store
        self.district_id = district_id
        self.onboarding = PostgresOnboarding(store.database, onboarding_rules)

    async def so(self, *statements: str) -> None:
        """Arrange facts."""
        for statement in statements:
            await self.store.rows(statement, self.district_id)

    async def advance(self) -> list[Transition]:
        """Let all districts move; return the moves of this one."""
        return [one for one in await self.onboarding.advance() if one.district_id == self.district_id]

    async def order(self, move: Move, *, writes: bool = True) -> None:
        """Make a person's move."""
        rules = RULES if move is Move.REQUEST_RULES else None
        await self.onboarding.order(self.district_id, move, "vic", writes=writes, rules=rules)

    async def window(self, opens: int | None, launch: int | None = None) -> None:
        """Set the window: so many days from today; it opened in the past only as days go by."""
        today = await self.today()
        dates = [None if days is None else today + days * DAY for days in (opens and abs(opens), launch)]
        await self.onboarding.set_window(self.district_id, dates[0], dates[1], "vic")
        if opens is not None and opens < 0:
            await self.so(f"UPDATE onboarding SET opens_on = opens_on - {-2 * opens} WHERE district_id = $1")

    async def today(self) -> date:
        """Return the database's day."""
        (row,) = await self.store.rows("SELECT now()::date AS today")
        day: date = row["today"]
        return day

    async def state(self) -> State | None:
        """Return where the district stands."""
        rows = await self.store.rows("SELECT state FROM onboarding WHERE district_id = $1", self.district_id)
        return State(rows[0]["state"]) if rows else None

    async def history(self) -> list[Transition]:
        """Return its moves."""
        return await self.onboarding.history(self.district_id)

    async def occasions(self) -> Sequence[str]:
        """Return the occasions of its e-mails, in their order."""
        query = "SELECT occasion FROM mails WHERE district_id = $1 ORDER BY position"
        return [row["occasion"] for row in await self.store.rows(query, self.district_id)]

    async def bring_to(self, state: State | None) -> None:
        """Bring the district from nowhere to a state."""
        await bring_to([self], state)

    async def go(self, state: State) -> None:
        """Do or order what leads from the state before to this one, at the next advance."""
        match state:
            case State.SHARING_REQUESTED:
                await self.order(Move.REQUEST_SHARING)
            case State.ALL_SECTIONS_SHARED:
                await self.so(*SHARE)
            case State.FILTERING:
                await self.so(FILTER)
            case State.WAITING_ON_DISTRICT:
                await self.order(Move.REQUEST_RULES)
            case State.ROSTERED:
                await self.so(COMMIT)
            case State.LAUNCH_SCHEDULED:
                await self.window(60)
            case State.READY:
                await self.window(3, -2)
            case State.LIVE:
                await self.window(-3, -5)
            case State.DISCONNECTED:
                await self.so(DISCONNECT)


async def bring_to(districts: Sequence[Onboarding], state: State | None) -> None:
    """Bring districts of one store from nowhere to a state, side by side."""
    if state is None:
        return
    for each in districts:
        await each.onboarding.choose(each.district_id, TEAM, "vic")
    if state is State.CHOSEN:
        return
    for each in districts:
        await each.order(Move.INVITE)
    if state is State.INVITED:
        return
    for each in districts:
        await each.so(CONNECT, KNOW)
    await districts[0].advance()
    for passed in _path(state):
        for each in districts:
            await each.go(passed)
        await districts[0].advance()
    for each in districts:
        assert await each.state() is state


def _path(state: State) -> list[State]:
    if state in {State.CONNECTED, State.DISCONNECTED}:
        return [state] if state is State.DISCONNECTED else []
    usual = list(State)[3:]
    return usual[: usual.index(state) + 1]
