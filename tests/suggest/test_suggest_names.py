"""A teacher's name is no word of any suggestion."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.suggest.small import SmallDistrict, coverage, elementary, values
from tests.suggest.surveys import suggestions
from tests.support.builders.vocabularies import NAMING_FORMS, PLANTED_NAMES
from worker.domain.roster.name_words import HOMEROOM_WORDS, SURNAMES, name_words


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
def test_a_teachers_name_is_no_word_even_if_ordinary(field: str, last: str, *, is_first: bool) -> None:
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


@given(
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=4),
    st.sampled_from(FIELDS),
    st.sampled_from(PATTERNS),
    st.booleans(),
)
def test_no_value_of_any_suggestion_has_a_teachers_name_among_its_words(
    people: list[tuple[str, str]], field: str, pattern: str, is_swapped: bool
) -> None:
    told = [pattern.format(last, first) for last, first in people]
    # One who teaches what is called after another, too.
    district = tempting(field, *(told[::-1] if is_swapped else told), teachers=people)

    found = suggestions(district.records, seconds=5)

    called = name_words([name for person in people for name in person])
    assert values(found) & called <= NEVER_NAMES


@given(
    st.sampled_from(PLANTED_NAMES),
    st.sampled_from(FIELDS),
    st.sampled_from(NAMING_FORMS),
    st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4),
)
def test_the_name_of_a_teacher_who_left_is_in_no_suggestion(
    name: str, field: str, form: str, substitutes: list[tuple[str, str]]
) -> None:
    district = tempting(field, *[form.format(name)] * len(substitutes), teachers=substitutes)

    found = values(suggestions(district.records, seconds=5))

    assert found.isdisjoint(name_words([name]) - {"j", "l", "de", "la"})
    assert not {"j", "l"} <= found
