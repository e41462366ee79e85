"""Districts with values that nobody expects: they get suggestions, and none of such a value."""

from __future__ import annotations

from tests.suggest.surveys import suggestions
from tests.support.districts.oracle import Records
from worker.domain.roster.canonical import canonical
from worker.domain.roster.records import RecordKind


def test_texts_that_are_too_long_for_a_rule_make_none_and_keep_nobody_from_others() -> None:
    long = "long" * 300
    texts = {"name": long, "subject": long, "period": long, "section_number": long, "course_id": "c1"}
    records: Records = {(RecordKind.COURSE, "c1"): {"name": long, "number": long}}
    for number in range(40):
        records[RecordKind.USER, f"u{number}"] = {"student": {"texts": {"school_id": "a", "grade": "3"}}}
    for number in range(4):
        listed = [f"u{student}" for student in range(number * 10, number * 10 + 10)]
        here = {"school_id": "a", "students": listed, "teachers": [f"t{number}"]}
        records[RecordKind.SECTION, f"h{number}"] = {**texts, **here, "name": f"Homeroom {long}"}
        records[RecordKind.SECTION, f"m{number}"] = {**texts, **here}

    found = suggestions(records)

    assert found[0].exactly_one == 40
    assert "homeroom" in found[0].text
    assert len(canonical([one.to_json() for one in found])) < 10_000


def test_a_teachers_name_that_stands_for_a_number_is_in_no_rule() -> None:
    records: Records = {}
    for number in range(40):
        records[RecordKind.USER, f"u{number}"] = {"student": {"texts": {"school_id": "a", "grade": "3"}}}
    for number, last in enumerate(("Quillfeather", "Marrow")):
        records[RecordKind.USER, f"t{number}"] = {"teacher": {"first_name": "Ada", "last_name": last}}
        listed = [f"u{student}" for student in range(number * 20, number * 20 + 20)]
        here = {"school_id": "a", "students": listed, "teachers": [f"t{number}"]}
        for field in ("section_number", "period", "grade"):
            records[RecordKind.SECTION, f"{field}{number}"] = {**here, field: f"{last} 1"}

    told = canonical([one.to_json() for one in suggestions(records)]).casefold()

    assert "quillfeather" not in told
    assert "marrow" not in told
