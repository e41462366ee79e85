"""The store's incremental evaluation, held step by step to the rules applied to everything at once."""

from __future__ import annotations

import asyncio
import os
import random
from datetime import timedelta
from typing import Any

import asyncpg
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.model.comparing import compare
from tests.model.mirror import DISTRICT, Model
from tests.model.stories import (
    APPROVED_AND_MADE_STRICTER,
    APPROVED_IN_TIME,
    APPROVED_TOO_LATE,
    FIVE_LEAVE,
    LOOKS_BACK,
    MOVES_FREELY,
    SOMEBODY_IS_RENAMED,
    STRICT_GUARDS,
    STUDENTS,
    Restored,
    Resync,
    Said,
    Vanish,
    one_by_one,
    opinions,
    policies,
    rollbacks,
    steps,
    whole_district,
    whole_districts,
)
from tests.model.telling import take
from tests.support.districts import shadow
from tests.support.fixtures.store import opened_store
from tests.support.servers.postgres_server import PostgresServer
from worker.domain.preflight.window import WindowLimits
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.runtime.metrics import Metrics

LIMITS = WindowLimits(timedelta(0), timedelta(hours=1), 1000, timedelta(hours=1))

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "3"))

"""Stories of each kind; `make test-full` tells more."""

RECAST = 0.3
"""How often the district beside is made anew, as the model's is by then."""

SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(story=st.lists(steps, min_size=1, max_size=8), seed=st.integers(0, 99))
def test_whatever_happens_the_store_says_what_the_rules_say(
    postgres_server: PostgresServer, story: list[Any], seed: int
) -> None:
    asyncio.run(_live_through(postgres_server, story, random.Random(seed)))  # noqa: S311 — shuffles events


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(
    story=st.lists(
        st.one_of(whole_districts, rollbacks, whole_districts, rollbacks, steps), min_size=4, max_size=10
    ),
    seed=st.integers(0, 99),
)
def test_after_any_rollback_the_consumers_digest_is_the_old_one_and_the_store_says_what_the_rules_say(
    postgres_server: PostgresServer, story: list[Any], seed: int
) -> None:
    story = [MOVES_FREELY, *story] if seed % 2 else story
    asyncio.run(_live_through(postgres_server, story, random.Random(seed)))  # noqa: S311 — shuffles events


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(chapters=st.lists(opinions, min_size=2, max_size=4), seed=st.integers(0, 99))
@example(chapters=[(Restored(), FIVE_LEAVE, APPROVED_TOO_LATE, Said.APPROVE)], seed=0)
@example(chapters=[(Restored(), FIVE_LEAVE, APPROVED_IN_TIME, Said.APPROVE)], seed=0)
@example(chapters=[(Restored(), FIVE_LEAVE, APPROVED_AND_MADE_STRICTER, STRICT_GUARDS)], seed=0)
@example(chapters=[(Restored(), Said.HOLD, SOMEBODY_IS_RENAMED, FIVE_LEAVE, Said.RESUME)], seed=0)
def test_whatever_people_say_no_plan_is_committed_but_one_that_passes_or_was_approved(
    postgres_server: PostgresServer, chapters: list[Any], seed: int
) -> None:
    story = [step for chapter in chapters for step in chapter]
    asyncio.run(_live_through(postgres_server, story, random.Random(seed)))  # noqa: S311 — shuffles events


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(policy=policies, steps_taken=one_by_one, opinion=st.sampled_from(Said), seed=st.integers(0, 99))
@example(
    policy=LOOKS_BACK,
    steps_taken=[
        Vanish(STUDENTS[:4]),
        whole_district(),
        Vanish(STUDENTS[5:6]),
        *[Said.HALF_A_DAY_PASSES] * 2,
    ],
    opinion=Said.APPROVE,
    seed=0,
)
@example(
    policy=LOOKS_BACK,
    steps_taken=[
        *(Vanish([student]) for student in STUDENTS[:3]),
        Said.HALF_A_DAY_PASSES,
        Said.APPROVE,
        Vanish(STUDENTS[3:4]),
        Said.HALF_A_DAY_PASSES,
    ],
    opinion=Said.TIME_PASSES,
    seed=0,
)
def test_students_who_leave_or_change_class_in_small_steps_are_counted_together(
    postgres_server: PostgresServer, policy: Any, steps_taken: list[Any], opinion: Said, seed: int
) -> None:
    story = [policy, *steps_taken, opinion, *steps_taken]
    asyncio.run(_live_through(postgres_server, story, random.Random(seed)))  # noqa: S311 — shuffles events


async def _live_through(server: PostgresServer, story: list[Any], rng: random.Random) -> None:
    model = Model()
    async with server.fresh_database() as url, opened_store(url) as store, shadow.opened(url) as connection:
        stage = EvaluateStage(store.evaluations, LIMITS, Metrics())
        shade = None
        for step in [whole_district(), *story]:
            stage.adopted_at_once = 0 if isinstance(step, Resync) and step.is_large else 10_000
            await take(step, model, store, rng, stage)
            while await stage.once():
                pass
            await compare(model, store)
            assert shade is None or not await shade.changed(connection), "another district was changed"
            if shade is None or rng.random() < RECAST:
                shade = await _cast(connection)


async def _cast(connection: asyncpg.Connection) -> shadow.Shadow:
    """Have the district as it is now stand beside itself, under another id, and no earlier one."""
    await shadow.cast(connection, DISTRICT)
    return await shadow.take(connection)
