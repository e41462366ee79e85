"""The verdict of a filter in a district: whether what it gives each student is the student's class."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.suggest.verdicts import names_told
from tests.support.districts.habits import TODAY, District
from tests.support.districts.habits.habit import keep, keep_any
from tests.support.districts.habits.towns import Town
from tests.support.districts.habits.verdict import Judgment, Verdict, judge
from worker.domain.roster.section_filter import SectionFilter
from worker.suggest.suggestions import Suggestion

HOMEROOM = keep(("name", "contains", "homeroom"))
PHYSICAL_EDUCATION = keep(("name", "contains", "phys ed"))
BOTH = keep_any([("name", "contains", "homeroom")], [("name", "contains", "phys ed")])


def district(best: SectionFilter | None = HOMEROOM, misplaced: int = 0) -> District:
    """Return a school of a hundred, two homerooms, and PE; by the homeroom's name so many are misplaced."""
    town = Town("verdicts", TODAY)
    school = town.school(("3", "4"), 100, staff=2)
    for grade, teacher in zip(("3", "4"), school.staff, strict=True):
        students = school.students[grade]
        home = town.section(school, students, [teacher], name=f"Homeroom {grade}", grade=grade)
        town.section(school, students, [teacher], name=f"Phys Ed {grade}", grade=grade)
        town.accept([home], students[misplaced:] if grade == "3" else None)
    return District(town.records, best, TODAY, town.classes())


def test_the_class_of_every_student_is_found() -> None:
    assert judge(district(), HOMEROOM) == Judgment(Verdict.FOUND, right=100, wrong=0, share=1.0)


def test_another_section_for_every_student_means_nothing() -> None:
    judged = judge(district(), PHYSICAL_EDUCATION)
    assert judged == Judgment(Verdict.MEANS_NOTHING, right=0, wrong=100, share=1.0)


def test_the_class_of_a_part_of_the_students_is_short() -> None:
    part = keep(("name", "contains", "homeroom"), ("grade", "is", "3"))
    assert judge(district(), part) == Judgment(Verdict.SHORT, right=50, wrong=0, share=0.5)


def test_the_class_of_a_part_and_another_section_for_the_rest_means_nothing() -> None:
    mixed = keep_any(
        [("name", "contains", "homeroom"), ("grade", "is", "3")],
        [("name", "contains", "phys ed"), ("grade", "is", "4")],
    )
    assert judge(district(), mixed) == Judgment(Verdict.MEANS_NOTHING, right=50, wrong=50, share=1.0)


@pytest.mark.parametrize(("misplaced", "verdict"), [(2, Verdict.FOUND), (3, Verdict.MEANS_NOTHING)])
def test_two_students_in_a_hundred_may_be_misplaced(misplaced: int, verdict: Verdict) -> None:
    judged = judge(district(misplaced=misplaced), HOMEROOM)
    assert (judged.verdict, judged.wrong) == (verdict, misplaced)


def test_two_sections_for_every_student_are_short() -> None:
    assert judge(district(), BOTH) == Judgment(Verdict.SHORT, right=0, wrong=0, share=0.0)


def test_a_scope_that_leaves_students_out_is_short() -> None:
    one_grade = keep_any([("name", "contains", "homeroom")], grades=["3"])
    assert judge(district(), one_grade) == Judgment(Verdict.SHORT, right=50, wrong=0, share=1.0)


def test_students_left_without_a_class_are_short_of_a_scope_without_them() -> None:
    one_grade = keep_any([("name", "contains", "homeroom")], grades=["3"])
    part = keep(("name", "is", "homeroom 3"))
    known = district(best=one_grade)
    assert judge(known, one_grade).verdict is Verdict.FOUND
    assert judge(known, part) == Judgment(Verdict.SHORT, right=50, wrong=0, share=0.5)


def test_no_suggestion_is_short_where_a_filter_is_known() -> None:
    assert judge(district(), None).verdict is Verdict.SHORT


def test_no_suggestion_is_right_where_no_filter_is_known() -> None:
    hopeless = district(best=None)
    assert judge(hopeless, None).verdict is Verdict.FOUND
    assert judge(hopeless, PHYSICAL_EDUCATION).verdict is Verdict.MEANS_NOTHING
    assert judge(hopeless, HOMEROOM).verdict is Verdict.FOUND


def test_where_a_partial_filter_is_known_less_is_short() -> None:
    partly = replace(
        district(best=None), partial=keep(("name", "contains", "homeroom"), ("grade", "is", "3"))
    )
    assert judge(partly, None).verdict is Verdict.SHORT
    assert judge(partly, HOMEROOM).verdict is Verdict.FOUND


def test_placements_are_the_sections_that_count() -> None:
    small = district()
    placed = small.placements(HOMEROOM)
    assert all(frozenset(sections) == small.classes[student] for student, sections in placed.items())


def saying(text: str, section_filter: SectionFilter = HOMEROOM) -> Suggestion:
    return Suggestion(
        section_filter,
        *(1, 0, 0),
        sharing_rules=True,
        text=text,
        leftovers=(),
        leftover_groups=0,
        is_in_force=False,
        was_cut_short=False,
        names_nobody=True,
    )


@pytest.mark.parametrize("text", ["Homeroom of Garcia.", "GARCIA", "name contains 'garc'", "garcia-3"])
def test_a_name_or_its_beginning_is_told_by_a_suggestions_text(text: str) -> None:
    named = replace(district(), names=frozenset({"garcia"}))
    assert names_told(named, [saying(text)])
    assert not names_told(named, [saying("Homeroom for grade 3: garden, gar.")])


def test_a_word_of_a_schools_name_is_no_beginning_of_a_persons() -> None:
    named = replace(district(), names=frozenset({"cedarholm", "ridge"}))
    assert names_told(named, [saying("At Cedar Ridge.")]) == {"ridge"}


def test_a_name_is_told_by_a_rules_value() -> None:
    named = replace(district(), names=frozenset({"garcia"}))
    assert names_told(named, [saying("", keep(("name", "one_of", ["Art", "Garcia 3"])))]) == {"garcia"}
