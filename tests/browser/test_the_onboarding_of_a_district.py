"""A district's onboarding in a browser: chosen, invited, connected, asked for rules, and given a day."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.async_api import Browser, Locator, Page, expect

from tests.acceptance.program import Site
from tests.browser.roster_office import Office, office
from tests.support.servers.chromium import running_browser, tab

CONTACT = "ada@larkspur.example"
NAME = "Larkspur"


async def test_a_district_is_chosen_invited_connected_asked_for_rules_and_given_a_window(site: Site) -> None:
    async with office(site, away=1) as open_office, running_browser() as browser, tab(browser) as page:
        district = open_office.districts[-1]
        await open_office.log_in(page, path="/board")
        await _chooses(page, district)
        await _invites_having_seen_the_e_mail(page, open_office)
        link = await _link(page, open_office)
        await _the_district_connects(browser, open_office, district, link)
        await _sees_it_connected_and_asks_for_sharing(page, open_office)
        await _asks_for_rules_by_a_suggestion(page, open_office, district)
        await _the_district_is_rostered(open_office, district)
        await _sets_the_window_and_finds_it_on_the_board(page, district)
        await _finds_the_other_on_the_to_do_list(page, open_office)
        await _sees_how_each_kind_of_e_mail_reads(page, open_office)
        await _whoever_has_no_open_link_is_told_so(browser, open_office, page, district, link)


async def _chooses(page: Page, district: str) -> None:
    await page.get_by_label("Clever district ID").fill(district)
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("Contacts").fill(CONTACT)
    await page.get_by_label("Time zone").fill("America/Chicago")
    await page.get_by_role("button", name="Add district").click()
    await expect(page.get_by_role("status")).to_contain_text("District added")
    await expect(page.locator("[aria-current=step]")).to_contain_text("Chosen")


async def _invites_having_seen_the_e_mail(page: Page, office: Office) -> None:
    await page.get_by_role("link", name="Invite …").click()
    await expect(page.get_by_role("main")).to_contain_text(CONTACT)
    mail = page.frame_locator("iframe.mail-frame")
    await expect(mail.get_by_role("heading")).to_contain_text("Connect")
    await expect(mail.get_by_role("link", name="Connect through Clever")).to_be_visible()
    assert office.post.kept == []
    await page.get_by_role("button", name="Invite").click()
    await expect(page.get_by_role("status")).to_contain_text("is invited")
    await page.get_by_role("link", name="E-mails", exact=True).last.click()
    await _shows(page, "good", "sent")
    (sent,) = office.post.kept
    assert sent.recipients == [CONTACT]


async def _link(page: Page, office: Office) -> str:
    """Return the link that the district got; nobody else is shown it."""
    await page.get_by_role("link", name="Onboarding", exact=True).click()
    await expect(page.get_by_role("main")).to_contain_text("A link is active")
    body = office.post.kept[0].message.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://rostering\.example\.org/connect/[\w-]{43}", body.get_content())
    assert found is not None
    return found[0]


async def _the_district_connects(browser: Browser, office: Office, district: str, link: str) -> None:
    async with tab(browser, "narrow", "dark", scripts=False) as page:
        path = link.removeprefix("http://rostering.example.org")
        await page.goto(office.url.rstrip("/") + path)
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Connect")
        button = page.get_by_role("link", name="Connect through Clever")
        assert await button.get_attribute("href") == f"https://clever.example.org/connect/{district}"
        await office.clever.change(district, "connect")
        await _until(page, page.get_by_role("status"), "Thank you")
        await _until(
            page, page.get_by_role("main"), "You have nothing to do right now"
        )  # all is shared at once
        assert await page.context.cookies() == []


async def _sees_it_connected_and_asks_for_sharing(page: Page, office: Office) -> None:
    """The sandbox shares everything at once: it may be seen before anybody asks."""
    await _until(page, page.locator("[aria-current=step]"), re.compile("Connected|shared"))
    await expect(page.get_by_role("main")).to_contain_text("First opened")
    await office.reviewed(2)
    await _until(page, page.locator("[aria-current=step]"), "All sections shared")
    await expect(page.get_by_role("main")).to_contain_text(re.compile("students (is|are) in no section"))


async def _asks_for_rules_by_a_suggestion(page: Page, office: Office, district: str) -> None:
    await page.get_by_role("link", name="Request sharing rules …").click()
    rule = await page.locator(".rule-text li").first.inner_text()
    await expect(page.frame_locator("iframe.mail-frame").locator("body")).to_contain_text(rule)
    assert "homeroom" not in page.url.lower()
    await page.get_by_role("button", name="Request sharing rules").click()
    await expect(page.locator("[aria-current=step]")).to_contain_text("Waiting on district")
    await page.goto(f"{office.url}districts/{district}/mails")
    await _shows(page, "good", "sent")
    assert rule in str(office.post.kept[-1].message)


async def _the_district_is_rostered(office: Office, district: str) -> None:
    """Sharing by homerooms only comes to the same as a filter of ours that keeps them only."""
    homeroom = '{"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]}'
    await office.site.done("filter", "set", district, "-", stdin=homeroom)
    await office.committed(district)


async def _sets_the_window_and_finds_it_on_the_board(page: Page, district: str) -> None:
    opens_on = datetime.now(UTC).date() + timedelta(days=30)
    await page.get_by_role("link", name="Onboarding", exact=True).click()
    await _until(page, page.locator("[aria-current=step]"), "Rostered")
    await page.get_by_label("Window opens").fill(opens_on.isoformat())
    await page.get_by_role("button", name="Set").click()
    await expect(page.locator("[aria-current=step]")).to_contain_text("Launch scheduled")
    await page.get_by_role("link", name="Board", exact=True).click()
    column = page.get_by_role("region", name=re.compile("^Launch scheduled"))
    card = column.get_by_role("listitem")
    await expect(card).to_contain_text("launch")
    await expect(card.get_by_role("link")).to_have_attribute("href", f"/districts/{district}/onboarding")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Calendar (ICS)").click()
    assert (await download.value).suggested_filename == "onboarding.ics"


async def _finds_the_other_on_the_to_do_list(page: Page, office: Office) -> None:
    await page.get_by_role("link", name="To-do").click()
    await expect(page.get_by_role("main")).to_contain_text("Add a contact")
    line = page.get_by_role("row").filter(has_text=office.districts[0]).first
    await line.get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Onboarding")


async def _sees_how_each_kind_of_e_mail_reads(page: Page, office: Office) -> None:
    await page.goto(f"{office.url}mails")
    last = page.frame_locator("iframe").last
    await expect(last.get_by_role("heading")).to_contain_text("Ready To Assess")


async def _whoever_has_no_open_link_is_told_so(
    browser: Browser, office: Office, page: Page, district: str, link: str
) -> None:
    await page.goto(f"{office.url}districts/{district}/onboarding")
    await page.get_by_role("button", name="Revoke link").click()
    await expect(page.get_by_role("main")).to_contain_text("No active link")
    async with tab(browser) as stranger:
        path = link.removeprefix("http://rostering.example.org")
        answer = await stranger.request.get(office.url.rstrip("/") + path)
        assert answer.status == 404
        assert "This link no longer works" in await answer.text()


async def _shows(page: Page, kind: str, text: str) -> None:
    """Reload until the first line of the e-mails stands so."""
    await _until(page, page.locator(f"tbody tr:first-child .tag.{kind}"), text)


async def _until(page: Page, place: Locator, text: str | re.Pattern[str]) -> None:
    """Reload a page, up to a minute, until it says something somewhere."""
    for _ in range(60):
        try:
            return await expect(place).to_contain_text(text, timeout=1_000)
        except AssertionError:
            await page.reload()
    return await expect(place).to_contain_text(text)
