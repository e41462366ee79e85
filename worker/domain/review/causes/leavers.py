"""Schools of which the name says that students who left are kept there."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from worker.domain.roster.name_words import words

_LISTED: Final = """
    graduated graduate graduates grads alumni alumnus withdrawn withdraw withdrawal withdrawals withdrew
    inactive inactives deactivated dropped dropout dropouts exited exit exits exiting leaver leavers left
    departed former archive archived archives noshow noshows unenrolled disenrolled nonenrolled
"""
_OF_LEAVERS: Final = frozenset(_LISTED.split())
"""A school that teaches has none of these words: most are those by which a SIS names such a school itself."""


def keeps_leavers(name: str) -> bool:
    """Whether the name of a school says that students who left are kept there."""
    found = words(name)
    pairs = {first + second for first, second in pairwise(found)}
    return not _OF_LEAVERS.isdisjoint({*found, *pairs})
