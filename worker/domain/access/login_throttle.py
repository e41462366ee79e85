"""How long somebody who cannot log in waits before the next try, so that passwords cannot be guessed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class LoginThrottle:
    """Tries that are free, the wait after the first one that is not, and the longest; each wait doubles."""

    free: int
    first: timedelta
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        """Return the wait after so many failures in a row."""
        over = failures - self.free
        if over < 0:
            return timedelta(0)
        # Bounded before it is doubled: a number of failures can be any.
        return min(self.longest, self.first * (1 << min(over, 20)))


FORGIVEN_AFTER: Final = timedelta(hours=1)
"""Without a try for so long, failures count no more."""

KNOWN_BROWSER: Final = timedelta(days=90)
"""For so long a browser in which somebody has logged in is held up by its own failures only."""

OF_AN_ADDRESS: Final = LoginThrottle(5, timedelta(seconds=5), timedelta(minutes=15))
OF_A_NAME: Final = LoginThrottle(5, timedelta(seconds=2), timedelta(seconds=30))
"""Short: whoever has many addresses holds everybody up who uses another browser than usual."""
