"""Reads one record: what must be right, what is forgiven, and what was never rostered."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from schemas.blank import is_blank
from schemas.clever.records import COLLECTIONS, Record, Resource, User
from schemas.clever.unreadable import Reason, UnreadableEvent


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


def to_record(
    collection: str, raw: dict[str, Any], district: str | None, *, was_deleted: bool = False
) -> Read:
    """Read a record of a collection, or of one that was deleted only what is kept of it."""
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
            raise bad_field(error, "data.object.", district) from None
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


def bad_field(error: ValidationError, prefix: str, district: str | None) -> UnreadableEvent:
    """Return what is wrong with the first field that could not be read, and where it stands."""
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
