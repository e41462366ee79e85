"""Sections that came, or changed, since the last commit: beside classes, and in their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.unit.test_causes import HOMEROOM, MATH, NONE, NORTH_3, SEVERAL, blocked, causes
from worker.domain.review.causes.former_classes import FormerClassFate, Loss
from worker.domain.review.causes.labels import ConcernedSection
from worker.domain.review.causes.new_classes import Beside, KeptText, NewClass, new_classes, without
from worker.domain.review.causes.new_homes import NewHome, home_of, with_homes
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import RecordId, Section, Term
from worker.domain.roster.section_filter import SectionFilter, SectionView
from worker.domain.roster.terms import TermCalendar

VOCABULARY = Vocabulary({"quill"})
CLASS = KeptText("Homeroom - Fern - 0", "other", "0", "north")
NAMES = {"north": "North School"}
ROSTERED: dict[str, Any] = {"was_rostered": True, "has_rules": True, "school_names": NAMES}
TWO = replace(HOMEROOM, several=True)
SUMMER = NewClass(Beside.LEFT_OUT, "name", now="summer")
TWO_SCHOOLS = {"class_schools": ("north", "south")}


def section(name: str = "", before: dict[str, Any] | None = None, **fields: Any) -> ConcernedSection:
    """Return a section of ten students, all of whom have another one, that is new unless it was there."""
    columns = {key: value for key, value in fields.items() if key in {"subject", "period", "school_id"}}
    sizes = {key: fields.pop(key) for key in ("students", "torn") if key in fields}
    record = {"name": name, **{key: value for key, value in fields.items() if key != "is_changed"}}
    return ConcernedSection(
        "new",
        name,
        **columns,
        record=record,
        is_changed=fields.get("is_changed", True),
        before=before,
        **{"students": 10, "torn": 10, **sizes},
    )


def told(found: ConcernedSection, *fields: str, others: Sequence[KeptText] = (CLASS,)) -> NewClass:
    terms = {"t1": "S1", "t2": "S2"}

    def name_of(term: str) -> str:
        return terms.get(term, "")

    return new_classes([found], fields or ("name",), others, VOCABULARY, name_of)["new"]


@pytest.mark.parametrize(
    ("found", "field", "value"),
    [
        (section("Homeroom Breakfast - Quill - 0"), "name", "breakfast"),
        (section("Summer School Homeroom"), "name", "summer school"),
        (section("Summer-School Homeroom"), "name", "summer"),
        (section("Homeroom", subject="math"), "subject", "math"),
        (section("Homeroom", subject="other", school_id="south"), "school", "south"),
        (section("Homeroom", school_id="north", period="9"), "period", "9"),
    ],
)
def test_a_new_section_beside_classes_is_left_out_by_what_no_other_has(
    found: ConcernedSection, field: str, value: str
) -> None:
    assert told(found) == NewClass(Beside.LEFT_OUT, field, now=value)


@pytest.mark.parametrize(
    "found",
    [
        section("Homeroom - Quill - 0", subject="other", period="0", school_id="north"),
        section("Homeroom Breakfast", torn=9),
        section("Homeroom Spring Semester"),
    ],
)
def test_a_new_section_is_not_left_out_where_a_class_or_a_student_would_be(found: ConcernedSection) -> None:
    assert told(found) == NewClass(Beside.ADDED)


def test_a_word_that_another_kept_section_has_leaves_nothing_out() -> None:
    others = (CLASS, KeptText("Home room, Summer Schools"))

    assert told(section("Summer School"), others=others) == NewClass(Beside.ADDED)


@pytest.mark.parametrize(("alone", "what"), [(2, Beside.ADDED), (3, Beside.TAKES_OVER)])
def test_a_new_section_is_a_class_if_a_quarter_are_in_it_alone(alone: int, what: Beside) -> None:
    assert told(section("Homeroom", torn=10 - alone)).what is what


@pytest.mark.parametrize(
    ("before", "now", "fields", "change"),
    [
        ({"name": "Math"}, {"name": "Homeroom Math"}, ("name",), ("name", "", "homeroom")),
        ({"term_id": "t1"}, {"term_id": "t2"}, ("name", "term"), ("term", "S1", "S2")),
        ({"subject": "math"}, {}, ("subject",), ("subject", "math", "blank")),
        ({"course_id": "a"}, {"course_id": "b"}, ("course_name",), ("course_name",)),
        ({"period": "1"}, {"period": "2"}, ("name",), ()),
    ],
)
def test_of_a_section_that_was_there_the_field_is_told_that_the_filter_reads(
    before: dict[str, Any], now: dict[str, Any], fields: tuple[str, ...], change: tuple[str, ...]
) -> None:
    rest = {key: value for key, value in now.items() if key != "name"}

    assert told(section(now.get("name", ""), before, **rest), *fields) == NewClass(Beside.CHANGED, *change)


def test_of_a_section_that_did_not_change_nothing_is_known() -> None:
    assert told(section("Homeroom", is_changed=False)) == NewClass(Beside.UNKNOWN)


def filter_of(*rules: list[tuple[str, str, Any]]) -> SectionFilter:
    said = [{"all": [{"field": f, "op": op, "value": value} for f, op, value in rule]} for rule in rules]
    return SectionFilter.model_validate({"rules": said}, strict=False)


BY_NAME = filter_of([("name", "contains", "homeroom")], [("subject", "is", "arts")])
BY_GRADE = filter_of([("subject", "is", "reading"), ("grade", "one_of", ["3", "4"])])


def test_what_is_left_out_is_a_condition_of_every_rule() -> None:
    found = [SUMMER, NewClass(Beside.LEFT_OUT, "school", now="south")]

    (offer,) = without(BY_NAME, [*found, *found, NewClass(Beside.ADDED)])

    more = [("name", "not_contains", "summer"), ("school", "is_not", "south")]
    rules = ([("name", "contains", "homeroom"), *more], [("subject", "is", "arts"), *more])
    assert offer == filter_of(*rules)
    assert without(BY_NAME, [NewClass(Beside.ADDED)]) == without(SectionFilter(), found) == []


def view(**fields: Any) -> SectionView:
    return SectionView(Section(RecordId("new"), **fields))


@pytest.mark.parametrize(
    ("fields", "rules", "home"),
    [
        ({"subject": "reading", "grade": "Other"}, BY_GRADE, NewHome("grade", "Other")),
        ({"subject": "reading"}, BY_GRADE, NewHome("grade", "blank")),
        ({"subject": "reading", "grade": "Quill"}, BY_GRADE, NewHome("grade")),
        ({"grade": "5"}, BY_GRADE, NewHome()),
        ({"name": "Life Skills"}, BY_NAME, NewHome("name")),
    ],
)
def test_a_new_section_is_not_kept_for_the_one_condition_that_it_fails(
    fields: dict[str, Any], rules: SectionFilter, home: NewHome
) -> None:
    assert home_of(view(**fields), rules, TermCalendar(date(2026, 9, 15), {}), VOCABULARY) == home


def test_a_new_section_of_a_later_term_is_for_later() -> None:
    term = Term(RecordId("t"), "S2", date(2027, 1, 5))
    later = SectionView(Section(RecordId("new"), term_id=term.id), term=term)
    current = BY_NAME.model_copy(update={"current_term_only": True})
    calendar = TermCalendar(date(2026, 9, 15), {})

    assert home_of(later, current, calendar, VOCABULARY) is None
    assert home_of(later, BY_NAME, calendar, VOCABULARY) == NewHome("name")


def test_a_filter_that_keeps_a_new_section_takes_its_value_or_its_words_at_its_school() -> None:
    other = view(subject="reading", grade="Other")
    skills = [view(name=name, school_id="north") for name in ("Life Skills SDC Quill", "Life Skills")]

    assert with_homes(BY_GRADE, {NewHome("grade", "Other"): [other]}, VOCABULARY) == [
        filter_of([("subject", "is", "reading"), ("grade", "one_of", ["3", "4", "Other"])])
    ]
    (offer,) = with_homes(BY_NAME, {NewHome("name"): skills}, VOCABULARY)
    added = filter_of([("name", "contains", "life skills"), ("school", "is", "north")])
    assert offer.rules[2:] == added.rules
    elsewhere = [*skills, view(name="Life Skills", school_id="south")]
    assert with_homes(BY_NAME, {NewHome("name"): elsewhere}, VOCABULARY) == []
    assert with_homes(BY_NAME, {NewHome("name"): [view(name="Quill", school_id="north")]}, VOCABULARY) == []


# Causes


@pytest.mark.parametrize(
    ("news", "group", "facts", "code"),
    [
        (SUMMER, {}, {}, "filter.sections_beside"),
        (SUMMER, TWO_SCHOOLS, {}, "filter.sections_beside"),
        (SUMMER, {**TWO_SCHOOLS, "came_from": "south"}, {}, "sis.still_at_old_school"),
        (SUMMER, {"labels": (HOMEROOM, MATH)}, {"cohorts": {NORTH_3: 12}}, "filter.several_kinds_kept"),
        (SUMMER, {}, {"is_filter_new": True}, "sis.several_of_one_kind"),
        (NewClass(Beside.TAKES_OVER), {}, {}, "sis.not_dropped"),
        (NewClass(Beside.TAKES_OVER), TWO_SCHOOLS, {}, "sis.in_two_schools"),
        (NewClass(Beside.CHANGED, "term", "S2", "YR"), {}, {}, "sis.section_in_another_term"),
        (NewClass(Beside.CHANGED, "term", "", "YR"), {}, {}, "sis.section_became_class"),
        (NewClass(Beside.ADDED), {}, {}, "sis.section_became_class"),
        (NewClass(Beside.UNKNOWN), {}, {}, "sis.section_became_class"),
    ],
)
def test_sections_beside_classes_are_a_cause_by_what_they_are(
    news: NewClass, group: dict[str, Any], facts: dict[str, Any], code: str
) -> None:
    found = blocked(12, SEVERAL, **{"labels": (TWO,), "news": news, **group})

    told = {**ROSTERED, "cohorts": {NORTH_3: 90}, **facts}

    (cause,) = causes(found, new_classes={news: ["n1", "n2"]}, **told)

    assert cause.code == code
    is_told = code in {"filter.sections_beside", "sis.not_dropped", "sis.section_in_another_term"}
    assert (cause.sections == ("n1", "n2")) is (is_told or news.what in {Beside.ADDED, Beside.CHANGED})


@pytest.mark.parametrize(
    ("loss", "group", "code"),
    [
        (Loss.TAKEN_OUT, {}, "filter.new_section_not_kept"),
        (Loss.UNSHARED, {"was_grade": "2"}, "filter.new_section_not_kept"),
        (Loss.EMPTY_LIST, {}, "filter.new_section_not_kept"),
        (Loss.UNSHARED, {"came_from": "south"}, "sis.changed_school"),
        (Loss.CHANGED, {}, "sis.sections_changed"),
    ],
)
def test_students_in_a_new_section_that_is_not_kept_are_for_the_filter(
    loss: Loss, group: dict[str, Any], code: str
) -> None:
    home = NewHome("grade", "Other")
    found = blocked(3, NONE, former=FormerClassFate(loss), home=home, **group)

    (cause,) = causes(found, new_homes={home: ["h1"]}, **ROSTERED)

    assert cause.code == code
    is_told = code == "filter.new_section_not_kept"
    assert ("because its grade is “Other”" in cause.advice, cause.sections == ("h1",)) == (is_told, is_told)
