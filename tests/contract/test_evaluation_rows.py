"""What one evaluation reads and changes of its district: beside each row stand others it must leave alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import pytest

from schemas.words import Trigger
from tests.support.builders.records import DISTRICT, NOON, OTHER_DISTRICT, batch, later, outbox_message
from tests.support.fixtures.people import anybody_waits, until
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.evaluation.unit_of_work import PostgresEvaluation
from worker.domain.preflight.checks import ErrorChanges
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.policy import Policy
from worker.domain.preflight.turnover import Confirmation
from worker.pipeline.evaluate.state import Conclusion, Takeover

NUMBER: Final = 7
"""Of the window's last request when the evaluation began."""


@asynccontextmanager
async def lent(store: StoreUnderTest, district_id: str = DISTRICT) -> AsyncIterator[PostgresEvaluation]:
    """Lend an evaluation of a district that was seen."""
    await store.rows("INSERT INTO districts (district_id) VALUES ($1) ON CONFLICT DO NOTHING", district_id)
    async with store.database.transaction() as connection:
        evaluation = await store.evaluations.locked(connection, district_id, Trigger.FLUSH)
        assert evaluation is not None
        yield evaluation


# The district itself

TOLD: Final = (
    "INSERT INTO staged (district_id, kind, record_id, event_id, record) VALUES ($1, $2, $3, '', $4)"
)


async def test_a_district_is_what_clever_said_or_else_what_the_feed_said(store: StoreUnderTest) -> None:
    rows = [
        (DISTRICT, "district", "x"),
        (DISTRICT, "school", DISTRICT),
        (OTHER_DISTRICT, "district", DISTRICT),
    ]
    for row in rows:
        await store.rows(TOLD, *row, {"name": "another"})

    async with lent(store) as evaluation:
        nothing = await evaluation.district_record()
    await store.rows(TOLD, DISTRICT, "district", DISTRICT, {"name": "of the feed"})
    await store.rows("INSERT INTO connections (district_id) VALUES ($1), ($2)", DISTRICT, OTHER_DISTRICT)
    async with lent(store) as evaluation:
        of_the_feed = await evaluation.district_record()
    await store.rows("""UPDATE connections SET record = '{"name": "asked for"}'""")
    async with lent(store) as evaluation:
        asked_for = await evaluation.district_record()

    assert nothing is None
    assert (of_the_feed, asked_for) == ({"name": "of the feed"}, {"name": "asked for"})


BASELINE: Final = (
    "INSERT INTO baselines (district_id, run, seed, overlap, floor, collections, ready_at) "
    "VALUES ($1, gen_random_uuid(), '', '', '', '{}', $2)"
)


async def test_a_baseline_waits_that_is_ready_and_of_the_district(store: StoreUnderTest) -> None:
    waits = []
    await store.rows(BASELINE, OTHER_DISTRICT, NOON)
    for change in ("SELECT", BASELINE.replace("$1", "'" + DISTRICT + "'").replace("$2", "NULL"),
                   f"UPDATE baselines SET ready_at = now() WHERE district_id = '{DISTRICT}'"):  # fmt: skip
        await store.rows(change)
        async with lent(store) as evaluation:
            waits.append(await evaluation.has_ready_baseline())

    assert waits == [False, False, True]


POLICY: Final = "INSERT INTO policies (district_id, version, policy, actor) VALUES ($1, $2, $3, 'ada')"


@pytest.mark.parametrize(
    ("then", "in_force"),
    [
        ("SELECT", 2),
        ("UPDATE policies SET until = now() + interval '1 day' WHERE version = 2", 2),
        ("UPDATE policies SET until = now() - interval '1 day' WHERE version = 2", 1),
        ("UPDATE policies SET until = now() - interval '1 day'", Policy().removal_limit_floor),
    ],
)
async def test_the_newest_policy_that_has_not_ended_is_in_force(
    store: StoreUnderTest, then: str, in_force: int
) -> None:
    for version in (2, 1):
        await store.rows(POLICY, DISTRICT, version, {"removal_limit_floor": version})
    await store.rows(POLICY, OTHER_DISTRICT, 3, {"removal_limit_floor": 3})
    await store.rows(then)

    async with lent(store) as evaluation:
        assert evaluation.state.policy.removal_limit_floor == in_force


async def test_the_time_zone_and_the_erased_students_of_a_district_are_its_own(store: StoreUnderTest) -> None:
    erased = "INSERT INTO erased_students (district_id, student_id, actor) VALUES ($1, $2, 'ada')"
    chosen = "INSERT INTO onboarding (district_id, state, time_zone) VALUES ($1, 'chosen', $2)"
    for district, zone in ((DISTRICT, "America/Denver"), (OTHER_DISTRICT, "America/New_York")):
        await store.rows(erased, district, f"of {district}")
        await store.rows(chosen, district, zone)

    async with lent(store) as evaluation:
        assert evaluation.state.erased_students == {f"of {DISTRICT}"}
        assert evaluation.state.policy.time_zone == "America/Denver"


FILTER: Final = (
    "INSERT INTO filters (district_id, version, filter, actor, confirmed) VALUES ($1, $2, $3, 'ada', $4)"
)
CONFIRMED: Final = Confirmation(removed=5, class_changes=3)


@pytest.mark.parametrize("is_ended", [False, True])
async def test_the_newest_filter_is_in_force_until_it_is_ended(store: StoreUnderTest, is_ended: bool) -> None:
    for version in (2, 1):
        scope = {"scope": {"grades": [str(version)]}}
        await store.rows(FILTER, DISTRICT, version, scope, CONFIRMED.to_json() if version == 2 else None)
    if is_ended:
        await store.rows("UPDATE filters SET confirmation_ended_at = now()")

    async with lent(store) as evaluation:
        state = evaluation.state
        assert (state.filter_version, state.section_filter.scope.grades) == (2, ("2",))
        assert state.confirmation == (None if is_ended else CONFIRMED)


async def test_what_is_saved_of_a_district_forgives_its_failures_and_no_others(store: StoreUnderTest) -> None:
    for district in (DISTRICT, OTHER_DISTRICT):
        await store.evaluations.failed(district, "an error", timedelta(0), 9)

    async with lent(store) as evaluation:
        await evaluation.write_conclusion(Conclusion(batch(Trigger.FLUSH, 0), Outcome.UNCHANGED))

    rows = await store.rows("SELECT district_id FROM evaluation_failures")
    assert [row[0] for row in rows] == [OTHER_DISTRICT]


# Findings since the last review

FINDING: Final = (
    "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported, "
    "since) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
)
ONE, TWO, THREE = "student.no_section", "student.field_missing", "student.multiple_sections"
NEW, STANDING, RESOLVED = (True, False), (True, True), (False, True)


async def found(
    store: StoreUnderTest, name: str, code: str, state: tuple[bool, bool], severity: str = "error",
    kind: str = "student", member: bytes = b"1",
) -> None:  # fmt: skip
    """Add a finding that says what it is."""
    detail = {"of": f"{severity} {code} {kind} {name} {member.decode()}"}
    row = (DISTRICT, kind, name, member, code, severity, detail, *state, NOON)
    await store.rows(FINDING, *row)


@pytest.fixture
async def findings(store: StoreUnderTest) -> None:
    """Errors that came and stayed and went since the last review, and warnings beside them."""
    for name, code, state in (
        *(("a", ONE, NEW), ("b", ONE, NEW), ("c", ONE, STANDING), ("d", TWO, RESOLVED)),
        *(("e", THREE, RESOLVED), ("f", THREE, NEW), ("g", TWO, STANDING), ("h", THREE, RESOLVED)),
    ):
        await found(store, name, code, state)
    await found(store, "w", ONE, NEW, "warning")
    await found(store, "v", ONE, RESOLVED, "warning")


async def told(store: StoreUnderTest) -> dict[str, tuple[bool, bool]]:
    rows = await store.rows("SELECT record_id, open, reported FROM findings")
    return {row[0]: (row[1], row[2]) for row in rows}


WARNINGS: Final = {"w": NEW, "v": RESOLVED}


@pytest.mark.usefixtures("findings")
async def test_errors_that_are_new_or_resolved_are_counted_by_code(store: StoreUnderTest) -> None:
    async with lent(store) as evaluation:
        changes = await evaluation.changed_errors()

    assert changes == ErrorChanges({ONE: 2, THREE: 1}, {THREE: 2, TWO: 1})
    assert [*changes.new, *changes.resolved] == [THREE, ONE, TWO, THREE]


@pytest.mark.usefixtures("findings")
async def test_a_review_leaves_open_errors_as_reported_and_none_that_resolved(store: StoreUnderTest) -> None:
    async with lent(store) as evaluation:
        await evaluation.mark_reported()

    assert await told(store) == dict.fromkeys("abcfg", STANDING) | WARNINGS


@pytest.mark.usefixtures("findings")
async def test_a_district_leaving_review_has_open_errors_not_yet_told(store: StoreUnderTest) -> None:
    await store.rows("DELETE FROM findings WHERE severity = 'warning'")

    async with lent(store) as evaluation:
        await evaluation.forget_reported()

    assert await told(store) == dict.fromkeys("abcfg", NEW)


async def test_open_findings_come_errors_first_and_no_more_than_asked_for(store: StoreUnderTest) -> None:
    await found(store, "closed", ONE, RESOLVED)
    in_order = [
        ("error", TWO, "class", "b", b"1"), ("error", TWO, "student", "a", b"1"),
        ("error", TWO, "student", "a", b"2"), ("error", TWO, "student", "b", b"1"),
        ("error", ONE, "class", "a", b"2"), ("warning", TWO, "class", "a", b"1"),
    ]  # fmt: skip
    for severity, code, kind, name, member in (in_order[place] for place in (2, 0, 5, 4, 1, 3)):
        await found(store, name, code, NEW, severity, kind, member)

    async with lent(store) as evaluation:
        everything = await evaluation.first_findings(9)
        first = await evaluation.first_findings(4)

    assert [one.finding.detail["of"] for one in everything] == [
        " ".join((*rest, member.decode())) for *rest, member in in_order
    ]
    assert first == everything[:4]
    assert {one.since for one in everything} == {NOON}


# A plan and its commit

ROSTER: Final = (
    "INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, committed, "
    "committed_member, school_id, committed_school_id) "
    "VALUES ($1, $2, $3, $4, sha256($4::text::bytea), $5, sha256($5::text::bytea), $6, 'before')"
)
KINDS: Final = ("school", "teacher", "class", "student")


def record(name: str, **fields: str) -> str:
    return orjson.dumps({"name": name} | fields).decode()


async def planned(store: StoreUnderTest) -> None:
    """Have a plan with two changes of each sort and kind; a student who goes comes back as another."""
    for kind in ("class", "school", "student", "teacher"):
        for name in ("b", "a"):
            fields = {"sis_id": "17"} if name == "a" else {}
            await store.rows(ROSTER, DISTRICT, kind, f"put-{name}", record("new", **fields), None, "after")
            await store.rows(ROSTER, DISTRICT, kind, f"gone-{name}", None, record("old", **fields), None)
        await store.rows(ROSTER, DISTRICT, kind, "moved", record("new"), record("old"), "after")
        await store.rows(ROSTER, DISTRICT, kind, "stays", record("as it was"), record("as it was"), "after")


@pytest.mark.parametrize("names_replaced", [False, True])
async def test_a_plan_has_what_comes_from_schools_to_students_and_then_what_goes_the_other_way_round(
    store: StoreUnderTest, names_replaced: bool
) -> None:
    await planned(store)

    async with lent(store) as evaluation:
        plan = evaluation.plan_changes(names_replaced=names_replaced)
        changes = [orjson.loads(change) async for change in plan]

    assert [(one["op"], one["kind"], one["id"]) for one in changes] == [
        *(("upsert", kind, name) for kind in KINDS for name in ("moved", "put-a", "put-b")),
        *(("remove", kind, name) for kind in reversed(KINDS) for name in ("gone-a", "gone-b")),
    ]
    replaced = [(one["kind"], one["id"], one["replaces"]) for one in changes if "replaces" in one]
    assert replaced == ([("student", "put-a", "gone-a")] if names_replaced else [])


async def test_a_commit_takes_over_what_is_planned_and_leaves_the_rest(store: StoreUnderTest) -> None:
    await planned(store)

    async with lent(store) as evaluation:
        takeover = Takeover(is_first=False, moves_students=False, restarts_count=False)
        await evaluation.write_conclusion(
            Conclusion(batch(Trigger.FLUSH, 0), Outcome.COMMIT, takeover=takeover)
        )

    rows = await store.rows("SELECT kind, record_id, candidate, committed, committed_school_id FROM roster")
    assert {
        (row["kind"], row["record_id"]): (row["committed"], row["committed_school_id"]) for row in rows
    } == {
        (kind, name): committed
        for kind in KINDS
        for name, committed in (
            ("put-a", (record("new", sis_id="17"), "after")),
            ("put-b", (record("new"), "after")),
            ("moved", (record("new"), "after")),
            ("stays", (record("as it was"), "before")),
        )
    }
    assert all(row["candidate"] == row["committed"] for row in rows)


async def test_only_the_parts_of_this_commit_learn_their_number(store: StoreUnderTest) -> None:
    review = replace(outbox_message(), changes=None)
    await store.rows("INSERT INTO districts (district_id, decision_number) VALUES ($1, 5)", DISTRICT)
    async with lent(store) as evaluation:
        await evaluation.enqueue([outbox_message(), review])
        evaluation.state.decision_number = 6
        await evaluation.enqueue([outbox_message(), review, outbox_message(2)])

        await evaluation.set_parts(2)

    rows = await store.rows("SELECT decision_number, parts, changes FROM outbox ORDER BY position")
    assert [tuple(row) for row in rows] == [
        *((5, 1, "[]"), (5, 1, None), (6, 2, "[]"), (6, 1, None), (6, 2, "[]"))
    ]


# The end of a window

WINDOW: Final = (
    "INSERT INTO windows (district_id, opened_at, last_event_at, events, requested, request_number, through, "
    "deferred_since) VALUES ($1, $2, $3, 9, 'settled', $4, 'e', $5)"
)
INBOX: Final = (
    "INSERT INTO inbox (district_id, event_id, kind, record_id, record, received_at) "
    "VALUES ($1, $2, 'user', 'r', '{}', $3)"
)


async def window_of(store: StoreUnderTest) -> dict[str, Any] | None:
    rows = await store.rows("SELECT * FROM windows WHERE district_id = $1", DISTRICT)
    return dict(rows[0]) if rows else None


async def closed(
    store: StoreUnderTest, deferred_since: datetime | None = None, *, request_number: int = NUMBER,
    answered: bool = True,
) -> dict[str, Any] | None:  # fmt: skip
    """Close a window that was asked for so often, while somebody has another; return what is left of it."""
    await store.rows(WINDOW, DISTRICT, NOON, later(1), request_number, later(2))
    await store.rows(WINDOW, OTHER_DISTRICT, NOON, later(1), NUMBER, later(2))
    async with store.database.transaction() as elsewhere, asyncio.timeout(10):
        await elsewhere.execute("SELECT FROM windows WHERE district_id = $1 FOR UPDATE", OTHER_DISTRICT)
        async with lent(store) as evaluation:
            evaluation.window = replace(evaluation.window, request_number=NUMBER)
            await evaluation.write_conclusion(
                Conclusion(
                    batch(Trigger.FLUSH, 0),
                    Outcome.UNCHANGED,
                    deferred_since=deferred_since,
                    answered=answered,
                )
            )
    (other,) = await store.rows("SELECT * FROM windows WHERE district_id = $1", OTHER_DISTRICT)
    assert (other["events"], other["requested"], other["deferred_since"]) == (9, "settled", later(2))
    return await window_of(store)


async def test_an_answered_window_without_events_is_gone(store: StoreUnderTest) -> None:
    await store.rows(INBOX, OTHER_DISTRICT, "1", NOON)

    assert await closed(store) is None


async def test_a_window_stays_for_a_verdict_that_was_put_off(store: StoreUnderTest) -> None:
    window = await closed(store, later(9))

    assert window is not None
    assert (window["opened_at"], window["last_event_at"], window["events"]) == (NOON, later(1), 0)
    assert (window["requested"], window["through"], window["deferred_since"]) == (None, None, later(9))


async def test_a_window_stays_open_for_what_came_meanwhile_and_since_it_came(store: StoreUnderTest) -> None:
    for event, received in (("2", 30), ("1", 40), ("3", 20)):
        await store.rows(INBOX, DISTRICT, event, later(received))

    window = await closed(store)

    assert window is not None
    assert (window["opened_at"], window["last_event_at"], window["events"]) == (later(20), later(40), 3)
    assert (window["requested"], window["through"], window["deferred_since"]) == (None, None, None)


@pytest.mark.parametrize(("request_number", "answered"), [(NUMBER + 1, True), (NUMBER, False), (0, False)])
async def test_a_request_stays_that_came_later_or_was_not_answered(
    store: StoreUnderTest, request_number: int, answered: bool
) -> None:
    window = await closed(store, request_number=request_number, answered=answered)

    assert window is not None
    assert (window["requested"], window["through"], window["events"]) == ("settled", "e", 0)


async def test_an_event_stored_while_its_window_is_closed_keeps_it_open(store: StoreUnderTest) -> None:
    async with store.database.transaction() as storing:
        await storing.execute(WINDOW, DISTRICT, NOON, later(1), NUMBER, None)
    async with store.database.transaction() as storing:
        await storing.execute(INBOX, DISTRICT, "1", later(5))
        await storing.execute("UPDATE windows SET events = 1 WHERE district_id = $1", DISTRICT)
        closing = asyncio.ensure_future(_close(store))
        await until(lambda: anybody_waits(store))
    await closing

    window = await window_of(store)
    assert window is not None
    assert (window["events"], window["opened_at"], window["last_event_at"]) == (1, later(5), later(5))


async def _close(store: StoreUnderTest) -> None:
    async with lent(store) as evaluation:
        evaluation.window = replace(evaluation.window, request_number=NUMBER)
        assert await evaluation.remaining_events() == 0
        await evaluation.close_window()
