"""What the store gathers for the causes of a review, and how old it says that errors are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.suggest.small import keeping
from tests.support.builders.records import (
    DISTRICT,
    Json,
    course_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
    term_json,
)
from tests.support.fixtures.people import Feed, evaluate
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.section_filter import SectionFilter
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.ingest.inbox import Quarantined
from worker.runtime.metrics import Metrics

CLEVER_DEMO = Path(__file__).parents[3] / "shared" / "clever-demo"
NORTH, SOUTH = 900, 901


HOMEROOMS = keeping(("subject", "is", "homeroom/advisory"))


@dataclass
class District:
    """A district whose events are stored and evaluated at once."""

    store: StoreUnderTest
    feed: Feed

    async def happen(self, collection: str, *records: Json, is_deleted: bool = False) -> None:
        told = [str(record["id"]) if is_deleted else record for record in records]
        await self.feed.send(*((collection, one) for one in told))

    async def students(self, *numbers: int, school: int = NORTH, **role: Any) -> None:
        records = [student_json(number, {"school": record_id(school)} | role) for number in numbers]
        await self.happen("users", *records)

    async def section(self, number: int, students: list[int], **fields: Any) -> None:
        listed = [record_id(student) for student in students]
        await self.happen("sections", section_json(number, students=listed, **fields))

    async def review(self) -> Json:
        """Judge what happened, and return the last review."""
        await evaluate(self.store)
        rows = await self.store.rows("SELECT routing_key, envelope FROM outbox ORDER BY position")
        bodies = [row["envelope"] for row in rows if row["routing_key"].startswith("review.")]
        found: Json = json.loads(bodies[-1])
        return found

    async def causes(self) -> dict[str, Json]:
        """Judge what happened, and return the causes of the last review by their codes."""
        review = await self.review()
        found = {cause["code"]: cause for cause in review["causes"]}
        assert len(found) == len(review["causes"])
        folded = sum(sum(cause["findings"].values()) for cause in review["causes"])
        assert folded == review["findings"]["errors"]
        return found


@pytest.fixture
async def district(store: StoreUnderTest) -> District:
    """Lend a district with two schools, a term, a course and two teachers, and the filter of homerooms."""
    found = District(store, Feed(store))
    await store.districts.set_filter(DISTRICT, HOMEROOMS, "test")
    await found.happen("schools", school_json(NORTH), school_json(SOUTH))
    await found.happen("terms", term_json())
    await found.happen("courses", course_json())
    await found.happen("users", teacher_json(500), teacher_json(501, name={"first": "Ida", "last": "Marrow"}))
    return found


async def test_two_kinds_of_section_are_told_by_words_that_are_no_teachers(district: District) -> None:
    await district.students(*range(1, 21))
    await district.section(700, list(range(1, 11)), name="Homeroom - Quillfeather - 0")
    await district.section(701, list(range(11, 21)), name="Homeroom - Marrow - 0")
    for number, teacher in ((702, 500), (703, 501)):
        half = list(range(1, 7)) if number == 702 else list(range(11, 15))
        fields = {"teacher": record_id(teacher), "teachers": [record_id(teacher)]}
        await district.section(number, half, name="Chess Club Marrow Quillfeather", **fields)

    cause = (await district.causes())["filter.several_kinds_kept"]

    assert (cause["students"], cause["unblocks"], cause["owner"]) == (10, 10, "filter")
    assert "“chess club” and “homeroom”" in cause["advice"]
    assert cause["sections"] == [record_id(number) for number in (700, 702, 701, 703)]
    assert (cause["schools"], cause["school_count"], cause["grades"]) == ([record_id(NORTH)], 1, ["3"])


async def test_a_section_of_a_term_that_is_over_is_told_to_be_one(district: District) -> None:
    await district.happen("terms", term_json(851, start_date="2019-08-10", end_date="2020-06-01"))
    await district.happen("terms", term_json(start_date="2019-08-10", end_date="2999-06-01"))
    await district.students(1, 2, 3)
    await district.section(700, [1, 2, 3])
    await district.section(701, [1, 2], term_id=record_id(851))

    cause = (await district.causes())["filter.other_terms_kept"]

    assert cause["students"] == 2


async def test_with_no_rule_in_force_that_is_the_cause(district: District) -> None:
    await district.store.districts.set_filter(DISTRICT, SectionFilter(), "test")
    await district.students(1, 2)
    await district.section(700, [1, 2])
    await district.section(701, [1, 2])

    assert list(await district.causes()) == ["filter.no_rules"]


async def test_a_grade_without_a_kept_section_is_told_from_a_student_without_one(district: District) -> None:
    await district.students(*range(1, 11), grade="9")
    await district.students(*range(11, 31))
    await district.students(31, 32, school=SOUTH)
    await district.section(700, list(range(11, 30)))
    await district.section(701, [*range(1, 10), 31], subject="math")

    causes = await district.causes()

    assert {code: cause["students"] for code, cause in causes.items()} == {
        "filter.grade_not_kept": 9,
        "filter.none_kept": 1,
        "sharing.sections_not_shared": 1,  # one of the ten of his grade, of whom none has a class
        "sis.in_no_section": 2,
    }
    assert causes["filter.grade_not_kept"]["grades"] == ["9"]


async def test_fields_and_identities_are_folded_by_field_and_by_school(district: District) -> None:
    await district.students(*range(1, 41))
    await district.students(*range(41, 56), school=SOUTH, grade="")
    await district.students(1, 2, grade="")
    await district.students(3, sis_id="the same")
    of_another_name = student_json(4, {"sis_id": "the same"}, name={"first": "Odo", "last": "Wren"})
    await district.happen("users", of_another_name)
    await district.section(700, list(range(1, 56)))

    causes = await district.causes()

    assert {code: (cause["students"], cause["field"]) for code, cause in causes.items()} == {
        "sis.field_missing_at_school": (15, "grade"),
        "sis.field_missing": (2, "grade"),
        "sis.duplicate_identity": (2, "sis_id"),
    }
    assert causes["sis.field_missing_at_school"]["schools"] == [record_id(SOUTH)]


async def test_a_student_with_two_errors_is_unblocked_by_none_of_their_causes(district: District) -> None:
    await district.students(1, 2, grade="")
    await district.section(700, [1])

    causes = await district.causes()

    assert {code: (cause["students"], cause["unblocks"]) for code, cause in causes.items()} == {
        "sis.field_missing": (2, 1),
        "sis.in_no_section": (1, 0),
    }


async def rostered(district: District) -> None:
    """Let two schools of forty students be committed, in grades 3 and 4."""
    for first, school in ((1, NORTH), (41, SOUTH)):
        await district.students(*range(first, first + 20), school=school, grade="3")
        await district.students(*range(first + 20, first + 40), school=school, grade="4")
    await district.section(700, list(range(1, 41)))
    await district.section(701, list(range(41, 81)), school=record_id(SOUTH))
    await evaluate(district.store)


async def test_each_former_class_is_told_only_for_what_became_of_it(district: District) -> None:
    await rostered(district)
    await district.section(700, list(range(1, 40)))
    await district.section(701, list(range(41, 81)), school=record_id(SOUTH), subject="math")
    await district.section(702, [40], name="Chess", subject="math")

    causes = await district.causes()

    taken_out, changed = causes["sis.taken_out_of_class"], causes["sis.sections_changed"]
    assert (taken_out["students"], taken_out["sections"]) == (1, [record_id(700)])
    assert (changed["students"], changed["sections"]) == (40, [record_id(701)])


async def vanish(district: District, *numbers: int) -> None:
    await district.happen("users", *(student_json(number) for number in numbers), is_deleted=True)


async def test_a_school_that_vanished_is_one_cause_of_all_that_it_removes(district: District) -> None:
    await rostered(district)
    await vanish(district, *range(41, 81))
    await district.happen("schools", school_json(SOUTH), is_deleted=True)
    await district.section(701, [], school=record_id(SOUTH))

    review = await district.review()

    (cause,) = review["causes"]
    assert (cause["code"], cause["removed"], cause["students"]) == ("sharing.school_vanished", 40, 0)
    assert cause["findings"] == {"district.mass_removal": 1, "school.mass_removal": 1}
    assert f"approve {DISTRICT} --plan {review['plan']['digest'][:12]} " in cause["advice"]


async def test_a_grade_that_vanished_from_its_schools_is_a_narrowed_rule(district: District) -> None:
    await rostered(district)
    await vanish(district, *range(21, 41), *range(61, 81))

    (cause,) = (await district.causes()).values()

    assert (cause["code"], cause["removed"], cause["grades"]) == ("sharing.rule_narrowed", 40, ["4"])
    assert cause["school_count"] == 2


async def test_a_school_that_was_never_told_of_has_not_vanished(district: District) -> None:
    await district.students(*range(1, 41), school=999)
    await district.section(700, list(range(1, 41)))
    await evaluate(district.store)
    await vanish(district, *range(1, 16))

    assert list(await district.causes()) == ["sharing.students_vanished"]


async def test_students_out_of_a_narrowed_scope_are_told_to_be_shared_still(district: District) -> None:
    await rostered(district)
    narrow = keeping(("subject", "is", "homeroom/advisory"), scope={"grades": ["3"]})
    await district.store.districts.set_filter(DISTRICT, narrow, "test")

    (cause,) = (await district.causes()).values()

    assert (cause["code"], cause["removed"], cause["grades"]) == ("filter.scope_narrowed", 40, ["4"])


async def test_classes_replaced_while_students_leave_are_a_new_school_year(district: District) -> None:
    await rostered(district)
    await vanish(district, *range(1, 16))
    for old, new, school, students in ((700, 710, NORTH, range(16, 41)), (701, 711, SOUTH, range(41, 81))):
        await district.happen("sections", section_json(old), is_deleted=True)
        await district.section(new, list(students), school=record_id(school))

    (cause,) = (await district.causes()).values()

    assert (cause["code"], cause["removed"]) == ("vendor.rollover", 15)
    assert "2 of 2 classes would be replaced" in cause["advice"]


async def test_what_holds_a_district_back_as_a_whole_is_a_cause(district: District) -> None:
    quarantined = Quarantined(DISTRICT, b"1" * 32, "invalid", "what was expected")
    await district.store.inbox.store([], [], [quarantined])

    causes = await district.causes()

    assert set(causes) == {"sharing.no_students", "vendor.events_quarantined"}
    assert causes["vendor.events_quarantined"]["advice"].startswith("1 event of this district")


async def test_a_scope_without_students_is_told_from_a_district_without(district: District) -> None:
    await district.students(1)
    scope = SectionFilter.model_validate({"scope": {"grades": ["12"]}}, strict=False)
    await district.store.districts.set_filter(DISTRICT, scope, "test")

    assert list(await district.causes()) == ["filter.nobody_in_scope"]


# What is new, what resolved, what stands and since when


async def test_a_review_says_what_is_new_what_resolved_and_what_stands_since_when(district: District) -> None:
    await district.students(1, 2, 3)
    await district.section(700, [1])
    first = await district.review()
    await district.section(700, [1, 2])
    await district.students(3, grade="")
    second = await district.review()

    assert first["findings"]["changes"] == {"new": {"student.no_section": 2}, "resolved": {}, "standing": {}}
    assert second["findings"]["changes"] == {
        "new": {"student.field_missing": 1},
        "resolved": {"student.no_section": 1},
        "standing": {"student.no_section": 1},
    }
    ages = {
        item["code"]: item["since"] for item in second["findings"]["items"] if item["severity"] == "error"
    }
    assert ages["student.no_section"] == first["findings"]["since"] == second["findings"]["since"]
    assert ages["student.field_missing"] > ages["student.no_section"]
    assert {cause["code"]: cause["since"] for cause in second["causes"]} == {
        "sis.in_no_section": ages["student.no_section"],
        "sis.field_missing": ages["student.field_missing"],
    }


async def test_an_error_that_comes_back_before_it_was_told_to_be_gone_stands_anew(district: District) -> None:
    await district.students(1, 2)
    await district.section(700, [])
    first = await district.review()
    hour = timedelta(hours=1)
    patient = EvaluateStage(district.store.evaluations, WindowLimits(hour, hour, 1, hour), Metrics())
    await district.section(700, [1])
    assert await patient.once()  # deferred: closed by its size, and not told
    await district.section(700, [])
    await district.students(2, grade="")
    second = await district.review()

    ages = {
        (item["code"], item["id"]): item["since"]
        for item in second["findings"]["items"]
        if item["severity"] == "error"
    }
    assert ages["student.no_section", record_id(1)] > first["findings"]["since"]
    assert ages["student.no_section", record_id(2)] == first["findings"]["since"]
    assert second["findings"]["changes"]["standing"] == {"student.no_section": 2}


# The demo district


@pytest.mark.skipif(not CLEVER_DEMO.is_dir(), reason=f"Clever's demo district is not at {CLEVER_DEMO}")
async def test_clevers_demo_district_by_subject_has_at_most_three_causes(store: StoreUnderTest) -> None:
    district = District(store, Feed(store))
    for name in ("users", "sections"):
        pages = json.loads((CLEVER_DEMO / f"{name}.json").read_text())["data"]
        await district.happen(name, *(page["data"] for page in pages))
    (district_id,) = {row[0] for row in await store.rows("SELECT DISTINCT district_id FROM inbox")}
    await store.districts.set_filter(district_id, HOMEROOMS, "test")

    review = await district.review()

    assert review["findings"]["errors"] == 417
    assert len(review["causes"]) <= 3
    assert "“advisory”" in review["causes"][0]["advice"]
    assert "“homeroom”" in review["causes"][0]["advice"]
    assert sum(cause["unblocks"] for cause in review["causes"]) == 417
    teachers = await store.rows(
        "SELECT record #>> '{teacher,last_name}' AS name FROM staged WHERE record ? 'teacher'"
    )
    told = json.dumps([cause["advice"] for cause in review["causes"]]).casefold()
    assert not [row["name"] for row in teachers if row["name"] and row["name"].casefold() in told.split()]
    assert datetime.fromisoformat(review["findings"]["since"]) <= datetime.now(UTC)
