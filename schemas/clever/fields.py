"""The types of fields: ids, texts, grades and days, each with its bound."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final

import orjson
from pydantic import AfterValidator, Field, StringConstraints

from schemas import event_ids
from schemas.blank import INVISIBLE, is_blank
from schemas.clever.limits import (
    MAX_DISTRICT_BYTES,
    MAX_EXTENSION_BYTES,
    MAX_GRADE_LENGTH,
    MAX_ID_LENGTH,
    MAX_LEVELS,
    MAX_TEXT_LENGTH,
)
from schemas.clever.nesting import is_nested_deeper_than


def _iso_day(text: str | None) -> str | None:
    if text is None or is_blank(text):
        return None
    day = _DAY.fullmatch(text.strip())
    try:
        return date.fromisoformat(day[1] if day else "").isoformat()
    except ValueError:
        raise ValueError("expected a day as YYYY-MM-DD") from None


_DAY: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(T[0-9:.]+(Z|[+-][0-9:]+)?)?")


def storable_fields(fields: dict[str, Any] | None) -> dict[str, Any] | None:
    """Check that extension fields are neither too deep nor too large to be kept."""
    if not fields:
        return fields
    if is_nested_deeper_than(MAX_LEVELS, fields):
        raise ValueError(f"expected no more than {MAX_LEVELS} levels")
    if len(orjson.dumps(fields)) > MAX_EXTENSION_BYTES:
        raise ValueError(f"expected no more than {MAX_EXTENSION_BYTES} bytes")
    return fields


def or_empty(text: str | None) -> str:
    """Return a text, empty where there is none or it is blank."""
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
