from __future__ import annotations

import json
from typing import Any

import pytest

from worker.demo.candidates import CANDIDATES, Candidate, Coverage, Trial, best, kept_sections, leftovers
from worker.demo.consumer import CommitRefused, Consumer
from worker.demo.telling import MEANINGS
from worker.domain.canonical import to_hex
from worker.domain.policy import Code
from worker.domain.records import RecordId, School, Student
from worker.domain.roster import Entry, digest, school_entry, student_entry
from worker.sandbox.district import DistrictSpec, generate
from worker.sandbox.world import World

BY_HOMEROOM = CANDIDATES[1]
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
    consumer = Consumer()

    consumer.take(commit(1, upsert(SCHOOL), upsert(ANN), upsert(BEN), upserted=2))
    consumer.take(commit(2, remove(ANN), removed=1))

    assert consumer.digest == to_hex(digest([SCHOOL, BEN]))
    assert consumer.ids("student") == ["p2"]


def test_a_commit_is_applied_once_all_its_parts_are_there() -> None:
    consumer = Consumer()

    first = consumer.take(commit(1, upsert(BEN), part=2, parts=2, upserted=2))
    second = consumer.take(commit(1, upsert(ANN), part=1, parts=2, upserted=2))

    assert (first, second) == (False, True)
    assert consumer.digest == to_hex(digest([ANN, BEN]))


def test_a_commit_that_comes_again_changes_nothing() -> None:
    consumer = Consumer()
    consumer.take(commit(1, upsert(ANN), upserted=1))

    again = consumer.take(commit(1, upsert(ANN), upserted=1))

    assert not again
    assert consumer.digest == to_hex(digest([ANN]))


@pytest.mark.parametrize(
    "refused", [commit(3, upsert(BEN), upserted=1), commit(2, upsert(BEN), upserted=2)], ids=["gap", "counts"]
)
def test_a_commit_that_does_not_fit_is_refused(refused: dict[str, Any]) -> None:
    consumer = Consumer()
    consumer.take(commit(1, upsert(ANN), upserted=1))

    with pytest.raises(CommitRefused):
        consumer.take(refused)


def test_the_best_filter_is_the_first_of_those_that_serve_most_students() -> None:
    def trial(exactly_one: int, label: str) -> Trial:
        return Trial(Candidate(label, BY_HOMEROOM.section_filter), Coverage(exactly_one, 10 - exactly_one, 0))

    found = best([trial(3, "poor"), trial(10, "simple"), trial(10, "elaborate")])

    assert found.candidate.label == "simple"
    assert found.coverage.is_complete


def test_a_filter_without_students_to_serve_is_not_complete() -> None:
    assert not Coverage(0, 0, 0).is_complete


def test_leftovers_are_the_students_without_exactly_one_section_by_grade() -> None:
    district = generate(DistrictSpec(students=100))
    homeroom = min(kept_sections(district, BY_HOMEROOM.section_filter))
    section = district.sections[homeroom]
    student, *rest = section["students"]
    district.put("sections", {**section, "students": rest})

    left = leftovers(district, BY_HOMEROOM.section_filter)

    assert left == {district.users[student]["roles"]["student"]["grade"]: [(student, 0)]}


def test_a_newcomer_sits_wherever_a_classmate_sits() -> None:
    clever = World().add(generate(DistrictSpec(students=100)))
    classmate = next(clever.district.students())["id"]

    created, *joined = clever.newcomer(classmate)

    newcomer = created["data"]["object"]["id"]
    assert clever.district.sections_of(newcomer) == clever.district.sections_of(classmate)
    assert {event["type"] for event in joined} == {"sections.updated"}


def test_a_day_keeps_every_student_in_one_of_the_sections_that_count() -> None:
    clever = World().add(generate(DistrictSpec(students=100)))
    by_language = next(one for one in CANDIDATES if "language" in one.label).section_filter
    kept = frozenset(map(str, kept_sections(clever.district, by_language)))

    events = list(clever.day(100, seed=1, kept=kept))

    assert events
    assert leftovers(clever.district, by_language) == {}


def test_every_code_of_a_finding_has_a_meaning_in_plain_words() -> None:
    assert set(MEANINGS) == set(Code)
