"""A row of a list without a record is unreadable and quarantined; the rest of the page is read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d000000000000000000010"
KNOWN = "66e0000000000000001000a1"
LOST = "66e0000000000000001000a2"
SECTION = {
    "id": "66e000000000000000100002",
    "district": DISTRICT,
    "school": "66e000000000000000100001",
    "name": "Homeroom",
    "students": [KNOWN, LOST],
    "teachers": [],
}


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder with the page of the case and a page of sections."""
    folder = tmp_path / "pages"
    folder.mkdir()
    shutil.copy(case_folder(16) / "users-page.json", folder / "users.json")
    rows = [{"data": SECTION, "uri": f"/v3.1/sections/{SECTION['id']}"}]
    (folder / "sections.json").write_text(json.dumps({"data": rows}))
    return folder


async def test_one_odd_row_of_saved_pages_holds_the_district_back(store: StoreUnderTest, pages: Path) -> None:
    case = CaseRunner(store, pages)

    await case.resync(DISTRICT, pages)
    await case.evaluate()

    assert case.last_review["findings"]["by_code"]["district.events_quarantined"] == 1
    rows = await store.rows("SELECT record_id FROM staged WHERE kind = 'user' AND record IS NOT NULL")
    assert [row["record_id"] for row in rows] == [KNOWN]


async def test_a_record_whose_row_cannot_be_read_stays_as_it_was(store: StoreUnderTest, pages: Path) -> None:
    case = CaseRunner(store, pages)
    page = json.loads((pages / "users.json").read_text())
    whole = {**page["data"][0]["data"], "id": LOST}
    readable = {**page, "data": [page["data"][0], {"data": whole, "uri": f"/v3.1/users/{LOST}"}]}
    (pages / "users.json").write_text(json.dumps(readable))
    await case.resync(DISTRICT, pages)
    await case.evaluate()

    (pages / "users.json").write_text(json.dumps(page))
    await case.resync(DISTRICT, pages)
    await case.evaluate()

    rows = await store.rows(
        "SELECT record_id FROM staged WHERE kind = 'user' AND record IS NOT NULL ORDER BY 1"
    )
    assert [row["record_id"] for row in rows] == [KNOWN, LOST]


async def test_a_published_page_puts_the_row_aside_and_goes_on(store: StoreUnderTest, pages: Path) -> None:
    case = CaseRunner(store, pages)

    await case.publish("users.json", "sections.json")
    await case.evaluate()

    assert [letter.headers["x-reason"] for letter in case.dead_letters.messages] == ["not_an_event"]
    assert case.last_review["findings"]["by_code"]["district.events_quarantined"] == 1
    rows = await store.rows("SELECT record_id FROM staged WHERE kind = 'user'")
    assert [row["record_id"] for row in rows] == [KNOWN]
