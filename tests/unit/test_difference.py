"""A plan is told record by record and field by field."""

from __future__ import annotations

import json

import pytest

from tests.support.builders.records import Json
from worker.domain.roster.plan_changes import FieldChange, Op, planned_change

OLD = {"id": "s1", "name": "Iris", "grade": None, "section_ids": ["a", "b"], "extra": {"gender": "X"}}
NEW = {"id": "s1", "name": "Iris", "grade": "3", "section_ids": ["a"], "extra": {"race": "Y"}, "class": "c"}


def told(before: Json | None, after: Json | None) -> tuple[Op, dict[str, tuple[str | None, str | None]]]:
    committed, candidate = (None if one is None else json.dumps(one) for one in (before, after))
    change = planned_change("student", "s1", committed, candidate)
    assert (change.kind, change.id) == ("student", "s1")
    return change.op, {field.name: (field.before, field.after) for field in change.fields}


def test_a_change_tells_the_fields_that_differ_and_no_others_those_of_before_first() -> None:
    op, fields = told(OLD, NEW)

    assert op is Op.CHANGED
    assert list(fields.items()) == [
        ("section_ids", ("a, b", "a")),
        ("extra.gender", ("X", None)),
        ("grade", (None, "3")),
        ("class", (None, "c")),
        ("extra.race", (None, "Y")),
    ]


@pytest.mark.parametrize(("before", "after", "op"), [(None, OLD, Op.ADDED), (OLD, None, Op.REMOVED)])
def test_what_comes_or_goes_is_told_with_all_fields(before: Json | None, after: Json | None, op: Op) -> None:
    texts = {"id": "s1", "name": "Iris", "section_ids": "a, b", "extra.gender": "X"}

    expected = {name: (text, None) if after is None else (None, text) for name, text in texts.items()}
    assert told(before, after) == (op, expected)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("é", "é"),
        (3, "3"),
        (["a"], "a"),
        ([1, "é"], '[1, "é"]'),
        ({"a": "é"}, '{"a": "é"}'),
        (False, "false"),
    ],
)
def test_a_value_is_told_as_people_read_it(value: object, text: str) -> None:
    assert told(None, {"value": value}) == (Op.ADDED, {"value": (None, text)})


@pytest.mark.parametrize("value", [None, "", []])
def test_a_blank_value_is_no_field(value: object) -> None:
    assert told({"value": value}, {"value": value, "extra": None}) == (Op.CHANGED, {})


def test_a_field_has_the_value_it_will_have_or_had_where_the_record_goes() -> None:
    change = planned_change("student", "s1", json.dumps({"a": "1", "b": "2"}), json.dumps({"a": "3"}))

    assert change.fields == (FieldChange("a", "1", "3"), FieldChange("b", "2", None))
    assert [change.value(name) for name in ("a", "b", "c")] == ["3", "2", None]
