"""What causes say of sections, terms and ids."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from tests.support.builders.records import DISTRICT, NOON
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.class_changes import CLASS_CHANGE_TEXTS, ROLLOVER
from worker.domain.review.causes.facts import Blocked, CauseFacts, ErrorKey, Others, SchoolGrade, TermFacts
from worker.domain.review.causes.folding import fold
from worker.domain.review.causes.model import Pile
from worker.domain.review.causes.remedies import advice
from worker.domain.review.causes.students import IDS_REISSUED, NO_TERM_RUNS, ErrorReason
from worker.domain.review.causes.wording import (
    LONGEST_NAME,
    NAMED,
    grades,
    listing,
    several,
    shortened,
)
from worker.domain.roster.records import RecordId, Term
from worker.runtime.count_text import counted

TODAY = date(2026, 7, 1)
SPRING = Term(RecordId("t1"), " Spring ", date(2026, 6, 5), date(2026, 1, 9))
UNNAMED = Term(RecordId("t2"), None, date(2026, 3, 2), date(2026, 3, 1))
DO_NOT_MERGE = "Do not merge them"


def no_term_runs(terms: TermFacts | None) -> str:
    return advice(NO_TERM_RUNS, Pile(students=2), CauseFacts(DISTRICT, 9, "", terms=terms))


def test_students_of_terms_that_do_not_run_are_told_when_the_next_one_begins_if_it_is_known() -> None:
    begins = date(2026, 9, 1)

    assert (
        no_term_runs(None) == "2 students are in no class: none of their sections has a current term today."
    )
    assert "These sections have no later term." in no_term_runs(TermFacts(TODAY))
    assert "The next term begins on 2026-09-01." in no_term_runs(TermFacts(TODAY, None, begins))
    assert "The next term “Fall” begins on 2026-09-01." in no_term_runs(TermFacts(TODAY, "Fall", begins))
    assert "a current term on 2026-07-01." in no_term_runs(TermFacts(TODAY))


def test_terms_whose_days_are_the_wrong_way_round_are_told_with_their_days() -> None:
    assert "swapped" not in no_term_runs(TermFacts(TODAY))
    assert (
        " The start and end of these terms are swapped: “Spring” (2026-06-05 to 2026-01-09) and no name "
        "(2026-03-02 to 2026-03-01)."
    ) in no_term_runs(TermFacts(TODAY, reversed=[SPRING, UNNAMED]))


def test_ids_that_were_issued_anew_are_to_be_approved_with_a_removal_and_not_merged_without_one() -> None:
    facts = CauseFacts(DISTRICT, 9, "0123456789abcdef")

    with_removal = advice(IDS_REISSUED, Pile(students=2, removed=2), facts)
    without = advice(IDS_REISSUED, Pile(students=2), facts)

    assert "2 students would be removed" in with_removal
    assert "approve" in with_removal
    assert DO_NOT_MERGE not in with_removal
    assert "under an old and a new ID" in without
    assert without.endswith(f"{DO_NOT_MERGE} before the old ones are deleted.")


@pytest.mark.parametrize("reason", CLASS_CHANGE_TEXTS, ids=lambda reason: reason.code)
def test_a_change_of_classes_names_schools_where_there_are_any(reason: ErrorReason) -> None:
    say = CLASS_CHANGE_TEXTS[reason]

    assert "2 students would change class" in say(Pile(class_changes=2))
    assert "2 students at two schools would change class" in say(
        Pile(class_changes=2, schools=Counter({"north": 1, "south": 1}))
    )


def test_a_name_is_told_whole_up_to_a_length_and_in_one_line() -> None:
    assert shortened("x" * LONGEST_NAME) == "x" * LONGEST_NAME
    assert shortened("x" * (LONGEST_NAME + 1)) == "x" * LONGEST_NAME + "…"
    assert shortened(" a\n b ") == "a b"


def test_numbers_and_lists_are_told_as_people_say_them() -> None:
    assert [several(number, "school") for number in (0, 1, 2, 10, 11, 1000)] == [
        *("no schools", "one school", "two schools", "ten schools", "11 schools", "1,000 schools"),
    ]
    assert [counted(number, "class", "classes") for number in (0, 1, 2)] == [
        "0 classes",
        "1 class",
        "2 classes",
    ]
    assert counted(1000, "student") == "1,000 students"
    assert [listing("abcdefgh"[:number]) for number in (0, 1, 2, 3)] == ["", "a", "a and b", "a, b and c"]
    assert NAMED == 6
    assert listing("abcdef") == "a, b, c, d, e and f"
    assert listing("abcdefgh") == "a, b, c, d, e, f and 2 more"
    assert [grades(names) for names in ([], ["3"], ["3", "4"])] == ["no grade", "grade 3", "grades 3 and 4"]


OTHER_ERRORS = "fix the other errors first"


@pytest.mark.parametrize(
    ("facts", "are_other"),
    [
        (CauseFacts(DISTRICT, 9, ""), False),
        (CauseFacts(DISTRICT, 9, "", others=[Others(Code.SCHOOL_MASS_REMOVAL, 1, (), NOON)]), False),
        (CauseFacts(DISTRICT, 9, "", others=[Others(Code.NO_TEACHER, 1, (), NOON)]), True),
        (CauseFacts(DISTRICT, 9, "", blocked=[Blocked({}, 1, SchoolGrade("north", "3"))]), True),
    ],
)
def test_a_plan_opposed_by_guards_alone_can_be_approved(facts: CauseFacts, are_other: bool) -> None:
    assert (OTHER_ERRORS in advice(IDS_REISSUED, Pile(students=2, removed=2), facts)) is are_other


def test_a_new_school_year_is_told_by_what_goes_unless_only_classes_change() -> None:
    facts = CauseFacts(DISTRICT, 9, "")

    assert "would change class" in advice(ROLLOVER, Pile(class_changes=3), facts)
    assert "3 students would be removed" in advice(ROLLOVER, Pile(removed=3), facts)
    assert "3 students would be removed" in advice(ROLLOVER, Pile(removed=3, class_changes=2), facts)


@pytest.mark.parametrize(
    ("students", "total", "code"),
    [
        (9, 10, "filter.grade_not_kept"),
        (89, 99, "filter.none_kept"),
        (5, 5, "filter.grade_not_kept"),
        (4, 4, "filter.none_kept"),
    ],
)
def test_a_grade_is_lost_where_nine_of_ten_have_no_class(students: int, total: int, code: str) -> None:
    group = Blocked({ErrorKey(Code.NO_SECTION): NOON}, students, SchoolGrade("north", "3"))

    (cause,) = fold(CauseFacts(DISTRICT, 1000, "", blocked=[group], cohorts={group.place: total}))

    assert cause.code == code
