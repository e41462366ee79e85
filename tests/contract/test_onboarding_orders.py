"""Whose e-mails, links and descriptions an order changes: beside each stand others that stay as they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Final

import asyncpg
import pytest

from tests.support.builders.mail_rows import KINDS, add
from tests.support.builders.onboarding_rows import (
    CONNECTED,
    HOUR,
    KNOWN,
    NOW,
    ROSTERED,
    Stands,
    put,
    put_districts,
)
from tests.support.builders.onboarding_states import GUIDANCE, TEAM, Onboarding
from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.onboarding import orders
from worker.domain.onboarding.states import Move, State
from worker.onboarding.district_store import Description

CHOSEN: Final = Stands(State.CHOSEN, None, None, {"name": "Before", "contacts": ["a@b.example"]})
MOVED_LAUNCH: Final = 40


async def occasions(store: StoreUnderTest) -> set[tuple[str, str]]:
    rows = await store.rows("SELECT district_id, occasion FROM mails")
    return {(row["district_id"], row["occasion"]) for row in rows}


async def test_a_dropped_district_gets_no_waiting_email_and_keeps_its_history(store: StoreUnderTest) -> None:
    await put_districts(store, {DISTRICT: CHOSEN, OTHER_DISTRICT: CHOSEN})
    for name, columns in KINDS.items():
        await add(store, name, columns, DISTRICT)
    await add(store, "waits", KINDS["waits"], OTHER_DISTRICT)
    before = await occasions(store)

    await store.onboarding.drop(DISTRICT, "vic")

    assert before - await occasions(store) == {(DISTRICT, "waits")}
    rows = await store.rows(
        "SELECT district_id FROM onboarding UNION ALL SELECT district_id FROM onboarding_drops"
    )
    assert sorted(row["district_id"] for row in rows) == sorted([DISTRICT, OTHER_DISTRICT])


async def test_of_a_launch_taken_back_only_the_waiting_email_goes(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.READY)
    await store.rows("DELETE FROM mails")
    for name, columns in KINDS.items():
        await add(store, f"ready/{name}", columns, DISTRICT)
    await add(store, "rostered", KINDS["waits"], DISTRICT)
    await add(store, "ready/waits", KINDS["waits"], OTHER_DISTRICT)
    before = await occasions(store)

    await onboarding.window(MOVED_LAUNCH)

    assert await onboarding.state() is State.LAUNCH_SCHEDULED
    assert before - await occasions(store) == {(DISTRICT, "ready/waits")}


@pytest.mark.parametrize(("sent", "number"), [((), 3), ((1, 10, 9), 11)])
async def test_an_email_has_the_number_behind_those_of_its_move_and_of_an_earlier_onboarding(
    store: StoreUnderTest, sent: tuple[int, ...], number: int
) -> None:
    onboarding, another = Onboarding(store), Onboarding(store, OTHER_DISTRICT)
    for district, invited in ((onboarding, 2), (another, 4)):
        await district.onboarding.choose(district.district_id, TEAM, "vic")
        for _ in range(invited):
            await district.order(Move.INVITE, writes=False)
    for each in sent:
        await add(store, f"invitation/{each}", KINDS["sent"], DISTRICT)
    await add(store, "sharing/70", KINDS["sent"], DISTRICT)
    await add(store, "invitation/60", KINDS["sent"], OTHER_DISTRICT)

    await onboarding.order(Move.INVITE)

    assert (await onboarding.occasions())[-1] == f"invitation/{number}"


async def test_what_is_said_of_a_district_changes_and_the_rest_stays(store: StoreUnderTest) -> None:
    said = {"name": "Before", "contacts": ["a@b.example"], "time_zone": "America/Denver"}
    await put_districts(store, {name: Stands(State.CHOSEN, None, None, said) for name in "ab"})

    async def told(district_id: str) -> tuple[object, ...]:
        record = await store.onboarding.record(district_id)
        return record.name, record.contacts, record.time_zone, record.windows_set

    await store.onboarding.describe("a", Description(name="After"), "vic")
    named = await told("a")
    await store.onboarding.describe("a", Description(contacts=["c@d.example"]), "vic")
    reached = await told("a")
    await store.onboarding.describe("a", Description(time_zone="America/Chicago"), "vic")
    moved = await told("a")
    today = await Onboarding(store).today()
    await store.onboarding.set_window("a", today + timedelta(MOVED_LAUNCH), None, "vic")
    await store.onboarding.set_window("a", None, None, "vic")

    assert named == ("After", ("a@b.example",), "America/Denver", 0)
    assert reached == ("After", ("c@d.example",), "America/Denver", 0)
    assert moved == ("After", ("c@d.example",), "America/Chicago", 0)
    assert await told("a") == (*moved[:3], 2)
    assert await told("b") == ("Before", ("a@b.example",), "America/Denver", 0)


@pytest.mark.parametrize(("fingerprint", "windows"), [("x", [DISTRICT]), (None, [])])
async def test_other_days_are_a_reason_to_judge_a_district_again_that_was_judged(
    store: StoreUnderTest, fingerprint: str | None, windows: list[str]
) -> None:
    judged = {**ROSTERED, "policy_fingerprint": "x"}
    await put_districts(
        store,
        {
            DISTRICT: Stands(State.CHOSEN, None, {**judged, "policy_fingerprint": fingerprint}),
            OTHER_DISTRICT: Stands(State.CHOSEN, None, judged),
        },
    )

    await store.onboarding.describe(DISTRICT, TEAM, "vic")

    rows = await store.rows("SELECT district_id FROM windows WHERE requested IS NOT NULL")
    assert [row["district_id"] for row in rows] == windows


async def test_commits_before_the_rules_were_asked_for_are_counted(store: StoreUnderTest) -> None:
    district = {**ROSTERED, "status": "waiting", "commit_sequence": 4}
    await put_districts(store, {name: Stands(State.FILTERING, CONNECTED, district) for name in "ab"})

    await store.onboarding.order("a", Move.REQUEST_RULES, "vic", writes=False)

    records = {one.district_id: one.onboarding for one in await store.onboarding.records()}
    assert [records[name].commits_before for name in "ab"] == [4, 0]


async def test_an_order_waits_for_another_one_for_the_same_district_only(store: StoreUnderTest) -> None:
    await put_districts(store, {"a": CHOSEN, "b": CHOSEN})

    async with store.database.transaction() as first:
        await orders.lock(first, "a", GUIDANCE)
        async with store.database.transaction() as other:
            assert (await orders.lock(other, "b", GUIDANCE)).district_id == "b"
        async with store.database.connection() as other:
            await other.execute("SET lock_timeout = '20ms'")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await orders.lock(other, "a", GUIDANCE)
            await other.execute("RESET lock_timeout")


# Links


def digest(token: str) -> str:
    return "\\x" + sha256(token.encode()).hexdigest()


LINK: Final = {"created_by": "vic", "created_at": NOW - HOUR, "expires_at": NOW + 24 * HOUR}
OVER: Final = {"expires_at": NOW - HOUR / 2}
REVOKED: Final = {"revoked_at": NOW - HOUR / 3}


async def put_links(store: StoreUnderTest, *links: dict[str, object]) -> None:
    await put(
        *(store, "connect_links"),
        *({"district_id": DISTRICT, **LINK, **link, "digest": digest(str(link["digest"]))} for link in links),
    )


async def test_links_are_told_from_the_newest_on_with_what_became_of_them(store: StoreUnderTest) -> None:
    await put_districts(store, {DISTRICT: CHOSEN, OTHER_DISTRICT: CHOSEN})
    tokens = sorted(["t1", "t2", "t3"], key=digest)
    await put_links(
        store,
        {"digest": "theirs", "district_id": OTHER_DISTRICT},
        {"digest": "old", "created_at": NOW - 3 * HOUR, **REVOKED},
        *({"digest": token, "opened_at": NOW - number * HOUR} for number, token in enumerate(tokens)),
        {"digest": "new", "created_at": NOW - HOUR / 2, "expires_at": NOW - HOUR / 3},
    )

    links = await store.onboarding.links(DISTRICT)

    assert [link.created_at for link in links] == [NOW - HOUR / 2, *[NOW - HOUR] * 3, NOW - 3 * HOUR]
    assert [link.opened_at for link in links[1:4]] == [NOW - number * HOUR for number in range(3)]
    assert [link.is_open for link in links] == [False, True, True, True, False]


async def test_a_new_link_is_open_for_its_life_and_ends_older_ones(store: StoreUnderTest) -> None:
    await put_districts(store, {DISTRICT: CHOSEN, OTHER_DISTRICT: CHOSEN})
    await put_links(
        store,
        {"digest": "over", **OVER},
        {"digest": "revoked", **REVOKED},
        {"digest": "open", "created_at": NOW - 2 * HOUR},
        {"digest": "theirs", "district_id": OTHER_DISTRICT},
    )

    made = await store.onboarding.new_link(DISTRICT, "vic")

    rows = await store.rows("SELECT digest, revoked_at FROM connect_links")
    revoked = {"\\x" + row["digest"].hex(): row["revoked_at"] for row in rows}
    assert [revoked[digest(name)] for name in ("over", "theirs", made.token or "")] == [None] * 3
    assert revoked[digest("revoked")] == REVOKED["revoked_at"] < revoked[digest("open")]
    assert (made.is_open, made.expires_at - made.created_at >= GUIDANCE.link_life) == (True, True)
    links = await store.onboarding.links(DISTRICT)
    assert links[0] == replace(made, token=None)
    assert await store.onboarding.revoke_links(DISTRICT, "vic") == 1


async def test_only_an_open_link_opens_its_page_and_notes_its_first_look(store: StoreUnderTest) -> None:
    said = {"name": "of people"}
    await put_districts(
        store,
        {
            DISTRICT: Stands(State.CONNECTED, {"record": {"state": "running"}}, KNOWN, said),
            OTHER_DISTRICT: Stands(State.LIVE, {"record": {"name": "of Clever"}}, KNOWN, said),
            "third": Stands(State.CHOSEN, None, None, said),
        },
    )
    await put_links(
        store,
        {"digest": "over", **OVER},
        {"digest": "revoked", **REVOKED},
        {"digest": "open"},
        {"digest": "seen", "opened_at": NOW - HOUR},
        {"digest": "theirs", "district_id": OTHER_DISTRICT},
        {"digest": "third", "district_id": "third"},
    )
    record = {"event_id": "1", "record": {"name": "of events"}}
    another = {"event_id": "1", "record": {"name": "another"}}
    await put(
        *(store, "staged"),
        {"kind": "district", "district_id": DISTRICT, "record_id": DISTRICT, **record},
        {"kind": "district", "district_id": DISTRICT, "record_id": "third", **another},
        {"kind": "school", "district_id": DISTRICT, "record_id": DISTRICT, **another},
        {"kind": "district", "district_id": "third", "record_id": DISTRICT, **another},
    )

    async def opened() -> dict[str, object]:
        rows = await store.rows("SELECT digest, opened_at FROM connect_links WHERE opened_at IS NOT NULL")
        return {"\\x" + row["digest"].hex(): row["opened_at"] for row in rows}

    welcome = await store.onboarding.welcome("open")
    first = await opened()
    again = await store.onboarding.welcome("open")
    await store.onboarding.welcome("seen")

    assert welcome is not None
    assert (welcome.district_id, welcome.name, welcome.state) == (DISTRICT, "of events", State.CONNECTED)
    assert again == welcome
    assert first.keys() == {digest("open"), digest("seen")}
    assert await opened() == first
    names = {
        token: await store.onboarding.welcome(token) for token in ("theirs", "third", "over", "revoked", "no")
    }
    called = {token: found and found.name for token, found in names.items()}
    assert called == {"theirs": "of Clever", "third": "of people", "over": None, "revoked": None, "no": None}
