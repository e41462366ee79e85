"""A clock that was put back: times that lie further ahead than they can are brought to what they can be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.poll.baselines import REFUSED_PAUSE
from worker.domain.access.login_throttle import OF_A_NAME, OF_AN_ADDRESS
from worker.domain.mail.mails import zone
from worker.domain.mail.quiet_hours import QuietHours, next_allowed
from worker.runtime.errors import MailError, StoreFailed

_SQL: Final = statements.load("operations/clock")

SLACK: Final = timedelta(seconds=20)
"""By how much the clocks of a database and of the one that takes its place may well differ."""

A_LITTLE_BEFORE: Final = timedelta(minutes=1)
"""Longer than it takes to find out that a clock was put back."""


@dataclass(frozen=True, slots=True)
class Longest:
    """The longest that times of each kind can lie ahead of now."""

    lease: timedelta
    """Of a district's outbox."""
    back_off: timedelta
    """Of an evaluation that failed."""
    turn: timedelta
    """From one turn of reading a district to the next."""
    turn_that_failed: timedelta
    delivery: timedelta
    """To the next attempt to deliver an alert."""
    mail: timedelta
    """To the next attempt to send a mail, outside the quiet hours."""
    mail_handed: timedelta
    """To the answer of a mail server that has all of a mail."""
    quiet: QuietHours


class PostgresClock:
    """Answers to `worker.operations.clock.Clock`."""

    def __init__(self, database: Database, longest: Longest) -> None:
        self._database = database
        self._longest = longest
        self._statements: dict[str, tuple[timedelta, ...]] = {
            "windows": (),
            "feed_marks": (),
            "evaluation_failures": (longest.back_off,),
            "relay_leases": (longest.lease,),
            "alert_leases": (longest.lease,),
            "outbox": (),
            "deliveries": (longest.delivery,),
            "alert_channels": (A_LITTLE_BEFORE,),
            "mails": (longest.mail_handed,),
            "inspections": (),
            "token_listing": (),
            "connections": (longest.turn, longest.turn_that_failed, REFUSED_PAUSE),
            "baselines": (),
            "quarantine": (),
            "incidents": (),
            "sessions": (),
            "login_attempts": (OF_AN_ADDRESS.longest, OF_A_NAME.longest),
        }

    async def catch_up(self) -> dict[str, int]:
        """Bring times that lie too far ahead to the latest that they can be; return how many, by table."""
        changed: dict[str, int] = {}
        failed: StoreFailed | None = None
        for table, arguments in self._statements.items():
            try:
                async with self._database.connection() as connection:
                    rows = await connection.fetchval(_SQL[table], SLACK, *arguments)
            except StoreFailed as error:  # of one table: the others are looked at all the same
                failed = failed or error
            else:
                changed |= {table: int(rows)} if rows else {}
        if failed is not None:
            raise failed
        async with self._database.connection() as connection:
            mails = await self._mails(connection)
        return changed | ({"mails": changed.get("mails", 0) + mails} if mails else {})

    async def _mails(self, connection: Connection) -> int:
        """Have mails sent that no quiet hour holds back for so long; return how many."""
        longest = self._longest
        changed = 0
        for row in await connection.fetch(_SQL["zones_of_mails_put_off"], SLACK, longest.mail):
            try:
                begin = next_allowed(row["now"], zone(row["time_zone"]), longest.quiet)
            except MailError:  # of a zone that this version does not know: the stage that sends it says so
                begin = row["now"]
            of_zone = row["time_zone"], begin, longest.mail + SLACK
            changed += int(await connection.fetchval(_SQL["mails_put_off"], *of_zone))
        return changed
