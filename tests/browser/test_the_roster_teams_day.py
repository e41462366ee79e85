"""The roster team's day, in a browser: from the district that fails to its commit, and what comes after."""

from __future__ import annotations

import re

from playwright.async_api import Browser, Page, expect

from tests.acceptance.program import Site
from tests.browser.roster_office import ORPHAN, STUDENTS, Office, heading, office
from tests.support.servers.chromium import running_browser, tab


async def test_districts_go_from_being_found_to_a_freed_letter(site: Site) -> None:
    async with office(site) as open_office, running_browser() as browser:
        district, other = open_office.districts
        await _a_viewer_sees_counts_and_ids_and_nobodys_name(browser, open_office, district)
        await _a_filter_is_written_and_saved_without_a_script(browser, open_office, other)
        async with tab(browser) as page:
            await open_office.log_in(page)
            await _finds_the_district_and_its_cause(page, open_office, district)
            await _tries_a_filter_and_adopts_it(page, open_office, district)
            await _sees_the_commit(page, district)
            await _approves_a_mass_removal(page, open_office, district)
            await _replays_a_dead_letter(page, open_office)


async def _a_viewer_sees_counts_and_ids_and_nobodys_name(
    browser: Browser, office: Office, district: str
) -> None:
    async with tab(browser) as page:
        await office.log_in(page, "vi", f"/districts/{district}")
        await expect(page.get_by_text("filter.no_rules")).to_be_visible()
        seen = await page.content()
        assert "homeroom" not in seen.lower().replace("homeroom/advisory", "")
        tabs = await page.get_by_role("navigation", name="District").get_by_role("link").all_inner_texts()
        assert "Sections" not in tabs
        assert "Actions" not in tabs
        answer = await page.request.get(f"{office.url}districts/{district}/sections")
        assert answer.status == 403


async def _a_filter_is_written_and_saved_without_a_script(
    browser: Browser, office: Office, district: str
) -> None:
    async with tab(browser, "narrow", "dark", scripts=False) as page:
        await office.log_in(page, path=f"/districts/{district}/filter/edit")
        await page.get_by_role("button", name="Add a rule").click()
        await page.get_by_label("Operator, rule 1, condition 1").select_option("contains")
        await page.get_by_label("Value, rule 1, condition 1").fill("homeroom")
        await page.get_by_role("button", name="Update counts", exact=True).last.click()
        await expect(page.locator("#coverage")).to_contain_text(str(STUDENTS))
        await page.get_by_label("Reason for this change").fill("every homeroom has homeroom in its name")
        await page.get_by_role("button", name="Save and apply").click()
        await office.committed(district)


async def _finds_the_district_and_its_cause(page: Page, office: Office, district: str) -> None:
    await expect(page.get_by_role("heading", level=1)).to_have_text("Districts")
    await page.locator(f'a[href="/districts/{district}"]').first.click()
    await expect(page.locator(".district-head .status")).to_have_text("review")
    await expect(page.get_by_text("filter.no_rules")).to_be_visible()
    assert office.url in page.url


async def _tries_a_filter_and_adopts_it(page: Page, office: Office, district: str) -> None:
    await page.get_by_role("link", name="Filter", exact=True).click()
    await page.get_by_role("link", name="Create filter").click()
    await page.get_by_role("button", name="Add a rule").click()
    coverage = page.locator("#coverage")
    value = page.get_by_label("Value, rule 1, condition 1")
    await page.get_by_label("Operator, rule 1, condition 1").select_option("contains")
    await value.press_sequentially("homeroom")
    await expect(coverage).to_contain_text(re.compile(rf"{STUDENTS}\b.*exactly one", re.DOTALL))
    address = page.url.partition("#")[0]
    assert address.endswith(f"/districts/{district}/filter/edit"), "what is typed stands in no address"
    await page.get_by_role("link", name="Cancel").click()

    first = page.get_by_role("article").first
    await expect(first).to_contain_text(f"{STUDENTS} of {STUDENTS} students in exactly one class")
    await first.get_by_role("button", name=re.compile("^Apply")).click()
    await expect(page.get_by_role("status")).to_be_visible()
    await office.committed(district)


async def _sees_the_commit(page: Page, district: str) -> None:
    await page.get_by_role("link", name="History", exact=True).click()
    await expect(page.get_by_role("main")).to_contain_text(re.compile(r"commit\s+1"))
    decided = page.locator("td time").first
    await expect(decided).to_contain_text(re.compile(r"M \((just now|\d+ min ago)\)$"))
    await expect(decided).to_have_attribute("title", re.compile(r"day, \w+ \d+, \d{4} at "))
    await page.goto(page.url.rpartition("/")[0])
    await expect(page.locator(".district-head .status")).to_have_text("rostered")
    assert page.url.endswith(f"/districts/{district}")


async def _approves_a_mass_removal(page: Page, office: Office, district: str) -> None:
    reviews = len(office.consumer.reviews)
    await office.clever.change(district, "delete-students", percent=30)
    await office.reviewed(reviews + 1)
    await page.reload()
    await expect(page.locator(".district-head .status")).to_have_text("review")
    await page.get_by_role("link", name="Plan", exact=True).click()
    await expect(page.get_by_role("main")).to_contain_text("district.mass_removal")
    await page.get_by_label("Reason for approving these removals").fill("a school moved to another district")
    await page.get_by_role("button", name="Approve this plan").click()
    await expect(page.get_by_role("status")).to_be_visible()
    await office.committed(district, 2)
    await page.reload()
    await expect(page.get_by_role("main")).to_contain_text("Nothing to commit")


async def _replays_a_dead_letter(page: Page, office: Office) -> None:
    await office.put_aside_a_letter()
    await page.get_by_role("link", name="Dead letters").click()
    await expect(page.get_by_role("main")).to_contain_text(ORPHAN)
    await page.get_by_label("Reason", exact=True).fill("the worker that could not read it was replaced")
    reviews = len(office.consumer.reviews)
    await page.get_by_role("button", name="Replay selected").click()
    await expect(page.get_by_role("main")).to_contain_text("No dead letters")
    await office.reviewed(reviews + 1)
    assert office.consumer.reviews[-1]["district_id"] == ORPHAN
    assert await heading(page) == "Dead letters"
