"""After a purge: what was published before brings nothing back, and what is published anew counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d000000000000000000012"
LATER = timedelta(seconds=2)


@pytest.fixture
async def case(store: StoreUnderTest) -> CaseRunner:
    """A district that was committed, and then purged."""
    case = CaseRunner(store, case_folder(18))
    await case.happen("01-district.ndjson")
    await store.districts.purge(DISTRICT, "ada")
    return case


def pages(case: CaseRunner) -> list[Path]:
    return sorted((case.folder / "pages-of-20-november").iterdir())


async def test_pages_published_after_the_purge_count_however_old_they_are(case: CaseRunner) -> None:
    await case.publish(*pages(case), now=datetime.now(UTC) + LATER)
    await case.evaluate()

    assert len(case.commit_bodies) == 2
    assert len(case.students()) == 12
    assert (await case.show(DISTRICT))["status"] == "rostered"


async def test_pages_that_were_published_before_the_purge_bring_nothing_back(case: CaseRunner) -> None:
    await case.publish(*pages(case), now=datetime.now(UTC) - LATER)
    await case.evaluate()

    assert len(case.commit_bodies) == 1
    assert await case.store.rows("SELECT FROM inbox UNION ALL SELECT FROM staged") == []


async def test_events_from_before_the_purge_bring_nothing_back(case: CaseRunner) -> None:
    await case.happen("01-district.ndjson", "02-changes-of-28-november.ndjson")

    assert (len(case.commit_bodies), case.reviews.messages) == (1, [])
    assert await case.store.rows("SELECT FROM inbox UNION ALL SELECT FROM staged") == []
