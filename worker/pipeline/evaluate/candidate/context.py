"""What every step of a refresh needs: the district under evaluation, and which terms count."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Policy
from worker.domain.preflight.tally import Tally
from worker.domain.roster.scope import KnownScope
from worker.domain.roster.section_filter import SectionFilter
from worker.domain.roster.terms import TermCalendar
from worker.pipeline.evaluate.rosters import (
    CandidateChanges,
    EntryState,
    EntryWrite,
    EvaluatedRoster,
    OpenFinding,
)
from worker.runtime.cooperative import yielding_every

CHUNK: Final = 2000
"""Records in hand at a time: tens of megabytes at most."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Context:
    """A refresh in progress."""

    roster: EvaluatedRoster
    tally: Tally
    section_filter: SectionFilter
    policy: Policy
    calendar: TermCalendar
    scope: KnownScope
    """The filter's scope, with its schools found in the district as it is staged."""
    is_new_filter: bool = False
    """Whether the district was last judged by another filter."""

    async def write_changes(
        self,
        writes: Sequence[tuple[EntryWrite, EntryState]],
        before: Collection[OpenFinding] = (),
        after: Collection[Finding] = (),
        sizes: Mapping[str, int] | None = None,
    ) -> set[str]:
        """Write what differs: entries from the rows they replace, findings `after` from those `before`.

        `sizes` tells by how many students kept sections grew; those that came to have some, or none any more,
        are returned.
        """
        entries, new = await self._entry_changes(writes)
        opened, closed = await self._finding_changes(before, after)
        if not (entries or new or opened or closed or sizes):
            return set()
        changes = CandidateChanges(entries, opened, closed, sizes or {}, new)
        return await self.roster.write_candidate(changes)

    async def _entry_changes(
        self, writes: Sequence[tuple[EntryWrite, EntryState]]
    ) -> tuple[list[EntryWrite], list[EntryWrite]]:
        """Count the entries that differ; return those of records with a row in the roster, and the others."""
        different: list[EntryWrite] = []
        new: list[EntryWrite] = []
        async for write, before in yielding_every(writes):
            after = write.entry.member if write.entry else None
            sections_moved = write.sections is not None and write.sections != before.sections
            if after == before.candidate and not sections_moved:
                continue
            self.tally.count_entry(write.kind, before.candidate, after, before.committed)
            is_new = before.candidate is None and before.committed is None
            (new if is_new else different).append(write)
        return different, new

    async def write_finding_changes(
        self, before: Collection[OpenFinding], after: Collection[Finding]
    ) -> None:
        """Open and close what differs between two sets of findings on the same records."""
        opened, closed = await self._finding_changes(before, after)
        if opened or closed:
            await self.roster.write_findings(opened, closed)

    async def _finding_changes(
        self, before: Collection[OpenFinding], after: Collection[Finding]
    ) -> tuple[list[Finding], list[Finding]]:
        old = {(one.record_id, one.finding.member): one.finding async for one in yielding_every(before)}
        new = {(finding.record_id, finding.member): finding async for finding in yielding_every(after)}
        closed = [finding for key, finding in old.items() if key not in new]
        opened = [finding for key, finding in new.items() if key not in old]
        for finding in closed:
            self.tally.count_finding(finding, -1)
        for finding in opened:
            self.tally.count_finding(finding, 1)
        return opened, closed


def chunks(items: Collection[Item], size: int = CHUNK) -> Iterator[list[Item]]:
    """Yield the items, sorted by the caller or not, `size` at a time."""
    ordered = list(items)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]
