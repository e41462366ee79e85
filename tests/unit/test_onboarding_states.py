from __future__ import annotations

from itertools import product

from worker.domain.onboarding.states import (
    BY_PEOPLE,
    CONNECTED_STATES,
    TABLE,
    Move,
    State,
    is_allowed,
    sources,
    target,
)

ALLOWED = {
    ("", "choose", "chosen"),
    ("", "find", "connected"),
    ("chosen", "invite", "invited"),
    ("invited", "invite", "invited"),
    ("chosen", "connect", "connected"),
    ("invited", "connect", "connected"),
    ("connected", "request_sharing", "sharing_requested"),
    ("sharing_requested", "request_sharing", "sharing_requested"),
    ("connected", "share", "all_sections_shared"),
    ("sharing_requested", "share", "all_sections_shared"),
    ("all_sections_shared", "filter", "filtering"),
    ("all_sections_shared", "request_rules", "waiting_on_district"),
    ("filtering", "request_rules", "waiting_on_district"),
    ("waiting_on_district", "request_rules", "waiting_on_district"),
    ("rostered", "request_rules", "waiting_on_district"),
    ("launch_scheduled", "request_rules", "waiting_on_district"),
    ("ready", "request_rules", "waiting_on_district"),
    ("live", "request_rules", "waiting_on_district"),
    ("waiting_on_district", "resume_filtering", "filtering"),
    ("connected", "commit", "rostered"),
    ("sharing_requested", "commit", "rostered"),
    ("all_sections_shared", "commit", "rostered"),
    ("filtering", "commit", "rostered"),
    ("waiting_on_district", "commit", "rostered"),
    ("rostered", "schedule", "launch_scheduled"),
    ("ready", "schedule", "launch_scheduled"),
    ("live", "schedule", "launch_scheduled"),
    ("launch_scheduled", "unschedule", "rostered"),
    ("ready", "unschedule", "rostered"),
    ("launch_scheduled", "launch", "ready"),
    ("ready", "open", "live"),
    *((state, "disconnect", "disconnected") for state in CONNECTED_STATES),
    *(("disconnected", "return", state) for state in CONNECTED_STATES),
}
"""Written out, so that a change of the table is a change of what people were promised."""


def test_every_move_from_every_state_is_allowed_or_not_as_promised() -> None:
    every = product([None, *State], Move, State)
    allowed = {
        (before or "", move, after) for before, move, after in every if is_allowed(before, move, after)
    }

    assert allowed == ALLOWED


def test_a_move_leads_to_one_state_except_the_way_back() -> None:
    for before, move in product([None, *State], Move):
        ends = TABLE[move].get(before, ())
        if move is Move.RETURN:
            assert target(before, move) is None
        else:
            assert target(before, move) == (ends[0] if ends else None)
            assert len(ends) <= 1


def test_every_state_can_be_reached_and_every_move_can_be_made() -> None:
    reached: set[State | None] = {None}
    while (
        more := {after for ends in TABLE.values() for before in reached for after in ends.get(before, ())}
        - reached
    ):
        reached |= more

    assert reached == {None, *State}
    assert set(TABLE) == set(Move)
    assert all(TABLE.values())


def test_a_district_that_was_never_connected_cannot_be_disconnected() -> None:
    assert sources(Move.CHOOSE) == ()
    assert set(sources(Move.DISCONNECT)) == set(State) - {State.CHOSEN, State.INVITED, State.DISCONNECTED}


def test_people_make_the_moves_that_nobody_can_see() -> None:
    made = {move.value for move in BY_PEOPLE}

    assert made == {"choose", "invite", "request_sharing", "request_rules", "resume_filtering"}
