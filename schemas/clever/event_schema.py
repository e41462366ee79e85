"""The JSON Schema of a message on the queue of events, for those who publish there."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.clever.events import ACTIONS, FeedSettled
from schemas.clever.fields import EventId
from schemas.clever.records import COLLECTIONS, Course, District, Resource, School, Section, Term, User


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
