"""The console's pages for looking, over a real store: right figures, empty states, no name too many."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from aiohttp import web

from tests.support.builders.records import DISTRICT, record_id, student_json
from tests.support.fixtures.console_orders import Browser
from tests.support.fixtures.people import NORTH, SOUTH, Feed, evaluate, homeroom
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.access.users import Role
from worker.onboarding.district_store import Description

EVERYBODY = [*range(1, 33)]
CHESS = "Chess - Quillfeather <script>"


@pytest.fixture
async def torn(feed: Feed, store: StoreUnderTest) -> Feed:
    """A district in review: everybody is in a club beside the homeroom, and one has no name."""
    await feed.send(
        ("sections", homeroom(702, NORTH, EVERYBODY, name=CHESS)),
        ("users", student_json(1, {"school": NORTH}, name={"first": "", "last": "Fernquay"})),
    )
    assert await evaluate(store) == ["review"]
    return feed


@pytest.fixture
async def as_viewer(browser: Browser) -> None:
    """Whoever asks is a viewer."""
    await browser.become(Role.VIEWER)


async def looked(store: StoreUnderTest) -> list[str]:
    rows = await store.rows("SELECT action FROM audit WHERE action LIKE 'lookup.%' ORDER BY id")
    return [row["action"] for row in rows]


async def test_without_a_district_the_list_says_what_to_do_next(browser: Browser) -> None:
    assert "No districts yet" in await browser.open("/")
    assert "rostering publish" in browser.text


@pytest.mark.usefixtures("torn")
async def test_the_list_tells_how_a_district_stands(browser: Browser) -> None:
    text = await browser.open("/")
    for told in (f"/districts/{DISTRICT}", "in review since", "32 blocked"):
        assert told in text
    assert "No districts match" in await browser.open("/?q=nowhere")
    assert DISTRICT in await browser.open(f"/?q={DISTRICT[:8].upper()}&sort=name&page=1")
    assert "No districts match" in await browser.open("/?status=rostered&page=99999999")


@pytest.mark.usefixtures("torn")
async def test_a_district_tells_why_it_stands_in_review_and_where(browser: Browser) -> None:
    text = await browser.open(f"/districts/{DISTRICT}")
    for told in (
        "Why this district is in review",
        "student.multiple_sections",
        "suggested section filter",
        "Coverage",
    ):
        assert told in text
    assert "Quillfeather" not in text
    assert 'findings?severity=error&amp;code=student.multiple_sections">32 findings' in browser.page


@pytest.mark.usefixtures("torn")
async def test_a_page_does_not_wait_for_coverage_that_takes_long(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.console.pages.district.PATIENCE", 0)
    await browser.open(f"/districts/{DISTRICT}")
    assert f'data-load="/districts/{DISTRICT}/coverage"' in browser.page

    text = await browser.of("coverage")
    assert "0 of 20 ready" in text
    assert "0 of 12 ready" in text
    assert "data-load" not in browser.page

    await browser.open(f"/districts/{DISTRICT}")
    assert "0 of 20 ready" in browser.text, "what was counted is kept"


@pytest.mark.usefixtures("feed")
async def test_a_district_that_clever_does_not_name_has_the_name_of_its_onboarding(
    browser: Browser, store: StoreUnderTest
) -> None:
    await store.onboarding.choose(DISTRICT, Description("Larkspur Union", None, None), "ada")

    assert "Larkspur Union" in await browser.open(f"/districts/{DISTRICT}")
    assert "Larkspur Union" in await browser.open("/?q=larkspur")


@pytest.mark.usefixtures("feed")
async def test_a_rostered_district_has_nothing_against_it(browser: Browser) -> None:
    assert "nothing blocks a commit" in await browser.open(f"/districts/{DISTRICT}")
    assert "No open findings" in await browser.of("findings")
    assert "No events are waiting" in await browser.open(f"/districts/{DISTRICT}?forecast=1")


@pytest.mark.usefixtures("torn")
async def test_findings_are_filtered_paged_and_saved(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, store: StoreUnderTest
) -> None:
    monkeypatch.setattr("worker.console.pages.findings.PAGE", 10)
    text = await browser.of("findings?code=student.multiple_sections")
    assert "Chess - Quillfeather &lt;script&gt;" in browser.page
    assert "<script>" not in browser.page.replace('<script src="', "")
    assert await looked(store) == ["lookup.sections"]
    seen: list[str] = []
    while True:
        found = [one for one in _records(text) if one not in seen]
        assert len(found) <= 10
        seen += found
        following = [one for one in browser.text.split('href="') if "after_code" in one.split('"')[0]]
        if not following:
            break
        text = await browser.open(following[0].split('"')[0])
    assert sorted(seen) == sorted(record_id(number) for number in EVERYBODY)

    async with browser.client.get(f"/districts/{DISTRICT}/findings.csv?school={SOUTH}") as answer:
        rows = list(csv.DictReader(io.StringIO(await answer.text())))
        assert answer.headers["Cache-Control"] == "no-store"
    assert {row["record_id"] for row in rows} == {record_id(number) for number in range(21, 33)}
    assert all("Quillfeather" not in str(row) for row in rows)


def _records(text: str) -> Iterator[str]:
    for piece in text.split("/students/")[1:]:
        yield piece.split('"')[0]


@pytest.mark.usefixtures("torn")
async def test_history_tells_what_was_decided(browser: Browser) -> None:
    text = await browser.of("history")
    assert text.index("review") < text.index("commit")
    assert "32 of 32 students blocked" in text
    assert "Roll back to this" not in text, "the newest commit is where the district is"
    assert "No earlier decisions" in await browser.of("history?before=1")


@pytest.mark.usefixtures("torn")
async def test_a_reviewer_sees_section_names_on_a_page_whose_findings_list_none(
    browser: Browser, store: StoreUnderTest, feed: Feed
) -> None:
    """A finding on a section or a class names it, and no finding there has a list of sections."""
    await feed.send(("sections", homeroom(702, NORTH, [*EVERYBODY, 99], name=CHESS)))
    await evaluate(store)

    text = await browser.of("findings?code=section.unknown_student")

    assert "Chess - Quillfeather" in text
    assert "Larkspur Elementary" in text.partition("Since")[2], "the school stands beside the finding"
    assert await looked(store) == ["lookup.sections"]


async def test_a_mass_removal_tells_its_figures(browser: Browser, store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(*(("users", str(record_id(number))) for number in range(1, 16)))
    assert await evaluate(store) == ["review"]

    text = await browser.open(f"/districts/{DISTRICT}")

    assert "15 students to be removed" in " ".join(text.split())
    assert "0 students" not in text
    assert "5 of 5 ready, 15 to be removed" in text
    assert "rostering approve" not in text
    assert "Shared sections still list these students" in text
    plan = browser.hidden("plan")
    assert plan == (await store.districts.show(DISTRICT))["plan"]["digest"]
    await browser.of("plan/approve", {"plan": plan, "reason": "they have left"})
    assert await evaluate(store) == ["commit"]
    assert "Approve this plan" not in await browser.open(f"/districts/{DISTRICT}")


@pytest.mark.usefixtures("as_viewer")
async def test_a_viewer_has_no_button_to_approve(browser: Browser, store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(*(("users", str(record_id(number))) for number in range(1, 16)))
    await evaluate(store)

    text = await browser.open(f"/districts/{DISTRICT}")

    assert "Approve this plan" not in text
    assert "A reviewer can approve" in text


@pytest.mark.usefixtures("torn", "as_viewer")
async def test_a_viewer_sees_no_name(browser: Browser, store: StoreUnderTest) -> None:
    for page in ("", "/findings", "/findings.csv", "/history", "/plan"):
        text = await browser.open(f"/districts/{DISTRICT}{page}")
        assert browser.status == web.HTTPOk.status_code
        assert "Quillfeather" not in text
        assert "Fernquay" not in text
    for page in ("sections", f"students/{record_id(1)}"):
        await browser.of(page)
        assert browser.status == web.HTTPForbidden.status_code
    assert await looked(store) == []


@pytest.mark.parametrize("page", ["", "/findings", "/findings.csv", "/history", "/sections", "/students/1"])
async def test_an_unknown_district_has_no_pages(browser: Browser, page: str) -> None:
    await browser.open(f"/districts/{record_id(5)}{page}")
    assert browser.status == web.HTTPNotFound.status_code
