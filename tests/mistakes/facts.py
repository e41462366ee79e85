"""What a cause must tell, and what it must not: patterns of its advice, case aside."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Fact(NamedTuple):
    """Something that a cause must tell, and the pattern by which it is found, case aside."""

    what: str
    pattern: str
    is_school: bool = False


GONE: Final = Fact(
    "that they are gone",
    r"no longer (shared|there)|not shared any ?more"
    r"|\b(is|are|was|were|has been|have been) (gone|unshared|deleted)",
)
AMBIGUOUS: Final = (
    Fact("that the SIS may have ended them", r"\bSIS\b|student information system"),
    Fact("that sharing may have", r"\bshar(e|ed|es|ing)\b"),
)
"""What comes from Clever looks the same for both, so both must be named."""
EMPTY: Final = Fact(
    "that the lists are empty", r"\bempty\b|lists? (nobody|no students?|none)|no students? (in|on|listed)"
)
RENAMED: Final = Fact(
    "the renaming", r"renamed|new names?\b|names? (was |were |has |have )?chang|chang\w+ (\S+ )?names?"
)
BLANK: Final = Fact(
    "that it is blank",
    r"\b(blank|empty|missing|not filled)\b|\bno (subject|grade|school)\b|\bwithout (an? )?",
)
APPROVAL: Final = Fact("that it can be approved", r"rostering approve|\bapproves?\b")
SEVERAL: Final = Fact("several classes", r"\b(two|more than one|several|second|both|twice)\b")

# What must not be told.

FILTER: Final = (
    r"(?<!not )(?<!never )"
    r"\b(add|choose|set|change|narrow|widen|use|try|adjust|revise|suggest\w*) "
    r"(\S+ ){0,3}(rules?|filters?)\b"
)
"""To change a filter that has not changed, because of data that has."""
APPROVE: Final = r"rostering approve|\bapproves?\b"
"""To let students go who are still there."""
SHARE: Final = (
    r"\bshare (it|them|this|these|those|the|its|their|all|again)\b"
    r"|(no longer|not) shared|unshared|sharing rules?"
)
"""To share what is shared."""
DATA: Final = (FILTER, APPROVE)
"""Not to be told where data at the district changed."""
SHARED: Final = (FILTER, APPROVE, SHARE)
"""Nor these where all is shared as before."""


def number(of: int) -> Fact:
    """Return a number that stands by itself; one student may be told as a word."""
    alone = rf"(?<![\w,.\-]){of:,}(?![\w\-]|[,.]\d)"
    return Fact(f"{of}", rf"{alone}|\b(an?|one) student\b" if of == 1 else alone)


def word(text: str, pattern: str = "") -> Fact:
    """Return a word, or what the pattern finds."""
    return Fact(repr(text), pattern or rf"(?<!\w){re.escape(text)}(?!\w)")


def at(*schools: str) -> tuple[Fact, ...]:
    """Return the schools by their names, of which a cause about one to three tells each."""
    return tuple(Fact(repr(name), re.escape(name), is_school=True) for name in schools)
