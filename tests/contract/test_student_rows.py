"""Whom a text means, and what is told and forgotten of one student, beside rows of others."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import pytest

from tests.support.builders.district_rows import ENROLLMENT, LINK
from tests.support.builders.records import Json
from tests.support.fixtures.people import somebody_waits, until
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres import statements
from worker.adapters.postgres.operations.students import PostgresStudents

STUDENT: Final = {"student": {"texts": {"sis_id": "S1"}}}
STAGED = "INSERT INTO staged (district_id, kind, record_id, event_id, record) VALUES ('d', $1, $2, 'e', $3)"
INBOX = "INSERT INTO inbox (district_id, event_id, kind, record_id, record) VALUES ('d', $1, $2, $3, $4)"
ROSTER = (
    "INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, committed, "
    "committed_member) VALUES ('d', $1, $2, $3, sha256($3::text::bytea), $4, sha256($4::text::bytea))"
)
HISTORY = (
    "INSERT INTO commit_history (district_id, sequence, kind, record_id, record, member) "
    "VALUES ('d', $1, $2, $3, $4, '\\x00')"
)
ERASED = "INSERT INTO erased_students (district_id, student_id, actor) VALUES ('d', $1, 'ada')"


def students(store: StoreUnderTest) -> PostgresStudents:
    return PostgresStudents(store.database, store.evaluations)


# Whom a text means

SIS: Final = '{"sis_id": "%s"}'
KNOWN: Final[list[tuple[str, tuple[Any, ...], bool]]] = [
    # a row with {} for the id; whether it tells of a student
    (STAGED, ("user", "{}", STUDENT), True),
    (STAGED, ("user", "{}", None), True),
    (STAGED, ("user", "{}", {"teacher": {}}), False),
    (STAGED, ("section", "{}", STUDENT), False),
    (ROSTER, ("student", "{}", None, SIS), True),
    (ROSTER, ("class", "{}", None, SIS), False),
    (HISTORY, (1, "student", "{}", SIS), True),
    (HISTORY, (1, "teacher", "{}", SIS), False),
    (INBOX, ("e{}", "user", "{}", STUDENT), True),
    (INBOX, ("e{}", "user", "{}", None), True),
    (INBOX, ("e{}", "user", "{}", {"teacher": {}}), False),
    (INBOX, ("e{}", "section", "{}", STUDENT), False),
    (ERASED, ("{}",), True),
]


def of_one(values: tuple[Any, ...], name: str) -> tuple[list[Any], bool]:
    """Return the values of a row of one who is called so, and whether they have his sis_id."""
    made = [
        {"student": {"texts": {"sis_id": f"S{name}"}}} if value is STUDENT
        else value if not isinstance(value, str)
        else SIS % f"S{name}" if value is SIS
        else value.replace("{}", name)
        for value in values
    ]  # fmt: skip
    return made, f"S{name}" in str(made)


async def test_a_student_is_known_by_id_start_of_id_or_sis_id(store: StoreUnderTest) -> None:
    called = students(store).called
    for place, (statement, values, is_student) in enumerate(KNOWN):
        row, has_sis_id = of_one(values, f"{place:02}x")
        await store.rows(statement, *row)
        await store.rows(statement.replace("'d'", "'other'"), *of_one(values, f"{place:02}xo")[0])
        what = f"{statement} {row}"
        found = [f"{place:02}x"] if is_student else []

        assert await called("d", f"{place:02}x", None) == found, what
        assert await called("d", f"{place:02}", f"{place:02}") == found, what
        assert await called("d", f"{place:02}", None) == [], what
        assert await called("d", f"S{place:02}x", None) == (found if has_sis_id else []), what
    assert await called("d", "x", "x") == []


async def test_of_students_a_text_may_mean_the_exact_id_comes_first(store: StoreUnderTest) -> None:
    for number in range(30):
        await store.rows(STAGED, "user", f"a{29 - number:02}", STUDENT)
    await store.rows(ROSTER, "student", "a05", None, "{}")

    ids = [f"a{number:02}" for number in range(30)]
    assert await students(store).called("d", "a", "a") == ids[:20]
    assert await students(store).called("d", "a07", "a") == ["a07", *(i for i in ids if i != "a07")][:20]


# What is told of one


BASELINE = "INSERT INTO baseline_records (district_id, kind, record_id, record) VALUES ('d', $1, $2, $3)"
FINDING = (
    "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported, "
    "since) VALUES ('d', $1, $2, sha256($3::text::bytea), left($3, 2), 'error', '{}', true, true, "
    "now() - make_interval(days => $4))"
)
MESSAGE = (
    "INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key, sequence, "
    "part, parts, trace_parent, envelope, changes) "
    "VALUES ('d', $1, $1, 'r', 's', 'k', $2, 1, 1, 't', '{}', $3)"
)


@dataclass(frozen=True)
class Rows:
    """Rows of students a and b, and of other kinds with the same ids, in every table of a district."""

    store: StoreUnderTest
    district: str

    async def add(self, statement: str, *values: Any) -> None:
        await self.store.rows(statement.replace("'d'", f"'{self.district}'"), *values)

    async def everything(self) -> None:
        await self.add("INSERT INTO districts (district_id) VALUES ('d')")
        for name in "ab":
            await self.records_of(name)
            await self.roster_of(name)
            await self.traces_of(name)
        for section in ("x", "w" if self.district == "d" else "y"):
            await self.add(
                "INSERT INTO kept_sections (district_id, section_id, rank) VALUES ('d', $1, 1)", section
            )
        begin = "INSERT INTO baselines (district_id, run, seed, overlap, floor, collections, records) VALUES "
        await self.add(f"{begin} ('d', gen_random_uuid(), '', '', '', '{{}}', 6)")
        decisions = [("commit", 1), ("review", 1), ("review", 2), ("commit", 3)]
        for number, (outcome, sequence) in enumerate(
            decisions if self.district == "d" else [*decisions, ("commit", 2)]
        ):
            await self.add(
                "INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, "
                "decided_at, summary) VALUES ('d', $1, $2, $3, $4, 1, now(), '{}')",
                *(number, f"{outcome} {sequence} {self.district}", outcome, sequence),
            )

    async def records_of(self, name: str) -> None:
        for kind in ("user", "section", "school"):
            record: Json = {"name": f"{kind} {name} {self.district}", "student": {}}
            await self.add(STAGED, kind, name, record)
            for number in (2, 1):
                await self.add(INBOX, f"{kind} {name} {number}", kind, name, record)
            await self.add(INBOX, f"{kind} {name} 3", kind, name, {"name": "neither"})
            await self.add(BASELINE, kind, name, record)

    async def roster_of(self, name: str) -> None:
        for kind in ("student", "class", "teacher"):
            told = f'{{"is": "{kind} {name} {self.district}"}}'
            await self.add(ROSTER, kind, name, told, told.replace("is", "was"))
            for sequence in (2, 1):
                await self.add(HISTORY, sequence, kind, name, told.replace("is", f"is {sequence}"))
        await self.add(ENROLLMENT, name, ["x", "y"])
        await self.add(LINK, "teacher", name, "z")
        for kind, code, days in (
            *(("student", "c2", 3), ("student", "c1 new", 1), ("student", "c1 old", 2)),
            ("class", "c3", 1),
        ):
            await self.add(FINDING, kind, name, code if self.district == "d" else f"o{code}", days)

    async def traces_of(self, name: str) -> None:
        theirs = 0 if self.district == "d" else 5
        for field in ("sis_id", "email"):
            field += "" if self.district == "d" else " of another"  # noqa: PLW2901
            await self.add("INSERT INTO identities VALUES ('d', $1, '\\x00', $2)", field, name)
        for number in (theirs + 2, theirs + 1):
            await self.add(
                "INSERT INTO guard_history VALUES ('d', $1, $2, now(), true, 's', 'c', false, NULL, NULL)",
                *(number, name),
            )
            note = "INSERT INTO audit (actor, action, district_id, detail) VALUES ('ada', $1, 'd', $2)"
            await self.add(note, str(number), {"record": name})
            position = number + (10 if name == "b" else 0)
            await self.add(MESSAGE, position, number, f'[{{"id":"{name}"}}]')


async def everything(store: StoreUnderTest) -> None:
    """Have rows of students a and b of the district, and before them of another district, in every table."""
    for district in ("c", "d"):
        await Rows(store, district).everything()


async def test_all_that_is_told_of_a_student_is_of_that_student(store: StoreUnderTest) -> None:
    await everything(store)

    told = await students(store).export("d", "b")

    user = {"name": "user b d", "student": {}}
    assert told["staged"] == {"event_id": "e", "record": user}
    assert told["sections"] == [{"id": "x", "is_kept": True}, {"id": "y", "is_kept": False}]
    assert (told["candidate"], told["committed"]) == ({"is": "student b d"}, {"was": "student b d"})
    assert [each["code"] for each in told["findings"]] == ["c1", "c1", "c2"]
    assert told["findings"][0]["since"] < told["findings"][1]["since"]
    assert told["identities"] == ["email", "sis_id"]
    assert [(each["sequence"], each["commit_id"]) for each in told["commits"]] == [
        (1, "commit 1 d"),
        (2, None),
    ]
    assert told["commit_history"] == [
        {"sequence": sequence, "replaced": {f"is {sequence}": "student b d"}} for sequence in (1, 2)
    ]
    assert [each["sequence"] for each in told["guard_history"]] == [1, 2]
    assert [each["event_id"] for each in told["waiting_events"]] == [f"user b {n}" for n in (1, 2, 3)]
    assert told["waiting_events"][0]["record"] == user
    assert told["baseline_record"] == user
    assert told["messages_to_publish"] == [{"sequence": n, "part": 1} for n in (1, 2)]
    assert [each["action"] for each in told["audit"]] == ["2", "1"]


async def test_of_nobody_nothing_is_told(store: StoreUnderTest) -> None:
    await everything(store)

    told = await students(store).export("d", "z")

    assert all(value in (None, []) for value in told.values())


# What is forgotten of one

TABLES: Final = {
    "inbox": "kind = 'user' AND record_id = 'b'",
    "baseline_records": "kind = 'user' AND record_id = 'b'",
    "commit_history": "kind = 'student' AND record_id = 'b'",
    "guard_history": "student_id = 'b'",
}


async def others(store: StoreUnderTest) -> list[Any]:
    """Return every row that is not of student b."""
    return [
        await store.rows(
            f"SELECT * FROM {table} AS t WHERE NOT (district_id = 'd' AND {mine}) ORDER BY t::text"
        )
        for table, mine in TABLES.items()
    ]


@pytest.mark.parametrize("teaches", [False, True])
async def test_an_erased_students_rows_alone_are_forgotten(store: StoreUnderTest, teaches: bool) -> None:
    await everything(store)
    if teaches:
        for table in ("staged", "inbox", "baseline_records"):
            await store.rows(
                f"UPDATE {table} SET record = record || '{{\"teacher\": {{}}}}' WHERE record ? 'student'"
            )
    before = await others(store)

    async with students(store).begin("d", timedelta(seconds=9)) as erasure:
        assert erasure is not None
        erased = await erasure.erase("b", "ada")
        still_committed = await erasure.conclude("b", "ada", {"reason": "r"})

    assert await others(store) == before
    mine = {
        table: await store.rows(f"SELECT * FROM {table} WHERE district_id = 'd' AND {of}")
        for table, of in TABLES.items()
    }
    assert (len(mine["inbox"]), len(mine["commit_history"]), mine["guard_history"]) == (3, 2, [])
    assert "student" not in str([row["record"] for row in mine["inbox"]])
    assert {row["event_id"] for row in mine["inbox"] if row["record"] == {"name": "neither"}} == {"user b 3"}
    assert {row["record"] for row in mine["commit_history"]} == {None}
    assert len(mine["baseline_records"]) == teaches
    assert "student" not in str([row["record"] for row in mine["baseline_records"]])
    runs = await store.rows("SELECT district_id, records FROM baselines")
    assert {row["district_id"]: row["records"] for row in runs} == {"c": 6, "d": 6 if teaches else 5}
    assert erased is not None
    assert (erased.record_id, erased.after is None) == ("b", not teaches)
    assert erased.before is not None
    assert erased.before["name"] == "user b d"
    assert still_committed
    assert await students(store).erased("d", "b") is not None
    assert await students(store).erased("d", "a") is None
    assert await students(store).erased("c", "b") is None


async def test_who_reads_a_district_is_waited_for_and_forgets_the_erased(store: StoreUnderTest) -> None:
    await everything(store)
    await store.rows("DELETE FROM baseline_records")
    lock = "SELECT FROM baselines WHERE district_id = $1 FOR UPDATE"

    async def erase(district: str, patience: timedelta) -> None:
        async with students(store).begin(district, patience) as erasure:
            assert erasure is not None
            await erasure.erase("b", "ada")

    async with store.database.transaction() as reading:
        await reading.fetch(lock, "d")
        # That of another district is not waited for.
        await erase("c", timedelta(milliseconds=100))
        await reading.execute(BASELINE, "user", "b", {"student": {}})
        erasing = asyncio.create_task(erase("d", timedelta(seconds=20)))
        await until(lambda: somebody_waits(store))
    await erasing

    assert await store.rows("SELECT FROM baseline_records") == []


@pytest.mark.parametrize(("committed", "expected"), [("{}", True), (None, False)])
async def test_one_who_was_erased_is_committed_still_where_the_roster_says_so(
    store: StoreUnderTest, committed: str | None, expected: bool
) -> None:
    await store.rows("INSERT INTO districts (district_id) VALUES ('d')")
    for kind, name, district in (("student", "b", "d"), ("class", "a", "d"), ("student", "a", "other")):
        await store.rows(ROSTER.replace("'d'", f"'{district}'"), kind, name, "{}", "{}")
    await store.rows(ROSTER, "student", "a", "{}", committed)

    async with students(store).begin("d", timedelta(seconds=9)) as erasure:
        assert erasure is not None
        assert await erasure.erase("a", "ada") is None
        assert await erasure.conclude("a", "ada", {}) is expected


@pytest.mark.parametrize("file", ["operations/students", "operations/rollback"])
async def test_a_looks_own_settings_end_with_its_transaction(store: StoreUnderTest, file: str) -> None:
    settings = "SELECT current_setting('lock_timeout'), current_setting('enable_seqscan')"
    async with store.database.connection() as connection:
        (before,) = await connection.fetch(settings)
        async with connection.transaction():
            await connection.execute(statements.load(file)["wait_for_locks"], "12345")
            (during,) = await connection.fetch(settings)
        (after,) = await connection.fetch(settings)

    assert tuple(during) == ("12345ms", "on" if file == "operations/students" else before[1])
    assert after == before
