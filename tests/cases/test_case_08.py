"""A published page without times is as new as the moment it is published; old rows change nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, case_folder, changed_copy
from tests.support.fixtures.store import StoreUnderTest
from worker.messaging.event_files import read_events
from worker.operations.row_report import RowReport

DISTRICT = "66d000000000000000000008"


@pytest.fixture
async def case(store: StoreUnderTest, tmp_path: Path) -> CaseRunner:
    """The district in review, as its term has ended too long ago to count on."""
    case = CaseRunner(store, case_folder(8))
    await case.set_filter(DISTRICT, "filter.json")
    ended = changed_copy(
        case.folder / "01-district.ndjson", tmp_path / "ended.ndjson", ("2026-11-20", "2026-08-21")
    )
    await case.happen(ended)
    assert case.commits.messages == []
    return case


async def test_a_page_of_terms_applies(case: CaseRunner) -> None:
    await case.happen("02-terms-page.json")

    assert (await case.show(DISTRICT))["status"] == "rostered"


async def test_the_same_as_an_event_after_the_page_changes_nothing_more(case: CaseRunner) -> None:
    await case.happen("02-terms-page.json", "03-the-same-as-an-event.ndjson")

    assert len(case.commits.messages) == 1


async def test_a_page_published_again_with_another_end_applies(case: CaseRunner, tmp_path: Path) -> None:
    ended = changed_copy(
        case.folder / "02-terms-page.json", tmp_path / "terms.json", ("2027-01-20", "2026-08-21")
    )

    await case.happen("02-terms-page.json", ended)

    assert (await case.show(DISTRICT))["status"] == "review"


@pytest.mark.parametrize(
    ("modified", "applies"), [("2025-11-29T14:15:27Z", False), ("2025-11-29T14:15:29Z", True), (None, True)]
)
async def test_a_row_of_a_section_is_compared_with_the_time_of_the_event_that_came_before(
    case: CaseRunner, tmp_path: Path, modified: str | None, *, applies: bool
) -> None:
    await case.happen("02-terms-page.json")
    section = next(
        event["data"]["object"]
        for line in (case.folder / "01-district.ndjson").read_text().splitlines()
        if (event := json.loads(line))["type"].startswith("sections.")
    )
    section |= {"name": "Homeroom - renamed", "last_modified": modified}
    page = tmp_path / "sections.json"
    page.write_text(json.dumps({"data": [{"data": section, "uri": f"/v3.1/sections/{section['id']}"}]}))
    report = RowReport(datetime.now(UTC))
    for event in read_events([page], report.now):
        report.add(event)

    older = await case.store.baselines.older_than_staged(report.versions)
    await case.happen(page)

    assert older == (0 if applies else 1)
    names = {record["name"] for (kind, _), record in case.roster().items() if kind == "class"}
    assert ("Homeroom - renamed" in names) is applies
