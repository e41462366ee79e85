"""What commands and pages say of the sections that a suggestion keeps, and of rules that count as well."""

from __future__ import annotations

import pytest

from worker.domain.review.suggestion_texts import as_good_text, classes_text


def classes(sections: int, smallest: int, largest: int, teachers: int) -> dict[str, int]:
    sizes = {"smallest": smallest, "median": smallest, "largest": largest}
    return {"sections": sections, **sizes, "teachers": teachers}


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        (classes(12, 7, 9, 12), "12 classes of 7 to 9 students, 12 teachers, 1 per teacher."),
        (classes(12, 8, 8, 1), "12 classes of 8 students, 1 teacher, 12 per teacher."),
        (classes(1, 1, 1, 0), "1 class of 1 student, no teachers."),
        (classes(5, 7, 9, 2), "5 classes of 7 to 9 students, 2 teachers, 2.5 per teacher."),
        (classes(0, 0, 0, 0), ""),
        (None, ""),
    ],
)
def test_the_classes_of_a_suggestion_are_told_with_their_sizes_and_teachers(
    figures: dict[str, int] | None, text: str
) -> None:
    assert classes_text(figures) == text


@pytest.mark.parametrize(
    ("words", "number", "text"),
    [
        (["math", "PE"], 2, "2 other rules count as well: math, PE."),
        (["math"], 1, "1 other rule counts as well: math."),
        (["math", "PE"], 9, "9 other rules count as well: math, PE, …"),
        ([], 0, ""),
    ],
)
def test_rules_that_count_as_well_are_counted_and_some_are_named(
    words: list[str], number: int, text: str
) -> None:
    assert as_good_text(words, number) == text
