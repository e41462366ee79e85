"""What is suggested to small districts, one habit at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from suggest.small import FALL, SPRING, SmallDistrict
from suggest.surveys import suggestions, survey_of

from worker.domain.filter import Condition, Rule, Scope, SectionFilter
from worker.domain.words import HOMEROOM_WORDS, SURNAMES, name_words, words
from worker.suggest.deadline import Deadline
from worker.suggest.district import MOST_SUGGESTIONS
from worker.suggest.finding import MOST_LEFTOVERS, Suggestion, suggest
from worker.suggest.wording import can_share, told

ADVISORY = "homeroom/advisory"


def keeping(*conditions: tuple[str, str, str], **fields: object) -> SectionFilter:
    """Return a filter of one rule."""
    told = [{"field": name, "op": op, "value": value} for name, op, value in conditions]
    return SectionFilter.model_validate({"rules": [{"all": told}], **fields}, strict=False)


def conditions(found: Iterable[Suggestion]) -> list[Condition]:
    return [condition for one in found for rule in one.section_filter.rules for condition in rule.all]


def values(found: Iterable[Suggestion]) -> set[str]:
    """Return the words of all conditions but those that name a school by its id."""
    spelled = [str(one.value) for one in conditions(found) if one.field != "school"]
    return {word for value in spelled for word in words(value)}


def coverage(one: Suggestion) -> tuple[int, int, int]:
    return one.exactly_one, one.none, one.several


def elementary(
    students: int = 100, teachers: tuple[str, ...] = ("Abara", "Marrow", "Sedge", "Thorn")
) -> tuple[SmallDistrict, list[str], list[str]]:
    """Return a district of one school with mathematics in the first period, and reading; no homerooms yet."""
    district = SmallDistrict()
    school = district.school()
    pupils = district.students(students, school)
    staff = [district.teacher(last, "Osric") for last in teachers]
    fields: dict[str, str | None] = {"school_id": school}
    district.sections(pupils, staff, "Mathematics", subject="math", period="1", **fields)
    district.sections(pupils, staff, "Reading", subject="english/language arts", period="2", **fields)
    return district, pupils, staff


# What comes first


@pytest.mark.parametrize("without", [0, 2])
def test_homerooms_come_before_what_only_counts_as_well_or_a_little_better(without: int) -> None:
    district, pupils, staff = elementary()
    assert coverage(suggestions(district.records)[0]) == (100, 0, 0)
    district.sections(pupils[without:], staff, "Homeroom", subject="other", period="0")

    first, *others = suggestions(district.records)

    assert first.section_filter == keeping(("name", "contains", "homeroom"))
    assert coverage(first) == (100 - without, without, 0)
    assert [coverage(one) for one in others][:1] == [(100, 0, 0)] * bool(without)


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


# Whose name a word is


def tempting(field: str, *told: str, teachers: Sequence[tuple[str, str] | None]) -> SmallDistrict:
    """Return a district where nothing but these values tell one section of each student from another."""
    district = SmallDistrict()
    pupils = district.students(100)
    for place, (value, name) in enumerate(zip(told, teachers, strict=True)):
        teacher = district.teacher(*name) if name else f"{place:f>24}"
        for taught in (pupils[place :: 2 * len(told)], pupils[place + len(told) :: 2 * len(told)]):
            if field == "course_name":
                district.section(taught, teacher, course_id=district.course(value))
            elif field == "course_number":
                district.section(taught, teacher, course_id=district.course("", value))
            else:
                district.section(taught, teacher, **{field: value})
            district.section(taught, teacher)
    return district


PEOPLE = [("Sedge", "Osric"), ("Thorn", "Ida")]
FIELDS = ["name", "section_number", "period", "subject", "course_name", "course_number"]


@pytest.mark.parametrize("field", FIELDS)
def test_values_that_name_nobody_tempt_indeed(field: str) -> None:
    district = tempting(field, "Art 2", "Art 2", teachers=PEOPLE)

    found = suggestions(district.records)

    assert coverage(found[0]) == (100, 0, 0)
    assert "art" in values(found)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("last", ["Art", "Page", "English", "Grade", "Young", "Crew", "Núñez", "Ng"])
@pytest.mark.parametrize("is_first", [False, True], ids=["last name", "first name"])
def test_a_teachers_name_is_no_word_of_a_suggestion_also_where_it_is_an_ordinary_word(
    field: str, last: str, *, is_first: bool
) -> None:
    named = ("Thorn", last) if is_first else (last, "Osric")
    district = tempting(field, f"{last} 2", f"{last} 2", teachers=[PEOPLE[0], named])

    assert values(suggestions(district.records)).isdisjoint({last.casefold()})


@pytest.mark.parametrize("field", ["name", "section_number", "period"])
@pytest.mark.parametrize("text", ["Zed", "Zed 2", "2-ZED", "Class of Zed"])
def test_a_teacher_whose_record_is_not_shared_is_not_named_either(field: str, text: str) -> None:
    district = tempting(field, text, teachers=[None])

    assert "zed" not in values(suggestions(district.records))


@pytest.mark.parametrize("code", ["Kim2", "KIM-2", "2 Kim", "kim", "Homeroom kim2", "Homeroom 2-Kim"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_code_made_of_a_teachers_name_is_not_told(field: str, code: str) -> None:
    district = tempting(field, code, code, teachers=[("Kim", "Ida"), PEOPLE[0]])
    other = tempting(field, "Homeroom Joy", "Homeroom Kay", teachers=[("Joy", "Ida"), ("Kay", "Osric")])
    for key, record in other.records.items():  # where the word homeroom tells nothing
        district.records[key[0], f"{int(key[1], 16) + 2**32:024x}"] = record

    assert values(suggestions(district.records)).isdisjoint({"kim", "joy", "kay"})


def test_homeroom_is_told_whatever_anybody_is_called() -> None:
    district, pupils, staff = elementary()
    district.sections(pupils, [*staff, district.teacher("Homeroom")], "Homeroom")

    assert values(suggestions(district.records)[:1]) == {"homeroom"}


@pytest.mark.parametrize(("last", "first"), [("Crew", "Osric"), ("H. R.", "Osric"), ("Pell", "H R")])
def test_a_word_for_homerooms_that_is_a_teachers_name_here_is_not_told(last: str, first: str) -> None:
    district, pupils, staff = elementary()
    named = district.teacher(last, first)
    told = "Crew" if last == "Crew" else "H. R."
    district.sections(pupils, [*staff, named], f"{told} {last}")

    assert values(suggestions(district.records)).isdisjoint({"crew", "hr", "h"})


NAMES = ["Art", "Page", "English", "Grade", "Young", "Class", "Room", "Math", "Period", "Language", "Day"]
NAMES += ["O'Brien", "Smith-Jones", "de la Cruz", "Núñez", "Ng", "Crew", "Kim", "First", "Fall", "Team"]
PATTERNS = ["{0} Class", "Homeroom - {0} - 1", "{0}, {1}", "Room 7 {0}", "{0}2", "{0} {0}", "Class of {1}"]
NEVER_NAMES = HOMEROOM_WORDS - SURNAMES


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=4),
    st.sampled_from(FIELDS),
    st.sampled_from(PATTERNS),
    st.booleans(),
)
def test_no_value_of_any_suggestion_has_a_teachers_name_among_its_words(
    people: list[tuple[str, str]],
    field: str,
    pattern: str,
    is_swapped: bool,
) -> None:
    told = [pattern.format(last, first) for last, first in people]
    # One who teaches what is called after another, too.
    district = tempting(field, *(told[::-1] if is_swapped else told), teachers=people)

    found = suggestions(district.records, seconds=5)

    called = name_words([name for person in people for name in person])
    assert values(found) & called <= NEVER_NAMES


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
        keeping(("course_name", "contains", "homeroom")),
        keeping(("name", "contains", "homeroom"), strategy="first_match"),
    )
    for other in others:
        assert not any(one.is_in_force for one in suggestions(district.records, in_force=other))


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
    kinds = ["Homeroom", "Music", "Science", "Chess", "Drama", "Latin", "Lunch"]
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

    assert deadline.has_passed
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


# Wording


def test_what_clevers_sharing_rules_can_say() -> None:
    assert can_share(keeping(("name", "contains", "homeroom"), ("period", "is", "1")))
    assert can_share(keeping(("subject", "is_not", "math")))
    one_of = Condition(field="school", op="one_of", value=("a", "b"))
    assert can_share(SectionFilter(rules=(Rule(all=(one_of,)),)))


def two_rules(strategy: str) -> SectionFilter:
    told = [
        {"all": [{"field": "name", "op": "contains", "value": value}]} for value in ("homeroom", "advisory")
    ]
    return SectionFilter.model_validate({"strategy": strategy, "rules": told}, strict=False)


@pytest.mark.parametrize(
    "section_filter",
    [
        keeping(("name", "starts_with", "homeroom")),
        keeping(("name", "contains", "homeroom"), ("name", "not_contains", "chess")),
        keeping(("term", "is", "Fall")),
        keeping(("name", "contains", "homeroom"), current_term_only=True),
        two_rules("first_match"),
    ],
)
def test_what_they_cannot_say(section_filter: SectionFilter) -> None:
    assert not can_share(section_filter)


def test_rules_together_and_rules_in_turn_are_worded_differently() -> None:
    assert told(two_rules("union"), {}) == (
        'Match all sections where name contains "homeroom"; '
        'and match all sections where name contains "advisory"'
    )
    assert told(two_rules("first_match"), {}) == (
        'Match all sections where name contains "homeroom". For a student whom that finds in none: '
        'match all sections where name contains "advisory"'
    )
    assert can_share(two_rules("union"))


def test_every_operator_and_field_has_its_words() -> None:
    section_filter = keeping(
        ("course_name", "is", "A"),
        ("course_number", "is_not", "B"),
        ("section_number", "starts_with", "C"),
        ("sis_id", "not_contains", "D"),
    )
    assert told(section_filter, {}) == (
        'Match all sections where course name is "A" and course number is not "B" and '
        'section number starts with "C" and SIS id does not contain "D"'
    )
    schools = Condition(field="school", op="one_of", value=("s1", "s2"))
    assert told(SectionFilter(rules=(Rule(all=(schools,)),)), {"s1": "Larkspur"}) == (
        'Match all sections where school is one of "Larkspur", "s2"'
    )
