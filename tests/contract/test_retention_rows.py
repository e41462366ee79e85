"""What goes after its time and what stays, row by row, to some seconds; and never too much at once."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Final

import pytest

from tests.support.builders.mail_rows import KINDS as MAILS
from tests.support.builders.mail_rows import add as add_mail
from tests.support.builders.records import Json
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.operations.retention import KEPT, PostgresRetention

DAY: Final = timedelta(days=1)
OLD, YOUNG, COMING = "now() - interval '86420 s'", "now() - interval '86380 s'", "now() + interval '20 s'"


def retention(store: StoreUnderTest, at_once: int = 100) -> PostgresRetention:
    return PostgresRetention(store.database, dict.fromkeys(KEPT, DAY), at_once)


async def insert(store: StoreUnderTest, table: str, columns: Json) -> None:
    """Insert a row; the values are SQL."""
    values = ", ".join(map(str, columns.values()))
    await store.rows(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({values})")


async def named(store: StoreUnderTest, table: str) -> set[str]:
    return {row[0] for row in await store.rows(f"SELECT district_id FROM {table}")}


DISTRICT: Final = {"decision_number": 9, "commit_sequence": 5, "review_sequence": 5, "history_from": 5}
DECISIONS: Final[dict[str, tuple[Json, Json, bool]]] = {
    # of a district, a decision; whether it stays
    "an old commit": ({}, {}, False),
    "a young commit": ({}, {"decided_at": YOUNG}, True),
    "a commit that waits to leave": ({}, {"published_at": "NULL"}, True),
    "the last commit": ({}, {"sequence": 5}, True),
    "the last decision": ({}, {"number": 9}, True),
    "a commit that one can go back to": ({"history_from": 3}, {"sequence": 3}, True),
    "a commit before that": ({"history_from": 3}, {"sequence": 2}, False),
    "a commit, where nothing is kept": ({"history_from": 9}, {"sequence": 4}, False),
    "the last commit, where nothing is kept": ({"history_from": 9}, {"sequence": 5}, True),
    "an old review": ({}, {"outcome": "'review'"}, False),
    "the last review": ({}, {"outcome": "'review'", "sequence": 5}, True),
    "a review with the number of a commit": ({"history_from": 1}, {"outcome": "'review'"}, False),
    "a commit with the number of a review": ({"review_sequence": 1}, {}, False),
}


async def test_decisions_go_that_are_not_the_last_nor_needed_to_go_back(store: StoreUnderTest) -> None:
    for name, (district, changed, _) in DECISIONS.items():
        await insert(store, "districts", {"district_id": f"'{name}'"} | DISTRICT | district)
        decision = {"number": 4, "outcome": "'commit'", "sequence": 4, "batch_number": 1, "summary": "'{}'"}
        decision |= {"decided_at": OLD, "published_at": OLD, "decision_id": f"'{uuid.uuid4()}'"}
        await insert(store, "decisions", {"district_id": f"'{name}'"} | decision | changed)

    gone = await retention(store).forget()

    assert await named(store, "decisions") == {name for name, (*_, stays) in DECISIONS.items() if stays}
    assert gone == {"decisions": sum(not stays for *_, stays in DECISIONS.values())}


async def add_batch(store: StoreUnderTest, district: str, number: int, closed_at: str = OLD) -> None:
    batch = {"district_id": f"'{district}'", "number": number, "batch_id": f"'{uuid.uuid4()}'", "events": 1}
    times = {"opened_at": OLD, "closed_at": closed_at}
    await insert(store, "batches", batch | times | {"trigger": "'quiet'", "outcome": "'commit'"})


async def test_batches_go_of_which_no_decision_is_left_but_for_the_last(store: StoreUnderTest) -> None:
    for name in ("a", "b"):
        await insert(store, "districts", {"district_id": f"'{name}'", "batch_number": 5} | DISTRICT)
        for number in (2, 4, 5):
            await add_batch(store, name, number)
        await add_batch(store, name, 3, YOUNG)
    decision = {"number": 1, "outcome": "'commit'", "sequence": 5, "batch_number": 4, "summary": "'{}'"}
    decision |= {"decided_at": OLD, "published_at": OLD, "decision_id": "'x'"}
    await insert(store, "decisions", {"district_id": "'a'"} | decision)

    gone = await retention(store).forget()

    left = await store.rows("SELECT district_id, number FROM batches ORDER BY 1, 2")
    assert [tuple(row) for row in left] == [("a", 3), ("a", 4), ("a", 5), ("b", 3), ("b", 5)]
    assert gone == {"batches": 3}


async def test_filters_go_that_were_replaced_and_made_no_roster(store: StoreUnderTest) -> None:
    for name in ("a", "b"):
        for version in (1, 2, 3, 4):
            row = {"district_id": f"'{name}'", "version": version, "filter": "'{}'", "actor": "'ada'"}
            await insert(store, "filters", row | {"set_at": YOUNG if version == 3 else OLD})
    await insert(store, "districts", {"district_id": "'a'", "filter_version": 2})
    await insert(store, "districts", {"district_id": "'c'", "filter_version": 1})

    await retention(store).forget()

    left = await store.rows("SELECT district_id, version FROM filters ORDER BY 1, 2")
    assert [tuple(row) for row in left] == [("a", 2), ("a", 3), ("a", 4), ("b", 3), ("b", 4)]


async def test_policies_go_once_there_is_a_later_one_without_an_end(store: StoreUnderTest) -> None:
    versions = {1: "NULL", 2: COMING, 3: "NULL", 4: COMING, 5: COMING}
    for version, until in versions.items():
        row = {"district_id": "'a'", "version": version, "policy": "'{}'", "actor": "'ada'"}
        await insert(store, "policies", row | {"set_at": OLD, "until": until})
        await insert(
            store, "policies", row | {"district_id": "'young'", "set_at": YOUNG, "until": until}
        )  # fmt: skip
        await insert(store, "policies", row | {"district_id": "'ends'", "set_at": OLD, "until": COMING})

    await retention(store).forget()

    left = await store.rows(
        "SELECT district_id, array_agg(version ORDER BY version) FROM policies GROUP BY 1"
    )
    assert {row[0]: row[1] for row in left} == {
        "a": [3, 4, 5],
        "young": [1, 2, 3, 4, 5],
        "ends": [1, 2, 3, 4, 5],
    }


APPROVAL: Final = {"plan_digest": "''", "commit_sequence": 1, "actor": "'ada'", "reason": "'r'"}
ROWS: Final[dict[str, dict[str, tuple[Json, bool]]]] = {
    "approvals": {
        "old": (APPROVAL | {"ended_at": OLD, "ended_as": "'used'"}, False),
        "young": (APPROVAL | {"ended_at": YOUNG, "ended_as": "'void'"}, True),
        "open": (APPROVAL | {"approved_at": OLD}, True),
    },
    "connect_links": {
        "expired": ({"expires_at": OLD}, False),
        "expired lately": ({"expires_at": YOUNG}, True),
        "open": ({"expires_at": COMING}, True),
        "revoked": ({"expires_at": COMING, "revoked_at": OLD}, False),
        "revoked lately": ({"expires_at": COMING, "revoked_at": YOUNG}, True),
        "expired, revoked lately": ({"expires_at": OLD, "revoked_at": YOUNG}, False),
    },
    "guard_history": {"old": ({"committed_at": OLD}, False), "young": ({"committed_at": YOUNG}, True)},
}
ALWAYS: Final[dict[str, Json]] = {
    "approvals": {},
    "connect_links": {"created_at": "now() - interval '9 days'", "created_by": "'ada'"},
    "guard_history": {"sequence": 1, "student_id": "'x'", "was_there": "true", "is_there": "true"},
}


@pytest.mark.parametrize("table", ROWS)
async def test_each_row_goes_once_it_was_over_for_long_enough(store: StoreUnderTest, table: str) -> None:
    for name, (columns, _) in ROWS[table].items():
        if table == "connect_links":
            await insert(store, "onboarding", {"district_id": f"'{name}'", "state": "'chosen'"})
            columns = columns | {"digest": f"sha256('{name}')"}  # noqa: PLW2901
        await insert(store, table, {"district_id": f"'{name}'"} | ALWAYS[table] | columns)

    await retention(store).forget()

    assert await named(store, table) == {name for name, (_, stays) in ROWS[table].items() if stays}


REPORT: Final = 'bounced = \'{"a": "5"}\''
KEPT_MAILS: Final = {
    "waits": (f"{MAILS['waits']}, created_at = {OLD}", True),
    "sent again": (f"settled_at = {OLD}, settled_by = 'pat'", True),
    **{
        state: (f"state = '{state}', handed_at = {OLD}, settled_at = {OLD}, settled_by = 'pat'", True)
        for state in ("sending", "uncertain")
    },
    "sent": (f"state = 'sent', handed_at = {OLD}, sent_at = {OLD}", False),
    "sent lately": (f"state = 'sent', handed_at = {OLD}, sent_at = {YOUNG}", True),
    "dead": (f"state = 'dead', dead_at = {OLD}", False),
    "dead lately": (f"state = 'dead', dead_at = {YOUNG}", True),
    "cancelled": (f"state = 'cancelled', cancelled_at = {OLD}", False),
    "cancelled lately": (f"state = 'cancelled', cancelled_at = {YOUNG}", True),
    "settled lately": (
        f"state = 'sent', handed_at = {OLD}, sent_at = {OLD}, settled_at = {YOUNG}, settled_by = 'pat'",
        True,
    ),
    "bounced lately": (
        f"state = 'bounced', handed_at = {OLD}, sent_at = {OLD}, {REPORT}, bounced_at = {YOUNG}",
        True,
    ),
}


async def test_e_mails_go_of_which_nothing_was_heard_for_long_enough(store: StoreUnderTest) -> None:
    for name, (columns, _) in KEPT_MAILS.items():
        await add_mail(store, name, columns)

    await retention(store).forget()

    assert await named(store, "mails") == {name for name, (_, stays) in KEPT_MAILS.items() if stays}


# A bounded number at a time

SEEN: Final = """
    CREATE TABLE seen_deletes (place bigint GENERATED ALWAYS AS IDENTITY, what text, rows int, first int);
    CREATE FUNCTION see_deletes() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
        INSERT INTO seen_deletes (what, rows, first)
        SELECT TG_TABLE_NAME, count(*), min((to_jsonb(old_rows) ->> 'id')::int) FROM old_rows
        HAVING count(*) > 0; RETURN NULL; END $f$"""
SEES: Final = """
    CREATE TRIGGER see_deletes AFTER DELETE ON {table} REFERENCING OLD TABLE AS old_rows
        FOR EACH STATEMENT EXECUTE FUNCTION see_deletes()"""
MANY: Final = {
    "decisions": "INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, "
    f"decided_at, summary, published_at) SELECT 'd', n, n, 'commit', n, n, {OLD}, '{{}}', {OLD} FROM n",
    "batches": "INSERT INTO batches (district_id, number, batch_id, trigger, events, opened_at, closed_at, "
    f"outcome) SELECT 'd', n, n, 'quiet', 1, {OLD}, {OLD}, 'commit' FROM n",
    "filters": "INSERT INTO filters (district_id, version, filter, actor, set_at) "
    f"SELECT 'd', n, '{{}}', 'ada', {OLD} FROM generate_series(1, 6) AS n",
    "policies": "INSERT INTO policies (district_id, version, policy, actor, set_at) "
    f"SELECT 'd', n, '{{}}', 'ada', {OLD} FROM generate_series(1, 6) AS n",
    "approvals": "INSERT INTO approvals (district_id, plan_digest, commit_sequence, actor, reason, ended_at, "
    f"ended_as) SELECT 'd', '', n, 'ada', 'r', {OLD}, 'used' FROM n",
    "mails": "INSERT INTO mails (mail_id, district_id, kind, occasion, recipients, subject, text, html, "
    "time_zone, state, dead_at) SELECT gen_random_uuid(), 'd', 'rostered', n, '{a}', '', '', '', 'UTC', "
    f"'dead', {OLD} FROM n",
    "connect_links": "INSERT INTO connect_links (district_id, digest, created_by, created_at, expires_at) "
    f"SELECT 'd', sha256(n::text::bytea), 'ada', '2020-01-01Z', {OLD} FROM n",
    "audit": f"INSERT INTO audit (actor, action, at) SELECT 'ada', n, {OLD} - interval '1 year' FROM n",
    "guard_history": "INSERT INTO guard_history (district_id, sequence, student_id, was_there, "
    f"is_there, committed_at) SELECT 'd', n, n, true, true, {OLD} FROM n",
}


async def test_rows_are_deleted_a_few_at_a_time_until_all_are(store: StoreUnderTest) -> None:
    await store.rows("INSERT INTO onboarding (district_id, state) VALUES ('d', 'chosen')")
    await insert(
        store, "districts", {"district_id": "'d'", "batch_number": 9} | DISTRICT | {"history_from": 9}
    )
    async with store.database.connection() as connection:
        await connection.execute(SEEN)
        for table, statement in MANY.items():
            await store.rows(statement.replace("FROM n", "FROM generate_series(0, 4) AS n"))
            await connection.execute(SEES.format(table=table))

    await retention(store, at_once=2).forget()

    rows = await store.rows(
        "SELECT what, array_agg(rows ORDER BY place) AS counts FROM seen_deletes GROUP BY 1"
    )
    assert {row["what"]: row["counts"] for row in rows} == {table: [2, 2, 1] for table in MANY}
    audit = await store.rows("SELECT first FROM seen_deletes WHERE what = 'audit' ORDER BY place")
    oldest_first = [row["first"] for row in audit]
    assert oldest_first == sorted(oldest_first)


@pytest.mark.parametrize(("kept_for", "stays", "goes"), [(1, 364, 368), (400, 399, 401)])
async def test_the_audit_is_kept_for_a_year_at_the_least(
    store: StoreUnderTest, kept_for: int, stays: int, goes: int
) -> None:
    for age in (goes, stays):
        row = {"actor": "'ada'", "action": f"'{age}'", "at": f"now() - interval '{age} days'"}
        await insert(store, "audit", row)
    ages = dict.fromkeys(KEPT, timedelta(days=kept_for))

    await PostgresRetention(store.database, ages).forget()

    assert [row["action"] for row in await store.rows("SELECT action FROM audit")] == [str(stays)]
