"""Moves of districts, written down: the state, the history, and what held a launch back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, Final

from worker.adapters.postgres import sql
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.lifecycle_sight import Guidance, Seen
from worker.domain.lifecycle.sight import Step, held_back, steps
from worker.domain.lifecycle.states import Move, State
from worker.ports.lifecycles import Made

_SQL: Final = sql.load("lifecycles")


@dataclass(frozen=True, slots=True)
class Taken:
    """A district's steps to take now, one after the other."""

    seen: Seen
    steps: Sequence[Step]
    actor: str | None = None
    """None: they were seen."""
    mail_id: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def made(self) -> Iterator[Made]:
        """Yield the moves."""
        for step in self.steps:
            yield Made(
                *(self.seen.district_id, step.before, step.move, step.after, self.seen.now),
                *(self.actor, self.mail_id, self.detail),
            )


async def find(connection: Connection) -> list[Made]:
    """Put districts that are connected on their way."""
    rows = await connection.fetch(_SQL["find"])
    found = [
        Made(row["district_id"], None, Move.FIND, State.CONNECTED, row["since"], None, None, {})
        for row in rows
    ]
    await write_down(connection, found)
    return found


async def follow(connection: Connection, looked: Sequence[Seen], guidance: Guidance) -> list[Taken]:
    """Make every move that follows from what is seen of these, which are locked."""
    taken = [Taken(seen, list(steps(seen.way, seen.facts, seen.now, guidance.rules))) for seen in looked]
    taken = [one for one in taken if one.steps]
    await take(connection, taken)
    return taken


async def take(connection: Connection, taken: Sequence[Taken]) -> None:
    """Let districts take their steps: each of them as one, since the database allows no other."""
    longest = max((len(one.steps) for one in taken), default=0)
    for place in range(longest):
        moving = [one for one in taken if len(one.steps) > place]
        ways = [one.seen.after(one.steps[: place + 1]) for one in moving]
        await connection.execute(
            _SQL["move"],
            [way.district_id for way in ways],
            [way.state.value for way in ways],
            [way.returns_to and way.returns_to.value for way in ways],
            [one.seen.now for one in moving],
        )
    await write_down(connection, chain.from_iterable(one.made() for one in taken))


async def write_down(connection: Connection, moves: Iterable[Made]) -> None:
    """Add moves to the history."""
    made = list(moves)
    if not made:
        return
    await connection.execute(
        _SQL["note"],
        [one.district_id for one in made],
        [one.before.value if one.before else "" for one in made],
        [one.move.value for one in made],
        [one.after.value for one in made],
        [one.at for one in made],
        [one.actor for one in made],
        [_detail(one) for one in made],
    )


async def keep_held_back(
    connection: Connection, looked: Sequence[Seen], taken: Sequence[Taken], guidance: Guidance
) -> None:
    """Keep since when launches are held back, and by what, where that has changed."""
    after = {one.seen.district_id: one.seen.after(one.steps) for one in taken}
    changed: list[tuple[str, str, datetime]] = []
    for seen in looked:
        way = after.get(seen.district_id, seen.way)
        troubles = held_back(way, seen.facts, seen.now, guidance.rules)
        if troubles != frozenset(seen.row["troubles"]):
            changed.append((seen.district_id, ",".join(sorted(troubles)), seen.now))
    if changed:
        await connection.execute(_SQL["hold_back"], *(list(column) for column in zip(*changed, strict=True)))


def _detail(made: Made) -> dict[str, Any]:
    return {**made.detail, **({"mail_id": made.mail_id} if made.mail_id else {})}
