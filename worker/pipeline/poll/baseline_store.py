"""A district's baseline while it is read: page by page, so that whoever dies another goes on.

`worker.adapters.postgres.poll.baselines` answers; every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from worker.domain.roster.records import RecordKind


@dataclass(frozen=True, slots=True)
class Run:
    """The reading of one baseline: how far it is.

    `seed` is the feed's newest event when it began; `collection` the one to read next, from its beginning
    or after the record `after`; None when every page is there.
    """

    district_id: str
    id: str
    seed: str
    collections: Sequence[str]
    collection: str | None
    after: str | None
    records: int
    started_at: datetime
    age_seconds: float
    is_read: bool
    is_ready: bool
    repeated: int = 0
    """Rows of a record that was read already."""
    student_fields: frozenset[str] | None = None
    """The fields of students that are kept besides the usual ones; None: every field."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Saved pages: the newest `last_modified` of each kind that has any, in microseconds of the epoch."""

    changed_at: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a record; `modified` is when it was changed, in microseconds of the epoch."""

    district_id: str
    kind: RecordKind
    record_id: str
    modified: int


@dataclass(frozen=True, slots=True)
class Older:
    """What of a baseline changes nothing: `older` rows, and `kept` records that it lacks, which are newer."""

    older: int
    kept: int


NOBODY: Final = "{}"
"""The record of a user who is neither student nor teacher: kept while a baseline is read, since of two
versions of a user the one changed last may say so."""


@dataclass(frozen=True, slots=True)
class BaselineRecord:
    """A record that was read: as it is staged, `NOBODY`, or None and why it cannot be read."""

    kind: RecordKind
    record_id: str
    record: str | None
    reason: str | None = None
    explanation: str | None = None
    modified: int | None = None
    """When it was changed, in microseconds of the epoch; None where nobody can tell."""
    ahead: bool = False
    """Whether it says that it was changed in the future."""


class Baselines(Protocol):
    """Baselines that are being read, or wait to be adopted: at most one of a district."""

    async def current(self, district_id: str) -> Run | None:
        """Return the district's baseline, if there is one."""

    async def begin(
        self,
        district_id: str,
        seed: str,
        overlap: str,
        collections: Sequence[str],
        saved: Saved | None = None,
        *,
        over_newer: bool = False,
    ) -> Run:
        """Begin a baseline; one that was begun and not read to its end is given up.

        `seed` is the feed's newest event and `overlap` the one before it, '' where there is none. What was
        stored so far counts as older than pages read from Clever, whatever the seed; `saved` pages may be of
        any day, so that each record is compared. With `over_newer` what is read stays, however old it is.
        """

    async def add(self, run: Run, records: Sequence[BaselineRecord], after: str | None) -> Run:
        """Keep a page; `after` is where the next one of the collection begins, None at its end.

        Raises `BaselineLost` where the run was given up.
        """

    async def skip(self, run: Run) -> Run:
        """Leave the collection that is next out of the baseline: what is staged of it stays as it is.

        Raises `BaselineLost` where the run was given up.
        """

    async def census(self, run: Run) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many live records are staged, and how many were read, by what they are.

        Raises `BaselineLost` where not all that was read is there, as after a crash of the database.
        """

    async def older(self, run: Run) -> Older:
        """Return what of the baseline is older than what is staged, and changes nothing."""

    async def believe(self, run: Run, *, moves_cursor: bool) -> None:
        """Say that every page is there. With `moves_cursor` the feed goes on from the seed, or beyond it."""

    async def ready(self, run: Run, *, close_window: bool) -> None:
        """Say that it can be adopted when the district's window closes; `close_window` closes it now."""

    async def refuse(self, run: Run, reason: str) -> None:
        """Give it up, and alert operations unless they were told already."""
