"""The states of a district's onboarding and the moves between them: one table; the database holds the same.

    ∅ ─ choose ─▶ chosen ─ invite ─▶ invited ─ connect ─▶ connected ─ request_sharing ─▶ sharing_requested
                                                                                                │ share
                                                                                                ▼
        waiting_on_district ◀─ request_rules ─ filtering ◀─ filter ─ all_sections_shared ◀──────┘
                 │ commit                         │ commit
                 └───────────────┬────────────────┘
                                 ▼
                             rostered ─ schedule ─▶ launch_scheduled ─ launch ─▶ ready ─ open ─▶ live

The figure has the usual way. A step is left out where what comes after it is seen already: a district that
shares all its sections when it connects was never asked for them. From any state after `invited` a district
may be disconnected, and returns to where it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where a district stands; the values are in the database, in commands and on pages, in this order."""

    CHOSEN = "chosen"
    INVITED = "invited"
    CONNECTED = "connected"
    SHARING_REQUESTED = "sharing_requested"
    ALL_SECTIONS_SHARED = "all_sections_shared"
    FILTERING = "filtering"
    WAITING_ON_DISTRICT = "waiting_on_district"
    ROSTERED = "rostered"
    LAUNCH_SCHEDULED = "launch_scheduled"
    READY = "ready"
    LIVE = "live"
    DISCONNECTED = "disconnected"


class Move(StrEnum):
    """What changes a state."""

    CHOOSE = "choose"
    INVITE = "invite"
    REQUEST_SHARING = "request_sharing"
    REQUEST_RULES = "request_rules"
    RESUME_FILTERING = "resume_filtering"
    FIND = "find"
    CONNECT = "connect"
    SHARE = "share"
    FILTER = "filter"
    COMMIT = "commit"
    SCHEDULE = "schedule"
    UNSCHEDULE = "unschedule"
    LAUNCH = "launch"
    OPEN = "open"
    DISCONNECT = "disconnect"
    RETURN = "return"


BY_PEOPLE: Final = frozenset(
    {Move.CHOOSE, Move.INVITE, Move.REQUEST_SHARING, Move.REQUEST_RULES, Move.RESUME_FILTERING}
)
"""Moves that a person makes; all others follow from what is seen, a person's dates included."""

UNKNOWN: Final = None
"""The state of a district that is not in onboarding yet."""

_S = State
CONNECTED_STATES: Final = tuple(
    state for state in State if state not in {_S.CHOSEN, _S.INVITED, _S.DISCONNECTED}
)
_BEFORE_ROSTERED: Final = (
    *(_S.CONNECTED, _S.SHARING_REQUESTED, _S.ALL_SECTIONS_SHARED, _S.FILTERING, _S.WAITING_ON_DISTRICT),
)
_FROM_ROSTERED: Final = (_S.ROSTERED, _S.LAUNCH_SCHEDULED, _S.READY, _S.LIVE)


def _to(target: State, *sources: State | None) -> dict[State | None, tuple[State, ...]]:
    return dict.fromkeys(sources, (target,))


TABLE: Final[Mapping[Move, Mapping[State | None, tuple[State, ...]]]] = {
    Move.CHOOSE: _to(_S.CHOSEN, UNKNOWN),
    Move.FIND: _to(_S.CONNECTED, UNKNOWN),
    Move.INVITE: _to(_S.INVITED, _S.CHOSEN, _S.INVITED),
    Move.CONNECT: _to(_S.CONNECTED, _S.CHOSEN, _S.INVITED),
    Move.REQUEST_SHARING: _to(_S.SHARING_REQUESTED, _S.CONNECTED, _S.SHARING_REQUESTED),
    Move.SHARE: _to(_S.ALL_SECTIONS_SHARED, _S.CONNECTED, _S.SHARING_REQUESTED),
    Move.FILTER: _to(_S.FILTERING, _S.ALL_SECTIONS_SHARED),
    Move.REQUEST_RULES: _to(
        _S.WAITING_ON_DISTRICT,
        *(_S.ALL_SECTIONS_SHARED, _S.FILTERING, _S.WAITING_ON_DISTRICT),
        *_FROM_ROSTERED,
    ),
    Move.RESUME_FILTERING: _to(_S.FILTERING, _S.WAITING_ON_DISTRICT),
    Move.COMMIT: _to(_S.ROSTERED, *_BEFORE_ROSTERED),
    Move.SCHEDULE: _to(_S.LAUNCH_SCHEDULED, _S.ROSTERED, _S.READY, _S.LIVE),
    Move.UNSCHEDULE: _to(_S.ROSTERED, _S.LAUNCH_SCHEDULED, _S.READY),
    Move.LAUNCH: _to(_S.READY, _S.LAUNCH_SCHEDULED),
    Move.OPEN: _to(_S.LIVE, _S.READY),
    Move.DISCONNECT: _to(_S.DISCONNECTED, *CONNECTED_STATES),
    Move.RETURN: {_S.DISCONNECTED: CONNECTED_STATES},
}
"""For each move the states it may begin in, and for each of these where it may end."""


def is_allowed(before: State | None, move: Move, after: State) -> bool:
    """Whether a move may lead from one state to another."""
    return after in TABLE[move].get(before, ())


def target(before: State | None, move: Move) -> State | None:
    """Return where a move leads; None where it is not allowed, or only the past says where (`return`)."""
    ends = TABLE[move].get(before, ())
    return ends[0] if len(ends) == 1 else None


def sources(move: Move) -> tuple[State, ...]:
    """Return the states that a move may begin in."""
    return tuple(state for state in TABLE[move] if state is not None)
