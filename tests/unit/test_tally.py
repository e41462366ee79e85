from __future__ import annotations

import pytest

from schemas.words import RosterKind
from worker.domain.preflight.tally import Tally


@pytest.mark.parametrize(
    ("before", "after", "committed", "counts"),
    [
        (None, 1, None, (1, 0)),
        (1, 1, None, (0, 0)),
        (1, 2, 1, (1, 0)),
        (2, 1, 1, (-1, 0)),
        (1, None, 1, (0, 1)),
        (None, 1, 1, (0, -1)),
        (1, None, None, (-1, 0)),
        (2, None, 1, (-1, 1)),
    ],
)
def test_the_plan_counts_each_entry_against_the_committed_roster(
    before: int | None, after: int | None, committed: int | None, counts: tuple[int, int]
) -> None:
    tally = Tally()

    tally.count_entry(RosterKind.STUDENT, before, after, committed)

    assert tuple(tally.plan()[RosterKind.STUDENT].values()) == counts


def test_an_empty_tally_has_nothing_to_say() -> None:
    tally = Tally()

    assert tally.plan_is_empty
    assert (tally.by_code(), tally.to_json()) == ({}, {})
    assert set(tally.roster().values()) == {0}
