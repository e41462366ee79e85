"""A record changed in the future: no time ahead of now lifts the floor under a district's events."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d000000000000000000013"
UPDATED = ("student", "66e000000000000000130002")
DELETED = ("student", "66e000000000000000130007")


def pages_changed_at(source: Path, target: Path, **times: str) -> Path:
    """Write the pages with other times, by record."""
    shutil.copytree(source, target)
    for path in target.iterdir():
        page = json.loads(path.read_text())
        for row in page["data"]:
            if row["data"]["id"] in times:
                row["data"]["last_modified"] = times[row["data"]["id"]]
        path.write_text(json.dumps(page))
    return target


async def both_events_count(case: CaseRunner) -> None:
    await case.happen("01-update.ndjson", "02-deletion.ndjson")
    assert case.roster()[UPDATED]["last_name"] == "Newname"
    assert DELETED not in case.roster()


async def test_events_after_pages_with_one_future_date_count(store: StoreUnderTest) -> None:
    case = CaseRunner(store, case_folder(19))

    read = await case.read_pages(DISTRICT, "pages")
    await case.evaluate()

    assert (read.ahead, len(case.students())) == (1, 12)
    await both_events_count(case)


@pytest.mark.parametrize("ahead", [timedelta(minutes=5), timedelta(days=1), timedelta(days=40_000)])
async def test_so_they_do_whoever_has_the_future_date(
    store: StoreUnderTest, tmp_path: Path, ahead: timedelta
) -> None:
    case = CaseRunner(store, case_folder(19))
    time = (datetime.now(UTC) + ahead).isoformat()
    pages = pages_changed_at(
        case.folder / "good-pages", tmp_path / "pages", **{UPDATED[1]: time, DELETED[1]: time}
    )

    await case.resync(DISTRICT, pages)
    await case.evaluate()

    await both_events_count(case)


async def test_so_they_do_after_pages_with_a_row_changed_now(store: StoreUnderTest, tmp_path: Path) -> None:
    case = CaseRunner(store, case_folder(19))
    now = datetime.now(UTC).isoformat()
    pages = pages_changed_at(
        case.folder / "good-pages", tmp_path / "pages", **{"66e000000000000000130003": now}
    )

    await case.resync(DISTRICT, pages)
    await case.evaluate()

    await both_events_count(case)


async def test_a_floor_ahead_of_now_that_is_found_in_the_database_is_mended(store: StoreUnderTest) -> None:
    case = CaseRunner(store, case_folder(19))
    await case.resync(DISTRICT, "good-pages")
    await case.evaluate()
    await store.rows("UPDATE districts SET floor = $1 || repeat('f', 16)", "a9315d80")
    await store.rows("UPDATE staged SET event_id = $1 || repeat('f', 16)", "a9315d80")

    await both_events_count(case)

    (row,) = await store.rows("SELECT floor FROM districts")
    assert row["floor"] < "a"


async def test_events_older_than_the_baseline_are_an_incident(store: StoreUnderTest, tmp_path: Path) -> None:
    case = CaseRunner(store, case_folder(19))
    await case.resync(DISTRICT, "good-pages")
    await case.evaluate()
    await store.rows("UPDATE districts SET floor = '6b0bffff' || repeat('f', 16)")

    await case.happen("02-deletion.ndjson")

    assert DELETED in case.roster()
    assert await codes(store) == ["events.under_floor"]
    event: Json = json.loads((case.folder / "01-update.ndjson").read_text())
    event["id"] = "6b0c" + event["id"][4:]
    (tmp_path / "newer.ndjson").write_text(json.dumps(event) + "\n")
    await case.happen(tmp_path / "newer.ndjson")
    assert await codes(store) == []


async def codes(store: StoreUnderTest) -> list[str]:
    """Return the codes of the open incidents."""
    return [row["code"] for row in await store.rows("SELECT code FROM incidents WHERE told IS NOT NULL")]
