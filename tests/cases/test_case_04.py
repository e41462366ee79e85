"""Between two terms: the last one counts on, and where none does it is the calendar that is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.cases.case_runner import CaseRunner, Json, case_folder, changed_copy
from tests.support.fixtures.store import StoreUnderTest

DISTRICT = "66d000000000000000000004"
FIRST_ENDS, SECOND_BEGINS = "2026-11-20", "2026-12-07"
STUDENTS = 12


def day(days: int) -> str:
    """Return a day, so many days after today."""
    return str(today() + timedelta(days=days))


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def district(store: StoreUnderTest, tmp_path: Path) -> Callable[..., CaseRunner]:
    def with_terms(ended: int, begins: int, *others: tuple[str, str]) -> CaseRunner:
        """Return the case with a first term that ended, and a second that begins, so many days from today."""
        source = case_folder(4) / "01-district.ndjson"
        usual = (
            (FIRST_ENDS, day(ended)),
            (SECOND_BEGINS, day(begins)),
            ("2026-08-20", day(ended - 90)),
            ("2027-05-20", day(begins + 160)),
        )
        days = [*others, *(one for one in usual if one[0] not in dict(others))]
        changed_copy(source, tmp_path / "district.ndjson", *days)
        return CaseRunner(store, tmp_path)

    return with_terms


def filter_in_force() -> Json:
    read: Json = json.loads((case_folder(4) / "filter.json").read_text())
    return read


async def judged(case: CaseRunner, section_filter: Json | None = None) -> None:
    await case.set_filter(DISTRICT, section_filter or filter_in_force())
    await case.happen("district.ndjson")


@pytest.mark.parametrize("ended", [-1, -9, -30])
async def test_in_a_gap_the_last_terms_classes_stay(district: Callable[..., CaseRunner], ended: int) -> None:
    case = district(ended, 8)

    await judged(case)

    assert case.reviews.messages == []
    assert len(case.students()) == STUDENTS
    terms = {record["term_id"] for (kind, _), record in case.roster().items() if kind == "class"}
    assert terms == {"66e00000000000000004000f"}
    (planned,) = await case.store.rows("SELECT reevaluate_at FROM districts")
    expected = min(today() + timedelta(days=8), today() + timedelta(days=ended + 31))
    assert planned["reevaluate_at"].date() == expected


async def test_a_district_can_have_less_grace(district: Callable[..., CaseRunner]) -> None:
    case = district(-9, 8)
    await judged(case)

    await case.set_policy(DISTRICT, {"term_grace_days": 8})
    await case.evaluate()

    assert case.last_review["findings"]["by_code"] == {"student.no_section": STUDENTS}


async def test_when_the_grace_ends_the_district_is_judged_again(district: Callable[..., CaseRunner]) -> None:
    case = district(-9, 40)
    await judged(case)
    await case.set_policy(DISTRICT, {"term_grace_days": 9})
    await case.evaluate()
    assert case.reviews.messages == []

    earlier = f"jsonb_set(record, '{{end}}', to_jsonb('{day(-10)}'::text))"
    await case.store.rows(
        f"UPDATE staged SET record = {earlier} WHERE kind = 'term' AND record ->> 'end' = $1", day(-9)
    )
    await case.store.rows(
        "UPDATE districts SET evaluated_on = evaluated_on - 1,"
        " reevaluate_at = reevaluate_at - interval '1 day'"
    )
    await case.evaluate()

    assert case.last_review["findings"]["by_code"] == {"student.no_section": STUDENTS}


@pytest.mark.parametrize("rules", [True, False])
async def test_where_no_term_counts_the_review_names_the_calendar_and_the_next_term(
    district: Callable[..., CaseRunner], rules: bool
) -> None:
    case = district(-31, 8)

    await judged(case, None if rules else {"current_term_only": True})

    (cause,) = case.last_review["causes"]
    assert (cause["code"], cause["owner"], cause["students"]) == ("sis.no_term_runs", "sis", STUDENTS)
    assert cause["advice"].startswith(
        "12 students at Maple Primary are in no class: none of their sections has a current term on "
        f"{today()}. The term “S1” ended on {day(-31)}. The next term “S2” begins on {day(8)}. "
        "The section filter does not have to change."
    )
    assert len(cause["sections"]) == 2
    assert case.last_review["suggestions"] == []


async def test_a_term_whose_days_are_swapped_is_named(district: Callable[..., CaseRunner]) -> None:
    case = district(-31, 8, ("2027-05-20", "2026-12-01"))

    await judged(case)

    advice = case.causes()["sis.no_term_runs"]["advice"]
    assert "These sections have no later term." in advice
    assert f"The start and end of this term are swapped: “S2” ({day(8)} to 2026-12-01)." in advice


async def test_a_student_no_term_would_place_is_not_told_to_wait(district: Callable[..., CaseRunner]) -> None:
    case = district(-31, 8)

    await judged(case, {**filter_in_force(), "rules": [_rule("art")]})

    assert case.causes().keys() == {"filter.nothing_kept"}


def _rule(name: str) -> Json:
    return {"all": [{"field": "name", "op": "contains", "value": name}]}
