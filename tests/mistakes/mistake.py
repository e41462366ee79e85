"""One mistake: what happened at a district that was committed, and what the review must say of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.words import Owner
from tests.mistakes.bases import Base
from tests.mistakes.district import Change


class Fact(NamedTuple):
    """Something that a cause must tell, and the pattern by which it is found, case aside."""

    what: str
    pattern: str


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
SEVERAL: Final = Fact("several classes", r"\b(two|more than one|several|second|both|twice)\b")

# What must not be told.

FILTER: Final = (
    r"\b(add|choose|set|change|narrow|widen|use|try|adjust|revise|suggest\w*) (\S+ ){0,3}(rules?|filters?)\b"
)
"""To change a filter that has not changed, because of data that has."""
APPROVE: Final = r"rostering approve|\bapproves?\b"
"""To let students go who are still there."""
SHARE: Final = (
    r"\bshare (it|them|this|these|those|the|its|their|all|again)\b"
    r"|(no longer|not) shared|unshared|sharing rules?"
)
"""To share what is shared."""


@dataclass(frozen=True)
class Mistake:
    """What changes, and the truth about it."""

    name: str
    base: Base
    change: Change
    owners: tuple[Owner, ...]
    """Whose move it is; several where the facts do not decide; none where it is no error, and committed."""
    says: tuple[Fact, ...] = ()
    """What the one cause must tell."""
    never: tuple[str, ...] = ()
    """What no cause may tell."""
    blocked: int = 0
    """Students with an error."""
    unblocks: int | None = None
    """How many of them are ready once the advice was followed; None for all."""
    suggests: bool = False
    """Whether another filter may be suggested: only where the filter is what is wrong."""
    fix: Change | None = None
    """What the advice says, done; None: the change is undone."""


def number(of: int) -> Fact:
    """Return a number that stands by itself; one student may be told as a word."""
    alone = rf"(?<![\d,.\-]){of:,}(?![\d\-]|[,.]\d)"
    return Fact(f"{of}", rf"{alone}|\b(an?|one) student\b" if of == 1 else alone)


def word(text: str, pattern: str = "") -> Fact:
    """Return a word, or what the pattern finds."""
    return Fact(repr(text), pattern or rf"(?<!\w){re.escape(text)}(?!\w)")


def mistake(
    name: str,
    base: Base,
    change: Change,
    owners: Owner | tuple[Owner, ...] | None,
    *says: Fact,
    never: tuple[str, ...] = (),
    blocked: int = 0,
    unblocks: int | None = None,
    suggests: bool = False,
    fix: Change | None = None,
) -> Mistake:
    """Return a mistake; what its cause must tell stands behind the owners."""
    several = owners if isinstance(owners, tuple) else () if owners is None else (owners,)
    return Mistake(name, base, change, several, says, never, blocked, unblocks, suggests, fix)
