"""Districts in onboarding as a table and as a calendar, read back by what people open them with."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest

from tests.support.builders.onboarding import ZONE, record
from tests.support.builders.records import NOON
from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import State
from worker.onboarding.district_store import Record
from worker.onboarding.export_calendar import calendar
from worker.onboarding.export_table import COLUMNS, table

OPENS = date(2026, 9, 15)
LAUNCHES = date(2026, 9, 10)
LONG = "Größe, Süd; \\ North " + "ß" * 90


def scheduled(district_id: str = "larkspur", **changed: Any) -> Record:
    return record(
        State.LAUNCH_SCHEDULED, district_id, window=AssessmentWindow(OPENS, ZoneInfo(ZONE)), **changed
    )


def rows(*records: Record) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table(records).decode(), newline="")))


def events(*records: Record) -> dict[str, Any]:
    read = icalendar.Calendar.from_ical(calendar(records))
    return {str(event["UID"]): event for event in read.walk("VEVENT")}


# The table


def test_the_table_has_a_row_a_district_with_what_it_waits_for_and_its_own_days() -> None:
    found = rows(scheduled(), record(State.INVITED, "b", name=None, contacts=()))

    assert tuple(found[0]) == COLUMNS
    assert (found[0]["launch"], found[0]["opens"], found[0]["zone"]) == ("2026-09-10", "2026-09-15", ZONE)
    assert (found[0]["waits_for"], found[0]["contacts"]) == ("", "1")
    assert (found[1]["name"], found[1]["state"], found[1]["waits_for"]) == ("", "invited", "district")
    assert found[1]["with_what"] == "Connect through Clever with the link in the invitation."


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", " =", "\uff1d"])
def test_no_name_in_the_table_begins_as_a_formula_does(begins: str) -> None:
    (found,) = rows(record(name=f'{begins}HYPERLINK("http://evil.test")'))

    assert found["name"].startswith("'")


def test_nobodys_address_is_in_either_file() -> None:
    assert b"@larkspur" not in table([scheduled()])
    assert b"@larkspur" not in calendar([scheduled()])


# The calendar


def test_a_launch_and_an_opening_are_events_of_a_whole_day_where_the_district_is() -> None:
    found = events(scheduled(), record(State.CHOSEN, "b"))

    assert set(found) == {"launch.larkspur@rostering", "opening.larkspur@rostering"}
    launch, opening = found["launch.larkspur@rostering"], found["opening.larkspur@rostering"]
    assert (launch.decoded("DTSTART"), launch.decoded("DTEND")) == (LAUNCHES, LAUNCHES + timedelta(days=1))
    assert opening.decoded("DTSTART") == OPENS
    assert str(launch["SUMMARY"]) == "Launch: Larkspur"
    assert "08:00 America/Chicago" in str(launch["DESCRIPTION"])
    assert "launch scheduled" in str(launch["DESCRIPTION"])


def test_an_event_that_moves_keeps_its_uid_and_its_sequence_grows() -> None:
    first = events(scheduled(windows_set=1))["launch.larkspur@rostering"]
    later = AssessmentWindow(OPENS + timedelta(days=7), ZoneInfo(ZONE))
    moved = events(record(State.LAUNCH_SCHEDULED, window=later, windows_set=2))["launch.larkspur@rostering"]

    assert (int(first["SEQUENCE"]), int(moved["SEQUENCE"])) == (0, 1)
    assert moved.decoded("DTSTART") == LAUNCHES + timedelta(days=7)


def test_the_stamp_is_the_moment_of_reading_in_utc() -> None:
    event = events(scheduled(now=NOON))["launch.larkspur@rostering"]

    assert event.decoded("DTSTAMP") == NOON
    assert NOON.tzinfo is UTC


def test_a_launch_that_is_held_back_says_so() -> None:
    event = events(scheduled(held_since=NOON))["launch.larkspur@rostering"]

    assert "is delayed" in str(event["DESCRIPTION"])


def test_a_name_with_commas_line_breaks_and_many_letters_comes_back_as_it_was() -> None:
    event = events(scheduled(name=f"{LONG}\nBEGIN:VALARM\x00"))["launch.larkspur@rostering"]

    assert str(event["SUMMARY"]) == f"Launch: {LONG} BEGIN:VALARM"


def test_the_file_is_folded_escaped_and_ended_as_the_standard_says() -> None:
    """A second look, by the text of RFC 5545 and without the library that wrote it."""
    body = calendar([scheduled(name=LONG)])
    lines = body.split(b"\r\n")

    assert lines[-1] == b""
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert all(len(line) <= 75 for line in lines), "octets of a line, its break left out (3.1)"
    for line in lines:
        line.decode()  # no letter is cut in two by a fold
    unfolded = body.decode().replace("\r\n ", "").split("\r\n")
    assert r"SUMMARY:Launch: Größe\, Süd\; \\ North " + "ß" * 90 in unfolded
    assert r"\nState: launch scheduled" in "".join(unfolded)
    assert unfolded[0] == "BEGIN:VCALENDAR"
    assert unfolded[-2:] == ["END:VCALENDAR", ""]
    assert sum(line.startswith(("VERSION:2.0", "PRODID:")) for line in unfolded) == 2
    assert "DTSTART;VALUE=DATE:20260910" in unfolded
    assert unfolded.count("BEGIN:VEVENT") == unfolded.count("END:VEVENT") == 2
    assert "UID:onboarding@rostering" in unfolded
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in unfolded
    for name in ("UID:launch.", "UID:opening."):
        assert sum(line.startswith(name) for line in unfolded) == 1, name
    for name in ("DTSTAMP:", "SEQUENCE:"):
        assert sum(line.startswith(name) for line in unfolded) == 2, name


def test_with_no_date_set_the_calendar_is_empty_and_still_one() -> None:
    assert events(record()) == {}
    assert calendar([]).startswith(b"BEGIN:VCALENDAR\r\n")
