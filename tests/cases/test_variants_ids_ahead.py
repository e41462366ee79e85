"""An event whose id lies hours ahead of now keeps no later word on its record from being heard."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d000000000000000000014"
STUDENT = ("student", "66e000000000000000140007")
AHEAD = 23 * 3600


@pytest.fixture
async def case(store: StoreUnderTest, tmp_path: Path) -> CaseRunner:
    """A district with one update under an id that is 23 hours ahead."""
    case = CaseRunner(store, case_folder(20))
    await case.happen("01-district.ndjson", event(case, tmp_path, "Ahead", AHEAD))
    assert case.roster()[STUDENT]["last_name"] == "Ahead"
    assert case.dead_letters.messages == []
    return case


def event(case: CaseRunner, folder: Path, last_name: str, ahead: int, what: str = "updated") -> Path:
    """Write an event on the student, made so many seconds ahead of now."""
    read: Json = json.loads((case.folder / "02-odd-id.ndjson").read_text())
    read |= {"id": f"{int(time.time()) + ahead:08x}{'0' * 16}", "type": f"users.{what}"}
    read["data"]["object"]["name"]["last"] = last_name
    path = folder / f"{last_name}.ndjson"
    path.write_text(json.dumps(read) + "\n")
    return path


async def test_a_later_update_counts(case: CaseRunner, tmp_path: Path) -> None:
    await case.happen(event(case, tmp_path, "Later", 0))

    assert case.roster()[STUDENT]["last_name"] == "Later"


async def test_a_later_deletion_counts(case: CaseRunner, tmp_path: Path) -> None:
    await case.happen(event(case, tmp_path, "Gone", 0, "deleted"))

    assert STUDENT not in case.roster()


@pytest.mark.parametrize("deleted_before", [False, True])
async def test_a_baseline_counts(case: CaseRunner, tmp_path: Path, deleted_before: bool) -> None:
    if deleted_before:
        await case.happen(event(case, tmp_path, "Gone", AHEAD + 60, "deleted"))
        assert STUDENT not in case.roster()

    await case.resync(DISTRICT, "pages")
    await case.evaluate()

    assert case.roster()[STUDENT]["last_name"] not in {"Ahead", "Gone"}


async def test_ids_of_a_clock_minutes_ahead_keep_their_order(store: StoreUnderTest, tmp_path: Path) -> None:
    case = CaseRunner(store, case_folder(20))
    await case.happen("01-district.ndjson", event(case, tmp_path, "Second", 600))

    await case.happen(event(case, tmp_path, "First", 0))

    assert case.roster()[STUDENT]["last_name"] == "Second"
