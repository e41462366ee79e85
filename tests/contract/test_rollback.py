"""Taking a district back to the roster after one of its commits, as its consumer sees it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import pytest
from asyncpg import Record

from schemas.messages.commit import CommitMessage
from tests.acceptance.program import Roster, apply, digest
from tests.support.districts.full_run import with_filter
from tests.support.districts.kept_rows import made_once
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.adapters.postgres.evaluation import commit_history
from worker.domain.preflight.policy import Policy
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.records import Json, RecordKind
from worker.domain.roster.section_filter import KEEP_ALL
from worker.operations.rollback import RolledBack, roll_back, try_rollback
from worker.pipeline.evaluate.preflight import run_preflight as judge_in_store
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.ingest.inbox import Arrival
from worker.pipeline.relay.stage import body
from worker.runtime.errors import DistrictBusy, RollbackRefused, StoreUnavailable, UnknownDistrictError
from worker.runtime.metrics import Metrics

DISTRICT = "d1"
LIMITS = WindowLimits(timedelta(0), timedelta(hours=1), 50_000, timedelta(hours=1))
NOBODY_REMOVED = Policy(removal_limit_percent=100, school_removal_limit_percent=100)


@dataclass
class Rostered:
    """A district in the store, and a consumer who applies its commits and keeps every roster he had."""

    store: StoreUnderTest
    events: int = 0
    roster: Roster = field(default_factory=dict)
    past: list[Roster] = field(default_factory=lambda: [{}])
    commits: list[dict[str, Any]] = field(default_factory=list)
    messages: int = 0

    async def happens(self, *changes: tuple[RecordKind, str, Json | None]) -> None:
        """Evaluate changes as one batch, and consume what is decided."""
        arrivals = []
        for kind, record_id, record in changes:
            self.events += 1
            text = None if record is None else orjson.dumps(record).decode()
            arrivals.append(Arrival(DISTRICT, f"{self.events:024x}", kind, record_id, text))
        await self.store.inbox.store(arrivals, [], [])
        await self.evaluated()

    async def evaluated(self) -> None:
        """Evaluate what is due, and consume what is decided."""
        stage = EvaluateStage(self.store.evaluations, LIMITS, Metrics())
        while await stage.once():
            pass
        await self.consume()

    async def consume(self) -> None:
        """Apply what is published, part by part, and prove each commit by its digest."""
        await self.store.outbox.lease(10, 60)
        for queued in await self.store.outbox.first(DISTRICT, 1000):
            await self.store.outbox.published(queued)
            if queued.message.schema == "rostering.commit/v1":
                self._apply(body(queued.message))
        await self.store.outbox.release([DISTRICT])

    def _apply(self, text: bytes) -> None:
        CommitMessage.model_validate_json(text)
        assert len(text) <= 1024 * 1024
        message = json.loads(text)
        self.messages += 1
        assert message["sequence"] == len(self.past)
        for change in message["changes"]:
            key = change["kind"], change["id"]
            assert change.get("record") != self.roster.get(key), "an unchanged record was sent"
        apply(self.roster, message["changes"])
        if message["part"] == 1:
            self.commits.append({**message, "changes": []})
        self.commits[-1]["changes"] += message["changes"]
        if message["part"] == message["parts"]:
            assert digest(self.roster) == message["roster"]["digest"]
            assert _counted(self.commits[-1]["changes"]) == message["counts"]
            self.past.append(dict(self.roster))

    async def roll_back(self, sequence: int) -> RolledBack:
        """Roll back, and consume it."""
        done = await roll_back(self.store.rollbacks, DISTRICT, sequence, "somebody", "a wrong filter")
        await self.consume()
        return done

    async def everything(self) -> dict[str, list[Record]]:
        """Return all that a rollback could change."""
        tables = ("roster", "commit_history", "decisions", "batches", "outbox", "findings", "districts")
        return {
            table: await self.store.rows(f"SELECT * FROM {table} ORDER BY {table}::text")
            for table in (*tables, "holds", "approvals", "audit", "windows")
        }


def _counted(changes: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Count a commit's changes."""
    counts = {kind: {"upserted": 0, "removed": 0} for kind in ("school", "teacher", "class", "student")}
    for change in changes:
        counts[change["kind"]]["upserted" if change["op"] == "upsert" else "removed"] += 1
    return counts


@pytest.fixture
async def unrostered(database_url: str) -> AsyncIterator[Rostered]:
    async with opened_store(database_url, NOBODY_REMOVED) as store:
        yield Rostered(store)


def student(number: int, *, name: str = "Tamsin", school: str = "h1") -> tuple[RecordKind, str, Json]:
    texts = {"first_name": name, "last_name": "X", "sis_id": str(number), "grade": "3", "school_id": school}
    return RecordKind.USER, f"s{number:05}", {"student": {"texts": texts}}


def section(students: range, name: str = "Homeroom 1", number: int = 1) -> tuple[RecordKind, str, Json]:
    listed = [f"s{each:05}" for each in students]
    return (
        RecordKind.SECTION,
        f"c{number}",
        {"name": name, "school_id": "h1", "students": listed, "teachers": ["t1"]},
    )


def arrival(count: int) -> list[tuple[RecordKind, str, Json | None]]:
    return [
        (RecordKind.SCHOOL, "h1", {"name": "North"}),
        (RecordKind.SCHOOL, "h2", {"name": "South"}),
        (RecordKind.USER, "t1", {"teacher": {"last_name": "P"}}),
        section(range(count)),
        *(student(number) for number in range(count)),
    ]


@pytest.fixture
async def rostered(unrostered: Rostered) -> Rostered:
    """A district with six commits of every kind of change."""

    async def make() -> dict[str, Any]:
        await several_commits(unrostered)
        return {name: value for name, value in vars(unrostered).items() if name != "store"}

    return Rostered(unrostered.store, **await made_once(unrostered.store.database, "several commits", make))


async def several_commits(rostered: Rostered) -> None:
    await rostered.happens(*arrival(20))
    await rostered.happens(student(1, name="Other"), student(2, school="h2"))
    await rostered.happens(section(range(1, 22)), (RecordKind.USER, "s00000", None), student(20), student(21))
    await rostered.happens(student(1), (RecordKind.USER, "t1", None))
    await rostered.happens(
        student(0), section(range(22), "Homeroom 9"), (RecordKind.SCHOOL, "h1", {"name": "N"})
    )
    await rostered.happens(student(1, name="Other"), (RecordKind.USER, "t1", {"teacher": {"last_name": "Q"}}))
    assert len(rostered.past) == 7


@pytest.mark.parametrize("target", [1, 2, 3, 4, 5])
async def test_a_rollback_gives_the_consumer_that_commits_roster(rostered: Rostered, target: int) -> None:
    done = await rostered.roll_back(target)

    assert rostered.roster == rostered.past[target]
    assert rostered.commits[-1]["rolled_back_to"] == target
    assert [commit["rolled_back_to"] for commit in rostered.commits[:-1]] == [None] * 6
    assert rostered.commits[-1]["previous_commit_id"] == rostered.commits[-2]["commit_id"]
    assert (done.sequence, done.roster["digest"]) == (7, digest(rostered.past[target]))
    shown = await rostered.store.districts.show(DISTRICT)
    assert (shown["commits"], shown["roster"]["digest"]) == (7, digest(rostered.past[target]))
    assert shown["last_commit_id"] == rostered.commits[-1]["commit_id"]


@pytest.mark.parametrize("target", [1, 3, 5])
async def test_after_a_rollback_the_figures_are_those_of_a_recount(rostered: Rostered, target: int) -> None:
    await rostered.roll_back(target)

    async with with_filter(rostered.store, DISTRICT, KEEP_ALL) as evaluation:
        assert evaluation is not None
        tally = evaluation.state.tally
        before = tally.to_json(), tally.error_digest, tally.candidate_digest
        await judge_in_store(evaluation, [])
        assert (tally.to_json(), tally.error_digest, tally.candidate_digest) == before


async def test_the_next_commit_after_a_rollback_is_what_was_undone(rostered: Rostered) -> None:
    before = dict(rostered.roster)
    await rostered.roll_back(2)
    await rostered.store.rows("DELETE FROM holds")

    await rostered.store.districts.flush(DISTRICT, "somebody")
    await rostered.evaluated()

    assert (len(rostered.past), rostered.roster) == (9, before)


async def test_a_rollback_can_be_rolled_back_and_reached_over(rostered: Rostered) -> None:
    await rostered.roll_back(2)
    await rostered.roll_back(6)
    assert rostered.roster == rostered.past[6]
    await rostered.roll_back(4)
    assert rostered.roster == rostered.past[4]
    await rostered.roll_back(7)
    assert rostered.roster == rostered.past[7] == rostered.past[2]


async def test_a_rollback_of_several_parts_is_whole_and_keeps_its_limits(unrostered: Rostered) -> None:
    await unrostered.happens(*arrival(2600))
    await unrostered.happens(*(student(number, name="Other") for number in range(2600)))
    before = unrostered.messages

    done = await unrostered.roll_back(1)

    assert (unrostered.messages - before, done.parts) == (3, 3)
    assert unrostered.roster == unrostered.past[1]
    assert done.counts["student"] == {"upserted": 2600, "removed": 0}


async def test_trying_a_rollback_says_what_it_would_do_and_changes_nothing(rostered: Rostered) -> None:
    before = await rostered.everything()

    tried = await try_rollback(rostered.store.rollbacks, DISTRICT, 2)

    assert await rostered.everything() == before
    done = await rostered.roll_back(2)
    assert (tried.counts, tried.roster, tried.sequence) == (done.counts, done.roster, None)
    assert tried.counts == rostered.commits[-1]["counts"]


async def test_a_rollback_holds_the_district_voids_its_approval_and_says_why(rostered: Rostered) -> None:
    await rostered.store.rows(
        "INSERT INTO holds (district_id, actor, reason) VALUES ($1, 'x', 'y')", DISTRICT
    )
    await rostered.store.rows(
        "INSERT INTO approvals (district_id, plan_digest, commit_sequence, actor, reason) "
        "VALUES ($1, '', 6, 'x', 'y')",
        DISTRICT,
    )

    await rostered.roll_back(3)

    (hold,) = await rostered.store.rows("SELECT * FROM holds")
    assert (hold["actor"], hold["reason"]) == ("somebody", "rolled back to commit 3: a wrong filter")
    (approval,) = await rostered.store.rows("SELECT * FROM approvals")
    assert (approval["ended_as"], approval["ended_why"]) == ("void", "rolled back to commit 3")
    (audit,) = await rostered.store.rows("SELECT * FROM audit WHERE action = 'district.rollback'")
    assert (audit["actor"], audit["district_id"]) == ("somebody", DISTRICT)
    assert audit["detail"] == {"to": 3, "commit": 7, "reason": "a wrong filter"}


async def test_a_rollback_leaves_a_standing_review_standing(rostered: Rostered) -> None:
    broken = student(7)
    del broken[2]["student"]["texts"]["grade"]
    await rostered.happens(broken)
    before = await rostered.store.rows("SELECT standing_since, reported_digest FROM districts")

    await rostered.roll_back(3)

    shown = await rostered.store.districts.show(DISTRICT)
    assert (shown["status"], shown["reviews"], shown["findings"]["errors"]) == ("on_hold", 1, 1)
    assert shown["standing_since"] is not None
    assert await rostered.store.rows("SELECT standing_since, reported_digest FROM districts") == before
    assert rostered.roster == rostered.past[3]


async def test_a_too_large_removal_from_the_restored_roster_is_found(database_url: str) -> None:
    async with opened_store(database_url, NOBODY_REMOVED) as store:
        rostered = Rostered(store)
        await rostered.happens(*arrival(40))
        await rostered.happens(
            section(range(20, 40)), *((RecordKind.USER, f"s{n:05}", None) for n in range(20))
        )
    async with opened_store(database_url, Policy()) as store:
        rostered.store = store

        for target in (1, 2, 3):  # the third puts back what the second has replaced
            await rostered.roll_back(target)
            findings = (await store.districts.show(DISTRICT))["findings"]["by_code"]
            both = {"district.mass_removal": 1, "school.mass_removal": 1}
            assert findings == ({} if target == 2 else both)


async def test_a_filter_that_waits_to_be_judged_by_still_waits_afterwards(rostered: Rostered) -> None:
    scope = KEEP_ALL.model_copy(update={"scope": KEEP_ALL.scope.model_copy(update={"schools": ("h2",)})})
    await rostered.store.districts.set_filter(DISTRICT, scope, "somebody")

    await rostered.roll_back(2)
    await rostered.store.rows("DELETE FROM holds")
    await rostered.evaluated()

    assert {key for key in rostered.roster if key[0] == "student"} == {("student", "s00002")}


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (6, "commit 6 is the latest: there is nothing to roll back"),
        (7, "it has no commit 7; the latest is 6"),
        (0, "restore points go back to commit 1 only"),
    ],
)
async def test_what_is_no_earlier_commit_is_refused_whole(rostered: Rostered, target: int, why: str) -> None:
    before = await rostered.everything()

    with pytest.raises(RollbackRefused, match=why):
        await rostered.roll_back(target)

    assert await rostered.everything() == before


async def test_the_same_rollback_a_second_time_is_refused(rostered: Rostered) -> None:
    await rostered.roll_back(3)

    with pytest.raises(RollbackRefused, match="its roster already matches commit 3"):
        await rostered.roll_back(3)


async def test_a_district_without_a_commit_has_nothing_to_go_back_to(unrostered: Rostered) -> None:
    with pytest.raises(UnknownDistrictError):
        await unrostered.roll_back(1)
    await unrostered.happens(student(1))

    with pytest.raises(RollbackRefused, match="it has no commit to restore"):
        await unrostered.roll_back(1)


async def test_history_that_does_not_add_up_publishes_nothing(rostered: Rostered) -> None:
    await rostered.store.rows("DELETE FROM commit_history WHERE sequence = 4 AND kind = 'student'")
    before = await rostered.everything()

    with pytest.raises(RollbackRefused, match="does not add up to the roster of commit 3"):
        await rostered.roll_back(3)

    assert await rostered.everything() == before


async def test_history_whose_values_were_changed_publishes_nothing(rostered: Rostered) -> None:
    await rostered.store.rows(
        "UPDATE commit_history SET record = replace(record, 'Tamsin', 'Nimsat') WHERE kind = 'student'"
    )

    with pytest.raises(RollbackRefused, match="does not add up to the roster of commit 1"):
        await rostered.roll_back(1)


async def test_a_rollback_that_is_killed_leaves_everything_as_it_was(rostered: Rostered) -> None:
    before = await rostered.everything()
    async with opened_store(rostered.store.url) as other, rostered.store.database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        # Its last statement waits for this one.
        await connection.execute("INSERT INTO holds (district_id, actor, reason) VALUES ('d1', '', '')")
        rolling = asyncio.create_task(roll_back(other.rollbacks, DISTRICT, 2, "somebody", "why"))
        await _until_waiting(rostered.store)
        await rostered.store.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        )
        with pytest.raises(StoreUnavailable):
            await rolling
        await transaction.rollback()
    assert await rostered.everything() == before

    await rostered.roll_back(2)
    assert rostered.roster == rostered.past[2]


async def _until_waiting(store: StoreUnderTest) -> None:
    """Return once somebody waits for a lock."""
    async with asyncio.timeout(30):
        while not await store.rows("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            pass


async def test_an_evaluation_under_way_is_waited_for_and_too_long_a_one_is_told(rostered: Rostered) -> None:
    async with opened_store(rostered.store.url, NOBODY_REMOVED) as other:
        async with with_filter(other, DISTRICT, KEEP_ALL) as evaluation:
            assert evaluation is not None
            with pytest.raises(DistrictBusy, match="d1 is being evaluated; nothing was changed"):
                await roll_back(
                    rostered.store.rollbacks, DISTRICT, 2, "somebody", "why", timedelta(milliseconds=50)
                )
            rolling = asyncio.create_task(rostered.roll_back(2))
            await _until_waiting(other)
        await rolling
    assert rostered.roster == rostered.past[2]


async def _age(store: StoreUnderTest, sequence: int) -> None:
    """Let the commits up to this one have been decided long ago."""
    await store.rows(
        "UPDATE decisions SET decided_at = decided_at - interval '40 days' WHERE sequence <= $1", sequence
    )


async def _kept(store: StoreUnderTest) -> tuple[int, list[int]]:
    (district,) = await store.rows("SELECT history_from FROM districts")
    rows = await store.rows("SELECT DISTINCT sequence FROM commit_history ORDER BY sequence")
    return district["history_from"], [row["sequence"] for row in rows]


async def test_old_history_is_forgotten_but_not_what_was_in_force_since(rostered: Rostered) -> None:
    assert await _kept(rostered.store) == (1, [2, 3, 4, 5, 6])
    await rostered.store.districts.forget_history_older_than(timedelta(days=30))
    assert await _kept(rostered.store) == (1, [2, 3, 4, 5, 6])

    await _age(rostered.store, 3)
    await rostered.store.districts.forget_history_older_than(timedelta(days=30))

    assert await _kept(rostered.store) == (3, [4, 5, 6])
    with pytest.raises(RollbackRefused, match="go back to commit 3 only"):
        await rostered.roll_back(2)
    await rostered.roll_back(3)
    assert rostered.roster == rostered.past[3]


async def test_a_broken_forgetting_offers_no_commit_that_cannot_be_restored(rostered: Rostered) -> None:
    await _age(rostered.store, 5)

    for rows in (1, 2, 5, 1):
        await commit_history.forget_some(
            rostered.store.database, DISTRICT, 5, rows
        )  # and then the process ends
        oldest, kept = await _kept(rostered.store)
        assert oldest + 1 >= min(kept)
        for target in range(oldest, 6):
            await try_rollback(rostered.store.rollbacks, DISTRICT, target)
    await rostered.store.districts.forget_history_older_than(timedelta(days=30))

    assert await _kept(rostered.store) == (5, [6])
    await rostered.roll_back(5)
    assert rostered.roster == rostered.past[5]


async def test_a_district_under_evaluation_keeps_its_history_until_next_time(rostered: Rostered) -> None:
    await _age(rostered.store, 3)

    async with with_filter(rostered.store, DISTRICT, KEEP_ALL):
        await rostered.store.districts.forget_history_older_than(timedelta(days=30))
        assert await _kept(rostered.store) == (1, [2, 3, 4, 5, 6])


async def test_history_kept_for_no_time_is_neither_written_nor_remembered(database_url: str) -> None:
    async with opened_store(database_url, NOBODY_REMOVED) as store:
        rostered = Rostered(store)
        await several_commits(rostered)
    async with opened_store(database_url, NOBODY_REMOVED, keeps_history=False) as store:
        rostered.store = store
        await rostered.happens(student(3, name="Other"))
        assert await _kept(store) == (7, [2, 3, 4, 5, 6])
        with pytest.raises(RollbackRefused, match="there are no restore points"):
            await rostered.roll_back(6)

        await store.districts.forget_history_older_than(timedelta(0))

        assert await _kept(store) == (7, [])


async def test_the_commits_that_can_be_reached_are_listed_newest_first(unrostered: Rostered) -> None:
    assert await unrostered.store.rollbacks.reachable(DISTRICT, 10) is None
    await several_commits(unrostered)
    await unrostered.roll_back(2)

    reachable = await unrostered.store.rollbacks.reachable(DISTRICT, 3)

    assert reachable is not None
    assert reachable.total == 7
    assert [commit.sequence for commit in reachable.commits] == [7, 6, 5]
    assert [commit.summary["rolled_back_to"] for commit in reachable.commits] == [2, None, None]


async def test_after_a_purge_nothing_of_before_can_be_reached(rostered: Rostered) -> None:
    await rostered.store.districts.purge(DISTRICT, "somebody")
    with pytest.raises(RollbackRefused, match="it has no commit to restore"):
        await roll_back(rostered.store.rollbacks, DISTRICT, 3, "somebody", "why")

    rostered.roster = {}
    rostered.events = (int(time.time()) + 60) << 64  # Events from before a purge bring nothing back.
    await rostered.happens(*arrival(3))
    await rostered.happens(student(1, name="Other"))

    assert await _kept(rostered.store) == (7, [8])
    await rostered.roll_back(7)
    assert rostered.roster == rostered.past[7]
