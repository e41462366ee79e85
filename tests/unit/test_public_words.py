"""Which words of sections are public: those of schools, and those of many, and no name."""

from __future__ import annotations

import pytest

from tests.support.builders.vocabularies import heard, knowing
from worker.domain.roster.name_words import SURNAMES
from worker.domain.roster.public_words import (
    MANY_SCHOOLS,
    MANY_TEACHERS,
    TITLES,
    common_names,
    school_words,
)

# Words of schools


@pytest.mark.parametrize(
    "word", ["homeroom", "hogar", "tutoria", "tutoría", "math", "kindergarten", "pe", "hr"]
)
def test_a_word_of_schools_is_public_even_of_one_section(word: str) -> None:
    assert knowing("Quillfeather").is_public(word)


@pytest.mark.parametrize("word", ["art", "day", "english", "reading", "team", *sorted(SURNAMES)])
def test_a_word_of_schools_that_a_teacher_is_called_is_not_public(word: str) -> None:
    assert not knowing("Osric", word.title()).is_public(word)


@pytest.mark.parametrize("word", ["homeroom", "advisory"])
def test_homeroom_is_public_whatever_anybody_is_called(word: str) -> None:
    assert knowing(word).is_public(word)


def test_no_word_of_schools_is_a_name_that_many_have() -> None:
    assert school_words().isdisjoint(common_names())


@pytest.mark.parametrize("word", ["kínder", "párvulos", "année"])
def test_an_accent_makes_no_other_word_of_it(word: str) -> None:
    assert knowing("Quillfeather").is_public(word)


# Words of many


def test_attendance_for_short_that_is_a_first_name_as_well_is_public_if_many_teachers_have_it() -> None:
    assert heard("ADA 03", schools=1).is_public("ada")
    assert not heard("ADA 03", schools=1, teachers=MANY_TEACHERS - 1).is_public("ada")
    assert not heard("ADA 03", knowing("Ada"), schools=1).is_public("ada")
    assert not heard("Ms. Ada 3").is_public("ada")


def test_a_word_of_several_schools_and_many_teachers_is_public() -> None:
    assert heard("Raku 3").is_public("raku")


@pytest.mark.parametrize(
    ("schools", "teachers"),
    [(MANY_SCHOOLS - 1, 50), (MANY_SCHOOLS, MANY_TEACHERS - 1), (1, 2), (2, 2)],
    ids=["few schools", "few teachers", "two substitutes", "two substitutes at two schools"],
)
def test_a_word_of_few_may_be_the_name_of_one_who_left(schools: int, teachers: int) -> None:
    assert not heard("Thistlewood Gr 3", schools=schools, teachers=teachers).is_public("thistlewood")


def test_sections_of_teachers_whom_nobody_knows_make_no_word() -> None:
    assert not heard("Homeroom Zed", knows_one=False).is_public("zed")


def test_a_word_that_was_never_heard_is_not_public() -> None:
    assert not knowing().is_public("raku")


@pytest.mark.parametrize("word", ["a", "7", "101", "s1", "", "home room"])
def test_initials_numbers_and_codes_are_no_words(word: str) -> None:
    assert not heard(word).is_public(word)


# Nobody's name


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Marrow", "marrow"),
        ("Núñez", "nunez"),
        ("Nunez", "núñez"),
        ("O'Brien", "obrien"),
        ("Smith-Vane", "vane"),
    ],
)
def test_a_word_of_a_teachers_name_is_not_public_in_any_spelling(name: str, word: str) -> None:
    assert not heard(word, knowing("Osric", name)).is_public(word)


@pytest.mark.parametrize("word", ["garcia", "garcía", "lopez", "nguyen", "smith", "maria", "brown", "green"])
def test_a_name_that_many_have_is_not_public_however_many_sections_have_it(word: str) -> None:
    assert not heard(word).is_public(word)


@pytest.mark.parametrize("title", ["Ms.", "MR", "Mrs. ", "Dr.", "Coach", "Señora"])
def test_what_follows_a_title_is_a_name(title: str) -> None:
    assert title.strip(" .").casefold() in TITLES
    assert not heard(f"Homeroom {title} Thistlewood").is_public("thistlewood")


@pytest.mark.parametrize("form", ["Homeroom - {} - 3", "{} Gr 3", "Grade 3/{}", "3 HR ({})", "{}, Homeroom"])
def test_a_word_in_the_place_of_teachers_names_is_a_name(form: str) -> None:
    known = knowing("Marrow", "Ashdown")
    for number in range(4):
        known.add(form.format("Marrow"), "s1", (f"m{number}",), knows_one=True)

    assert not heard(form.format("Thistlewood"), known).is_public("thistlewood")
    assert known.is_public("homeroom")


def test_places_without_teachers_names_have_words() -> None:
    known = knowing("Marrow")
    known.add("Marrow Raku", "s1", ("m",), knows_one=True)
    for number in range(2):
        known.add("Band Raku", "s1", (f"b{number}",), knows_one=True)

    assert heard("Raku", known).is_public("raku")


# Texts


@pytest.mark.parametrize(
    "text",
    [
        "3rd Grade Math",
        "Period 2",
        "A",
        "A 1",
        "1(A-B)",
        "A/B Day",
        "M W F 2",
        "P.E.",
        "H R",
        "A.M.",
        "",
        "12",
    ],
)
def test_a_text_of_such_words_numbers_and_one_letter_is_public(text: str) -> None:
    assert knowing("Quillfeather").is_public_text(text)


@pytest.mark.parametrize(
    "text", ["J. L.", "J L 2", "M. F.", "A. J.", "Marrow", "Math Marrow", "JL", "JL2", "Lopez Gr 3"]
)
def test_a_text_with_initials_or_any_other_word_is_not(text: str) -> None:
    assert not knowing("Marrow").is_public_text(text)
