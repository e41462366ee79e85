"""Which year of school a grade is, however it is written."""

from __future__ import annotations

import pytest

from worker.domain.roster.grades import grade_number, grade_order, is_written_with


@pytest.mark.parametrize(
    ("year", "texts"),
    [
        (-1, ("PreKindergarten", "Pre-K", "PK")),
        (0, ("Kindergarten", "Kinder", "K", "KG", "Grade K")),
        (1, ("1", "01", "1st", "First Grade")),
        (2, ("2nd", "Second")),
        (3, ("3", "03", "3rd", "Grade 3", "grade-3", " Third  Grade ")),
        (4, ("4th", "Fourth")),
        (5, ("Fifth",)),
        (6, ("Sixth",)),
        (7, ("Seventh",)),
        (8, ("Eighth",)),
        (9, ("Ninth",)),
        (10, ("010", "Tenth")),
        (11, ("11th", "Eleventh")),
        (12, ("12", "Twelfth")),
        (None, ("Ungraded", "Other", "", None, "123", "3xx", "x3", "grade")),
    ],
)
def test_a_grade_is_the_same_year_however_it_is_written(
    year: int | None, texts: tuple[str | None, ...]
) -> None:
    assert {text: grade_number(text) for text in texts} == dict.fromkeys(texts, year)


@pytest.mark.parametrize(
    ("text", "is_same"), [("G03", True), ("Gr 3", True), ("G04", False), ("3 of 12", False), (None, False)]
)
def test_a_grade_may_be_the_one_number_in_a_text(text: str | None, is_same: bool) -> None:
    assert is_written_with(text, 3) is is_same


def test_grades_stand_in_the_order_of_school_years_and_others_last_by_name() -> None:
    grades = ["Ungraded", "10", "2", "1", "Kindergarten", "Other", "PreKindergarten", "02"]

    assert sorted(grades, key=grade_order) == [
        *("PreKindergarten", "Kindergarten", "1", "02", "2", "10"),
        *("Other", "Ungraded"),
    ]
