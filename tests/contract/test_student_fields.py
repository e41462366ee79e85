"""Of students only what something asks for is kept; a demand for more has a district read again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from tests.support.builders.records import (
    DISTRICT,
    Json,
    event_id,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
)
from tests.support.fixtures.people import Feed, adopt, evaluate
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.adapters.postgres.poll.student_fields import PostgresStudentFields
from worker.domain.preflight.policy import Policy
from worker.pipeline.poll.baseline import staged_records
from worker.pipeline.poll.baseline_store import Run
from worker.pipeline.poll.clever import COLLECTIONS, Token

MARK = "Quillfeather"
SENSITIVE = (
    *("dob", "gender", "race", "hispanic_ethnicity", "ell_status", "frl_status", "iep_status"),
    "graduation_year",
)
STUDENTS = range(1, 4)
CONNECTED = Policy(needs_baseline=True)
EVERY_TABLE = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"""


def student(number: int, **values: str) -> Json:
    """Return a student with a mark in every field that nothing asks for by itself."""
    marked = {name: f"{MARK}-{name}" for name in SENSITIVE} | values
    return student_json(number, {**marked, "ext": {"house": f"{MARK}-ext.house", "shoe": f"{MARK}-ext.shoe"}})


def records() -> dict[str, list[Json]]:
    return {
        "schools": [school_json()],
        "users": [*(student(number) for number in STUDENTS), teacher_json()],
        "sections": [section_json(students=[record_id(number) for number in STUDENTS])],
    }


async def published(store: StoreUnderTest) -> Feed:
    """Send the district as events, and have it evaluated."""
    feed = Feed(store)
    await feed.send(*((name, row) for name, rows in records().items() for row in rows))
    await evaluate(store)
    return feed


async def read_whole(store: StoreUnderTest, seed: int = 100) -> Run:
    run = await store.baselines.begin(DISTRICT, event_id(seed), "", COLLECTIONS)
    while run.collection is not None:
        rows = list(records().get(run.collection, []))
        page = staged_records(run.collection, rows, DISTRICT, run.student_fields)
        run = await store.baselines.add(run, page, None)
    return run


async def marks(store: StoreUnderTest) -> set[str]:
    """Return the fields of which a value stands in any table."""
    kept = ""
    for row in await store.rows(EVERY_TABLE):
        rows = await store.rows(f"SELECT t::text AS kept FROM {row['relname']} t")
        kept += "".join(one["kept"] for one in rows)
    names = (*SENSITIVE, "ext.house", "ext.shoe")
    return {name for name in names if f"{MARK}-{name}" in kept}


async def demanded_baseline(store: StoreUnderTest) -> str | None:
    row = (await store.rows("SELECT resync FROM connections"))[0]
    return None if row["resync"] is None else str(row["resync"])


@pytest.fixture
async def connected(database_url: str) -> AsyncIterator[StoreUnderTest]:
    async with opened_store(database_url, CONNECTED) as store:
        await store.connections.listed({DISTRICT: Token("a token")})
        assert await adopt(store, await read_whole(store)) == ["commit"]
        yield store


async def test_what_nothing_asks_for_is_in_no_table_after_events_are_evaluated(store: StoreUnderTest) -> None:
    await published(store)

    assert await marks(store) == set()
    assert (await store.districts.show(DISTRICT))["status"] == "rostered"
    assert (await store.districts.show(DISTRICT))["fields_not_kept"] == []


async def test_a_baseline_is_read_without_what_nothing_asks_for(connected: StoreUnderTest) -> None:
    await read_whole(connected, 101)

    assert await marks(connected) == set()


@pytest.mark.parametrize(
    "policy",
    [
        Policy(required_fields=("sis_id", "dob", "ext.house")),
        Policy(unique_fields=("sis_id", "dob", "ext.house")),
        Policy(extra_fields=("dob", "ext.house")),
    ],
    ids=["required", "unique", "extra"],
)
async def test_what_settings_demand_is_kept(database_url: str, policy: Policy) -> None:
    async with opened_store(database_url, policy) as store:
        await published(store)

        assert await marks(store) == {"dob", "ext.house"}


async def test_a_connected_district_is_read_again_for_a_missing_field(connected: StoreUnderTest) -> None:
    await connected.districts.set_policy(DISTRICT, {"required_fields": ["dob"]}, "ada")
    first = await evaluate(connected)
    demanded = await demanded_baseline(connected)
    waiting = (await connected.districts.show(DISTRICT))["fields_not_kept"]

    run = await read_whole(connected, 101)
    meanwhile = await evaluate(connected)
    outcomes = await adopt(connected, run)

    assert first == ["review"]
    assert demanded == "fields of students are demanded that were not kept"
    assert waiting == ["dob"]
    assert meanwhile == []
    assert outcomes == ["commit"]
    assert await demanded_baseline(connected) is None
    assert await marks(connected) == {"dob"}
    shown = await connected.districts.show(DISTRICT)
    assert (shown["fields_not_kept"], shown["findings"]["by_code"]) == ([], {})


async def test_a_baseline_that_began_before_the_demand_does_not_answer_it(connected: StoreUnderTest) -> None:
    run = await read_whole(connected, 101)
    await connected.districts.set_policy(DISTRICT, {"required_fields": ["dob"]}, "ada")

    await adopt(connected, run)

    assert await demanded_baseline(connected) is not None
    assert (await connected.districts.show(DISTRICT))["fields_not_kept"] == ["dob"]


async def test_without_clever_the_district_is_shown_to_need_a_baseline(store: StoreUnderTest) -> None:
    await published(store)
    await store.districts.set_policy(DISTRICT, {"required_fields": ["dob"]}, "ada")

    outcomes = await evaluate(store)

    shown = await store.districts.show(DISTRICT)
    assert outcomes == ["review"]
    assert shown["findings"]["by_code"] == {"student.field_missing": len(STUDENTS)}
    assert shown["fields_not_kept"] == ["dob"]


async def test_the_values_go_with_the_policy_that_demanded_them(store: StoreUnderTest) -> None:
    await store.districts.set_policy(DISTRICT, {"required_fields": ["dob", "ext.house"]}, "ada")
    await published(store)
    before = await marks(store)

    await store.districts.set_policy(DISTRICT, {"required_fields": ["ext.house"]}, "ada")
    await evaluate(store)

    assert before == {"dob", "ext.house"}
    assert await marks(store) == {"ext.house"}


async def stage_as_before(store: StoreUnderTest, numbers: Sequence[int] = STUDENTS) -> None:
    """Leave the district as a version left it that kept every field."""
    for number in numbers:
        (record,) = staged_records("users", [student(number)], DISTRICT)
        await store.rows(
            "UPDATE staged SET record = $1::text::jsonb WHERE kind = 'user' AND record_id = $2",
            record.record,
            record.record_id,
        )
    await store.rows("UPDATE districts SET complete_fields = NULL, held_fields = NULL")


async def test_what_an_older_version_kept_is_deleted_a_few_at_a_time(store: StoreUnderTest) -> None:
    await published(store)
    await stage_as_before(store)
    before = await marks(store)

    await PostgresStudentFields(store.database, Policy(extra_fields=("dob",)), at_once=2).forget()

    row = (await store.rows("SELECT complete_fields, held_fields FROM districts"))[0]
    assert len(before) == len(SENSITIVE) + 2
    assert await marks(store) == {"dob"}
    assert (row["complete_fields"], row["held_fields"]) == (["dob"], ["dob"])


async def test_what_an_older_version_kept_needs_no_new_baseline(connected: StoreUnderTest) -> None:
    await stage_as_before(connected)
    await connected.districts.set_policy(DISTRICT, {"required_fields": ["dob"]}, "ada")

    outcomes = await evaluate(connected)
    await PostgresStudentFields(connected.database, CONNECTED).forget()

    assert outcomes == ["unchanged"]
    assert await demanded_baseline(connected) is None
    assert await marks(connected) == {"dob"}


async def test_an_older_versions_baseline_leaves_what_is_asked_for(connected: StoreUnderTest) -> None:
    run = await connected.baselines.begin(DISTRICT, event_id(101), "", COLLECTIONS)
    await connected.rows("UPDATE baselines SET student_fields = NULL")
    while run.collection is not None:
        page = staged_records(run.collection, list(records().get(run.collection, [])), DISTRICT)
        run = await connected.baselines.add(run, page, None)
    before = await marks(connected)

    await adopt(connected, run)

    assert before
    assert await marks(connected) == set()
