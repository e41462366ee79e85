"""A rollback row by row: beside each record that it puts back stand others of the same id or content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import pytest

from tests.support.builders.district_rows import ENTRY
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.operations.rollback import PostgresRollback
from worker.domain.roster.roster import remove_change, upsert_change

TARGET, OURS = 2, 6
"""The commit that the district goes back to, and the one that does it."""
HISTORY: Final = (
    "INSERT INTO commit_history (district_id, sequence, kind, record_id, record, member, school_id) "
    "VALUES ($1, $2, $3, $4, $5, sha256($6::text::bytea), $7)"
)
GONE: Final = "of an erased student: "


@dataclass(frozen=True)
class Case:
    """A record, and what a rollback makes of it."""

    replaced: dict[int, str | None] = field(default_factory=dict)
    """By the commit that replaced it; None where there was nothing."""
    committed: str | None = None
    candidate: str | None = None
    becomes: str | None = None
    """What is committed of it in the end."""
    differs: bool = True


CASES: Final = {
    # student and class; C comes from 5, and so on
    "changed": Case({2: "0", 3: "A", 4: "B", 5: "B"}, "C", "C", "A"),
    "came": Case({3: None}, "X", "Y", None),
    "came, leaves": Case({3: None, 5: "Y"}, "X", None, None),
    "went": Case({3: "A", 4: "B"}, None, None, "A"),
    "went, comes": Case({5: "A"}, None, "B", "A"),
    "back again": Case({3: "A", 4: "B"}, "A", None, "A", differs=False),
    "came and went": Case({3: None, 4: "B"}, None, "B", None, differs=False),
    "of before": Case({1: "W", 2: "A"}, "X", None, "X", differs=False),
    "never changed": Case({}, "X", None, "X", differs=False),
}
STUDENTS: Final = {
    **CASES,
    "erased, changed": Case({3: f"{GONE}A", 4: f"{GONE}B"}, "C", "C", None),
    "erased, the same": Case({3: f"{GONE}C"}, "C", "C", None),
    "as a class": Case({}, "X", None, "X", differs=False),
}
CLASSES: Final = {
    **CASES,
    "as a class": Case({3: None}, "X", None, None),
    "erased, changed": Case({3: "A"}, "C", None, "A"),
}
OF_ALL: Final = {"student": STUDENTS, "class": CLASSES}


async def put(store: StoreUnderTest, district: str, kind: str, name: str, case: Case) -> None:
    if case.committed is not None or case.candidate is not None:
        school = None if case.committed is None else f"school of {case.committed}"
        await store.rows(ENTRY, district, kind, name, case.candidate, case.committed, school)
    for sequence, text in case.replaced.items():
        record = None if text is None or text.startswith(GONE) else text
        school = None if text is None else f"school of {text}"
        told = text and text.removeprefix(GONE)
        await store.rows(HISTORY, district, sequence, kind, name, record, told, school)


@pytest.fixture(autouse=True)
async def districts(store: StoreUnderTest) -> None:
    """Have a district before its rollback, and another one with the same records, all otherwise."""
    insert = "INSERT INTO districts (district_id, commit_sequence, history_from) VALUES ($1, $2, $3)"
    await store.rows(insert, "d", OURS, 2)
    await store.rows(insert, "other", OURS, 1)
    for kind, cases in OF_ALL.items():
        for name, case in cases.items():
            await put(store, "d", kind, name, case)
            if not name.startswith("erased"):
                other = Case({1: "V", 3: "W", OURS: "X"}, "X")
                await put(store, "other", kind, name, other)
    for district, prefix in (("d", "erased"), ("other", "c")):
        await store.rows(
            "INSERT INTO erased_students SELECT $1, record_id, now(), 'ada' FROM roster "
            "WHERE district_id = 'd' AND starts_with(record_id, $2) GROUP BY record_id",
            *(district, prefix),
        )


@asynccontextmanager
async def rollback(store: StoreUnderTest) -> AsyncIterator[PostgresRollback]:
    async with store.rollbacks.begin("d", timedelta(seconds=9)) as begun:
        assert begun is not None
        yield begun


def number(text: str | None) -> int | None:
    return None if text is None else int.from_bytes(sha256(text.encode()).digest())


async def test_what_differs_from_a_commits_roster_is_told_with_what_was(store: StoreUnderTest) -> None:
    async with rollback(store) as begun:
        told = {(d.kind.value, d.id): d async for d in begun.differences(TARGET)}
        assert len(told) == len([d async for d in begun.differences(TARGET)])

    for (kind, name), difference in told.items():
        case = OF_ALL[kind][name]
        first = case.replaced[min(sequence for sequence in case.replaced if sequence > TARGET)]
        erased = first.removeprefix(GONE) if first and first.startswith(GONE) else None
        assert difference.record == case.becomes, name
        assert (difference.committed, difference.candidate) == (
            number(case.committed),
            number(case.candidate),
        )
        assert difference.erased == number(erased)
    assert set(told) == {
        (kind, name) for kind, cases in OF_ALL.items() for name, case in cases.items() if case.differs
    }


async def test_a_rollback_puts_each_record_back_and_keeps_what_it_replaces(store: StoreUnderTest) -> None:
    others = "SELECT * FROM {} AS t WHERE district_id = 'other' ORDER BY t::text"
    before = [await store.rows(others.format(table)) for table in ("roster", "commit_history")]

    async with rollback(store) as begun:
        await begun.restore(TARGET)
        changes = [change async for change in begun.restored_changes()]

    assert [await store.rows(others.format(table)) for table in ("roster", "commit_history")] == before
    rows = await store.rows("SELECT * FROM roster WHERE district_id = 'd'")
    found = {(row["kind"], row["record_id"]): row for row in rows}
    for kind, cases in OF_ALL.items():
        for name, case in cases.items():
            row = found.pop((kind, name), None)
            if case.becomes is None and case.candidate is None:
                assert row is None, name
                continue
            assert row is not None, name
            assert (row["candidate"], row["committed"]) == (case.candidate, case.becomes), name
            school = None if case.becomes is None else f"school of {case.becomes}"
            assert row["committed_school_id"] == school, name
    assert found == {}

    kept = await store.rows("SELECT * FROM commit_history WHERE district_id = 'd' AND sequence = $1", OURS)
    expected = {
        (kind, name): case for kind, cases in OF_ALL.items() for name, case in cases.items() if case.differs
    }
    assert {(row["kind"], row["record_id"]): (row["record"], row["school_id"]) for row in kept} == {
        (kind, name): (
            None if kind == "student" and name.startswith("erased") else case.committed,
            None if case.committed is None else f"school of {case.committed}",
        )
        for (kind, name), case in expected.items()
    }
    back = sorted(key for key, case in expected.items() if case.becomes is not None)
    out = sorted(key for key, case in expected.items() if case.becomes is None)
    assert changes == [
        *(upsert_change(*key, expected[key].becomes or "") for key in back),
        *(remove_change(*key) for kind in ("student", "class") for key in out if key[0] == kind),
    ]


DECISION: Final = (
    "INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, decided_at, "
    "summary) VALUES ($1, $2, $3, $4, $5, 1, now(), $6)"
)


async def test_the_commits_of_a_district_that_can_be_reached_are_its_own(store: StoreUnderTest) -> None:
    for district in ("other", "d"):
        for place, (outcome, sequence) in enumerate(
            [("commit", 3), ("commit", 1), ("review", 2), ("review", 5), ("commit", 2), ("commit", 4)]
        ):
            name = f"{district} {outcome} {sequence}"
            await store.rows(DECISION, district, place, name, outcome, sequence, {"is": name})
    await store.rows(DECISION, "other", 9, "other commit 5", "commit", 5, {})

    reachable = await store.rollbacks.reachable("d", 2)
    assert reachable is not None
    assert (reachable.total, [one.summary["is"] for one in reachable.commits]) == (
        3,
        ["d commit 4", "d commit 3"],
    )
    async with rollback(store) as begun:
        assert await begun.history_from() == 2
        commit = await begun.commit_of(3)
        assert commit is not None
        assert commit.summary["is"] == "d commit 3"
        assert await begun.commit_of(5) is None


async def test_a_rollback_ends_the_open_approval_of_its_district_and_no_other(store: StoreUnderTest) -> None:
    insert = (
        "INSERT INTO approvals (district_id, plan_digest, commit_sequence, actor, reason, ended_at, "
        "ended_as) VALUES ($1, '', 1, 'ada', $2, $3, $4)"
    )
    await store.rows(insert, "other", "of another district", None, None)
    await store.rows(insert, "d", "used before", datetime(2026, 1, 1, tzinfo=UTC), "used")
    await store.rows(insert, "d", "open", None, None)

    async with rollback(store) as begun:
        await begun.void_approval("rolled back")

    rows = await store.rows("SELECT reason, ended_as, ended_why FROM approvals ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("of another district", None, None),
        ("used before", "used", None),
        ("open", "void", "rolled back"),
    ]
