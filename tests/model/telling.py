"""Each step of a story, told to the store and to the model."""

from __future__ import annotations

import random
from collections.abc import Awaitable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from tests.model.comparing import (
    compare_findings,
    compare_full_run,
    compare_plan,
    compare_roster,
    consume,
    digest_of,
    with_those_who_left,
)
from tests.model.mirror import DISTRICT, Model, happen, policy_of
from tests.model.stories import (
    STRICT_GUARDS,
    ApproveMeanwhile,
    Restored,
    Resync,
    Rollback,
    Said,
    Temporary,
    Vanish,
    whole_district,
)
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.preflight.approval import GUARDS
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.records import Json, RecordKind
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter
from worker.operations.rollback import roll_back
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.poll.baseline_store import BaselineRecord
from worker.runtime.errors import OrderRefused


async def take(
    step: Any, model: Model, store: StoreUnderTest, rng: random.Random, stage: EvaluateStage
) -> None:
    if isinstance(step, SectionFilter):
        await store.districts.set_filter(DISTRICT, step, "test")
        model.section_filter = step
    elif isinstance(step, dict | Temporary):
        await _set_policy(step, model, store)
    elif isinstance(step, Resync):
        await _resync(step, model, store, rng, stage)
    elif isinstance(step, Rollback):
        await _roll_back(step, model, store)
    elif isinstance(step, Said):
        await _say(step, model, store)
    elif isinstance(step, ApproveMeanwhile):
        await _approve_meanwhile(step, model, store, rng, stage)
    elif isinstance(step, Restored):
        for each in (KEEP_ALL, STRICT_GUARDS, whole_district()):
            await take(each, model, store, rng, stage)
    else:
        changes = (
            [(RecordKind.USER, one, None) for one in step.students] if isinstance(step, Vanish) else step
        )
        arrivals = happen(changes, model)
        rng.shuffle(arrivals)
        await store.inbox.store([*arrivals, *arrivals[:3]], [], [])


async def _set_policy(step: dict[str, Any] | Temporary, model: Model, store: StoreUnderTest) -> None:
    ends = isinstance(step, Temporary)
    policy = step.policy if isinstance(step, Temporary) else step
    until = datetime.now(UTC) + timedelta(hours=1) if ends else None
    await store.districts.set_policy(DISTRICT, policy, "test", until=until)
    model.policies.append((policy_of(policy), ends))


async def _approve_meanwhile(
    step: ApproveMeanwhile, model: Model, store: StoreUnderTest, rng: random.Random, stage: EvaluateStage
) -> None:
    await _say(Said.APPROVE, model, store)
    approved = model.approved
    await take(step.meanwhile, model, store, rng, stage)
    if step.is_overtaken:
        await store.districts.flush(DISTRICT, "test")
    elif approved is not None and isinstance(step.meanwhile, list):
        # The evaluation takes none of these events: it is the approved plan that is committed.
        assert await stage.once()
        await consume(model, store)
        assert model.used[-1] == (model.commits, approved)


async def _say(said: Said, model: Model, store: StoreUnderTest) -> None:
    """Say it; what does not fit the district is refused, and changes nothing."""
    match said:
        case Said.HOLD:
            assert await _is_allowed(store.districts.hold(DISTRICT, "test", "r")) is not model.is_held
            model.is_held = True
        case Said.RESUME:
            assert await _is_allowed(store.districts.resume(DISTRICT, "test", "r")) is model.is_held
            model.is_held = False
        case Said.APPROVE | Said.APPROVE_ANOTHER:
            plan = (await store.districts.show(DISTRICT))["plan"]["digest"]
            asked = plan if said is Said.APPROVE else to_hex(int(plan, 16) + 1)
            errors = [finding for finding in model.judged().findings if finding.is_error]
            fits = bool(errors) and all(finding.code in GUARDS for finding in errors) and not model.is_held
            allowed = await _is_allowed(store.districts.approve(DISTRICT, asked, "test", "r"))
            assert allowed is (fits and said is Said.APPROVE)
            model.approved = asked if allowed else model.approved
        case Said.TIME_PASSES:
            await store.rows("UPDATE policies SET until = until - interval '2 hours'")
            await store.rows("UPDATE districts SET reevaluate_at = reevaluate_at - interval '2 hours'")
            model.policies = [(policy, ends) for policy, ends in model.policies if not ends]
        case Said.HALF_A_DAY_PASSES:
            await store.rows("UPDATE guard_history SET committed_at = committed_at - interval '13 hours'")
            await store.rows("UPDATE districts SET reevaluate_at = reevaluate_at - interval '13 hours'")
            for recent in model.recent:
                recent.hours_ago += 13
        case Said.DAY_PASSES:
            await _pass_a_day(model, store)


async def _pass_a_day(model: Model, store: StoreUnderTest) -> None:
    """Move everything that has a day, or was done on one, back by a day: no test can wait for the next."""
    for key, record in model.records.items():
        if key[0] is RecordKind.TERM:
            days = {side: record[side] for side in ("start", "end") if side in record}
            earlier: Json = {
                side: str(date.fromisoformat(day) - timedelta(days=1)) for side, day in days.items()
            }
            model.records[key] = {**record, **earlier}
            await store.rows(
                "UPDATE staged SET record = $2 WHERE kind = 'term' AND record_id = $1",
                key[1],
                model.records[key],
            )
    await store.rows("UPDATE districts SET evaluated_on = evaluated_on - 1")
    await store.rows("UPDATE districts SET reevaluate_at = reevaluate_at - interval '1 day'")


async def _is_allowed(order: Awaitable[None]) -> bool:
    try:
        await order
    except OrderRefused:
        return False
    return True


async def _resync(
    step: Resync, model: Model, store: StoreUnderTest, rng: random.Random, stage: EvaluateStage
) -> None:
    missed = happen(step.missed, model)
    # A few of the missed events turn up after all, and must not put back what is over.
    late = [missed[-2], *rng.sample(missed[:-2], min(3, len(missed) - 2))]
    if step.seed != "newest":
        # Without the feed's word on its newest event, what is stored before the baseline counts as older.
        await store.inbox.store(late, [], [])
    seed = {"newest": model.events, "older": model.events - len(missed)}.get(step.seed, 0)
    collections = ["schools", "terms", "courses", "users", "sections"]
    run = await store.baselines.begin(DISTRICT, f"{seed:024x}" if seed else "", "", collections)
    read = [
        BaselineRecord(kind, record_id, orjson.dumps(record).decode())
        for (kind, record_id), record in model.records.items()
    ]
    since = happen(step.since, model)
    for page in (read[:10], read[8:20], read[20:], []):
        run = await store.baselines.add(run, page, None)
    await store.baselines.believe(run, moves_cursor=True)
    if step.is_overtaken:
        await store.inbox.store(since, [], [])
        while await stage.once():
            pass
    await store.inbox.store([*since, *late], [], [])
    await store.baselines.ready(run, close_window=True)


async def _roll_back(step: Rollback, model: Model, store: StoreUnderTest) -> None:
    """Roll back, and hold all that is kept up to the rules before anything else is evaluated."""
    others = [number for number, roster in enumerate(model.past, start=1) if roster != model.committed]
    if not others:
        return
    target = others[step.choice % len(others)]
    await roll_back(store.rollbacks, DISTRICT, target, "test", "a model")
    await consume(model, store)
    assert digest_of(model.committed) == digest_of(model.past[target - 1])
    judged = await with_those_who_left(model.judged(), model, store)
    await compare_findings(judged, store)
    await compare_roster(judged, store)
    await compare_plan(judged, model, store)
    await compare_full_run(store)
    assert [row["district_id"] for row in await store.rows("DELETE FROM holds RETURNING *")] == [DISTRICT]
    model.is_held = False
    await store.districts.flush(DISTRICT, "test")
