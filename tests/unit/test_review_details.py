"""What a person sees of a review, and of an open window, in a terminal."""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console, RenderableType

from schemas.words import Owner
from tests.support.builders import records
from worker.cli.reviews import findings_table, forecast_text, review_details

Json = dict[str, Any]
SEVERAL = "student.multiple_sections"


def text(what: RenderableType, width: int = 80) -> str:
    console = Console(file=StringIO(), width=width)
    console.print(what)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(len(line) for line in lines) <= width
    return "\n".join(line.rstrip() for line in lines)


def cause(number: int = 1, **fields: Any) -> Json:
    given: Json = {"students": 412, "unblocks": 400, "schools": ["north", "south", "west"], "school_count": 9}
    advice = f"Keep one kind only, number {number}. " + "That is what the advice says at some length. " * 3
    return records.cause("filter.no_rules", Owner.FILTER, advice, **(given | fields)).wire()


def review(**fields: Any) -> Json:
    given: Json = {
        "sequence": 3,
        "decided_at": "2026-09-15T12:00:00.000Z",
        "causes": [cause()],
        "suggestions": [],
        "since": "2026-09-14T08:30:00.000Z",
        "new": 3,
        "resolved": 2,
        "standing": 409,
        "changes": {"new": {SEVERAL: 3}, "resolved": {"student.no_section": 2}, "standing": {SEVERAL: 409}},
    }
    return given | fields


def suggestion(number: int) -> Json:
    coverage = {"exactly_one": 1004 - number, "none": number, "several": 0}
    return {
        "filter": {},
        "coverage": coverage,
        "sharing_rules": True,
        "text": f"Match all sections, way {number}",
    }


def test_a_cause_tells_its_schools_by_name_where_it_is_known() -> None:
    shown = text(review_details(review() | {"school_names": {"south": "Southridge High"}}))

    assert "at north, Southridge High and 7 more schools" in shown


def test_a_cause_says_whom_it_blocks_whose_it_is_and_what_to_do() -> None:
    shown = text(review_details(review()))

    assert "412 students  filter.no_rules" in shown
    assert "owner: section filter; at north, south and 7 more schools" in shown
    assert "at north, south and 7 more schools" in shown
    assert "Keep one kind only" in shown


def test_a_command_stands_on_a_line_of_its_own_to_be_copied() -> None:
    command = f"rostering approve {'d1' * 12} --plan 7b9427a034f9 --reason TEXT"
    advice = f"They would change class, which many do. If this is intended, approve the plan: {command}"
    told = {**cause(), "advice": advice}

    assert f"  {command}" in text(review_details(review(causes=[told]))).splitlines()


def test_each_rule_of_a_suggestion_stands_on_a_line_of_its_own() -> None:
    rules = 'Match all sections where name contains "advisory"; and match all sections where period is "1"'

    shown = text(review_details(review(suggestions=[{**suggestion(1), "text": rules}])))

    assert '  1.  Match all sections where name contains "advisory"\n' in shown
    assert '      Match all sections where period is "1"\n' in shown


def test_a_review_says_how_it_differs_from_the_one_before() -> None:
    shown = " ".join(text(review_details(review())).split())

    assert "3 new errors, 2 resolved, 409 unchanged, the oldest since 2026-09-14 08:30" in shown


def test_findings_stand_beside_what_the_last_review_had_of_them() -> None:
    shown = text(findings_table({"by_code": {SEVERAL: 412}}, review()))

    rows = {line.split()[0]: line.split()[1:] for line in shown.splitlines()}
    assert rows[SEVERAL] == ["412", "3", "409"]
    assert rows["student.no_section"] == ["2"]


def test_without_a_finding_there_is_no_table() -> None:
    assert text(findings_table({"by_code": {}}, None)) == "no findings"


def test_at_most_five_causes_and_suggestions_are_shown_with_the_number_of_the_rest() -> None:
    many = review(causes=[cause(n) for n in range(7)], suggestions=[suggestion(n) for n in range(6)])

    shown = text(review_details(many), 160)

    assert shown.count("Keep one kind only") == 5
    assert shown.count("Match all sections") == 5
    assert "6 suggested section filters: the best gives 1,004 students exactly one class." in shown
    assert "1,004 of 1,004 students in exactly one class" in shown
    assert "2 more causes" in shown
    assert "1 more suggestions" not in shown
    assert "1 more suggestion:" in shown


def test_a_removal_counts_the_students_that_it_would_remove() -> None:
    shown = text(review_details(review(causes=[cause(students=0, unblocks=0, removed=240)])))

    assert "240 students to be removed" in shown


def test_a_cause_that_blocks_no_student_blocks_the_whole_district() -> None:
    assert "The whole district" in text(review_details(review(causes=[cause(students=0, unblocks=0)])))


def test_a_review_of_an_older_version_is_shown_without_what_it_did_not_tell() -> None:
    old = {"code": "sharing.field_withdrawn", "owner": "sharing", "students": 9, "field": "dob"}
    older = review(
        causes=[old | {"schools": [], "sections": [], "advice": "Share it."}], since=None, changes=None
    )

    assert "Share it." in text(review_details(older))
    assert "new" not in text(findings_table({"by_code": {SEVERAL: 1}}, older))


def test_a_forecast_says_what_would_become_of_the_window() -> None:
    found: Json = {
        "events": 12,
        "outcome": "review",
        "students": {"total": 1004, "ready": 1000, "blocked": 4},
        "by_code": {SEVERAL: 4, "student.unknown_school": 9},
        "new": 3,
        "resolved": 1,
        "plan": {"digest": "ab" * 32},
    }
    known = {SEVERAL: 1, "student.no_section": 1, "student.unknown_school": 9}

    assert text(forecast_text(found, known), 200) == (
        "with 12 waiting events: would be a review; 1,000 of 1,004 students ready; 3 new errors, "
        "1 resolved; student.multiple_sections +3, student.no_section -1"
    )
    committed = found | {"outcome": "commit", "by_code": {}, "events": 1}
    assert text(forecast_text(committed, {}), 200) == (
        "with 1 waiting event: would be committed; 1,000 of 1,004 students ready"
    )
    assert text(forecast_text({"unavailable": "a reason"}, {})) == "none: a reason"
