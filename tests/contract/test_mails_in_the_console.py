"""E-mails to districts in the console: seen before they are sent, and what became of them after."""

from __future__ import annotations

import html
import re
import uuid
from dataclasses import replace

import pytest

from tests.support.builders.mails import mail, put
from tests.support.builders.records import DISTRICT
from tests.support.fixtures.console_orders import Browser
from tests.support.fixtures.people import NORTH, Feed, evaluate, homeroom
from tests.support.fixtures.store import StoreUnderTest
from worker.console.pages.onboarding_requests import choices_of
from worker.domain.access.users import Role
from worker.mail.compose import Composer, Vendor
from worker.mail.mail_store import KeptMail
from worker.onboarding.district_store import Description, RulesAsked

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
    onboarding._onboarding_rules = onboarding_rules
    await onboarding.choose(DISTRICT, Description("Larkspur", TEAM, "America/Chicago"), "vic")


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


@pytest.mark.usefixtures("writing")
async def test_rules_are_asked_for_by_a_suggestion_of_the_standing_review(
    browser: Browser, store: StoreUnderTest, feed: Feed
) -> None:
    await store.onboarding.advance()
    assert "no suggestion that works as sharing rules" in await browser.of("onboarding/request_rules")
    await feed.send(("sections", homeroom(702, NORTH, EVERYBODY, name="Raku - Quillfeather")))
    assert await evaluate(store) == ["review"]

    listed = await browser.of("onboarding/request_rules")
    assert RULE in listed
    assert "32 of 32 students in exactly one class" in listed
    (key,) = re.findall(r"request_rules\?rules=([0-9a-f]+)", listed)
    assert "<iframe" not in listed
    assert "<iframe" in await browser.of(f"onboarding/request_rules?rules={key}")
    assert RULE in html.unescape(await browser.of(f"onboarding/request_rules/html?rules={key}"))

    await browser.of("onboarding/request_rules/html?rules=other")
    assert browser.status == 404
    refused = await browser.of("onboarding/request_rules", {"rules": "other"})
    assert browser.status == 422
    assert "the suggestions have changed" in refused

    await browser.of("onboarding/request_rules", {"rules": key})
    assert browser.status == 303
    sent = (await kept(store))[0]
    assert RULE in sent.text
    assert "32" in sent.text
    assert RULE in await browser.of("onboarding")
    await browser.become(Role.VIEWER)
    assert "homeroom" not in await browser.of("onboarding")


async def test_only_what_sharing_rules_can_say_is_offered() -> None:
    coverage = {"exactly_one": 96, "none": 3, "several": 1}
    said = [
        {"text": text, "sharing_rules": text == RULE, "coverage": coverage} for text in (RULE, "ours only")
    ]

    ((key, choice),) = choices_of({"review": {"suggestions": said}}).items()

    assert choice == RulesAsked(RULE, 96, 3, 1)
    assert re.fullmatch("[0-9a-f]{16}", key), "a rule may hold a name, and stands in no address"
    assert choices_of({"review": None}) == {}


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
