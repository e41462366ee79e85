"""Which districts are looked at, and what is seen of each: rows on either side of every condition."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from tests.support.builders.onboarding_rows import (
    CONNECTED,
    HOUR,
    KNOWN,
    LEFT,
    NOW,
    PURGED,
    REVIEWED,
    ROSTERED,
    Stands,
    put,
    put_districts,
)
from tests.support.builders.onboarding_states import DAY, Onboarding
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.onboarding import advancing
from worker.adapters.postgres.onboarding.observations import candidates, observe
from worker.domain.onboarding.launch_dates import LaunchCalendar
from worker.domain.onboarding.states import Move, State
from worker.domain.onboarding.transitions import Sharing, TransitionRules
from worker.onboarding.observation import OnboardingRules

WEST, EAST = "Etc/GMT+12", "Pacific/Kiritimati"
"""Never on the same day."""
CALENDAR: Final = LaunchCalendar(launch_time=time(0))
LOOKS: Final = OnboardingRules(TransitionRules(CALENDAR, unsectioned_percent=1.0), WEST, feed=9 * DAY)
SHARED: Final = {"sections": 1, "students": 200, "unsectioned": 2}


def day_in(zone: str) -> date:
    return datetime.now(UTC).astimezone(ZoneInfo(zone)).date()


def held(opens_on: date, returns_to: State | None = None) -> dict[str, Any]:
    return {"held_since": NOW, "troubles": ["review"], "opens_on": opens_on, "returns_to": returns_to}


def back(to: State, opens_on: date, launch_on: date | None = None) -> Stands:
    """Return one that was disconnected from a state, and has not come back."""
    return Stands(
        State.DISCONNECTED, LEFT, KNOWN, {"returns_to": to, "opens_on": opens_on, "launch_on": launch_on}
    )


def window(state: State, opens_on: date | None, launch_on: date | None = None, **said: Any) -> Stands:
    return Stands(state, CONNECTED, ROSTERED, {"opens_on": opens_on, "launch_on": launch_on, **said})


def districts_around(today: date, opening: date) -> tuple[dict[str, Stands], dict[str, Stands]]:
    """Return those that may move, or are held, and those that stay where they are.

    `opening` is the last one whose launch has come.
    """
    later, in_the_east = opening + DAY, day_in(EAST)
    may_move = {
        "chosen, connected": Stands(State.CHOSEN, CONNECTED),
        "chosen, events came": Stands(State.CHOSEN, None, KNOWN),
        "chosen, held": Stands(State.CHOSEN, None, None, held(later)),
        "invited, connected": Stands(State.INVITED, CONNECTED, PURGED),
        "disconnected, connected again": Stands(State.DISCONNECTED, CONNECTED),
        "disconnected, held": Stands(State.DISCONNECTED, LEFT, None, held(later, State.LAUNCH_SCHEDULED)),
        "disconnected, its launch has come": back(State.LAUNCH_SCHEDULED, later, today),
        "disconnected, the launch of its window has come": back(State.LAUNCH_SCHEDULED, opening),
        "connected, left": Stands(State.CONNECTED, LEFT, KNOWN),
        "connected, purged": Stands(State.CONNECTED, None, PURGED),
        "connected, unknown": Stands(State.CONNECTED),
        "live, left": Stands(State.LIVE, LEFT, ROSTERED, {"opens_on": today}),
        "connected, rostered": Stands(State.CONNECTED, CONNECTED, ROSTERED, {"commits_before": 3}),
        "connected, shared": Stands(State.CONNECTED, CONNECTED, KNOWN, SHARED),
        "sharing requested, shared": Stands(State.SHARING_REQUESTED, CONNECTED, KNOWN, SHARED),
        "all shared, has a filter": Stands(State.ALL_SECTIONS_SHARED, CONNECTED, {"filter_version": 1}),
        "filtering, rostered": Stands(State.FILTERING, None, ROSTERED),
        "waiting, rostered since": Stands(
            State.WAITING_ON_DISTRICT, CONNECTED, {**ROSTERED, "commit_sequence": 4}, {"commits_before": 3}
        ),
        "rostered, has a window": window(State.ROSTERED, later),
        "scheduled, no window": window(State.LAUNCH_SCHEDULED, None),
        "scheduled, held": window(State.LAUNCH_SCHEDULED, **held(later)),
        "scheduled, its launch has come": window(State.LAUNCH_SCHEDULED, later, today),
        "scheduled, its launch has come in the east": window(
            State.LAUNCH_SCHEDULED, in_the_east, in_the_east, time_zone=EAST
        ),
        "scheduled, the launch of its window has come": window(State.LAUNCH_SCHEDULED, opening),
        "ready, no window": window(State.READY, None),
        "ready, opens today": window(State.READY, today, today),
        "ready, launch moved on": window(State.READY, later, today + DAY),
        "live, launch moved on": window(State.LIVE, opening, today + DAY),
        "live, window moved on": window(State.LIVE, later),
    }
    stays = {
        "chosen, unknown": Stands(State.CHOSEN),
        "chosen, purged": Stands(State.CHOSEN, None, PURGED),
        "chosen, left": Stands(State.CHOSEN, LEFT, KNOWN),
        "invited, its launch has come": Stands(State.INVITED, None, None, {"opens_on": opening}),
        "disconnected, its launch is to come": back(State.LAUNCH_SCHEDULED, opening, today + DAY),
        "disconnected, the launch of its window is to come": back(State.LAUNCH_SCHEDULED, later),
        "disconnected, was live": back(State.LIVE, opening),
        "connected, nothing of it": Stands(State.CONNECTED, CONNECTED),
        "connected, not evaluated": Stands(State.CONNECTED, None, KNOWN),
        "connected, in review": Stands(State.CONNECTED, CONNECTED, REVIEWED),
        "connected, no commit": Stands(State.CONNECTED, CONNECTED, {**ROSTERED, "commit_sequence": 0}),
        "connected, rostered and purged": Stands(State.CONNECTED, CONNECTED, {**ROSTERED, **PURGED}),
        "connected, has a filter": Stands(State.CONNECTED, CONNECTED, {"filter_version": 1}),
        "connected, too few shared": Stands(State.CONNECTED, CONNECTED, KNOWN, {**SHARED, "unsectioned": 3}),
        "connected, no students": Stands(
            State.CONNECTED, CONNECTED, KNOWN, {**SHARED, "students": 0, "unsectioned": 0}
        ),
        "connected, no sections": Stands(
            State.CONNECTED, CONNECTED, KNOWN, {**SHARED, "sections": 0, "unsectioned": 0}
        ),
        "all shared, no filter": Stands(State.ALL_SECTIONS_SHARED, CONNECTED, KNOWN),
        "filtering, shared": Stands(State.FILTERING, CONNECTED, {"filter_version": 1}, SHARED),
        "waiting, rostered before": Stands(
            State.WAITING_ON_DISTRICT, CONNECTED, {**ROSTERED, "commit_sequence": 3}, {"commits_before": 3}
        ),
        "rostered, no window": window(State.ROSTERED, None),
        "scheduled, its launch is to come": window(State.LAUNCH_SCHEDULED, opening, today + DAY),
        "scheduled, its launch has come but in the east": window(
            State.LAUNCH_SCHEDULED, in_the_east, in_the_east
        ),
        "scheduled, the launch of its window is to come": window(State.LAUNCH_SCHEDULED, later),
        "ready, opens tomorrow": window(State.READY, today + DAY, today),
        "live, no window": window(State.LIVE, None),
        "live, open": window(State.LIVE, today, today),
        "live, its launch is over": window(State.LIVE, later, today),
        "live, the launch of its window is over": window(State.LIVE, opening),
    }
    return may_move, stays


async def looked_at(store: StoreUnderTest, after: str = "", limit: int = 500) -> list[str]:
    async with store.database.transaction() as connection:
        return await candidates(connection, LOOKS, after, limit)


async def test_whoever_may_move_or_is_held_is_looked_at_and_nobody_else(store: StoreUnderTest) -> None:
    today = day_in(WEST)
    may_move, stays = districts_around(today, CALENDAR.last_opening(today))
    await put_districts(store, {**may_move, **stays})

    looked = await looked_at(store)

    assert looked == sorted(may_move)
    assert await looked_at(store, looked[3], 2) == looked[4:6]


async def test_who_is_taken_by_somebody_else_is_passed_by(store: StoreUnderTest) -> None:
    await put_districts(store, {name: Stands(State.CONNECTED) for name in "abc"})

    async with store.database.transaction() as other:
        taken = await candidates(other, LOOKS, "", 2)
        left = await looked_at(store)

    assert (taken, left) == (["a", "b"], ["c"])


# What is seen


def fed(**connection: Any) -> Stands:
    return Stands(State.ROSTERED, {"due_at": NOW, "awaited_at": NOW, **connection}, ROSTERED)


LONG, SHORT = NOW - 10 * DAY, NOW - DAY
PAUSED: Final = {"record": {"state": "paused"}}
SEEN: Final[dict[str, tuple[Stands, set[str]]]] = {
    "well": (fed(), set()),
    "in review": (replace(fed(), district=REVIEWED), {"review"}),
    "waits": (replace(fed(), district={**ROSTERED, "status": "waiting"}), {"undecided"}),
    "no commit": (replace(fed(), district={**ROSTERED, "commit_sequence": 0}), {"undecided"}),
    "purged": (replace(fed(), district={**ROSTERED, **PURGED}), {"undecided"}),
    "unknown": (replace(fed(), district=None), {"undecided"}),
    "of events": (Stands(State.ROSTERED, None, ROSTERED), set()),
    "of events, purged": (
        Stands(State.ROSTERED, None, {**ROSTERED, **PURGED}),
        {"undecided", "disconnected"},
    ),
    "nowhere": (Stands(State.CHOSEN), {"undecided", "disconnected"}),
    "left": (fed(**LEFT, **PAUSED, failing_since=LONG), {"disconnected"}),
    "left, unread": (fed(**LEFT, due_at=LONG), {"disconnected"}),
    "paused": (fed(**PAUSED), {"sync_paused"}),
    "on hold": (fed(), {"on_hold"}),
    "parked": (fed(), {"parked"}),
    "failed once": (fed(), set()),
    "unpublished": (fed(), {"unpublished"}),
    "fails": (fed(failing_since=LONG), {"unread"}),
    "fails, read whole": (fed(failing_since=LONG), {"unread"}),
    "fails for a moment": (fed(failing_since=SHORT), set()),
    "fails for a moment, not due": (fed(failing_since=SHORT, due_at=LONG), set()),
    "no turn": (fed(due_at=LONG), {"unread"}),
    "a turn soon": (fed(due_at=SHORT), set()),
    "no end": (fed(awaited_at=LONG), {"unread"}),
    "an end soon": (fed(awaited_at=SHORT), set()),
    "no end, read whole": (fed(awaited_at=LONG), set()),
    "no end, was read whole": (fed(awaited_at=LONG), {"unread"}),
    "no end, read whole for long": (fed(awaited_at=LONG), {"unread"}),
}
WHOLE: Final = {"run": "0" * 32, "seed": "", "overlap": "", "floor": "", "collections": ["users"]}
FAILED: Final = {"failures": 1, "not_before": NOW, "error": "E"}


async def test_each_trouble_is_seen_of_its_district_alone(store: StoreUnderTest) -> None:
    await put_districts(store, {name: stands for name, (stands, _) in SEEN.items()})
    await put(store, "holds", {"district_id": "on hold", "actor": "vic", "reason": "wait"})
    await put(
        *(store, "evaluation_failures"),
        {"district_id": "parked", "parked_at": NOW, **FAILED},
        {"district_id": "failed once", **FAILED},
    )
    await put(
        *(store, "baselines"),
        {"district_id": "no end, read whole", "started_at": NOW - HOUR, **WHOLE},
        {"district_id": "fails, read whole", "started_at": NOW, **WHOLE},
        {"district_id": "no end, was read whole", "started_at": NOW, "read_at": NOW, **WHOLE},
        {"district_id": "no end, read whole for long", "started_at": NOW - 7 * HOUR, **WHOLE},
    )
    await store.rows(
        "INSERT INTO outbox VALUES ('unpublished', 1, 1, '', '', '', 1, 1, 1, '', '', NULL, now())"
    )

    async def seen(looks: OnboardingRules) -> dict[str, set[str]]:
        async with store.database.transaction() as connection:
            found = await observe(connection, [*SEEN], looks)
        assert [one.district_id for one in found] == sorted(SEEN)
        return {one.district_id: set(one.facts.troubles) for one in found}

    assert await seen(LOOKS) == {name: troubles for name, (_, troubles) in SEEN.items()}
    of_clever = {"unread", "sync_paused"}
    assert await seen(replace(LOOKS, reads_clever=False)) == {
        name: troubles - of_clever for name, (_, troubles) in SEEN.items()
    }


async def test_what_is_seen_is_the_known_districts_own(store: StoreUnderTest) -> None:
    counts = {"students": 7}
    district = {**ROSTERED, "commit_sequence": 4, "committed_counts": counts}
    await put_districts(
        store,
        {
            "a": Stands(State.CHOSEN),
            "b": Stands(State.ROSTERED, CONNECTED, {**district, "filter_version": 1}),
            "c": Stands(State.ROSTERED, LEFT, district),
        },
    )

    async with store.database.transaction() as connection:
        seen = await observe(connection, ["c", "a", "b"], LOOKS)

    facts = [(one.facts.is_connected, one.facts.has_filter, one.facts.commits) for one in seen]
    assert facts == [(False, False, 0), (True, True, 4), (False, False, 4)]
    assert [one.committed for one in seen] == [{}, counts, counts]


async def test_whose_verdict_is_being_reached_is_seen_of_nobody_else(store: StoreUnderTest) -> None:
    await put_districts(store, {name: fed() for name in "abc"})

    async with store.database.transaction() as evaluation, store.database.transaction() as connection:
        await evaluation.execute("SELECT FROM districts WHERE district_id IN ('b', 'c') FOR NO KEY UPDATE")
        seen = await observe(connection, ["a", "b"], LOOKS)

    assert [set(one.facts.troubles) for one in seen] == [set(), {"deciding"}]


async def test_no_verdict_is_reached_on_a_district_while_it_is_looked_at(store: StoreUnderTest) -> None:
    await put_districts(store, {name: fed() for name in "ab"})
    free = "SELECT district_id FROM districts WHERE district_id IN ('a', 'b') FOR NO KEY UPDATE SKIP LOCKED"

    async with store.database.transaction() as evaluation, store.database.transaction() as connection:
        await observe(connection, ["a"], LOOKS)
        rows = await evaluation.fetch(free)

    assert [row["district_id"] for row in rows] == ["b"]


async def test_a_district_is_called_as_clever_calls_it_or_else_as_people_do(store: StoreUnderTest) -> None:
    said = {"name": "of people"}
    await put_districts(
        store,
        {
            "a": Stands(State.CHOSEN, None, None, said),
            "b": Stands(State.CONNECTED, {"record": {"name": "of Clever"}}, KNOWN, said),
            "c": Stands(State.CONNECTED, {"record": {"state": "running"}}, KNOWN, said),
            "d": Stands(State.CONNECTED, CONNECTED, REVIEWED, said),
            "e": Stands(State.CONNECTED, CONNECTED),
        },
    )
    event = {"event_id": "1"}
    await put(
        *(store, "staged"),
        *({"kind": "district", "district_id": one, "record_id": one, **event} for one in "x"),
        {"kind": "district", "district_id": "d", "record_id": "d", "record": {"name": "of events"}, **event},
        {"kind": "district", "district_id": "b", "record_id": "b", "record": {"name": "of events"}, **event},
        {"kind": "district", "district_id": "d", "record_id": "a", "record": {"name": "another"}, **event},
        {"kind": "district", "district_id": "a", "record_id": "d", "record": {"name": "another"}, **event},
        {"kind": "school", "district_id": "d", "record_id": "d", "record": {"name": "a school"}, **event},
    )
    called = ["of people", "of Clever", "of people", "of events", None]

    async with store.database.transaction() as connection:
        seen = await observe(connection, [*"edcba"], LOOKS)
    listed = [one for one in await store.onboarding.records() if len(one.district_id) == 1]

    assert [one.name for one in seen] == called
    assert [(one.district_id, one.name) for one in listed] == [*zip("abcde", called, strict=True)]
    assert [one.review_since for one in listed] == [None, None, None, NOW, None]
    assert replace(await store.onboarding.record("d"), now=listed[3].now) == listed[3]


# Found, and judged


async def test_a_connected_district_is_found_unless_begun_or_dropped(store: StoreUnderTest) -> None:
    here = Stands(None, CONNECTED)
    await put_districts(
        store,
        {
            "a": here,
            "b": Stands(None, None, KNOWN),
            "c": Stands(None, CONNECTED, PURGED),
            "d": here,
            "began": Stands(State.LIVE, CONNECTED, KNOWN),
            "dropped": here,
            "left": Stands(None, LEFT, KNOWN),
            "purged": Stands(None, None, PURGED),
        },
    )
    await store.rows("INSERT INTO onboarding_drops (district_id) VALUES ('dropped')")

    made = await store.onboarding.advance()

    found = [one for one in made if one.move is Move.FIND]
    assert [one.district_id for one in found] == ["a", "b", "c", "d"]
    assert [await store.onboarding.history(one.district_id) for one in found] == [[one] for one in found]
    assert [one for one in await store.onboarding.advance() if one.move is Move.FIND] == []


EVALUATED: Final = {"batch_number": 3}
JUDGED: Final[dict[str, tuple[Stands, tuple[int, int, int] | None]]] = {
    "a": (Stands(State.CONNECTED, CONNECTED, EVALUATED), (2, 3, 1)),
    "b": (Stands(State.SHARING_REQUESTED, CONNECTED, {**REVIEWED, **EVALUATED}), (0, 0, 0)),
    "c": (Stands(State.CONNECTED, CONNECTED, EVALUATED, {**SHARED, "judged_batch": 2}), (0, 0, 0)),
    "judged": (Stands(State.CONNECTED, CONNECTED, EVALUATED, {**SHARED, "judged_batch": 3}), (1, 200, 2)),
    "never evaluated": (Stands(State.CONNECTED, CONNECTED, KNOWN), None),
    "of no interest": (Stands(State.FILTERING, CONNECTED, EVALUATED), None),
    "rostered": (Stands(State.CONNECTED, CONNECTED, {**ROSTERED, **EVALUATED}), None),
}
"""What is told of their sharing in the end: sections, students, and those in none."""


async def put_records(store: StoreUnderTest, district_id: str) -> None:
    """Insert two sections, three students of whom one is in no section, and what counts as neither."""
    staged = {"district_id": district_id, "event_id": "1", "record": {}}
    roster = {"district_id": district_id, "candidate": "{}", "candidate_member": "\\x"}
    gone = {"district_id": district_id, "committed": "{}", "committed_member": "\\x"}
    enrolled = {"district_id": district_id, "sections": ["s1"]}
    taught = {"district_id": district_id, "role": "teacher", "section_id": "s1"}
    await put(
        *(store, "staged"),
        *({**staged, "kind": "section", "record_id": one} for one in ("s1", "s2")),
        {**staged, "kind": "section", "record_id": "s3", "record": None},
        {**staged, "kind": "user", "record_id": "s4"},
    )
    await put(
        *(store, "roster"),
        *({**roster, "kind": "student", "record_id": one} for one in ("p1", "p2", "p3")),
        {**gone, "kind": "student", "record_id": "p4"},
        {**roster, "kind": "teacher", "record_id": "p5"},
    )
    await put(
        *(store, "enrollments"),
        {**enrolled, "student_id": "p1", "sections": ["s1", "s2"]},
        {**enrolled, "student_id": "p2"},
        {**enrolled, "student_id": "p3", "district_id": f"not {district_id}"},
    )
    await put(store, "section_links", {**taught, "target_id": "p3"})


async def test_sharing_is_counted_where_it_matters_once_for_each_batch(store: StoreUnderTest) -> None:
    await put_districts(store, {name: stands for name, (stands, _) in JUDGED.items()})
    await put_records(store, "a")
    await put_records(store, "elsewhere")

    await store.onboarding.advance()

    sharing = {one.district_id: one.sharing for one in await store.onboarding.records()}
    assert {name: sharing[name] for name in JUDGED} == {
        name: counts and Sharing(*counts) for name, (_, counts) in JUDGED.items()
    }


async def test_sharing_is_judged_of_some_at_a_time_by_id(
    store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put_districts(
        store, {name: Stands(State.CONNECTED, CONNECTED, EVALUATED) for name in ("b", "a", "c")}
    )
    monkeypatch.setattr(advancing, "JUDGED", 1)
    monkeypatch.setattr(advancing, "JUDGEMENTS", 2)

    await store.onboarding.advance()

    judged = [one.district_id for one in await store.onboarding.records() if one.sharing]
    assert [one for one in judged if len(one) == 1] == ["a", "b"]


# What is kept of a district's moves


async def test_moves_are_told_from_the_first_on_and_of_one_district(store: StoreUnderTest) -> None:
    ways = [Onboarding(store), Onboarding(store, "another")]
    for onboarding in ways:
        await put_districts(store, {onboarding.district_id: Stands(State.CHOSEN, CONNECTED, ROSTERED)})

    await ways[0].advance()

    moves = [Move.CONNECT, Move.COMMIT]
    for onboarding in ways:
        assert [(one.district_id, one.move) for one in await onboarding.history()] == [
            (onboarding.district_id, move) for move in moves
        ]
        assert await onboarding.state() is State.ROSTERED


async def test_a_launch_is_held_back_since_its_first_trouble(store: StoreUnderTest) -> None:
    today = day_in(WEST)
    later = today + 9 * DAY
    await put_districts(
        store,
        {
            "a": replace(window(State.LAUNCH_SCHEDULED, later, today), district=REVIEWED),
            "b": window(State.LAUNCH_SCHEDULED, later),
        },
    )
    onboarding = Onboarding(store, onboarding_rules=LOOKS).onboarding
    await onboarding.advance()
    first = await onboarding.record("a")

    await store.rows("INSERT INTO holds (district_id, actor, reason) VALUES ('a', 'vic', 'wait')")
    await onboarding.advance()
    second, other = await onboarding.record("a"), await onboarding.record("b")

    assert first.held_since is not None
    assert (set(first.troubles), set(second.troubles)) == ({"review"}, {"review", "on_hold"})
    assert (second.held_since, other.held_since, other.troubles) == (first.held_since, None, frozenset())
