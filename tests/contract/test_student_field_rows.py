"""Which records lose fields of students, and when a district is read again for fields that were not kept."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, Json
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.poll import student_fields
from worker.adapters.postgres.poll.student_fields import PostgresStudentFields
from worker.domain.preflight.policy import Policy

MORE: Final[Json] = {
    "student": {"texts": {"dob": "2015", "race": "x", "grade": "3"}, "ext": {"shoe": 1, "hat": 2}}
}
LESS: Final[Json] = {"student": {"texts": {"dob": "2015", "grade": "3"}, "ext": {"hat": 2}}}
TEACHER: Final[Json] = {"teacher": {"texts": {"race": "x"}}}
RECORDS: Final[dict[tuple[str, str], tuple[Json | None, Json | None]]] = {
    # what is kept of it where dob and ext.hat are demanded
    ("user", "a"): (MORE, LESS),
    ("user", "b"): (LESS, LESS),
    ("user", "c"): (MORE | TEACHER, LESS | TEACHER),
    ("user", "d"): (MORE, LESS),
    ("user", "e"): (None, None),
    ("user", "f"): (MORE, LESS),
    ("user", "g"): (TEACHER, TEACHER),
    ("school", "a"): (MORE, MORE),
    ("term", "f"): (MORE, MORE),
}
FIELDS: Final = ("dob", "ext.hat")


async def keep_records(store: StoreUnderTest, table: str) -> None:
    """Have the records in a table, of two districts."""
    column, value = ("event_id", "e") if table == "staged" else ("reason", None)
    for district_id in (DISTRICT, OTHER_DISTRICT):
        for (kind, record_id), (record, _) in RECORDS.items():
            of_it = "unreadable" if value is None and record is None else value
            await store.rows(
                f"INSERT INTO {table} (district_id, kind, record_id, record, {column}) "
                "VALUES ($1, $2, $3, $4, $5)",
                *(district_id, kind, record_id, record, of_it),
            )


async def kept(store: StoreUnderTest, table: str, district_id: str = DISTRICT) -> dict[tuple[str, str], Any]:
    """Return each record with its transaction and place."""
    rows = await store.rows(
        f"SELECT kind, record_id, record, xmin, ctid FROM public.{table} WHERE district_id = $1", district_id
    )
    return {(row["kind"], row["record_id"]): tuple(row[2:]) for row in rows}


def check(before: dict[tuple[str, str], Any], after: dict[tuple[str, str], Any]) -> None:
    """Assert that each record is as it should be, and that those that stay were not written."""
    assert {key: each[0] for key, each in after.items()} == {key: then for key, (_, then) in RECORDS.items()}
    written = {key for key, each in after.items() if each != before[key]}
    assert written == {("user", name) for name in "acdf"}


@pytest.mark.parametrize("table", ["staged", "baseline_records"])
async def test_students_lose_only_the_fields_that_are_not_kept(store: StoreUnderTest, table: str) -> None:
    await keep_records(store, table)
    before, others = await kept(store, table), await kept(store, table, OTHER_DISTRICT)
    forget = student_fields.forget_staged if table == "staged" else student_fields.forget_read

    async with store.database.connection() as connection:
        await forget(connection, DISTRICT, FIELDS)

    check(before, await kept(store, table))
    assert await kept(store, table, OTHER_DISTRICT) == others


async def set_policy(store: StoreUnderTest, version: int, fields: list[str], until: str | None) -> None:
    await store.rows(
        "INSERT INTO policies (district_id, version, policy, actor, until) "
        "VALUES ($1, $2, $3, 'ada', $4::text::timestamptz)",
        *(DISTRICT, version, {"extra_fields": fields}, until),
    )


@pytest.mark.parametrize("until", [None, "infinity"])
async def test_a_few_users_at_a_time_lose_undemanded_fields(store: StoreUnderTest, until: str | None) -> None:
    await store.rows(
        "INSERT INTO districts (district_id, complete_fields, held_fields) "
        "VALUES ($1, NULL, NULL), ($2, NULL, NULL)",
        *(DISTRICT, OTHER_DISTRICT),
    )
    await set_policy(store, 1, ["race"], None)
    await set_policy(store, 2, list(FIELDS), until)
    await set_policy(store, 3, ["ext.shoe"], "-infinity")
    await store.rows(
        "INSERT INTO policies (district_id, version, policy, actor) "
        "VALUES ($1, 9, '{\"extra_fields\": 7}', 'ada')",
        OTHER_DISTRICT,
    )
    await keep_records(store, "staged")
    before, others = await kept(store, "staged"), await kept(store, "staged", OTHER_DISTRICT)

    await PostgresStudentFields(store.database, Policy(), at_once=2).forget()

    after = await kept(store, "staged")
    check(before, after)
    transactions = {key[1]: each[1] for key, each in after.items() if each != before[key]}
    assert transactions["c"] == transactions["d"]
    assert len(set(transactions.values())) == 3
    assert await kept(store, "staged", OTHER_DISTRICT) == others
    rows = await store.rows("SELECT district_id, complete_fields, held_fields FROM districts")
    fields = sorted(FIELDS)
    assert {row[0]: tuple(row[1:]) for row in rows} == {
        DISTRICT: (fields, fields),
        OTHER_DISTRICT: (None, None),
    }


@pytest.mark.parametrize(
    ("read", "is_demanded"),
    [
        (["dob", "ext.hat", "race"], False),
        (["dob", "ext.hat"], False),
        (["dob"], True),
        ([], True),
        (None, True),
    ],
)
async def test_a_district_is_read_again_unless_a_reading_keeps_the_fields_that_are_demanded(
    store: StoreUnderTest, read: list[str] | None, is_demanded: bool
) -> None:
    for district_id in ("a", "b", "c", "d"):
        await store.rows(
            "INSERT INTO connections (district_id, due_at, resync, disconnected_at) "
            "VALUES ($1, 'infinity', $2, $3::text::timestamptz)",
            *(
                district_id,
                "a person asked" if district_id == "b" else None,
                "now" if district_id == "c" else None,
            ),
        )
    for district_id in ("a", "b", "c") if read is not None else ():
        await begin(store, district_id, read)
    await begin(store, "d", None)

    async with store.database.connection() as connection:
        for district_id in ("a", "b", "c"):
            await student_fields.demand_baseline(connection, district_id, FIELDS)

    rows = await store.rows("SELECT district_id, resync, due_at < 'infinity' FROM connections")
    demanded = ("fields of students are demanded that were not kept", True) if is_demanded else (None, False)
    assert {row[0]: tuple(row[1:]) for row in rows} == {
        "a": demanded,
        "b": ("a person asked", False),
        "c": (None, False),
        "d": (None, False),
    }


async def test_a_reading_that_keeps_every_field_keeps_those_that_are_demanded(store: StoreUnderTest) -> None:
    await store.rows("INSERT INTO connections (district_id) VALUES ($1)", DISTRICT)
    await begin(store, DISTRICT, None)

    async with store.database.connection() as connection:
        await student_fields.demand_baseline(connection, DISTRICT, FIELDS)

    (row,) = await store.rows("SELECT resync FROM connections")
    assert row["resync"] is None


async def begin(store: StoreUnderTest, district_id: str, fields: list[str] | None) -> None:
    await store.rows(
        "INSERT INTO baselines (district_id, run, seed, overlap, floor, collections, student_fields) "
        "VALUES ($1, gen_random_uuid(), '', '', '', '{}', $2)",
        *(district_id, fields),
    )
