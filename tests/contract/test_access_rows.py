"""Whose users, sessions and tries are meant: of each there are several, and the others stay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import asyncpg
import pytest

from config.settings import Settings
from tests.support.fixtures.people import until_it_waits
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.access.sessions import MOST_SESSIONS
from worker.bootstrap import store as app
from worker.domain.access.login_throttle import FORGIVEN_AFTER
from worker.domain.access.users import Role
from worker.operations.access import Credentials

HASH = "$argon2id$one"
USERS: Final = ("ada", "bea", "cyd")
LIFETIME, IDLE = timedelta(hours=12), timedelta(hours=1)
MOMENT = timedelta(seconds=20)
TABLES: Final = ("users", "sessions", "login_attempts")


@pytest.fixture
async def kept(store: StoreUnderTest) -> app.AccessStore:
    """Three users, each with a session; the last one is disabled."""
    kept = app.access_store(Settings(), store.database)
    for name in USERS:
        await kept.users.add(name, Role.REVIEWER, HASH, "root")
        await kept.sessions.begin(token(name), Credentials(name, Role.REVIEWER, HASH, is_disabled=False))
        await kept.attempts.admit(name, name)
    await store.rows("UPDATE users SET disabled_at = now() WHERE name = 'cyd'")
    return kept


def token(text: str) -> bytes:
    return text.encode().ljust(32, b".")


Rows = dict[str, list[asyncpg.Record]]


async def rows(store: StoreUnderTest) -> Rows:
    return {table: await store.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}


def changed(before: Rows, after: Rows) -> dict[str, int]:
    """Return how many rows of each table are not as they were, or are gone."""
    counts = {table: sum(row not in after[table] for row in before[table]) for table in TABLES}
    return {table: count for table, count in counts.items() if count}


ORDERS: Final[dict[str, tuple[Callable[[app.AccessStore], Awaitable[object]], dict[str, int]]]] = {
    "password": (
        lambda kept: kept.users.set_password("bea", "$argon2id$two", "root"),
        {"users": 1, "sessions": 1},
    ),
    "role": (lambda kept: kept.users.set_role("bea", Role.ADMIN, "root"), {"users": 1, "sessions": 1}),
    "disable": (lambda kept: kept.users.disable("bea", "root"), {"users": 1, "sessions": 1}),
    "enable": (lambda kept: kept.users.enable("cyd", "root"), {"users": 1, "sessions": 1}),
    "end sessions": (lambda kept: kept.users.end_sessions("bea", "root"), {"sessions": 1}),
    "rehash": (lambda kept: kept.users.rehash("bea", HASH, "$argon2id$two"), {"users": 1}),
    "rehash of another": (lambda kept: kept.users.rehash("bea", "$argon2id$0", "$argon2id$two"), {}),
    "log out": (lambda kept: kept.sessions.end(token("bea")), {"sessions": 1}),
    "log in": (lambda kept: kept.attempts.succeeded("bea", "bea"), {"login_attempts": 2}),
}


@pytest.mark.parametrize("order", ORDERS)
async def test_what_is_done_to_one_user_is_done_to_no_other(
    kept: app.AccessStore, store: StoreUnderTest, order: str
) -> None:
    do, expected = ORDERS[order]
    before = await rows(store)

    await do(kept)

    assert changed(before, await rows(store)) == expected


async def test_each_user_logs_in_by_what_is_kept_of_him(kept: app.AccessStore, store: StoreUnderTest) -> None:
    await store.rows("UPDATE users SET disabled_at = now(), role = 'admin' WHERE name = 'ada'")
    await kept.users.set_password("bea", "$argon2id$two", "root")

    await kept.users.enable("cyd", "root")

    assert [await kept.users.credentials(name) for name in (*USERS, "dan")] == [
        Credentials("ada", Role.ADMIN, HASH, is_disabled=True),
        Credentials("bea", Role.REVIEWER, "$argon2id$two", is_disabled=False),
        Credentials("cyd", Role.REVIEWER, HASH, is_disabled=False),
        None,
    ]


async def test_users_are_told_by_name_with_sessions(kept: app.AccessStore, store: StoreUnderTest) -> None:
    for number, (begun, seen) in enumerate(
        ((LIFETIME - MOMENT, IDLE - MOMENT), (LIFETIME + MOMENT, MOMENT), (MOMENT, IDLE + MOMENT))
    ):
        await store.rows(
            "INSERT INTO sessions VALUES ($1, 'bea', now() - $2::interval, now() - $3::interval)",
            *(token(str(number)), begun, seen),
        )

    told = await kept.users.everybody()

    assert [(user.name, user.sessions, user.disabled_at is not None) for user in told] == [
        ("ada", 1, False),
        ("bea", 2, False),
        ("cyd", 1, True),
    ]


async def test_one_enabled_user_can_log_in(kept: app.AccessStore, store: StoreUnderTest) -> None:
    some = await kept.users.can_log_in(), await kept.users.exist()
    await store.rows("UPDATE users SET disabled_at = now()")
    none = await kept.users.can_log_in(), await kept.users.exist()
    await store.rows("TRUNCATE users CASCADE")

    assert (some, none) == ((True, True), (False, True))
    assert (await kept.users.can_log_in(), await kept.users.exist()) == (False, False)


@pytest.mark.parametrize(
    "checked",
    [
        Credentials("nobody", Role.REVIEWER, HASH, is_disabled=False),
        Credentials("bea", Role.REVIEWER, "$argon2id$other", is_disabled=False),
        Credentials("bea", Role.ADMIN, HASH, is_disabled=False),
        Credentials("cyd", Role.REVIEWER, HASH, is_disabled=False),
    ],
)
async def test_a_session_begins_only_with_what_is_still_so(
    kept: app.AccessStore, store: StoreUnderTest, checked: Credentials
) -> None:
    before = await rows(store)

    assert not await kept.sessions.begin(token("new"), checked)

    assert await rows(store) == before


async def test_a_begun_session_ends_with_the_others(kept: app.AccessStore, store: StoreUnderTest) -> None:
    beginning = "INSERT INTO sessions VALUES ($1, 'bea', now(), now())"

    async with store.database.transaction() as connection:
        await connection.execute("SELECT FROM users WHERE name = 'bea' FOR SHARE")
        await connection.execute(beginning, token("new"))
        ending = asyncio.ensure_future(kept.users.end_sessions("bea", "root"))
        await until_it_waits(store, ending)
    assert await ending == 2

    bea = Credentials("bea", Role.REVIEWER, HASH, is_disabled=False)
    async with store.database.transaction() as connection:
        await connection.execute("UPDATE users SET role = 'admin' WHERE name = 'bea'")
        begun = asyncio.ensure_future(kept.sessions.begin(token("new"), bea))
        await until_it_waits(store, begun)
    assert not await begun


@pytest.mark.parametrize(
    ("column", "ends"), [("begun_at", LIFETIME), ("seen_at", IDLE)], ids=["lifetime", "idle"]
)
async def test_a_session_lasts_to_its_end_and_is_then_forgotten_and_no_other_with_it(
    kept: app.AccessStore, store: StoreUnderTest, column: str, ends: timedelta
) -> None:
    age = f"UPDATE sessions SET {column} = now() - $2::interval WHERE user_name = $1"
    await store.rows(age, "ada", ends - MOMENT)
    lasting = await kept.sessions.user_of(token("ada"))
    await store.rows(age, "ada", ends + MOMENT)
    await store.rows(age, "bea", ends - MOMENT)
    over = await kept.sessions.user_of(token("ada"))
    before = await rows(store)

    await kept.sessions.forget()

    assert (lasting, over) == (("ada", Role.REVIEWER), None)
    assert changed(before, await rows(store)) == {"sessions": 1}
    assert await kept.sessions.user_of(token("bea")) == ("bea", Role.REVIEWER)
    assert await kept.sessions.user_of(token("cyd")) is None, "the user is disabled"
    assert await kept.sessions.user_of(token("new")) is None


@pytest.mark.parametrize(("seen", "goes_on"), [(timedelta(seconds=50), False), (timedelta(seconds=70), True)])
async def test_a_session_is_written_down_as_used_no_more_often_than_once_a_minute(
    kept: app.AccessStore, store: StoreUnderTest, seen: timedelta, goes_on: bool
) -> None:
    await store.rows("UPDATE sessions SET seen_at = now() - $1::interval", seen)
    before = await rows(store)

    await kept.sessions.user_of(token("bea"))

    assert changed(before, await rows(store)) == ({"sessions": 1} if goes_on else {})


async def test_of_a_user_the_latest_sessions_are_kept(kept: app.AccessStore, store: StoreUnderTest) -> None:
    await store.rows("UPDATE sessions SET begun_at = now() - interval '2 hours'")
    bea = Credentials("bea", Role.REVIEWER, HASH, is_disabled=False)
    for number in range(MOST_SESSIONS + 1):
        await kept.sessions.begin(token(f"{number}"), bea)

    left = await store.rows("SELECT user_name, token_digest FROM sessions ORDER BY begun_at")
    of_bea = [row["token_digest"] for row in left if row["user_name"] == "bea"]
    assert of_bea == [token(f"{number}") for number in range(1, MOST_SESSIONS + 1)]
    assert len(left) == MOST_SESSIONS + 2


@pytest.mark.parametrize(
    ("tried", "free", "goes"),
    [
        (FORGIVEN_AFTER + MOMENT, MOMENT, True),
        (FORGIVEN_AFTER - MOMENT, MOMENT, False),
        (FORGIVEN_AFTER + MOMENT, -MOMENT, False),
    ],
)
async def test_failures_are_forgotten_once_they_count_no_more_and_nobody_waits(
    kept: app.AccessStore, store: StoreUnderTest, tried: timedelta, free: timedelta, goes: bool
) -> None:
    await store.rows(
        "UPDATE login_attempts SET tried_at = now() - $1::interval, free_at = now() - $2::interval "
        "WHERE bucket = (SELECT min(bucket) FROM login_attempts WHERE kind = 'name') AND kind = 'name'",
        *(tried, free),
    )
    before = await rows(store)

    await kept.attempts.forget()

    assert changed(before, await rows(store)) == ({"login_attempts": 1} if goes else {})


async def test_a_try_counts_once_for_name_and_address(kept: app.AccessStore, store: StoreUnderTest) -> None:
    await store.rows("TRUNCATE login_attempts")

    for address in ("elsewhere", "bea"):
        await kept.attempts.admit("bea", address)

    rows = await store.rows("SELECT kind, failures FROM login_attempts ORDER BY kind, failures")
    assert [tuple(row) for row in rows] == [("address", 1), ("address", 1), ("name", 2)]


async def test_no_attempt_is_counted_of_who_has_to_wait(kept: app.AccessStore, store: StoreUnderTest) -> None:
    minute = timedelta(minutes=1)

    async def waits(address: timedelta, name: timedelta) -> timedelta:
        await store.rows(
            "UPDATE login_attempts SET free_at = now() + CASE kind WHEN 'name' THEN $1::interval ELSE $2 END",
            *(name, address),
        )
        before = await rows(store)
        wait = await kept.attempts.admit("bea", "bea")
        assert changed(before, await rows(store)) == {}
        return wait

    assert 9 * minute < await waits(9 * minute + MOMENT, minute) <= 9 * minute + MOMENT
    assert 9 * minute < await waits(minute, 9 * minute + MOMENT) <= 9 * minute + MOMENT
    assert minute < await waits(minute + MOMENT, -minute) <= minute + MOMENT
    assert minute < await waits(-minute, minute + MOMENT) <= minute + MOMENT


async def test_the_first_attempt_waits_for_a_free_one(kept: app.AccessStore, store: StoreUnderTest) -> None:
    counters = await store.rows("DELETE FROM login_attempts RETURNING kind, bucket")

    async with store.database.transaction() as others:
        for row in counters:
            await others.execute(
                "INSERT INTO login_attempts (kind, bucket, failures, tried_at, free_at) "
                "VALUES ($1, $2, 9, now(), now() + interval '1 minute')",
                *row.values(),
            )
        admitting = asyncio.ensure_future(kept.attempts.admit("bea", "bea"))
        await until_it_waits(store, admitting)

    assert await admitting > timedelta(0)
    assert {row["failures"] for row in await store.rows("SELECT failures FROM login_attempts")} == {9}


async def test_a_log_in_takes_back_its_own_tries(kept: app.AccessStore, store: StoreUnderTest) -> None:
    await store.rows("UPDATE login_attempts SET failures = 4, free_at = now() + interval '1 hour'")

    await kept.attempts.succeeded("bea", "bea")

    left = await store.rows(
        "SELECT kind, failures, free_at > now() AS waits FROM login_attempts ORDER BY 1, 2"
    )
    assert [tuple(row) for row in left] == [
        *(("address", 3, False), ("address", 4, True), ("address", 4, True)),
        *(("name", 0, False), ("name", 4, True), ("name", 4, True)),
    ]
    await store.rows("UPDATE login_attempts SET failures = 0")
    await kept.attempts.succeeded("bea", "bea")
    assert {row["failures"] for row in await store.rows("SELECT failures FROM login_attempts")} == {0}


async def test_the_audit_is_read_backwards_by_page_and_district(store: StoreUnderTest) -> None:
    audit = app.access_store(Settings(), store.database).audit
    for number in range(7):
        await audit.note("ada", str(number), ["d", "e", None][number % 3], {})

    async def pages(district_id: str | None, limit: int) -> list[list[str]]:
        found, before = [], None
        while page := await audit.entries(before=before, district_id=district_id, limit=limit):
            found.append([entry.action for entry in page])
            before = page[-1].id
        return [[action for action in page if action != "shadow"] for page in found]

    assert (await pages(None, 3))[:2] == [["6", "5", "4"], ["3", "2", "1"]]
    assert await pages("d", 2) == [["6", "3"], ["0"]]
    assert await pages("e", 9) == [["4", "1"]]
    assert await pages("f", 9) == []
