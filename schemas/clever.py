"""Clever's v3.0 and v3.1 records and events, as the API really sends them.

Only what the product reads is modelled; every other field may come, in any shape, and is left behind
here. A field that is read must have its type: a message where it has not is unreadable, because a
guess could roster a child wrongly. Clever shows missing data as null, "", blanks, [] or an absent key;
all of them read as None (for lists: as empty).

Facts and their sources: dev.clever.com (data model, events API) and the public Clever/swagger-api.
"""

from __future__ import annotations

import json
import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from schemas.blank import is_blank

MAX_LEVELS: Final = 100
"""Of lists and objects in one another in an extension field: what writes it anew has limits too."""

MAX_ID_LENGTH: Final = 128
"""Characters. Clever's ids have 24; the database indexes ids, so that they must have an end."""


class Reason(StrEnum):
    """Why a message could not be read; the value of the header `x-reason` and of a metric's label."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    FORBIDDEN_CHARACTER = "forbidden_character"
    NOT_AN_EVENT = "not_an_event"
    UNKNOWN_TYPE = "unknown_type"
    NO_DISTRICT = "no_district"
    BAD_FIELD = "bad_field"
    NOT_STORABLE = "not_storable"


class UnreadableEvent(ValueError):
    """A body that is no event we can apply.

    The text says where and what was expected; never what came, which may be somebody's name.
    `district_id` is the district that the body names, where it could still be told.
    """

    def __init__(self, reason: Reason, explanation: str, district_id: str | None = None) -> None:
        super().__init__(f"{reason}: {explanation}")
        self.reason = reason
        self.explanation = explanation
        self.district_id = district_id


def _iso_day(text: str | None) -> str | None:
    if text is None or is_blank(text):
        return None
    day = _DAY.fullmatch(text.strip())
    try:
        return date.fromisoformat(day[1] if day else "").isoformat()
    except ValueError:
        raise ValueError("expected a day as YYYY-MM-DD") from None


_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.]+(Z|[+-][0-9:]+)?)?")


def _storable(fields: dict[str, Any] | None) -> dict[str, Any] | None:
    if _is_nested_deeper_than(MAX_LEVELS, fields):
        raise ValueError(f"expected no more than {MAX_LEVELS} levels")
    return fields


def _visible(text: str) -> str:
    if is_blank(text):
        raise ValueError("expected a text that is not blank")
    return text


def _told(text: str | None) -> str:
    return "" if text is None or is_blank(text) else text


Id = Annotated[
    str,
    StringConstraints(strict=True, max_length=MAX_ID_LENGTH, pattern=r"\S"),
    AfterValidator(_visible),
]
Reference = Annotated[str, StringConstraints(strict=True, max_length=MAX_ID_LENGTH)] | None
Text = str | None
Day = Annotated[str | None, AfterValidator(_iso_day)]


class Wire(BaseModel):
    """What all wire models share: frozen, exact types, unknown fields allowed and not kept."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Name(Wire):
    """A person's name; contacts have the whole of it in `last`."""

    first: Text = None
    middle: Text = None
    last: Text = None


class StudentRole(Wire):
    """`roles.student`. `school` is the primary of `schools`; `dob` is M/D/YYYY, not zero-padded."""

    school: Reference = None
    sis_id: Text = None
    student_number: Text = None
    state_id: Text = None
    grade: Text = None
    gender: Text = None
    dob: Text = None
    race: Text = None
    hispanic_ethnicity: Text = None
    ell_status: Text = None
    frl_status: Text = None
    iep_status: Text = None
    graduation_year: Text = None
    ext: Annotated[dict[str, Any] | None, AfterValidator(_storable)] = None


class TeacherRole(Wire):
    """`roles.teacher`."""

    sis_id: Text = None


class StaffRole(Wire):
    """`roles.staff`."""

    staff_id: Text = None


class Roles(Wire):
    """The roles a user has; one that is null or absent he has not."""

    student: StudentRole | None = None
    teacher: TeacherRole | None = None
    staff: StaffRole | None = None


class User(Wire):
    """Anyone: student, teacher, staff, contact, district admin (one object for all since v3.0)."""

    id: Id
    district: Reference = None
    email: Text = None
    name: Name | None = None
    roles: Roles | None = None


class Section(Wire):
    """A section: the only place where students and teachers meet.

    `students` may list ids that the app cannot read; `name` is made by Clever of course, teacher's
    last name and period.
    """

    id: Id
    district: Reference = None
    school: Reference = None
    name: Text = None
    subject: Text = None
    grade: Text = None
    period: Text = None
    section_number: Text = None
    sis_id: Text = None
    course: Reference = None
    term_id: Reference = None
    teacher: Reference = None
    teachers: list[Reference] | None = None
    students: list[Reference] | None = None


class School(Wire):
    """A school."""

    id: Id
    district: Reference = None
    name: Text = None
    sis_id: Text = None
    school_number: Text = None
    low_grade: Text = None
    high_grade: Text = None


class Course(Wire):
    """A course; most districts send none and Clever builds them from the sections."""

    id: Id
    district: Reference = None
    name: Text = None
    number: Text = None


class Term(Wire):
    """A term; its id is not stable, and its days may be missing."""

    id: Id
    district: Reference = None
    name: Text = None
    start_date: Day = None
    end_date: Day = None


class District(Wire):
    """The district itself and the state of its sync with Clever."""

    id: Id
    name: Text = None
    state: Text = None
    pause_start: Text = None
    pause_end: Text = None
    last_sync: Text = None


class Resource(Wire):
    """A resource: part of the feed, and of no use to a roster."""

    id: Id
    district: Reference = None


Record = User | Section | School | Course | Term | District | Resource
Action = Literal["created", "updated", "deleted"]

COLLECTIONS: Final[dict[str, type[Record]]] = {
    "users": User,
    "sections": Section,
    "schools": School,
    "courses": Course,
    "terms": Term,
    "districts": District,
    "resources": Resource,
}
ACTIONS: Final[dict[str, Action]] = {"created": "created", "updated": "updated", "deleted": "deleted"}
SETTLED_TYPE: Final = "feed.settled"


class Event(Wire):
    """One Clever change event. `object` is the whole record, also where it was deleted."""

    id: Id
    collection: str
    action: Action
    district_id: Id
    object: Record


class FeedSettled(Wire):
    """A publisher's word that a district's feed was read to its end.

    `count` events were sent after the event `since` (None: from the beginning) up to `through`.
    """

    district: Id
    since: Reference = None
    through: Id
    count: Annotated[int, Field(ge=0, lt=1 << 63)]


_NUL: Final = "a text holds a NUL character, which PostgreSQL cannot store"


def read(body: bytes, header_district: str | None = None) -> Event | FeedSettled:
    """Read one message body, bare or in Clever's `{"data": …, "uri": …}` wrapping.

    `header_district` stands in where the object names no district. Raises `UnreadableEvent`.
    """
    document = _parse(body, header_district)
    event = _unwrap(document)
    if event is None:
        raise UnreadableEvent(
            Reason.NOT_AN_EVENT,
            'expected an object with "id", "type" and "data"',
            _district_named(document, header_district),
        )
    if event.get("type") == SETTLED_TYPE:
        return _read_settled(event, header_district)
    return _read_event(event, header_district)


def read_record(collection: str, raw: dict[str, Any], district_id: str) -> Record:
    """Read one record of a list page of that collection, as an event of it would be read.

    Raises `UnreadableEvent`, also where it is a record of another district than `district_id`.
    """
    _check_texts(raw, district_id)
    record = _record(COLLECTIONS[collection], raw, district_id)
    named = record.id if isinstance(record, District) else _told(record.district) or district_id
    if named != district_id:
        raise UnreadableEvent(Reason.BAD_FIELD, "district: expected the district that was read", district_id)
    return record


def _check_texts(raw: dict[str, Any], district_id: str) -> None:
    try:
        holds_nul = b"\\u0000" in orjson.dumps(raw) and _holds_nul(raw)
    except (orjson.JSONEncodeError, RecursionError):
        raise UnreadableEvent(
            Reason.FORBIDDEN_CHARACTER,
            "a text holds a lone surrogate, or a number is out of range",
            district_id,
        ) from None
    if holds_nul:
        raise UnreadableEvent(Reason.FORBIDDEN_CHARACTER, _NUL, district_id)


def _parse(body: bytes, header_district: str | None) -> Any:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _why_not_json(body, header_district) from None
    if b"\\u0000" in body and _holds_nul(document):
        raise UnreadableEvent(
            Reason.FORBIDDEN_CHARACTER,
            _NUL,
            _district_named(_unwrap(document) or document, header_district),
        )
    return document


def _why_not_json(body: bytes, header_district: str | None) -> UnreadableEvent:
    """Tell a lone surrogate or a nesting too deep, which are JSON by the letter, from what is not JSON."""
    try:
        document = json.loads(body.decode())
    except RecursionError:
        reason, explanation = Reason.TOO_DEEP, "the body is nested deeper than 1,024 levels"
    except ValueError:
        reason, explanation = Reason.NOT_JSON, "the body is not JSON in UTF-8"
    else:
        district = _district_named(_unwrap(document) or document, header_district)
        if _is_nested_deeper_than(900, document):
            return UnreadableEvent(Reason.TOO_DEEP, "the body is nested deeper than 1,024 levels", district)
        return UnreadableEvent(
            Reason.FORBIDDEN_CHARACTER,
            "a text holds a lone surrogate (or a number is none that JSON knows)",
            district,
        )
    return UnreadableEvent(reason, explanation, header_district or district_in_pieces(body))


def _is_nested_deeper_than(levels: int, document: object) -> bool:
    level = [document]
    for _ in range(levels):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _holds_nul(document: object) -> bool:
    pending = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, str):
            if "\0" in node:
                return True
        else:
            pending.extend(_children(node))
            if isinstance(node, dict):
                pending.extend(node)
    return False


_DISTRICT_KEY: Final = re.compile(rb'"district"\s*:\s*"([0-9a-fA-F]{24})"')


_ROUTING_KEY: Final = re.compile(r"([0-9a-fA-F]{24})\.[a-z]+\.[a-z]+")


def district_in_pieces(body: bytes) -> str | None:
    """Find the district in a body that cannot be parsed: the one id that every `district` key has."""
    named = set(_DISTRICT_KEY.findall(body))
    return named.pop().decode() if len(named) == 1 else None


def district_in_key(routing_key: str) -> str | None:
    """Find the district in a routing key of the form `<district>.<type>`; others say nothing."""
    match = _ROUTING_KEY.fullmatch(routing_key)
    return match.group(1) if match else None


def is_our_key(routing_key: str) -> bool:
    """Whether a routing key is `<district>.<type>` of an event that Clever has, and so names nobody."""
    _, _, kind = routing_key.partition(".")
    collection, _, action = kind.partition(".")
    return district_in_key(routing_key) is not None and collection in COLLECTIONS and action in ACTIONS


def _district_named(event: Any, header_district: str | None) -> str | None:
    """Tell the district of a body that is JSON and yet no event, as far as it can be told."""
    record = event
    for key in ("data", "object"):
        if isinstance(record, dict) and isinstance(record.get(key), dict):
            record = record[key]
    of_district = isinstance(event, dict) and str(event.get("type")).startswith("districts.")
    for holder, key in ((record, "id" if of_district else "district"), (event, "district")):
        named = holder.get(key) if isinstance(holder, dict) else None
        if (
            isinstance(named, str)
            and not is_blank(named)
            and len(named) <= MAX_ID_LENGTH
            and named.isprintable()
        ):
            return named
    return header_district


def _unwrap(document: Any) -> dict[str, Any] | None:
    """Return the event itself, from inside Clever's envelope where it stands in one."""
    if not isinstance(document, dict):
        return None
    if "type" in document:
        return document
    inner = document.get("data")
    return inner if isinstance(inner, dict) and "type" in inner else None


def _read_event(event: dict[str, Any], header_district: str | None) -> Event:
    district = _district_named(event, header_district)
    collection, _, action = str(event["type"]).partition(".")
    model = COLLECTIONS.get(collection)
    if model is None or action not in ACTIONS:
        raise UnreadableEvent(Reason.UNKNOWN_TYPE, "type is none of Clever's v3 event types", district)
    data = event.get("data")
    raw = data.get("object") if isinstance(data, dict) else None
    if not isinstance(raw, dict):
        raise UnreadableEvent(Reason.NOT_AN_EVENT, "data.object: expected an object", district)
    if ACTIONS[action] == "deleted":
        raw = {key: raw.get(key) for key in ("id", "district")}
    record = _record(model, raw, district)
    district_id = _told(record.id if isinstance(record, District) else record.district)
    return _event(event, collection, ACTIONS[action], district_id, header_district, record)


def _event(
    event: dict[str, Any],
    collection: str,
    action: Action,
    district_id: str,
    header_district: str | None,
    record: Record,
) -> Event:
    if not (district_id or header_district):
        raise UnreadableEvent(
            Reason.NO_DISTRICT, "neither data.object.district nor the header district_id names the district"
        )
    try:
        return Event(
            id=event.get("id"),  # type: ignore[arg-type]  # the model is what checks it
            collection=collection,
            action=action,
            district_id=district_id or header_district or "",
            object=record,
        )
    except ValidationError as error:
        raise _bad_field(error, "", district_id or header_district) from None


def _record(model: type[Record], raw: dict[str, Any], district: str | None) -> Record:
    try:
        return model.model_validate(raw)
    except ValidationError:
        # Rare: a blank in a form that the exact types do not allow, such as [] for a text.
        try:
            return model.model_validate(_blanks_to_null(raw, levels=3))
        except ValidationError as error:
            raise _bad_field(error, "data.object.", district) from None


def _read_settled(event: dict[str, Any], header_district: str | None) -> FeedSettled:
    named = event.get("district")
    blank = is_blank(named)
    try:
        return FeedSettled.model_validate({**event, "district": header_district if blank else named})
    except ValidationError as error:
        raise _bad_field(error, "", _district_named(event, header_district)) from None


def _bad_field(error: ValidationError, prefix: str, district: str | None) -> UnreadableEvent:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    where = prefix + ".".join(str(step) for step in first["loc"])
    return UnreadableEvent(Reason.BAD_FIELD, f"{where}: {first['msg']}", district)


def _blanks_to_null(value: Any, levels: int) -> Any:
    """Make blanks null as deep as what is read stands (`roles.student.grade`: 3 levels), and no deeper."""
    if isinstance(value, dict) and levels:
        return {key: _blanks_to_null(item, levels - 1) for key, item in value.items()}
    if isinstance(value, list):
        return ([_blanks_to_null(item, levels - 1) for item in value] if levels else value) or None
    return None if is_blank(value) else value


class PreviousAttributes(BaseModel):
    """Prior values of the changed fields; may stand inside `data` or beside it, and is not read."""

    model_config = ConfigDict(extra="allow")


class EventData(BaseModel):
    """What an event carries: the record, and sometimes what it was before."""

    model_config = ConfigDict(extra="allow")

    object: User | Section | School | Course | Term | District | Resource = Field(
        description="The whole record after the change; for a deletion, as it was last known."
    )
    previous_attributes: PreviousAttributes | None = None


class EventBody(BaseModel):
    """One Clever change event as the API gives it, bare."""

    model_config = ConfigDict(extra="allow")

    id: Id = Field(description="The event's id; within a district these order the feed.")
    type: str = Field(
        description="What happened to what, such as `sections.updated`.",
        pattern=rf"^({'|'.join(COLLECTIONS)})\.({'|'.join(ACTIONS)})$",
    )
    created: str | None = Field(default=None, description="For information only; it orders nothing.")
    data: EventData
    previous_attributes: PreviousAttributes | None = None


class WrappedEvent(BaseModel):
    """The same in the wrapping of Clever's list pages."""

    model_config = ConfigDict(extra="allow")

    data: EventBody
    uri: str | None = None


class SettledBody(FeedSettled):
    """The control message that closes a district's window."""

    type: Literal["feed.settled"]


class EventEnvelope(BaseModel):
    """Everything that may be published to `clever.events`."""

    model_config = ConfigDict(title="What may be published to clever.events")

    body: EventBody | WrappedEvent | SettledBody


def event_json_schema() -> dict[str, object]:
    """Return the JSON Schema of a body on `clever.events`."""
    schema = EventEnvelope.model_json_schema()
    body = schema["properties"]["body"]
    return {
        "title": "clever.events body",
        "description": "A Clever change event, bare or wrapped, or the control message feed.settled.",
        "anyOf": body["anyOf"],
        "$defs": schema["$defs"],
    }
