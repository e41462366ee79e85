"""A change event, the word that a feed was read to its end, and their types."""

from __future__ import annotations

from typing import Annotated, Final, Literal, NamedTuple

from pydantic import Field

from schemas.clever.fields import DistrictId, EventId
from schemas.clever.records import COLLECTIONS, Record, Wire

Action = Literal["created", "updated", "deleted"]


ACTIONS: Final[dict[str, Action]] = {"created": "created", "updated": "updated", "deleted": "deleted"}


EVENT_TYPES: Final = {
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
