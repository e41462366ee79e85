"""What becomes of a mutant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NOTICED: Final = "noticed"
TIMED_OUT: Final = "timed out"
SURVIVED: Final = "survived"
INVALID: Final = "invalid"


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant."""

    what: str
    by: str = ""
    """The test that noticed it."""
    tries: int = 0
    """Tests, or files of tests, that were run at most."""
    seconds: float = 0.0
