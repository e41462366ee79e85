"""What causes say, with one, two and many."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from tests.support.builders.records import DISTRICT, NOON
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.class_changes import ROLLOVER
from worker.domain.review.causes.facts import (
    Blocked,
    CauseFacts,
    ErrorKey,
    Others,
    SchoolGrade,
    SharedSections,
    TermFacts,
)
from worker.domain.review.causes.folding import fold
from worker.domain.review.causes.former_classes import BLANK, FormerClassFate, Loss
from worker.domain.review.causes.labels import Label, LabelKind
from worker.domain.review.causes.model import Pile
from worker.domain.review.causes.reasons import IDS_REISSUED, NO_TERM_RUNS, ErrorReason
from worker.domain.review.causes.remedies import advice
from worker.domain.review.causes.texts import texts
from worker.domain.review.causes.wording import LONGEST_NAME, NAMED, grades, listing, several, shortened
from worker.domain.review.causes.words import Words
from worker.domain.roster.records import RecordId, Term
from worker.runtime.count_text import counted

TODAY = date(2026, 7, 1)
SPRING = Term(RecordId("t1"), " Spring ", date(2026, 6, 5), date(2026, 1, 9))
FALL = Term(RecordId("t3"), "Fall", date(2026, 9, 1), date(2026, 12, 18))
WINTER = Term(RecordId("t4"), "Winter", date(2026, 1, 9), date(2026, 6, 5))
UNNAMED = Term(RecordId("t2"), None, date(2026, 3, 2), date(2026, 3, 1))
DO_NOT_MERGE = "Do not merge them"


def no_term_runs(terms: TermFacts | None) -> str:
    return advice(NO_TERM_RUNS, Pile(students=2), CauseFacts(DISTRICT, 9, "", terms=terms))


def test_students_of_terms_that_do_not_run_are_told_when_the_next_one_begins_if_it_is_known() -> None:
    assert no_term_runs(None).startswith(
        "2 students are in no class: none of their sections has a current term today."
    )
    assert "These sections have no later term." in no_term_runs(TermFacts(TODAY))
    unnamed = TermFacts(TODAY, following=replace(FALL, name=None))
    assert "The next term begins on 2026-09-01." in no_term_runs(unnamed)
    assert "The next term “Fall” begins on 2026-09-01." in no_term_runs(TermFacts(TODAY, following=FALL))
    assert "a current term on 2026-07-01." in no_term_runs(TermFacts(TODAY))
    assert "The term “Winter” ended on 2026-06-05. The next" in no_term_runs(TermFacts(TODAY, WINTER, FALL))
    begun = replace(FALL, start=TODAY)
    assert "“Fall” began on 2026-07-01, but they are in no section of it." in no_term_runs(
        TermFacts(TODAY, WINTER, begun)
    )


def test_terms_whose_days_are_the_wrong_way_round_are_told_with_their_days() -> None:
    assert "swapped" not in no_term_runs(TermFacts(TODAY))
    assert (
        " The start and end of these terms are swapped: “Spring” (2026-06-05 to 2026-01-09) and no name "
        "(2026-03-02 to 2026-03-01)."
    ) in no_term_runs(TermFacts(TODAY, reversed=[SPRING, UNNAMED]))


@pytest.mark.parametrize(
    ("field", "running", "is_told"),
    [("term", [FALL], False), ("term", [WINTER, FALL], True), ("name", [WINTER, FALL], False)],
)
def test_two_terms_that_run_at_once_are_told_where_only_current_ones_count(
    field: str, running: list[Term], *, is_told: bool
) -> None:
    facts = CauseFacts(DISTRICT, 9, "", filter_fields=(field,), running_terms=running)

    said = Words(ErrorReason("some.code"), Pile(), facts).overlapping_terms

    assert said.startswith(" These terms run at the same time: “Winter” (2026-01-09 to") is is_told
    assert bool(said) is is_told


def test_ids_that_were_issued_anew_are_to_be_approved_with_a_removal_and_not_merged_without_one() -> None:
    facts = CauseFacts(DISTRICT, 9, "0123456789abcdef")

    with_removal = advice(IDS_REISSUED, Pile(students=2, removed=2), facts)
    without = advice(IDS_REISSUED, Pile(students=2), facts)

    assert "2 students would be removed" in with_removal
    assert "approve" in with_removal
    assert DO_NOT_MERGE not in with_removal
    assert "under an old and a new Clever ID" in without
    assert without.endswith(f"{DO_NOT_MERGE} before the old ones are deleted.")


def pile(number: int) -> Pile:
    """Return a pile of so many students, schools, grades, findings and former classes."""
    places = Counter({f"school {place}": 1 for place in range(number)})
    return Pile(
        students=number,
        unblocks=number,
        removed=number,
        class_changes=number,
        findings=Counter({"some.code": number}),
        schools=places,
        grades=Counter({str(grade): 1 for grade in range(1, number + 1)}),
        grade_moves=Counter({("3", "4"): number}),
        moved_to=Counter({"another school": number}),
        former_classes=[f"class {place}" for place in range(number)],
    )


FATE = FormerClassFate(Loss.CHANGED, "name", "homeroom", "advisory")
LABELS = (Label(LabelKind.WORD, "homeroom"), Label(LabelKind.SUBJECT, "math"))


@pytest.mark.parametrize("number", [1, 2, 12])
@pytest.mark.parametrize("code", texts())
def test_each_sentence_fits_one_two_and_many(code: str, number: int) -> None:
    labels = LABELS if code == "filter.several_kinds_kept" else ()
    reason = ErrorReason(code, "school_id", labels, FATE)
    gone = Others(Code.KIND_VANISHED, 1, (), NOON, records=("schools", "teachers"))
    shared = SharedSections(number, are_lists_filled=False)
    facts = CauseFacts(DISTRICT, 99, "ab" * 32, shared_sections=shared, others=[gone])

    text = advice(reason, pile(number), facts)

    assert not re.search(r"[{}|]|\bNone\b|  |\.\.|\(\)", text)
    assert not re.search(r"\b1 \w+s\b(?<!class)|\b(2|12) (student|school|section|event|error)\b", text)
    assert not re.search(r"^1 (student|school|section|class)\b[^.]{0,30}? are\b", text)
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith((".", "TEXT"))


def test_students_are_told_to_be_listed_still_only_where_most_of_them_are() -> None:
    def said(removed: int, listed: int) -> bool:
        gone = Pile(removed=removed, listed=listed)
        return (
            "still list" in Words(ErrorReason("some.code"), gone, CauseFacts(DISTRICT, 9, "")).left_or_approve
        )

    assert [said(4, 2), said(4, 1), said(0, 0)] == [True, False, False]


def test_no_sentence_uses_words_of_ours() -> None:
    for text in texts().values():
        assert not re.search(r"\b(he|his|him|judged|told|anew|somebody|nobody|passed over)\b", text)


def test_up_to_three_schools_are_named_and_the_rest_counted() -> None:
    def where(*schools: str) -> str:
        of_schools = Pile(students=9, schools=Counter(dict.fromkeys(schools, 1)))
        names = {school: f"{school.title()} School" for school in "abcde"}
        return Words(
            ErrorReason("some.code"), of_schools, CauseFacts(DISTRICT, 9, "", school_names=names)
        ).where

    assert where() == ""
    assert where("a") == " at A School"
    assert where("a", "b") == " at A School and B School"
    assert where("a", "b", "c") == " at A School, B School and C School"
    assert where("a", "b", "c", "d") == " at A School, B School, C School and one more school"
    assert where("a", "b", "c", "d", "e") == " at A School, B School, C School and two more schools"
    assert where("a", "z") == " at two schools"


def test_grades_are_told_in_their_order_where_they_are_few_and_not_everybody() -> None:
    def where(grades: str, students: int = 5) -> str:
        of_grades = Pile(students=students, grades=Counter(grades.split()))
        return Words(ErrorReason("some.code"), of_grades, CauseFacts(DISTRICT, 9, "")).where

    assert where("10 9 Kindergarten") == " (grades Kindergarten, 9 and 10)"
    assert where("10 Other") == " (grades 10 and Other)"
    assert where("1 2 3 4 5 6") == " (grades 1, 2, 3, 4, 5 and 6)"
    assert where("1 2 3 4 5 6 7") == ""
    assert where("3", students=9) == ""


SPRING_BEGINS, FALL_ENDED = date(2027, 1, 5), date(2026, 1, 5)


@pytest.mark.parametrize(
    ("fate", "told"),
    [
        (FATE, "its|their name changed from “homeroom” to “advisory”"),
        (replace(FATE, now=""), "its|their name no longer has “homeroom”"),
        (replace(FATE, was=""), "its|their name is now “advisory”"),
        (replace(FATE, was="", now=""), "its|their name changed"),
        (replace(FATE, now=BLANK), "its|their name changed from “homeroom” to blank"),
        (FormerClassFate(Loss.CHANGED), "it no longer matches|they no longer match the section filter"),
        (FormerClassFate(Loss.CHANGED, "term"), "it is|they are now in another term, which is not current"),
        (
            FormerClassFate(Loss.CHANGED, "term", "", "S2", SPRING_BEGINS),
            "it is|they are now in the term “S2”, which begins on 2027-01-05",
        ),
        (
            FormerClassFate(Loss.CHANGED, "term", "", "S1", FALL_ENDED),
            "it is|they are now in the term “S1”, which ended on 2026-01-05",
        ),
    ],
)
def test_what_changed_about_classes_is_told_for_one_and_for_two(fate: FormerClassFate, told: str) -> None:
    facts = CauseFacts(DISTRICT, 9, "", today=TODAY)
    one, two = (
        Words(ErrorReason("some.code", fate=fate), pile(number), facts).what_changed for number in (1, 2)
    )

    singular, _, rest = told.partition("|")
    assert one.startswith(singular)
    assert two.endswith(rest)


def test_a_name_is_told_whole_up_to_a_length_and_in_one_line() -> None:
    assert shortened("x" * LONGEST_NAME) == "x" * LONGEST_NAME
    assert shortened("x" * (LONGEST_NAME + 1)) == "x" * LONGEST_NAME + "…"
    assert shortened(" a\n b ") == "a b"


def test_numbers_and_lists_are_told_as_people_say_them() -> None:
    assert [several(number, "school") for number in (0, 1, 2, 10, 11, 1000)] == [
        *("no schools", "one school", "two schools", "ten schools", "11 schools", "1,000 schools")
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
