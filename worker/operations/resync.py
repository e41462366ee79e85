"""A baseline by a person's order: from Clever, or from saved pages of its lists.

It is the reading that the poll stage does by itself, with somebody looking on; a running worker adopts what
was read, as the next decision on the district.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from worker.domain.roster.records import KINDS, Json
from worker.domain.roster.versions import micros, moment
from worker.pipeline.poll import baseline, feed
from worker.pipeline.poll.baseline_store import Baselines, Older, Run, Saved
from worker.pipeline.poll.connections import BEGINNING, Connections
from worker.pipeline.poll.context import PollContext
from worker.runtime.errors import CleverUnavailable, InputFileError, UnknownDistrictError
from worker.runtime.progress import Progress

PATIENCE: Final = timedelta(seconds=60)
"""For another process that is reading the district: its turn has an end."""
FOR_EVER: Final = float("inf")
PAGE: Final = 5_000
"""Records of saved pages that are kept in one go."""


class SavedPages(Protocol):
    """A district's records in files."""

    @property
    def district_id(self) -> str:
        """The district that every record belongs to."""

    def collections(self) -> list[str]:
        """Return the collections that there are."""

    def pages(self, collection: str, size: int) -> Iterator[list[Json]]:
        """Yield a collection's records, at most `size` at a time."""


@dataclass(frozen=True, slots=True)
class ReadWhole:
    """A district that was read whole: what changes nothing, and `ahead` records changed in the future."""

    run: Run
    older: Older
    ahead: int = 0

    @property
    def records(self) -> int:
        """How many records were read."""
        return self.run.records


async def from_clever(
    source: PollContext,
    district_id: str,
    reason: str,
    progress: Progress,
    *,
    accept_fewer: bool,
    over_newer: bool = False,
) -> ReadWhole:
    """Read a connected district whole, and its feed to the end; return what was read.

    Raises `UnknownDistrictError` where Clever does not list it, `CleverUnavailable` where it is busy or
    Clever away, `BaselineRefused`.
    """
    connections = source.connections
    token = await source.clever.token_of(district_id)
    if token is None:
        raise UnknownDistrictError(
            f"district {district_id} is not connected in Clever: there is no token for it"
        )
    if await connections.read(district_id) is None:
        await connections.listed(await source.clever.tokens())
    await connections.demand_resync(district_id, reason, forget_cursor=False)
    async with connections.turn_of(district_id, PATIENCE) as connection:
        if connection is None:
            raise CleverUnavailable(
                f"district {district_id} is being read by another process: try again in a moment"
            )
        await connections.save_token(district_id, token)
        run = await baseline.begin(source, district_id, token, connection.now, over_newer=over_newer)
        run = await baseline.read_on(source, run, token, FOR_EVER, progress)
        await baseline.conclude(source.baselines, run, accept_fewer=accept_fewer)
        older = await source.baselines.older(run)
        await _read_feed(source, connections, district_id, progress)
    return ReadWhole(run, older)


async def _read_feed(
    source: PollContext, connections: Connections, district_id: str, progress: Progress
) -> None:
    connection = await connections.read(district_id)
    run = await source.baselines.current(district_id)
    if connection is not None and connection.token is not None and connection.cursor is not None:
        await feed.read_on(source, connection, run, connection.token, FOR_EVER, progress)


@asynccontextmanager
async def sole_reader(connections: Connections | None, district_id: str) -> AsyncIterator[None]:
    """Keep workers from reading the district from Clever while the context is open.

    `connections` is None without a Clever source. Raises `CleverUnavailable` where the district is busy.
    """
    if connections is None or await connections.read(district_id) is None:
        yield
        return
    async with connections.turn_of(district_id, PATIENCE) as connection:
        if connection is None:
            raise CleverUnavailable(
                f"district {district_id} is being read by another process: try again in a moment"
            )
        yield


async def from_pages(
    baselines: Baselines,
    saved: SavedPages,
    district_id: str,
    progress: Progress,
    *,
    accept_fewer: bool,
    over_newer: bool = False,
) -> ReadWhole:
    """Read a district whole from saved pages; raises `InputFileError` or `BaselineRefused`.

    The pages may be of any day. Of two versions of a record the one changed last stays, and a record that
    they lack is gone unless it is newer than all of them; with `over_newer` the pages stay, however old.
    """
    if saved.district_id != district_id:
        raise InputFileError(f"expected pages of district {district_id}, these are of {saved.district_id}")
    collections = saved.collections()
    newest, ahead = _newest_change(saved, collections)
    run = await baselines.begin(
        district_id, BEGINNING, BEGINNING, collections, Saved(newest), over_newer=over_newer
    )
    for collection in collections:
        for rows in saved.pages(collection, PAGE):
            count = len(rows)
            place = _place_of(rows)
            records = baseline.staged_records(collection, rows, district_id, run.student_fields)
            run = await baselines.add(run, records, place)
            progress(f"reading {collection}", count)
        run = await baselines.add(run, [], None)
    # The cursor of a feed stays where it is: these pages do not say where the feed was.
    await baseline.conclude(baselines, run, accept_fewer=accept_fewer, moves_cursor=False)
    older = await baselines.older(run)
    await baselines.ready(await _current(baselines, run), close_window=True)
    return ReadWhole(run, older, ahead)


async def _current(baselines: Baselines, run: Run) -> Run:
    return await baselines.current(run.district_id) or run


def _place_of(rows: list[Json]) -> str:
    """Return where a page of saved rows ends: an id, or a word that is none where the last row has none."""
    found = rows[-1].get("id")
    return found if isinstance(found, str) else "-"


def _newest_change(saved: SavedPages, collections: list[str]) -> tuple[dict[str, int], int]:
    """Return when the newest record of each kind was changed, and how many say that it is still to come."""
    now = micros(datetime.now(UTC))
    newest, ahead = dict[str, int](), 0
    for name in collections:
        for rows in saved.pages(name, PAGE):
            for row in rows:
                at = moment(row.get("last_modified"))
                if at is not None and at > now:
                    ahead += 1
                elif at is not None:
                    kind = str(KINDS[name])
                    newest[kind] = max(at, newest.get(kind, 0))
    return newest, ahead
