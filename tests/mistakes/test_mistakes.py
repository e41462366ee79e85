"""Each review tells a data clerk the truth of what happened, once, and nothing that would do harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.mistakes import bases, other_bases
from tests.mistakes.judge import is_mended, tried
from tests.mistakes.mistake import Mistake
from tests.mistakes.table import MISTAKES
from tests.mistakes.world import World, opened_world
from tests.mistakes.wrong_yet import WRONG_YET
from tests.support.fixtures.time_machine import make_database
from tests.support.servers.postgres_server import PostgresServer

WRONG = pytest.mark.xfail(strict=True, reason="the causes do not tell it yet", raises=AssertionError)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(postgres_server: PostgresServer) -> AsyncIterator[World]:
    """One store for all, in which the district of one mistake stands at a time."""
    async with opened_world(await make_database(postgres_server, "mistakes")) as opened:
        yield opened


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("number", "case"),
    [
        pytest.param(number, case, id=case.name, marks=WRONG if case.name in WRONG_YET else ())
        for number, case in enumerate(MISTAKES, start=1)
    ],
)
async def test_the_review_tells_the_truth_of_a_mistake(world: World, number: int, case: Mistake) -> None:
    verdict = await tried(world, number, case, mends=is_mended(case) or case.name in WRONG_YET)

    assert not verdict.faults, verdict.text


def test_each_mistake_has_a_name_of_its_own_and_each_wrong_one_is_in_the_table() -> None:
    names = Counter(case.name for case in MISTAKES)

    assert [name for name, times in names.items() if times > 1] == []
    assert WRONG_YET - names.keys() == set()


def test_no_two_people_of_a_district_have_the_same_last_name() -> None:
    for base in [*bases.ALL.values(), *other_bases.ALL.values()]:
        names = Counter(user["name"]["last"] for user in base().all_of("users"))
        assert names.most_common(1)[0][1] == 1, base
