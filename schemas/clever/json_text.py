"""A message body as JSON, or why it is none."""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from schemas.clever.district_names import district_in_pieces, district_named
from schemas.clever.nesting import has_nul, is_nested_deeper_than
from schemas.clever.unreadable import Reason, UnreadableEvent

_NUL: Final = "a text contains a NUL character, which PostgreSQL cannot store"


def check_texts(raw: dict[str, Any], district_id: str) -> None:
    """Raise `UnreadableEvent` where a record holds a text that the database cannot store."""
    try:
        holds_nul = b"\\u0000" in orjson.dumps(raw) and has_nul(raw)
    except (orjson.JSONEncodeError, RecursionError):
        raise UnreadableEvent(
            Reason.FORBIDDEN_CHARACTER,
            "a text holds a lone surrogate, or a number is out of range",
            district_id,
        ) from None
    if holds_nul:
        raise UnreadableEvent(Reason.FORBIDDEN_CHARACTER, _NUL, district_id)


def parsed(body: bytes, header_district: str | None) -> Any:
    """Return a message body as JSON values; raises `UnreadableEvent` where it has none that can be stored."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _why_not_json(body, header_district) from None
    if b"\\u0000" in body and has_nul(document):
        raise UnreadableEvent(
            Reason.FORBIDDEN_CHARACTER,
            _NUL,
            district_named(unwrapped(document) or document, header_district),
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
        district = district_named(unwrapped(document) or document, header_district)
        if is_nested_deeper_than(900, document):
            return UnreadableEvent(Reason.TOO_DEEP, "the body is nested deeper than 1,024 levels", district)
        return UnreadableEvent(
            Reason.FORBIDDEN_CHARACTER,
            "a text holds a lone surrogate (or a number is none that JSON knows)",
            district,
        )
    return UnreadableEvent(reason, explanation, header_district or district_in_pieces(body))


def unwrapped(document: Any) -> dict[str, Any] | None:
    """Return the event itself, from inside Clever's envelope where it stands in one."""
    if not isinstance(document, dict):
        return None
    if "type" in document:
        return document
    inner = document.get("data")
    return inner if isinstance(inner, dict) and "type" in inner else None
