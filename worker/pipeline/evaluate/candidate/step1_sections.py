"""Step one: which sections the filter keeps, and whose students that touches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from worker.domain.roster.records import (
    Json,
    course_from_json,
    school_from_json,
    section_from_json,
    term_from_json,
)
from worker.domain.roster.section_filter import SectionView, Strategy, beside, rank
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.rosters import SectionState
from worker.runtime.cooperative import yielding_every


@dataclass(slots=True)
class SectionOutcome:
    """What became of the sections: students to look at again, and sections that moved in or out."""

    students: set[str] = field(default_factory=set)
    turned: set[str] = field(default_factory=set)


async def refresh_sections(
    context: Context, ids: Collection[str], before: Mapping[str, Json | None]
) -> SectionOutcome:
    """Rank these sections anew; `before` holds what those were that the batch changed."""
    outcome = SectionOutcome()
    ranks = _Ranks()
    kinds = beside(context.section_filter)
    async for state in yielding_every(await context.roster.section_states(ids, kinds, with_students=True)):
        new_rank = _rank(context, state)
        previous = before.get(state.id, state.record)
        strategy = context.section_filter.strategy
        outcome.students |= touched_students(strategy, previous, state.record, state.rank, new_rank)
        ranks.move(state, new_rank)
    outcome.turned = ranks.turned
    await context.roster.write_kept(ranks.kept, ranks.dropped)
    return outcome


async def rank_sections(context: Context, ids: Collection[str]) -> SectionOutcome:
    """Rank sections anew that are as they were, without a look at their students but of those that turn."""
    ranks = _Ranks()
    kinds = beside(context.section_filter)
    async for state in yielding_every(await context.roster.section_states(ids, kinds, with_students=False)):
        ranks.move(state, _rank(context, state))
    moved = [*ranks.kept, *ranks.dropped] if context.section_filter.strategy != "union" else ranks.turned
    await context.roster.write_kept(ranks.kept, ranks.dropped)
    return SectionOutcome(await context.roster.listed_students(moved) if moved else set(), ranks.turned)


@dataclass(slots=True)
class _Ranks:
    """Which sections the filter keeps now, by rank, which no longer, and which of both it did not before."""

    kept: dict[str, int] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    turned: set[str] = field(default_factory=set)

    def move(self, state: SectionState, new_rank: int | None) -> None:
        """Take note of a section's rank, if it is another one."""
        if new_rank == state.rank:
            return
        if new_rank is None or state.rank is None:
            self.turned.add(state.id)
        if new_rank is None:
            self.dropped.append(state.id)
        else:
            self.kept[state.id] = new_rank


def touched_students(
    strategy: Strategy, before: Json | None, after: Json | None, old_rank: int | None, new_rank: int | None
) -> set[str]:
    """Return the students for whom something changed: all where the rank did, else who came and went.

    By `union` one rule is as good as another.
    """
    old, new = _students(before), _students(after)
    is_as_good = strategy == "union" and old_rank is not None and new_rank is not None
    if old_rank != new_rank and not is_as_good:
        return old | new
    return old ^ new if new_rank is not None else set()


def section_view(state: SectionState) -> SectionView | None:
    """Return a section with what a filter reads beside it; None for a tombstone."""
    if state.record is None:
        return None
    section = section_from_json(state.id, state.record)
    return SectionView(
        section,
        course_from_json(section.course_id, state.course) if section.course_id and state.course else None,
        school_from_json(section.school_id, state.school) if section.school_id and state.school else None,
        term_from_json(section.term_id, state.term) if section.term_id and state.term else None,
    )


def _rank(context: Context, state: SectionState) -> int | None:
    view = section_view(state)
    return None if view is None else rank(context.section_filter, view, context.calendar)


def _students(section: Json | None) -> set[str]:
    return set(section.get("students", ())) if section else set()
