"""What causes say of sections, terms and ids."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from builders import DISTRICT

from worker.domain.causes.advice import advice
from worker.domain.causes.class_changes import CLASS_CHANGE_TEXTS
from worker.domain.causes.facts import Facts, TermFacts
from worker.domain.causes.model import Pile
from worker.domain.causes.students import IDS_REISSUED, NO_TERM_RUNS, Reason
from worker.domain.causes.wording import LONGEST_NAME, shortened
from worker.domain.records import RecordId, Term

TODAY = date(2026, 7, 1)
SPRING = Term(RecordId("t1"), " Spring ", date(2026, 6, 5), date(2026, 1, 9))
UNNAMED = Term(RecordId("t2"), None, date(2026, 3, 2), date(2026, 3, 1))
DO_NOT_MERGE = "Do not merge them"


def no_term_runs(terms: TermFacts | None) -> str:
    return advice(NO_TERM_RUNS, Pile(students=2), Facts(DISTRICT, 9, "", terms=terms))


def test_students_of_terms_that_do_not_run_are_told_when_the_next_one_begins_if_it_is_known() -> None:
    begins = date(2026, 9, 1)

    assert no_term_runs(None) == "2 students are in no class: no term of their sections runs today."
    assert "No later term of these sections is known." in no_term_runs(TermFacts(TODAY))
    assert "The next term begins on 2026-09-01." in no_term_runs(TermFacts(TODAY, None, begins))
    assert "The next term “Fall” begins on 2026-09-01." in no_term_runs(TermFacts(TODAY, "Fall", begins))
    assert "runs on 2026-07-01." in no_term_runs(TermFacts(TODAY))


def test_terms_whose_days_are_the_wrong_way_round_are_told_with_their_days() -> None:
    assert "wrong way round" not in no_term_runs(TermFacts(TODAY))
    assert (
        " The days of these terms are the wrong way round: “Spring” (2026-06-05 to 2026-01-09) and no name "
        "(2026-03-02 to 2026-03-01)."
    ) in no_term_runs(TermFacts(TODAY, reversed=[SPRING, UNNAMED]))


def test_ids_that_were_issued_anew_are_to_be_approved_with_a_removal_and_not_merged_without_one() -> None:
    facts = Facts(DISTRICT, 9, "0123456789abcdef")

    with_removal = advice(IDS_REISSUED, Pile(students=2, removed=2), facts)
    without = advice(IDS_REISSUED, Pile(students=2), facts)

    assert "2 students would be removed" in with_removal
    assert "approve" in with_removal
    assert DO_NOT_MERGE not in with_removal
    assert "under an old id or under a new one" in without
    assert without.endswith(f"{DO_NOT_MERGE} before the old ones are deleted.")


@pytest.mark.parametrize("reason", CLASS_CHANGE_TEXTS, ids=lambda reason: reason.code)
def test_a_change_of_classes_names_schools_where_there_are_any(reason: Reason) -> None:
    say = CLASS_CHANGE_TEXTS[reason]

    assert "2 students would sit" in say(Pile(class_changes=2))
    assert "2 students at two schools would sit" in say(
        Pile(class_changes=2, schools=Counter({"north": 1, "south": 1}))
    )


def test_a_name_is_told_whole_up_to_a_length_and_in_one_line() -> None:
    assert shortened("x" * LONGEST_NAME) == "x" * LONGEST_NAME
    assert shortened("x" * (LONGEST_NAME + 1)) == "x" * LONGEST_NAME + "…"
    assert shortened(" a\n b ") == "a b"
