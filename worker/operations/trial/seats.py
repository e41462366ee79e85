"""In how many of the kept sections each student is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from worker.domain.roster.section_filter import NO_RULE, Strategy
from worker.operations.trial.sections import RankedSections
from worker.operations.trial.snapshot import TrialSnapshot


@dataclass(slots=True)
class SeatCounts:
    """For each student whom a kept section lists, how many sections count, and one of them by its place."""

    sections: RankedSections
    ranks: Sequence[int]
    """The rank of each section as the strategy has it: by `union` one rule is as good as another."""
    counts: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    first_listed: dict[int, str] = field(default_factory=dict)
    """For each section that counts for a student, by its place, one such student."""

    def class_of(self, student: str, number: int) -> str | None:
        """Return the class of a student for whom so many sections count."""
        return self.sections.ids[self.last[student]] if number == 1 else None

    async def classes(self, snapshot: TrialSnapshot, others: Container[str]) -> list[int]:
        """Return the places of the sections that count for a student in scope; `others` are not."""
        places = [place for place, student in self.first_listed.items() if student not in others]
        unclear = [place for place, student in self.first_listed.items() if student in others]
        listed = snapshot.listed([self.sections.ids[place] for place in unclear])
        at = iter(unclear)
        async for _, students in listed:
            place = next(at)
            if any(
                student not in others and self.ranks[self.last[student]] == self.ranks[place]
                for student in students
            ):
                places.append(place)
        return places


async def count_seats(snapshot: TrialSnapshot, sections: RankedSections, strategy: Strategy) -> SeatCounts:
    """Count the sections of every student whom these list."""
    ranks = [NO_RULE] * len(sections.ids) if strategy == "union" else sections.ranks
    seats = SeatCounts(sections, ranks)
    listed = snapshot.listed(sections.ids)
    for _, places in groupby(range(len(sections.ids)), ranks.__getitem__):
        counts, last = Counter[str](), dict[str, int]()
        for place in places:
            _, students = await anext(listed)
            if seats.counts:
                students = [student for student in students if student not in seats.counts]
            if students:
                counts.update(students)
                last.update(dict.fromkeys(students, place))
                seats.first_listed[place] = students[0]
        seats.counts.update(counts)
        seats.last.update(last)
    return seats
