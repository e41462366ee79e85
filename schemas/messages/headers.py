"""The headers of messages, of events, and of dead letters."""

from __future__ import annotations

from typing import Final

from pydantic import (
    ConfigDict,
    Field,
)

from schemas.messages.fields import Absent, Id, Ordinal, Published


class Headers(Published):
    """The headers of a message. Others may stand beside them: brokers add their own on the way."""

    model_config = ConfigDict(extra="ignore")


class MessageHeaders(Headers):
    """What every message of ours carries beside its body, so that one can route without parsing it."""

    district_id: Id | None = Field(description="The district; null in an alert about no single district.")
    decision_id: Id | None = Field(
        description="The commit or review, or the one that an alert is about; null where there is none."
    )
    sequence: Ordinal | None = Field(
        description="The decision's number in its district; null in an alert of which none is the reason."
    )
    part: Ordinal = Field(description="Which part this is, from 1.")
    parts: Ordinal = Field(description="How many parts there are.")
    traceparent: str | None = Field(
        description="The W3C trace context that it was published in; untraced, that of the decision."
    )


class EventHeaders(Headers):
    """What a publisher may add to a Clever event."""

    district_id: Id | Absent = Field(
        default=None, description="The district, where the record does not name it."
    )
    traceparent: str | Absent = Field(
        default=None,
        description="The W3C trace context in which it is published; one that is not well-formed is ignored.",
    )
    replayed: str | Absent = Field(
        default=None,
        alias="x-replayed",
        description="Ours alone: it was a dead letter, put into quarantine for this district.",
    )


class DeadLetterHeaders(Headers):
    """Why a message could not be used. Absent where the broker itself gave the message up."""

    reason: Id | Absent = Field(
        default=None, alias="x-reason", description="Why it was put aside; never what it says."
    )
    district_id: Id | Absent = Field(
        default=None, alias="x-district-id", description="The district it belongs to, where that is known."
    )
    traceparent: str | Absent = Field(
        default=None, description="The W3C trace context that the message came with, where it came with one."
    )


HEADERS: Final[tuple[str, ...]] = tuple(MessageHeaders.model_fields)
"""The names of the headers that every message of ours carries."""
