"""What the database does wrong is never charged to the district in hand, and ends no stage."""

from __future__ import annotations

from datetime import timedelta

import pytest

from schemas import clever
from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, Json, event_id, record_id, student_json
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.records import KINDS
from worker.pipeline.evaluate.record_decision import Decided
from worker.pipeline.evaluate.stage import FAILURE_LIMIT, EvaluateStage
from worker.pipeline.evaluate.unit_of_work import Evaluation
from worker.pipeline.ingest import translate
from worker.pipeline.ingest.inbox import Arrival
from worker.runtime import logs
from worker.runtime.errors import StoreContended, StoreFailed, StoreUnavailable
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import Span

AT_ONCE = WindowLimits(timedelta(0), timedelta(hours=1), 5000, timedelta(hours=1))
PERSON = "Tamsin Fernquay"
FAULTS = ["57014", "42501", "42P01", "53200", "53100", "53300", "55P03", "57P01", "40001", "XX000", "P0001"]


async def happen(store: StoreUnderTest, district: str, number: int = 1) -> None:
    """Store a student of a district."""
    student: Json = student_json(number, district=district)
    kind = KINDS["users"]
    assert kind is not None
    text = translate.staged_json(clever.read_record("users", student, district))
    arrival = Arrival(district, event_id(number), kind, record_id(number), text)
    await store.inbox.store([arrival], [], [])


async def break_down(store: StoreUnderTest, state: str, district: str = DISTRICT) -> None:
    """Have PostgreSQL fail with a SQLSTATE whenever something of a district is staged."""
    await store.rows("DROP TRIGGER IF EXISTS fault ON staged")
    await store.rows(
        "CREATE OR REPLACE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{PERSON}' USING ERRCODE = '{state}'; END $$"
    )
    await store.rows(
        "CREATE TRIGGER fault BEFORE INSERT ON staged FOR EACH ROW "
        f"WHEN (NEW.district_id = '{district}') EXECUTE FUNCTION fault()"
    )


async def mended(store: StoreUnderTest) -> None:
    await store.rows("DROP TRIGGER fault ON staged")
    await be_due(store)


async def be_due(store: StoreUnderTest) -> None:
    """Let the time pass for which a district is put off."""
    await store.rows("UPDATE evaluation_failures SET not_before = now()")


async def batches(store: StoreUnderTest) -> list[str]:
    rows = await store.rows("SELECT district_id FROM batches ORDER BY district_id")
    return [row["district_id"] for row in rows]


async def test_a_fault_of_the_database_parks_no_district(store: StoreUnderTest) -> None:
    stage = EvaluateStage(store.evaluations, AT_ONCE, Metrics())
    counted = dict[str, list[tuple[int, object]]]()
    for number, state in enumerate(FAULTS, start=1):
        await happen(store, DISTRICT, number)
        await break_down(store, state)

        for _ in range(FAILURE_LIMIT + 1):
            with pytest.raises(StoreUnavailable):
                await stage.once()
            await be_due(store)
        rows = await store.rows("SELECT failures, parked_at FROM evaluation_failures")
        counted[state] = [(row["failures"], row["parked_at"]) for row in rows]
        await mended(store)
        await stage.once()

    assert all(found in ([], [(0, None)]) for found in counted.values()), counted
    assert await batches(store) == [DISTRICT] * len(FAULTS)


async def test_a_fault_of_one_district_is_told_and_holds_no_other_up(store: StoreUnderTest) -> None:
    await happen(store, DISTRICT)
    await happen(store, OTHER_DISTRICT)
    await break_down(store, "XX001")
    metrics = Metrics()
    stage = EvaluateStage(store.evaluations, AT_ONCE, metrics)

    with pytest.raises(StoreFailed) as raised:
        await stage.once()
    await stage.once()

    shown = logs.shown(raised.value)
    assert await batches(store) == [OTHER_DISTRICT]
    assert (shown["error"], shown["sqlstate"], shown["table"]) == ("DataCorruptedError", "XX001", "staged")
    assert shown["where"].startswith("adapters/postgres/evaluation/staged_roster.py")
    assert PERSON not in str(shown)
    assert metrics.registry.get_sample_value("rostering_evaluation_failures_total") == 0


async def test_a_district_whose_own_data_is_refused_is_counted_and_parked(store: StoreUnderTest) -> None:
    await happen(store, DISTRICT)
    await break_down(store, "23514")
    stage = EvaluateStage(store.evaluations, AT_ONCE, Metrics())

    for _ in range(FAILURE_LIMIT):
        assert await stage.once()
        await be_due(store)

    (counted,) = await store.rows("SELECT failures, parked_at, error FROM evaluation_failures")
    assert (counted["failures"], counted["parked_at"] is None) == (FAILURE_LIMIT, False)
    assert PERSON not in counted["error"]
    assert "23514" in counted["error"]


@pytest.mark.parametrize("error", [OSError(28, "no space left"), MemoryError()])
async def test_a_fault_of_this_machine_parks_no_district(store: StoreUnderTest, error: Exception) -> None:
    class Exhausted(EvaluateStage):
        async def _evaluate(self, _evaluation: Evaluation, _span: Span) -> Decided | None:
            raise error

    await happen(store, DISTRICT)

    with pytest.raises((OSError, MemoryError, StoreUnavailable)):
        await Exhausted(store.evaluations, AT_ONCE, Metrics()).once()

    assert not await store.rows("SELECT FROM evaluation_failures WHERE failures > 0")


async def test_a_transaction_in_anothers_way_is_done_again(store: StoreUnderTest) -> None:
    tries = 0

    async def work(connection: object) -> int:
        nonlocal tries
        tries += 1
        if tries < 3:
            await connection.execute(  # type: ignore[attr-defined]
                "DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$"
            )
        return tries

    done = await store.database.in_transaction(work)

    assert done == 3
    assert issubclass(StoreContended, StoreUnavailable)
    assert issubclass(StoreFailed, StoreUnavailable)


@pytest.mark.parametrize(
    "broken",
    [
        """INSERT INTO policies (district_id, version, policy, actor)
           VALUES ($1, 1, '{"removal_limit_percent": "many"}', 'x')""",
        "INSERT INTO filters (district_id, version, filter, actor) VALUES ($1, 1, '{\"no_such\": 1}', 'x')",
    ],
    ids=["policy", "filter"],
)
@pytest.mark.alone("asks for every district that an old policy concerns")
async def test_a_district_with_unreadable_settings_is_put_aside(store: StoreUnderTest, broken: str) -> None:
    await happen(store, DISTRICT)
    await happen(store, OTHER_DISTRICT)
    earlier = "UPDATE windows SET opened_at = now() - interval '1 min' WHERE district_id = $1"
    await store.rows(earlier, DISTRICT)
    await store.rows(broken, DISTRICT)
    stage = EvaluateStage(store.evaluations, AT_ONCE, Metrics())

    await store.evaluations.demand_policy()
    await stage.once()
    await stage.once()

    (counted,) = await store.rows("SELECT district_id, failures FROM evaluation_failures")
    assert (counted["district_id"], counted["failures"]) == (DISTRICT, 1)
    assert await batches(store) == [OTHER_DISTRICT]
