"""Reads message bodies, and rows of list pages as events of them would be read."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from schemas import event_ids
from schemas.blank import is_blank
from schemas.clever.district_names import district_named
from schemas.clever.events import EVENT_TYPES, ORIGIN_KEY, ROW_ORIGIN, SETTLED_TYPE, Event, FeedSettled
from schemas.clever.fields import or_empty
from schemas.clever.json_text import check_texts, parsed, unwrapped
from schemas.clever.limits import MAX_DISTRICT_BYTES
from schemas.clever.record_reading import Read, bad_field, to_record
from schemas.clever.records import District, Record
from schemas.clever.unreadable import Reason, UnreadableEvent


def read(
    body: bytes, header_district: str | None = None, latest_id: str = event_ids.NO_LIMIT
) -> Event | FeedSettled:
    """Read one message body, bare or in Clever's `{"data": …, "uri": …}` wrapping.

    `header_district` is the district that the publisher says it is of: it stands in where the object names
    none, and nothing of another district is read. `latest_id` is the highest event id that is believed.
    Raises `UnreadableEvent`.
    """
    document = parsed(body, header_district)
    event = unwrapped(document)
    if event is None:
        raise UnreadableEvent(
            Reason.NOT_AN_EVENT,
            'expected an object with "id", "type" and "data"',
            district_named(document, header_district),
        )
    if event.get("type") == SETTLED_TYPE:
        return _read_settled(event, header_district, latest_id)
    return _read_event(event, header_district, latest_id)


def read_row(collection: str, raw: dict[str, Any], district_id: str) -> Read:
    """Read one record of a list page of that collection, as an event of it would be read.

    Raises `UnreadableEvent`, also where it is a record of another district than `district_id`.
    """
    check_texts(raw, district_id)
    if raw.keys() <= {"id", "data"}:
        raise UnreadableEvent(Reason.NOT_AN_EVENT, "data: expected a record", district_id)
    read = to_record(collection, raw, district_id)
    record = read.record
    if record is None:
        return read
    named = record.id if isinstance(record, District) else or_empty(record.district) or district_id
    if named != district_id:
        raise UnreadableEvent(
            Reason.WRONG_DISTRICT, "district: expected the district that was read", district_id
        )
    return read


def read_record(collection: str, raw: dict[str, Any], district_id: str) -> Record:
    """Read one record as `read_row` does, where it must be one that is rostered or can be read whole."""
    record = read_row(collection, raw, district_id).record
    if record is None:
        raise UnreadableEvent(Reason.BAD_FIELD, "id: expected the id of a record", district_id)
    return record


def _read_event(event: dict[str, Any], header_district: str | None, latest_id: str) -> Event:
    district = district_named(event, header_district)
    known = EVENT_TYPES.get(str(event["type"]))
    if known is None:
        raise UnreadableEvent(Reason.UNKNOWN_TYPE, "type: expected one of Clever's v3 event types", district)
    collection, action = known
    raw = _object_of(event, collection, district)
    read = to_record(collection, raw, district, was_deleted=action == "deleted")
    named = _district_of(collection, raw, read.record)
    if named and header_district and named != header_district:
        raise UnreadableEvent(
            Reason.WRONG_DISTRICT,
            "data.object.district: expected the district that the publisher names",
            header_district,
        )
    if not (named or header_district):
        raise UnreadableEvent(
            Reason.NO_DISTRICT, "neither data.object.district nor the header district_id names the district"
        )
    # A resource holds nobody back, whatever its event looks like.
    holds = None if collection == "resources" else named or header_district
    return Event(
        _event_id(event.get("id"), "id", latest_id, holds),
        collection,
        action,
        _checked_district(named or header_district or ""),
        read.record,
        read.unread,
        event.get(ORIGIN_KEY) == ROW_ORIGIN,
    )


def _object_of(event: dict[str, Any], collection: str, district: str | None) -> dict[str, Any]:
    data = event.get("data")
    raw = data.get("object") if isinstance(data, dict) else None
    if isinstance(raw, dict):
        return raw
    if collection == "resources":
        return {}
    raise UnreadableEvent(Reason.NOT_AN_EVENT, "data.object: expected an object", district)


def _district_of(collection: str, raw: dict[str, Any], record: Record | None) -> str:
    """Return the district that a record names, "" where it names none."""
    if record is None:
        named = raw.get("district")
        return named if isinstance(named, str) and not is_blank(named) else ""
    if collection == "districts":
        return record.id
    named = getattr(record, "district", None)
    return named if named and "!" <= named < "\x7f" else or_empty(named)


def _checked_district(district_id: str) -> str:
    if len(district_id) <= MAX_DISTRICT_BYTES and district_id.isascii():
        return district_id
    if len(district_id.encode()) > MAX_DISTRICT_BYTES:
        raise UnreadableEvent(
            Reason.BAD_FIELD, f"district: expected no more than {MAX_DISTRICT_BYTES} bytes", None
        )
    return district_id


def _event_id(value: Any, where: str, latest_id: str, district: str | None) -> str:
    """Return an event's id in the one form in which ids are compared. Raises `UnreadableEvent`."""
    found = event_ids.read(value)
    if found is None:
        raise UnreadableEvent(Reason.BAD_ID, f"{where}: expected 24 hex digits", district)
    if found > latest_id:
        raise UnreadableEvent(Reason.BAD_ID, f"{where}: more than a day in the future", district)
    return found


def _read_settled(event: dict[str, Any], header_district: str | None, latest_id: str) -> FeedSettled:
    named = event.get("district")
    if is_blank(named):
        named = header_district
    if isinstance(named, str) and header_district and named != header_district:
        raise UnreadableEvent(
            Reason.WRONG_DISTRICT, "district: expected the one that the publisher names", header_district
        )
    district = district_named(event, header_district)
    since = event.get("since")
    try:
        return FeedSettled.model_validate(
            {
                **event,
                "district": named,
                "since": None if is_blank(since) else _event_id(since, "since", latest_id, district),
                "through": _event_id(event.get("through"), "through", latest_id, district),
            }
        )
    except ValidationError as error:
        raise bad_field(error, "", district) from None
