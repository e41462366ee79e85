from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas import clever
from tests.support.builders.records import (
    DISTRICT,
    NOON,
    Json,
    course_json,
    district_json,
    event_json,
    record_id,
    school_json,
    section_json,
    settled_json,
    student_json,
    term_json,
    user_json,
)
from worker.messaging.event_files import collection_of, district_of, read_events
from worker.runtime.errors import InputFileError

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def to_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def events_of(*paths: Path, now: datetime = NOON) -> list[Json]:
    return list(read_events(paths, now))


def page(*rows: Json, **around: Any) -> Json:
    links = [{"rel": "self", "uri": "/v3.1/users?limit=100"}]
    return {"data": list(rows), "links": links, **around}


def row(record: Json, collection: str) -> Json:
    return {"data": record, "uri": f"/v3.1/{collection}/{record['id']}"}


def lines(*documents: Any) -> str:
    return "\n".join(json.dumps(document) for document in documents) + "\n"


FEED = [event_json(student_json(number), number=number) for number in (1, 2, 3)]


# Events


def test_events_one_a_line_are_read_as_they_stand(write: Write) -> None:
    assert events_of(write("feed.ndjson", lines(*FEED, settled_json()))) == [*FEED, settled_json()]


def test_events_in_clevers_wrapping_are_unwrapped(write: Write) -> None:
    wrapped = [{"data": event, "uri": f"/v3.1/events/{event['id']}"} for event in FEED]

    assert events_of(write("feed.ndjson", lines(*wrapped))) == FEED


@pytest.mark.parametrize("text", ["\n \n{}\n", "{}\n\n", "{}\r\n", "{}"])
def test_blank_lines_anywhere_and_other_line_ends_do_not_matter(write: Write, text: str) -> None:
    line = json.dumps(FEED[0])

    assert events_of(write("feed.ndjson", text.replace("{}", line))) == FEED[:1]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_page_of_events_is_read_on_one_line_or_pretty_printed(write: Write, indent: int | None) -> None:
    rows = [{"data": event, "uri": f"/v3.1/events/{event['id']}"} for event in FEED]

    assert events_of(write("page.json", json.dumps(page(*rows), indent=indent))) == FEED
    assert events_of(write("bare.json", json.dumps(page(*FEED), indent=indent))) == FEED


# Records


@pytest.mark.parametrize("indent", [None, 2])
def test_a_page_of_records_becomes_their_created_events(write: Write, indent: int | None) -> None:
    students = [student_json(number) for number in (1, 2)]
    text = json.dumps(page(*(row(student, "users") for student in students)), indent=indent)

    events = events_of(write("users.json", text))

    assert [event["type"] for event in events] == ["users.created"] * 2
    assert [event["data"]["object"] for event in events] == students
    assert {event["created"] for event in events} == {"2026-09-15T12:00:00.000Z"}


def test_a_list_of_rows_without_its_envelope_is_a_page_too(write: Write) -> None:
    events = events_of(write("users.json", json.dumps([row(student_json(), "users")])))

    assert [event["data"]["object"] for event in events] == [student_json()]


@pytest.mark.parametrize(
    ("record", "collection"),
    [
        (student_json(), "users"),
        (section_json(), "sections"),
        (school_json(), "schools"),
        (term_json(), "terms"),
        (course_json(), "courses"),
        (district_json(sis_type="sftp"), "districts"),
    ],
)
def test_a_records_collection_is_told_by_its_address_or_by_its_keys(record: Json, collection: str) -> None:
    assert collection_of({"id": "1"}, f"/v3.0/{collection}/1") == collection
    assert collection_of({"id": "1"}, f"https://api.clever.com/v3.1/{collection}?limit=1") == collection
    assert collection_of(record, "") == collection


def test_what_is_read_from_pages_can_be_ingested(write: Write) -> None:
    rows = [
        row(record, name) for record, name in ((section_json(), "sections"), (district_json(), "districts"))
    ]

    events = events_of(write("mixed.json", json.dumps(page(*rows))))

    read = [clever.read(json.dumps(event).encode()) for event in events]
    assert [event.district_id for event in read if isinstance(event, clever.Event)] == [DISTRICT, DISTRICT]


def test_the_district_of_an_event_is_told_for_its_routing_key() -> None:
    assert district_of(event_json(student_json())) == DISTRICT
    assert district_of(event_json(district_json(), "districts.updated")) == DISTRICT
    assert district_of(settled_json()) == DISTRICT
    nobodys: list[Any] = [None, [], {"object": []}, {"object": {"district": None}}]
    assert [district_of({"data": data}) for data in nobodys] == [None] * 4
    assert district_of({}) is None


# Ids


def ids(write: Write, *records: Json, now: datetime = NOON) -> list[str]:
    path = write("users.json", json.dumps(page(*(row(record, "users") for record in records))))
    return [event["id"] for event in events_of(path, now=now)]


def changed(moment: datetime) -> Json:
    return user_json(last_modified=moment.isoformat().replace("+00:00", "Z"))


def object_id(moment: datetime) -> str:
    """An id as Clever makes them: seconds, then what tells it from others."""
    return f"{int(moment.timestamp()):08x}" + "f" * 16


def test_made_ids_look_like_clevers_and_differ(write: Write) -> None:
    made = ids(write, *[user_json(number) for number in range(50)])

    assert all(re.fullmatch(r"[0-9a-f]{24}", each) for each in made)
    assert made == sorted(set(made))


def test_ids_go_on_increasing_from_file_to_file(write: Write) -> None:
    paths = [write(f"{name}.json", json.dumps(page(row(user_json(), "users")))) for name in "ab"]

    first, second = (event["id"] for event in events_of(*paths))

    assert first < second


def test_a_record_orders_by_when_clever_last_changed_it(write: Write) -> None:
    early, late = ids(write, changed(NOON - timedelta(days=1)), changed(NOON - timedelta(days=2)))

    assert late < early
    assert object_id(NOON - timedelta(days=3)) < late < object_id(NOON - timedelta(days=1, seconds=-1))


def test_an_event_that_clever_sent_after_the_records_last_change_stays_in_force(write: Write) -> None:
    (made,) = ids(write, changed(NOON - timedelta(days=1)))

    assert object_id(NOON - timedelta(days=2)) < made < object_id(NOON - timedelta(hours=1))


def test_a_page_that_is_published_again_applies_again(write: Write) -> None:
    record = changed(NOON - timedelta(days=1))

    (first,), (second,) = ids(write, record), ids(write, record, now=NOON + timedelta(milliseconds=1))

    assert first < second


def test_a_record_without_a_time_of_change_is_as_new_as_now(write: Write) -> None:
    (made,) = ids(write, user_json())

    assert object_id(NOON - timedelta(seconds=1)) < made < object_id(NOON)


@pytest.mark.parametrize(
    "fields",
    [
        *({"last_modified": odd} for odd in ("yesterday", None, 5, "", ["x"])),
        *({"last_modified": odd} for odd in ("0001-01-01T00:00:00Z", "2026-13-01", "2027-09-15T12:00:00Z")),
        {"created": "2026-09-15T11:00:00.000Z"},
    ],
)
def test_a_time_that_is_no_time_of_change_counts_as_none(write: Write, fields: Json) -> None:
    (made,) = ids(write, user_json(**fields))

    assert made[:8] == f"{int(NOON.timestamp()):08x}"


def test_the_event_made_of_a_row_says_so(write: Write) -> None:
    (made,) = events_of(write("users.json", json.dumps(page(row(student_json(), "users")))))

    read = clever.read(json.dumps(made).encode())
    assert isinstance(read, clever.Event)
    assert read.is_row


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"data": None, "uri": "/v3.1/users/66e0000000000000001000a2"}, "not_an_event"),
        ({"uri": "/v3.1/users/66e0000000000000001000a2"}, "not_an_event"),
        (None, "not_an_event"),
        (5, "not_an_event"),
        (["x"], "not_an_event"),
        ({"data": "Fernquay"}, "not_an_event"),
        (row({**student_json(), "id": None}, "users"), "bad_field"),
        (row({**student_json(), "id": 7}, "users"), "bad_field"),
    ],
)
def test_a_row_without_a_record_is_published(write: Write, odd: object, reason: str) -> None:
    text = json.dumps({"data": [row(student_json(1), "users"), odd, row(student_json(2), "users")]})

    first, made, last = events_of(write("users.json", text))

    assert [each["data"]["object"]["id"] for each in (first, last)] == [record_id(1), record_id(2)]
    with pytest.raises(clever.UnreadableEvent) as refused:
        clever.read(json.dumps(made).encode())
    assert (refused.value.reason, refused.value.district_id) == (reason, DISTRICT)


# Refusals


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "expected one event per line, or a Clever list page; it is neither"),
        ("hello\n", "expected one event per line, or a Clever list page; it is neither"),
        ('{"data":[\n', "expected one event per line, or a Clever list page; it is neither"),
        ("{\n}\n", 'expected a Clever list page, with a list under "data"'),
        ("5", 'expected a Clever list page, with a list under "data"'),
        ('{"data":[5]}', "expected records of a collection that Clever has"),
        ('{"data":[{"data":null},null]}', "expected records of a collection that Clever has"),
        ('{"data":[{"data":{"id":"1"}}]}', "expected records of a collection that Clever has"),
    ],
)
def test_a_file_that_is_neither_is_refused_by_name(write: Write, text: str, line: str) -> None:
    path = write("odd.json", text)

    with pytest.raises(InputFileError) as refused:
        events_of(path)

    assert str(refused.value) == f"{path}: {line}"


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        ('{"type":', "expected an event as JSON on one line"),
        ("[]", 'expected an event with a "type"'),
        ("5", 'expected an event with a "type"'),
        ('{"id":"1"}', 'expected an event with a "type"'),
        ('{"data":{"id":"1"}}', 'expected an event with a "type"'),
    ],
)
def test_a_broken_line_is_refused_with_its_number(write: Write, broken: str, expected: str) -> None:
    path = write("feed.ndjson", f"{json.dumps(FEED[0])}\n\n{broken}\n")

    events = read_events([path], NOON)

    assert next(events) == FEED[0]
    with pytest.raises(InputFileError) as refused:
        next(events)
    assert str(refused.value) == f"{path}:3: {expected}"


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"none\.json: cannot be read: No such file or directory$"):
        events_of(tmp_path / "none.json")


def test_a_refusal_never_shows_what_the_file_holds(write: Write) -> None:
    record = {"id": 7, "name": {"first": "Tamsin"}}

    with pytest.raises(InputFileError) as refused:
        events_of(write("users.json", json.dumps({"data": [{"data": record}]})))

    assert "Tamsin" not in str(refused.value)
    assert record_id(7) not in str(refused.value)


@pytest.mark.parametrize("ending", ["page.json", "events.ndjson"])
def test_a_file_that_begins_with_the_mark_of_utf_8_is_read(write: Write, ending: str) -> None:
    record = row(student_json(), "users")
    text = json.dumps(page(record)) if ending == "page.json" else json.dumps(event_json(student_json()))

    assert len(events_of(write(ending, "\ufeff" + text))) == 1
