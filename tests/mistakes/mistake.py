"""One mistake: what happened at a district that was committed, and what the review must say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from schemas.words import Owner
from tests.mistakes.bases import Base
from tests.mistakes.district import Change
from tests.mistakes.facts import Fact

SIS, SHARING, OURS, VENDOR = Owner.SIS, Owner.SHARING, Owner.FILTER, Owner.VENDOR
EITHER: Final = (SIS, SHARING)


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
    is_first_load: bool = False
    """Whether nothing of the district was committed before."""
    fix: Change | None = None
    """What the advice says, done; None: the change is undone."""


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
    is_first_load: bool = False,
    fix: Change | None = None,
) -> Mistake:
    """Return a mistake; what its cause must tell stands behind the owners."""
    several = owners if isinstance(owners, tuple) else () if owners is None else (owners,)
    return Mistake(name, base, change, several, says, never, blocked, unblocks, suggests, is_first_load, fix)
