"""What is said around a cause: whom it concerns, where, and who owns it, for one and for many."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.words import Owner
from worker.domain.review.cause_summary import OWNERS, concerned_text, owner_text, place_text


@pytest.mark.parametrize(
    ("figures", "text"),
    [
        ({"students": 1}, "1 student"),
        ({"students": 2}, "2 students"),
        ({"students": 1_004}, "1,004 students"),
        ({"students": 0}, "The whole district"),
        ({"students": 0, "removed": 1}, "1 student to be removed"),
        ({"students": 9, "removed": 240}, "240 students to be removed"),
        ({"students": 0, "class_changes": 1}, "1 student to change class"),
        ({"students": 0, "class_changes": 2, "removed": None}, "2 students to change class"),
    ],
)
def test_a_cause_counts_one_student_and_many(figures: dict[str, Any], text: str) -> None:
    assert concerned_text(figures) == text


@pytest.mark.parametrize(
    ("schools", "total", "grades", "text"),
    [
        ([], 0, [], ""),
        (["s"], 1, ["9"], "at Southridge High; grade 9"),
        (["n", "s"], 2, ["9", "10"], "at n, Southridge High; grades 9, 10"),
        ([], 0, ["10", "2", "Kindergarten", "Other"], "grades Kindergarten, 2, 10 and 1 more"),
        (["s"], 2, [], "at Southridge High and 1 more school"),
        (
            ["n", "s", "w"],
            1_002,
            ["10", "9", "11", "12"],
            "at n, Southridge High and 1,000 more schools; grades 9, 10, 11 and 1 more",
        ),
    ],
)
def test_a_cause_says_where_it_is_with_the_schools_by_name(
    schools: list[str], total: int, grades: list[str], text: str
) -> None:
    cause = {"schools": schools, "school_count": total, "grades": grades}

    assert place_text(cause, {"s": "Southridge High"}, 2, 3) == text


def test_every_owner_has_a_name_and_an_unknown_one_is_itself() -> None:
    assert set(OWNERS) == {owner.value for owner in Owner}
    assert owner_text("sis") == "student information system"
    assert owner_text("another") == "another"
