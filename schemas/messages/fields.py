"""The types of fields that messages share: ids, counts, times, kinds and states."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.json_schema import SkipJsonSchema

from schemas.timestamps import instant

INSTANT_PATTERN: Final = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$"


def _one_spelling(value: object) -> object:
    """Let a `datetime` pass, and of texts only the one spelling that we publish."""
    if isinstance(value, datetime) or (isinstance(value, str) and re.fullmatch(INSTANT_PATTERN, value)):
        return value
    raise ValueError("expected a UTC time such as 2025-09-02T08:15:04.000Z")


def in_order(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse an unsorted list: the same class would have two digests."""
    if list(values) != sorted(values):
        raise ValueError("expected the ids in ascending order")
    return values


Instant = Annotated[
    AwareDatetime,
    BeforeValidator(_one_spelling),
    PlainSerializer(instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": INSTANT_PATTERN}),
]


Id = Annotated[str, Field(min_length=1)]


Count = Annotated[int, Field(strict=True, ge=0)]


Ordinal = Annotated[int, Field(strict=True, ge=1)]


Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


DottedName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]


Percent = Annotated[float, Field(strict=True, ge=0, le=100)]


Absent: TypeAlias = SkipJsonSchema[None]
"""Of a field that is not given where it does not apply: it is not on the wire then, rather than null."""


AlertSeverity: TypeAlias = Literal["info", "warning", "critical"]


class Published(BaseModel):
    """What every part of a message shares: it never changes, and holds what is listed and no more."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        defer_build=True,  # a command that writes no message need not wait for them
    )

    def wire(self) -> dict[str, Any]:
        """Return it as JSON values: what does not apply was not given, and is not there."""
        return self.model_dump(mode="json", exclude_unset=True)
