"""A roster of the past put back: what differs from it now, counted, and the proof that it is the one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.words import RosterKind
from worker.domain.preflight.tally import PLURALS
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.roster import Entry


@dataclass(frozen=True, slots=True)
class Difference:
    """A record that is to be put back; members of the digest, None where the record is not there."""

    kind: RosterKind
    id: str
    record: str | None
    """As it was, in canonical JSON; None takes it out."""
    committed: int | None
    candidate: int | None
    erased: int | None = None
    """What the record of an erased student added to the digest; he is not put back."""

    @property
    def restored(self) -> int | None:
        """What the record adds to the digest as it was, worked out from what is going to be published."""
        return None if self.record is None else Entry(self.kind, self.id, self.record).member


class Restoration:
    """The committed roster, record by record on its way back to what it was."""

    def __init__(self, sizes: Mapping[str, int], digest: int) -> None:
        self.sizes = {plural: sizes.get(plural, 0) for plural in PLURALS.values()}
        self.digest = digest
        self.removed_since: list[str] = []
        """Students who are committed again, and are no candidates."""
        self.counts = {kind.value: {"upserted": 0, "removed": 0} for kind in RosterKind}

    def put_back(self, difference: Difference, restored: int | None) -> None:
        """Count one record; `restored` is the difference's own."""
        before = difference.committed
        if before is None and restored is None:
            return
        self.counts[difference.kind]["removed" if restored is None else "upserted"] += 1
        self.sizes[PLURALS[difference.kind]] += (restored is not None) - (before is not None)
        self.digest += (restored or 0) - (before or 0)
        if difference.kind is RosterKind.STUDENT and difference.candidate is None and restored is not None:
            self.removed_since.append(difference.id)

    def roster(self) -> dict[str, Any]:
        """Return sizes and digest as they stand in a commit."""
        return {**self.sizes, "digest": to_hex(self.digest)}
