"""E-mails to districts in the console: seen before they are sent, and what became of them after."""

from __future__ import annotations

import html
import re
import uuid
from dataclasses import replace

import pytest

from tests.support.builders.mails import mail, put
from tests.support.builders.records import DISTRICT
from tests.support.builders.suggestions import suggestion
from tests.support.fixtures.console_orders import Browser
from tests.support.fixtures.people import NORTH, Feed, evaluate, homeroom
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.access.users import Role
from worker.mail.compose import Composer, Vendor
from worker.mail.mail_store import KeptMail
from worker.onboarding.district_store import Description

TEAM = ["ada@larkspur.example", "bo@larkspur.example"]
RULE = 'Match all sections where name contains "homeroom"'
EVERYBODY = [*range(1, 33)]


@pytest.fixture
async def writing(store: StoreUnderTest) -> None:
    """A district in onboarding, and a store that writes e-mails."""
    onboarding = store.onboarding
    onboarding_rules = replace(
        onboarding._onboarding_rules,
        compose=Composer(Vendor(help_address="help@vendor.example")).compose,
        public_url="https://rostering.example.org",
    )
    onboarding._onboarding_rules = onboarding._advancing._onboarding_rules = onboarding_rules
    await onboarding.choose(DISTRICT, Description("Larkspur", TEAM, "America/Chicago"), "vic")


@pytest.fixture
async def onboarding_feed(store: StoreUnderTest, feed: Feed, writing: None) -> Feed:
    """The feed of such a district, which the store knows to be connected."""
    del writing  # it comes after the feed, whose rows are put into an empty store
    await store.onboarding.advance()
    return feed


async def send_a_second_homeroom(feed: Feed) -> None:
    """Let every student be in two sections, one of which is named for its teacher."""
    await feed.send(("sections", homeroom(702, NORTH, EVERYBODY, name="Raku - Quillfeather")))


async def kept(store: StoreUnderTest) -> list[KeptMail]:
    return await store.mail_orders.newest(DISTRICT)


@pytest.mark.usefixtures("writing")
async def test_the_e_mail_that_is_seen_is_the_one_sent(browser: Browser, store: StoreUnderTest) -> None:
    text = await browser.of("onboarding/invite")
    assert "Connect Larkspur to Insights" in text
    assert all(contact in text for contact in TEAM)
    assert "the-link-is-made-when-this-is-sent" in text
    assert await kept(store) == []
    assert await store.onboarding.links(DISTRICT) == []
    seen = await browser.of("onboarding/invite/html")
    assert "Connect through Clever" in seen

    await browser.of("onboarding/invite", {})
    assert browser.status == 303
    (sent,) = await kept(store)
    (token,) = set(re.findall(r"/connect/([\w-]{43})", sent.html))
    assert await store.onboarding.welcome(token) is not None
    assert token not in str(await store.rows("SELECT * FROM connect_links"))
    assert sent.html.replace(token, "the-link-is-made-when-this-is-sent").strip() == seen.strip()
    assert sent.subject in text
    assert f"/mails/{sent.mail_id}" in await browser.of("onboarding")
    assert token in await browser.of(f"mails/{sent.mail_id}")


@pytest.mark.usefixtures("writing")
async def test_whoever_has_written_already_has_nothing_sent(browser: Browser, store: StoreUnderTest) -> None:
    await browser.of("onboarding/invite", {"written": "yes"})

    assert browser.status == 303
    assert await kept(store) == []


async def test_the_first_suggestion_of_the_review_is_asked_for(
    browser: Browser, store: StoreUnderTest, onboarding_feed: Feed
) -> None:
    assert "because the district is not in review" in await browser.of("onboarding/request_rules")
    await send_a_second_homeroom(onboarding_feed)
    assert await evaluate(store) == ["review"]

    page = html.unescape(await browser.of("onboarding/request_rules"))
    assert f"<li>{RULE}</li>" in page
    assert "32 of 32 students in exactly one class." in page
    assert "<iframe" in page
    assert RULE in html.unescape(await browser.of("onboarding/request_rules/html"))
    (key,) = re.findall(r'name="rules" value="([0-9a-f]+)"', page)

    refused = await browser.of("onboarding/request_rules", {"rules": "other"})
    assert browser.status == 422
    assert "the suggestions have changed" in refused

    await browser.of("onboarding/request_rules", {"rules": key})
    assert browser.status == 303
    sent = (await kept(store))[0]
    assert f"\n  {RULE}\n" in sent.text
    assert "32 of 32 students would have exactly one class." in sent.text
    assert not re.search("raku|quillfeather", f"{sent.subject}{sent.text}{sent.html}", re.IGNORECASE)
    assert RULE in html.unescape(await browser.of("onboarding"))
    await browser.become(Role.VIEWER)
    assert "homeroom" not in await browser.of("onboarding")


async def test_what_clever_cannot_say_is_refused_with_a_way_to_our_own_filter(
    browser: Browser, store: StoreUnderTest, onboarding_feed: Feed
) -> None:
    await send_a_second_homeroom(onboarding_feed)
    assert await evaluate(store) == ["review"]
    ours = suggestion("ours", sharing_rules=False, filter={"current_term_only": True})
    await store.districts.keep_search(DISTRICT, [ours, suggestion()])

    page = html.unescape(await browser.of("onboarding/request_rules"))
    assert (
        "The first suggestion does not work as sharing rules in Clever, because it keeps only sections of "
        "current terms. Our own section filter can do it." in page
    )
    assert f'href="/districts/{DISTRICT}/filter">Go to the section filter</a>' in page
    assert "<iframe" not in page
    await browser.of("onboarding/request_rules/html")
    assert browser.status == 404

    refused = await browser.of("onboarding/request_rules", {})
    assert browser.status == 409
    assert "does not work as sharing rules" in refused
    assert [one.kind.value for one in await kept(store)] == ["rostered"]
    await browser.of("onboarding/request_rules", {"written": "yes"})
    assert browser.status == 303


async def test_a_search_on_the_page_is_what_a_district_is_asked_for_next(
    browser: Browser, store: StoreUnderTest, onboarding_feed: Feed
) -> None:
    await send_a_second_homeroom(onboarding_feed)
    await evaluate(store)
    await store.districts.keep_search(DISTRICT, [])
    assert "no suitable section filter was found" in await browser.of("onboarding/request_rules")

    await browser.of("filter/suggest", {})

    assert RULE in html.unescape(await browser.of("onboarding/request_rules"))


@pytest.mark.usefixtures("writing")
async def test_an_e_mails_html_may_do_nothing(browser: Browser, store: StoreUnderTest) -> None:
    await put(store, mail())
    (one,) = await kept(store)
    path = f"/districts/{DISTRICT}/mails/{one.mail_id}"
    policies = {}
    for name, address in (("page", path), ("html", f"{path}/html"), ("list", f"/districts/{DISTRICT}/mails")):
        async with browser.client.get(address) as answer:
            policies[name] = answer.headers["Content-Security-Policy"]
            assert answer.status == 200

    assert policies["html"].endswith("sandbox")
    assert "script" not in policies["html"]
    assert "default-src 'none'" in policies["html"]
    assert "frame-ancestors 'self'" in policies["html"]
    assert policies["page"] == f"{policies['list']}; frame-src 'self'"
    assert "unsafe" not in policies["page"]
    assert 'sandbox referrerpolicy="no-referrer"></iframe>' in await browser.open(path)
    looks = await store.rows("SELECT count(*) AS looks FROM audit WHERE action = 'lookup.mail'")
    assert looks[0]["looks"] == 3


@pytest.mark.usefixtures("writing")
async def test_e_mails_are_counted_for_all_and_named_for_few(browser: Browser, store: StoreUnderTest) -> None:
    await put(store, mail())
    await store.rows(
        "UPDATE mails SET state = 'bounced', sent_at = now(), handed_at = now(), attempts = 1, "
        """bounced = '{"office@district.example": "5.1.1"}', bounced_at = now()"""
    )
    (one,) = await kept(store)
    assert one.state.value == "bounced"
    listed = await browser.of("mails")
    assert "needs attention" in listed
    assert f'action="/districts/{DISTRICT}/mails/{one.mail_id}/arrived"' in listed
    assert "office@district.example" not in listed
    shown = await browser.of(f"mails/{one.mail_id}")
    assert "bounced: 5.1.1" in shown
    assert "Mark as resolved" in shown

    await browser.of(f"mails/{one.mail_id}/arrived", {})
    assert browser.address == f"/districts/{DISTRICT}/mails?done=mail-arrived"
    assert "Mark as resolved" not in await browser.of(f"mails/{one.mail_id}")
    await browser.become(Role.VIEWER)
    listed = await browser.of("mails")
    assert "resolved by" in listed
    assert "/arrived" not in listed
    await browser.of(f"mails/{one.mail_id}")
    assert browser.status == 403


@pytest.mark.usefixtures("writing")
async def test_a_waiting_one_is_cancelled_and_others_refused(browser: Browser, store: StoreUnderTest) -> None:
    await put(store, mail())
    (one,) = await kept(store)
    await browser.of(f"mails/{one.mail_id}/cancel", {})
    assert [each.state.value for each in await kept(store)] == ["cancelled"]

    text = await browser.of(f"mails/{one.mail_id}/retry", {})
    assert browser.status == 409
    assert "is cancelled; this is possible only while it is dead" in text


async def test_no_page_shows_another_districts_mail(browser: Browser, store: StoreUnderTest) -> None:
    await put(store, mail(district_id="another"))
    (one,) = await store.mail_orders.newest("another")
    for name in (str(one.mail_id), str(uuid.uuid4()), "0"):
        for path in (f"mails/{name}", f"mails/{name}/html"):
            await browser.of(path)
            assert browser.status == 404, path


async def test_each_kind_of_e_mail_is_shown_with_invented_values(browser: Browser) -> None:
    text = await browser.open("/mails")
    assert text.count("<iframe") == 5
    assert "No mail server is configured" in text
    assert "Maple Hollow School District" in await browser.open("/mails/invitation")
    await browser.open("/mails/nonsense")
    assert browser.status == 404
