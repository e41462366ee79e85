"""Words of section names: which are public, and which are somebody's name."""

from __future__ import annotations

import pytest

from worker.domain.roster.name_words import SURNAMES, Vocabulary, is_homeroom, name_words, words


def vocabulary(*names: str | None) -> Vocabulary:
    """Return the vocabulary of a district with teachers of these names."""
    return Vocabulary(name_words(names))


def heard(text: str, *sections: tuple[str, ...], knows_one: bool = True) -> Vocabulary:
    """Return a vocabulary that heard a name once for each tuple of teachers."""
    known = vocabulary()
    for teachers in sections:
        known.add(text, teachers, knows_one=knows_one)
    return known


# Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Homeroom - Abara - 0", ("homeroom", "abara", "0")),
        ("HR101b", ("hr", "101", "b")),
        ("Room_12/Day A", ("room", "12", "day", "a")),
        ("O'Brien-Núñez", ("o", "brien", "núñez")),
        ("\uff28\uff4f\uff4d\uff45\u00a0ROOM", ("home", "room")),
        ("Straße", ("strasse",)),
        (" -- ", ()),
    ],
)
def test_words_are_runs_of_letters_or_digits_without_case(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize("phrase", ["homeroom", "home room", "hr", "h r", "home  base", "crew", "advisory"])
def test_the_class_that_everybody_has_is_known_by_many_words_in_one_or_two(phrase: str) -> None:
    assert is_homeroom(phrase)


@pytest.mark.parametrize("phrase", ["home", "room", "homerooms1", "art", "", "room home", "homeroom art"])
def test_nothing_else_is(phrase: str) -> None:
    assert not is_homeroom(phrase)


# Whose name a word is


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("Quillfeather", "quillfeather"),
        ("QUILLFEATHER", "quillfeather"),
        ("Fernquay-Marrow", "fernquay"),
        ("Fernquay-Marrow", "marrow"),
        ("Fernquay-Marrow", "fernquaymarrow"),
        ("O'Brien", "brien"),
        ("O'Brien", "obrien"),
        ("de la Cruz", "la"),
        ("de la Cruz", "delacruz"),
        ("Núñez", "núñez"),
        ("Núñez", "nunez"),
        ("Nunez", "núñez"),
        ("Nu\u0301n\u0303ez", "núñez"),
        ("Art", "art"),
    ],
)
def test_a_word_of_a_known_teachers_name_is_never_public(name: str, word: str) -> None:
    known = vocabulary("Osric", name)
    known.add(word, ("t1",), knows_one=True)
    known.add(word, ("t2",), knows_one=True)
    known.vouch(word)

    assert not known.is_public(word)


def test_blank_names_are_nobodys() -> None:
    assert name_words([None, "", " "]) <= {""}


def test_a_word_of_sections_that_have_no_teacher_in_common_is_public() -> None:
    assert heard("Chess", ("t1",), ("t2",)).is_public("chess")
    assert heard("Chess", ("t1", "t2"), ("t2", "t3"), ("t1", "t3")).is_public("chess")


def test_a_word_of_one_teachers_sections_may_be_the_name_of_somebody_unknown() -> None:
    assert not heard("Homeroom Zed", ("t1",)).is_public("zed")
    assert not heard("Homeroom Zed", ("t1", "t2"), ("t2", "t3"), ("t2",)).is_public("zed")


def test_sections_of_teachers_whom_nobody_knows_give_no_evidence() -> None:
    assert not heard("Homeroom Zed", ("t1",), ("t2",), knows_one=False).is_public("zed")


def test_a_word_that_was_never_heard_is_not_public() -> None:
    assert not vocabulary().is_public("chess")


def test_a_word_that_courses_use_is_public_whoever_teaches_it() -> None:
    known = heard("Pottery", ("t1",))
    known.vouch("Pottery and Glass")

    assert known.is_public("pottery")
    assert known.is_public("glass")


def test_two_letters_are_a_word() -> None:
    known = vocabulary()
    known.vouch("PE")

    assert known.is_public("pe")


@pytest.mark.parametrize("word", ["a", "7", "101", "s1", "", "home room"])
def test_initials_numbers_and_codes_are_no_words(word: str) -> None:
    known = heard(word, ("t1",), ("t2",))
    known.vouch(word)

    assert not known.is_public(word)


@pytest.mark.parametrize("word", sorted(SURNAMES))
def test_a_surname_like_word_is_public_where_nobody_is_called_so(word: str) -> None:
    assert vocabulary("Quillfeather").is_public(word)
    assert not vocabulary("Quillfeather", word.title()).is_public(word)


@pytest.mark.parametrize("word", ["homeroom", "advisory"])
def test_homeroom_is_public_whatever_anybody_is_called(word: str) -> None:
    assert vocabulary(word).is_public(word)
