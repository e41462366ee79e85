"""What commits replaced, row by row: what is kept of it, and what is forgotten once it is old."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Final

import pytest

from schemas.words import Trigger
from tests.support.builders.records import batch
from tests.support.districts.full_run import with_filter
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.evaluation import commit_history
from worker.adapters.postgres.evaluation.unit_of_work import PostgresEvaluation
from worker.domain.preflight.decision import Outcome
from worker.domain.roster.section_filter import KEEP_ALL
from worker.pipeline.evaluate.state import Conclusion, Takeover

MONTH: Final = timedelta(days=30)
HISTORY: Final = "INSERT INTO commit_history (district_id, sequence, kind, record_id) VALUES ($1, $2, $3, $4)"
DECISION: Final = (
    "INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, decided_at, "
    "summary) VALUES ($1, $2, gen_random_uuid(), $3, $4, 1, now() - $5::interval, '{}')"
)


async def district(
    store: StoreUnderTest, name: str, history_from: int, commits: dict[int, timedelta], kept: Collection[int]
) -> None:
    """Add a district with commits of these ages, and with two rows of history of the commits in `kept`."""
    insert = "INSERT INTO districts (district_id, history_from) VALUES ($1, $2)"
    await store.rows(insert, name, history_from)
    for sequence, age in commits.items():
        await store.rows(DECISION, name, sequence, "commit", sequence, age)
    for sequence in kept:
        for kind in ("class", "student"):
            await store.rows(HISTORY, name, sequence, kind, "a")


async def left(store: StoreUnderTest) -> dict[str, tuple[int, list[int]]]:
    """Return the first commit that each district can go back to, and the commits with history."""
    rows = await store.rows(
        "SELECT district_id, history_from, array(SELECT DISTINCT sequence FROM commit_history h "
        "WHERE h.district_id = d.district_id ORDER BY 1) FROM districts d"
    )
    return {name: (history_from, kept) for name, history_from, kept in rows}


OLD, YOUNG = timedelta(days=31), timedelta(days=29)


async def test_history_is_forgotten_up_to_the_last_old_commit_of_its_district(store: StoreUnderTest) -> None:
    await district(store, "old", 1, {1: OLD, 2: OLD, 3: OLD, 4: YOUNG}, range(2, 5))
    await district(store, "young", 1, {1: OLD, 2: YOUNG, 3: YOUNG}, range(2, 4))
    await district(store, "new", 0, {1: YOUNG}, [1])
    for sequence in (2, 3, 4):  # reviews are numbered on their own
        await store.rows(DECISION, "young", 10 + sequence, "review", sequence, OLD)
        await store.rows(DECISION, "old", 10 + sequence, "review", sequence, OLD)
    await store.rows(DECISION, "unknown", 1, "commit", 4, OLD)

    await store.districts.forget_history_older_than(MONTH)

    assert await left(store) == {"old": (3, [4]), "young": (1, [2, 3]), "new": (0, [1])}


async def test_history_left_by_a_broken_forgetting_goes_next_time(store: StoreUnderTest) -> None:
    await district(store, "left", 3, {2: OLD, 3: YOUNG, 4: YOUNG}, range(2, 5))
    await district(store, "of the first", 3, {3: OLD, 4: YOUNG}, [3, 4])
    await district(store, "left and old", 2, {2: OLD, 3: OLD, 4: YOUNG}, range(2, 5))
    await district(store, "nothing left", 3, {3: OLD, 4: YOUNG}, [4])
    # Neither a review nor a commit of another district says that commit 4 is old.
    await store.rows(DECISION, "left", 14, "review", 4, OLD)
    await store.rows(DECISION, "unknown", 4, "commit", 4, OLD)

    await store.districts.forget_history_older_than(MONTH)

    assert await left(store) == {
        "left": (3, [4]),
        "of the first": (3, [4]),
        "left and old": (3, [4]),
        "nothing left": (3, [4]),
    }


async def test_some_history_is_forgotten_at_a_time_and_the_oldest_first(store: StoreUnderTest) -> None:
    await district(store, "d", 1, {}, [4, 2, 3])
    await district(store, "other", 1, {}, [2])

    async with with_filter(store, "d", KEEP_ALL):
        assert await commit_history.forget_some(store.database, "d", 3, 3) is False
    assert await left(store) == {"d": (1, [2, 3, 4]), "other": (1, [2])}
    assert await commit_history.forget_some(store.database, "d", 3, 3) is True
    assert await left(store) == {"d": (3, [3, 4]), "other": (1, [2])}
    assert await commit_history.forget_some(store.database, "d", 2, 3) is False
    assert await left(store) == {"d": (3, [3, 4]), "other": (1, [2])}
    assert await commit_history.forget_some(store.database, "d", 3, 3) is False
    assert await left(store) == {"d": (3, [4]), "other": (1, [2])}


ROSTER: Final = (
    "INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, committed, "
    "committed_member, committed_school_id) "
    "VALUES ('d', $1, $2, $3, sha256($3::text::bytea), $4, sha256($4::text::bytea), 's')"
)


def commit_of(*, is_first: bool = False) -> Conclusion:
    takeover = Takeover(is_first=is_first, moves_students=False, restarts_count=False)
    return Conclusion(batch(Trigger.FLUSH, 0), Outcome.COMMIT, takeover=takeover)


async def test_what_a_commit_replaces_is_kept_except_of_erased_students(store: StoreUnderTest) -> None:
    await store.rows(
        "INSERT INTO districts (district_id, last_commit_id, commit_sequence) VALUES ('d', 'c', 4), "
        "('other', 'c', 4)"
    )
    for kind in ("class", "student"):
        for name in ("changes", "erased"):
            await store.rows(ROSTER, kind, name, "new", "old")
        await store.rows(ROSTER, kind, "stays", "same", "same")
        await store.rows(ROSTER, kind, "comes", "new", None)
    for name, erased in (("d", "erased"), ("other", "changes")):
        await store.rows("INSERT INTO erased_students VALUES ($1, $2, now(), 'ada')", name, erased)

    async with store.database.transaction() as connection:
        evaluation = await store.evaluations.locked(connection, "d", Trigger.FLUSH)
        assert evaluation is not None
        await evaluation.write_conclusion(commit_of())

    rows = await store.rows(
        "SELECT kind, record_id, record, member IS NULL, sequence, school_id FROM commit_history "
        "ORDER BY 1, 2"
    )
    assert [tuple(row) for row in rows] == [
        ("class", "changes", "old", False, 4, "s"),
        ("class", "comes", None, True, 4, "s"),
        ("class", "erased", "old", False, 4, "s"),
        ("student", "changes", "old", False, 4, "s"),
        ("student", "comes", None, True, 4, "s"),
        ("student", "erased", None, False, 4, "s"),
    ]


@pytest.mark.parametrize(("is_first", "wanted"), [(True, True), (False, False)])
async def test_where_nothing_is_kept_one_can_go_back_no_further_than_to_the_commit_in_hand(
    store: StoreUnderTest, is_first: bool, wanted: bool
) -> None:
    insert = "INSERT INTO districts (district_id, last_commit_id, commit_sequence) VALUES ($1, $2, 4)"
    for name in ("other", "d"):
        await store.rows(insert, name, None if is_first else "c")
    await store.rows(ROSTER, "class", "changes", "new", "old")

    async with store.database.transaction() as connection:
        evaluation = await store.evaluations.locked(connection, "d", Trigger.FLUSH)
        assert evaluation is not None
        made = PostgresEvaluation(connection, evaluation.window, evaluation.state, keeps_history=wanted)
        await made.write_conclusion(commit_of(is_first=is_first))

    assert await left(store) == {"d": (4, []), "other": (0, [])}
