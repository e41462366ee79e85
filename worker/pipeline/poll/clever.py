"""Clever, as the stages see it: who is connected, a district's records page by page, its feed.

`worker.adapters.clever` answers. Rows are Clever's own records and events, taken out of their envelopes
and otherwise as they came. Every call may raise `CleverUnavailable` (Clever is away, too busy, or its
answer is broken: it was asked again for as long as is sensible), `CleverTokenRefused` or `CleverRefused`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from worker.domain.roster.records import Json

COLLECTIONS: Final = ("schools", "terms", "courses", "users", "sections")
"""What a baseline reads page by page, in this order: what a record refers to comes before it."""
EVENTS: Final = "events"


@dataclass(frozen=True, slots=True)
class Token:
    """A district's bearer token; its text shows nothing."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CleverPage:
    """One page of a list.

    `rows` in Clever's order, by ascending id; `next_after` is the id after which the next page begins, as
    Clever's link `next` has it; None where there is no such link.
    """

    rows: list[Json]
    next_after: str | None


class Clever(Protocol):
    """Clever's token service and data API."""

    async def tokens(self) -> dict[str, Token]:
        """Return the tokens of all connected districts, by district id: this is the list of them."""

    async def token_of(self, district_id: str) -> Token | None:
        """Return one district's token as it is now (they rotate); None where it is not connected."""

    async def district(self, token: Token) -> Json:
        """Return the record of the district that a token is for."""

    async def page(self, token: Token, collection: str, after: str | None) -> CleverPage:
        """Return a page of `events` or of one of `COLLECTIONS`, from its beginning or after an id."""

    async def newest_events(self, token: Token) -> list[str]:
        """Return the ids of the feed's newest two events, the newest last; fewer where it has fewer."""

    async def knows_event(self, token: Token, event_id: str) -> bool:
        """Whether the feed still has this event: it forgets them after 30 days."""
