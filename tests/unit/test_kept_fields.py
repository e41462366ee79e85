"""Which fields of students are kept, and which a district lacks."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.builders.records import Json
from worker.domain.preflight.tally import Tally
from worker.domain.roster.student_fields import (
    ALWAYS_KEPT,
    StudentFields,
    demanded,
    with_kept_fields,
    without_student,
)

DOB, EXT = "dob", "ext.bus"
BOTH = frozenset({DOB, EXT})


def test_what_is_demanded_are_the_named_fields_that_are_not_always_kept() -> None:
    assert demanded([*ALWAYS_KEPT, DOB], (), [EXT, "grade"]) == BOTH


@pytest.mark.parametrize(
    ("fields", "texts", "ext"),
    [
        ((), {"grade": "3"}, None),
        ((DOB,), {"grade": "3", "dob": "x"}, None),
        ((EXT,), {"grade": "3"}, {"bus": 7}),
        ((DOB, EXT, "ext.none"), {"grade": "3", "dob": "x"}, {"bus": 7}),
    ],
)
def test_a_record_is_kept_with_named_fields(fields: tuple[str, ...], texts: Json, ext: Json | None) -> None:
    side = {"texts": {"grade": "3", "dob": "x"}, "ext": {"bus": 7, "car": 8}, "unread": ["race"]}

    kept = with_kept_fields({"student": side, "teacher": {"sis_id": "T"}}, fields)

    expected = {"texts": texts, "unread": ["race"]} | ({} if ext is None else {"ext": ext})
    assert kept == {"student": expected, "teacher": {"sis_id": "T"}}


@pytest.mark.parametrize("record", [None, {}, {"teacher": {}}, {"student": None}])
def test_a_record_without_a_student_is_kept_as_it_is(record: Json | None) -> None:
    assert with_kept_fields(record, ()) == record


def test_without_its_student_a_record_is_a_teacher_or_nothing() -> None:
    assert without_student({"student": {}, "teacher": {"a": 1}}) == {"teacher": {"a": 1}}
    assert without_student({"student": {}}) is None
    assert without_student(None) is None


@pytest.mark.parametrize(
    ("complete", "lacking"), [(frozenset(), {DOB, EXT, "x"}), (frozenset({DOB}), {EXT, "x"}), (None, {"x"})]
)
def test_fields_some_students_miss_are_lacking(complete: frozenset[str] | None, lacking: set[str]) -> None:
    named = frozenset({DOB, EXT, "x"})
    fields = StudentFields(complete, frozenset({"old"}))

    assert fields.lacking(named) == lacking
    assert fields.demanding(named) == StudentFields(named - lacking, named | {"old"})
    assert fields.without_others(named) == StudentFields(named - lacking, named)
    assert StudentFields(frozenset({"x"}), frozenset({"old"})).read_whole(named, complete) == StudentFields(
        named - lacking, frozenset({"old"})
    )


@pytest.mark.parametrize(
    ("held", "has_more"), [(None, True), (frozenset(), False), (BOTH, False), (BOTH | {"x"}, True)]
)
def test_students_may_have_more_than_is_demanded_where_something_else_is_held(
    held: frozenset[str] | None, has_more: bool
) -> None:
    fields = StudentFields(frozenset(), held)

    assert fields.has_more_than(BOTH) is has_more
    assert (fields.demanding(BOTH).held is None) == (held is None)


# Counts


def test_shared_students_are_counted_anew_and_nothing_else_is_forgotten() -> None:
    tally = Tally(Counter({"roster:student": 2}))
    tally.count_shared(1, ["grades:3"])
    tally.count_shared(1, ["grades:3", "schools:n"])
    assert (tally.shared, tally.shared_at("grades:3"), tally.shared_at("schools:n")) == (2, 2, 1)
    tally.count_shared(-1, ["grades:3"])
    assert (tally.shared, tally.shared_at("grades:3"), tally.outside_scope) == (1, 1, 0)

    tally.forget_shared()

    assert tally.to_json() == {"roster:student": 2}


def test_students_out_of_scope_are_those_who_are_shared_and_not_in_it() -> None:
    tally = Tally(Counter({"roster:student": 2, "shared": 5}))

    assert tally.outside_scope == 3
