"""Launch days and opening days as a calendar (RFC 5545), to be subscribed to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import Final

from icalendar import Calendar, Event

from worker.onboarding.district_store import Record
from worker.onboarding.export_left_out import log_left_out

PRODUCT: Final = "-//Rostering//Launches//EN"
NAME: Final = "Launches and assessment windows"
REFRESH: Final = timedelta(hours=1)
_END: Final = b"END:VCALENDAR\r\n"
_ONE_DAY: Final = timedelta(days=1)


def calendar(records: Iterable[Record]) -> bytes:
    """Return the file: an event for the day of each launch, and for the day each window opens."""
    begin, end = frame()
    return b"".join([begin, *map(events_of, records), end])


def frame() -> tuple[bytes, bytes]:
    """Return what stands before all events, and behind them."""
    empty = Calendar.new(prodid=PRODUCT, name=NAME, uid="onboarding@rostering", refresh_interval=REFRESH)
    empty["REFRESH-INTERVAL"].params["VALUE"] = "DURATION"  # RFC 7986 wants it; the library does not
    text = bytes(empty.to_ical())
    return text.removesuffix(_END), _END


def events_of(record: Record) -> bytes:
    """Return the events of one district, as they stand in the file; nothing where it cannot be written."""
    try:
        return b"".join(bytes(event.to_ical()) for event in _events(record))
    except Exception as error:  # noqa: BLE001 — one district that cannot be written keeps no other out
        log_left_out("calendar", record.district_id, error)
        return b""


def _events(record: Record) -> Iterator[Event]:
    name = _one_line(record.name or record.district_id)
    if record.launch_at is not None:
        text = f"The launch is at {record.launch_at:%H:%M} {record.time_zone}"
        text += ", and is delayed." if record.held_since else "."
        yield _event(record, "launch", record.launch_at.date(), f"Launch: {name}", text)
    if record.opens_at is not None:
        text = f"The first day of the assessment window, in {record.time_zone}."
        yield _event(record, "opening", record.opens_at.date(), f"Window opens: {name}", text)


def _event(record: Record, what: str, day: date, summary: str, text: str) -> Event:
    """Return an event of a whole day. Its UID never changes; SEQUENCE grows with each window that is set."""
    event = Event.new(
        uid=f"{what}.{record.district_id}@rostering",
        stamp=record.now,
        start=day,
        end=day + _ONE_DAY,
        summary=summary,
        description=f"{text}\nState: {record.onboarding.state.replace('_', ' ')}",
        sequence=max(0, record.windows_set - 1),
    )
    event.add("transp", "TRANSPARENT")  # it takes nobody's time
    return event


def _one_line(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
