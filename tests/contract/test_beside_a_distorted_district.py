"""A district's story goes the same way whatever stands beside it under the same ids."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.builders.records import (
    DISTRICT,
    course_json,
    event_id,
    record_id,
    school_json,
    student_json,
    teacher_json,
    term_json,
)
from tests.support.districts import shadow
from tests.support.fixtures.people import (
    NORTH,
    NORTHERN,
    SOUTH,
    SOUTHERN,
    Feed,
    evaluate,
    everybody,
    homeroom,
)
from tests.support.fixtures.store import StoreUnderTest, opened_store
from tests.support.servers.postgres_server import PostgresServer
from worker.adapters.postgres.operations.students import PostgresStudents
from worker.domain.roster.section_filter import KEEP_ALL, Scope, SectionFilter
from worker.operations import erase_student
from worker.operations.district_queries import FindingsAsked
from worker.operations.rollback import roll_back
from worker.pipeline.poll.baseline import staged_records
from worker.pipeline.poll.clever import Token
from worker.suggest.picture import DistrictPicture

Between = Callable[[StoreUnderTest], Awaitable[None]]

CHANCE = re.compile(
    r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:Z|\+00:00)?|datetime\.datetime\([^)]*\)|seconds=[\d.]+"
    r"|[1-9a-f][0-9a-f]{7}f{8,}"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|00-[0-9a-f]{32}-[0-9a-f]{16}-01|\"token\": \"[^\"]*\""
)
"""What is not the same twice: times, ids that are made of them, and what is made by chance."""
TODAY = datetime.now(UTC).date()
CURRENT = SectionFilter.model_validate(
    {
        "rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}],
        "current_term_only": True,
    },
    strict=False,
)

NO_SUCH = Scope.model_validate({"grades": ["3", "12"], "schools": ["meadow school", "nowhere"]})


def student(number: int, school: str = NORTH, **role: Any) -> tuple[str, Any]:
    return "users", student_json(number, {"school": school, **role})


def term(number: int, first: int, last: int) -> tuple[str, Any]:
    days = {"start_date": str(TODAY + timedelta(first)), "end_date": str(TODAY + timedelta(last))}
    return "terms", term_json(number, **days)


BEGINNING = [
    *everybody(),
    ("users", teacher_json(501)),
    ("courses", course_json()),
    term(850, -20, 40),
    term(851, -90, -40),
]
HOMEROOMS = [
    ("sections", homeroom(701, SOUTH, [*SOUTHERN][2:])),
    ("sections", homeroom(700, NORTH, [number for number in NORTHERN if number != 6])),
]
CHAPTERS: list[list[tuple[str, Any]]] = [
    # Two of one SIS id, one without a name, one at no school, one in two sections, one in none.
    [
        student(2, sis_id="SIS-3"),
        ("users", student_json(4, {"school": NORTH}, name={"first": "", "last": "Fernquay"})),
        student(5, record_id(999)),
        ("sections", homeroom(702, NORTH, [7, 8], teacher=record_id(501), teachers=[record_id(501)])),
        student(40, SOUTH),
    ],
    [student(2), student(4), student(5), ("sections", record_id(702)), ("users", record_id(40))],
    # Moves within the school year: another class, another school, another name.
    [
        ("sections", homeroom(703, SOUTH, [21, 22], term_id=record_id(850))),
        *HOMEROOMS,
        student(6, SOUTH),
        ("schools", school_json(901, name="Meadow School")),
        ("users", teacher_json(name={"first": "Wren", "last": "Ashgrove"})),
    ],
    [("sections", homeroom(703, SOUTH, [21, 22, 6])), ("users", teacher_json(501))],
    # A term that is over, and teachers who are gone.
    [("sections", homeroom(704, NORTH, [9], term_id=record_id(851))), ("users", record_id(500))],
    [("users", teacher_json()), ("sections", record_id(704))],
    # Sections of a term that nobody told of, and students in none.
    [
        ("sections", homeroom(700, NORTH, NORTHERN, term_id=record_id(859))),
        ("sections", homeroom(701, SOUTH, [*SOUTHERN][2:], term_id=record_id(859))),
    ],
    [("sections", record_id(700)), ("sections", homeroom(701, SOUTH, [*SOUTHERN][2:], term_id=None))],
    HOMEROOMS,
    # A school leaves, and comes back under other ids.
    [*(("users", record_id(number)) for number in SOUTHERN), ("sections", record_id(701))],
    [
        *(student(number + 100, SOUTH, sis_id=f"SIS-{number}") for number in SOUTHERN),
        ("sections", homeroom(705, SOUTH, [number + 100 for number in SOUTHERN])),
    ],
]


def seen_in(picture: DistrictPicture) -> tuple[Any, ...]:
    """Return what a picture tells of the district."""
    lines = [picture.view(place) for place in range(len(picture.ids))]
    survey = picture.within(KEEP_ALL)
    return lines, picture.labels, picture.count(KEEP_ALL), survey.vocabulary, survey.edge_section.tolist()


async def seen(store: StoreUnderTest) -> list[Any]:
    """Return what people are shown of the district."""
    _, builder = await store.pictures.read(DISTRICT)
    names = [
        row["record_id"] for row in await store.rows("SELECT record_id FROM staged WHERE kind = 'section'")
    ]
    return [
        await store.districts.show(DISTRICT),
        await store.views.coverage(DISTRICT),
        await store.views.coverage(DISTRICT, removed=True),
        await store.views.decisions(DISTRICT, None, 50),
        await store.views.findings(DISTRICT, FindingsAsked()),
        await store.views.findings(DISTRICT, FindingsAsked(school_id=SOUTH)),
        await store.views.section_names(DISTRICT, names),
        await store.plans.of(DISTRICT),
        await store.pictures.moment(DISTRICT),
        await store.pictures.schools(DISTRICT),
        await store.pictures.scope_matches_nothing(DISTRICT, NO_SUCH),
        seen_in(builder.build()),
        await store.student_records.student(DISTRICT, record_id(7)),
        await store.districts.filters(DISTRICT),
        await store.districts.policies(DISTRICT),
    ]


async def story(store: StoreUnderTest, between: Between) -> list[Any]:
    """Tell it; return the outcomes, and all else that came of it."""
    outcomes: list[str] = []
    came: list[Any] = [outcomes]

    async def judge(*records: tuple[str, Any]) -> None:
        if records:
            await feed.send(*records)
        outcomes.extend(await evaluate(store))
        came.append(await seen(store))
        await between(store)

    feed = Feed(store)
    await store.connections.listed({DISTRICT: Token("of ours")})
    await judge(*BEGINNING)
    for number, chapter in enumerate(CHAPTERS):
        if number == 2:
            await store.districts.set_filter(DISTRICT, CURRENT, "ada")
            await judge()
            await store.districts.set_policy(DISTRICT, {"removal_limit_floor": 2}, "ada")
        await judge(*chapter)
        plan = await store.plans.of(DISTRICT)
        if plan.needs_approval:
            await store.districts.approve(
                DISTRICT, (await store.districts.show(DISTRICT))["plan"]["digest"], "ada", "so"
            )
            await judge()
    await store.districts.hold(DISTRICT, "ada", "wait")
    await judge(student(10, grade="4"), ("users", record_id(11)))
    came.append(await roll_back(store.rollbacks, DISTRICT, 2, "ada", "why"))
    await between(store)
    await store.districts.resume(DISTRICT, "ada", "go on")
    await judge()
    run = await store.baselines.begin(DISTRICT, "", "", ["courses", "users"])
    came.append(run)
    run = await store.baselines.add(run, staged_records("courses", [course_json()], DISTRICT), None)
    run = await store.baselines.skip(run)
    await store.baselines.refuse(run, "too few")
    run = await store.baselines.begin(DISTRICT, event_id(900), "", ["users"])
    run = await store.baselines.add(run, staged_records("users", [student_json(12)], DISTRICT), record_id(12))
    await between(store)
    run = await store.baselines.add(run, staged_records("users", [student_json(13)], DISTRICT), None)
    came += [await store.baselines.census(run), await store.baselines.older(run)]
    await store.baselines.believe(run, moves_cursor=True)
    await store.baselines.ready(run, close_window=True)
    await judge()
    students = PostgresStudents(store.database, store.evaluations)
    came += [await students.export(DISTRICT, record_id(13)), await students.called(DISTRICT, "SIS-13", None)]
    await erase_student.erase(
        students, store.dead_letters, store.quarantine, DISTRICT, record_id(13), "ada", "they asked"
    )
    await judge()
    came.append(await students.erased(DISTRICT, record_id(13)))
    before = await tables(store)
    await store.rows("DELETE FROM outbox")
    await between(store)
    came.append(await store.districts.purge(DISTRICT, "ada"))
    await between(store)
    return [*came, *before, *await tables(store)]


async def tables(store: StoreUnderTest) -> list[Any]:
    """Return every row of the district, table by table."""
    async with shadow.opened(store.url) as connection:
        return [
            (
                name,
                sorted(
                    CHANCE.sub("…", row["row"])
                    for row in await connection.fetch(
                        f"SELECT to_jsonb(t)::text AS row FROM public.{name} AS t WHERE district_id = $1",
                        DISTRICT,
                    )
                ),
            )
            for name, _ in await connection.fetch(shadow.TABLES)
        ]


async def test_a_story_goes_alike_alone_and_beside_a_distorted_one(postgres_server: PostgresServer) -> None:
    shades: list[shadow.Shadow] = []

    async def nothing(_store: StoreUnderTest) -> None:
        return

    async def another(store: StoreUnderTest) -> None:
        """See that the last one is as it was, and have it be another one, by what the district is by now."""
        async with shadow.opened(store.url) as connection:
            assert not shades or await shades[-1].changed(connection) == []
            await shadow.cast(connection, DISTRICT, is_distorted=True)
            shades.append(await shadow.take(connection))

    came = []
    for between in (nothing, another):
        async with postgres_server.fresh_database() as url, opened_store(url) as store:
            came.append(await story(store, between))

    alone, beside = ([CHANCE.sub("…", repr(one)) for one in each] for each in came)
    assert {"commit", "review", "held"} <= {*came[0][0]}
    assert len(shades) > len(CHAPTERS)
    for one, other in zip(alone, beside, strict=True):
        assert one == other
