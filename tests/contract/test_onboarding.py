"""Districts in onboarding, over PostgreSQL: e-mails, delayed launches, links, and who gets there first."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.builders.onboarding_states import (
    COMMIT,
    CONNECT,
    DISCONNECT,
    FILTER,
    GUIDANCE,
    KNOW,
    NO_REVIEW,
    REVIEW,
    SHARE,
    TEAM,
    Onboarding,
)
from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.adapters.postgres.onboarding import advancing
from worker.console.gauges import show_figures
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.transitions import Trouble
from worker.onboarding.advance import AdvanceStage
from worker.onboarding.district_store import Description
from worker.onboarding.observation import OnboardingRules
from worker.runtime.errors import MailError, OnboardingError, OrderRefused, UnknownDistrictError
from worker.runtime.metrics import Metrics


async def test_from_chosen_to_live_each_email_is_written_once_in_order(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.LIVE)
    (today,) = [await onboarding.today()]

    assert [made.after for made in await onboarding.history()] == [
        *(state for state in State if state is not State.DISCONNECTED)
    ]
    opened = today + timedelta(days=3)
    expected = ["invitation/1", "sharing/1", "rules/1", "rostered", f"ready/{opened}"]
    assert await onboarding.occasions() == expected
    mails = {mail.occasion: mail for mail in await store.mail_orders.newest(DISTRICT)}
    assert "/connect/" in mails["invitation/1"].text
    assert "996 of 1,000 students would have exactly one class." in mails["rules/1"].text
    assert "100 students" in mails["rostered"].text
    assert mails[f"ready/{opened}"].wait_for_sync
    assert not mails["rostered"].wait_for_sync
    with_mail = [made.move for made in await onboarding.history() if made.mail_id]
    assert with_mail == [*(Move.INVITE, Move.REQUEST_SHARING, Move.REQUEST_RULES, Move.COMMIT, Move.LAUNCH)]


async def test_what_is_seen_already_is_not_asked_for(store: StoreUnderTest) -> None:
    await store.rows(CONNECT, DISTRICT)
    onboarding = Onboarding(store)
    await onboarding.so(KNOW, COMMIT)

    made = await onboarding.advance()

    assert [one.move for one in made] == [Move.FIND, Move.COMMIT]
    assert await onboarding.occasions() == []  # nobody is known to write to
    assert await onboarding.advance() == []


async def test_a_district_of_events_alone_is_connected_until_it_is_purged(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.so(KNOW)
    assert [one.move for one in await onboarding.advance()] == [Move.FIND]

    await store.districts.purge(DISTRICT, "vic")

    assert await onboarding.state() is None
    assert await onboarding.advance() == []


async def test_a_known_but_disconnected_district_is_not_connected(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.so(KNOW, CONNECT, DISCONNECT)

    assert await onboarding.advance() == []
    assert await onboarding.state() is None


async def test_an_invited_district_is_connected_before_anything_of_it_was_read(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.INVITED)
    await onboarding.so(CONNECT)

    await onboarding.advance()

    assert await onboarding.state() is State.CONNECTED


# Sharing


@pytest.mark.parametrize(("percent", "is_shared"), [(0.9, False), (1.0, True)])
async def test_all_sections_are_shared_where_hardly_a_student_is_in_none(
    store: StoreUnderTest, percent: float, is_shared: bool
) -> None:
    rules = replace(GUIDANCE.rules, unsectioned_percent=percent)
    onboarding = Onboarding(store, onboarding_rules=replace(GUIDANCE, rules=rules))
    await onboarding.bring_to(State.CONNECTED)

    await onboarding.so(*SHARE)
    await onboarding.advance()

    record = await onboarding.onboarding.record(DISTRICT)
    assert record.sharing is not None
    assert (record.sharing.sections, record.sharing.students, record.sharing.unsectioned) == (1, 100, 1)
    assert (record.onboarding.state is State.ALL_SECTIONS_SHARED) == is_shared


async def test_sharing_is_judged_anew_after_a_batch_and_not_before(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.CONNECTED)
    await onboarding.so(*SHARE[:-1])
    await onboarding.advance()
    unjudged = (await onboarding.onboarding.record(DISTRICT)).sharing

    await onboarding.so(SHARE[-1])

    assert unjudged is None
    assert [one.move for one in await onboarding.advance()] == [Move.SHARE]


# Launches


HOLDS = {
    "review": (REVIEW, NO_REVIEW),
    "on_hold": (
        "INSERT INTO holds (district_id, actor, reason) VALUES ($1, 'vic', 'wait')",
        "DELETE FROM holds WHERE district_id = $1",
    ),
    "parked": (
        "INSERT INTO evaluation_failures VALUES ($1, 5, now(), now(), 'TypeError')",
        "DELETE FROM evaluation_failures WHERE district_id = $1",
    ),
    "disconnected": (DISCONNECT, CONNECT),
    "unread": (
        "UPDATE connections SET failing_since = now() - interval '1 hour' WHERE district_id = $1",
        "UPDATE connections SET failing_since = NULL WHERE district_id = $1",
    ),
    "sync_paused": (
        'UPDATE connections SET record = \'{"state": "paused"}\' WHERE district_id = $1',
        "UPDATE connections SET record = '{}' WHERE district_id = $1",
    ),
    "sync_stale": (
        'UPDATE connections SET record = \'{"state": "error"}\' WHERE district_id = $1',
        "UPDATE connections SET record = NULL WHERE district_id = $1",
    ),
    "undecided": (
        "UPDATE districts SET status = 'waiting' WHERE district_id = $1",
        "UPDATE districts SET status = 'rostered' WHERE district_id = $1",
    ),
    "unpublished": (
        "INSERT INTO outbox VALUES ($1, 1, 1, '', '', '', 1, 1, 1, '', '', NULL, now())",
        "DELETE FROM outbox WHERE district_id = $1",
    ),
}


@pytest.mark.parametrize("trouble", HOLDS)
async def test_a_launch_held_back_by_trouble_leaves_afterwards(store: StoreUnderTest, trouble: str) -> None:
    begins, ends = HOLDS[trouble]
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.LAUNCH_SCHEDULED)
    await onboarding.so(begins)
    await onboarding.advance()
    early = (await onboarding.onboarding.record(DISTRICT)).held_since

    await onboarding.window(3, -2)
    await onboarding.advance()
    held = await onboarding.onboarding.record(DISTRICT)
    await onboarding.so(ends)
    await onboarding.advance()
    record = await onboarding.onboarding.record(DISTRICT)

    assert early is None  # its day had not come
    assert held.held_since is not None
    assert sorted(held.troubles) == [trouble]
    assert held.onboarding.state is not State.READY
    assert (record.onboarding.state, record.held_since, record.troubles) == (State.READY, None, frozenset())


async def test_no_launch_slips_in_while_a_verdict_is_being_reached(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.LAUNCH_SCHEDULED)
    async with store.database.transaction() as evaluation:
        await evaluation.fetch("SELECT FROM districts WHERE district_id = $1 FOR NO KEY UPDATE", DISTRICT)
        await onboarding.window(3, -2)
        await onboarding.advance()
        held = await onboarding.onboarding.record(DISTRICT)
        await evaluation.execute(REVIEW, DISTRICT)

    await onboarding.advance()

    assert held.troubles == {Trouble.DECIDING}
    record = await onboarding.onboarding.record(DISTRICT)
    assert (record.onboarding.state, record.troubles) == (State.LAUNCH_SCHEDULED, frozenset({Trouble.REVIEW}))


async def test_a_window_moved_after_the_launch_is_launched_again(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.READY)
    today = await onboarding.today()

    await onboarding.window(40)
    moved = await onboarding.state()
    taken_back = await onboarding.occasions()
    await onboarding.window(4, -1)

    assert moved is State.LAUNCH_SCHEDULED
    assert [one for one in taken_back if one.startswith("ready")] == []  # it had not left
    assert (await onboarding.occasions())[-1] == f"ready/{today + timedelta(days=4)}"
    assert await onboarding.state() is State.READY


async def test_a_window_that_moves_without_its_launch_is_told_anew(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.READY)
    today = await onboarding.today()

    await onboarding.window(5, -2)

    assert await onboarding.state() is State.READY
    ready = [one for one in await onboarding.occasions() if one.startswith("ready")]
    assert ready == [f"ready/{today + timedelta(days=5)}"]


# What people say


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (Description(contacts=["a@b.example", "nobody"]), "contact 2"),
        (Description(contacts=["a@b.example\nBcc: c@d.example"]), "contact 1"),
        (Description(time_zone="Mars/Base"), "time zone"),
        (Description(time_zone="../etc/passwd"), "time zone"),
        (Description(name=" "), "name"),
        (Description(contacts=[]), "keep at least one"),
    ],
)
async def test_what_will_not_do_is_refused(store: StoreUnderTest, said: Description, problem: str) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.CHOSEN)

    with pytest.raises(OnboardingError, match=problem) as refused:
        await onboarding.onboarding.describe(DISTRICT, said, "vic")

    assert "b.example" not in str(refused.value)
    assert (await onboarding.onboarding.record(DISTRICT)).contacts == tuple(TEAM.contacts or ())


async def test_without_a_server_an_address_or_a_contact_no_email_is_promised(store: StoreUnderTest) -> None:
    await Onboarding(store).bring_to(State.CHOSEN)
    nobody = Onboarding(store, OTHER_DISTRICT)
    await nobody.onboarding.choose(nobody.district_id, Description(), "vic")
    silent = Onboarding(store, onboarding_rules=OnboardingRules())
    nowhere = Onboarding(store, onboarding_rules=replace(GUIDANCE, public_url=None))

    for onboarding, problem in (
        (silent, "ROSTERING_MAIL__SMTP_URL.*--no-mail"),
        (nowhere, "ROSTERING_HTTP__PUBLIC_URL"),
        (nobody, "no contact"),
    ):
        with pytest.raises(OnboardingError, match=problem):
            await onboarding.order(Move.INVITE)
        assert await onboarding.state() is State.CHOSEN
    await silent.order(Move.INVITE, writes=False)
    assert await silent.state() is State.INVITED
    assert await silent.occasions() == []


async def test_asked_again_a_district_gets_another_email(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.INVITED)

    await onboarding.order(Move.INVITE)
    await onboarding.order(Move.INVITE, writes=False)
    await onboarding.order(Move.INVITE)

    assert await onboarding.occasions() == ["invitation/1", "invitation/2", "invitation/4"]
    links = await onboarding.onboarding.links(DISTRICT)
    assert [link.is_open for link in links] == [True, False, False, False]


async def test_a_district_that_is_dropped_stays_off_its_way_until_it_is_chosen(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.CONNECTED)

    await onboarding.onboarding.drop(DISTRICT, "vic")

    assert (await onboarding.state(), await onboarding.occasions(), await onboarding.advance()) == (
        None,
        [],
        [],
    )
    with pytest.raises(UnknownDistrictError):
        await onboarding.onboarding.record(DISTRICT)
    await onboarding.onboarding.choose(DISTRICT, TEAM, "vic")
    assert [one.move for one in await onboarding.advance()] == [Move.CONNECT]


async def test_who_ordered_what_stands_in_the_audit_without_an_address(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.WAITING_ON_DISTRICT)
    await onboarding.order(Move.RESUME_FILTERING)
    await onboarding.onboarding.describe(DISTRICT, TEAM, "vic")

    rows = await store.rows("SELECT actor, action, detail::text FROM audit ORDER BY id")

    deeds = ("choose", "invite", "request_sharing", "request_rules", "resume_filtering", "describe")
    assert [row["action"] for row in rows] == [f"onboarding.{deed}" for deed in deeds]
    assert {row["actor"] for row in rows} == {"vic"}
    assert not any("larkspur" in row["detail"].lower() for row in rows)


# Links


async def test_a_link_opens_its_page_until_it_ends_or_is_revoked(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.INVITED)
    link = await onboarding.onboarding.new_link(DISTRICT, "vic")
    assert link.token is not None

    welcome = await onboarding.onboarding.welcome(link.token)
    opened, _ = await onboarding.onboarding.links(DISTRICT)
    revoked = await onboarding.onboarding.revoke_links(DISTRICT, "vic")
    new = await onboarding.onboarding.new_link(DISTRICT, "vic")
    await store.rows(
        "UPDATE connect_links SET created_at = now() - interval '2 days', expires_at = now() "
        "WHERE digest = sha256($1)",
        (new.token or "").encode(),
    )

    assert welcome is not None
    assert (welcome.name, welcome.state) == ("Larkspur", State.INVITED)
    assert opened.opened_at is not None
    assert (revoked, len(new.token or "")) == (1, 43)
    for token in (link.token, new.token or "", "no such link", ""):
        assert await onboarding.onboarding.welcome(token) is None


# Several at once, and trouble within


async def test_processes_side_by_side_make_each_move_and_each_email_once(store: StoreUnderTest) -> None:
    ways = [Onboarding(store, f"{number:024x}") for number in range(20)]
    for onboarding in ways:
        await onboarding.bring_to(State.INVITED)
        await onboarding.window(3, -2)
        await onboarding.so(CONNECT, KNOW, COMMIT)

    async with opened_store(store.url) as other:
        here, there = ways[0].onboarding, Onboarding(other).onboarding
        made = [
            one
            for found in await asyncio.gather(*(each.advance() for each in (here, there) for _ in range(4)))
            for one in found
        ]

    moves = Counter((one.district_id, one.move) for one in made)
    expected = (Move.CONNECT, Move.COMMIT, Move.SCHEDULE, Move.LAUNCH)
    assert moves == Counter((onboarding.district_id, move) for onboarding in ways for move in expected)
    opened = (await ways[0].today()) + timedelta(days=3)
    for onboarding in ways:
        assert await onboarding.occasions() == ["invitation/1", "rostered", f"ready/{opened}"]


async def test_however_many_move_at_once_none_is_left_behind(
    store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advancing, "ADVANCED", 2)
    ways = [Onboarding(store, f"{number:024x}") for number in range(5)]
    for onboarding in ways:
        await onboarding.so(KNOW, COMMIT)

    await ways[0].advance()

    assert [await onboarding.state() for onboarding in ways] == [State.ROSTERED] * 5


async def test_a_district_without_an_email_waits_and_holds_up_no_other(store: StoreUnderTest) -> None:
    def broken(_values: object) -> object:
        raise MailError("a template will not do")

    ways = [Onboarding(store), Onboarding(store, OTHER_DISTRICT)]
    await ways[0].bring_to(State.FILTERING)
    await ways[1].so(CONNECT)
    for onboarding in ways:
        await onboarding.so(KNOW, COMMIT)

    onboarding_rules = replace(GUIDANCE, compose=broken)  # type: ignore[arg-type]
    await Onboarding(store, onboarding_rules=onboarding_rules).advance()
    meanwhile = [await onboarding.state() for onboarding in ways]
    await ways[0].advance()

    assert meanwhile == [State.FILTERING, State.ROSTERED]
    assert await ways[0].state() is State.ROSTERED
    assert (await ways[0].occasions())[-1] == "rostered"


async def test_the_stage_counts_moves_and_tells_where_districts_stand(store: StoreUnderTest) -> None:
    onboarding, metrics, slept = Onboarding(store), Metrics(), list[float]()
    await onboarding.bring_to(State.INVITED)
    await onboarding.so(CONNECT, KNOW, FILTER)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    stage = AdvanceStage(onboarding.onboarding, 5, sleep, metrics)
    assert not await stage.once()
    await stage.wait()
    show_figures(metrics, await store.inspections.figures())

    value = metrics.registry.get_sample_value
    assert value("rostering_onboarding_moves_total", {"move": "connect"}) == 1
    assert value("rostering_onboarding_districts", {"state": "connected"}) == 1
    assert value("rostering_onboarding_districts", {"state": "live"}) == 0
    assert slept == [5]


async def test_an_order_that_does_not_fit_says_what_would(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.CHOSEN)

    with pytest.raises(OrderRefused, match="is chosen; request_rules is allowed from all_sections_shared, "):
        await onboarding.order(Move.REQUEST_RULES)
