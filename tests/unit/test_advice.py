"""When a district is advised to change its section filter, and how long advice is good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.messages.review import Cause
from schemas.words import Owner
from tests.support.builders.records import NOON, Json, cause
from worker.domain.preflight.policy import Code
from worker.domain.preflight.tally import Tally
from worker.domain.review.kept_suggestions import (
    FEW_PERCENT,
    LARGE,
    KeptSuggestions,
    SearchInput,
    changes_search,
    is_wanted,
    search_input,
    unplaced,
)
from worker.domain.roster.records import EventId, RecordId, RecordKind
from worker.domain.roster.staging import Change


def tally(students: int, none: int = 0, several: int = 0, **codes: int) -> Tally:
    counts = {"roster:student": students, "code:student.no_section": none}
    counts |= {"code:student.multiple_sections": several}
    return Tally(Counter(counts | {f"code:student.{code}": count for code, count in codes.items()}))


def test_students_with_no_class_and_with_several_are_unplaced_and_no_others() -> None:
    assert unplaced(tally(100, 3, 4, field_missing=50)) == 7
    assert unplaced(tally(100)) == 0


OF_FILTER = cause("filter.none_kept", Owner.FILTER, findings={Code.NO_SECTION.value: 1})


def wanted(one: Tally, *causes: Cause, was_rostered: bool) -> bool:
    return is_wanted(one, causes or [OF_FILTER], was_rostered=was_rostered)


def test_a_district_that_was_never_rostered_wants_advice_from_the_first_unplaced_student() -> None:
    assert wanted(tally(100_000, none=1), was_rostered=False)
    assert wanted(tally(100_000, several=1), was_rostered=False)
    assert not wanted(tally(100_000, field_missing=9), was_rostered=False)
    assert not wanted(tally(0), was_rostered=False)


def test_a_rostered_district_wants_it_where_more_than_a_few_are_unplaced() -> None:
    few = int(FEW_PERCENT * 10)
    assert not wanted(tally(1000, none=few), was_rostered=True)
    assert wanted(tally(1000, none=few, several=1), was_rostered=True)
    assert wanted(tally(1099, none=11), was_rostered=True)
    assert not wanted(tally(1100, none=11), was_rostered=True)
    assert not wanted(tally(0), was_rostered=True)


@pytest.mark.parametrize(
    "cause",
    [
        cause("sis.co_taught", Owner.SIS, findings={Code.MULTIPLE_SECTIONS.value: 20}),
        cause("sharing.sections_not_shared", Owner.SHARING, findings={Code.NO_SECTION.value: 20}),
        cause("filter.scope_narrowed", Owner.FILTER, findings={Code.DISTRICT_MASS_REMOVAL.value: 1}),
    ],
)
def test_where_the_filter_is_not_what_is_wrong_no_advice_is_wanted(cause: Cause) -> None:
    assert not wanted(tally(1000, several=20), cause, was_rostered=False)
    assert wanted(tally(1000, several=20), cause, OF_FILTER, was_rostered=False)


def holds(
    later: timedelta = timedelta(0), students: int = 200, none: int = 60, several: int = 40, **fields: int
) -> bool:
    found_for = SearchInput(filter_version=3, batch=7, none=60, several=40)
    now = replace(found_for, none=none, several=several, **fields)
    return KeptSuggestions(NOON, found_for, []).still_holds(NOON + later, now, students, "UTC")


def test_advice_holds_for_its_day() -> None:
    assert holds()
    assert holds(timedelta(hours=12) - timedelta(microseconds=1))
    assert not holds(timedelta(hours=12))


@pytest.mark.parametrize("version", [2, 4])
def test_advice_under_another_filter_does_not_hold(version: int) -> None:
    assert not holds(filter_version=version)


def test_advice_does_not_hold_once_what_it_was_found_in_has_changed() -> None:
    assert not holds(batch=8)


def test_as_many_students_without_a_class_as_were_in_several_are_another_district() -> None:
    assert not holds(none=40, several=60)
    assert not holds(none=0, several=100)
    assert not holds(none=61)


def test_in_a_large_district_single_students_are_no_other_district() -> None:
    assert holds(students=LARGE, none=60 + LARGE // 500, several=40 + LARGE // 500)
    assert not holds(students=LARGE, none=61 + LARGE // 500)
    assert not holds(students=LARGE, several=41 + LARGE // 500)
    assert not holds(students=LARGE - 1, none=61)
    assert not holds(students=LARGE, batch=8)


def user(grade: str = "3", last_name: str = "Marrow") -> Json:
    student = {"texts": {"school_id": "s", "grade": grade, "last_name": last_name}}
    return {"student": student}


def section(name: str = "Homeroom", students: Sequence[str] = ("a", "b")) -> Json:
    return {"name": name, "students": list(students)}


def change(kind: RecordKind, before: Json | None, after: Json | None) -> Change:
    return Change(kind, RecordId("r"), EventId("1"), before, after)


TEACHER: Json = {"teacher": {"first_name": "Ida", "last_name": "Marrow", "email": "ida@example.org"}}


@pytest.mark.parametrize(
    "changed",
    [
        change(RecordKind.SECTION, None, section()),
        change(RecordKind.SECTION, section(), None),
        change(RecordKind.SECTION, section(), section("Advisory")),
        change(RecordKind.COURSE, None, {"name": "Homeroom"}),
        change(RecordKind.TERM, {"end": "2026-06-01"}, {"end": "2026-06-02"}),
        change(RecordKind.SCHOOL, {"name": "One"}, {"name": "Other"}),
        change(RecordKind.USER, user(), {**user(), **TEACHER}),
        change(RecordKind.USER, TEACHER, {"teacher": {**TEACHER["teacher"], "last_name": "Pell"}}),
    ],
)
@pytest.mark.parametrize("students", [1, LARGE])
def test_what_a_search_reads_changes_it_in_districts_of_any_size(changed: Change, students: int) -> None:
    assert changes_search([changed], students)


@pytest.mark.parametrize(
    "changed",
    [
        change(RecordKind.SECTION, section(), section(students=["a"])),
        change(RecordKind.SECTION, section(), section(students=["a", "c"])),
        change(RecordKind.USER, None, user()),
        change(RecordKind.USER, user(), None),
        change(RecordKind.USER, user(), user(grade="4")),
    ],
)
def test_students_who_come_go_or_move_change_it_but_in_a_large_district(changed: Change) -> None:
    assert changes_search([changed], LARGE - 1)
    assert not changes_search([changed], LARGE)


@pytest.mark.parametrize(
    "changed",
    [
        change(RecordKind.DISTRICT, None, {"name": "One"}),
        change(RecordKind.USER, user(), user(last_name="Pell")),
        change(RecordKind.USER, TEACHER, {"teacher": {**TEACHER["teacher"], "email": None}}),
        change(RecordKind.SECTION, section(), section()),
    ],
)
def test_what_a_search_does_not_read_leaves_it(changed: Change) -> None:
    assert not changes_search([changed], 1)


def test_a_search_is_made_for_the_filter_the_last_batch_and_the_students_in_none_and_in_several() -> None:
    assert search_input(tally(100, 3, 4, field_missing=9), 5, 6) == SearchInput(5, 6, none=3, several=4)
    assert search_input(Tally(Counter()), 5, 6) == SearchInput(5, 6, none=0, several=0)
