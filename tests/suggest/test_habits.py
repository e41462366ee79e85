"""The generator of districts with habits, on a few of them; the whole set is in the contract tests."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from tests.support.districts.habits import HABITS, TODAY, Habit, large
from tests.support.districts.oracle import Committed, judge
from worker.domain.preflight.policy import Code, Policy
from worker.domain.roster.records import RecordKind, section_from_json, student_from_json
from worker.domain.roster.section_filter import KEEP_ALL

BY_NAME = {habit.name: habit for habit in HABITS}
SAMPLE = [
    BY_NAME[name]
    for name in ("homeroom_by_name", "noise_of_one_percent", "homeroom_each_semester", "random_words")
]

sampled = pytest.mark.parametrize("habit", SAMPLE, ids=lambda habit: habit.name)


def test_there_are_many_habits_each_with_a_name_of_its_own_and_a_sentence() -> None:
    assert len(BY_NAME) == len(HABITS) >= 36
    assert all(habit.sentence.endswith(".") for habit in HABITS)


@sampled
def test_the_same_seed_gives_the_same_district_and_another_seed_another_one(habit: Habit) -> None:
    assert habit.district(seed=3) == habit.district(seed=3)
    assert habit.district(seed=3).records != habit.district(seed=4).records


@sampled
def test_records_are_as_they_are_staged(habit: Habit) -> None:
    for (_, record_id), record in habit.district().records.items():
        assert re.fullmatch("[0-9a-f]{24}", record_id)
        assert all(value != "" and value is not None for value in record.values())
        for ids in (record.get("students", []), record.get("teachers", [])):
            assert ids == sorted(set(ids))


@sampled
def test_sections_list_students_that_are_there_at_schools_and_courses_that_are_there(habit: Habit) -> None:
    records = habit.district().records
    for (kind, record_id), record in records.items():
        if kind is RecordKind.SECTION:
            section = section_from_json(record_id, record)
            assert all(
                student_from_json(listed, records.get((RecordKind.USER, listed)))
                for listed in section.students
            )
            assert (RecordKind.SCHOOL, section.school_id) in records
            assert section.course_id is None or (RecordKind.COURSE, section.course_id) in records


@pytest.mark.parametrize("name", ["one_room", "resource_room_first"])
def test_coverage_is_counted_as_the_preflight_counts(name: str) -> None:
    district = BY_NAME[name].district()
    assert district.best is not None
    for section_filter in (district.best, KEEP_ALL):
        judged = judge("d1", district.records, section_filter, Policy(), TODAY, Committed({}, {}))
        codes = [finding.code for finding in judged.findings]
        counted = district.coverage(section_filter)
        assert counted.none == codes.count(Code.NO_SECTION)
        assert counted.several == codes.count(Code.MULTIPLE_SECTIONS)
        assert sum(counted) == sum(kind == "student" for kind, _ in judged.entries)


def test_a_filter_of_current_terms_follows_the_day_that_is_given() -> None:
    habit = BY_NAME["homeroom_each_semester"]
    assert habit.district(today=date(2027, 9, 20)).best == habit.district().best
    spring = habit.district()
    assert spring.best is not None
    assert spring.coverage(spring.best).share == 1.0
    anyhow = spring.best.model_copy(update={"current_term_only": False})
    assert spring.coverage(anyhow).several == sum(spring.coverage(anyhow))


def test_a_large_district_fits_its_filter_but_for_the_noise() -> None:
    rows = list(large.rows(3_000))
    assert rows == list(large.rows(3_000))
    records = {(kind, record_id): record for kind, record_id, record in rows}
    assert len(records) == len(rows)
    district = BY_NAME["one_room"].district()
    found = replace(district, records=records).coverage(large.BEST)
    assert sum(found) == 3_000
    assert 0.97 <= found.share <= 0.985
    listed = sum(len(record["students"]) for record in records.values() if "students" in record)
    assert 7.9 <= listed / 3_000 <= 8.3
