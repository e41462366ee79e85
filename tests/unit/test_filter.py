from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from tests.support.builders.records import Json, record_id, student, term, view
from tests.support.districts import canaries
from worker.domain.roster.records import RecordKind, Term
from worker.domain.roster.scope import find_schools
from worker.domain.roster.section_filter import (
    KEEP_ALL,
    Scope,
    SectionFilter,
    counted,
    looked_at,
    parse_filter,
    rank,
)
from worker.domain.roster.terms import is_current, without_grace
from worker.runtime.errors import FilterError

TODAY = date(2026, 9, 15)
NOW = without_grace(TODAY)
FULL: Json = {
    "name": "Homeroom - Quillfeather - 0",
    "subject": "homeroom/advisory",
    "period": "Period 1",
    "grade": "TransitionalKindergarten",
    "section_number": "A-01",
    "sis_id": "SEC-812",
    "course": ("Advisory Class", "HR-100"),
    "school": "Larkspur Elementary",
    "term": term(None, None, "Fall Semester"),
}
VALUES = {
    "name": FULL["name"],
    "subject": FULL["subject"],
    "period": FULL["period"],
    "grade": FULL["grade"],
    "section_number": FULL["section_number"],
    "sis_id": FULL["sis_id"],
    "course_name": "Advisory Class",
    "course_number": "HR-100",
    "school": "Larkspur Elementary",
    "term": "Fall Semester",
}
BLANK: Json = dict.fromkeys(["name", "subject", "period", "grade", "section_number", "sis_id", "school_id"])
POSITIVE = ["is", "contains", "starts_with", "one_of"]


def matches(field: str, op: str, value: str | list[str], **section: Any) -> bool:
    return rank(one_rule(condition(field, op, value)), view(**section), NOW) is not None


def condition(field: str, op: str, value: str | list[str]) -> Json:
    return {"field": field, "op": op, "value": value}


def one_rule(*conditions: Json) -> SectionFilter:
    return parse_filter(json.dumps({"rules": [{"all": list(conditions)}]}))


# Operators and fields


@pytest.mark.parametrize("field", VALUES)
def test_every_operator_works_on_every_field(field: str) -> None:
    value = str(VALUES[field])

    assert matches(field, "is", value, **FULL)
    assert not matches(field, "is", value[:-1], **FULL)
    assert matches(field, "contains", value[2:-1], **FULL)
    assert not matches(field, "contains", "zzz", **FULL)
    assert matches(field, "starts_with", value[:3], **FULL)
    assert not matches(field, "starts_with", value[1:], **FULL)
    assert matches(field, "one_of", ["zzz", value], **FULL)
    assert not matches(field, "one_of", ["zzz", value[:-1]], **FULL)
    assert not matches(field, "is_not", value, **FULL)
    assert matches(field, "is_not", "zzz", **FULL)
    assert not matches(field, "not_contains", value[2:-1], **FULL)
    assert matches(field, "not_contains", "zzz", **FULL)


@pytest.mark.parametrize(
    "written", ["homeroom/advisory", "HOMEROOM/ADVISORY", " Home room / advisory\t", "h\uff4fmeroom/advisory"]
)
def test_case_and_white_space_and_the_width_of_letters_do_not_count(written: str) -> None:
    for op in ("is", "contains", "starts_with"):
        assert matches("subject", op, written, **FULL)
    assert matches("subject", "one_of", [written], **FULL)
    assert not matches("subject", "is_not", written, **FULL)


@pytest.mark.parametrize("field", VALUES)
def test_on_a_blank_no_positive_operator_holds_and_every_negative_does(field: str) -> None:
    for op in POSITIVE:
        assert not matches(field, op, ["x"] if op == "one_of" else "x", **BLANK)
    assert matches(field, "is_not", "x", **BLANK)
    assert matches(field, "not_contains", "x", **BLANK)


def test_a_school_and_a_term_are_named_by_id_or_by_name() -> None:
    for field, number in (("school", 900), ("term", 850)):
        with_id = FULL | {"term_id": record_id(850)}

        assert matches(field, "is", record_id(number), **with_id)
        assert matches(field, "is", str(VALUES[field]), **with_id)
        assert not matches(field, "is_not", record_id(number), **with_id)
        assert not matches(field, "is_not", str(VALUES[field]), **with_id)


def test_a_school_or_term_that_was_never_shared_is_known_by_its_id_alone() -> None:
    unknown: Json = {"school_id": record_id(901), "term_id": record_id(851)}

    assert matches("school", "is", record_id(901), **unknown)
    assert matches("term", "one_of", [record_id(851)], **unknown)
    assert not matches("school", "contains", "Larkspur", **unknown)


def test_a_rule_matches_where_all_its_conditions_hold() -> None:
    homeroom, first = condition("name", "contains", "homeroom"), condition("period", "is", "period 1")

    assert rank(one_rule(homeroom, first), view(**FULL), NOW) == 0
    assert rank(one_rule(homeroom, first), view(**FULL | {"period": "2"}), NOW) is None


def test_the_rank_is_the_first_rule_that_matches() -> None:
    rules = [[("period", "is", "9")], [("name", "contains", "homeroom")], [("grade", "starts_with", "t")]]
    section_filter = parse_filter(
        json.dumps({"rules": [{"all": [condition(*one) for one in rule]} for rule in rules]})
    )

    assert rank(section_filter, view(**FULL), NOW) == 1
    assert rank(section_filter, view(**FULL | {"name": "Art"}), NOW) == 2
    assert rank(section_filter, view(**FULL | {"period": "9"}), NOW) == 0


def test_without_rules_every_section_counts() -> None:
    assert rank(KEEP_ALL, view(**BLANK), NOW) == 0
    assert parse_filter("{}") == KEEP_ALL


# Strategies


def test_a_union_counts_every_kept_section_of_a_student() -> None:
    ranks = {record_id(3): 1, record_id(1): 0, record_id(2): 0}

    assert counted("union", ranks) == (record_id(1), record_id(2), record_id(3))


def test_the_first_match_counts_only_what_the_earliest_rule_keeps() -> None:
    ranks = {record_id(3): 1, record_id(2): 1, record_id(1): 2}

    assert counted("first_match", ranks) == (record_id(2), record_id(3))
    assert counted("first_match", {record_id(1): 2}) == (record_id(1),)


@pytest.mark.parametrize("strategy", ["union", "first_match"])
def test_a_student_without_kept_sections_has_none_under_either_strategy(strategy: Any) -> None:
    assert counted(strategy, {}) == ()


# Scope


def test_without_a_scope_every_student_is_in_it_blank_grade_or_not() -> None:
    assert find_schools(Scope(), []).holds(student())
    assert find_schools(Scope(), []).holds(student(grade=None, school_id=None))


def test_a_scope_of_grades_takes_students_of_these_grades_in_any_spelling() -> None:
    scope = Scope(grades=("3", " prekindergarten"))

    assert find_schools(scope, []).holds(student(grade="3"))
    assert find_schools(scope, []).holds(student(grade="PreKindergarten"))
    assert not find_schools(scope, []).holds(student(grade="13"))
    assert not find_schools(scope, []).holds(student(grade=None))


def test_a_scope_of_schools_and_grades_asks_for_both() -> None:
    scope = Scope(grades=("3",), schools=(record_id(900),))

    assert find_schools(scope, []).holds(student())
    assert not find_schools(scope, []).holds(student(school_id=record_id(901)))
    assert not find_schools(scope, []).holds(student(school_id=None))
    assert not find_schools(scope, []).holds(student(grade="4"))


# Terms


@pytest.mark.parametrize(
    ("lasts", "current"),
    [
        (None, True),
        (term(None, None), True),
        (term(TODAY, TODAY), True),
        (term(TODAY, None), True),
        (term(None, TODAY), True),
        (term(date(2026, 9, 16), None), False),
        (term(None, date(2026, 9, 14)), False),
        (term(date(2026, 8, 1), date(2027, 6, 1)), True),
        (term(date(2026, 9, 16), date(2027, 6, 1)), False),
        (term(date(2025, 8, 1), date(2026, 9, 14)), False),
    ],
)
def test_a_term_is_current_on_both_days_and_at_open_ends(lasts: Term | None, current: bool) -> None:
    only_current = SectionFilter(current_term_only=True)

    assert is_current(lasts, TODAY) is current
    assert (rank(only_current, view(term=lasts), NOW) is not None) is current
    assert rank(KEEP_ALL, view(term=lasts), NOW) is not None


# Filters as people write them


def test_the_filter_of_the_contract_is_read() -> None:
    text = """
        {"scope":{"grades":["3","4"],"schools":[]},"strategy":"union","current_term_only":false,
         "rules":[{"all":[{"field":"name","op":"contains","value":"homeroom"}]}]}
    """

    section_filter = parse_filter(text)

    assert section_filter.scope == Scope(grades=("3", "4"))
    assert rank(section_filter, view(**FULL), NOW) == 0
    assert parse_filter(section_filter.model_dump_json()) == section_filter


def rule_with(**changed: Any) -> Json:
    return {"rules": [{"all": [condition("name", "is", "x") | changed]}]}


FIELDS = "one of 'name', 'subject', 'period', 'grade', 'course_name', 'course_number', 'school', 'term', "
OPERATORS = "one of 'is', 'is_not', 'contains', 'not_contains', 'starts_with' or 'one_of'"
WRONG: dict[str, tuple[object, str]] = {
    "list": ([], "the whole: expected an object, got a list of 0"),
    "null": (None, "the whole: expected an object, got null"),
    "unknown key": ({"scop": {}}, "scop: unknown key"),
    "unknown key in scope": ({"scope": {"grade": ["3"]}}, "scope.grade: unknown key"),
    "scope": ({"scope": []}, "scope: expected an object, got a list of 0"),
    "grades": ({"scope": {"grades": "3"}}, "scope.grades: expected a list, got text of 1 character"),
    "grade": ({"scope": {"grades": [3]}}, "scope.grades[0]: expected text, got a number"),
    "blank grade": (
        {"scope": {"grades": ["3", " "]}},
        "scope.grades[1]: expected text that is not blank, got blank text",
    ),
    "strategy": ({"strategy": "best"}, "strategy: expected one of 'union' or 'first_match', got 'best'"),
    "yes": ({"current_term_only": "yes"}, "current_term_only: expected true or false, got 'yes'"),
    "rules": ({"rules": {}}, "rules: expected a list, got an object"),
    "rule": ({"rules": ["x"]}, "rules[0]: expected an object, got text of 1 character"),
    "empty rule": ({"rules": [{"all": []}]}, "rules[0].all: expected at least 1 entry, got a list of 0"),
    "no conditions": ({"rules": [{}]}, "rules[0].all: expected a value, got nothing"),
    "any": ({"rules": [{"any": []}]}, "rules[0].any: unknown key"),
    "field": (
        rule_with(field="nmae"),
        f"rules[0].all[0].field: expected {FIELDS}'section_number' or 'sis_id', got 'nmae'",
    ),
    "operator": (rule_with(op="equals"), f"rules[0].all[0].op: expected {OPERATORS}, got 'equals'"),
    "unknown key in condition": (rule_with(case="x"), "rules[0].all[0].case: unknown key"),
    "value": (rule_with(value=3), "rules[0].all[0].value: expected text for the operator is, got a number"),
    "no value": (
        {"rules": [{"all": [{"field": "name", "op": "is"}]}]},
        "rules[0].all[0].value: expected a value, got nothing",
    ),
    "blank value": (
        rule_with(value="  "),
        "rules[0].all[0].value: expected text that is not blank, got blank text",
    ),
    "long value": (
        rule_with(value="x" * 1001),
        "rules[0].all[0].value: expected text of at most 1000 characters, got text of 1,001 characters",
    ),
    "list for a text": (
        rule_with(value=["a"]),
        "rules[0].all[0].value: expected text for the operator is, got a list of 1",
    ),
    "text for a list": (
        rule_with(op="one_of"),
        (
            "rules[0].all[0].value: expected a list of text values for the operator one_of, "
            "got text of 1 character"
        ),
    ),
    "empty list": (
        rule_with(op="one_of", value=[]),
        "rules[0].all[0].value: expected at least 1 entry, got a list of 0",
    ),
    "number in a list": (
        rule_with(op="one_of", value=["a", 3]),
        "rules[0].all[0].value[1]: expected text, got a number",
    ),
    "blank in a list": (
        rule_with(op="one_of", value=[""]),
        "rules[0].all[0].value[0]: expected text that is not blank, got blank text",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_filter_is_refused_with_its_key_and_what_was_expected(wrong: str) -> None:
    document, line = WRONG[wrong]

    with pytest.raises(FilterError) as refused:
        parse_filter(json.dumps(document))

    assert str(refused.value) == f"filter: {line}"


@pytest.mark.parametrize("text", ["", "{", '{"rules":\n}', "[" * 10_000, b"\xff"])
def test_what_is_no_json_is_refused_in_one_line(text: str | bytes) -> None:
    with pytest.raises(FilterError, match=r"^filter: expected JSON, got invalid JSON \(.+\)$") as refused:
        parse_filter(text)

    assert "\n" not in str(refused.value)


NAME = canaries.marker("section")


@pytest.mark.parametrize(
    "document",
    [
        NAME,
        {"rules": NAME},
        {"rules": [NAME]},
        {"rules": [{"all": NAME}]},
        {"scope": {"grades": NAME}},
        rule_with(value=[NAME]),
        rule_with(op="one_of", value=NAME),
        rule_with(value=NAME * 200),
        rule_with(value={NAME: NAME}),
    ],
)
def test_a_refused_filter_tells_no_name_that_stands_in_it(document: object) -> None:
    text = json.dumps(document)

    for wrong in (text, text[:-1]):
        with pytest.raises(FilterError) as refused:
            parse_filter(wrong)
        canaries.assert_absent(str(refused.value), "an error")


@pytest.mark.parametrize(
    ("current_term_only", "fields", "kinds"),
    [
        (False, ["name"], set()),
        (True, ["name"], {RecordKind.TERM}),
        (False, ["name", "term"], {RecordKind.TERM}),
        (False, ["course_name"], {RecordKind.COURSE}),
        (False, ["name", "course_number"], {RecordKind.COURSE}),
        (True, ["course_name", "term"], {RecordKind.TERM, RecordKind.COURSE}),
    ],
)
def test_a_filter_looks_at_terms_and_courses_where_a_rule_or_the_days_of_terms_need_them(
    current_term_only: bool, fields: list[str], kinds: set[RecordKind]
) -> None:
    rules = [{"all": [condition(field, "is", "x")]} for field in fields]

    assert (
        looked_at(parse_filter(json.dumps({"rules": rules, "current_term_only": current_term_only}))) == kinds
    )
