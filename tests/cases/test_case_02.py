"""A student who stands twice in saved pages: the version changed last stays, else the one read later."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d000000000000000000002"


def last_names(case: CaseRunner) -> set[str]:
    return {record["last_name"] for record in case.students().values()}


def changed_pages(case: CaseRunner, target: Path, september: Any, november: Any, *, swapped: bool) -> Path:
    """Write the pages with other times in the two files of users; `swapped`: the later file first."""
    shutil.copytree(case.folder / "pages", target)
    for name, time in (("a-users-september.json", september), ("b-users-november.json", november)):
        page = json.loads((target / name).read_text())
        for row in page["data"]:
            row["data"]["last_modified"] = time
        (target / name).write_text(json.dumps(page))
    if swapped:
        (target / "a-users-september.json").rename(target / "c-users-september.json")
    return target


async def test_saved_pages_give_the_latest_version_and_count_repeated_rows(store: StoreUnderTest) -> None:
    case = CaseRunner(store, case_folder(2))

    read = await case.read_pages(DISTRICT, "pages")
    await case.evaluate()

    assert last_names(case) == {"New"}
    assert (read.run.repeated, read.records, len(case.students())) == (13, 15, 12)


@pytest.mark.parametrize("swapped", [False, True])
@pytest.mark.parametrize(
    ("september", "november"),
    [
        ("2026-09-01T00:00:00.000Z", "2026-09-01T00:00:00.001Z"),
        ("2026-09-01T05:59:59+00:00", "2026-09-01T00:00:00-06:00"),
        ("2026-09-01", "2026-09-01T00:00:00.000001Z"),
        ("2026-09-01T00:00:00Z", None),
        ("2026-09-01T00:00:00Z", "2060-01-01T00:00:00Z"),
        ("Tue, 01 Sep 2026 00:00:00 GMT", "2026-09-02T00:00:00+0000"),
        (1788220800, 1788220801),
    ],
)
async def test_the_order_of_files_does_not_matter_nor_how_times_are_written(
    store: StoreUnderTest, tmp_path: Path, september: Any, november: Any, *, swapped: bool
) -> None:
    case = CaseRunner(store, case_folder(2))
    pages = changed_pages(case, tmp_path / "pages", september, november, swapped=swapped)

    await case.resync(DISTRICT, pages)
    await case.evaluate()

    assert last_names(case) == {"New"}


@pytest.mark.parametrize("time", [None, "2026-09-01T00:00:00Z", "soon", "2060-01-01T00:00:00Z"])
@pytest.mark.parametrize("swapped", [False, True])
async def test_of_two_versions_of_one_time_the_one_read_later_stays(
    store: StoreUnderTest, tmp_path: Path, time: str | None, *, swapped: bool
) -> None:
    case = CaseRunner(store, case_folder(2))
    pages = changed_pages(case, tmp_path / "pages", time, time, swapped=swapped)

    await case.resync(DISTRICT, pages)
    await case.evaluate()

    assert last_names(case) == ({"Old"} if swapped else {"New"})


@pytest.mark.parametrize("order", [1, -1])
async def test_publishing_the_pages_gives_the_same(store: StoreUnderTest, order: int) -> None:
    case = CaseRunner(store, case_folder(2))

    await case.publish(*sorted((case.folder / "pages").iterdir())[::order])
    await case.evaluate()

    assert last_names(case) == {"New"}
