"""Counting in columns: it agrees with the rules of section filters, and with counting by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, get_args

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders.records import record_id, section
from worker.domain.roster.records import Course, Term
from worker.domain.roster.section_filter import (
    Condition,
    FilterField,
    Operator,
    Rule,
    SectionFilter,
    SectionView,
    Strategy,
    counted,
    rank,
)
from worker.domain.roster.terms import without_grace
from worker.suggest.counting import MOST_TOLD, collapsed, group, kinds_of, places, tried
from worker.suggest.picture_builder import PictureBuilder
from worker.suggest.pricing import Pricing
from worker.suggest.rule_kinds import Meaning
from worker.suggest.rule_sets import draft, pooled
from worker.suggest.rules import RuleOf
from worker.suggest.survey import Survey

TODAY = date(2026, 10, 14)
NOW = without_grace(TODAY)
STUDENTS = range(1, 7)
SCHOOLS = (None, record_id(900), record_id(901))

spelled = st.sampled_from(
    [
        "Homeroom",
        "HOME room",
        "hr",
        "H R",
        "1",
        "01",
        " ",
        "\t",
        "Straße",
        "STRASSE",
        "É",
        "e\u0301",
        "ﬁx",
        "%",
        "\x1c",
        "İ",
    ]
)
texts = st.one_of(st.none(), st.just(""), spelled)
wanted = st.one_of(spelled, st.sampled_from(["h", "o", "s", "ß", "0", "f"])).filter(str.strip)
fields: st.SearchStrategy[FilterField] = st.sampled_from(get_args(FilterField))
operators: st.SearchStrategy[Operator] = st.sampled_from(get_args(Operator))


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    op = draw(operators)
    value = tuple(draw(st.lists(wanted, min_size=1, max_size=3))) if op == "one_of" else draw(wanted)
    return Condition(field=draw(fields), op=op, value=value)


@st.composite
def views(draw: st.DrawFn) -> SectionView:
    own: dict[str, Any] = {
        name: draw(texts) for name in ("name", "subject", "period", "grade", "section_number", "sis_id")
    }
    sitting = draw(st.sets(st.sampled_from(STUDENTS)))
    found = section(
        school_id=draw(st.sampled_from(SCHOOLS)),
        students=tuple(sorted(record_id(number) for number in sitting)),
        **own,
    )
    course = Course(record_id(800), draw(texts), draw(texts)) if draw(st.booleans()) else None
    term = Term(record_id(850), draw(texts)) if draw(st.booleans()) else None
    return SectionView(found, course, None, term)


def survey_of(sections: list[SectionView]) -> Survey:
    builder = PictureBuilder(NOW)
    for number in STUDENTS:
        builder.add_student(record_id(number), SCHOOLS[number % len(SCHOOLS)], "3")
    for view in sections:
        builder.add_section(view)
    return builder.build().within(SectionFilter())


def seats(sections: list[SectionView]) -> list[set[int]]:
    """Return for each student, in the order of surveys, the places of his sections."""
    by_school = sorted(STUDENTS, key=lambda number: (number % len(SCHOOLS) != 0, _founded(number), number))
    return [
        {place for place, view in enumerate(sections) if record_id(number) in view.section.students}
        for number in by_school
    ]


def _founded(number: int) -> int:
    """Return the order in which a student's school came up."""
    return [1, 2, 0].index(number % len(SCHOOLS))


def rule(*of: Condition, schools: tuple[int, ...] | None = None) -> RuleOf:
    return RuleOf(of, Meaning.SUBJECT, in_clever=True, schools=schools)


@given(st.lists(views(), min_size=1, max_size=4), st.lists(conditions(), min_size=1, max_size=3))
def test_a_rule_holds_where_the_section_filter_says_so(
    sections: list[SectionView], given_conditions: list[Condition]
) -> None:
    survey = survey_of(sections)
    told = rule(*given_conditions).holds(survey)

    section_filter = SectionFilter(rules=(Rule(all=tuple(given_conditions)),))
    assert list(told) == [rank(section_filter, view, NOW) is not None for view in sections]


@given(st.lists(views(), min_size=1, max_size=6), st.sets(st.sampled_from([0, 1]), min_size=1))
def test_a_rule_of_some_schools_holds_as_filtered(sections: list[SectionView], schools: set[int]) -> None:
    survey = survey_of(sections)
    limited = rule(Condition(field="name", op="contains", value="h"), schools=tuple(sorted(schools)))

    section_filter = SectionFilter(rules=(limited.to_filter_rule(survey),))
    assert list(limited.holds(survey)) == [rank(section_filter, view, NOW) == 0 for view in sections]


@given(st.lists(views(), max_size=6), st.data())
def test_a_survey_counts_a_students_kept_sections(sections: list[SectionView], data: st.DataObject) -> None:
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(sections), max_size=len(sections))), bool)

    told = survey_of(sections).counts(kept)

    assert list(told) == [sum(bool(kept[place]) for place in of) for of in seats(sections)]


@given(st.lists(st.tuples(views(), st.booleans()), max_size=6))
def test_in_current_terms_nobody_sits_in_other_sections(sections: list[tuple[SectionView, bool]]) -> None:
    over = Term(record_id(851), end=TODAY - timedelta(days=1))
    survey = survey_of([view if is_current else replace(view, term=over) for view, is_current in sections])

    everything = np.ones(len(sections), dtype=np.bool_)
    assert list(survey.in_current_terms().counts(everything)) == list(survey.counts(survey.current))


@given(
    st.lists(views(), min_size=1, max_size=6),
    st.lists(conditions(), min_size=1, max_size=3),
    st.sampled_from(get_args(Strategy)),
)
def test_a_draft_gives_each_student_what_the_section_filter_does(
    sections: list[SectionView], given_conditions: list[Condition], strategy: Strategy
) -> None:
    numbered = [
        SectionView(section(700 + n, **_fields(view)), view.course, None, view.term)
        for n, view in enumerate(sections)
    ]
    survey = survey_of(numbered)
    pricing = Pricing(survey)
    rules = [pooled(pricing, rule(condition), survey.students) for condition in given_conditions]

    found = draft(pricing, rules, strategy)

    section_filter = SectionFilter(
        strategy=strategy, rules=tuple(Rule(all=(condition,)) for condition in given_conditions)
    )
    expected = []
    for of in seats(numbered):
        ranks = {numbered[place].section.id: rank(section_filter, numbered[place], NOW) for place in of}
        expected.append(len(counted(strategy, {one: r for one, r in ranks.items() if r is not None})))
    assert list(found.places) == expected
    by_number = Counter(min(count, 2) for count in expected)
    assert (found.none, found.exactly_one, found.several) == (by_number[0], by_number[1], by_number[2])


def _fields(view: SectionView) -> dict[str, Any]:
    names = ("name", "subject", "period", "grade", "section_number", "sis_id", "school_id", "students")
    return {name: getattr(view.section, name) for name in names}


# Matrices

matrices = st.integers(1, 5).flatmap(
    lambda kinds: st.tuples(
        st.lists(st.lists(st.integers(0, 3), min_size=kinds, max_size=kinds), min_size=1, max_size=8),
        st.lists(st.lists(st.booleans(), min_size=kinds, max_size=kinds), min_size=1, max_size=5),
    )
)
Matrices = tuple[list[list[int]], list[list[bool]]]


@given(matrices)
def test_collapsed_profiles_have_the_same_students_and_seats_and_are_all_different(given: Matrices) -> None:
    counts = np.array(given[0], dtype=np.float32)
    weights = np.arange(1.0, len(counts) + 1)

    found = collapsed(counts, weights)

    assert found.students == weights.sum()
    assert list(found.weights @ found.counts) == list(weights @ counts)
    assert len({tuple(row) for row in found.counts}) == len(found.counts) == len({*map(tuple, given[0])})


def test_a_student_with_very_many_sections_of_a_kind_is_not_taken_for_one_with_few() -> None:
    found = collapsed(np.array([[1], [MOST_TOLD + 2]], dtype=np.float32), np.ones(2))

    assert len(found.counts) == 2


@given(matrices)
def test_what_rules_give_is_what_counting_by_hand_gives(given: Matrices) -> None:
    counts, rules = given
    weights = np.arange(1.0, len(counts) + 1)
    students = collapsed(np.array(counts, dtype=np.float32), weights)
    kept = np.array(rules, dtype=np.bool_)

    given_by_each = tried(students, kept)

    for place, chosen in enumerate(rules):
        sums = [sum(n for n, keeps in zip(row, chosen, strict=True) if keeps) for row in counts]
        by_hand = Counter[str]()
        for have, weight in zip(sums, weights, strict=True):
            by_hand[("none", "one")[have] if have < 2 else "several"] += weight  # type: ignore[assignment]
        assert given_by_each.exactly_one[place] == by_hand["one"]
        assert given_by_each.several[place] == by_hand["several"]
        alone = places(students, kept)[:, place]
        assert students.weights @ (alone == 0) == by_hand["none"]


@given(st.integers(1, 12), st.integers(0, 9), st.data())
def test_sections_are_of_one_kind_where_the_same_conditions_hold(
    sections: int, number: int, data: st.DataObject
) -> None:
    row = st.lists(st.booleans(), min_size=sections, max_size=sections)
    masks = np.array(data.draw(st.lists(row, min_size=number, max_size=number)), bool).reshape(
        number, sections
    )

    kinds, holding = kinds_of(masks)

    assert (holding[:, kinds] == masks).all()
    assert len(np.unique(masks, axis=1).T if number else [0]) == holding.shape[1]


@given(st.lists(st.lists(st.integers(0, 3), max_size=5), min_size=1, max_size=6))
def test_a_group_has_each_students_sections_by_kind(of: list[list[int]]) -> None:
    kinds = np.array([kind for student in of for kind in student], dtype=np.int32)
    sizes = np.array([len(student) for student in of], dtype=np.int64)

    found = group(kinds, 4, sizes)

    expected = Counter(tuple(student.count(kind) for kind in range(4)) for student in of)
    rows = zip(found.counts, found.weights, strict=True)
    assert {tuple(map(int, row)): int(weight) for row, weight in rows} == expected
