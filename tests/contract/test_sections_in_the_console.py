"""The sections of a district in the console: searched, grouped, tried as a rule; and a student's record."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.support.builders.records import DISTRICT, course_json, record_id, student_json, term_json
from tests.support.fixtures.access import Serve
from tests.support.fixtures.console_orders import Browser
from tests.support.fixtures.people import NORTH, SOUTH, Feed, evaluate, fed_once, homeroom
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.access.users import Role
from worker.domain.roster.section_filter import SectionFilter

CHESS = "Chess - Quillfeather"
EVERYBODY = range(1, 33)


@pytest.fixture
async def club(store: StoreUnderTest) -> Feed:
    """A club for everybody beside the homerooms, so that the district stands in review."""
    return await fed_once(store, a_club_comes)


async def a_club_comes(feed: Feed) -> None:
    await feed.send(
        ("terms", term_json()),
        ("courses", course_json()),
        ("sections", homeroom(702, NORTH, EVERYBODY, name=CHESS, subject="other", period="10")),
    )
    assert await evaluate(feed.store) == ["review"]


def rows_of(page: str, label: str) -> dict[str, list[str]]:
    """Return a table of the page as a person reads it: its cells by the head of each row."""
    part = page[page.index(f'aria-label="{label}"') :]
    body = part[part.index("<tbody>") : part.index("</tbody>")]
    found = {}
    for row in body.split("<tr")[1:]:
        head, *cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        found[words(head)] = [words(cell) for cell in cells]
    return found


def words(markup: str) -> str:
    return " ".join(
        unescape(re.sub(r"<code>.*?</code>|<svg.*?</svg>|<[^>]+>", " ", markup, flags=re.DOTALL)).split()
    )


def searching(**fields: str) -> dict[str, str]:
    return {"field": "name", "text": "", "by": "", "kept": "", "school": "", "sort": "name"} | fields


async def test_without_sections_a_district_learns_what_to_do(browser: Browser, store: StoreUnderTest) -> None:
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", DISTRICT)

    text = await browser.of("sections")

    assert browser.status == 200
    assert "Ask the district to share its sections" in text


@pytest.mark.usefixtures("club")
async def test_each_section_stands_with_all_that_a_filter_reads(browser: Browser) -> None:
    await browser.of("sections")

    assert rows_of(browser.page, "Sections")[CHESS] == [
        *("Larkspur Elementary", "other", "10", "3", "Homeroom", "Full Year", "32", "kept")
    ]


@pytest.mark.usefixtures("club")
async def test_case_and_blanks_do_not_count_in_a_search(browser: Browser) -> None:
    text = await browser.of("sections", searching(text="CHE ss-  quill"))

    assert list(rows_of(browser.page, "Sections")) == [CHESS]
    assert "of 3 sections" in words(text)


@pytest.mark.usefixtures("club")
async def test_sections_are_narrowed_by_school_and_the_filter_in_force(
    browser: Browser, store: StoreUnderTest
) -> None:
    chosen = {"rules": [{"all": [{"field": "name", "op": "contains", "value": "chess"}]}]}
    await store.districts.set_filter(
        DISTRICT, SectionFilter.model_validate(chosen, strict=False), "ada", "clubs"
    )

    await browser.of("sections", searching(kept="kept"))
    assert list(rows_of(browser.page, "Sections")) == [CHESS]
    await browser.of("sections", searching(kept="left-out", school=SOUTH))
    assert rows_of(browser.page, "Sections")["Homeroom - Quillfeather - 0"][-1] == "left out"
    text = await browser.of("sections", searching(kept="kept", school=SOUTH))
    assert "No sections match" in text


@pytest.mark.usefixtures("club")
async def test_a_group_tells_what_it_alone_would_give(browser: Browser) -> None:
    await browser.of("sections", searching(by="subject"))
    assert rows_of(browser.page, "Groups") == {
        "homeroom/advisory": [
            "2",
            "2",
            "32",
            "32",
            "0",
            "",
            "Open homeroom/advisory Try this as a rule : homeroom/advisory",
        ],
        "other": ["1", "1", "32", "32", "0", "", "Open other Try this as a rule : other"],
    }

    await browser.of("sections", searching(by="grade"))
    assert rows_of(browser.page, "Groups")["3"][:5] == ["3", "3", "32", "0", "32"]


@pytest.mark.usefixtures("club")
async def test_a_group_is_opened_to_its_sections_and_closed_again(browser: Browser) -> None:
    form = searching(by="period")
    await browser.of("sections", form)
    assert 'aria-label="Sections"' not in browser.page

    await browser.of("sections", form | {"open": "=10"})
    assert list(rows_of(browser.page, "Sections")) == [CHESS]

    await browser.of("sections", [*form.items(), ("open", "=10"), ("open", "-")])
    assert 'aria-label="Sections"' not in browser.page


@pytest.mark.usefixtures("club")
async def test_a_group_of_names_becomes_a_rule_of_the_editor(browser: Browser) -> None:
    await browser.of("sections", searching(by="label"))
    assert rows_of(browser.page, "Groups")["“homeroom”"][:5] == ["2", "2", "32", "32", "0"]

    rule = {name: browser.hidden(name) for name in ("rule_field", "rule_op", "rule_value")}
    assert rule == {"rule_field": "name", "rule_op": "contains", "rule_value": "homeroom"}
    text = await browser.of("filter/edit", rule)
    assert "Every student has exactly one class" in text


@pytest.mark.usefixtures("club")
async def test_a_rule_that_keeps_other_sections_than_its_group_says_so(browser: Browser) -> None:
    text = await browser.of("sections", searching(by="subject", school=SOUTH))

    assert "As a rule, this also keeps 1 other section." in text


async def test_a_long_table_is_read_page_by_page(browser: Browser, feed: Feed, store: StoreUnderTest) -> None:
    await feed.send(*(("sections", homeroom(2000 + n, NORTH, [1], name=f"Room {n}")) for n in range(450)))
    await evaluate(store)
    seen: list[str] = []
    form = searching(text="room ")
    await browser.of("sections", form)
    while True:
        page = re.findall(r'<th scope="row">([^<]+)<code>', browser.page)
        seen += page
        place = re.search(r'name="after" value="(\[[^"]+)"', browser.page)
        if place is None:
            break
        assert len(page) == 200
        await browser.of("sections", form | {"after": unescape(place[1])})

    assert seen == [*["Homeroom - Quillfeather - 0"] * 2, *(f"Room {n}" for n in range(450))]


@pytest.mark.parametrize(
    "fields",
    [
        {"after": "["},
        {"after": "[1, 2]"},
        {"after": '["x"]'},
        {"sort": "students", "after": '["x", "y"]'},
        {"by": "nothing"},
        {"sort": "x"},
        {"field": "colour"},
        {"kept": "x"},
        {"by": "label", "open": "="},
        {"text": "x" * 5000},
        {"school": "' OR 1=1"},
    ],
)
@pytest.mark.usefixtures("club")
async def test_a_form_without_sense_gets_a_page_nonetheless(browser: Browser, fields: dict[str, str]) -> None:
    await browser.of("sections", searching(**fields))

    assert browser.status == 200


async def test_what_districts_send_is_no_markup(browser: Browser, feed: Feed, store: StoreUnderTest) -> None:
    evil = "<script>alert(1)</script>\"'"
    await feed.send(
        ("sections", homeroom(703, NORTH, [1], name=f"{evil} room", subject=evil, period=evil)),
        ("users", student_json(1, {"school": NORTH, "ell_status": evil}, name={"first": evil, "last": evil})),
    )
    await evaluate(store)

    for form in (searching(), searching(by="period"), searching(by="subject"), searching(text=evil)):
        await browser.of("sections", form)
        assert "<script>alert" not in browser.page
        assert "alert(1)" in browser.text
    await browser.of(f"students/{record_id(1)}")
    assert "<script>alert" not in browser.page
    assert "alert(1)" in browser.text


@pytest.mark.usefixtures("club")
async def test_looks_are_in_the_audit_without_what_was_typed(browser: Browser, store: StoreUnderTest) -> None:
    await browser.of("sections", searching(text="Quillfeather", by="label"))
    await browser.of(f"students/{record_id(1)}")

    noted = await store.rows(
        "SELECT actor, action, district_id, detail FROM audit WHERE action LIKE 'lookup.%'"
    )
    assert [(one["action"], one["district_id"], one["detail"]) for one in noted] == [
        ("lookup.sections", DISTRICT, {}),
        ("lookup.student", DISTRICT, {"record": record_id(1)}),
    ]
    assert not re.search(r'(?:href|action)="[^"]*Quillfeather', browser.text)


@pytest.mark.usefixtures("club")
async def test_viewers_see_neither_page(serve: Serve, store: StoreUnderTest) -> None:
    async with serve() as served, served.logged_in(Role.VIEWER) as viewer:
        for path in ("sections", f"students/{record_id(1)}"):
            answer = await viewer.get(f"/districts/{DISTRICT}/{path}")
            assert answer.status == 403
            assert "Quillfeather" not in answer.text
    assert await store.rows("SELECT 1 FROM audit WHERE action LIKE 'lookup.%'") == []


# A student


@pytest.mark.usefixtures("club")
async def test_a_student_stands_with_record_sections_findings_and_classes(browser: Browser) -> None:
    text = words(await browser.of(f"students/{record_id(1)}"))

    assert "Committed roster Homeroom - Quillfeather - 0 Candidate roster no class" in text
    assert "student.multiple_sections" in text
    assert "2 shared, 2 kept by the filter" in text
    assert set(rows_of(browser.page, "Table of sections")) == {"Homeroom - Quillfeather - 0", CHESS}
    assert "SIS ID S-1" in text
    assert "birth date" not in text  # nothing asks for it, so that it is not kept
    assert "first name Tamsin" in text


@pytest.mark.usefixtures("club")
async def test_a_kept_section_says_why_it_does_not_count(browser: Browser, store: StoreUnderTest) -> None:
    rules = [
        {"all": [{"field": "name", "op": "contains", "value": value}]} for value in ("homeroom", "chess")
    ]
    chosen = {"strategy": "first_match", "rules": rules}
    await store.districts.set_filter(
        DISTRICT, SectionFilter.model_validate(chosen, strict=False), "ada", "rooms"
    )
    await evaluate(store)

    await browser.of(f"students/{record_id(1)}")

    filtered = {name: cells[-1] for name, cells in rows_of(browser.page, "Table of sections").items()}
    assert filtered == {
        "Homeroom - Quillfeather - 0": "kept",
        CHESS: "kept not counted: an earlier rule matched",
    }


async def test_a_student_who_was_deleted_is_told_of_as_committed(
    browser: Browser, feed: Feed, store: StoreUnderTest
) -> None:
    await store.districts.hold(DISTRICT, "ada", "wait")
    await feed.send(("users", record_id(1)))
    await evaluate(store)

    text = words(await browser.of(f"students/{record_id(1)}"))

    assert browser.status == 200
    assert "the next commit removes this record" in text
    assert "first name Tamsin blank" in text


@pytest.mark.parametrize("who", [record_id(500), record_id(999), "nobody", "x" * 500])
@pytest.mark.usefixtures("club")
async def test_who_is_no_student_is_told_of_in_plain_words(browser: Browser, who: str) -> None:
    text = await browser.of(f"students/{who}")

    assert browser.status == 404
    assert "Student not found" in text
    assert who in text
