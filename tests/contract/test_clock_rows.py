"""What a look at the clock does to each time of each table, and that it does nothing else.

Beside a row whose time lies further ahead than it can stand others: of times that are past, of none, of one
that lies ahead by no more than it may, and those that share a part of the key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import pytest

from tests.support.fixtures.clock import LEASE, MINUTE, clock_of
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.operations.clock import A_LITTLE_BEFORE, SLACK
from worker.adapters.postgres.poll.baselines import REFUSED_PAUSE
from worker.domain.access.login_throttle import OF_A_NAME, OF_AN_ADDRESS
from worker.domain.mail.quiet_hours import QuietHours

pytestmark = pytest.mark.alone("a clock that was put back concerns all districts")

NOW, AGO, SOON = timedelta(0), timedelta(hours=-2), timedelta(seconds=10)


@dataclass(frozen=True)
class Table:
    """A table of which rows can be made: `{n}` is a row's number, `{m}` tells two of one number apart."""

    columns: str
    values: str
    times: tuple[str, ...]
    optional: tuple[str, ...] = ()
    """Times that can be none."""
    has_two_keys: bool = False


TABLES: Final = {
    "windows": Table(
        "district_id, events", "'d{n}', 1", ("opened_at", "last_event_at"), ("deferred_since",)
    ),
    "feed_marks": Table(
        "district_id, through, since, count", "'d{n}', 't{m}', 's', 1", ("received_at",), has_two_keys=True
    ),
    "evaluation_failures": Table("district_id, failures, error", "'d{n}', 1, 'x'", ("not_before",)),
    "relay_leases": Table("district_id, holder", "'d{n}', gen_random_uuid()", ("until",)),
    "alert_leases": Table("district_id, holder", "'d{n}', gen_random_uuid()", ("until",)),
    "outbox": Table(
        "district_id, position, decision_number, routing_key, schema, message_key, sequence, part, parts, "
        "trace_parent, envelope",
        "'d{n}', {m}, 1, 'r', 's', 'k', 1, 1, 1, 't', '{{}}'",
        ("created_at",),
        has_two_keys=True,
    ),
    "deliveries": Table(
        "channel, alert_id, dedup_key, status, starts_at, body, position",
        "'c', 'a{n}', 'k', 'firing', 'epoch', '', 1",
        ("next_attempt_at",),
        ("refreshed_at",),
    ),
    "mails": Table(
        "mail_id, district_id, kind, occasion, recipients, subject, text, html, time_zone",
        "gen_random_uuid(), 'd', 'invitation', '{n}', '{{a@b.example}}', '', '', '', 'UTC'",
        ("next_attempt_at",),
        ("trying_since",),
    ),
    "connections": Table(
        "district_id", "'d{n}'", ("due_at", "baseline_after"), ("cursor_at", "failing_since")
    ),
    "baselines": Table(
        "district_id, run, seed, overlap, floor, collections",
        "'d{n}', gen_random_uuid(), '', '', '', '{{}}'",
        ("started_at",),
    ),
    "quarantine": Table(
        "district_id, body_digest, reason, explanation",
        "'d{n}', '\\x0{m}', 'x', 'x'",
        ("received_at",),
        has_two_keys=True,
    ),
    "incidents": Table(
        "district_id, code",
        "'d{n}', 'code{m}'",
        ("since", "told_at"),
        ("updated_at", "clear_since"),
        has_two_keys=True,
    ),
    "sessions": Table(
        "token_digest, user_name", "sha256('{n}'), 'ada'", ("begun_at", "seen_at")
    ),
    "login_attempts": Table(
        "kind, bucket", "CASE {m} WHEN 1 THEN 'name' ELSE 'address' END, {n}", ("tried_at", "free_at"),
        has_two_keys=True,
    ),
}  # fmt: skip
USER: Final = "INSERT INTO users (name, role, password_hash) VALUES ('ada', 'viewer', '$argon2id$')"


@dataclass(frozen=True)
class Case:
    """A time, how far ahead it can lie, and what it is afterwards where it lay further ahead."""

    table: str
    column: str
    longest: timedelta = NOW
    becomes: timedelta = NOW
    also: Mapping[str, str] = field(default_factory=dict)
    """Other columns of all rows, as SQL."""
    key: int = 1
    """The second part of the key."""

    @property
    def name(self) -> str:
        return " ".join((self.table, self.column, *self.also.values(), "" if self.key == 1 else "other"))


HANDED = {"state": "'sending'", "handed_at": "'epoch'"}
SENT = {"state": "'sent'", "handed_at": "'epoch'", "sent_at": "'epoch'"}
CASES: Final = (
    *(Case("windows", column) for column in ("opened_at", "last_event_at", "deferred_since")),
    Case("feed_marks", "received_at"),
    Case("evaluation_failures", "not_before", MINUTE),
    *(Case(table, "until", LEASE, LEASE) for table in ("relay_leases", "alert_leases")),
    Case("outbox", "created_at"),
    Case("deliveries", "next_attempt_at", MINUTE),
    Case("deliveries", "refreshed_at", becomes=timedelta(days=-1), also={"delivered_at": "'epoch'"}),
    Case("deliveries", "refreshed_at", becomes=timedelta(days=-1)),
    Case("mails", "next_attempt_at", 6 * MINUTE, also=HANDED),
    Case("mails", "trying_since"),
    Case("connections", "due_at", MINUTE, also={"failures": "0"}),
    Case("connections", "due_at", 15 * MINUTE, also={"failures": "1"}),
    *(Case("connections", column) for column in ("cursor_at", "failing_since")),
    Case("connections", "baseline_after", REFUSED_PAUSE),
    Case("baselines", "started_at"),
    Case("quarantine", "received_at"),
    *(Case("incidents", column) for column in ("told_at", "updated_at", "clear_since")),
    *(Case("sessions", column) for column in ("begun_at", "seen_at")),
    *(Case("login_attempts", "tried_at", key=key) for key in (0, 1)),
    Case("login_attempts", "free_at", OF_A_NAME.longest, OF_A_NAME.longest, key=1),
    Case("login_attempts", "free_at", OF_AN_ADDRESS.longest, OF_AN_ADDRESS.longest, key=0),
)


@dataclass
class Rows:
    """The rows of a case, as they were made."""

    store: StoreUnderTest
    case: Case
    made: list[asyncpg.Record] = field(default_factory=list)

    async def add(
        self, number: int | None = None, key: int | None = None, /, **ahead: timedelta | None
    ) -> None:
        """Add a row whose times are past, but for these."""
        table = TABLES[self.case.table]
        times = dict.fromkeys((*table.times, *table.optional), AGO) | ahead
        number = len(self.made) if number is None else number
        values = [table.values.format(n=number, m=self.case.key if key is None else key)]
        values += [f"now() + ${place}::interval" for place in range(1, len(times) + 1)]
        columns = ", ".join([table.columns, *times, *self.case.also])
        self.made += await self.store.rows(
            f"INSERT INTO {self.case.table} ({columns}) "
            f"VALUES ({', '.join([*values, *self.case.also.values()])}) RETURNING *",
            *times.values(),
        )

    async def changes(self) -> list[tuple[int, str]]:
        """Return what is not as it was made: the place of the row, and the column."""
        rows = {_key(row): row for row in await self.store.rows(f"SELECT * FROM {self.case.table}")}
        assert len(rows) == len(self.made)
        return [
            (place, name)
            for place, made in enumerate(self.made)
            for name in made.keys()  # noqa: SIM118 — a record is no mapping
            if name not in GENERATED and made[name] != rows[_key(made)][name]
        ]

    async def last(self) -> Any:
        """Return the time of the case that the last row has now."""
        rows = await self.store.rows(f"SELECT * FROM {self.case.table}")
        (last,) = (row for row in rows if _key(row) == _key(self.made[-1]))
        return last[self.case.column]


GENERATED: Final = {"quiet_since", "events_since"}
"""Columns that follow another one by themselves."""


def _key(row: asyncpg.Record) -> tuple[str, ...]:
    """Return what no look at the clock changes of a row."""
    return tuple(repr(value) for value in row.values() if not isinstance(value, datetime))


async def rows_around(store: StoreUnderTest, case: Case) -> Rows:
    """Add rows that are to stay as they are."""
    if case.table == "sessions":
        await store.rows(USER)
    rows, table = Rows(store, case), TABLES[case.table]
    await rows.add()
    if table.optional:
        await rows.add(**dict.fromkeys(table.optional))
    await rows.add(**{case.column: case.longest + SLACK - SOON})
    if table.has_two_keys:
        await rows.add(len(rows.made) + 1, 1 - case.key)
    return rows


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_only_rows_too_far_ahead_come_back_and_one_in_use_later(
    store: StoreUnderTest, case: Case
) -> None:
    rows = await rows_around(store, case)
    for _ in range(2):
        await rows.add(**{case.column: case.longest + SLACK + SOON})
    places = [len(rows.made) - 2, len(rows.made) - 1]
    (begun,) = await store.rows("SELECT clock_timestamp() AS at")
    async with store.database.transaction() as connection:
        held = f"SELECT FROM {case.table} ORDER BY {case.column} DESC NULLS LAST LIMIT 1 FOR UPDATE"
        await connection.execute(held)

        async with asyncio.timeout(60):
            meanwhile = await clock_of(store).catch_up()

    assert (meanwhile, await clock_of(store).catch_up()) == ({case.table: 1}, {case.table: 1})
    (ended,) = await store.rows("SELECT clock_timestamp() AS at")
    assert await rows.changes() == [(place, case.column) for place in places]
    assert begun["at"] <= await rows.last() - case.becomes <= ended["at"]


SETTLED: Final = (
    Case("deliveries", "next_attempt_at", also={"delivered_at": "'epoch'"}),
    Case("deliveries", "next_attempt_at", also={"dead_at": "'epoch'"}),
    Case("mails", "next_attempt_at", also=SENT),
    Case("mails", "next_attempt_at", also={"state": "'dead'", "dead_at": "'epoch'"}),
    Case("incidents", "since"),
)


@pytest.mark.parametrize("case", SETTLED, ids=lambda case: case.name)
async def test_a_time_nothing_waits_for_stays(store: StoreUnderTest, case: Case) -> None:
    rows = Rows(store, case)
    await rows.add(**{case.column: timedelta(days=1)})

    assert await clock_of(store).catch_up() == {}

    assert await rows.changes() == []


async def test_a_time_that_may_lie_ahead_stays_beside_one_that_comes_back(store: StoreUnderTest) -> None:
    mails = Rows(store, Case("mails", "trying_since"))
    await mails.add(next_attempt_at=10 * MINUTE, trying_since=MINUTE)
    connections = Rows(store, Case("connections", "cursor_at", also={"failures": "1"}))
    await connections.add(due_at=15 * MINUTE, cursor_at=MINUTE, baseline_after=REFUSED_PAUSE)
    deliveries = Rows(store, Case("deliveries", "next_attempt_at"))
    await deliveries.add(next_attempt_at=10 * MINUTE, refreshed_at=timedelta(seconds=5))

    await clock_of(store).catch_up()

    assert await mails.changes() == [(0, "trying_since")]
    assert await connections.changes() == [(0, "cursor_at")]
    assert await deliveries.changes() == [(0, "next_attempt_at")]


async def test_the_next_attempt_of_a_sent_mail_stays(store: StoreUnderTest) -> None:
    mails = Rows(store, Case("mails", "trying_since", also=SENT))
    await mails.add(next_attempt_at=10 * MINUTE, trying_since=MINUTE)

    await clock_of(store).catch_up()

    assert await mails.changes() == [(0, "trying_since")]


PUT_OFF: Final = (
    "INSERT INTO mails (mail_id, district_id, kind, occasion, recipients, subject, text, html, time_zone, "
    "next_attempt_at) SELECT gen_random_uuid(), 'd', 'invitation', $1 || n, '{a@b.example}', '', '', '', $2, "
    "$3 FROM generate_series(1, $4) AS n"
)


async def test_mails_are_due_though_many_wait_for_a_quiet_hours_end(store: StoreUnderTest) -> None:
    (row,) = await store.rows("SELECT clock_timestamp() AS now")
    now = row["now"].astimezone(UTC)
    hour, at_night, by_day = timedelta(hours=1), "UTC", "Etc/GMT-12"
    quiet = QuietHours((now - 6 * hour).time(), (now + 6 * hour).time())
    rows = (
        ("later that night ", at_night, 5 * hour, 600),
        ("as late after the night as it may be ", at_night, 6 * hour + 15 * MINUTE + SLACK, 1),
        ("long after the night ", at_night, 7 * hour, 1),
        ("soon, by day ", by_day, 14 * MINUTE, 1),
        ("later, by day ", by_day, 6 * hour, 2),
    )
    for occasion, zone, ahead, count in rows:
        await store.rows(PUT_OFF, occasion, zone, now + ahead, count)
    for occasion in ("sent ", "dead "):
        await store.rows(PUT_OFF, occasion, by_day, now + 6 * hour, 1)
    await store.rows(
        "UPDATE mails SET state = 'sent', handed_at = now(), sent_at = now() WHERE occasion = 'sent 1'"
    )
    await store.rows("UPDATE mails SET state = 'dead', dead_at = now() WHERE occasion = 'dead 1'")

    async with store.database.transaction() as connection:
        await connection.execute("SELECT FROM mails WHERE occasion = 'later, by day 1' FOR UPDATE")
        async with asyncio.timeout(60):
            assert await clock_of(store, quiet).catch_up() == {"mails": 2}
    assert await clock_of(store, quiet).catch_up() == {"mails": 1}

    after = await store.rows("SELECT occasion, next_attempt_at - $1 AS ahead FROM mails", now)
    left: dict[str, set[timedelta]] = {}
    for row in after:
        left.setdefault(row["occasion"].rstrip("0123456789"), set()).add(row["ahead"])
    assert all(ahead < MINUTE for ahead in left.pop("later, by day "))
    assert left == {
        **{occasion: {ahead} for occasion, _zone, ahead, _count in rows if occasion in left},
        "long after the night ": {6 * hour},
        "sent ": {6 * hour},
        "dead ": {6 * hour},
    }


async def test_after_the_clock_is_put_back_a_channel_is_told_what_is_new(store: StoreUnderTest) -> None:
    add = "INSERT INTO alert_channels VALUES ($1, clock_timestamp() + $2::interval)"
    await store.rows(add, "past", AGO)
    await store.rows(add, "ahead", SOON)
    rows = "SELECT since, clock_timestamp() AS at FROM alert_channels WHERE channel = $1"
    (past,) = await store.rows(rows, "past")

    assert await clock_of(store).catch_up() == {"alert_channels": 1}

    (ahead,) = await store.rows(rows, "ahead")
    assert (await store.rows(rows, "past"))[0]["since"] == past["since"]
    assert timedelta(0) <= ahead["at"] - A_LITTLE_BEFORE - ahead["since"] < MINUTE / 2


@pytest.mark.parametrize(
    ("table", "column"), [("inspections", "inspected_at"), ("token_listing", "listed_at")]
)
async def test_what_is_done_once_in_a_while_is_done_again_where_its_last_time_lies_ahead(
    store: StoreUnderTest, table: str, column: str
) -> None:
    await store.rows(f"INSERT INTO {table} ({column}) VALUES (now()) ON CONFLICT DO NOTHING")
    await store.rows(f"UPDATE {table} SET {column} = now() + $1::interval", SLACK - SOON)
    within = await clock_of(store).catch_up()
    await store.rows(f"UPDATE {table} SET {column} = now() + $1::interval", SLACK + SOON)
    ahead = await clock_of(store).catch_up()

    assert (within, ahead) == ({}, {table: 1})
    assert (await store.rows(f"SELECT {column} = 'epoch' AS is_long_ago FROM {table}"))[0]["is_long_ago"]
