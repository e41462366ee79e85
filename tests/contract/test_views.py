"""What pages read: lists that neither repeat nor skip, of plans that read no more than a page."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.support.builders.records import DISTRICT, record_id, student_json
from tests.support.fixtures.people import NORTH, SOUTH, Feed, evaluate
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres import statements
from worker.operations.district_queries import DistrictsAsked, FindingsAsked

MANY = 10_000
_FINDINGS = """
    INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported)
    SELECT $1, 'student', lpad(n::text, 24, '0'), decode(lpad(to_hex(n), 64, '0'), 'hex'),
           CASE WHEN n % 2 = 0 THEN 'student.no_section' ELSE 'student.field_missing' END,
           CASE WHEN n % 3 = 0 THEN 'warning' ELSE 'error' END, '{}', true, false
    FROM generate_series(1, $2::integer) AS n"""


@pytest.fixture
async def findings(store: StoreUnderTest) -> None:
    """Ten thousand of them."""
    await store.rows(_FINDINGS, DISTRICT, MANY)


@pytest.mark.usefixtures("findings")
async def test_every_finding_of_a_kind_is_listed_once_in_order(store: StoreUnderTest) -> None:
    asked = FindingsAsked(code="student.no_section", limit=500)
    places = [row.place async for rows in store.views.all_findings(DISTRICT, asked) for row in rows]
    assert len(places) == len(set(places)) == MANY // 2
    assert [(one.severity, one.record_id) for one in places] == sorted(
        (one.severity, one.record_id) for one in places
    )


@pytest.mark.usefixtures("findings")
async def test_a_finding_that_comes_meanwhile_shifts_no_page(store: StoreUnderTest) -> None:
    asked = FindingsAsked(limit=100)
    first = await store.views.findings(DISTRICT, asked)
    await store.rows(
        """INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported)
           VALUES ($1, 'student', '0', '\\x00', 'student.field_missing', 'error', '{}', true, false)""",
        DISTRICT,
    )
    second = await store.views.findings(DISTRICT, replace(asked, after=first[-1].place))
    numbers = [int(row.place.record_id) for row in [*first, *second]]
    expected = [n for n in range(1, MANY) if n % 2 and n % 3][:200]
    assert numbers == expected


@pytest.mark.usefixtures("findings")
@pytest.mark.parametrize("code", [None, "student.no_section"])
async def test_a_page_far_behind_reads_no_more_than_a_page(store: StoreUnderTest, code: str | None) -> None:
    place = ("error", "student.no_section", "student", "000000000000000000005000", b"")
    statement = "EXPLAIN (ANALYZE, FORMAT JSON) " + statements.load("operations/district_queries")["findings"]
    ((told,),) = await store.rows(statement, DISTRICT, ["error", "warning"], code, *place, 100)
    plan = json.dumps(json.loads(told) if isinstance(told, str) else told)
    assert "findings_in_order" in plan
    read = [float(piece.split(",")[0]) for piece in plan.split('"Actual Rows": ')[1:]]
    assert max(read) <= 200
    assert '"Rows Removed by Filter"' not in plan


async def test_coverage_tells_schools_and_grades(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(("users", student_json(1, {"school": SOUTH, "grade": "5"})), ("users", record_id(2)))
    await evaluate(store)
    cells = {
        (one.school_id, one.grade): (one.students, one.blocked)
        for one in await store.views.coverage(DISTRICT)
    }
    assert sum(students for (school, _), (students, _) in cells.items() if school == NORTH) == 18
    assert cells[SOUTH, "5"][0] >= 1
    assert (
        sum(blocked for _, blocked in cells.values())
        == (await store.districts.show(DISTRICT))["students"]["blocked"]
    )


@pytest.mark.alone("searches, or counts, all districts")
async def test_districts_that_need_somebody_come_first_and_no_page_repeats_one(store: StoreUnderTest) -> None:
    await store.rows(
        """INSERT INTO districts (district_id, status, standing_since, reported_digest)
           SELECT lpad(n::text, 24, '0'), CASE WHEN n % 5 = 0 THEN 'review' ELSE 'rostered' END,
                  CASE WHEN n % 5 = 0 THEN now() END, CASE WHEN n % 5 = 0 THEN '\\x00'::bytea END
           FROM generate_series(1, 130) AS n"""
    )
    seen = []
    for page in range(3):
        found = await store.views.districts(DistrictsAsked(order="attention", offset=50 * page, limit=50))
        assert found.matching == 130
        seen += [row.district_id for row in found.rows]
    expected = sorted(range(1, 131), key=lambda n: (n % 5 != 0, n))
    assert [int(one) for one in seen] == expected


@pytest.mark.alone("searches, or counts, all districts")
@pytest.mark.parametrize(
    ("text", "found"),
    [("zoe valley", ["a"]), ("ZOE\u0301\u200bval", ["a"]), ("B", ["b"]), ("\u200b", ["a", "b"]), ("oak", [])],
)
async def test_a_district_is_found_by_name_or_id(store: StoreUnderTest, text: str, found: list[str]) -> None:
    await store.rows("INSERT INTO districts (district_id) VALUES ('a'), ('b')")
    await store.rows(
        "INSERT INTO staged (district_id, kind, record_id, event_id, record)"
        " VALUES ('a', 'district', 'a', '1', jsonb_build_object('name', $1::text))",
        "Zo\u00e9 Valley" if "\u0301" in text else "Zoe Valley",
    )

    page = await store.views.districts(DistrictsAsked(text=text))

    assert sorted(row.district_id for row in page.rows) == found
    assert page.matching == len(found)
