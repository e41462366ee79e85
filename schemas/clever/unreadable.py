"""Why a message could not be read."""

from __future__ import annotations

from enum import StrEnum


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
