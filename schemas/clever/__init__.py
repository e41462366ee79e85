"""Clever's v3.0 and v3.1 records and events, as the API really sends them.

Only what the product reads is modelled; every other field may come, in any shape, and is left behind
here. A field that is read must have its type: a message where it has not is unreadable, because a
guess could roster a child wrongly. Clever shows missing data as null, "", blanks, [] or an absent key;
all of them read as None (for lists: as empty).

Facts and their sources: dev.clever.com (data model, events API) and the public Clever/swagger-api.
"""

from __future__ import annotations

from schemas.clever.district_names import district_in_key, district_in_pieces, is_district_id, is_our_key
from schemas.clever.event_reading import read, read_record, read_row
from schemas.clever.event_schema import event_json_schema
from schemas.clever.events import ROW_ORIGIN, Event, FeedSettled
from schemas.clever.limits import (
    MAX_DISTRICT_BYTES,
    MAX_EXTENSION_BYTES,
    MAX_GRADE_LENGTH,
    MAX_ID_LENGTH,
    MAX_STUDENTS,
    MAX_TEACHERS,
    MAX_TEXT_LENGTH,
)
from schemas.clever.record_reading import UNDEMANDED
from schemas.clever.records import (
    COLLECTIONS,
    Course,
    District,
    Name,
    Record,
    School,
    Section,
    StudentRole,
    Term,
    User,
)
from schemas.clever.unreadable import Reason, UnreadableEvent

__all__ = [
    "COLLECTIONS",
    "MAX_DISTRICT_BYTES",
    "MAX_EXTENSION_BYTES",
    "MAX_GRADE_LENGTH",
    "MAX_ID_LENGTH",
    "MAX_STUDENTS",
    "MAX_TEACHERS",
    "MAX_TEXT_LENGTH",
    "ROW_ORIGIN",
    "UNDEMANDED",
    "Course",
    "District",
    "Event",
    "FeedSettled",
    "Name",
    "Reason",
    "Record",
    "School",
    "Section",
    "StudentRole",
    "Term",
    "UnreadableEvent",
    "User",
    "district_in_key",
    "district_in_pieces",
    "event_json_schema",
    "is_district_id",
    "is_our_key",
    "read",
    "read_record",
    "read_row",
]
