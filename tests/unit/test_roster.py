from __future__ import annotations

import json

import pytest

from schemas.words import RosterKind
from tests.support.builders.records import record_id, school, section, student, teacher
from tests.support.builders.roster import by_the_contract, packed
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.roster import (
    Entry,
    PartLimits,
    class_entry,
    digest,
    remove_change,
    school_entry,
    student_entry,
    teacher_entry,
    upsert_change,
)

HOMEROOM = record_id(700)


# Records


def test_a_students_record_has_the_contracts_fields_and_blanks_are_null() -> None:
    entry = student_entry(student(first_name=" Zoë ", grade=None, dob="2/11/2017"), HOMEROOM, [])

    assert (entry.kind, entry.id) == (RosterKind.STUDENT, record_id(1))
    assert json.loads(entry.record) == {
        "first_name": " Zoë ",
        "middle_name": None,
        "last_name": "Fernquay",
        "email": None,
        "sis_id": "S-1",
        "student_number": None,
        "state_id": None,
        "grade": None,
        "school_id": record_id(900),
        "class_id": HOMEROOM,
        "extra": {},
    }


def test_a_students_record_carries_the_extra_fields_that_were_asked_for() -> None:
    some = student(dob="2/11/2017", ext={"house": {"b": 1, "a": [2]}, "blank": " "})

    entry = student_entry(some, HOMEROOM, ["dob", "ell_status", "ext.house", "ext.blank", "ext.none"])

    assert json.loads(entry.record)["extra"] == {
        "dob": "2/11/2017",
        "ell_status": None,
        "ext.house": {"b": 1, "a": [2]},
        "ext.blank": None,
        "ext.none": None,
    }


def test_a_student_without_exactly_one_class_has_none() -> None:
    assert json.loads(student_entry(student(), None, []).record)["class_id"] is None


def test_a_class_lists_all_its_teachers_and_a_teacher_and_a_school_their_fields() -> None:
    teachers = (record_id(500), record_id(501))

    records = [
        class_entry(section(teachers=teachers, term_id=record_id(850), course_id=record_id(800))),
        teacher_entry(teacher(email="osric@example.test")),
        school_entry(school(low_grade="Kindergarten")),
    ]

    assert [json.loads(entry.record) for entry in records] == [
        {
            "name": "Homeroom - Quillfeather - 0",
            "school_id": record_id(900),
            "teacher_ids": list(teachers),
            "grade": None,
            "subject": None,
            "period": None,
            "term_id": record_id(850),
            "sis_id": None,
        },
        {
            "first_name": "Osric",
            "last_name": "Quillfeather",
            "email": "osric@example.test",
            "sis_id": "T-500",
        },
        {
            "name": "Larkspur Elementary",
            "sis_id": None,
            "school_number": None,
            "low_grade": "Kindergarten",
            "high_grade": None,
        },
    ]


def test_a_records_text_is_sorted_without_spaces_and_without_escapes() -> None:
    text = teacher_entry(teacher(first_name='Zoë "Z" \\', last_name="李\u2028\t")).record

    assert text == '{"email":null,"first_name":"Zoë \\"Z\\" \\\\","last_name":"李\u2028\\t","sis_id":"T-500"}'


# Digests


def test_the_digest_is_what_the_contract_says() -> None:
    some = student(first_name="Zoë", last_name='O"Fern\\', ext={"n": [1, {"é": None}]})
    entries = [
        student_entry(some, HOMEROOM, ["ext.n"]),
        class_entry(section()),
        teacher_entry(teacher()),
        school_entry(school()),
    ]

    expected = by_the_contract([(str(one.kind), one.id, json.loads(one.record)) for one in entries])

    assert to_hex(digest(entries)) == to_hex(digest(reversed(entries))) == expected


def test_the_digest_of_an_empty_roster_is_zero() -> None:
    assert to_hex(digest([])) == by_the_contract([]) == "0" * 64


@pytest.mark.parametrize("kind", RosterKind)
def test_the_same_record_under_another_kind_or_id_is_another_member(kind: RosterKind) -> None:
    members = {Entry(each, key, "{}").member for each in RosterKind for key in ("a", "b")}

    assert len(members) == 8
    assert Entry(kind, "a", "{}").member in members


# Changes and parts


def test_a_change_keeps_the_records_text_to_the_letter() -> None:
    entry = teacher_entry(teacher(first_name='Zoë "Z"'))

    text = upsert_change(entry.kind, entry.id, entry.record)

    assert entry.record in text
    assert json.loads(text) == {
        "op": "upsert",
        "kind": "teacher",
        "id": record_id(500),
        "record": json.loads(entry.record),
    }
    assert json.loads(remove_change("class", 'a"b')) == {"op": "remove", "kind": "class", "id": 'a"b'}


def test_a_thousand_changes_are_one_part_and_one_more_begins_the_next() -> None:
    changes = [remove_change("student", record_id(number)) for number in range(1001)]

    assert len(packed(changes[:1000], PartLimits())) == 1
    assert [len(json.loads(part)) for part in packed(changes, PartLimits())] == [1000, 1]


def test_no_part_has_more_bytes_than_the_limit() -> None:
    changes = [json.dumps("é" * 149_999, ensure_ascii=False) for _ in range(10)]

    parts = packed(changes, PartLimits())

    assert [len(json.loads(part)) for part in parts] == [3, 3, 3, 1]
    assert all(len(part.encode()) <= 1_000_001 for part in parts)


def test_changes_that_just_fit_are_one_part_each_time() -> None:
    changes = ['"1234567"', '"abcdefg"'] * 2

    assert packed(changes, PartLimits(bytes=20)) == ['["1234567","abcdefg"]'] * 2
    assert len(packed(changes, PartLimits(bytes=19))) == 4


def test_nothing_to_change_is_one_empty_part() -> None:
    assert packed([], PartLimits()) == ["[]"]


def test_a_change_larger_than_a_part_stands_in_one_of_its_own() -> None:
    parts = packed(['"a"', f'"{"b" * 50}"', '"c"'], PartLimits(changes=5, bytes=20))

    assert [json.loads(part) for part in parts] == [["a"], ["b" * 50], ["c"]]
