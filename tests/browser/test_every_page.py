"""Every page, wide and narrow, light and dark: the accessibility checker objects to nothing.

With SCREENSHOTS set to a folder the pages are photographed into it, to be looked at.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import pytest
from playwright.async_api import Page

from tests.acceptance.program import Site
from tests.browser.roster_office import Office, office
from tests.support.sampling import part_of, tries_all
from tests.support.servers.chromium import (
    NO_SUCH_PAGE,
    Scheme,
    look_at,
    overflow,
    photograph,
    running_browser,
    tab,
    violations,
)

LOOKS: tuple[tuple[str, Scheme], ...] = (
    ("wide", "light"),
    ("narrow", "dark"),
    ("wide", "dark"),
    ("narrow", "light"),
)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
CHOSEN = "66d0000000000000000000aa"
"""A district that was never connected."""
MANY = (
    """INSERT INTO onboarding (district_id, state, since, name, contacts)
       SELECT 'district-' || n, 'chosen', now() - n * interval '11 hours', 'Invented District ' || n,
              CASE WHEN n % 5 > 0 THEN '{a@b.example}'::text[] ELSE '{}' END
       FROM generate_series(1, 24) n""",
    "UPDATE onboarding SET state = 'invited' WHERE name LIKE 'Invented%' AND since < now() - interval '7 d'",
)
WINDOW = """UPDATE onboarding SET contacts = '{ada@b.example}', opens_on = now()::date + 12, windows_set = 1
            WHERE district_id = $1"""
BOUNCED = """UPDATE mails SET state = 'bounced', handed_at = now(), sent_at = now(),
                 bounced = '{"ada@larkspur.example": "5.1.1"}', bounced_at = now() RETURNING mail_id"""
HOMEROOM = '{"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]}'


def addresses(rostered: str, review: str, student: str) -> dict[str, str]:
    """Return every page by what its picture is called; those of a district in the state that shows more."""
    pages = {"districts": "/", "dead-letters": "/dead-letters", "audit": "/audit", "account": "/account"}
    for district, tabs in (
        (rostered, ("", "sections", "history", "rollback", "plan")),
        (review, ("", "findings", "filter", "filter/edit", "plan", "orders", f"students/{student}")),
    ):
        state = "rostered" if district == rostered else "review"
        for name in tabs:
            pages[f"{state}-{name.split('/')[0] or 'overview'}{'-edit' * name.endswith('edit')}"] = (
                f"/districts/{district}/{name}".rstrip("/")
            )
    return pages | {"no-such-page": NO_SUCH_PAGE}


def ways(rostered: str, review: str, chosen: str) -> dict[str, str]:
    """Return the pages of districts' onboarding by what their pictures are called."""
    return {
        "board": "/board",
        "board-state": "/board?state=invited",
        "todo": "/todo",
        "mails": "/mails",
        "way-review": f"/districts/{review}/onboarding",
        "way-rostered": f"/districts/{rostered}/onboarding",
        "way-chosen": f"/districts/{chosen}/onboarding",
        "way-rules": f"/districts/{review}/onboarding/request_rules",
        "way-invite": f"/districts/{chosen}/onboarding/invite",
        "way-mails": f"/districts/{chosen}/mails",
    }


@pytest.mark.timeout(900 if "SCREENSHOTS" in os.environ else 360)
async def test_every_page_can_be_used_by_everybody_on_every_screen(site: Site) -> None:
    async with office(site) as open_office, running_browser() as browser:
        rostered, review = open_office.districts[:2]
        await site.done("filter", "set", rostered, "-", stdin=HOMEROOM)
        await open_office.committed(rostered)
        await open_office.put_aside_a_letter()
        student = (await open_office.clever.change(review, "break-student"))["student"]
        pages = addresses(rostered, review, student) | await _onboarding_problems(
            open_office, rostered, review
        )
        async with tab(browser) as page:
            await page.goto(open_office.url)
            wrong = await _checked(page, "login")
            await open_office.log_in(page)
            for name, address in pages.items():
                await page.goto(open_office.url.rstrip("/") + address)
                wrong += await _checked(page, name)
        assert wrong == []


async def _onboarding_problems(office: Office, rostered: str, review: str) -> dict[str, str]:
    """Have districts at many places of the board, and an e-mail that came back; return their pages."""
    contact = ("--contact", "ada@larkspur.example")
    await office.site.done("onboarding", "choose", CHOSEN, "--name", "Larkspur Union", *contact)
    await office.site.done("onboarding", "invite", CHOSEN)
    await office.site.done("onboarding", "edit", review, *contact)  # so that the e-mail to it is shown
    link = (await office.site.done("onboarding", "link", CHOSEN, "--new")).strip()
    connection = await asyncpg.connect(office.site.database_url)
    try:
        for statement in MANY:
            await connection.execute(statement)
        await connection.execute(WINDOW, rostered)
        mail_id = await connection.fetchval(BOUNCED)
    finally:
        await connection.close()
    return ways(rostered, review, CHOSEN) | {
        "way-mail": f"/districts/{CHOSEN}/mails/{mail_id}",
        "connect": link.removeprefix("http://rostering.example.org"),
    }


def _contrasted(name: str) -> Sequence[Scheme]:
    """Return the colours whose contrast is measured: on each page the light or the dark ones, or both."""
    if tries_all() or "SCREENSHOTS" in os.environ:
        return SCHEMES
    return [SCHEMES[part_of(name, len(SCHEMES))]]


async def _checked(page: Page, name: str) -> list[str]:
    """Look at a page as each person may; return what is wrong with it."""
    folder = os.environ.get("SCREENSHOTS")
    wrong = list[str]()
    for size, scheme in LOOKS[:2] if folder is None else LOOKS:
        await look_at(page, size, scheme)
        look = f"{name}-{size}-{scheme}"
        if folder is not None:
            await photograph(page, Path(folder), look)
        found = await violations(
            page, only_looks=(size, scheme) != LOOKS[0], contrast=scheme in _contrasted(name)
        )
        wrong += [f"{look}: {each}" for each in found]
        if (wider := await overflow(page)) > 0:
            wrong.append(f"{look}: {wider} pixels too wide")
    return wrong
