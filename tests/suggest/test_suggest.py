"""What is suggested to small districts, one habit at a time."""

from __future__ import annotations

import pytest

from tests.suggest.small import FALL, SPRING, SmallDistrict, coverage, elementary, keeping, values
from tests.suggest.surveys import suggestions, survey_of
from worker.domain.roster.section_filter import Condition, Rule, Scope, SectionFilter
from worker.suggest.deadline import Deadline
from worker.suggest.search import MOST_SUGGESTIONS
from worker.suggest.suggestions import MOST_LEFTOVERS, suggest

ADVISORY = "homeroom/advisory"


# What comes first


@pytest.mark.parametrize("without", [0, 2])
def test_homerooms_come_before_what_only_counts_as_well_or_a_little_better(without: int) -> None:
    district, pupils, staff = elementary()
    assert coverage(suggestions(district.records)[0]) == (100, 0, 0)
    district.sections(pupils[without:], staff, "Homeroom", subject="other", period="0")

    first, *others = suggestions(district.records)

    assert first.section_filter == keeping(("name", "contains", "homeroom"))
    assert coverage(first) == (100 - without, without, 0)
    assert coverage(others[0]) == (100, 0, 0)


def test_what_only_counts_comes_first_where_homerooms_serve_few() -> None:
    district, pupils, staff = elementary()
    district.sections(pupils[30:], staff, "Homeroom", subject="other", period="0")

    assert coverage(suggestions(district.records)[0]) == (100, 0, 0)


def test_of_two_kinds_in_one_subject_the_words_are_told_that_set_one_apart() -> None:
    district, pupils, staff = elementary()
    district.sections(pupils, staff, "Homeroom", subject=ADVISORY)
    district.sections(pupils[:60], staff, "Chess", subject=ADVISORY)

    first = suggestions(district.records)[0]

    assert first.section_filter == keeping(("name", "contains", "homeroom"))
    assert first.text == 'Match all sections where name contains "homeroom"'
    assert first.sharing_rules


def test_students_of_two_kinds_of_class_get_a_rule_for_each() -> None:
    district, pupils, staff = elementary()
    district.sections(pupils[:50], staff, "Homeroom", period="3")
    district.sections(pupils[50:], staff, "Advisory", period="3")
    district.sections(pupils[:80], staff, "Club", period="3")

    first = suggestions(district.records)[0]

    assert coverage(first) == (100, 0, 0)
    assert values([first]) == {"homeroom", "advisory"}


# Scope and terms


def test_the_scope_in_force_is_kept_and_nobody_out_of_it_is_counted() -> None:
    district, pupils, staff = elementary()
    older = district.students(40, grade="9")
    district.sections(pupils, staff, "Homeroom")
    district.sections(older, staff, "Seminar")
    scope = Scope(grades=("3",))

    found = suggestions(district.records, in_force=SectionFilter(scope=scope))

    assert coverage(found[0]) == (100, 0, 0)
    assert {sum(coverage(one)) for one in found} == {100}
    assert {one.section_filter.scope for one in found} == {scope}
    assert {sum(coverage(one)) for one in suggestions(district.records)} == {140}


def homerooms_by_term(later_name: str) -> SmallDistrict:
    district, pupils, staff = elementary()
    for days, name in ((FALL, "Homeroom"), (SPRING, later_name)):
        district.sections(pupils, staff, name, period="1", term_id=district.term(days, f"Term {days[0]}"))
    return district


def test_terms_are_looked_at_where_sections_of_others_would_be_counted_too() -> None:
    first = suggestions(homerooms_by_term("Homeroom").records)[0]

    assert first.section_filter == keeping(("name", "contains", "homeroom"), current_term_only=True)
    assert coverage(first) == (100, 0, 0)
    assert not first.sharing_rules


def test_terms_are_not_looked_at_where_they_make_no_difference() -> None:
    first = suggestions(homerooms_by_term("Seminar").records)[0]

    assert first.section_filter == keeping(("name", "contains", "homeroom"))
    assert first.sharing_rules


def test_a_district_that_looks_at_terms_goes_on_to() -> None:
    in_force = SectionFilter(current_term_only=True)

    found = suggestions(homerooms_by_term("Seminar").records, in_force=in_force)

    assert {one.section_filter.current_term_only for one in found} == {True}


def test_a_filter_in_force_that_keeps_other_terms_is_not_taken_for_one_of_current_terms() -> None:
    in_force = keeping(("name", "contains", "homeroom"))

    first, *others = suggestions(homerooms_by_term("Homeroom").records, in_force=in_force)

    assert (first.section_filter.current_term_only, coverage(first)) == (True, (100, 0, 0))
    assert not any(one.is_in_force for one in (first, *others))


def test_between_two_terms_all_sections_count() -> None:
    district, pupils, staff = elementary(0)
    pupils = district.students(60)
    district.sections(pupils, staff, "Homeroom", term_id=district.term(SPRING, "Spring"))

    first = suggestions(district.records)[0]

    assert (coverage(first), first.section_filter.current_term_only) == ((60, 0, 0), False)


# Schools


def two_schools() -> tuple[SmallDistrict, str, str]:
    """Return a district whose second school calls homerooms by a word that means clubs at the first."""
    district = SmallDistrict()
    one, other = district.school("Larkspur Elementary"), district.school("Marrow  Middle ")
    staff = [district.teacher(last) for last in ("Abara", "Sedge", "Thorn", "Pell")]
    young, old = district.students(100, one, "3"), district.students(80, other, "7")
    district.sections(young, staff, "Homeroom", school_id=one)
    district.sections(young[:70], staff, "Pod", school_id=one)
    district.sections(old, staff, "Pod", school_id=other)
    for name in ("Music", "Science"):
        district.sections(young[:90], staff, name, school_id=one)
        district.sections(old[:30], staff, name, school_id=other)
    return district, one, other


def test_a_word_that_one_school_alone_uses_so_is_limited_to_it_and_worded_with_its_name() -> None:
    district, _, other = two_schools()

    first = suggestions(district.records)[0]

    assert coverage(first) == (180, 0, 0)
    limited = Rule(
        all=(
            Condition(field="name", op="contains", value="pod"),
            Condition(field="school", op="is", value=other),
        )
    )
    assert limited in first.section_filter.rules
    assert 'name contains "pod" and school is "Marrow Middle"' in first.text
    assert other not in first.text
    assert first.sharing_rules


def test_schools_that_agree_get_one_rule_without_a_limit() -> None:
    district = SmallDistrict()
    staff = [district.teacher(last) for last in ("Abara", "Sedge", "Thorn")]
    for name in ("Larkspur", "Marrow", "Sorrel"):
        school = district.school(name)
        pupils = district.students(40, school)
        district.sections(pupils, staff, "Homeroom", school_id=school)
        district.sections(pupils[:30], staff, "Chess", school_id=school)

    assert suggestions(district.records)[0].section_filter == keeping(("name", "contains", "homeroom"))


# What else is told


def test_the_filter_in_force_is_told_to_be_that_however_it_is_spelled() -> None:
    district, pupils, staff = elementary()
    district.sections(pupils, staff, "Homeroom")
    for spelled in ("homeroom", "Home Room"):
        found = suggestions(district.records, in_force=keeping(("name", "contains", spelled)))
        assert [one.is_in_force for one in found] == [True, *[False] * (len(found) - 1)]
    others = (
        keeping(("name", "is", "homeroom")),
        keeping(("name", "contains", "room")),
        keeping(("name", "contains", "homeroom"), strategy="first_match"),
    )
    for other in others:
        first, *found = suggestions(district.records, in_force=other)
        assert (first.section_filter, first.is_in_force) == (other, True), "it does as well, and is there"
        assert not any(one.is_in_force for one in found)


@pytest.mark.parametrize(("word", "names_nobody"), [("Sedge", False), ("Homeroom", True)])
def test_a_filter_in_force_that_names_a_teacher_is_told_to_do_so(word: str, *, names_nobody: bool) -> None:
    district = SmallDistrict()
    pupils = district.students(100)
    district.section(pupils[:50], district.teacher("Sedge", "Osric"), name=f"{word} 1")
    district.section(pupils[50:], district.teacher("Thorn", "Ida"), name=f"{word} 2")
    in_force = keeping(("name", "one_of", [f"{word} 1", f"{word} 2"]))

    first = suggestions(district.records, in_force=in_force)[0]

    assert (first.is_in_force, first.names_nobody) == (True, names_nobody)


def test_a_filter_in_force_that_serves_few_is_no_suggestion() -> None:
    district, pupils, staff = elementary()
    district.sections(pupils, staff, "Homeroom")
    district.sections(pupils[:30], staff, "Chess")

    found = suggestions(district.records, in_force=keeping(("name", "contains", "chess")))

    assert found[0].section_filter == keeping(("name", "contains", "homeroom"))
    assert not any(one.is_in_force for one in found)


def test_a_filter_in_force_that_no_search_would_find_is_told_first_where_nothing_is_better() -> None:
    district, pupils, staff = elementary()
    district.sections(pupils[:60], staff, "Homeroom", section_number="7")
    district.sections(pupils[60:], staff, "Homeroom", section_number="8")
    numbered = Condition(field="section_number", op="one_of", value=("7", "8"))
    in_force = SectionFilter(rules=(Rule(all=(numbered,)),))

    first = suggestions(district.records, in_force=in_force)[0]

    assert (first.section_filter, first.is_in_force, coverage(first)) == (in_force, True, (100, 0, 0))


def test_whom_a_suggestion_leaves_is_told_by_school_and_grade_the_most_first() -> None:
    district, pupils, staff = elementary()
    other = district.school("Sorrel")
    district.sections(pupils, staff, "Homeroom")
    district.section(pupils[:3], staff[0], name="Homeroom")
    district.students(5, other, "4")
    district.students(2)
    district.students(1, other, None)

    first = suggestions(district.records)[0]

    assert coverage(first) == (97, 8, 3)
    school = next(record_id for (_, record_id) in district.records)
    assert [one.to_json() for one in first.leftovers] == [
        {"school": other, "grade": "4", "none": 5, "several": 0},
        {"school": school, "grade": "3", "none": 0, "several": 3},
        {"school": None, "grade": "3", "none": 2, "several": 0},
        {"school": other, "grade": None, "none": 1, "several": 0},
    ]
    assert first.leftover_groups == 4


def test_of_very_many_leftovers_the_largest_are_listed_and_all_are_counted() -> None:
    district, pupils, staff = elementary(300)
    district.sections(pupils, staff, "Homeroom")
    for place in range(MOST_LEFTOVERS + 5):
        district.students(1 + (place == 24), district.school(f"School {place}"))

    first = suggestions(district.records)[0]

    assert (first.leftover_groups, len(first.leftovers)) == (MOST_LEFTOVERS + 5, MOST_LEFTOVERS)
    assert first.leftovers[0].none == 2


def test_every_suggestion_is_worded_as_clever_words_rules_and_there_are_five_at_most() -> None:
    district, _, staff = elementary(0)
    kinds = ["Homeroom", "Math", "Science", "Seminar", "Reading", "Latin", "History"]
    for _school in range(3):
        pupils = district.students(100, district.school())
        kinds = kinds[2:] + kinds[:2]
        for place, name in enumerate(kinds):
            district.sections([*pupils[:place], *pupils[2 * place :]], staff, name)

    found = suggestions(district.records)

    assert len(found) == MOST_SUGGESTIONS
    assert all(one.text.startswith("Match all sections where ") for one in found)
    assert len({one.text for one in found}) == MOST_SUGGESTIONS


def test_the_same_district_is_told_the_same_twice() -> None:
    one, other = suggestions(two_schools()[0].records), suggestions(two_schools()[0].records)

    assert [one.to_json() for one in one] == [other.to_json() for other in other]


# Time


class Clock:
    """A clock that stands still but for the steps it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_search_whose_time_is_over_asks_one_school_more_and_says_that_it_was_cut_short() -> None:
    district, _, _ = two_schools()
    clock, asked = Clock(), list[str]()
    deadline = Deadline(10, clock)
    clock.now = 11

    found = suggest(
        survey_of(district.records), SectionFilter(), deadline, lambda what, _count: asked.append(what)
    )

    assert not deadline.left
    assert asked == ["schools"]
    assert found
    assert all(one.was_cut_short for one in found)


def test_a_search_with_time_asks_every_school_and_is_not_cut_short() -> None:
    district, _, _ = two_schools()
    asked = list[str]()

    found = suggest(
        survey_of(district.records), SectionFilter(), Deadline(60), lambda what, _count: asked.append(what)
    )

    assert asked == ["schools"] * 2
    assert not any(one.was_cut_short for one in found)


def test_a_search_that_nobody_waits_for_asks_no_school() -> None:
    district, _, _ = two_schools()
    deadline, asked = Deadline(60), list[str]()
    deadline.cancel()

    found = suggest(
        survey_of(district.records), SectionFilter(), deadline, lambda what, _count: asked.append(what)
    )

    assert (found, asked, deadline.left) == ([], [], 0)


def test_a_search_cancelled_on_its_way_asks_no_school_more() -> None:
    district, _, _ = two_schools()
    deadline, asked = Deadline(60), list[str]()

    def cancel(what: str, _count: int) -> None:
        asked.append(what)
        deadline.cancel()

    found = suggest(survey_of(district.records), SectionFilter(), deadline, cancel)

    assert asked == ["schools"]
    assert all(one.was_cut_short for one in found)


# Districts with nothing to say


def test_a_district_without_students_is_suggested_nothing() -> None:
    district, _, staff = elementary(0)
    district.section([], staff[0], name="Homeroom")

    assert suggestions(district.records) == []
    assert suggestions({}) == []


def test_a_district_whose_scope_is_empty_is_suggested_nothing() -> None:
    district, pupils, staff = elementary()
    district.sections(pupils, staff, "Homeroom")

    assert suggestions(district.records, in_force=SectionFilter(scope=Scope(grades=("12",)))) == []


def test_a_district_without_sections_or_with_nobody_in_them_is_suggested_nothing() -> None:
    district = SmallDistrict()
    district.students(30, district.school())
    assert suggestions(district.records) == []

    district.section([], district.teacher(), name="Homeroom")
    district.section([], district.teacher())
    assert suggestions(district.records) == []


def test_one_student_in_one_section_is_enough() -> None:
    district = SmallDistrict()
    district.section(district.students(1), district.teacher(), name="Homeroom")

    assert coverage(suggestions(district.records)[0]) == (1, 0, 0)
