"""The runner of cases itself."""

from __future__ import annotations

from pathlib import Path

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest

FIRST_CASE = 1


async def test_what_is_published_is_committed_for_a_consumer_to_read(store: StoreUnderTest) -> None:
    case = CaseRunner(store, case_folder(FIRST_CASE))

    published = await case.publish("01-district.ndjson")
    await case.evaluate()

    lines = (case.folder / "01-district.ndjson").read_text().splitlines()
    assert published == len(lines)
    assert len(case.students()) == 100
    assert case.reviews.messages == []
    assert case.dead_letters.messages == []


async def test_an_unreadable_line_ends_among_the_dead_letters(store: StoreUnderTest, tmp_path: Path) -> None:
    (tmp_path / "broken.ndjson").write_text('{"type":"users.created","id":"x"}\n')
    case = CaseRunner(store, tmp_path)

    await case.publish("broken.ndjson")

    assert len(case.dead_letters.messages) == 1
