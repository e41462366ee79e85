"""One district's turn: its feed, then a piece of its baseline where one is wanted.

A turn has an end, so that a district with a million events does not keep the others waiting; what is
left has another turn, behind everybody who waits already.
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import Final

import orjson
import structlog

from schemas import clever
from worker.domain.roster.clever_sync import sync_state
from worker.pipeline.ingest import translate
from worker.pipeline.poll import baseline, feed
from worker.pipeline.poll.baseline_store import Run
from worker.pipeline.poll.clever import Token
from worker.pipeline.poll.connections import Connection
from worker.pipeline.poll.context import PollContext
from worker.pipeline.poll.feed import Reached
from worker.runtime.errors import (
    BaselineLost,
    BaselineRefused,
    CleverRefused,
    CleverTokenRefused,
    CleverUnavailable,
)
from worker.runtime.progress import Progress

AT_ONCE: Final = timedelta(0)


class NotConnected(Exception):
    """Clever gives no token for the district; the list of districts says whether that is for good."""


async def take(source: PollContext, connection: Connection, progress: Progress) -> timedelta:
    """Do a piece of a district's work; return how long it can be left alone then.

    Raises `CleverUnavailable`, `CleverRefused` or `NotConnected` where Clever does not play along,
    `BaselineRefused` where what it gave cannot be true, and `StoreUnavailable` or `BrokerUnavailable`.
    """
    token = connection.token or await _renewed(source, connection)
    try:
        return await _Turn(source, connection, token, progress).take()
    except CleverTokenRefused:
        # It was rotated, we hope: the next turn has the new one.
        if await _renewed(source, connection) == token:
            raise
        return AT_ONCE
    except (BaselineLost, feed.CursorMoved) as lost:
        structlog.get_logger().warning(
            "turn.lost", stage="poll", district_id=connection.district_id, reason=type(lost).__name__
        )
        return AT_ONCE


class _Turn:
    def __init__(self, source: PollContext, connection: Connection, token: Token, progress: Progress) -> None:
        self._source = source
        self._connection = connection
        self._token = token
        self._shown = progress
        self._has_events = False
        self._until = time.monotonic() + source.pace.turn.total_seconds()

    async def take(self) -> timedelta:
        connection, source = self._connection, self._source
        run = await source.baselines.current(connection.district_id)
        ended = True
        if connection.cursor is not None:
            reached = await self._read_feed(run)
            if reached is Reached.CUT_OFF:
                return AT_ONCE
            ended = reached is Reached.END
            if ended:
                await self._keep_record()
        if not self._wants_baseline(run):
            return self._pause() if ended else AT_ONCE
        return await self._read_baseline(run)

    def _progress(self, what: str, count: int) -> None:
        self._has_events = self._has_events or (what == feed.READING and count > 0)
        self._shown(what, count)

    def _pause(self) -> timedelta:
        """Return for how long a district is left alone whose feed was read to its end."""
        connection, pace = self._connection, self._source.pace
        quiet_for = timedelta(0) if self._has_events else connection.now - connection.active_at
        is_paused = bool(sync_state(connection.record, connection.now).paused)
        pause = pace.pause(max(quiet_for, timedelta(0)), is_paused=is_paused)
        return pause * (1 - pace.jitter * random.random())  # noqa: S311 — no secret is made of it

    async def _read_feed(self, run: Run | None) -> Reached:
        try:
            return await feed.read_on(
                self._source, self._connection, run, self._token, self._until, self._progress
            )
        except CleverTokenRefused:
            raise
        except CleverRefused:
            # Without its feed a district is read whole as often as the others are.
            if not self._wants_baseline(run):
                raise
            return Reached.LIMIT

    def _wants_baseline(self, run: Run | None) -> bool:
        connection = self._connection
        if run is not None and not run.is_read:
            return True
        if connection.now < connection.baseline_after:
            return False
        if connection.resync is not None:
            return True
        if run is not None:
            return False
        last = connection.baseline_at
        return connection.cursor is None or last is None or connection.now - last > self._source.pace.baseline

    async def _read_baseline(self, run: Run | None) -> timedelta:
        source, connection = self._source, self._connection
        is_over = run is None or run.is_read or run.age_seconds > baseline.OLDEST_RUN_SECONDS
        if run is None or is_over or connection.resync is not None:
            if connection.record is None:
                await self._keep_record()
            run = await baseline.begin(source, connection.district_id, self._token, connection.now)
        run = await baseline.read_on(source, run, self._token, self._until, self._progress)
        if run.collection is not None:
            return AT_ONCE
        try:
            await baseline.conclude(source.baselines, run)
        except BaselineRefused:
            source.metrics.baselines.labels("refused").inc()
            raise
        source.metrics.baselines.labels("read").inc()
        return AT_ONCE

    async def _keep_record(self) -> None:
        """Keep what Clever says of the district and its sync: whether that changes it, no feed need say.

        It is for people to read; a district is rostered without it as well.
        """
        district_id = self._connection.district_id
        try:
            told = await self._source.clever.district(self._token)
            read = clever.read_row("districts", told, district_id)
            text = None if read.record is None else translate.staged_json(read.record, read.unread)
        except CleverTokenRefused:
            raise
        except clever.UnreadableEvent as error:
            # Of another district, say: then nothing that this token reads is to be trusted.
            raise CleverUnavailable(f"Clever: the record of the district: {error.explanation}") from None
        except (CleverRefused, CleverUnavailable) as error:
            structlog.get_logger().warning(
                "district.record_unreadable", stage="poll", district_id=district_id, reason=str(error)
            )
        else:
            await self._source.connections.save_record(district_id, orjson.loads(text) if text else {})


async def _renewed(source: PollContext, connection: Connection) -> Token:
    token = await source.clever.token_of(connection.district_id)
    if token is None:
        raise NotConnected
    await source.connections.save_token(connection.district_id, token)
    return token
