from __future__ import annotations

from datetime import timedelta

from schemas.words import Trigger
from tests.support.builders.records import NOON
from worker.domain.preflight.window import Window, WindowLimits, closes_at

SECOND = timedelta(seconds=1)
LIMITS = WindowLimits(10 * SECOND, 60 * SECOND, 100, 300 * SECOND)


def test_a_window_closes_when_it_was_quiet_or_is_old_whichever_comes_first() -> None:
    quiet = Window(NOON, NOON + 5 * SECOND, 3)
    assert closes_at(quiet, NOON + 6 * SECOND, LIMITS) == NOON + 15 * SECOND
    old = Window(NOON, NOON + 55 * SECOND, 3)
    assert closes_at(old, NOON + 56 * SECOND, LIMITS) == NOON + 60 * SECOND


def test_a_window_that_is_due_closes_now() -> None:
    now = NOON + SECOND
    assert closes_at(Window(NOON, NOON, 100), now, LIMITS) == now
    assert closes_at(Window(NOON, NOON, 0, Trigger.FLUSH), now, LIMITS) == now
