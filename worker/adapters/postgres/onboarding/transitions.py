"""Moves of districts, written down: the state, the history, and what delayed a launch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.mail.mails import enqueue
from worker.domain.mail.mails import Mail
from worker.domain.onboarding.states import Move, State
from worker.onboarding.district_store import Transition
from worker.onboarding.mails import is_taken_back
from worker.onboarding.observation import Observation, OnboardingRules
from worker.onboarding.planning import PlannedTransitions, changed_delays, following

_SQL: Final = statements.load("onboarding/districts")
_ORDERS: Final = statements.load("onboarding/orders")


async def find(connection: Connection, among: Sequence[str] | None = None) -> list[Transition]:
    """Put districts that are connected into onboarding: all, or those among these."""
    rows = await connection.fetch(_SQL["find"], among)
    found = [
        Transition(row["district_id"], None, Move.FIND, State.CONNECTED, row["since"], None, None, {})
        for row in rows
    ]
    await write_down(connection, found)
    return found


async def follow(
    connection: Connection, looked: Sequence[Observation], onboarding_rules: OnboardingRules
) -> list[PlannedTransitions]:
    """Make every move that follows from what is seen of these, which are locked."""
    return await take(connection, [one for seen in looked if (one := following(seen, onboarding_rules))])


async def take(connection: Connection, taken: Sequence[PlannedTransitions]) -> list[PlannedTransitions]:
    """Let districts take their steps: each of them as one, since the database allows no other.

    Returns them with those e-mails that are new: an occasion has one.
    """
    taken = [replace(one, mails=await _send(connection, one)) for one in taken]
    longest = max((len(one.steps) for one in taken), default=0)
    for place in range(longest):
        moving = [one for one in taken if len(one.steps) > place]
        moved = [one.seen.after(one.steps[: place + 1]) for one in moving]
        await connection.execute(
            _SQL["move"],
            [onboarding.district_id for onboarding in moved],
            [onboarding.state.value for onboarding in moved],
            [onboarding.returns_to and onboarding.returns_to.value for onboarding in moved],
            [one.seen.now for one in moving],
        )
    await write_down(connection, chain.from_iterable(one.made() for one in taken))
    return taken


async def _send(connection: Connection, one: PlannedTransitions) -> dict[Move, Mail]:
    """Put a district's e-mails among those to be sent; return the new ones."""
    if any(map(is_taken_back, one.steps)):
        await connection.execute(_ORDERS["withdraw_ready"], one.seen.district_id)
    return {move: mail for move, mail in one.mails.items() if await enqueue(connection, mail)}


async def write_down(connection: Connection, moves: Iterable[Transition]) -> None:
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
    connection: Connection,
    looked: Sequence[Observation],
    taken: Sequence[PlannedTransitions],
    onboarding_rules: OnboardingRules,
) -> None:
    """Keep since when launches are delayed, and by what, where that has changed."""
    changed = changed_delays(looked, taken, onboarding_rules)
    if changed:
        await connection.execute(_SQL["hold_back"], *(list(column) for column in zip(*changed, strict=True)))


def _detail(made: Transition) -> dict[str, Any]:
    return {**made.detail, **({"mail_id": made.mail_id} if made.mail_id else {})}
