"""What guards count of students whom commits and the plan moved: each kind of move, in two districts."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from typing import Final

import orjson
import pytest

from schemas.words import Trigger
from tests.support.builders.records import NOON, batch, later
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.evaluation.guards import PostgresGuards
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.turnover import SchoolLimits, Turnover, Turnovers
from worker.pipeline.evaluate.state import Conclusion, Takeover

Place = tuple[str | None, str | None]
"""The school and the class of a student."""
STUDENTS: Final = "abcdefghijklmnopqrst"
ROSTER: Final = """
    INSERT INTO roster (district_id, kind, record_id, school_id, candidate, candidate_member, committed,
                        committed_school_id, committed_member)
    VALUES ($1, $2, $3, $4, $5::text, sha256($5::text::bytea), $6::text, $7, sha256($6::text::bytea))"""
HISTORY: Final = "INSERT INTO guard_history VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
COMMITTED: Final = 100
"""How many students the whole district has, as is said."""


@dataclass(frozen=True)
class Move:
    """What a commit, or the plan, makes of a student: from where to where; no place is not in the roster."""

    student: str
    was: Place | None
    then: Place | None
    at: int = 0
    """The commit's sequence; none for the plan."""
    is_renamed: bool = False

    @property
    def values(self) -> tuple[object, ...]:
        """Return what is kept of it."""
        return (self.student, self.was is not None, *(self.was or (None, None)),
                self.then is not None, *(self.then or (None, None)))  # fmt: skip

    @property
    def is_planned(self) -> bool:
        return self.was != self.then or self.is_renamed

    @property
    def is_turnover(self) -> bool:
        """Whether the student comes, goes or is in another class, if in none."""
        return self.was is None or self.then is None or self.was[1] != self.then[1]

    @property
    def is_kept(self) -> bool:
        return (
            self.was is None
            or self.then is None
            or self.was[0] != self.then[0]
            or _changes_class(self.was, self.then)
        )


def _changes_class(was: Place, then: Place) -> bool:
    return None not in (was[1], then[1]) and was[1] != then[1]


@dataclass(frozen=True)
class District:
    """What the roster, the history and the erased students of a district are."""

    roster: Sequence[Move]
    history: Sequence[Move] = ()
    erased: frozenset[str] = frozenset()
    others: Sequence[Move] = ()
    """Teachers, of the same ids."""

    async def keep(self, store: StoreUnderTest, name: str) -> None:
        people = [
            (
                name,
                kind,
                move.student,
                *_record(move.then, is_renamed=move.is_renamed),
                *_record(move.was)[::-1],
            )
            for kind, moves in (("student", self.roster), ("teacher", self.others))
            for move in moves
        ]
        async with store.database.connection() as connection:
            await connection.executemany(ROSTER, people)
            await connection.executemany(
                HISTORY, [(name, m.at, m.values[0], later(m.at), *m.values[1:]) for m in self.history]
            )
            await connection.executemany(
                "INSERT INTO erased_students (district_id, student_id, actor) VALUES ($1, $2, 'ada')",
                [(name, student) for student in self.erased],
            )

    @property
    def planned(self) -> list[Move]:
        return [move for move in self.roster if move.is_planned]

    def at(self, school: str) -> int:
        return sum(move.was is not None and move.was[0] == school for move in self.roster)


def _record(place: Place | None, *, is_renamed: bool = False) -> tuple[str | None, str | None]:
    """Return the school and the record of a student."""
    if place is None:
        return None, None
    school, room = place
    record = {"school_id": school, "is_renamed": is_renamed} | ({"class_id": room} if room else {})
    return school, orjson.dumps(record).decode()


def invented(rng: Random, *, is_moving: bool = True) -> District:
    def place() -> Place | None:
        return (rng.choice((None, "n", "s")), rng.choice((None, "1", "2"))) if rng.random() < 0.8 else None

    def moves(at: int = 0, share: float = 1.0) -> Iterable[Move]:
        for student in STUDENTS:
            was = place()
            then = place() if is_moving or at else was
            if rng.random() < share and (was or then):
                yield Move(student, was, then, at, is_renamed=rng.random() < 0.5)

    roster = [*moves()]
    history = [move for at in (1, 2, 3, 4) for move in moves(at, 0.4)]
    return District(roster, history, frozenset(rng.sample(STUDENTS, 3)), [*moves()])


# What is expected


def turnovers(district: District, after: int, floor: int) -> tuple[Turnovers, Turnovers]:
    """Count over the commits after one and the plan, and by the plan alone."""
    plan = [m for m in district.planned if m.is_turnover and m.student not in district.erased]
    history = [m for m in district.history if m.at > after] if plan else []
    chains = defaultdict[str, list[Move]](list)
    for move in (*history, *plan):
        chains[move.student].append(move)
    shift = Counter[str | None]()
    for move in history:
        shift.update({move.was[0]: 1} if move.was else {})
        shift.subtract({move.then[0]: 1} if move.then else {})
    since = later(min(move.at for move in history)) if history else None
    window = _counted(district, chains.values(), floor, shift, since)
    return window, _counted(district, ([move] for move in plan), floor, Counter(), since)


def _counted(
    district: District,
    chains: Iterable[Sequence[Move]],
    floor: int,
    shift: Counter[str | None],
    since: datetime | None,
) -> Turnovers:
    removed, moved = Counter[tuple[str | None, bool]](), Counter[tuple[str | None, bool]]()
    for first, *more in chains:
        last = more[-1] if more else first
        if first.was is not None and last.then is None:
            removed[first.was[0], last.at > 0] += 1
        elif first.was is not None and last.then is not None and _changes_class(first.was, last.then):
            moved[first.was[0], last.at > 0] += 1

    def turnover(counts: Counter[tuple[str | None, bool]], school: str | None = None) -> Turnover:
        of = {key: count for key, count in counts.items() if school in (None, key[0])}
        committed = district.at(school) + shift[school] if school else COMMITTED + shift.total()
        return Turnover(sum(of.values()), committed, sum(n for key, n in of.items() if key[1]))

    schools = [s for s in "ns" if max(turnover(removed, s).students, turnover(moved, s).students) > floor]
    return Turnovers(
        turnover(removed),
        turnover(moved),
        {school: turnover(removed, school) for school in schools},
        {school: turnover(moved, school) for school in schools},
        since,
    )


def at_most(district: District, after: int, floor: int) -> Turnovers:
    """Count each move of the commits after one and of the plan by itself, by the school that it begins at."""
    history = [move for move in district.history if move.at > after]
    removed, moved = Counter[str | None](), Counter[str | None]()
    for move in (*history, *district.planned):
        if move.was is not None:
            moved[move.was[0]] += 1
            removed[move.was[0]] += move.then is None or move.then[0] != move.was[0]
    came = sum(m.then is not None and (m.was is None or m.was[0] != m.then[0]) for m in history)
    schools = [school for school in "ns" if max(removed[school], moved[school]) > floor]
    return Turnovers(
        Turnover(removed.total(), COMMITTED - came),
        Turnover(moved.total(), COMMITTED - came),
        {school: Turnover(removed[school], district.at(school) - came) for school in schools},
        {school: Turnover(moved[school], district.at(school) - came) for school in schools},
    )


# Tests


@pytest.fixture
async def guards(store: StoreUnderTest) -> AsyncIterator[PostgresGuards]:
    async with store.database.connection() as connection:
        yield PostgresGuards(connection, "d")


@pytest.mark.parametrize("limits", [(0, 0), (0, 5), (5, 0)])
@pytest.mark.parametrize("seed", range(3))
async def test_students_are_counted_from_where_they_were_at_first_to_where_they_are_at_last(
    store: StoreUnderTest, guards: PostgresGuards, seed: int, limits: tuple[float, float]
) -> None:
    rng = Random(seed)  # noqa: S311 — a reproducible choice
    district = invented(rng)
    await district.keep(store, "d")
    await invented(rng).keep(store, "e")

    for after in (0, 1, 4):
        for floor in range(4):
            counted = await guards.turnovers(later(after), COMMITTED, SchoolLimits(floor, *limits))
            most = await guards.most_moved(later(after), COMMITTED, SchoolLimits(floor, *limits))
            assert counted == turnovers(district, after, floor)
            assert most == at_most(district, after, floor)


async def test_a_plan_moving_nobody_is_within_limits(store: StoreUnderTest, guards: PostgresGuards) -> None:
    district = invented(Random(0), is_moving=False)  # noqa: S311 — a reproducible choice
    await district.keep(store, "d")

    nothing = Turnovers(Turnover(0, COMMITTED), Turnover(0, COMMITTED))
    assert district.planned
    assert await guards.turnovers(NOON, COMMITTED, SchoolLimits(0, 0, 0)) == (nothing, nothing)


@pytest.mark.parametrize(
    ("removal", "class_change", "exactly", "at_most"), [(50, 35, 9, 15), (20, 75, 10, 10), (100, 100, 3, 5)]
)
async def test_of_a_large_school_no_more_students_are_counted_than_its_limits_ask_for(
    store: StoreUnderTest,
    guards: PostgresGuards,
    removal: float,
    class_change: float,
    exactly: int,
    at_most: int,
) -> None:
    there, gone = ("n", "1"), None
    district = District([
        *(Move(f"{n}", there, gone) for n in range(2)),
        *(Move(f"{n}", there, ("n", "2")) for n in range(2, 5)),
        *(Move(f"{n}", there, there) for n in range(5, 40)),
    ])  # fmt: skip
    await district.keep(store, "d")
    limits = SchoolLimits(0, removal, class_change)

    async def at_school() -> tuple[int, ...]:
        """Return of how many students of the school is told: exact counts of hours and plan, and at most."""
        whole, alone = await guards.turnovers(NOON, COMMITTED, limits)
        most = await guards.most_moved(NOON, COMMITTED, limits)
        return tuple(one.school_removals["n"].committed for one in (whole, alone, most))

    now = await at_school()
    await District([], [Move(f"came {n}", None, there, 1) for n in range(4)]).keep(store, "d")
    grown = await at_school()

    exact, most = exactly + 2, at_most + 2
    assert now == (exact, exact, most)
    # As many as at the start are looked for among those of now, of whom some came later.
    assert grown == (exact, exact, most)


async def test_a_school_does_not_grow_by_newcomers(store: StoreUnderTest, guards: PostgresGuards) -> None:
    await District([Move("a", ("n", "1"), None), Move("b", None, ("n", "1"))]).keep(store, "d")
    await store.rows("UPDATE roster SET committed_school_id = 'n'")

    limits = SchoolLimits(0, 0, 0)
    whole, alone = await guards.turnovers(NOON, COMMITTED, limits)
    most = await guards.most_moved(NOON, COMMITTED, limits)
    assert {one.school_removals["n"].committed for one in (whole, alone, most)} == {1}


@pytest.mark.parametrize(("seed", "restarts"), [(0, False), (1, False), (2, False), (0, True)])
async def test_whom_a_plan_moves_is_kept_under_its_commit_with_where_he_was_and_is(
    store: StoreUnderTest, seed: int, restarts: bool
) -> None:
    rng = Random(seed)  # noqa: S311 — a reproducible choice
    district = invented(rng)
    await district.keep(store, "d")
    await invented(rng).keep(store, "e")

    await store.rows("INSERT INTO districts (district_id, commit_sequence) VALUES ('d', 9)")
    async with store.database.transaction() as connection:
        evaluation = await store.evaluations.locked(connection, "d", Trigger.FLUSH)
        assert evaluation is not None
        evaluation.window = replace(evaluation.window, now=later(9))
        takeover = Takeover(is_first=False, moves_students=True, restarts_count=restarts)
        await evaluation.write_conclusion(
            Conclusion(batch(Trigger.FLUSH, 0), Outcome.COMMIT, takeover=takeover)
        )

    rows = await store.rows("SELECT * FROM guard_history WHERE sequence = 9 ORDER BY student_id")
    assert [tuple(row) for row in rows] == [
        ("d", 9, move.student, later(9), *move.values[1:])
        for move in district.planned
        if move.is_kept and move.student not in district.erased and not restarts
    ]
    others = await store.rows("SELECT district_id FROM guard_history WHERE sequence <> 9")
    assert {row["district_id"] for row in others} == ({"e"} if restarts else {"d", "e"})


async def test_a_count_starts_over_for_one_district(store: StoreUnderTest, guards: PostgresGuards) -> None:
    for name in ("d", "e"):
        await invented(Random(0)).keep(store, name)  # noqa: S311 — a reproducible choice

    await guards.restart_count()

    rows = await store.rows("SELECT DISTINCT district_id FROM guard_history")
    assert [row["district_id"] for row in rows] == ["e"]


async def test_what_was_confirmed_of_a_filter_ends_once_and_for_one_district(
    store: StoreUnderTest, guards: PostgresGuards
) -> None:
    for district in ("d", "e"):
        for version, confirmed, ended in ((1, {}, NOON), (2, None, None), (3, {}, None)):
            await store.rows(
                "INSERT INTO filters (district_id, version, filter, actor, confirmed, confirmation_ended_at) "
                "VALUES ($1, $2, '{}', 'ada', $3, $4)",
                *(district, version, confirmed, ended),
            )

    await guards.end_confirmation()

    rows = await store.rows(
        "SELECT district_id, version, confirmation_ended_at AS ended FROM filters ORDER BY 1, 2"
    )
    ends = [row["ended"] for row in rows]
    assert [ends[0], ends[3]] == [NOON, NOON]
    assert ends[2] > NOON
    assert [ends[1], *ends[4:]] == [None, None, None]
