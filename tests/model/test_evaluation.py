"""The store's incremental evaluation, held step by step to the rules applied to everything at once."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

import orjson
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from oracle import Committed, Judged, Records, judge
from store_fixtures import PostgresServer, StoreUnderTest, opened_store

from worker.domain.approval import GUARDS
from worker.domain.canonical import to_bytes, to_hex
from worker.domain.filter import KEEP_ALL, SectionFilter
from worker.domain.policy import Code, Policy, Severity
from worker.domain.preflight import DistrictContext, Removal, district_findings
from worker.domain.records import Json, Kind
from worker.domain.roster import digest
from worker.domain.window import WindowLimits
from worker.errors import OrderRefused
from worker.ports.baselines import BaselineRecord
from worker.ports.inbox import Arrival
from worker.rollback import roll_back
from worker.stages.evaluate import EvaluateStage
from worker.stages.evaluate import judge as judge_in_store
from worker.stages.relay import body
from worker.telemetry import Metrics

DISTRICT = "d1"
LIMITS = WindowLimits(timedelta(0), timedelta(hours=1), 1000, timedelta(hours=1))
TODAY = datetime.now(UTC).date()

STUDENTS = [f"s{number:02}" for number in range(14)]
TEACHERS = ["t1", "t2"]
SECTIONS = ["c1", "c2", "c3", "c4"]
SCHOOLS = ["h1", "h2"]
COURSES = ["k1", "k2"]
TERMS = ["m1", "m2"]

maybe = st.none()
grades = st.sampled_from(["3", "4"])


def _texts(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}


students = st.builds(
    lambda sis_id, grade, school, first: {
        "student": {
            "texts": _texts(first_name=first, last_name="X", sis_id=sis_id, grade=grade, school_id=school)
        }
    },
    st.one_of(maybe, st.sampled_from(["s01", "s02", "1"]), st.integers(10, 9999).map(str)),
    st.one_of(grades, grades, maybe),
    st.sampled_from([*SCHOOLS, *SCHOOLS, None]),
    st.sampled_from(["A", "B", None]),
)
teachers = st.builds(lambda name: {"teacher": {"last_name": name}}, st.sampled_from(["P", "Q"]))
sections = st.builds(
    lambda name, school, course, term, listed, taught: {
        **_texts(name=name, school_id=school, course_id=course, term_id=term),
        "students": sorted(listed),
        "teachers": sorted(taught),
    },
    st.sampled_from(["Homeroom 1", "Homeroom 2", "Math"]),
    st.sampled_from([*SCHOOLS, None]),
    st.sampled_from([*COURSES, None]),
    st.sampled_from([*TERMS, None]),
    st.sets(st.sampled_from([*STUDENTS, "nobody"])),
    st.sets(st.sampled_from([*TEACHERS, "nobody"]), max_size=2),
)
schools = st.builds(lambda name: {"name": name}, st.sampled_from(["North", "South"]))
courses = st.builds(lambda name: {"name": name}, st.sampled_from(["Advisory", "Algebra"]))
terms = st.builds(
    lambda start, end: _texts(name="T", start=start, end=end),
    st.sampled_from([None, str(TODAY), str(TODAY + timedelta(days=3))]),
    st.sampled_from([None, str(TODAY), str(TODAY - timedelta(days=3))]),
)


def _change(kind: Kind, ids: list[str], records: st.SearchStrategy[Json]) -> st.SearchStrategy[Any]:
    record = st.one_of(records, records, records, maybe)
    return st.tuples(st.just(kind), st.sampled_from(ids), record)


changes = st.one_of(
    _change(Kind.USER, STUDENTS, st.one_of(students, students, students, teachers)),
    _change(Kind.USER, STUDENTS, students),
    _change(Kind.USER, TEACHERS, teachers),
    _change(Kind.SECTION, SECTIONS, sections),
    _change(Kind.SECTION, SECTIONS, sections),
    _change(Kind.SCHOOL, SCHOOLS, schools),
    _change(Kind.COURSE, COURSES, courses),
    _change(Kind.TERM, TERMS, terms),
)


def _rule(name: str, op: str, value: str) -> Json:
    return {"all": [{"field": name, "op": op, "value": value}]}


filters = st.builds(
    lambda rules, strategy, scope, current: SectionFilter.model_validate(
        {"rules": rules, "strategy": strategy, "scope": scope, "current_term_only": current}, strict=False
    ),
    st.lists(
        st.sampled_from(
            [
                _rule("name", "contains", "homeroom"),
                _rule("name", "is", "math"),
                _rule("course_name", "starts_with", "adv"),
                _rule("school", "is", "north"),
                _rule("school", "is_not", "h1"),
            ]
        ),
        max_size=2,
    ),
    st.sampled_from(["union", "first_match"]),
    st.sampled_from([{}, {}, {"grades": ["3"]}, {"schools": ["h1"]}]),
    st.booleans(),
)
policies = st.builds(
    lambda required, unique, floor, severity, removal: {
        "required_fields": required,
        "unique_fields": unique,
        "removal_limit_floor": floor,
        "severities": {
            Code.FIELD_MISSING.value: severity.value,
            Code.DUPLICATE_IDENTITY.value: severity.value,
            Code.SCHOOL_MASS_REMOVAL.value: removal.value,
        },
    },
    st.sampled_from([["sis_id"], ["first_name", "grade"], []]),
    st.sampled_from([["sis_id"], ["sis_id", "first_name"], []]),
    st.sampled_from([0, 2, 10]),
    st.sampled_from(Severity),
    st.sampled_from(Severity),
)


@dataclass(frozen=True)
class Resync:
    """A hole in the feed (`missed`), a baseline that mends it, and what happened `since` it began."""

    missed: list[Any]
    since: list[Any]
    is_large: bool
    """Whether the whole district is looked at again, or only what the baseline changed."""
    is_overtaken: bool
    """Whether what happened since was evaluated before the baseline was ready."""
    seed: str
    """What the feed tells of its newest event: the truth, nothing (it was emptied), or an older one."""


@dataclass(frozen=True)
class Rollback:
    """A person takes the district back to an earlier commit, looks, and lets its commits go on."""

    choice: int
    """Which of the commits whose roster was another one."""


GHOST = "s99"
"""A student who came and went in the hole; his coming turns up late."""

resyncs = st.builds(
    lambda missed, since, ghost, one, other, is_large, is_overtaken, seed: Resync(
        [*missed, (Kind.SECTION, "c1", one), (Kind.USER, GHOST, ghost), (Kind.USER, GHOST, None)],
        [*since, (Kind.SECTION, "c1", other)],
        is_large,
        is_overtaken,
        seed,
    ),
    st.lists(changes, max_size=20),
    st.lists(changes, max_size=4),
    students,
    sections,
    sections,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["newest", "none", "older"]),
)


@dataclass(frozen=True)
class Temporary:
    """A policy with an end that is still to come."""

    policy: dict[str, Any]


class Said(Enum):
    """What a person says, or time brings."""

    HOLD = "hold"
    RESUME = "resume"
    APPROVE = "approve"
    APPROVE_ANOTHER = "approve a plan that is not the one there is"
    TIME_PASSES = "every policy with an end has ended"
    DAY_PASSES = "the days of terms are one nearer, or one longer ago"


@dataclass(frozen=True)
class ApproveMeanwhile:
    """An approval, and what happens before it is all over."""

    meanwhile: list[Any] | SectionFilter | dict[str, Any]
    is_overtaken: bool
    """Whether it happens, and asks to be looked at, before an evaluation has seen the approval."""


@dataclass(frozen=True)
class Restored:
    """Everything is as it was in the beginning, and judged by little more than the guards."""


@dataclass(frozen=True)
class Vanish:
    """Students leave, of whom nothing else is wrong: all that stands against it is a guard."""

    students: list[str]


STRICT_GUARDS: dict[str, Any] = {
    "required_fields": [],
    "unique_fields": [],
    "removal_limit_floor": 0,
    "severities": {},
}
"""A policy that lets few removals through; the usual floor is most of so small a district."""

vanishings = st.lists(st.sampled_from(STUDENTS), min_size=3, max_size=12, unique=True).map(Vanish)
harmless = st.tuples(st.sampled_from(STUDENTS), st.sampled_from(["A", "B"])).map(
    lambda named: [(Kind.USER, named[0], _student(*named))]
)
"""Somebody's name changes (or he comes back), which makes another plan and no error."""
approvals_meanwhile = st.builds(
    ApproveMeanwhile,
    st.one_of(harmless, harmless, st.lists(changes, min_size=1, max_size=3), filters, policies),
    st.booleans(),
)
steps = st.one_of(
    st.sampled_from(Said),
    vanishings,
    approvals_meanwhile,
    policies.map(Temporary),
    resyncs,
    st.lists(changes, min_size=1, max_size=25),
    st.lists(changes, min_size=1, max_size=4),
    st.lists(changes, min_size=1, max_size=4),
    filters,
    policies,
)


any_step = steps.map(lambda step: step)  # as one choice among others, and not as the many it is made of
opinions = st.one_of(
    # Students leave a district that nothing else is wrong with, and somebody looks at that.
    st.tuples(st.just(Restored()), vanishings, approvals_meanwhile, any_step),
    st.tuples(st.just(Restored()), vanishings, st.one_of(st.just(Said.APPROVE), any_step), any_step),
    st.tuples(
        st.just(Restored()),
        st.just(Said.HOLD),
        st.one_of(vanishings, any_step),
        any_step,
        st.just(Said.RESUME),
    ),
    st.tuples(st.just(Restored()), policies.map(Temporary), any_step, st.just(Said.TIME_PASSES)),
    # Days pass over a district whose terms have days.
    st.tuples(
        st.just(Restored()),
        st.just(SectionFilter(current_term_only=True)),
        st.lists(_change(Kind.TERM, TERMS, terms), min_size=1, max_size=2),
        st.just(Said.DAY_PASSES),
        st.lists(changes, min_size=1, max_size=3),
        st.just(Said.DAY_PASSES),
    ),
)
"""What people and time do to a district, each from a state in which it shows."""


def _student(student: str, name: str) -> Json:
    """A student about whom nothing is wrong."""
    texts = _texts(first_name=name, last_name="X", sis_id=student, grade="3", school_id="h1")
    return {"student": {"texts": texts}}


def _whole_district(gone: frozenset[str] = frozenset(), turn: int = 0, name: str = "F") -> list[Any]:
    """A district without an error: each student in one of the sections, with all that it points to."""
    people = [
        (Kind.USER, student, None if student in gone else _student(student, f"{name}{student}"))
        for student in STUDENTS
    ]
    held = [
        (
            Kind.SECTION,
            section,
            {
                **_texts(name="Homeroom 1", school_id="h1", course_id="k1", term_id="m1"),
                "students": STUDENTS[(number + turn) % len(SECTIONS) :: len(SECTIONS)],
                "teachers": ["t1"],
            },
        )
        for number, section in enumerate(SECTIONS)
    ]
    beside = [
        (Kind.USER, "t1", {"teacher": {"last_name": name}}),
        (Kind.SCHOOL, "h1", {"name": "North"}),
        (Kind.COURSE, "k1", {"name": "Advisory"}),
        (Kind.TERM, "m1", {"name": "T"}),
    ]
    return [*people, *held, *beside]


whole_districts = st.builds(
    _whole_district,
    st.frozensets(st.sampled_from(STUDENTS), max_size=6),
    st.integers(0, 3),
    st.sampled_from(["F", "G"]),
)
rollbacks = st.builds(Rollback, st.integers(0, 99))
FIVE_LEAVE = Vanish(STUDENTS[:5])
SOMEBODY_IS_RENAMED = [(Kind.USER, STUDENTS[-1], _student(STUDENTS[-1], "B"))]
APPROVED_TOO_LATE = ApproveMeanwhile(SOMEBODY_IS_RENAMED, is_overtaken=True)
APPROVED_AND_MADE_STRICTER = ApproveMeanwhile(
    STRICT_GUARDS | {"required_fields": ["email"]}, is_overtaken=True
)
APPROVED_IN_TIME = ApproveMeanwhile(SOMEBODY_IS_RENAMED, is_overtaken=False)


@dataclass
class Model:
    """What the district should be, kept beside the store."""

    records: Records = field(default_factory=dict)
    section_filter: SectionFilter = KEEP_ALL
    policies: list[tuple[Policy, bool]] = field(default_factory=lambda: [(Policy(), False)])
    """Each with whether it has an end, which is still to come."""
    is_held: bool = False
    approved: str | None = None
    """The digest of the plan that is approved."""
    used: list[tuple[int, str]] = field(default_factory=list)
    """The commits that nothing but an approval let through, each with the digest that was approved."""
    committed: dict[tuple[str, str], Json] = field(default_factory=dict)
    past: list[dict[tuple[str, str], Json]] = field(default_factory=list)
    """The roster after each commit."""
    events: int = 0

    @property
    def commits(self) -> int:
        return len(self.past)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.policies[-1][0]

    def judged(self) -> Judged:
        students = {
            record_id: record["school_id"]
            for (kind, record_id), record in self.committed.items()
            if kind == "student"
        }
        return judge(DISTRICT, self.records, self.section_filter, self.policy, TODAY, Committed(students))


EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "12"))
"""Stories of each kind; `make test-full` tells more."""
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(story=st.lists(steps, min_size=1, max_size=8), seed=st.integers(0, 99))
def test_whatever_happens_the_store_says_what_the_rules_say(
    postgres_server: PostgresServer, story: list[Any], seed: int
) -> None:
    asyncio.run(_live_through(postgres_server, story, random.Random(seed)))  # noqa: S311 — shuffles events


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(
    story=st.lists(
        st.one_of(whole_districts, rollbacks, whole_districts, rollbacks, steps), min_size=4, max_size=10
    ),
    seed=st.integers(0, 99),
)
def test_after_any_rollback_the_consumers_digest_is_the_old_one_and_the_store_says_what_the_rules_say(
    postgres_server: PostgresServer, story: list[Any], seed: int
) -> None:
    asyncio.run(_live_through(postgres_server, story, random.Random(seed)))  # noqa: S311 — shuffles events


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(chapters=st.lists(opinions, min_size=2, max_size=4), seed=st.integers(0, 99))
@example(chapters=[(Restored(), FIVE_LEAVE, APPROVED_TOO_LATE, Said.APPROVE)], seed=0)
@example(chapters=[(Restored(), FIVE_LEAVE, APPROVED_IN_TIME, Said.APPROVE)], seed=0)
@example(chapters=[(Restored(), FIVE_LEAVE, APPROVED_AND_MADE_STRICTER, STRICT_GUARDS)], seed=0)
@example(chapters=[(Restored(), Said.HOLD, SOMEBODY_IS_RENAMED, FIVE_LEAVE, Said.RESUME)], seed=0)
def test_whatever_people_say_no_plan_is_committed_but_one_that_passes_or_was_approved(
    postgres_server: PostgresServer, chapters: list[Any], seed: int
) -> None:
    story = [step for chapter in chapters for step in chapter]
    asyncio.run(_live_through(postgres_server, story, random.Random(seed)))  # noqa: S311 — shuffles events


async def _live_through(server: PostgresServer, story: list[Any], rng: random.Random) -> None:
    model = Model()
    async with server.fresh_database() as url, opened_store(url) as store:
        stage = EvaluateStage(store.evaluations, LIMITS, Metrics())
        for step in [_whole_district(), *story]:
            stage.adopted_at_once = 0 if isinstance(step, Resync) and step.is_large else 10_000
            await _take(step, model, store, rng, stage)
            while await stage.once():
                pass
            await _compare(model, store)


async def _take(
    step: Any, model: Model, store: StoreUnderTest, rng: random.Random, stage: EvaluateStage
) -> None:
    if isinstance(step, SectionFilter):
        await store.desk.set_filter(DISTRICT, step, "test")
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
        for each in (KEEP_ALL, STRICT_GUARDS, _whole_district()):
            await _take(each, model, store, rng, stage)
    else:
        changes = [(Kind.USER, one, None) for one in step.students] if isinstance(step, Vanish) else step
        arrivals = _happen(changes, model)
        rng.shuffle(arrivals)
        await store.inbox.store([*arrivals, *arrivals[:3]], [], [])


async def _set_policy(step: dict[str, Any] | Temporary, model: Model, store: StoreUnderTest) -> None:
    ends = isinstance(step, Temporary)
    policy = step.policy if isinstance(step, Temporary) else step
    until = datetime.now(UTC) + timedelta(hours=1) if ends else None
    await store.desk.set_policy(DISTRICT, policy, "test", until=until)
    model.policies.append((_policy(policy), ends))


async def _approve_meanwhile(
    step: ApproveMeanwhile, model: Model, store: StoreUnderTest, rng: random.Random, stage: EvaluateStage
) -> None:
    await _say(Said.APPROVE, model, store)
    approved = model.approved
    await _take(step.meanwhile, model, store, rng, stage)
    if step.is_overtaken:
        await store.desk.flush(DISTRICT, "test")
    elif approved is not None and isinstance(step.meanwhile, list):
        # The evaluation takes none of these events: it is the approved plan that is committed.
        assert await stage.once()
        await _consume(model, store)
        assert model.used[-1] == (model.commits, approved)


def _policy(step: dict[str, Any]) -> Policy:
    return Policy(
        required_fields=tuple(step["required_fields"]),
        unique_fields=tuple(step["unique_fields"]),
        removal_limit_floor=step["removal_limit_floor"],
        severities={Code(code): Severity(value) for code, value in step["severities"].items()},
    )


async def _say(said: Said, model: Model, store: StoreUnderTest) -> None:
    """Say it; what does not fit the district is refused, and changes nothing."""
    match said:
        case Said.HOLD:
            assert await _is_allowed(store.desk.hold(DISTRICT, "test", "r")) is not model.is_held
            model.is_held = True
        case Said.RESUME:
            assert await _is_allowed(store.desk.resume(DISTRICT, "test", "r")) is model.is_held
            model.is_held = False
        case Said.APPROVE | Said.APPROVE_ANOTHER:
            plan = (await store.desk.show(DISTRICT))["plan"]["digest"]
            asked = plan if said is Said.APPROVE else to_hex(int(plan, 16) + 1)
            errors = [finding for finding in model.judged().findings if finding.is_error]
            fits = bool(errors) and all(finding.code in GUARDS for finding in errors) and not model.is_held
            allowed = await _is_allowed(store.desk.approve(DISTRICT, asked, "test", "r"))
            assert allowed is (fits and said is Said.APPROVE)
            model.approved = asked if allowed else model.approved
        case Said.TIME_PASSES:
            await store.rows("UPDATE policies SET until = until - interval '2 hours'")
            await store.rows("UPDATE districts SET reevaluate_at = reevaluate_at - interval '2 hours'")
            model.policies = [(policy, ends) for policy, ends in model.policies if not ends]
        case Said.DAY_PASSES:
            await _pass_a_day(model, store)


async def _pass_a_day(model: Model, store: StoreUnderTest) -> None:
    """Move everything that has a day, or was done on one, back by a day: no test can wait for the next."""
    for key, record in model.records.items():
        if key[0] is Kind.TERM:
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


def _happen(some: list[Any], model: Model) -> list[Arrival]:
    """Let changes happen; return their events."""
    arrivals = []
    for kind, record_id, record in some:
        model.events += 1
        if record is None:
            model.records.pop((kind, record_id), None)
        else:
            model.records[kind, record_id] = record
        text = None if record is None else orjson.dumps(record).decode()
        arrivals.append(Arrival(DISTRICT, f"{model.events:024x}", kind, record_id, text))
    return arrivals


async def _resync(
    step: Resync, model: Model, store: StoreUnderTest, rng: random.Random, stage: EvaluateStage
) -> None:
    missed = _happen(step.missed, model)
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
    since = _happen(step.since, model)
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
    await _consume(model, store)
    assert _digest_of(model.committed) == _digest_of(model.past[target - 1])
    judged = model.judged()
    await _compare_findings(judged, store)
    await _compare_roster(judged, store)
    await _compare_plan(judged, model, store)
    await _compare_full_run(store)
    assert [row["district_id"] for row in await store.rows("DELETE FROM holds RETURNING *")] == [DISTRICT]
    model.is_held = False
    await store.desk.flush(DISTRICT, "test")


async def _compare(model: Model, store: StoreUnderTest) -> None:
    if not model.events:
        return
    await _consume(model, store)
    judged = model.judged()
    await _compare_findings(judged, store)
    await _compare_roster(judged, store)
    await _compare_tally(judged, model, store)
    await _compare_approvals(judged, model, store)
    await _compare_full_run(store)


async def _compare_approvals(judged: Judged, model: Model, store: StoreUnderTest) -> None:
    """Each approval that was used stands for one commit; one that is open speaks of the plan there is."""
    rows = await store.rows("SELECT plan_digest, ended_as, ended_why FROM approvals ORDER BY id")
    used = [(row["ended_why"], row["plan_digest"].hex()) for row in rows if row["ended_as"] == "used"]
    assert used == [(f"commit {sequence}", plan) for sequence, plan in model.used]
    still_open = [row["plan_digest"].hex() for row in rows if row["ended_as"] is None]
    assert still_open in ([], [to_hex(digest(judged.entries.values()))])
    model.approved = still_open[0] if still_open else None


async def _consume(model: Model, store: StoreUnderTest) -> None:
    """Apply the commits as a consumer does, and prove each by its digest."""
    await store.outbox.lease(10, 60)
    for queued in await store.outbox.first(DISTRICT, 1000):
        await store.outbox.published(queued)
        if not queued.message.routing_key.startswith("commit."):
            continue
        message = json.loads(body(queued.message))
        assert message["sequence"] == model.commits + 1
        if message["rolled_back_to"] is not None:
            model.approved = None
        else:
            _check_that_it_may_be(message, model)
        for change in message["changes"]:
            key = (change["kind"], change["id"])
            if change["op"] == "remove":
                del model.committed[key]
            else:
                assert model.committed.get(key) != change["record"], "an unchanged record was sent"
                model.committed[key] = change["record"]
        model.past.append(dict(model.committed))
        assert message["roster"]["digest"] == _digest_of(model.committed)
    await store.outbox.release([DISTRICT])


def _check_that_it_may_be(message: Json, model: Model) -> None:
    """No commit while on hold, and none over the limits but by the approval of that very plan."""
    assert not model.is_held, "a commit while on hold"
    if _is_guarded(message, model):
        plan = message["roster"]["digest"]
        assert model.approved == plan, "a plan that nobody approved"
        model.used.append((model.commits + 1, plan))
        model.approved = None


def _is_guarded(message: Json, model: Model) -> bool:
    """Whether a commit removes more than the limits allow."""
    students = {key[1]: record["school_id"] for key, record in model.committed.items() if key[0] == "student"}
    gone = [one["id"] for one in message["changes"] if (one["op"], one["kind"]) == ("remove", "student")]
    sizes, lost = Counter(students.values()), Counter(students[student] for student in gone)
    schools = {school: Removal(lost[school], sizes[school]) for school in sizes if school}
    context = DistrictContext(DISTRICT, 1, Removal(len(gone), len(students)), schools)
    return any(finding.is_error for finding in district_findings(context, model.policy))


def _digest_of(roster: dict[tuple[str, str], Json]) -> str:
    import hashlib  # noqa: PLC0415 — a consumer's own computation, apart from ours

    total = 0
    for (kind, record_id), record in roster.items():
        text = json.dumps(
            {"id": record_id, "kind": kind, "record": record},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        total += int.from_bytes(hashlib.sha256(text.encode()).digest())
    return f"{total % 2**256:064x}"


async def _compare_findings(judged: Judged, store: StoreUnderTest) -> None:
    rows = await store.rows("SELECT member FROM findings WHERE open")
    items = await store.rows("SELECT code, kind, record_id, detail FROM findings WHERE open")
    expected = sorted(to_bytes(finding.member) for finding in judged.findings)
    assert sorted(row["member"] for row in rows) == expected, (
        sorted((r["code"], r["record_id"], str(r["detail"])) for r in items),
        sorted((f.code.value, f.record_id, str(f.detail)) for f in judged.findings),
    )


async def _compare_roster(judged: Judged, store: StoreUnderTest) -> None:
    rows = await store.rows("SELECT kind, record_id, candidate FROM roster WHERE candidate IS NOT NULL")
    assert {(r["kind"], r["record_id"]): r["candidate"] for r in rows} == {
        key: entry.record for key, entry in judged.entries.items()
    }
    kept = await store.rows("SELECT section_id, students FROM kept_sections WHERE students > 0")
    assert {row["section_id"]: row["students"] for row in kept} == judged.class_sizes


async def _compare_tally(judged: Judged, model: Model, store: StoreUnderTest) -> None:
    details = await store.desk.show(DISTRICT)
    errors = [finding for finding in judged.findings if finding.is_error]
    blocked = {finding.record_id for finding in errors if finding.kind == "student"}
    assert details["findings"]["errors"] == len(errors)
    assert details["findings"]["warnings"] == len(judged.findings) - len(errors)
    assert details["students"]["blocked"] == len(blocked)
    assert details["plan"]["digest"] == to_hex(digest(judged.entries.values()))
    is_reviewed = details["standing_since"] is not None
    assert is_reviewed or not errors
    assert not is_reviewed or errors or model.is_held
    # A rollback is a commit in the middle of a review that goes on.
    assert is_reviewed or (details["last_decision"] or {}).get("outcome") != "review"
    status = "review" if is_reviewed else "rostered" if model.commits else "waiting"
    assert details["status"] == ("on_hold" if model.is_held else status)
    assert (details["hold"] is not None) == model.is_held
    if not errors and not model.is_held:
        assert {key: json.loads(entry.record) for key, entry in judged.entries.items()} == model.committed
    await _compare_plan(judged, model, store)


async def _compare_plan(judged: Judged, model: Model, store: StoreUnderTest) -> None:
    planned = {key: json.loads(entry.record) for key, entry in judged.entries.items()}
    upserted = sum(record != model.committed.get(key) for key, record in planned.items())
    removed = sum(key not in planned for key in model.committed)
    counts = (await store.desk.show(DISTRICT))["plan"]["counts"].values()
    assert sum(ops["upserted"] for ops in counts) == upserted
    assert sum(ops["removed"] for ops in counts) == removed


async def _compare_full_run(store: StoreUnderTest) -> None:
    """A full run over the same district finds nothing that the incremental one overlooked."""
    current = (await store.desk.current_filter(DISTRICT)).section_filter
    async with store.evaluations.trial(DISTRICT, current) as evaluation:
        assert evaluation is not None
        before = evaluation.state.tally.to_json(), evaluation.state.tally.error_digest
        await judge_in_store(evaluation, [])
        assert (evaluation.state.tally.to_json(), evaluation.state.tally.error_digest) == before
