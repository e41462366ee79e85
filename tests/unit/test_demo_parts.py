from __future__ import annotations

import json
from typing import Any

import pytest

from schemas.words import Owner
from worker.cli.demo.consumer import CommitRefused, RosterConsumer
from worker.cli.demo.coverage import DemoCoverage, chosen, suggested
from worker.cli.demo.terminal_story import MEANINGS, OWNERS
from worker.domain.preflight.policy import Code
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.records import RecordId, School, Student
from worker.domain.roster.roster import Entry, digest, school_entry, student_entry
from worker.sandbox.district import DistrictSpec, generate
from worker.sandbox.world import World

SCHOOL = school_entry(School(RecordId("s1"), name="Bird & Söhne"))
ANN = student_entry(Student(RecordId("p1"), {"sis_id": "1"}), RecordId("c1"), ())
BEN = student_entry(Student(RecordId("p2"), {"sis_id": "2"}), RecordId("c1"), ())


def upsert(entry: Entry) -> dict[str, Any]:

    return {"op": "upsert", "kind": entry.kind.value, "id": entry.id, "record": json.loads(entry.record)}


def remove(entry: Entry) -> dict[str, Any]:
    return {"op": "remove", "kind": entry.kind.value, "id": entry.id}


def commit(
    sequence: int, *changes: dict[str, Any], part: int = 1, parts: int = 1, **counts: int
) -> dict[str, Any]:
    return {
        "commit_id": f"commit {sequence}",
        "previous_commit_id": f"commit {sequence - 1}" if sequence > 1 else None,
        "sequence": sequence,
        "part": part,
        "parts": parts,
        "counts": {"student": {"upserted": counts.get("upserted", 0), "removed": counts.get("removed", 0)}},
        "changes": list(changes),
    }


def test_a_consumer_has_the_digest_that_the_roster_has() -> None:
    consumer = RosterConsumer()

    consumer.take(commit(1, upsert(SCHOOL), upsert(ANN), upsert(BEN), upserted=2))
    consumer.take(commit(2, remove(ANN), removed=1))

    assert consumer.digest == to_hex(digest([SCHOOL, BEN]))
    assert consumer.ids("student") == ["p2"]


def test_a_commit_is_applied_once_all_its_parts_are_there() -> None:
    consumer = RosterConsumer()

    first = consumer.take(commit(1, upsert(BEN), part=2, parts=2, upserted=2))
    second = consumer.take(commit(1, upsert(ANN), part=1, parts=2, upserted=2))

    assert (first, second) == (False, True)
    assert consumer.digest == to_hex(digest([ANN, BEN]))


def test_a_commit_that_comes_again_changes_nothing() -> None:
    consumer = RosterConsumer()
    consumer.take(commit(1, upsert(ANN), upserted=1))

    again = consumer.take(commit(1, upsert(ANN), upserted=1))

    assert not again
    assert consumer.digest == to_hex(digest([ANN]))


@pytest.mark.parametrize(
    "refused", [commit(3, upsert(BEN), upserted=1), commit(2, upsert(BEN), upserted=2)], ids=["gap", "counts"]
)
def test_a_commit_that_does_not_fit_is_refused(refused: dict[str, Any]) -> None:
    consumer = RosterConsumer()
    consumer.take(commit(1, upsert(ANN), upserted=1))

    with pytest.raises(CommitRefused):
        consumer.take(refused)


def suggestion(exactly_one: int, none: int = 0) -> dict[str, Any]:
    rule = {"all": [{"field": "name", "op": "contains", "value": f"word {exactly_one}"}]}
    return {"filter": {"rules": [rule]}, "coverage": {"exactly_one": exactly_one, "none": none, "several": 0}}


def test_the_first_suggestion_that_serves_every_student_is_chosen() -> None:
    told = suggested({"suggestions": [suggestion(9, 1), suggestion(10), suggestion(10)]})

    best = chosen(told)

    assert best.label == "suggestion 2"
    assert best.coverage.is_complete
    assert best.section_filter.rules[0].all[0].value == "word 10"


def test_where_no_suggestion_serves_every_student_the_first_is_chosen() -> None:
    best = chosen(suggested({"suggestions": [suggestion(9, 1), suggestion(8, 2)]}))

    assert best.number == 1
    assert not best.coverage.is_complete


def test_a_filter_without_students_to_serve_is_not_complete() -> None:
    assert not DemoCoverage(0, 0, 0).is_complete


def test_a_newcomer_sits_wherever_a_classmate_sits() -> None:
    clever = World().add(generate(DistrictSpec(students=100)))
    classmate = next(clever.district.students())["id"]

    created, *joined = clever.newcomer(classmate)

    newcomer = created["data"]["object"]["id"]
    assert clever.district.sections_of(newcomer) == clever.district.sections_of(classmate)
    assert {event["type"] for event in joined} == {"sections.updated"}


def test_a_day_keeps_every_student_in_one_of_the_sections_that_count() -> None:
    clever = World().add(generate(DistrictSpec(students=100)))
    sections = clever.district.sections.values()
    kept = frozenset(one["id"] for one in sections if one["subject"] == "english/language arts")

    events = list(clever.day(100, seed=1, kept=kept))

    assert events
    for student in clever.district.students():
        assert len(kept.intersection(clever.district.sections_of(student["id"]))) == 1


def test_every_code_of_a_finding_has_a_meaning_in_plain_words() -> None:
    assert set(MEANINGS) == set(Code)


def test_every_owner_of_a_cause_has_a_name_in_plain_words() -> None:
    assert set(OWNERS) == set(Owner)
