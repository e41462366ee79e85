"""Which words of sections are told: those of schools, and those of many, and nobody's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.roster.name_words import SURNAMES, name_words
from worker.domain.roster.told_words import (
    MANY_SCHOOLS,
    MANY_TEACHERS,
    TITLES,
    Vocabulary,
    common_names,
    school_words,
)


def knowing(*names: str) -> Vocabulary:
    """Return the vocabulary of a district with teachers of these names."""
    return Vocabulary(name_words(names))


def heard(
    text: str,
    vocabulary: Vocabulary | None = None,
    *,
    schools: int = MANY_SCHOOLS,
    teachers: int = MANY_TEACHERS,
    knows_one: bool = True,
) -> Vocabulary:
    """Return a vocabulary that heard a text in sections of so many schools and teachers."""
    known = vocabulary or knowing()
    for number in range(max(schools, teachers)):
        known.add(text, f"s{number % schools}", (f"t{number % teachers}",), knows_one=knows_one)
    return known


# Words of schools


@pytest.mark.parametrize(
    "word", ["homeroom", "hogar", "tutoria", "tutoría", "math", "kindergarten", "pe", "hr"]
)
def test_a_word_of_schools_is_told_even_of_one_section(word: str) -> None:
    assert knowing("Quillfeather").may_tell(word)


@pytest.mark.parametrize("word", ["art", "day", "english", "reading", "team", *sorted(SURNAMES)])
def test_a_word_of_schools_that_a_teacher_is_called_is_not_told(word: str) -> None:
    assert not knowing("Osric", word.title()).may_tell(word)


@pytest.mark.parametrize("word", ["homeroom", "advisory"])
def test_homeroom_is_told_whatever_anybody_is_called(word: str) -> None:
    assert knowing(word).may_tell(word)


def test_no_word_of_schools_is_a_name_that_many_have() -> None:
    assert school_words().isdisjoint(common_names())


# Words of many


def test_a_word_of_several_schools_and_many_teachers_is_told() -> None:
    assert heard("Raku 3").may_tell("raku")


@pytest.mark.parametrize(
    ("schools", "teachers"),
    [(MANY_SCHOOLS - 1, 50), (MANY_SCHOOLS, MANY_TEACHERS - 1), (1, 2), (2, 2)],
    ids=["few schools", "few teachers", "two substitutes", "two substitutes at two schools"],
)
def test_a_word_of_few_may_be_the_name_of_one_who_left(schools: int, teachers: int) -> None:
    assert not heard("Thistlewood Gr 3", schools=schools, teachers=teachers).may_tell("thistlewood")


def test_sections_of_teachers_whom_nobody_knows_make_no_word() -> None:
    assert not heard("Homeroom Zed", knows_one=False).may_tell("zed")


def test_a_word_that_was_never_heard_is_not_told() -> None:
    assert not knowing().may_tell("raku")


@pytest.mark.parametrize("word", ["a", "7", "101", "s1", "", "home room"])
def test_initials_numbers_and_codes_are_no_words(word: str) -> None:
    assert not heard(word).may_tell(word)


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
def test_a_word_of_a_teachers_name_is_not_told_in_any_spelling(name: str, word: str) -> None:
    assert not heard(word, knowing("Osric", name)).may_tell(word)


@pytest.mark.parametrize("word", ["garcia", "garcía", "lopez", "nguyen", "smith", "maria", "brown", "green"])
def test_a_name_that_many_have_is_not_told_however_many_sections_have_it(word: str) -> None:
    assert not heard(word).may_tell(word)


@pytest.mark.parametrize("title", ["Ms.", "MR", "Mrs. ", "Dr.", "Coach", "Señora"])
def test_what_follows_a_title_is_a_name(title: str) -> None:
    assert title.strip(" .").casefold() in TITLES
    assert not heard(f"Homeroom {title} Thistlewood").may_tell("thistlewood")


@pytest.mark.parametrize("form", ["Homeroom - {} - 3", "{} Gr 3", "Grade 3/{}", "3 HR ({})", "{}, Homeroom"])
def test_a_word_in_the_place_of_teachers_names_is_a_name(form: str) -> None:
    known = knowing("Marrow", "Ashdown")
    for number in range(4):
        known.add(form.format("Marrow"), "s1", (f"m{number}",), knows_one=True)

    assert not heard(form.format("Thistlewood"), known).may_tell("thistlewood")
    assert known.may_tell("homeroom")


def test_places_without_teachers_names_have_words() -> None:
    known = knowing("Marrow")
    known.add("Marrow Raku", "s1", ("m",), knows_one=True)
    for number in range(2):
        known.add("Band Raku", "s1", (f"b{number}",), knows_one=True)

    assert heard("Raku", known).may_tell("raku")


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
def test_a_text_of_such_words_numbers_and_one_letter_is_told(text: str) -> None:
    assert knowing("Quillfeather").may_tell_text(text)


@pytest.mark.parametrize(
    "text", ["J. L.", "J L 2", "M. F.", "A. J.", "Marrow", "Math Marrow", "JL", "JL2", "Lopez Gr 3"]
)
def test_a_text_with_initials_or_any_other_word_is_not(text: str) -> None:
    assert not knowing("Marrow").may_tell_text(text)


PLANTED = [
    "Thistlewood",
    "Márrowby",
    "O'Quill",
    "Fernquay-Ashdown",
    "de la Quill",
    "Quilly",
    "Lopez",
    "J. L.",
    "JL",
]
FORMS = [
    "Homeroom - {} - 3",
    "{} Gr 3",
    "Grade 3 {}",
    "Ms. {}",
    "{}",
    "Art ({})",
    "{}2",
    "HR {}/Marrow",
    "Marrow/{}",
]


@given(
    st.sampled_from(PLANTED),
    st.lists(st.sampled_from(FORMS), min_size=1, max_size=4),
    st.integers(1, 4),
    st.integers(1, MANY_TEACHERS - 1),
    st.booleans(),
)
def test_no_form_of_a_name_that_few_sections_have_is_ever_told(
    name: str, forms: list[str], schools: int, teachers: int, knows_one: bool
) -> None:
    known = knowing("Marrow", "Ashdown")
    for form in forms:
        heard(form.format(name), known, schools=schools, teachers=teachers, knows_one=knows_one)

    parts = name_words([name]) - {"de", "la"}
    assert not [word for word in parts if known.may_tell(word)]
    assert not known.may_tell_text(name)
