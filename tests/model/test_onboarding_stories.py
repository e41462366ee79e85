"""Stories of districts in onboarding, told at random: what must hold after every step of each."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Final

import pytest

from tests.support.builders.onboarding_states import (
    COMMIT,
    CONNECT,
    DISCONNECT,
    FILTER,
    GUIDANCE,
    KNOW,
    NO_REVIEW,
    REVIEW,
    SHARE,
    TEAM,
    Onboarding,
)
from tests.support.fixtures.store import StoreUnderTest
from tests.support.sampling import tries_all
from worker.adapters.postgres.onboarding.observations import observe
from worker.domain.onboarding.states import BY_PEOPLE, Move, State, is_allowed
from worker.domain.onboarding.transitions import held_back, next_step
from worker.onboarding.district_store import Transition
from worker.onboarding.observation import Observation
from worker.runtime.errors import OnboardingError, OrderRefused, UnknownDistrictError

DISTRICTS: Final = 3
STEPS: Final = 120
FACTS: Final = {
    "connects": (KNOW, CONNECT),
    "disconnects": (DISCONNECT,),
    "shares": SHARE,
    "is filtered": (FILTER,),
    "is committed": (COMMIT,),
    "falls into review": (REVIEW,),
    "comes out of it": (NO_REVIEW.replace("WHERE", "WHERE commit_sequence > 0 AND"),),
    "is put on hold": ("INSERT INTO holds VALUES ($1, now(), 'vic', 'wait') ON CONFLICT DO NOTHING",),
    "is resumed": ("DELETE FROM holds WHERE district_id = $1",),
    "pauses its sync": ('UPDATE connections SET record = \'{"state": "paused"}\' WHERE district_id = $1',),
    "syncs": ("UPDATE connections SET record = NULL WHERE district_id = $1",),
}
GOOD: Final = ("connects", "is committed", "is resumed", "syncs")
"""Facts that come more often, so that there is something to launch."""
WINDOWS: Final = ((None, None), (60, None), (3, -2), (4, -1), (5, 2), (-3, -5))
IN_SYNC: Final = """
    SELECT d.status = 'rostered' AND NOT EXISTS (SELECT FROM holds h WHERE h.district_id = $1)
        AND NOT EXISTS (SELECT FROM connections c WHERE c.district_id = $1
                            AND (c.disconnected_at IS NOT NULL OR c.record IS NOT NULL)) AS so
    FROM districts d WHERE d.district_id = $1"""


@pytest.mark.parametrize("seed", range(20 if tries_all() else 2))
async def test_whatever_happens_no_launch_is_out_of_sync(store: StoreUnderTest, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 — a story, not a secret
    ways = [Onboarding(store, f"{number:024x}") for number in range(DISTRICTS)]
    launches, known = 0, [0] * DISTRICTS
    for _ in range(STEPS):
        await happens(chance.choice(ways), chance)
        if chance.random() < 0.6:
            await ways[0].advance()
            await nothing_is_left_to_do(ways)
        for place, onboarding in enumerate(ways):
            history = await onboarding.history()
            await is_a_path(onboarding, history)
            if any(one.move is Move.LAUNCH for one in history[known[place] :]):
                launches += 1
                assert (await store.rows(IN_SYNC, onboarding.district_id))[0]["so"]
            known[place] = len(history)
    assert launches


async def happens(onboarding: Onboarding, chance: random.Random) -> None:
    """Let something happen to a district, or somebody say something of it."""
    match chance.choice(["fact", "fact", "fact", "order", "window", "choose"]):
        case "fact":
            await onboarding.so(*FACTS[chance.choice([*FACTS, *GOOD, *GOOD])])
        case "order":
            try:
                await onboarding.order(chance.choice(sorted(BY_PEOPLE - {Move.CHOOSE})))
            except (OrderRefused, UnknownDistrictError, OnboardingError):
                return
        case "window":
            try:
                await onboarding.window(*chance.choice(WINDOWS))
            except (UnknownDistrictError, OnboardingError):
                return
        case _:
            if await onboarding.state() is None:
                await onboarding.onboarding.choose(onboarding.district_id, TEAM, "vic")
            else:
                await onboarding.onboarding.describe(onboarding.district_id, TEAM, "vic")


async def is_a_path(onboarding: Onboarding, history: Sequence[Transition]) -> None:
    """Check a district's history: from nowhere by allowed moves to where it stands; an e-mail an occasion."""
    state: State | None = None
    for made in history:
        assert made.before is state
        assert is_allowed(made.before, made.move, made.after)
        state = made.after
    assert await onboarding.state() is state
    occasions = Counter(await onboarding.occasions())
    assert all(count == 1 for count in occasions.values())


async def nothing_is_left_to_do(ways: list[Onboarding]) -> None:
    """Check that no district could move, whichever the statement that looks for them has found."""
    for seen in await all_seen(ways):
        rules = GUIDANCE.rules
        assert next_step(seen.onboarding, seen.facts, seen.now, rules) is None, seen.onboarding
        assert held_back(seen.onboarding, seen.facts, seen.now, rules) == seen.kept_troubles


async def all_seen(ways: list[Onboarding]) -> list[Observation]:
    async with ways[0].store.database.connection() as connection:
        return await observe(connection, [onboarding.district_id for onboarding in ways], GUIDANCE)
