"""What commands and pages say of the sections that a suggestion keeps, and of rules that are as good."""

from __future__ import annotations

from typing import Any

import pytest

from worker.domain.review.suggestion_texts import as_good_text, classes_text


def classes(sections: int, smallest: int, largest: int, teachers: int) -> dict[str, Any]:
    sizes = {"smallest": smallest, "median": smallest, "largest": largest}
    return {"sections": sections, **sizes, "teachers": teachers}


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        (classes(12, 7, 9, 12), "12 classes of 7 to 9 students, 12 teachers, 1 class per teacher."),
        (classes(12, 8, 8, 1), "12 classes of 8 students, 1 teacher, 12 classes per teacher."),
        (classes(1, 1, 1, 0), "1 class of 1 student, no teachers."),
        (classes(1001, 8, 8, 1000), "1,001 classes of 8 students, 1,000 teachers, 1 class per teacher."),
        (classes(5, 7, 9, 2), "5 classes of 7 to 9 students, 2 teachers, 2.5 classes per teacher."),
        (
            classes(2, 7, 7, 2) | {"example": "… HR 3"},
            '2 classes of 7 students, 2 teachers, 1 class per teacher. Example of a name: "… HR 3".',
        ),
        (
            classes(1, 1, 1, 0) | {"example": "HR 3"},
            '1 class of 1 student, no teachers. Example of a name: "HR 3".',
        ),
        (classes(0, 0, 0, 0), ""),
        (None, ""),
    ],
)
def test_the_classes_of_a_suggestion_are_told_with_their_sizes_and_teachers(
    figures: dict[str, Any] | None, text: str
) -> None:
    assert classes_text(figures) == text


@pytest.mark.parametrize(
    ("words", "number", "text"),
    [
        (["math", "PE"], 2, "2 other rules would give about as many students one class: math, PE."),
        (["math"], 1, "1 other rule would give about as many students one class: math."),
        (["math", "PE"], 9, "9 other rules would give about as many students one class: math, PE, …"),
        ([], 0, ""),
    ],
)
def test_rules_that_are_as_good_are_counted_and_some_are_named(
    words: list[str], number: int, text: str
) -> None:
    assert as_good_text(words, number) == text
