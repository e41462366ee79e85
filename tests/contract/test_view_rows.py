"""What pages are made of, row by row: which districts, findings, counts and decisions, and in which order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any, Final

import pytest

from tests.support.districts.kept_rows import made_once
from tests.support.fixtures.store import StoreUnderTest
from worker.operations.district_queries import DistrictsAsked, FindingPlace, FindingsAsked

STAGED = "INSERT INTO staged (district_id, kind, record_id, event_id, record) VALUES ($1, $2, $3, '', $4)"

# Districts

DISTRICTS: Final[dict[str, tuple[str, str, int | None, int | None]]] = {
    # by id: the name, how it stands, students, blocked students
    "a": ("delta", "rostered", 5, 0),
    "b": ("Alpha", "review", 9, 2),
    "c": ("charlie", "review", 7, 3),
    "d": ("Bravo", "parked", 7, 1),
    "e": ("echo", "on_hold", None, None),
    "f": ("foxtrot", "disconnected", 1, 0),
    "g": ("golf", "waiting", 2, 0),
    "h": ("Hotel", "purged", 3, 0),
    "i": ("india", "rostered", 4, 9),
    "j": ("juliet", "review", 8, 3),
}
WITH_INCIDENTS: Final = "hi"
ORDERS: Final = {
    "attention": "dcjbiefgah",
    "name": "bdcaefghij",
    "students": "bjcdaihgfe",
    "blocked": "icjbdafghe",
}


@pytest.fixture
async def districts(store: StoreUnderTest) -> None:
    await made_once(store.database, "districts of pages", lambda: insert_districts(store))


async def insert_districts(store: StoreUnderTest) -> None:
    for district, (name, status, students, blocked) in DISTRICTS.items():
        counts = {"roster:student": students, "blocked": blocked}
        is_review = status == "review"
        await store.rows(
            "INSERT INTO districts (district_id, status, counts, purged_at, standing_since, reported_digest) "
            "VALUES ($1, $2, $3, CASE WHEN $4 THEN now() END, CASE WHEN $5 THEN now() END, "
            "CASE WHEN $5 THEN '\\x00'::bytea END)",
            *(district, status if status in {"review", "rostered"} else "waiting"),
            *(
                {key: value for key, value in counts.items() if value is not None},
                status == "purged",
                is_review,
            ),
        )
        await store.rows(STAGED, district, "district", district, {"name": name, "state": f"of {district}"})
        await store.rows(STAGED, district, "school", district, {"name": "somebody else"})
        for other in {*DISTRICTS, "another"} - {district}:
            await store.rows(STAGED, district, "district", other, {"name": "somebody else"})
        if status == "parked":
            await store.rows("INSERT INTO evaluation_failures VALUES ($1, 5, now(), now(), 'x')", district)
        elif status == "on_hold":
            await store.rows("INSERT INTO holds (district_id, actor, reason) VALUES ($1, 'a', 'r')", district)
        elif status == "disconnected":
            await store.rows(
                "INSERT INTO connections (district_id, disconnected_at, record) VALUES ($1, now(), $2)",
                *(district, {"name": name}),
            )
    await store.rows("INSERT INTO evaluation_failures VALUES ('a', 1, now(), NULL, 'x')")
    for code, since, is_told in (("b", 2, True), ("a", 2, True), ("c", 1, True), ("d", 3, False)):
        for district in WITH_INCIDENTS if is_told else "g":
            await store.rows(
                "INSERT INTO incidents (district_id, code, since, told) VALUES ($1, $2, $3, $4)",
                *(district, code, datetime(2026, 1, since, tzinfo=UTC), "" if is_told else None),
            )


async def listed(store: StoreUnderTest, **asked: Any) -> list[Any]:
    page = await store.views.districts(DistrictsAsked(**asked))
    return [row for row in page.rows if row.district_id in DISTRICTS]


@pytest.mark.alone
@pytest.mark.usefixtures("districts")
@pytest.mark.parametrize("order", ORDERS)
async def test_districts_are_listed_in_order_page_by_page(store: StoreUnderTest, order: str) -> None:
    pages = []
    for offset in range(0, 12, 3):
        page = await store.views.districts(DistrictsAsked(order=order, offset=offset, limit=3))  # type: ignore[arg-type]
        pages.append("".join(row.district_id for row in page.rows))

    assert "".join(pages) == ORDERS[order]
    assert [len(page) for page in pages] == [3, 3, 3, 1]
    first = await store.views.districts(DistrictsAsked(order=order, limit=3))  # type: ignore[arg-type]
    assert first.matching == len(DISTRICTS)


@pytest.mark.usefixtures("districts")
async def test_districts_are_found_by_how_they_stand_and_by_their_name(store: StoreUnderTest) -> None:
    for status in {status for _, status, *_ in DISTRICTS.values()}:
        rows = await listed(store, status=status, limit=50)
        assert {row.district_id for row in rows} == {
            district for district, (_, stands, *_) in DISTRICTS.items() if stands == status
        }
        assert {row.status for row in rows} == {status}
    both = await store.views.districts(DistrictsAsked(status="review", text="CHARLIE", limit=50))
    neither = await store.views.districts(DistrictsAsked(status="parked", text="charlie", limit=50))
    assert [(row.district_id, row.name) for row in both.rows] == [("c", "charlie")]
    assert (both.matching, neither.matching, neither.rows) == (1, 0, [])
    assert await listed(store, text="somebody else") == []


@pytest.mark.usefixtures("districts")
async def test_a_district_is_listed_with_incidents_window_and_decision(store: StoreUnderTest) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    window = "INSERT INTO windows (district_id, opened_at, last_event_at, events) VALUES ('b', $1, $1, 3)"
    await store.rows(window, at)
    await store.rows("UPDATE districts SET decision_number = 2 WHERE district_id = 'b'")
    for number in (1, 2, 3):
        await store.rows(
            "INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, "
            "decided_at, summary) VALUES ('b', $1, $2, 'review', $1, $1, $3, '{}')",
            *(number, str(number), at.replace(day=number)),
        )
    connected = "INSERT INTO connections (district_id, due_at, cursor, record) VALUES ('c', now(), '', $1)"
    await store.rows(connected, {"name": "as Clever has it"})

    rows = {row.district_id: row for row in await listed(store, limit=50)}

    assert rows["h"].incidents == rows["i"].incidents == ["c", "a", "b"]
    assert (rows["g"].incidents, rows["a"].window) == ([], None)
    assert (rows["b"].window.opened_at, rows["b"].window.events) == (at, 3)
    assert (rows["b"].decided_at, rows["a"].decided_at) == (at.replace(day=2), None)
    assert rows["c"].name == "as Clever has it"
    assert [rows[district].sync.state for district in "abc"] == ["of a", "of b", None]


# Findings

FINDINGS: Final = [
    # severity, code, kind, record, member; whether it is open
    *(("error", "a", kind, record, member, True) for kind in ("class", "school", "student")
      for record in "12" for member in (b"1", b"2")),
    *(("error", "b", "student", record, b"3", True) for record in "321"),
    *(("warning", "a", "student", record, b"4", True) for record in "13"),
    *(("error", "a", "student", record, b"5", False) for record in "13"),
    ("error", "a", "district", "d", b"6", True),
    ("error", "a", "teacher", "1", b"7", True),
]  # fmt: skip
AT_SCHOOL: Final = {("student", "1"), ("student", "3"), ("class", "1"), ("school", "2")}
"""Those of school 2; student 3 is there in the candidate alone, 2 was."""


@pytest.fixture
async def findings(store: StoreUnderTest) -> None:
    await made_once(store.database, "findings of pages", lambda: insert_findings(store))


async def insert_findings(store: StoreUnderTest) -> None:
    for severity, code, kind, record, member, is_open in FINDINGS:
        await store.rows(
            "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, "
            "reported) VALUES ('d', $1, $2, $3, $4, $5, '{}', $6, true)",
            *(kind, record, member, code, severity, is_open),
        )
    for kind, record, school, is_candidate in (
        *(("student", "1", "2", True), ("student", "2", "2", False), ("student", "3", "2", True)),
        *(("class", "1", "2", True), ("class", "2", "1", True), ("teacher", "1", "2", True)),
    ):
        await store.rows(
            "INSERT INTO roster (district_id, kind, record_id, school_id, candidate, candidate_member, "
            "committed, committed_member) "
            "VALUES ('d', $1, $2, $3, $4, sha256($4::text::bytea), '{}', '\\x00')",
            *(kind, record, school, "{}" if is_candidate else None),
        )
    # In another district student 2 is at school 2, and students 1 and 2 have errors as well.
    await store.rows(
        "INSERT INTO roster (district_id, kind, record_id, school_id, candidate, candidate_member) "
        "VALUES ('e', 'student', '2', '2', '{}', '\\x00')"
    )
    for record in "12":
        await store.rows(
            "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, "
            "reported) VALUES ('e', 'student', $1, '\\x08', 'a', 'error', '{}', true, true)",
            record,
        )


@pytest.mark.usefixtures("findings")
@pytest.mark.parametrize("size", [1, 2, 3, 50])
@pytest.mark.parametrize("school", [None, "2"])
async def test_the_pages_of_findings_together_are_the_open_ones_asked_for_in_order(
    store: StoreUnderTest, size: int, school: str | None
) -> None:
    for severity, code in product((None, "error", "warning"), (None, "a", "b")):
        asked = FindingsAsked(severity=severity, code=code, school_id=school, limit=size)

        pages = []
        async for page in store.views.all_findings("d", asked):
            pages.append(page)
            assert len(pages) <= len(FINDINGS), "they do not end"

        places = [row.place for page in pages for row in page]
        assert [
            [one.severity, one.code, one.kind, one.record_id, bytes.fromhex(one.member)] for one in places
        ] == sorted(
            place
            for *place, is_open in FINDINGS
            if is_open
            and severity in {None, place[0]}
            and code in {None, place[1]}
            and (school is None or (place[2], place[3]) in AT_SCHOOL)
        )
        assert {len(page) for page in pages[:-1]} <= {size}
        assert all(len(page) <= size for page in pages)


# Counts, decisions and names


async def test_coverage_is_told_by_school_and_grade_with_planned_removals(store: StoreUnderTest) -> None:
    for district, school, grade, students, blocked in (
        ("d", "b", "2", 3, 1),
        ("d", "a", "1", 2, 0),
        ("d", "a", None, 1, 1),
        ("d", None, "1", 4, 0),
        ("e", "a", "1", 5, 5),
    ):
        await store.rows(
            "INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, school_id, "
            "grade) SELECT $1, 'student', concat($1::text, $2::text, $3::text, n), '{}', '', $2, $3 "
            "FROM generate_series(1, $4::integer) AS n",
            *(district, school, grade, students),
        )
        await store.rows(  # an error and a warning each, of whom some have two errors
            "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, "
            "reported) "
            "SELECT $1, 'student', concat($1::text, $2::text, $3::text, n), sha256(concat(code, n)::bytea), "
            "code, CASE WHEN n > $4 OR code = 'y' THEN 'warning' ELSE 'error' END, '{}', true, false "
            "FROM generate_series(1, 3) AS n, unnest(ARRAY['x', 'y', 'z']) AS code",
            *(district, school, grade, blocked),
        )
    for name in ("a", "b"):
        await store.rows(STAGED, "d", "school", name, {"name": f"School {name}"} if name == "a" else None)
        await store.rows(STAGED, "d", "section", name, {"name": "a section"})
        await store.rows(STAGED, "e", "school", name, {"name": "of another district"})
    for kind, record, candidate, was_at, was_in in (
        ("student", "1", None, "a", "1"),
        ("student", "2", None, "c", None),
        ("student", "3", "{}", "a", "1"),
        ("student", "5", None, "a", None),
        ("student", "6", None, None, "1"),
        ("class", "4", None, "a", "1"),
    ):
        await store.rows(
            "INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, committed, "
            "committed_member, committed_school_id) VALUES ('d', $1, $2, $3, sha256($3::text::bytea), $4, "
            "'\\x00', $5)",
            *(kind, record, candidate, '{"grade": "1"}' if was_in else "{}", was_at),
        )

    async def told(*, removed: bool) -> list[tuple[Any, ...]]:
        cells = await store.views.coverage("d", removed=removed)
        return [(c.school_id, c.school, c.grade, c.students, c.blocked, c.removed) for c in cells]

    now = [(None, None, None, 1, 0, 0), (None, None, "1", 4, 0, 0), ("a", "School a", None, 1, 1, 0),
           ("a", "School a", "1", 2, 0, 0), ("b", None, "2", 3, 1, 0)]  # fmt: skip
    assert await told(removed=False) == now
    assert await told(removed=True) == [
        now[0],
        (None, None, "1", 4, 0, 1),
        ("a", "School a", None, 1, 1, 1),
        ("a", "School a", "1", 2, 0, 1),
        now[4],
        ("c", None, None, 0, 0, 1),
    ]


async def test_decisions_are_told_backwards_page_by_page_each_with_its_batch(store: StoreUnderTest) -> None:
    summary = {"causes": [1], "suggestions": [2], "findings": {"items": [3], "total": 1}, "plan": {}}
    for number in range(1, 6):
        await store.rows(
            "INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, "
            "decided_at, summary) VALUES ('d', $1, $2, 'review', $1, $3, now(), $4)",
            *(number, str(number), number + 10 if number > 1 else 99, summary),
        )
        await store.rows(
            "INSERT INTO batches (district_id, number, batch_id, trigger, events, opened_at, closed_at, "
            "outcome) VALUES ('d', $1, $2, 'quiet', $1, now(), now(), 'review')",
            *(number + 10, str(number)),
        )
    await store.rows("INSERT INTO batches SELECT 'e', number, 'e' || number, trigger, events, opened_at, "
                     "closed_at, outcome FROM batches WHERE district_id = 'd'")  # fmt: skip

    first = await store.views.decisions("d", None, 2)
    second = await store.views.decisions("d", 4, 9)

    assert [line.number for line in first] == [5, 4]
    assert [(line.number, line.events) for line in second] == [(3, 13), (2, 12), (1, None)]
    assert first[0].summary == {"findings": {"total": 1}, "plan": {}}


async def test_each_finding_is_at_the_school_of_its_own_record(store: StoreUnderTest) -> None:
    for district, kind, record_id, school, candidate in (
        *(("d", "student", "a", "north", "{}"), ("d", "class", "a", "south", "{}")),
        *(("d", "student", "gone", "north", None), ("d", "student", "nowhere", None, "{}")),
        ("e", "student", "b", "east", "{}"),
    ):
        await store.rows(
            "INSERT INTO roster (district_id, kind, record_id, school_id, candidate, candidate_member, "
            "committed, committed_member) "
            "VALUES ($1, $2, $3, $4, $5, sha256($5::text::bytea), '{}', '\\x00')",
            *(district, kind, record_id, school, candidate),
        )
    places = [
        FindingPlace("error", "c", kind, record_id, "00")
        for kind, record_id in (
            *(("student", "a"), ("class", "a"), ("section", "a"), ("district", "d")),
            *(("student", "gone"), ("student", "nowhere"), ("student", "b")),
        )
    ]

    schools = await store.views.schools_of("d", places)

    assert schools == dict(zip(places[:3], ("north", "south", "south"), strict=True))
    assert await store.views.schools_of("d", []) == {}


async def test_sections_are_told_by_name_where_they_have_one(store: StoreUnderTest) -> None:
    for kind, name, record in (
        *(("section", "a", {"name": "A"}), ("section", "b", {}), ("section", "c", None)),
        *(("school", "a", {"name": "no"}), ("school", "d", {"name": "no"}), ("section", "e", {"name": "E"})),
    ):
        await store.rows(STAGED, "d", kind, name, record)
        await store.rows(STAGED, "e", kind, name, {"name": "of another district"})

    assert await store.views.section_names("d", ["a", "b", "c", "d", "z"]) == {"a": "A"}
    assert await store.views.section_names("d", []) == {}
