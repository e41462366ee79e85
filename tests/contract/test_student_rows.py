"""Whom a text means, and what is told and forgotten of one student, beside rows of others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from builders import Json
from store_fixtures import StoreUnderTest

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

SIS = '{"sis_id": "S1"}'
KNOWN: Final[dict[str, tuple[str, tuple[Any, ...], bool]]] = {
    # a row; whether it tells of a student
    "staged": (STAGED, ("user", "abc", STUDENT), True),
    "staged, deleted": (STAGED, ("user", "abc", None), True),
    "staged, a teacher": (STAGED, ("user", "abc", {"teacher": {}}), False),
    "staged, a section": (STAGED, ("section", "abc", STUDENT), False),
    "in the roster": (ROSTER, ("student", "abc", None, SIS), True),
    "in the roster, a class": (ROSTER, ("class", "abc", None, SIS), False),
    "in the history": (HISTORY, (1, "student", "abc", SIS), True),
    "in the history, a teacher": (HISTORY, (1, "teacher", "abc", SIS), False),
    "in the inbox": (INBOX, ("e", "user", "abc", STUDENT), True),
    "in the inbox, deleted": (INBOX, ("e", "user", "abc", None), True),
    "in the inbox, a teacher": (INBOX, ("e", "user", "abc", {"teacher": {}}), False),
    "in the inbox, a section": (INBOX, ("e", "section", "abc", STUDENT), False),
    "erased": (ERASED, ("abc",), True),
}


@pytest.mark.parametrize("where", KNOWN)
async def test_a_student_is_called_by_the_id_its_beginning_or_the_sis_id_wherever_one_is_known(
    store: StoreUnderTest, where: str
) -> None:
    statement, values, is_student = KNOWN[where]
    await store.rows(statement, *values)
    await store.rows(STAGED, "user", "other", {"student": {"texts": {"sis_id": "S2"}}})
    found = ["abc"] if is_student else []
    has_sis_id = "S1" in str(values)

    called = students(store).called
    assert await called("d", "abc", None) == found
    assert await called("d", "ab", "ab") == found
    assert await called("d", "ab", None) == []
    assert await called("d", "b", "b") == []
    assert await called("d", "S1", None) == (found if has_sis_id else [])


async def test_of_many_whom_a_text_may_mean_the_one_with_that_very_id_is_first_and_twenty_are_told(
    store: StoreUnderTest,
) -> None:
    for number in range(30):
        await store.rows(STAGED, "user", f"a{29 - number:02}", STUDENT)
    await store.rows(ROSTER, "student", "a05", None, SIS)

    ids = [f"a{number:02}" for number in range(30)]
    assert await students(store).called("d", "a", "a") == ids[:20]
    assert await students(store).called("d", "a07", "a") == ["a07", *(i for i in ids if i != "a07")][:20]


# What is told of one


BASELINE = "INSERT INTO baseline_records (district_id, kind, record_id, record) VALUES ('d', $1, $2, $3)"
LINK = "INSERT INTO section_links (district_id, role, target_id, section_id) VALUES ('d', $1, $2, $3)"
FINDING = (
    "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported) "
    "VALUES ('d', $1, $2, sha256($3::text::bytea), $3, 'error', '{}', true, true)"
)
MESSAGE = (
    "INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key, sequence, "
    "part, parts, trace_parent, envelope, changes) "
    "VALUES ('d', $1, $1, 'r', 's', 'k', $1, 1, 1, 't', '{}', $2)"
)


async def everything(store: StoreUnderTest) -> None:
    """Have rows of students a and b, and of other kinds with the same ids, in every table."""
    for name in "ab":
        await records_of(store, name)
        await roster_of(store, name)
        await traces_of(store, name)
    await store.rows("INSERT INTO kept_sections (district_id, section_id, rank) VALUES ('d', 'x', 1)")
    begin = "INSERT INTO baselines (district_id, run, seed, overlap, floor, collections, records) VALUES "
    await store.rows(f"{begin} ('d', gen_random_uuid(), '', '', '', '{{}}', 6)")
    for number, (outcome, sequence) in enumerate((("commit", 1), ("review", 1), ("commit", 3))):
        await store.rows(
            "INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, "
            "decided_at, summary) VALUES ('d', $1, $2, $3, $4, 1, now(), '{}')",
            *(number, f"{outcome} {sequence}", outcome, sequence),
        )


async def records_of(store: StoreUnderTest, name: str) -> None:
    for kind in ("user", "section", "school"):
        record: Json = {"name": f"{kind} {name}"} | ({"student": {}} if kind == "user" else {})
        await store.rows(STAGED, kind, name, record)
        await store.rows(INBOX, f"{kind} {name} 2", kind, name, record)
        await store.rows(INBOX, f"{kind} {name} 1", kind, name, record)
        await store.rows(BASELINE, kind, name, record)


async def roster_of(store: StoreUnderTest, name: str) -> None:
    for kind in ("student", "class", "teacher"):
        told = f'{{"is": "{kind} {name}"}}'
        await store.rows(ROSTER, kind, name, told, told.replace("is", "was"))
        for sequence in (2, 1):
            await store.rows(HISTORY, sequence, kind, name, f'{{"is": "{kind} {name} {sequence}"}}')
    for role, section in (("student", "y"), ("student", "x"), ("teacher", "z")):
        await store.rows(LINK, role, name, section)
    for kind, code in (("student", "c2"), ("student", "c1"), ("class", "c3")):
        await store.rows(FINDING, kind, name, code)


async def traces_of(store: StoreUnderTest, name: str) -> None:
    for field in ("sis_id", "email"):
        await store.rows("INSERT INTO identities VALUES ('d', $1, '\\x00', $2)", field, name)
    for number in (2, 1):
        await store.rows(
            "INSERT INTO guard_history VALUES ('d', $1, $2, now(), true, 's', 'c', false, NULL, NULL)",
            *(number, name),
        )
        note = "INSERT INTO audit (actor, action, district_id, detail) VALUES ('ada', $1, 'd', $2)"
        await store.rows(note, str(number), {"record": name})
        position = number + (10 if name == "b" else 0)
        await store.rows(MESSAGE, position, f'[{{"id":"{name}"}}]')


async def test_all_that_is_told_of_a_student_is_of_that_student(store: StoreUnderTest) -> None:
    await everything(store)

    told = await students(store).export("d", "a")

    user = {"name": "user a", "student": {}}
    assert told["staged"] == {"event_id": "e", "record": user}
    assert told["sections"] == [{"id": "x", "is_kept": True}, {"id": "y", "is_kept": False}]
    assert (told["candidate"], told["committed"]) == ({"is": "student a"}, {"was": "student a"})
    assert [each["code"] for each in told["findings"]] == ["c1", "c2"]
    assert told["identities"] == ["email", "sis_id"]
    assert [(each["sequence"], each["commit_id"]) for each in told["commits"]] == [(1, "commit 1"), (2, None)]
    assert told["commit_history"] == [
        {"sequence": sequence, "replaced": {"is": f"student a {sequence}"}} for sequence in (1, 2)
    ]
    assert [each["sequence"] for each in told["guard_history"]] == [1, 2]
    assert told["waiting_events"] == [{"event_id": f"user a {n}", "record": user} for n in (1, 2)]
    assert told["baseline_record"] == user
    assert told["messages_to_publish"] == [{"sequence": n, "part": 1} for n in (1, 2)]
    assert [each["action"] for each in told["audit"]] == ["2", "1"]


async def test_of_nobody_nothing_is_told(store: StoreUnderTest) -> None:
    await everything(store)

    told = await students(store).export("d", "z")

    assert all(value in (None, []) for value in told.values())


# What is forgotten of one

TABLES: Final = {
    "inbox": "kind = 'user' AND record_id = 'a'",
    "baseline_records": "kind = 'user' AND record_id = 'a'",
    "commit_history": "kind = 'student' AND record_id = 'a'",
    "guard_history": "student_id = 'a'",
}


async def others(store: StoreUnderTest) -> list[Any]:
    """Return every row that is not of student a."""
    return [
        await store.rows(f"SELECT * FROM {table} AS t WHERE NOT ({mine}) ORDER BY t::text")
        for table, mine in TABLES.items()
    ]


@pytest.mark.parametrize("teaches", [False, True])
async def test_what_is_kept_of_an_erased_student_is_forgotten_and_of_nobody_else(
    store: StoreUnderTest, teaches: bool
) -> None:
    await everything(store)
    await store.rows("INSERT INTO districts (district_id) VALUES ('d')")
    if teaches:
        for table in ("staged", "inbox", "baseline_records"):
            await store.rows(
                f"UPDATE {table} SET record = record || '{{\"teacher\": {{}}}}' WHERE kind = 'user'"
            )
    before = await others(store)

    async with students(store).begin("d", timedelta(seconds=9)) as erasure:
        assert erasure is not None
        erased = await erasure.erase("a", "ada")
        still_committed = await erasure.conclude("a", "ada", {"reason": "r"})

    assert await others(store) == before
    mine = {table: await store.rows(f"SELECT * FROM {table} WHERE {of}") for table, of in TABLES.items()}
    assert (len(mine["inbox"]), len(mine["commit_history"]), mine["guard_history"]) == (2, 2, [])
    assert "student" not in str([row["record"] for row in mine["inbox"]])
    assert {row["record"] for row in mine["commit_history"]} == {None}
    assert len(mine["baseline_records"]) == teaches
    assert "student" not in str([row["record"] for row in mine["baseline_records"]])
    (run,) = await store.rows("SELECT records FROM baselines")
    assert run["records"] == (6 if teaches else 5)
    assert erased is not None
    assert (erased.record_id, erased.after is None) == ("a", not teaches)
    assert still_committed
    assert await students(store).erased("d", "a") is not None
    assert await students(store).erased("d", "b") is None


@pytest.mark.parametrize(
    ("kind", "name", "committed", "expected"),
    [
        ("student", "a", "{}", True),
        ("student", "a", None, False),
        ("student", "b", "{}", False),
        ("class", "a", "{}", False),
    ],
)
async def test_one_who_was_erased_is_committed_still_where_the_roster_says_so(
    store: StoreUnderTest, kind: str, name: str, committed: str | None, expected: bool
) -> None:
    await store.rows("INSERT INTO districts (district_id) VALUES ('d')")
    await store.rows(ROSTER, kind, name, "{}", committed)

    async with students(store).begin("d", timedelta(seconds=9)) as erasure:
        assert erasure is not None
        assert await erasure.erase("a", "ada") is None
        assert await erasure.conclude("a", "ada", {}) is expected


@pytest.mark.parametrize("file", ["operations/students", "operations/rollback"])
async def test_what_a_look_sets_for_itself_ends_with_its_transaction(
    store: StoreUnderTest, file: str
) -> None:
    settings = "SELECT current_setting('lock_timeout'), current_setting('enable_seqscan')"
    async with store.database.connection() as connection:
        (before,) = await connection.fetch(settings)
        async with connection.transaction():
            await connection.execute(statements.load(file)["wait_for_locks"], "12345")
            (during,) = await connection.fetch(settings)
        (after,) = await connection.fetch(settings)

    assert tuple(during) == ("12345ms", "on" if file == "operations/students" else before[1])
    assert after == before
