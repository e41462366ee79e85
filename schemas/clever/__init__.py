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
from schemas.clever.event_schema import (
    EventBody,
    EventData,
    EventEnvelope,
    PreviousAttributes,
    SettledBody,
    WrappedEvent,
    event_json_schema,
)
from schemas.clever.events import ACTIONS, ORIGIN_KEY, ROW_ORIGIN, SETTLED_TYPE, Action, Event, FeedSettled
from schemas.clever.fields import Day, DistrictId, EventId, Grade, Id, Reference, Text
from schemas.clever.limits import (
    MAX_DISTRICT_BYTES,
    MAX_EXTENSION_BYTES,
    MAX_GRADE_LENGTH,
    MAX_ID_LENGTH,
    MAX_LEVELS,
    MAX_SCHOOLS,
    MAX_STUDENTS,
    MAX_TEACHERS,
    MAX_TEXT_LENGTH,
)
from schemas.clever.record_reading import ROSTERED_ROLES, SCHOOLS, UNDEMANDED, Read
from schemas.clever.records import (
    COLLECTIONS,
    Course,
    District,
    Name,
    Record,
    Resource,
    Roles,
    School,
    Section,
    StaffRole,
    StudentRole,
    TeacherRole,
    Term,
    User,
    Wire,
)
from schemas.clever.unreadable import Reason, UnreadableEvent

__all__ = [
    "ACTIONS",
    "COLLECTIONS",
    "MAX_DISTRICT_BYTES",
    "MAX_EXTENSION_BYTES",
    "MAX_GRADE_LENGTH",
    "MAX_ID_LENGTH",
    "MAX_LEVELS",
    "MAX_SCHOOLS",
    "MAX_STUDENTS",
    "MAX_TEACHERS",
    "MAX_TEXT_LENGTH",
    "ORIGIN_KEY",
    "ROSTERED_ROLES",
    "ROW_ORIGIN",
    "SCHOOLS",
    "SETTLED_TYPE",
    "UNDEMANDED",
    "Action",
    "Course",
    "Day",
    "District",
    "DistrictId",
    "Event",
    "EventBody",
    "EventData",
    "EventEnvelope",
    "EventId",
    "FeedSettled",
    "Grade",
    "Id",
    "Name",
    "PreviousAttributes",
    "Read",
    "Reason",
    "Record",
    "Reference",
    "Resource",
    "Roles",
    "School",
    "Section",
    "SettledBody",
    "StaffRole",
    "StudentRole",
    "TeacherRole",
    "Term",
    "Text",
    "UnreadableEvent",
    "User",
    "Wire",
    "WrappedEvent",
    "district_in_key",
    "district_in_pieces",
    "event_json_schema",
    "is_district_id",
    "is_our_key",
    "read",
    "read_record",
    "read_row",
]
