"""An event under an id that is none: a dead letter, and nothing that a baseline would ever start from."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, case_folder, changed_copy
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d000000000000000000014"
ODD_ID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
BY_HAND = ("student", "66e000000000000000140007")
AFTER = ("student", "66e000000000000000140002")


@pytest.mark.parametrize("odd", [ODD_ID, "f" * 24, ""])
async def test_an_odd_id_is_a_dead_letter_and_deafens_nobody(
    store: StoreUnderTest, tmp_path: Path, odd: str
) -> None:
    case = CaseRunner(store, case_folder(20))
    await case.happen("01-district.ndjson")
    event = changed_copy(case.folder / "02-odd-id.ndjson", tmp_path / "odd.ndjson", (ODD_ID, odd))

    await case.happen(event)

    assert [letter.headers["x-reason"] for letter in case.dead_letters.messages] == ["bad_id"]
    assert case.last_review["findings"]["by_code"] == {"district.events_quarantined": 1}
    assert case.roster()[BY_HAND]["last_name"] != "Byhand"
    await case.resync(DISTRICT, "pages")
    await case.evaluate()
    await case.happen("03-after-the-baseline.ndjson")
    assert case.roster()[AFTER]["last_name"] == "After"


@pytest.mark.parametrize(("ahead", "letters"), [(23 * 3600, 0), (25 * 3600, 1)])
async def test_an_id_may_be_a_day_ahead_and_never_lifts_the_floor(
    store: StoreUnderTest, tmp_path: Path, ahead: int, letters: int
) -> None:
    case = CaseRunner(store, case_folder(20))
    await case.happen("01-district.ndjson")
    made = f"{int(time.time()) + ahead:08x}{'0' * 16}"
    event = changed_copy(case.folder / "02-odd-id.ndjson", tmp_path / "odd.ndjson", (ODD_ID, made))

    await case.happen(event)
    await case.resync(DISTRICT, "pages")
    await case.evaluate()
    await case.happen("03-after-the-baseline.ndjson")

    assert len(case.dead_letters.messages) == letters
    assert case.roster()[AFTER]["last_name"] == "After"


async def test_an_id_in_upper_case_is_the_same_event(store: StoreUnderTest, tmp_path: Path) -> None:
    case = CaseRunner(store, case_folder(20))
    await case.happen("01-district.ndjson", "03-after-the-baseline.ndjson")
    upper = changed_copy(
        case.folder / "03-after-the-baseline.ndjson",
        tmp_path / "upper.ndjson",
        ("6b0b00000000000014000011", "6B0B00000000000014000011"),
        ('"After"', '"Again"'),
    )

    await case.happen(upper)

    assert case.roster()[AFTER]["last_name"] == "After"
    assert case.dead_letters.messages == []


async def test_what_an_odd_id_left_in_the_database_is_mended(store: StoreUnderTest) -> None:
    case = CaseRunner(store, case_folder(20))
    await case.happen("01-district.ndjson")
    await store.rows("UPDATE districts SET floor = $1", ODD_ID)
    await store.rows("UPDATE staged SET event_id = $1", ODD_ID)

    await case.happen("03-after-the-baseline.ndjson")

    assert case.roster()[AFTER]["last_name"] == "After"
