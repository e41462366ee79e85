"""Baselines: whether a full read of a district may replace what is staged.

Clever gives no count to compare a list with, and a read can end early without an error. So a read that
found nothing, or a small part of what was there, is taken for a failed read and never for deletions; a
person who knows better says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SMALLEST_SHARE_PERCENT: Final = 50
"""Of the students that were there. A district that really lost half of them is a matter for people."""
SMALL_DISTRICT: Final = 10
"""Up to so many students, shares say nothing: a pilot with one class may well end."""

COUNTED: Final = ("students", "schools", "sections")
"""What must not vanish altogether. Sections may well become few: a narrower sharing rule does that."""


def why_refused(staged: Mapping[str, int], read: Mapping[str, int]) -> str | None:
    """Return why a read must not be adopted, in words; None where it may.

    Both are live records by the names of `COUNTED`, and others that do not matter here; a name that is not
    in `read` was not read, and says nothing. Students are always read.
    """
    for what in COUNTED:
        if staged.get(what, 0) and read.get(what) == 0:
            return f"no {what} were read, although {staged[what]:,} are stored"
    before, after = staged.get("students", 0), read["students"]
    if before > SMALL_DISTRICT and after * 100 < before * SMALLEST_SHARE_PERCENT:
        return f"read only {after:,} of {before:,} stored students, fewer than {SMALLEST_SHARE_PERCENT} %"
    return None
