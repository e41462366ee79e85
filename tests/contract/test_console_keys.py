"""What opens the console while there are no users: each link once and for a while, and its session alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.access.console_keys import PostgresLocalKeys

LIFE, MOMENT = timedelta(hours=1), timedelta(seconds=20)
AGE: Final = "UPDATE local_keys SET made_at = made_at - $2::interval WHERE digest = sha256($1)"


async def test_a_link_opens_the_console_once_within_its_time(store: StoreUnderTest) -> None:
    keys = PostgresLocalKeys(store.database, LIFE)
    late, early, other = [await keys.new_link() for _ in range(3)]
    await store.rows(AGE, late.encode(), LIFE + MOMENT)
    await store.rows(AGE, early.encode(), LIFE - MOMENT)

    session = await keys.exchange(early)

    assert session is not None
    assert [await keys.exchange(token) for token in (early, late, session, "no such link", "")] == [None] * 5
    assert [await keys.is_session(token) for token in (session, early, other, "none")] == [
        *(True, False, False, False)
    ]
    assert await keys.exchange(other) is not None


async def test_a_session_ends_after_its_time_and_what_is_over_is_forgotten(store: StoreUnderTest) -> None:
    keys = PostgresLocalKeys(store.database, LIFE)
    ended, goes_on = [await keys.exchange(await keys.new_link()) or "" for _ in range(2)]
    await store.rows(AGE, ended.encode(), LIFE + MOMENT)
    await store.rows(AGE, goes_on.encode(), LIFE - MOMENT)
    assert [await keys.is_session(token) for token in (ended, goes_on)] == [False, True]

    await keys.forget()

    rows = await store.rows("SELECT kind FROM local_keys ORDER BY kind")
    assert [row["kind"] for row in rows] == ["link", "link", "session"]
    assert await keys.is_session(goes_on)
