"""Words of section names and of people's names."""

from __future__ import annotations

import pytest

from worker.domain.roster.name_words import is_homeroom, name_words, words

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


@pytest.mark.parametrize(
    "phrase", ["homeroom", "home room", "hr", "h r", "home  base", "crew", "attn", "hógar"]
)
def test_the_class_that_everybody_has_is_known_by_many_words_in_one_or_two(phrase: str) -> None:
    assert is_homeroom(phrase)


@pytest.mark.parametrize("phrase", ["advsry", "hmrom", "attndnce", "mntor grp"])
def test_a_word_that_leaves_out_vowels_means_the_same(phrase: str) -> None:
    assert is_homeroom(phrase)


@pytest.mark.parametrize("phrase", ["crw", "hgr", "homer", "advsy", "romhome", "advzry"])
def test_what_leaves_out_more_or_is_short_does_not(phrase: str) -> None:
    assert not is_homeroom(phrase)


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
        ("Nu\u0301n\u0303ez", "núñez"),
    ],
)
def test_a_name_has_these_words(name: str, word: str) -> None:
    assert word in name_words(["Osric", name])


def test_blank_names_are_nobodys() -> None:
    assert name_words([None, "", " "]) <= {""}
