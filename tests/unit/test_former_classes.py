"""What became of the class that a student had in the last commit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.suggest.small import keeping
from worker.domain.review.causes.former_classes import (
    BLANK,
    FilterInForce,
    FormerClass,
    FormerClassFate,
    Loss,
    former_class_fate,
)
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import Course, RecordId, School, Section, Term
from worker.domain.roster.section_filter import SectionFilter, SectionView
from worker.domain.roster.terms import without_grace

TODAY = date(2026, 10, 14)
FALL = Term(RecordId("t1"), "Fall", date(2026, 8, 10), date(2026, 12, 18))
SPRING = Term(RecordId("t2"), "Spring", date(2027, 1, 5), date(2027, 6, 4))
LAST = Term(RecordId("t0"), "Last", date(2026, 1, 5), date(2026, 6, 4))
MATH = keeping(("subject", "is", "math"))
HOMEROOMS = keeping(("name", "contains", "homeroom"))
SECTION = Section(RecordId("c1"), name="Homeroom 3 - Fernsby", subject="Math", period="1", term_id=FALL.id)


def fate(
    *,
    section_filter: SectionFilter = HOMEROOMS,
    is_new: bool = False,
    is_listed: bool = True,
    listed: int = 9,
    view: SectionView | None = None,
    was: Section = SECTION,
    replacement: SectionView | None = None,
    **now: Any,
) -> FormerClassFate:
    """Return what became of a class whose section has changed so."""
    if view is None and "is_gone" not in now:
        view = SectionView(replace(SECTION, **now), term=FALL)
    former = FormerClass(
        was, 5, 5 if is_listed else 0, view, FALL, School(RecordId("h1"), "North"), listed, replacement
    )
    in_force = FilterInForce(section_filter, is_new, without_grace(TODAY))
    return former_class_fate(former, in_force, Vocabulary({"fernsby"}), is_listed=is_listed)


def test_a_section_that_is_gone_is_told_by_its_kind_and_never_by_a_name() -> None:
    assert fate(is_gone=True) == FormerClassFate(Loss.UNSHARED, was="homeroom")
    named = Section(RecordId("c1"), name="Fernsby 3", subject="Math")
    assert fate(is_gone=True, was=named) == FormerClassFate(Loss.UNSHARED, was="Math")
    assert fate(is_gone=True, was=replace(named, subject="Fernsby")) == FormerClassFate(Loss.UNSHARED)
    assert fate(is_gone=True, was=replace(named, subject=None)) == FormerClassFate(Loss.UNSHARED)
    assert fate(is_gone=True, was=replace(named, name=None)) == FormerClassFate(Loss.UNSHARED, was="Math")


def test_a_section_that_is_gone_with_one_in_its_place_is_replaced_by_one_that_differs() -> None:
    other = SectionView(Section(RecordId("c2"), name="Room 3", term_id=FALL.id), term=FALL)

    assert fate(is_gone=True, replacement=other) == FormerClassFate(Loss.REPLACED, "name", "homeroom", "room")


def test_a_student_in_a_new_section_beside_the_old_one_is_in_half_of_a_class_that_was_split() -> None:
    other = SectionView(Section(RecordId("c2"), name="Room 3", term_id=FALL.id), term=FALL)

    found = fate(is_listed=False, replacement=other)

    assert found == FormerClassFate(Loss.SPLIT, "name", "homeroom", "room")
    assert fate(is_listed=False, listed=0, replacement=other) == FormerClassFate(Loss.EMPTY_LIST)


def test_a_section_in_its_place_that_an_earlier_filter_kept_is_a_matter_of_the_filter() -> None:
    same = SectionView(replace(SECTION, id=RecordId("c2")), term=FALL)
    arts = keeping(("subject", "is", "art"))

    found = fate(is_gone=True, replacement=same, section_filter=arts, is_new=True)

    assert found == FormerClassFate(Loss.FILTER_CHANGED)


@pytest.mark.parametrize(("listed", "loss"), [(0, Loss.EMPTY_LIST), (1, Loss.TAKEN_OUT)])
def test_a_section_that_does_not_list_the_student_lists_others_or_nobody(listed: int, loss: Loss) -> None:
    assert fate(is_listed=False, listed=listed) == FormerClassFate(loss)


@pytest.mark.parametrize(
    ("section_filter", "now", "expected"),
    [
        pytest.param(HOMEROOMS, {"name": "HR 3 - Fernsby"}, ("name", "homeroom", "hr"), id="renamed"),
        pytest.param(HOMEROOMS, {"name": None}, ("name", "homeroom", ""), id="no name"),
        pytest.param(
            keeping(("name", "is", "Homeroom 3 - Fernsby")),
            {"name": "Homeroom 3 - Quill"},
            ("name", "", ""),
            id="another teacher",
        ),
        pytest.param(
            keeping(("subject", "is", "math")),
            {"subject": "Science"},
            ("subject", "Math", "Science"),
            id="subject",
        ),
        pytest.param(
            keeping(("subject", "is", "math")), {"subject": None}, ("subject", "Math", BLANK), id="no subject"
        ),
        pytest.param(keeping(("period", "is", "1")), {"period": "2"}, ("period", "1", "2"), id="period"),
        pytest.param(
            keeping(("period", "is", "1")),
            {"name": "HR", "period": "2"},
            ("period", "1", "2"),
            id="two fields",
        ),
        pytest.param(
            keeping(("school", "is", "North")),
            {"school_id": RecordId("h2")},
            ("school_id", "", ""),
            id="school",
        ),
    ],
)
def test_a_section_that_changed_is_told_by_the_field_that_takes_it_out(
    section_filter: SectionFilter, now: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    assert fate(section_filter=section_filter, **now) == FormerClassFate(Loss.CHANGED, *expected)


def test_two_changes_that_take_it_out_together_are_told_by_the_more_telling_one() -> None:
    both = keeping(("name", "contains", "homeroom"), ("period", "is", "1"))

    assert fate(section_filter=both, name="HR", period="2").field == "name"


@pytest.mark.parametrize(("term", "day"), [(SPRING, SPRING.start), (LAST, LAST.end)])
def test_a_section_in_another_term_is_told_with_the_day_that_matters(term: Term, day: date) -> None:
    view = SectionView(replace(SECTION, term_id=term.id), term=term)
    current = HOMEROOMS.model_copy(update={"current_term_only": True})

    assert fate(section_filter=current, view=view) == FormerClassFate(
        Loss.CHANGED, "term", "", term.name or "", day
    )
    of_fall = keeping(("term", "is", "Fall"))
    assert fate(section_filter=of_fall, view=view).field == "term"


def test_a_section_whose_own_term_is_over_did_not_change() -> None:
    view = SectionView(SECTION, term=replace(FALL, end=date(2026, 10, 1)))
    current = HOMEROOMS.model_copy(update={"current_term_only": True})

    assert fate(section_filter=current, view=view) == FormerClassFate(Loss.TERM_OVER)


def test_a_section_that_did_not_change_was_left_out_by_a_new_filter() -> None:
    arts = keeping(("subject", "is", "art"))

    assert fate(section_filter=arts, is_new=True) == FormerClassFate(Loss.FILTER_CHANGED)
    assert fate(section_filter=arts, is_new=True, name="HR 3") == FormerClassFate(Loss.FILTER_CHANGED)
    assert fate(is_new=True, name="HR 3") == FormerClassFate(Loss.CHANGED, "name", "homeroom", "hr")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (("course_name", "is", "advisory"), ("course", "Band")),
        (("course_number", "is", "HR"), ("course", "B1")),
        (("section_number", "is", "1"), ("section_number", BLANK)),
        (("term", "is", "Autumn"), ("term name", "")),
        (("school", "is", "North"), ("school name", BLANK)),
    ],
)
def test_what_a_commit_does_not_tell_is_what_is_left_to_have_changed(
    condition: tuple[str, str, str], expected: tuple[str, str]
) -> None:
    view = SectionView(
        SECTION, course=Course(RecordId("k1"), "Band", "B1"), term=replace(FALL, name="Fernsby")
    )

    field, now = expected
    assert fate(section_filter=keeping(condition), view=view) == FormerClassFate(Loss.CHANGED, field, "", now)


def test_nothing_is_told_of_a_change_that_leaves_no_trace() -> None:
    assert fate(section_filter=keeping(("sis_id", "is", "x"))) == FormerClassFate(Loss.CHANGED)
