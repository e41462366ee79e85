"""E-mails to districts in the console: seen before they are sent, and what became of them after."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from acts_fixtures import Browser
from builders import DISTRICT
from mail_builders import mail, put
from store_fixtures import StoreUnderTest

from worker.domain.users import Role
from worker.mailing.composing import Composer, Vendor
from worker.ports.lifecycles import Description
from worker.ports.mails import KeptMail
from worker.web.pages.asking import choices_of

TEAM = ["ada@larkspur.example", "bo@larkspur.example"]
RULE = 'Match all sections where name contains "Homeroom"'
SUGGESTIONS = [
    {
        "text": RULE,
        "sharing_rules": True,
        "coverage": {"exactly_one": 96, "none": 3, "several": 1},
    },
    {"text": "ours only", "sharing_rules": False, "coverage": {"exactly_one": 1, "none": 0, "several": 0}},
]


@pytest.fixture
async def writing(store: StoreUnderTest) -> None:
    """A district on its way, and a store that writes e-mails."""
    lifecycles = store.lifecycles
    guidance = replace(
        lifecycles._guidance,
        compose=Composer(Vendor(help_address="help@vendor.example")).compose,
        public_url="https://rostering.example.org",
    )
    lifecycles._guidance = guidance
    await lifecycles.choose(DISTRICT, Description("Larkspur", TEAM, "America/Chicago"), "vic")


async def kept(store: StoreUnderTest) -> list[KeptMail]:
    return await store.mail_desk.newest(DISTRICT)


async def in_review(store: StoreUnderTest) -> None:
    """Have the district wait in review, with suggestions."""
    await store.rows("INSERT INTO connections (district_id) VALUES ($1)", DISTRICT)
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", DISTRICT)
    await store.lifecycles.advance()
    for state in ("all_sections_shared", "filtering"):
        await store.rows("UPDATE lifecycles SET state = $1", state)


@pytest.mark.usefixtures("writing")
async def test_the_e_mail_is_seen_before_it_is_sent_and_is_the_one_that_is_sent(
    browser: Browser, store: StoreUnderTest
) -> None:
    text = await browser.of("way/invite")
    assert "Connect Larkspur to Insights" in text
    assert all(contact in text for contact in TEAM)
    assert "the-link-is-made-when-this-is-sent" in text
    assert await kept(store) == []
    assert await store.lifecycles.links(DISTRICT) == []
    html = await browser.of("way/invite/html")
    assert "Connect through Clever" in html

    await browser.of("way/invite", {})
    assert browser.status == 303
    (sent,) = await kept(store)
    (link,) = await store.lifecycles.links(DISTRICT)
    assert sent.html.replace(link.token, "the-link-is-made-when-this-is-sent").strip() == html.strip()
    assert sent.subject in text


@pytest.mark.usefixtures("writing")
async def test_whoever_has_written_already_has_nothing_sent(browser: Browser, store: StoreUnderTest) -> None:
    await browser.of("way/invite", {"written": "yes"})

    assert browser.status == 303
    assert await kept(store) == []


@pytest.mark.usefixtures("writing")
async def test_rules_are_asked_for_by_a_suggestion_of_the_standing_review_that_sharing_rules_can_say(
    browser: Browser, store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_review(store)
    show = store.desk.show

    async def reviewed(district_id: str) -> dict[str, object]:
        details = await show(district_id)
        return details | {"review": {"suggestions": SUGGESTIONS}}

    monkeypatch.setattr(store.desk, "show", reviewed)
    (choice,) = choices_of({"review": {"suggestions": SUGGESTIONS}})
    listed = await browser.of("way/request_rules")
    assert RULE in listed
    assert "96 of 100 students in exactly one class" in listed
    assert "ours only" not in listed
    assert "Homeroom" not in choice.key

    assert "<iframe" in await browser.of(f"way/request_rules?rules={choice.key}")
    assert "Homeroom" in await browser.of(f"way/request_rules/html?rules={choice.key}")
    await browser.of("way/request_rules/html?rules=other")
    assert browser.status == 404
    refused = await browser.of("way/request_rules", {"rules": "other"})
    assert browser.status == 422
    assert "the review has others by now" in refused

    await browser.of("way/request_rules", {"rules": choice.key})
    assert browser.status == 303
    (sent,) = await kept(store)
    assert RULE in sent.text
    assert "96" in sent.text
    assert RULE in await browser.of("way")
    await browser.become(Role.VIEWER)
    assert "Homeroom" not in await browser.of("way")


@pytest.mark.usefixtures("writing")
async def test_the_html_of_an_e_mail_may_do_nothing_and_the_policy_of_other_pages_stays(
    browser: Browser, store: StoreUnderTest
) -> None:
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
async def test_what_became_of_e_mails_is_counted_for_all_and_named_for_those_who_may_see_it(
    browser: Browser, store: StoreUnderTest
) -> None:
    await put(store, mail())
    await store.rows(
        "UPDATE mails SET sent_at = now(), handed_at = now(), attempts = 1, "
        """bounced = '{"office@district.example": "5.1.1"}', bounced_at = now()"""
    )
    (one,) = await kept(store)
    assert one.state.value == "bounced"
    listed = await browser.of("mails")
    assert "needs somebody" in listed
    assert "office@district.example" not in listed
    shown = await browser.of(f"mails/{one.mail_id}")
    assert "bounced: 5.1.1" in shown
    assert "It arrived" in shown

    await browser.of(f"mails/{one.mail_id}/arrived", {})
    assert browser.address == f"/districts/{DISTRICT}/mails?done=mail-arrived"
    assert "It arrived" not in await browser.of(f"mails/{one.mail_id}")
    await browser.become(Role.VIEWER)
    assert "bounced" in await browser.of("mails")
    await browser.of(f"mails/{one.mail_id}")
    assert browser.status == 403


@pytest.mark.usefixtures("writing")
async def test_one_that_waits_is_cancelled_and_what_cannot_be_is_refused(
    browser: Browser, store: StoreUnderTest
) -> None:
    await put(store, mail())
    (one,) = await kept(store)
    await browser.of(f"mails/{one.mail_id}/cancel", {})
    assert [each.state.value for each in await kept(store)] == ["cancelled"]

    text = await browser.of(f"mails/{one.mail_id}/retry", {})
    assert browser.status == 409
    assert "expected one that is dead, it is cancelled" in text


async def test_a_mail_of_another_district_and_one_that_there_is_not_are_no_pages(
    browser: Browser, store: StoreUnderTest
) -> None:
    await put(store, mail(district_id="another"))
    (one,) = await store.mail_desk.newest("another")
    for name in (str(one.mail_id), str(uuid.uuid4()), "0"):
        for path in (f"mails/{name}", f"mails/{name}/html"):
            await browser.of(path)
            assert browser.status == 404, path


async def test_each_kind_of_e_mail_is_shown_with_invented_values(browser: Browser) -> None:
    text = await browser.open("/mails")
    assert text.count("<iframe") == 5
    assert "No mail server is set" in text
    assert "Maple Hollow School District" in await browser.open("/mails/invitation")
    await browser.open("/mails/nonsense")
    assert browser.status == 404
