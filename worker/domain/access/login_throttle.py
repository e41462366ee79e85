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


FORGIVEN_AFTER: Final = timedelta(hours=1)
"""Without a try for so long, failures count no more."""

OF_AN_ADDRESS: Final = LoginThrottle(5, timedelta(seconds=5), timedelta(minutes=15))
OF_A_NAME: Final = LoginThrottle(5, timedelta(seconds=2), timedelta(seconds=30))
"""Short: a stranger who has many addresses makes the user of that name wait as well."""
