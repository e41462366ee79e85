"""Districts' way in the console, over a real store, as a browser without JavaScript uses it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.support.builders.records import DISTRICT
from tests.support.fixtures.console_orders import Browser
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.access.users import Role
from worker.domain.onboarding.states import Move
from worker.onboarding.district_store import Description

TEAM = ("ada@larkspur.example", "bo@larkspur.example")
CHOSEN = {
    "district": DISTRICT,
    "name": "Larkspur",
    "contacts": "\n".join(TEAM),
    "time_zone": "America/Chicago",
}


@pytest.fixture
async def chosen(store: StoreUnderTest) -> None:
    """A district in onboarding."""
    await store.onboarding.choose(DISTRICT, Description("Larkspur", TEAM, "America/Chicago"), "vic")


async def connect(store: StoreUnderTest) -> None:
    await store.rows("INSERT INTO connections (district_id) VALUES ($1)", DISTRICT)
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", DISTRICT)
    await store.onboarding.advance()


async def roster(store: StoreUnderTest) -> None:
    await store.rows("UPDATE districts SET status = 'rostered', commit_sequence = 1")
    await store.onboarding.advance()


async def state(store: StoreUnderTest) -> str:
    return (await store.onboarding.record(DISTRICT)).onboarding.state.value


# The board


@pytest.mark.alone("the board, and its list, are of all districts")
async def test_an_empty_board_says_what_to_do_and_a_district_is_chosen_there(browser: Browser) -> None:
    assert "No districts in onboarding yet" in await browser.open("/board")

    await browser.send("/board", CHOSEN)
    assert (browser.status, browser.address) == (303, f"/districts/{DISTRICT}/onboarding?done=chosen")
    board = await browser.open("/board")
    assert "Larkspur" in board
    assert "Invite the district." in board


@pytest.mark.parametrize(
    ("wrong", "code", "told"),
    [
        ({"district": "a b"}, 422, "expected its Clever ID"),
        ({"time_zone": "Mars/Olympus"}, 422, "expected a name such as America/Chicago"),
        ({"contacts": "ada@larkspur.example\nnobody"}, 422, "Contact 2: expected an e-mail address"),
    ],
)
async def test_a_choice_that_is_refused_says_why_and_keeps_what_was_typed(
    browser: Browser, wrong: dict[str, str], code: int, told: str
) -> None:
    text = await browser.send("/board", CHOSEN | wrong)

    assert browser.status == code
    assert told in text
    for value in (CHOSEN | wrong).values():
        assert value in text


@pytest.mark.usefixtures("chosen")
async def test_a_district_is_chosen_once(browser: Browser) -> None:
    assert "is in onboarding already" in await browser.send("/board", CHOSEN)
    assert browser.status == 409


async def test_a_full_column_shows_the_longest_waiting(browser: Browser, store: StoreUnderTest) -> None:
    await store.rows(
        "INSERT INTO onboarding (district_id, state, since, name) SELECT 'd' || n, 'chosen', "
        "now() - n * interval '1 hour', 'District ' || n FROM generate_series(1, 130) n"
    )
    board = await browser.open("/board")
    assert "District 130" in board
    assert "District 122<" not in browser.page
    assert "Show all 130" in board

    first = await browser.open("/board?state=chosen")
    second = await browser.open("/board?state=chosen&page=2")
    beyond = await browser.open("/board?state=chosen&page=999")
    assert (first.count('scope="row"'), second.count('scope="row"')) == (100, 30)
    assert "Page 2 of 2, 130 districts" in second
    assert "Page 2 of 2" in beyond
    assert "No districts in this state" in await browser.open("/board?state=live")
    assert "Show all 130" in await browser.open("/board?state=nonsense")


async def test_a_name_is_shown_as_it_is_and_never_as_a_tag(browser: Browser) -> None:
    await browser.send("/board", CHOSEN | {"name": "<script>alert(1)</script>"})
    for path in ("/board", "/todo", f"/districts/{DISTRICT}/onboarding"):
        await browser.open(path)
        assert "<script>alert" not in browser.page, path
        assert "<script>alert" in browser.text, path


# The to-do list


@pytest.mark.alone("the board, and its list, are of all districts")
async def test_the_to_do_list_says_what_takes_too_long(browser: Browser, store: StoreUnderTest) -> None:
    assert "No districts in onboarding yet" in await browser.open("/todo")
    await store.rows(
        "INSERT INTO onboarding (district_id, state, since, name, contacts) VALUES "
        "('slow', 'chosen', now() - interval '5 days', 'Slow', '{a@b.example}'), "
        "('fresh', 'chosen', now(), 'Fresh', '{a@b.example}')"
    )
    text = await browser.open("/todo")
    assert "1 of 2 overdue" in text
    assert "3 days overdue" in text
    assert text.index("Slow") < text.index("Fresh")
    assert ">Roster team" in text
    assert ">Districts\n" not in text

    assert "No to-dos for this owner" in await browser.open("/todo?who=operations")
    assert "Slow" in await browser.open("/todo?who=roster_team")


# A district's onboarding


@pytest.mark.usefixtures("chosen")
async def test_a_district_not_connected_has_its_onboarding_and_e_mails_alone(browser: Browser) -> None:
    text = await browser.of("onboarding")
    assert browser.status == 200
    assert f'href="/districts/{DISTRICT}/mails"' in text
    assert f'href="/districts/{DISTRICT}/plan"' not in text
    assert "No e-mails to this district yet" in await browser.of("mails")


async def test_a_district_that_nobody_knows_has_no_way(browser: Browser) -> None:
    for what in ("onboarding", "mails", "onboarding/invite", "onboarding/invite/html"):
        await browser.of(what)
        assert browser.status == 404, what
    await browser.of("onboarding/window", {"opens_on": "2030-01-10"})
    assert browser.status == 404


@pytest.mark.usefixtures("chosen")
async def test_only_what_the_state_allows_is_offered(browser: Browser, store: StoreUnderTest) -> None:
    def offered() -> list[str]:
        moves = ("invite", "request_sharing", "request_rules", "resume-filtering")
        return [move for move in moves if f'/onboarding/{move}"' in browser.page]

    await browser.of("onboarding")
    assert offered() == ["invite"]
    await connect(store)
    await browser.of("onboarding")
    assert offered() == ["request_sharing"]
    await roster(store)
    await browser.of("onboarding")
    assert offered() == ["request_rules"]
    await store.onboarding.order(DISTRICT, Move.REQUEST_RULES, "vic", writes=False)
    await browser.of("onboarding")
    assert offered() == ["request_rules", "resume-filtering"]

    await browser.of("onboarding/resume-filtering", {})
    assert browser.address == f"/districts/{DISTRICT}/onboarding?done=filtering-resumed"
    assert await state(store) == "filtering"
    text = await browser.of("onboarding/resume-filtering", {})
    assert browser.status == 409
    assert "is filtering; resume_filtering is allowed from" in text


@pytest.mark.usefixtures("chosen")
async def test_without_mail_a_person_says_that_they_wrote(browser: Browser, store: StoreUnderTest) -> None:
    assert "no mail server is configured" in await browser.of("onboarding/invite")
    await browser.of("onboarding/invite/html")
    assert browser.status == 404

    refused = await browser.of("onboarding/invite", {})
    assert browser.status == 422
    assert "no mail server is configured" in refused
    assert await state(store) == "chosen"

    await browser.of("onboarding/invite", {"written": "yes"})
    assert browser.address == f"/districts/{DISTRICT}/onboarding?done=asked-invite"
    assert await state(store) == "invited"
    rows = await store.rows("SELECT actor FROM audit WHERE action = 'onboarding.invite'")
    assert [row["actor"] for row in rows] == ["local"]


@pytest.mark.usefixtures("chosen")
async def test_a_move_that_the_state_does_not_allow_is_refused_beside_its_form(browser: Browser) -> None:
    text = await browser.of("onboarding/request_sharing", {"written": "yes"})

    assert browser.status == 409
    assert "request_sharing is allowed from connected, sharing_requested" in text
    assert "This is not possible while" in await browser.of("onboarding/request_sharing")


@pytest.mark.usefixtures("chosen")
async def test_steps_have_dates_and_tell_of_repeats(browser: Browser, store: StoreUnderTest) -> None:
    await store.onboarding.order(DISTRICT, Move.INVITE, "vic", writes=False)
    await store.onboarding.order(DISTRICT, Move.INVITE, "vic", writes=False)
    await connect(store)
    await roster(store)
    await store.rows("UPDATE connections SET disconnected_at = now()")
    await store.onboarding.advance()

    text = await browser.of("onboarding")

    assert "by vic; 2 times so far" in text
    assert "skipped" in text
    assert "returns here" in text
    assert "Connect through Clever again." in text


@pytest.mark.usefixtures("chosen")
async def test_a_window_is_set_in_the_districts_own_days(browser: Browser, store: StoreUnderTest) -> None:
    await browser.of("onboarding/window", {"opens_on": "2030-01-15"})
    assert browser.address == f"/districts/{DISTRICT}/onboarding?done=window-set"
    text = await browser.of("onboarding")
    assert "Tue, Jan 15, 2030" in text
    assert "Thu, Jan 10, 2030, 08:00" in text
    assert "America/Chicago" in text

    wrong = await browser.of("onboarding/window", {"opens_on": "2030-01-15", "launch_on": "2030-01-16"})
    assert browser.status == 422
    assert "expected a day on or before 2030-01-15" in wrong
    assert 'value="2030-01-16"' in wrong
    assert "or a later day, got 2020-01-01" in await browser.of(
        "onboarding/window", {"opens_on": "2020-01-01"}
    )
    assert "expected a date such as 2026-09-15" in await browser.of("onboarding/window", {"opens_on": "soon"})
    assert "enter the day on which it opens" in await browser.of("onboarding/window", {"opens_on": ""})

    await browser.of("onboarding/no-window", {})
    assert "is not set yet" in await browser.of("onboarding")
    assert (await store.onboarding.record(DISTRICT)).windows_set == 2


@pytest.mark.usefixtures("chosen")
async def test_a_held_launch_says_where_to_see_to_it(browser: Browser, store: StoreUnderTest) -> None:
    await connect(store)
    await roster(store)
    await store.districts.hold(DISTRICT, "vic", "audit week")
    (row,) = await store.rows("SELECT (now() AT TIME ZONE 'America/Chicago')::date AS today")
    await store.onboarding.set_window(DISTRICT, row["today"], None, "vic")

    text = await browser.of("onboarding")

    assert "The launch is delayed" in text
    assert "The district is on hold." in text
    assert f'<a href="/districts/{DISTRICT}/orders">Go to actions</a>' in browser.page
    assert "launch delayed" in await browser.open("/board")
    assert "Resume the district: the launch is delayed." in await browser.open("/todo")
    assert "onboarding: launch scheduled" in await browser.open(f"/districts/{DISTRICT}")


@pytest.mark.usefixtures("chosen")
async def test_only_who_may_see_them_is_shown_contacts(browser: Browser, store: StoreUnderTest) -> None:
    assert TEAM[0] in await browser.of("onboarding")
    rows = await store.rows("SELECT actor, district_id FROM audit WHERE action = 'lookup.contacts'")
    assert [tuple(row) for row in rows] == [("local", DISTRICT)]

    await browser.become(Role.VIEWER)
    text = await browser.of("onboarding")
    assert browser.status == 200
    assert "@" not in text
    assert "2 addresses" in text
    assert "/connect/" not in text
    assert '<form method="post" action="/districts' not in browser.page


@pytest.mark.usefixtures("chosen")
async def test_a_districts_facts_change_and_a_contact_stays(browser: Browser, store: StoreUnderTest) -> None:
    said = {"name": "Larkspur", "contacts": " cy@larkspur.example \n", "time_zone": "America/Denver"}
    await browser.of("onboarding/describe", said)
    record = await store.onboarding.record(DISTRICT)
    assert (list(record.contacts), record.time_zone) == (["cy@larkspur.example"], "America/Denver")

    text = await browser.of("onboarding/describe", said | {"contacts": ""})
    assert browser.status == 422
    assert "keep at least one" in text


@pytest.mark.usefixtures("chosen")
async def test_a_link_is_made_copied_and_revoked(browser: Browser, store: StoreUnderTest) -> None:
    shown = await browser.of("onboarding/new-link", {})
    (first,) = re.findall(r"/connect/([\w-]{43})", shown)
    assert await store.onboarding.welcome(first) is not None
    assert "/connect/" not in await browser.of("onboarding")
    assert "A link is active" in browser.text

    await browser.of("onboarding/new-link", {})
    assert await store.onboarding.welcome(first) is None
    await browser.of("onboarding/revoke-links", {})
    assert "/connect/" not in await browser.of("onboarding")
    assert "No active link" in browser.text


@pytest.mark.usefixtures("chosen")
async def test_a_dropped_district_can_be_chosen_again(browser: Browser, store: StoreUnderTest) -> None:
    await connect(store)
    assert "Tick the box to confirm" in await browser.of("onboarding/drop", {})
    assert browser.status == 422

    await browser.of("onboarding/drop", {"sure": "yes"})
    assert browser.address == "/board?done=dropped"
    assert "This district is not in onboarding" in await browser.of("onboarding")
    await browser.send("/board", {"district": DISTRICT})
    assert browser.status == 303


# Files


@pytest.mark.usefixtures("chosen")
async def test_the_files_name_no_contact(browser: Browser) -> None:
    await browser.become(Role.VIEWER)
    await browser.open("/onboarding.csv")
    assert f"{DISTRICT},Larkspur,chosen," in browser.page
    assert browser.page.strip().endswith(",roster_team,Invite the district.,,,America/Chicago,2")
    assert "@" not in browser.page
    await browser.open("/onboarding.ics")
    assert browser.page.startswith("BEGIN:VCALENDAR\r\n")


@pytest.mark.alone("the board, and its list, are of all districts")
async def test_an_overdue_wait_is_one_by_the_settings(browser: Browser, store: StoreUnderTest) -> None:
    assert browser.console.guide.patience.roster_team == timedelta(days=2)
    await store.rows(
        "INSERT INTO onboarding (district_id, state, since, contacts) "
        "VALUES ('d', 'chosen', now(), '{a@b.example}')"
    )
    await store.rows("UPDATE onboarding SET state = 'invited', since = now() - interval '6 days'")
    assert "0 of 1 overdue" in await browser.open("/todo")
