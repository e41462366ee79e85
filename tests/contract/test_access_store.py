"""Users, sessions and failed tries, over PostgreSQL: the database's clock, and many at once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from config.settings import HttpSettings, Settings
from tests.support.fixtures.access import CHEAP, PASSWORD, Serve
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.adapters.postgres.access.sessions import MOST_SESSIONS, PostgresAttempts
from worker.bootstrap import store as app
from worker.domain.access.users import Role
from worker.operations.access import Credentials
from worker.operations.passwords import Passwords
from worker.runtime.errors import UserError

HASH = "$argon2id$one"
TOKEN = bytes(32)
ADDRESS = "192.0.2.1"


@pytest.fixture
async def kept(store: StoreUnderTest) -> app.AccessStore:
    kept = app.access_store(Settings(), store.database)
    await kept.users.add("ada", Role.REVIEWER, HASH, "root")
    return kept


async def credentials(kept: app.AccessStore) -> Credentials:
    found = await kept.users.credentials("ada")
    assert found is not None
    return found


async def age(store: StoreUnderTest, column: str, interval: str) -> None:
    """Let the session be older than it is."""
    await store.rows(f"UPDATE sessions SET {column} = {column} - interval '{interval}'")


# Users


async def test_a_user_is_added_once_and_every_change_is_in_the_audit(
    kept: app.AccessStore, store: StoreUnderTest
) -> None:
    with pytest.raises(UserError, match="ada already exists"):
        await kept.users.add("ada", Role.ADMIN, HASH, "root")
    await kept.users.set_role("ada", Role.ADMIN, "root")
    await kept.users.disable("ada", "root")
    await kept.users.enable("ada", "root")
    await kept.users.set_password("ada", "$argon2id$two", "ada")

    told = await store.rows("SELECT actor, action, detail ->> 'user' AS name FROM audit ORDER BY id")
    assert [tuple(row) for row in told] == [
        ("root", "user.add", "ada"),
        ("root", "user.role", "ada"),
        ("root", "user.disable", "ada"),
        ("root", "user.enable", "ada"),
        ("ada", "user.passwd", "ada"),
    ]
    assert "argon2" not in str(await store.rows("SELECT * FROM audit"))


async def test_a_user_who_is_not_there_cannot_be_changed(kept: app.AccessStore) -> None:
    with pytest.raises(UserError, match="rostering users list"):
        await kept.users.disable("bob", "root")


# Sessions


@pytest.mark.parametrize("change", ["role", "password", "disabled", "ended"])
async def test_a_change_of_a_user_ends_the_sessions_at_once(kept: app.AccessStore, change: str) -> None:
    assert await kept.sessions.begin(TOKEN, await credentials(kept))
    assert await kept.sessions.user_of(TOKEN) == ("ada", Role.REVIEWER)

    match change:
        case "role":
            await kept.users.set_role("ada", Role.VIEWER, "root")
        case "password":
            await kept.users.set_password("ada", "$argon2id$two", "root")
        case "disabled":
            await kept.users.disable("ada", "root")
        case _:
            assert await kept.users.end_sessions("ada", "root") == 1

    assert await kept.sessions.user_of(TOKEN) is None


async def test_no_session_begins_with_what_was_true_a_moment_ago(kept: app.AccessStore) -> None:
    before = await credentials(kept)
    await kept.users.set_role("ada", Role.VIEWER, "root")
    assert not await kept.sessions.begin(TOKEN, before)

    before = await credentials(kept)
    await kept.users.disable("ada", "root")
    assert not await kept.sessions.begin(TOKEN, before)


async def test_a_session_ends_after_an_idle_hour(kept: app.AccessStore, store: StoreUnderTest) -> None:
    await kept.sessions.begin(TOKEN, await credentials(kept))
    await age(store, "seen_at", "59 minutes")
    assert await kept.sessions.user_of(TOKEN) is not None
    await age(store, "seen_at", "59 minutes")
    assert await kept.sessions.user_of(TOKEN) is not None

    await age(store, "seen_at", "61 minutes")

    assert await kept.sessions.user_of(TOKEN) is None
    await kept.sessions.forget()
    assert await store.rows("SELECT FROM sessions") == []


async def test_a_busy_session_ends_after_twelve_hours(kept: app.AccessStore, store: StoreUnderTest) -> None:
    await kept.sessions.begin(TOKEN, await credentials(kept))

    await age(store, "begun_at", "12 hours")

    assert await kept.sessions.user_of(TOKEN) is None
    assert [user.sessions for user in await kept.users.everybody()] == [0]


async def test_how_long_a_session_lasts_is_a_setting(store: StoreUnderTest) -> None:
    settings = Settings(http=HttpSettings(session_idle_minutes=0.5, session_hours=1))
    kept = app.access_store(settings, store.database)
    await kept.users.add("ada", Role.VIEWER, HASH, "root")
    await kept.sessions.begin(TOKEN, await credentials(kept))

    await age(store, "seen_at", "31 seconds")

    assert await kept.sessions.user_of(TOKEN) is None


async def test_without_logging_out_the_latest_stay(kept: app.AccessStore, store: StoreUnderTest) -> None:
    found = await credentials(kept)
    for number in range(MOST_SESSIONS + 3):
        await kept.sessions.begin(number.to_bytes(32, "big"), found)

    assert len(await store.rows("SELECT FROM sessions")) == MOST_SESSIONS
    assert await kept.sessions.user_of((2).to_bytes(32, "big")) is None
    assert await kept.sessions.user_of((3).to_bytes(32, "big")) is not None


# Tries to log in


async def test_of_tries_at_once_only_free_ones_are_made(kept: app.AccessStore, store: StoreUnderTest) -> None:
    async with opened_store(store.url) as second:
        other = app.access_store(Settings(), second.database)
        tries = [each.attempts.admit("ada", ADDRESS) for each in (kept, other) for _ in range(20)]

        waits = await asyncio.gather(*tries)

    assert sum(wait == timedelta(0) for wait in waits) == 5
    assert max(waits) <= timedelta(seconds=5)


async def test_addresses_are_held_up_for_all_names_and_names_for_all_addresses(kept: app.AccessStore) -> None:
    for number in range(5):
        assert await kept.attempts.admit(f"name-{number}", ADDRESS) == timedelta(0)
        assert await kept.attempts.admit("ada", f"2001:db8:{number}::/64") == timedelta(0)

    assert await kept.attempts.admit("another", ADDRESS) > timedelta(0)
    assert await kept.attempts.admit("ada", "198.51.100.1") > timedelta(0)
    assert await kept.attempts.admit("another", "198.51.100.2") == timedelta(0)


async def test_a_try_not_made_makes_the_wait_no_longer(kept: app.AccessStore, store: StoreUnderTest) -> None:
    for _ in range(5):
        await kept.attempts.admit("ada", ADDRESS)
    before = await store.rows("SELECT * FROM login_attempts ORDER BY kind")

    for _ in range(3):
        assert await kept.attempts.admit("ada", ADDRESS) > timedelta(0)

    assert await store.rows("SELECT * FROM login_attempts ORDER BY kind") == before


async def test_a_success_forgets_failures_of_the_name(kept: app.AccessStore, store: StoreUnderTest) -> None:
    for _ in range(4):
        await kept.attempts.admit("ada", ADDRESS)

    await kept.attempts.succeeded("ada", ADDRESS)

    rows = await store.rows("SELECT kind, failures FROM login_attempts ORDER BY kind")
    assert [tuple(row) for row in rows] == [("address", 3), ("name", 0)]


async def test_failures_count_an_hour_and_no_text_stays(kept: app.AccessStore, store: StoreUnderTest) -> None:
    for _ in range(5):
        await kept.attempts.admit("ada", ADDRESS)
    await store.rows(
        "UPDATE login_attempts SET tried_at = tried_at - interval '61 minutes', free_at = tried_at"
    )

    assert await kept.attempts.admit("ada", ADDRESS) == timedelta(0)

    rows = await store.rows("SELECT * FROM login_attempts")
    assert [row["failures"] for row in rows] == [1, 1]
    assert "ada" not in str(rows)
    assert ADDRESS not in str(rows)
    await store.rows("UPDATE login_attempts SET tried_at = tried_at - interval '2 hours', free_at = tried_at")
    await kept.attempts.forget()
    assert await store.rows("SELECT FROM login_attempts") == []


async def test_processes_share_a_bucket_nobody_can_tell(kept: app.AccessStore, store: StoreUnderTest) -> None:
    other = PostgresAttempts(store.database)
    for each in (kept.attempts, other):
        await each.admit("ada", ADDRESS)

    rows = await store.rows("SELECT bucket, failures FROM login_attempts ORDER BY kind")
    await store.rows("DELETE FROM login_attempts")
    await store.rows("DELETE FROM login_key")
    await PostgresAttempts(store.database).admit("ada", ADDRESS)
    anew = await store.rows("SELECT bucket FROM login_attempts ORDER BY kind")

    assert [row["failures"] for row in rows] == [2, 2]
    assert [row["bucket"] for row in anew] != [row["bucket"] for row in rows]


@pytest.mark.parametrize(
    ("failures", "waits"),
    [
        *((0, [0, 0]), (3, [0, 0]), (4, [5, 2]), (5, [10, 4])),
        *((7, [40, 16]), (8, [80, 30]), (12, [900, 30]), (10**9, [900, 30])),
    ],
)
async def test_a_few_tries_are_free_then_each_wait_doubles_up_to_the_longest(
    kept: app.AccessStore, store: StoreUnderTest, failures: int, waits: list[int]
) -> None:
    await kept.attempts.admit("ada", ADDRESS)
    await store.rows("UPDATE login_attempts SET failures = $1", failures)

    assert await kept.attempts.admit("ada", ADDRESS) == timedelta(0)

    rows = await store.rows("SELECT failures, free_at - tried_at AS wait FROM login_attempts ORDER BY kind")
    assert [row["failures"] for row in rows] == [failures + 1] * 2
    assert [round(row["wait"].total_seconds()) for row in rows] == waits


# Hashes


async def test_a_hash_of_other_parameters_is_renewed_at_log_in(serve: Serve, store: StoreUnderTest) -> None:
    older = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    async with serve() as served:
        before = await Passwords(older).hash(PASSWORD)
        await served.users.add("ada", Role.VIEWER, before, "root")

        first = await served.access.log_in("ada", PASSWORD, ADDRESS)
        again = await served.access.log_in("ada", PASSWORD, ADDRESS)

        kept = await served.access.users.credentials("ada")
    assert isinstance(first, str)
    assert isinstance(again, str)
    assert kept is not None
    assert kept.password_hash != before
    assert not CHEAP.check_needs_rehash(kept.password_hash)
    assert len(await store.rows("SELECT FROM sessions")) == 2


async def test_a_password_is_hashed_with_argon2id() -> None:
    assert (await Passwords().hash("correct horse battery")).startswith("$argon2id$")
