"""What guards count is counted only where it may be beyond a limit: first, at most how many were moved."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from tests.support.builders.records import DISTRICT, record_id, student_json
from tests.support.fixtures.people import NORTH, NORTHERN, SOUTH, SOUTHERN, Feed, evaluate, homeroom
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.evaluation.unit_of_work import PostgresEvaluation
from worker.domain.preflight.turnover import SchoolLimits, Turnover, Turnovers
from worker.domain.roster import staging
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.candidate.district import turnovers_of
from worker.pipeline.evaluate.preflight import context_of, run_preflight, terms_that_count, today

NO_FLOOR: dict[str, Any] = {"removal_limit_floor": 0}
NO_LIMITS: dict[str, Any] = NO_FLOOR | {
    "removal_limit_percent": 100,
    "school_removal_limit_percent": 100,
    "class_change_limit_percent": 100,
}


async def leave(feed: Feed, *students: int) -> None:
    await feed.send(*(("users", str(record_id(student))) for student in students))


@pytest.mark.parametrize("seed", range(4))
async def test_no_count_exceeds_what_was_moved(store: StoreUnderTest, feed: Feed, seed: int) -> None:
    rng = Random(seed)  # noqa: S311 — a reproducible choice
    await store.districts.set_policy(DISTRICT, NO_LIMITS, "test")
    await evaluate(store)
    places = dict[int, tuple[str, int]]()
    places |= dict.fromkeys(NORTHERN, (NORTH, 700)) | dict.fromkeys(SOUTHERN, (SOUTH, 701))
    largest = 0
    for _ in range(10):
        for student in rng.sample(range(1, 41), 5):
            await _move_somewhere(rng, feed, places, student)
        await feed.send(
            *(
                ("sections", homeroom(number, NORTH, [one for one, at in places.items() if at[1] == number]))
                for number in (700, 701)
            )
        )
        largest = max(largest, await _most_is_no_less(store))
        assert await evaluate(store) == ["commit"]
    assert largest > 10


async def _move_somewhere(rng: Random, feed: Feed, places: dict[int, tuple[str, int]], student: int) -> None:
    """Let a student leave, or come into some class of some school."""
    if student in places and rng.random() < 0.3:
        del places[student]
        await leave(feed, student)
        return
    places[student] = rng.choice((NORTH, SOUTH)), rng.choice((700, 701))
    await feed.send(("users", student_json(student, {"school": places[student][0]})))


async def _most_is_no_less(store: StoreUnderTest) -> int:
    """Compare the counts of the plan that waits with what they are at most; return the largest of them."""
    async with _judged(store) as evaluation:
        committed = evaluation.state.committed_counts["students"]
        asked = evaluation.window.now - timedelta(hours=24), committed, SchoolLimits(0, 1, 1)
        most = await evaluation.most_moved(*asked)
        for counts in await evaluation.turnovers(*asked):
            for exact, bound in _pairs(counts, most):
                assert exact.students <= bound.students
                assert exact.committed >= bound.committed
        return most.class_change.students


def _pairs(counts: Turnovers, most: Turnovers) -> Iterator[tuple[Turnover, Turnover]]:
    yield counts.removal, most.removal
    yield counts.class_change, most.class_change
    for school, removal in counts.school_removals.items():
        yield removal, most.school_removals[school]
        yield counts.school_class_changes[school], most.school_class_changes[school]


async def test_moves_are_followed_only_where_a_limit_may_be_near(store: StoreUnderTest, feed: Feed) -> None:
    await store.districts.set_policy(DISTRICT, NO_FLOOR, "test")
    await evaluate(store)
    for student in (1, 2):
        await leave(feed, student)
        assert await evaluate(store) == ["commit"]
    await leave(feed, 3)
    async with _judged(store) as evaluation:
        assert await turnovers_of(evaluation, await _context(evaluation)) == ()

    await leave(feed, 4)
    async with _judged(store) as evaluation:
        whole, alone = await turnovers_of(evaluation, await _context(evaluation))
    assert (whole.removal, alone.removal) == (Turnover(4, 32, 2), Turnover(2, 30))


@asynccontextmanager
async def _judged(store: StoreUnderTest) -> AsyncIterator[PostgresEvaluation]:
    """Judge the events that wait, and undo it."""
    async with store.evaluations.of_open_window(DISTRICT) as evaluation:
        assert evaluation is not None
        claimed = await evaluation.claim_events(evaluation.window.through, 1000)
        await run_preflight(evaluation, staging.apply(claimed.staged, claimed.events))
        yield evaluation


async def _context(evaluation: PostgresEvaluation) -> Context:
    terms = await terms_that_count(evaluation)
    return await context_of(evaluation, terms.calendar(today(evaluation), 0))
