"""Class changes folded to causes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.messages.review import Cause
from tests.support.builders.records import DISTRICT, NOON, later
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import (
    CauseFacts,
    ClassChange,
    Fate,
    Others,
    Removals,
    Removed,
    SchoolGrade,
)
from worker.domain.review.causes.folding import fold


def change(students: int, fate: Fate, school: str = "north", *, promoted: bool = False) -> ClassChange:
    return ClassChange(SchoolGrade(school, "3"), students, fate, promoted)


def changed(*groups: ClassChange, schools: tuple[str, ...] = ()) -> list[Cause]:
    code = Code.SCHOOL_CLASS_CHANGE if schools else Code.DISTRICT_CLASS_CHANGE
    ids = schools or (DISTRICT,)
    return fold(
        CauseFacts(DISTRICT, 1000, "", others=[Others(code, len(ids), ids, NOON)], class_changes=groups)
    )


@pytest.mark.parametrize(("most", "found"), [(900, [900, 100]), (901, [1001])])
def test_a_tenth_of_the_changes_is_a_cause_of_its_own_and_less_is_not(most: int, found: list[int]) -> None:
    folded = changed(change(most, Fate.NEW_ID), change(100, Fate.LEFT))

    assert [cause.class_changes for cause in folded] == found


def test_a_small_part_goes_with_the_same_of_two_equal_ones_in_every_order() -> None:
    groups = [change(50, Fate.NOT_KEPT), change(50, Fate.LEFT), change(5, Fate.UNSHARED)]

    expected = [("sis.students_reassigned", 55), ("filter.other_sections_kept", 50)]
    for some in (groups, groups[::-1]):
        assert [(cause.code, cause.class_changes) for cause in changed(*some)] == expected


@pytest.mark.parametrize(("promoted", "code"), [(51, "vendor.rollover"), (50, "sis.students_reassigned")])
def test_changes_into_another_grade_by_most_are_a_new_school_year(promoted: int, code: str) -> None:
    (cause,) = changed(change(promoted, Fate.LEFT, promoted=True), change(50, Fate.LEFT))

    assert cause.code == code


@pytest.mark.parametrize("fate", [Fate.NEW_ID, Fate.RENEWED, Fate.MADE_ANEW, Fate.MERGED])
def test_a_class_that_goes_on_at_another_school_moved_with_its_school(fate: Fate) -> None:
    group = replace(change(24, fate), moved_to="south")

    (cause,) = changed(group)

    assert (cause.code, cause.class_changes) == ("sis.classes_moved", 24)
    assert "they are at another school now" in cause.advice
    assert [one.code for one in changed(replace(group, fate=Fate.LEFT))] == ["sis.students_reassigned"]


def test_a_schools_finding_goes_with_most_of_its_own_changes() -> None:
    found = changed(
        change(60, Fate.NEW_ID), change(40, Fate.LEFT, school="south"), schools=("north", "south")
    )

    assert [(cause.code, cause.findings) for cause in found] == [
        ("sis.class_ids_changed", {"school.class_change": 1}),
        ("sis.students_reassigned", {"school.class_change": 1}),
    ]


def test_a_new_school_year_of_removals_and_changes_stands_since_the_older_finding() -> None:
    found = [
        Others(Code.DISTRICT_MASS_REMOVAL, 1, (DISTRICT,), later(60)),
        Others(Code.DISTRICT_CLASS_CHANGE, 1, (DISTRICT,), NOON),
    ]
    north = SchoolGrade("north", "3")
    facts = CauseFacts(
        DISTRICT,
        1000,
        "",
        others=found,
        removals=Removals([Removed(north, 100)], classes_committed=10, classes_removed=9, classes_new=9),
        class_changes=[change(30, Fate.LEFT)],
        cohorts={north: 100},
    )

    (cause,) = fold(facts)

    assert (cause.code, cause.since) == ("vendor.rollover", NOON)
