"""Case 03: a grade that leaves the scope is told, and so is a scope that nobody has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cases.case_runner import CaseRunner, case_folder
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.section_filter import SectionFilter
from worker.operations.trial.service import try_filter

DISTRICT = "66d000000000000000000003"
STUDENTS = 69
KINDERGARTNERS = 9


async def rostered(store: StoreUnderTest) -> CaseRunner:
    case = CaseRunner(store, case_folder(3))
    await case.set_filter(DISTRICT, "filter-1.json")
    await case.happen("01-district.ndjson")
    return case


def filter_of(case: CaseRunner, **scope: list[str]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((case.folder / "filter-1.json").read_text())
    return document | ({"scope": scope} if scope else {})


async def test_a_grade_written_otherwise_is_told_when_its_students_leave(store: StoreUnderTest) -> None:
    case = await rostered(store)
    before = await case.show(DISTRICT)

    await case.happen("02-grade-code-changes.ndjson")

    after = await case.show(DISTRICT)
    assert before["students"]["outside_scope"] == 0
    assert before["findings"]["by_code"] == {}
    assert len(case.students()) == STUDENTS - KINDERGARTNERS
    assert after["students"]["outside_scope"] == KINDERGARTNERS
    assert after["findings"]["by_code"] == {
        "filter.scope_matches_nothing": 1,
        "student.left_scope": KINDERGARTNERS,
    }
    assert (after["findings"]["errors"], after["students"]["blocked"]) == (0, 0)
    told = await store.rows("SELECT detail FROM findings WHERE code = 'filter.scope_matches_nothing'")
    assert [row["detail"] for row in told] == [{"field": "grades", "value": "Kindergarten"}]


async def test_a_filter_on_a_grade_nobody_has_is_told_when_set(store: StoreUnderTest) -> None:
    case = await rostered(store)
    wanted = json.loads((case.folder / "filter-2.json").read_text())

    trial = await try_filter(store.trials, DISTRICT, SectionFilter.model_validate(wanted, strict=False))
    await case.set_filter(DISTRICT, "filter-2.json")
    await case.evaluate()

    assert trial["outside_scope"] == KINDERGARTNERS
    assert trial["scope_matches_nothing"] == [{"field": "grades", "value": "K"}]
    assert trial["by_code"]["student.left_scope"] == KINDERGARTNERS
    shown = await case.show(DISTRICT)
    assert shown["findings"]["by_code"]["filter.scope_matches_nothing"] == 1
    assert shown["students"]["outside_scope"] == KINDERGARTNERS


async def test_a_review_tells_it_too(store: StoreUnderTest) -> None:
    case = await rostered(store)
    await case.set_policy(DISTRICT, {"required_fields": ["dob"]})

    await case.happen("02-grade-code-changes.ndjson")

    review = case.last_review
    assert review["students"]["outside_scope"] == KINDERGARTNERS
    assert review["findings"]["by_code"]["student.left_scope"] == KINDERGARTNERS
    told = [one for one in review["findings"]["items"] if one["code"] == "filter.scope_matches_nothing"]
    assert [(one["severity"], one["field"], one["value"]) for one in told] == [
        ("warning", "grades", "Kindergarten")
    ]


@pytest.mark.parametrize(
    ("scope", "unmatched"),
    [
        ({"schools": ["66e000000000000000030001"]}, []),
        ({"schools": ["maple  PRIMARY"]}, []),
        ({"schools": ["66e000000000000000030001", "Oak"]}, [("schools", "Oak")]),
        ({"grades": ["kinder\u00adgarten", " 1"]}, []),
        ({"grades": ["Kindergarten", "KG", "kg "]}, [("grades", "KG")]),
        ({"grades": ["9"], "schools": ["Elm"]}, [("grades", "9"), ("schools", "Elm")]),
    ],
)
async def test_a_value_of_the_scope_is_told_if_no_shared_student_or_school_has_it(
    store: StoreUnderTest, scope: dict[str, list[str]], unmatched: list[tuple[str, str]]
) -> None:
    case = await rostered(store)
    wanted = SectionFilter.model_validate(filter_of(case, **scope), strict=False)

    trial = await try_filter(store.trials, DISTRICT, wanted)

    told_by_set = await store.pictures.scope_matches_nothing(DISTRICT, wanted.scope)
    _, picture = await store.pictures.read(DISTRICT)
    found = [(one["field"], one["value"]) for one in trial["scope_matches_nothing"]]
    assert sorted(found) == unmatched
    assert [(one.field, one.value) for one in told_by_set] == unmatched
    assert [
        (one.field, one.value) for one in picture.build().count(wanted).scope_matches_nothing
    ] == unmatched


@pytest.mark.parametrize("named", ["66e000000000000000030001", "maple  PRIMARY"])
async def test_a_school_of_the_scope_is_found_by_its_id_and_name(store: StoreUnderTest, named: str) -> None:
    case = await rostered(store)

    await case.set_filter(DISTRICT, filter_of(case, schools=[named]))
    await case.evaluate()

    assert (await case.show(DISTRICT))["students"]["outside_scope"] == 0
    assert len(case.students()) == STUDENTS


async def test_the_warnings_end_with_the_grade_or_the_filter(store: StoreUnderTest, tmp_path: Path) -> None:
    case = await rostered(store)
    await case.happen("02-grade-code-changes.ndjson")
    lines = (case.folder / "02-grade-code-changes.ndjson").read_text().replace('"KG"', '"Kindergarten"')
    back = [json.loads(line) for line in lines.splitlines()[:2]]
    for number, event in enumerate(back):
        event["id"] = f"692b0000000000000399999{number}"
    (tmp_path / "back.ndjson").write_text("\n".join(map(json.dumps, back)))

    await case.happen(tmp_path / "back.ndjson")
    some = (await case.show(DISTRICT))["findings"]["by_code"]
    await case.set_filter(DISTRICT, filter_of(case, grades=["Kindergarten", "1", "KG"]))
    await case.evaluate()

    assert some == {"student.left_scope": KINDERGARTNERS - len(back)}
    assert (await case.show(DISTRICT))["findings"]["by_code"] == {}
    assert len(case.students()) == STUDENTS
