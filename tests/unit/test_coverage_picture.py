"""How a district's page draws the students of its schools and grades."""

from __future__ import annotations

from worker.console.pages.district import NAME, picture
from worker.operations.district_queries import CoverageCell

LONG = "Ironwood Early Learning and Family Elementary School"


def cell(grade: str | None, school: str = "Elm", blocked: int = 0) -> CoverageCell:
    return CoverageCell(school, school, grade, 10, blocked)


def test_grades_stand_in_their_order_in_short_with_their_whole_names() -> None:
    drawn = picture([cell(grade) for grade in (None, "10", "2", "Kindergarten", "PreKindergarten", "Other")])

    assert [grade["short"] for grade in drawn["grades"]] == ["PK", "K", "2", "10", "Othe", "none"]
    assert drawn["grades"][1]["name"] == "Kindergarten"


def test_squares_begin_where_the_longest_name_ends() -> None:
    short, long = picture([cell("2")]), picture([cell("2"), cell("2", LONG, 1)])

    assert short["grades"][0]["x"] < long["grades"][0]["x"]
    assert [row["name"] for row in long["rows"]] == [LONG, "Elm"]
    assert len(long["rows"][0]["short"]) == NAME
    assert long["rows"][0]["short"].endswith("…")
