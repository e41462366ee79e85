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
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeGuard

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from schemas import event_ids
from schemas.blank import INVISIBLE, is_blank

MAX_LEVELS: Final = 100
"""Of lists and objects in one another in an extension field: what writes it anew has limits too."""

MAX_ID_LENGTH: Final = 128
"""Characters. Clever's ids have 24; the database indexes ids, so that they must have an end."""

MAX_DISTRICT_BYTES: Final = 128
"""Of a district's id: it is part of routing keys, which have 255."""

MAX_TEXT_LENGTH: Final = 1_000
"""Characters. Far more than a name or an e-mail address has; what is longer is a fault, and costs memory."""

MAX_GRADE_LENGTH: Final = 100
"""Characters. Grades are part of an index, beside two ids."""

MAX_STUDENTS: Final = 50_000
"""Of one section."""

MAX_TEACHERS: Final = 500
"""Of one section: a class names them all in one message."""

MAX_SCHOOLS: Final = 500
"""Of one student."""

MAX_EXTENSION_BYTES: Final = 64 * 1024
"""Of a student's extension fields as JSON: a change must fit into one message."""


class Reason(StrEnum):
    """Why a message could not be read; the value of the header `x-reason` and of a metric's label."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    TOO_DEEP = "too_deep"
    FORBIDDEN_CHARACTER = "forbidden_character"
    NOT_AN_EVENT = "not_an_event"
    UNKNOWN_TYPE = "unknown_type"
    NO_DISTRICT = "no_district"
    WRONG_DISTRICT = "wrong_district"
    BAD_ID = "bad_id"
    NO_ROLES = "no_roles"
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
    if not fields:
        return fields
    if _is_nested_deeper_than(MAX_LEVELS, fields):
        raise ValueError(f"expected no more than {MAX_LEVELS} levels")
    if len(orjson.dumps(fields)) > MAX_EXTENSION_BYTES:
        raise ValueError(f"expected no more than {MAX_EXTENSION_BYTES} bytes")
    return fields


def _told(text: str | None) -> str:
    return "" if text is None or is_blank(text) else text


_VISIBLE: Final = f"[^{INVISIBLE}]"
_SEEN_IN_SCHEMAS: Final = r"\S"
"""Near enough for those who validate against the JSON Schema, whose regular expressions know no `\\U`."""
Id = Annotated[
    str,
    StringConstraints(strict=True, max_length=MAX_ID_LENGTH, pattern=_VISIBLE),
    Field(json_schema_extra={"pattern": _SEEN_IN_SCHEMAS}),
]
EventId = Annotated[str, StringConstraints(strict=True, pattern=event_ids.PATTERN)]
DistrictId = Annotated[
    str,
    StringConstraints(strict=True, max_length=MAX_DISTRICT_BYTES, pattern=_VISIBLE),
    Field(json_schema_extra={"pattern": _SEEN_IN_SCHEMAS}),
]
Reference = Annotated[str, StringConstraints(strict=True, max_length=MAX_ID_LENGTH)] | None
Text = Annotated[str, StringConstraints(strict=True, max_length=MAX_TEXT_LENGTH)] | None
Grade = Annotated[str, StringConstraints(strict=True, max_length=MAX_GRADE_LENGTH)] | None
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
    schools: Annotated[list[Reference], Field(max_length=MAX_SCHOOLS)] | None = None
    sis_id: Text = None
    student_number: Text = None
    state_id: Text = None
    grade: Grade = None
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
    last_modified: Any = None
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
    last_modified: Any = None
    district: Reference = None
    school: Reference = None
    name: Text = None
    subject: Text = None
    grade: Grade = None
    period: Text = None
    section_number: Text = None
    sis_id: Text = None
    course: Reference = None
    term_id: Reference = None
    teacher: Reference = None
    teachers: Annotated[list[Reference], Field(max_length=MAX_TEACHERS)] | None = None
    students: Annotated[list[Reference], Field(max_length=MAX_STUDENTS)] | None = None


class School(Wire):
    """A school."""

    id: Id
    last_modified: Any = None
    district: Reference = None
    name: Text = None
    sis_id: Text = None
    school_number: Text = None
    low_grade: Text = None
    high_grade: Text = None


class Course(Wire):
    """A course; most districts send none and Clever builds them from the sections."""

    id: Id
    last_modified: Any = None
    district: Reference = None
    name: Text = None
    number: Text = None


class Term(Wire):
    """A term; its id is not stable, and its days may be missing."""

    id: Id
    last_modified: Any = None
    district: Reference = None
    name: Text = None
    start_date: Day = None
    end_date: Day = None


class District(Wire):
    """The district itself and the state of its sync with Clever."""

    id: Id
    last_modified: Any = None
    name: Text = None
    state: Text = None
    pause_start: Text = None
    pause_end: Text = None
    last_sync: Text = None


class Resource(Wire):
    """A resource: part of the feed, and of no use to a roster."""

    id: Id
    last_modified: Any = None
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
_TYPES: Final = {
    f"{collection}.{action}": (collection, ACTIONS[action])
    for collection in COLLECTIONS
    for action in ACTIONS
}
SETTLED_TYPE: Final = "feed.settled"
ORIGIN_KEY: Final = "origin"
ROW_ORIGIN: Final = "list"
"""The origin of an event that a publisher made of a row of a list."""


class Event(NamedTuple):
    """One Clever change event. `object` is the whole record, also where it was deleted.

    It is None where the record is not rostered and cannot be read at all. `unread` are its fields that could
    not be read, where that is no reason to refuse it: they are missing in `object`. `is_row` says that the
    publisher made it of a row of a list, so that its id tells nothing of its place in the feed.
    """

    id: str
    collection: str
    action: Action
    district_id: str
    object: Record | None
    unread: tuple[str, ...] = ()
    is_row: bool = False


class FeedSettled(Wire):
    """A publisher's word that a district's feed was read to its end.

    `count` events were sent after the event `since` (None: from the beginning) up to `through`.
    """

    district: DistrictId
    since: EventId | None = None
    through: EventId
    count: Annotated[int, Field(ge=0, lt=1 << 63)]


_NUL: Final = "a text holds a NUL character, which PostgreSQL cannot store"


def read(
    body: bytes, header_district: str | None = None, latest_id: str = event_ids.NO_LIMIT
) -> Event | FeedSettled:
    """Read one message body, bare or in Clever's `{"data": …, "uri": …}` wrapping.

    `header_district` is the district that the publisher says it is of: it stands in where the object names
    none, and nothing of another district is read. `latest_id` is the highest event id that is believed.
    Raises `UnreadableEvent`.
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
        return _read_settled(event, header_district, latest_id)
    return _read_event(event, header_district, latest_id)


def read_row(collection: str, raw: dict[str, Any], district_id: str) -> Read:
    """Read one record of a list page of that collection, as an event of it would be read.

    Raises `UnreadableEvent`, also where it is a record of another district than `district_id`.
    """
    _check_texts(raw, district_id)
    if raw.keys() <= {"id", "data"}:
        raise UnreadableEvent(Reason.NOT_AN_EVENT, "data: expected a record", district_id)
    read = _record(collection, raw, district_id)
    record = read.record
    if record is None:
        return read
    named = record.id if isinstance(record, District) else _told(record.district) or district_id
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


def is_district_id(value: object) -> TypeGuard[str]:
    """Whether a value may stand for a district: a text that is short, printable and not blank."""
    if not isinstance(value, str):
        return False
    if value.isascii() and value.isalnum():  # as they all are
        return len(value) <= MAX_DISTRICT_BYTES
    return not is_blank(value) and value.isprintable() and len(value.encode()) <= MAX_DISTRICT_BYTES


def _district_named(event: Any, header_district: str | None) -> str | None:
    """Tell the district of a body that is JSON and yet no event, as far as it can be told.

    What the publisher says comes first: a body that cannot be read must not hold back another district.
    """
    if header_district is not None:
        return header_district
    record = event
    for key in ("data", "object"):
        if isinstance(record, dict) and isinstance(record.get(key), dict):
            record = record[key]
    of_district = isinstance(event, dict) and str(event.get("type")).startswith("districts.")
    for holder, key in ((record, "id" if of_district else "district"), (event, "district")):
        named = holder.get(key) if isinstance(holder, dict) else None
        if is_district_id(named):
            return named
    return None


def _unwrap(document: Any) -> dict[str, Any] | None:
    """Return the event itself, from inside Clever's envelope where it stands in one."""
    if not isinstance(document, dict):
        return None
    if "type" in document:
        return document
    inner = document.get("data")
    return inner if isinstance(inner, dict) and "type" in inner else None


def _read_event(event: dict[str, Any], header_district: str | None, latest_id: str) -> Event:
    district = _district_named(event, header_district)
    known = _TYPES.get(str(event["type"]))
    if known is None:
        raise UnreadableEvent(Reason.UNKNOWN_TYPE, "type is none of Clever's v3 event types", district)
    collection, action = known
    raw = _object_of(event, collection, district)
    read = _record(collection, raw, district, was_deleted=action == "deleted")
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
    return named if named and "!" <= named < "\x7f" else _told(named)


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
        raise UnreadableEvent(Reason.BAD_ID, f"{where}: made more than a day ahead of now", district)
    return found


def _read_settled(event: dict[str, Any], header_district: str | None, latest_id: str) -> FeedSettled:
    named = event.get("district")
    if is_blank(named):
        named = header_district
    if isinstance(named, str) and header_district and named != header_district:
        raise UnreadableEvent(
            Reason.WRONG_DISTRICT, "district: expected the one that the publisher names", header_district
        )
    district = _district_named(event, header_district)
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
        raise _bad_field(error, "", district) from None


class Read(NamedTuple):
    """A record as it was read; None where it is not rostered and not even its id can be read.

    `unread` are the fields that could not be read, and that nothing needs unless a setting says so.
    """

    record: Record | None
    unread: tuple[str, ...] = ()


ROSTERED_ROLES: Final = ("student", "teacher", "staff")

UNDEMANDED: Final = (
    *("dob", "gender", "race", "hispanic_ethnicity", "ell_status", "frl_status", "iep_status"),
    "graduation_year",
)
"""Fields of a student that nothing needs unless a setting or a policy names them."""
SCHOOLS: Final = "schools"
"""What a scope that names schools looks at, and nothing else does."""
_FORGIVEN: Final[dict[str, frozenset[tuple[str, ...]]]] = {
    "users": frozenset(("roles", "student", name) for name in (*UNDEMANDED, SCHOOLS)),
    "terms": frozenset({("name",), ("start_date",), ("end_date",)}),
    "courses": frozenset({("name",), ("number",)}),
    "districts": frozenset({("name",), ("state",), ("pause_start",), ("pause_end",), ("last_sync",)}),
}
"""Fields that no roster has unless a policy, a setting or a filter asks for them: one that cannot be read is
left out, and told by its name to those who ask."""


def _record(collection: str, raw: dict[str, Any], district: str | None, *, was_deleted: bool = False) -> Read:
    model = COLLECTIONS[collection]
    if was_deleted:
        raw = {key: raw.get(key) for key in ("id", "district", "last_modified")}
    if model is Resource or (model is User and not was_deleted and not _is_rostered(raw, district)):
        return _not_rostered(model, raw)
    try:
        return Read(model.model_validate(raw))
    except ValidationError:
        # Rare: a blank in a form that the exact types do not allow, such as [] for a text.
        raw = _blanks_to_null(raw, levels=3)
    try:
        return Read(model.model_validate(raw))
    except ValidationError as error:
        unread = _forgiven(collection, error)
        if not unread:
            raise _bad_field(error, "data.object.", district) from None
    for path in unread:
        raw = _left_out(raw, path)
    return Read(model.model_validate(raw), tuple(sorted(path[-1] for path in unread)))


def _is_rostered(raw: dict[str, Any], district: str | None) -> bool:
    """Whether a user is a student, a teacher or staff. Raises `UnreadableEvent` where no role is named.

    Everybody at Clever has a role: where none is left, something was withheld, and he did not leave.
    """
    roles = raw.get("roles")
    if isinstance(roles, dict):
        for name in ROSTERED_ROLES:
            if isinstance(roles.get(name), dict):
                return True
    if is_blank(roles):
        raise UnreadableEvent(Reason.NO_ROLES, "data.object.roles: expected a role", district)
    if not isinstance(roles, dict):
        raise UnreadableEvent(Reason.BAD_FIELD, "data.object.roles: expected an object", district)
    named = [name for name, role in roles.items() if not is_blank(role)]
    if not named:
        raise UnreadableEvent(Reason.NO_ROLES, "data.object.roles: expected a role", district)
    return not set(ROSTERED_ROLES).isdisjoint(named)


def _not_rostered(model: type[Record], raw: dict[str, Any]) -> Read:
    """Read a contact, a district admin or a resource: no roster has them, and nothing in them is refused."""
    try:
        return Read(model.model_validate(raw))
    except ValidationError:
        raw = _blanks_to_null(raw, levels=3)
    try:
        return Read(model.model_validate(raw))
    except ValidationError as error:
        unread = tuple(sorted({str(each["loc"][0]) for each in _errors(error)}))
    known = {key: raw[key] for key in ("id", "district") if key not in unread and key in raw}
    try:
        return Read(model.model_validate(known), unread)
    except ValidationError:
        return Read(None, unread)


def _forgiven(collection: str, error: ValidationError) -> set[tuple[str, ...]]:
    """Return the paths of fields that can be left out; none where the record cannot be read without them."""
    if any(each["type"] == "string_too_long" for each in _errors(error)):
        return set()
    allowed = _FORGIVEN.get(collection, frozenset())
    depth = max((len(path) for path in allowed), default=0)
    paths = {tuple(str(step) for step in each["loc"][:depth]) for each in _errors(error)}
    return paths if paths <= allowed else set()


def _left_out(raw: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    first, *rest = path
    if not rest:
        return {key: value for key, value in raw.items() if key != first}
    return {**raw, first: _left_out(raw[first], tuple(rest))}


def _bad_field(error: ValidationError, prefix: str, district: str | None) -> UnreadableEvent:
    first = _errors(error)[0]
    where = prefix + ".".join(str(step) for step in first["loc"])
    return UnreadableEvent(Reason.BAD_FIELD, f"{where}: {first['msg']}", district)


def _errors(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_input=False, include_url=False, include_context=False)


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

    id: EventId = Field(description="The event's id; within a district these order the feed.")
    type: str = Field(
        description="What happened to what, such as `sections.updated`.",
        pattern=rf"^({'|'.join(COLLECTIONS)})\.({'|'.join(ACTIONS)})$",
    )
    created: str | None = Field(default=None, description="For information only; it orders nothing.")
    origin: str | None = Field(
        default=None,
        description="`list` where the publisher made the event of a row of a list: the record's "
        "`last_modified` then says how new it is, and not the event's id.",
    )
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
