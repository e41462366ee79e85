"""Old pages read over newer events: of two versions of a record the one changed last stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d000000000000000000012"
RENAMED = ("student", "66e000000000000000120002")
NEW = ("student", "66e000000000000000120010")
UNCHANGED = "66e000000000000000120003"
OLD_PAGES = "pages-of-20-november"


@pytest.fixture
async def case(store: StoreUnderTest) -> CaseRunner:
    """The district with the changes of 28 November."""
    case = CaseRunner(store, case_folder(18))
    await case.happen("01-district.ndjson", "02-changes-of-28-november.ndjson")
    assert len(case.students()) == 13
    return case


def deletion(target: Path, **more: object) -> Path:
    """Write the deletion of a student that nobody changed since 20 November."""
    record = {"id": UNCHANGED, "district": DISTRICT, **more}
    event = {"id": "692b00000000000012000020", "type": "users.deleted", "data": {"object": record}}
    target.write_text(json.dumps(event) + "\n")
    return target


async def test_old_pages_change_nothing_newer_and_remove_no_newcomer(case: CaseRunner) -> None:
    before = case.roster()

    read = await case.read_pages(DISTRICT, OLD_PAGES)
    await case.evaluate()

    assert (case.roster(), case.reviews.messages) == (before, [])
    assert (read.older.older, read.older.kept) == (2, 1)


async def test_over_newer_lets_the_pages_stay(case: CaseRunner) -> None:
    read = await case.read_pages(DISTRICT, OLD_PAGES, over_newer=True)
    await case.evaluate()

    assert (case.roster()[RENAMED]["last_name"], NEW in case.roster()) == ("Park", False)
    assert (read.older.older, read.older.kept) == (0, 0)


async def test_publishing_the_old_pages_changes_nothing_either(case: CaseRunner) -> None:
    before = case.roster()

    await case.publish(*sorted((case.folder / OLD_PAGES).iterdir()))
    await case.evaluate()

    assert (case.roster(), case.reviews.messages) == (before, [])


@pytest.mark.parametrize("path", ["resync", "publish"])
@pytest.mark.parametrize("told", [{}, {"last_modified": "2026-11-20T00:00:00.000Z"}])
async def test_a_student_who_was_deleted_since_stays_deleted(
    case: CaseRunner, tmp_path: Path, path: str, told: dict[str, object]
) -> None:
    await case.happen(deletion(tmp_path / "deletion.ndjson", **told))
    assert len(case.students()) == 12

    if path == "resync":
        await case.resync(DISTRICT, OLD_PAGES)
    else:
        await case.publish(*sorted((case.folder / OLD_PAGES).iterdir()))
    await case.evaluate()

    assert ("student", UNCHANGED) not in case.roster()


async def test_pages_read_first_give_way_to_what_was_changed_after_them(store: StoreUnderTest) -> None:
    case = CaseRunner(store, case_folder(18))
    await case.resync(DISTRICT, OLD_PAGES)
    await case.evaluate()

    await case.happen("02-changes-of-28-november.ndjson")

    assert case.roster()[RENAMED]["last_name"] == "Newname"
    assert NEW in case.roster()


def pages_with(case: CaseRunner, target: Path, record_id: str, time: str) -> Path:
    """Write the old pages with another time on one record."""
    target.mkdir()
    for path in (case.folder / OLD_PAGES).iterdir():
        page = json.loads(path.read_text())
        for row in page["data"]:
            if row["data"]["id"] == record_id:
                row["data"]["last_modified"] = time
        (target / path.name).write_text(json.dumps(page))
    return target


async def test_a_record_of_a_page_newer_than_the_event_is_taken(case: CaseRunner, tmp_path: Path) -> None:
    pages = pages_with(case, tmp_path / "pages", RENAMED[1], "2026-11-28T00:00:00.001Z")

    await case.resync(DISTRICT, pages)
    await case.evaluate()

    assert case.roster()[RENAMED]["last_name"] == "Park"


async def test_one_newer_school_does_not_make_users_newer(case: CaseRunner, tmp_path: Path) -> None:
    before = case.students()
    pages = pages_with(case, tmp_path / "pages", "66e000000000000000120001", "2026-11-29T00:00:00Z")

    await case.resync(DISTRICT, pages)
    await case.evaluate()

    assert (case.students(), case.reviews.messages) == (before, [])
