"""Which approval is open, which one ends, and which errors a refused approval names: each beside others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.builders.records import NOON, later
from tests.support.fixtures.people import refused
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.evaluation.approvals import PostgresApprovals, last_approvals
from worker.domain.preflight.approval import Approval, Ended, Ending

PLAN = b"\xab" * 32
CHANGED = "cd" * 32


@pytest.fixture
async def connection(store: StoreUnderTest) -> AsyncIterator[Connection]:
    async with store.database.connection() as connection:
        yield connection


# Approvals


async def give(store: StoreUnderTest, district: str, number: int, *, is_open: bool = False) -> int:
    """Keep an approval, which ended some minutes later unless it is open; return its id."""
    rows = await store.rows(
        "INSERT INTO approvals (district_id, plan_digest, commit_sequence, actor, reason, ended_at, ended_as,"
        " ended_why) VALUES ($1, $2, $3, $4, 'r', $5, $6, $6) RETURNING id",
        *(district, PLAN, number, f"ada {number}"),
        *((None, None) if is_open else (later(number), "void")),
    )
    return int(rows[0]["id"])


async def ends(store: StoreUnderTest) -> list[tuple[Any, ...]]:
    rows = await store.rows(
        "SELECT district_id, actor, ended_at, ended_as, ended_why FROM approvals ORDER BY id"
    )
    return [tuple(row) for row in rows]


async def test_an_approval_that_ended_is_not_open(store: StoreUnderTest, connection: Connection) -> None:
    approvals = PostgresApprovals(connection, "d")
    for number in (1, 2):
        await give(store, "d", number)
    await give(store, "e", 3, is_open=True)
    before = await approvals.open_approval()

    given = await give(store, "d", 4, is_open=True)

    assert before is None
    assert await approvals.open_approval() == Approval(given, int.from_bytes(PLAN, "big"), 4)


async def test_an_approval_ends_once_and_no_other(store: StoreUnderTest, connection: Connection) -> None:
    await give(store, "d", 1)
    others = await give(store, "e", 2, is_open=True)
    given = await give(store, "d", 3, is_open=True)
    approvals = PostgresApprovals(connection, "d")

    await approvals.end_approval(Approval(others, 0, 0), Ended(Ending.USED, "commit 9"))
    await approvals.end_approval(Approval(given, 0, 0), Ended(Ending.USED, "commit 4"))
    once = await ends(store)
    await approvals.end_approval(Approval(given, 0, 0), Ended(Ending.VOID, "too late"))

    assert await ends(store) == once
    assert once[0] == ("d", "ada 1", later(1), "void", "void")
    assert once[1] == ("e", "ada 2", None, None, None)
    assert once[2][3:] == ("used", "commit 4")
    assert once[2][2] > NOON


async def test_open_and_last_ended_approvals_are_shown(store: StoreUnderTest, connection: Connection) -> None:
    await store.rows("INSERT INTO districts (district_id) VALUES ('d')")
    for number in (1, 2, 3):
        await give(store, "d", number)
    await give(store, "e", 4, is_open=True)
    ended = (await store.districts.show("d"))["approval"]
    await give(store, "d", 5, is_open=True)

    is_open = (await store.districts.show("d"))["approval"]

    assert (ended["open"], ended["last_ended"]["actor"]) == (None, "ada 3")
    assert (is_open["open"]["actor"], is_open["last_ended"]["actor"]) == ("ada 5", "ada 3")
    assert [row["actor"] for row in await last_approvals(connection, "d")] == ["ada 5", "ada 3"]


async def test_a_hold_ends_for_one_parked_district(store: StoreUnderTest, connection: Connection) -> None:
    for district in "def":
        await store.rows("INSERT INTO districts (district_id) VALUES ($1)", district)
        await store.rows("INSERT INTO evaluation_failures VALUES ($1, 5, now(), now(), 'x')", district)
    for district in "de":
        await store.rows("INSERT INTO holds VALUES ($1, $2, 'ada', 'r')", district, NOON)
    before = [await PostgresApprovals(connection, district).has_hold() for district in "def"]

    await store.districts.resume("d", "bo", "done")
    without = await refused(store.districts.resume("f", "bo", "done"))

    assert before == [True, True, False]
    assert [await PostgresApprovals(connection, district).has_hold() for district in "def"] == [
        *(False, True, False)
    ]
    assert "is not on hold" in without
    parked = await store.rows("SELECT district_id FROM evaluation_failures ORDER BY 1")
    assert [row["district_id"] for row in parked] == ["e", "f"]


# Errors that stand against an approval

GUARDED = {"removed": 4, "committed": 5, "limit_percent": 10}
GUARDS = [("school.mass_removal", "school", "900"), ("district.mass_removal", "district", "d"),
          ("school.class_change", "school", "901"), ("school.mass_removal", "school", "899")]  # fmt: skip
OTHERS = [*(("student.no_section", "student", f"{n}") for n in range(2)),
          *(("student.field_missing", "student", f"{n}") for n in range(3)),
          ("class.no_teacher", "class", "700")]  # fmt: skip


async def stand(
    store: StoreUnderTest,
    *found: tuple[str, str, str],
    district: str = "d",
    severity: str = "error",
    is_open: bool = True,
) -> None:
    for code, kind, record in found:
        await store.rows(
            "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, "
            "reported) VALUES ($1, $2, $3, sha256($4), $5, $6, $7, $8, true)",
            *(
                district,
                kind,
                record,
                f"{code}{severity}{is_open}".encode(),
                code,
                severity,
                GUARDED,
                is_open,
            ),
        )


async def approve(store: StoreUnderTest, plan: str, errors: int) -> str:
    """Ask for an approval in a district with so many errors; return why it is refused."""
    for district in ("d", "e"):
        await store.rows(
            "INSERT INTO districts (district_id, counts, candidate_digest) VALUES ($1, $2, $3)",
            *(district, {"errors": errors}, PLAN),
        )
    return await refused(store.districts.approve("d", plan, "ada", "r"))


async def stand_aside(store: StoreUnderTest, *found: tuple[str, str, str]) -> None:
    """Let the same be found where it does not count."""
    await stand(store, *found, district="e")
    await stand(store, *found, severity="warning")
    await stand(store, *found, is_open=False)


async def test_a_changed_plan_is_refused_with_the_errors_an_approval_waives(store: StoreUnderTest) -> None:
    await stand(store, *GUARDS[:3], *OTHERS)
    await stand_aside(store, *GUARDS, *OTHERS)

    why = await approve(store, CHANGED, len(GUARDS[:3]) + len(OTHERS))

    figures = "4 of 5 students, limit 10 %"
    assert why.partition("blocked by ")[2] == (
        f"district.mass_removal on d ({figures}); school.class_change on 901 ({figures}); "
        f"school.mass_removal on 900 ({figures})"
    )


async def test_schools_beyond_a_limit_are_named_by_their_ids_in_order(store: StoreUnderTest) -> None:
    await stand(store, *GUARDS)

    why = await approve(store, CHANGED, len(GUARDS))

    assert why.index("school.mass_removal on 899") > why.index("school.class_change on 901")
    assert "900" not in why
    assert why.endswith("; and 1 more")


async def test_errors_that_no_approval_waives_are_told_by_code_in_order(store: StoreUnderTest) -> None:
    await stand(store, *GUARDS, *OTHERS)
    await stand_aside(store, *GUARDS, *OTHERS)

    why = await approve(store, PLAN.hex(), len(GUARDS) + len(OTHERS))

    assert "waive: class.no_teacher 1, student.field_missing 3, student.no_section 2. Fix them" in why
