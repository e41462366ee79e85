"""What people ask of the store: one district, its filter, a window closed now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from worker.domain.preflight.turnover import Confirmation
from worker.domain.roster.section_filter import SectionFilter

WORKER: Final = "worker"
"""What the names of connections of processes that evaluate end with."""


@dataclass(frozen=True, slots=True)
class NamedDistrict:
    """A district that a person may mean; `name` is None where none is known."""

    district_id: str
    name: str | None


@dataclass(frozen=True, slots=True)
class FilterVersion:
    """A section filter in force; version 0 is the one that keeps all, set by nobody."""

    version: int
    section_filter: SectionFilter
    actor: str | None
    set_at: datetime | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A policy of a district's own; version 0 is to follow the settings, set by nobody."""

    version: int
    policy: dict[str, Any]
    actor: str | None
    set_at: datetime | None
    until: datetime | None = None
    reason: str | None = None


class DistrictQueries(Protocol):
    """Questions about districts."""

    async def show(self, district_id: str) -> dict[str, Any]:
        """Return one district as JSON values; raises `UnknownDistrictError`."""

    async def is_known(self, district_id: str) -> bool:
        """Return whether the district was ever seen."""

    async def purgeable(self, district_id: str) -> None:
        """Return if a district could be purged; raises `UnknownDistrictError`, and `MessagesWaiting`."""

    async def statuses(self) -> dict[str, int]:
        """Return how many districts have each status."""

    async def ping(self) -> None:
        """Return if the store answers; raises `StoreUnavailable`."""


class DistrictSettings(Protocol):
    """Section filters and policies: every version, and the one in force."""

    async def current_filter(self, district_id: str) -> FilterVersion:
        """Return the section filter in force."""

    async def filters(self, district_id: str) -> list[FilterVersion]:
        """Return every section filter that the district ever had, the oldest first."""

    async def policies(self, district_id: str) -> list[PolicyVersion]:
        """Return every policy that the district ever had of its own, the oldest first."""

    async def set_filter(
        self,
        district_id: str,
        section_filter: SectionFilter,
        actor: str,
        reason: str | None = None,
        *,
        instead_of: int | None = None,
        confirmed: Confirmation | None = None,
    ) -> int:
        """Put a section filter in force and close the district's window; return the filter's version.

        A district that was never seen keeps the filter for its first events. Raises `FilterChanged` where
        the version in force is not the one that this is meant to replace, `instead_of`. So many students as
        the person saw and `confirmed` are no accident in the first commit by this filter.
        """


class DistrictCommands(Protocol):
    """Orders of people; each is written into the audit with who gave it."""

    async def flush(self, district_id: str, actor: str) -> None:
        """Close the window now, and give a parked district another try; raises `UnknownDistrictError`."""

    async def hold(self, district_id: str, actor: str, reason: str) -> None:
        """Stop the district's commits: once this returns, none is decided until it is resumed.

        Raises `UnknownDistrictError`, and `OrderRefused` where it is on hold already.
        """

    async def resume(self, district_id: str, actor: str, reason: str) -> None:
        """End a hold, and have what was held back committed.

        Raises `UnknownDistrictError`, and `OrderRefused` where there is none.
        """

    async def approve(self, district_id: str, plan: str, actor: str, reason: str) -> None:
        """Approve the plan whose digest begins so, and have it committed in spite of its guards.

        Raises `OrderRefused`, which says why not: no such district, another plan by now, other errors, no
        need, a hold, or an approval that is open already.
        """

    async def note(self, district_id: str | None, action: str, actor: str, detail: dict[str, Any]) -> None:
        """Write what somebody did into the audit; None: with no district in particular."""

    async def keep_search(self, district_id: str, suggestions: Sequence[Mapping[str, Any]]) -> None:
        """Keep what a search for section filters found for a district, in the place of what one found before.

        `suggestions` are as they are in a review; one that may name a person is without its words.
        """

    async def purge(self, district_id: str, actor: str) -> dict[str, int]:
        """Delete all of a district's data; return how much there was, which the audit keeps.

        Its numbers go on where they were, so that no two decisions ever share an id; its next commit has no
        previous one. Raises `UnknownDistrictError`, and `MessagesWaiting` where messages are not out yet.
        """


class Districts(DistrictQueries, DistrictSettings, DistrictCommands, Protocol):
    """Everything that people ask and order of districts."""
