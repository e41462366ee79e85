"""What is said of a suggestion, for no student, one, two and many."""

from __future__ import annotations

import pytest

from worker.domain.review.suggestion_texts import (
    StudentsPlaced,
    best_text,
    found_text,
    leftover_text,
    no_sharing_rules_text,
)


@pytest.mark.parametrize(
    ("placed", "text", "unplaced"),
    [
        ((1, 0, 0), "1 of 1 student in exactly one class", ""),
        ((2, 0, 0), "2 of 2 students in exactly one class", ""),
        (
            (1_003, 1, 0),
            "1,003 of 1,004 students in exactly one class",
            "1 student would still have no class.",
        ),
        ((2, 2, 0), "2 of 4 students in exactly one class", "2 students would still have no class."),
        ((0, 0, 1), "0 of 1 student in exactly one class", "1 student would still have more than one class."),
        (
            (0, 0, 1_200),
            "0 of 1,200 students in exactly one class",
            "1,200 students would still have more than one class.",
        ),
        (
            (1, 1, 1),
            "1 of 3 students in exactly one class",
            "1 student would still have no class, and 1 would have more than one.",
        ),
        (
            (996, 1_003, 2),
            "996 of 2,001 students in exactly one class",
            "1,003 students would still have no class, and 2 would have more than one.",
        ),
    ],
)
def test_students_with_and_without_one_class_are_counted_in_one_sentence(
    placed: tuple[int, int, int], text: str, unplaced: str
) -> None:
    assert (StudentsPlaced(*placed).text, StudentsPlaced(*placed).unplaced_text) == (text, unplaced)


@pytest.mark.parametrize(
    ("placed", "is_in_force", "text"),
    [
        ((1, 0, 0), False, "The first suggestion gives the student exactly one class."),
        ((2, 0, 0), True, "The current filter gives each of 2 students exactly one class."),
        ((1_004, 0, 0), False, "The first suggestion gives each of 1,004 students exactly one class."),
        (
            (0, 0, 1),
            False,
            "No filter gives every student exactly one class. The best leaves 1 of 1 student.",
        ),
        (
            (1_000, 1_003, 1),
            True,
            (
                "No filter gives every student exactly one class. "
                "The best leaves 1,004 of 2,004 students and is the current filter."
            ),
        ),
    ],
)
def test_the_best_filter_is_said_to_place_every_student_or_not(
    placed: tuple[int, int, int], is_in_force: bool, text: str
) -> None:
    assert best_text(StudentsPlaced(*placed), is_in_force=is_in_force) == text


@pytest.mark.parametrize(
    ("school", "grade", "counts", "name", "text"),
    [
        ("s1", "9", (1, 0), "Maple", "Maple, grade 9: 1 student in no class"),
        ("s1", "9", (0, 2), None, "s1, grade 9: 2 students in more than one class"),
        (
            None,
            None,
            (1_200, 1),
            None,
            "No school, grade blank: 1,200 students in no class, 1 student in more than one class",
        ),
    ],
)
def test_leftovers_are_named_by_school_and_grade(
    school: str | None, grade: str | None, counts: tuple[int, int], name: str | None, text: str
) -> None:
    leftover = {"school": school, "grade": grade, "none": counts[0], "several": counts[1]}

    assert leftover_text(leftover, name) == text


def test_what_only_our_filter_can_do_is_said_with_the_reason() -> None:
    assert no_sharing_rules_text("it compares terms") == (
        "This does not work as sharing rules in Clever, because it compares terms. "
        "Our own section filter can do it."
    )


@pytest.mark.parametrize(
    ("number", "exactly_one", "text"),
    [
        (1, 1, "1 suggested section filter: it gives 1 student exactly one class."),
        (2, 2, "2 suggested section filters: the best gives 2 students exactly one class."),
        (5, 1_004, "5 suggested section filters: the best gives 1,004 students exactly one class."),
    ],
)
def test_the_suggestions_of_a_review_are_counted_with_what_the_best_gives(
    number: int, exactly_one: int, text: str
) -> None:
    assert found_text(number, exactly_one) == text
