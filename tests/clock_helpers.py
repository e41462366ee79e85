"""The look at the clock, with the longest that times lie ahead."""

from __future__ import annotations

from datetime import time, timedelta

from store_fixtures import StoreUnderTest

from worker.adapters.postgres.operations.clock import Longest, PostgresClock
from worker.domain.mail.quiet_hours import QuietHours

NEVER_QUIET, ALWAYS_QUIET = QuietHours(time(0), time(0)), QuietHours(time(0, 0), time(23, 59, 59, 999999))
LEASE, MINUTE = timedelta(seconds=15), timedelta(minutes=1)


def clock_of(store: StoreUnderTest, quiet: QuietHours = NEVER_QUIET) -> PostgresClock:
    longest = Longest(LEASE, MINUTE, MINUTE, 15 * MINUTE, MINUTE, 15 * MINUTE, 6 * MINUTE, quiet)
    return PostgresClock(store.database, longest)
