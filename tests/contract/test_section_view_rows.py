"""Sections and students as people look through them, row by row: beside each stand others of the same id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.words import Severity
from tests.support.builders.district_rows import Rows, day
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.operations.section_queries import PostgresSectionViews
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code, Policy
from worker.domain.review.section_table import SectionLine
from worker.domain.roster.records import Course, RecordId, School, Section, Student, Term
from worker.domain.roster.section_filter import SectionView
from worker.operations.section_queries import Seats

OTHER_KINDS = ("school", "term", "course", "user")
EARLY, LATE = "Pacific/Kiritimati", "Pacific/Pago_Pago"
"""Zones of which one is always a day ahead of the other."""


@pytest.fixture
async def rows(store: StoreUnderTest) -> Rows:
    for number, district in enumerate("def", start=1):
        await store.rows(
            "INSERT INTO districts (district_id, batch_number, purged_at) VALUES ($1, $2, $3)",
            *(district, number, day(number)),
        )
    return Rows(store.database)


# The moment of a table


async def test_a_table_is_of_the_day_in_the_districts_time_zone(store: StoreUnderTest, rows: Rows) -> None:
    assert rows
    onboarding = "INSERT INTO onboarding (district_id, state, time_zone) VALUES ($1, 'chosen', $2)"
    for district, zone in (("d", EARLY), ("e", None)):
        await store.rows(onboarding, district, zone)
    views = PostgresSectionViews(store.database, Policy(time_zone=LATE))

    for number, (district, zone) in enumerate((("d", EARLY), ("e", LATE), ("f", LATE)), start=1):
        before = datetime.now(ZoneInfo(zone)).date()
        moment = await views.moment(district)
        assert moment.today in {before, datetime.now(ZoneInfo(zone)).date()}
        assert (moment.batch_number, moment.purged_at) == (number, day(number))


async def test_an_ended_term_counts_by_the_newest_policy_in_force(store: StoreUnderTest, rows: Rows) -> None:
    assert rows
    ended = datetime.now(UTC).date() - timedelta(days=2)
    for district in "def":
        await store.rows("INSERT INTO school_terms VALUES ($1, 's', 't', 1)", district)
        await store.rows(
            "INSERT INTO staged (district_id, kind, record_id, event_id, record) "
            "VALUES ($1, 'term', 't', '', $2)",
            *(district, {"end": ended.isoformat()}),
        )
    past, future = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    for district, version, grace_days, until in (
        *(("d", 1, 21, None), ("d", 2, 22, None), ("d", 3, 23, past)),
        *(("e", 1, 31, None), ("e", 9, 39, future)),
    ):
        await store.rows(
            "INSERT INTO policies (district_id, version, policy, actor, until) VALUES ($1, $2, $3, 'a', $4)",
            *(district, version, {"term_grace_days": grace_days}, until),
        )
    views = PostgresSectionViews(store.database, Policy(time_zone="UTC", term_grace_days=40))

    counted = {}
    for district in "def":
        grace = (await views.read(district)).calendar.grace
        counted[district] = {key: (last - ended).days for key, last in grace.items()}

    assert counted == {"d": {("s", "t"): 22}, "e": {("s", "t"): 39}, "f": {("s", "t"): 40}}


# Sections


async def test_the_table_has_the_live_sections_with_their_sizes(store: StoreUnderTest, rows: Rows) -> None:
    places = {"school_id": "s", "course_id": "c", "term_id": "t"}
    named = {
        "name": "Band",
        "subject": "arts",
        "grade": "4",
        "period": "2",
        "section_number": "7",
        "sis_id": "1",
    }
    rows.staged("section", {"c": {}, "gone": None, "b": {"students": []}})
    rows.staged("section", {"a": {**places, **named, "teachers": ["t", "u"], "students": ["x", "y"]}})
    for kind in OTHER_KINDS:
        rows.staged(kind, {kind[0]: {"name": f"the {kind}"}, "a": {"name": f"the {kind}"}})
    rows.kept("a", rank=3)
    rows.kept("b", rank=0)
    await rows.write()

    lines = (await store.sections.read("d")).lines

    a, s, c, t = (RecordId(name) for name in "asct")
    section = Section(
        *(a, s, "Band", "arts", "4", "2", "7", "1", c, t, (RecordId("t"), RecordId("u"))),
    )
    beside = (Course(c, "the course"), School(s, "the school"), Term(t, "the term"))
    assert lines == [
        SectionLine(SectionView(section, *beside), 2, 3),
        SectionLine(SectionView(Section(RecordId("b"))), 0, 0),
        SectionLine(SectionView(Section(RecordId("c"))), 0, None),
    ]


async def test_seats_are_of_students_listed_once_or_more(store: StoreUnderTest, rows: Rows) -> None:
    listed: dict[str, str] = {"one": "a", "other": "b", "two": "ab", "all": "abcd", "gone": "ab", "new": "b"}
    for name, sections in listed.items():
        rows.linked("student", name, *sections)
        if name != "new":
            rows.entry(name, None if name == "gone" else {}, {})
        rows.entry(name, {}, {}, kind="class")
    rows.entry("teacher", {}, {})
    rows.linked("teacher", "teacher", *"abcd")
    await rows.write()

    memory = await store.rows("SHOW work_mem")
    seats = await store.sections.seats("d", [["a", "b"], ["c"], ["nowhere"], ["a"]])

    assert seats == [Seats(2, 2), Seats(1, 0), Seats(0, 0), Seats(3, 0)]
    assert await store.rows("SHOW work_mem") == memory, "the memory for a count is kept behind it"


# One student


async def test_a_student_is_told_with_each_stage_of_his_data(store: StoreUnderTest, rows: Rows) -> None:
    rows.staged("user", {
        "shared": {"student": {"texts": {"grade": "3"}}}, "both": {"student": {}}, "taught": {"teacher": {}},
    })  # fmt: skip
    rows.entry("both", {"now": 1}, {"then": 1}, sections=("a", "b"))
    rows.entry("rostered", None, {"then": 2})
    for name in ("shared", "rostered", "both", "nobody"):
        for kind in ("school", "section"):
            rows.staged(kind, {name: {"student": {"texts": {"grade": kind}}}})
        for kind in ("class", "school"):
            rows.entry(name, {"of": kind}, {"of": kind}, kind=kind, sections=("x",))
    await rows.write()

    async def told(name: str) -> tuple[Any, ...] | None:
        one = await store.sections.student("d", name)
        return (one.staged, one.candidate, one.committed, one.counted) if one else None

    assert await told("shared") == (Student(RecordId("shared"), {"grade": "3"}), None, None, set())
    assert await told("both") == (Student(RecordId("both"), {}), {"now": 1}, {"then": 1}, {"a", "b"})
    assert await told("rostered") == (None, None, {"then": 2}, set())
    assert [await told(name) for name in ("taught", "nobody")] == [None, None]


async def test_a_students_sections_come_kept_first_then_by_name(store: StoreUnderTest, rows: Rows) -> None:
    named = {"h": "A", "g": "A", "f": "B", "e": "A", "d": "A", "c": "B", "b": "C", "a": "X"}
    for kind in OTHER_KINDS:
        rows.staged(kind, {name: {"name": f"{kind} {name}"} for name in "abc"})
    rows.staged("section", {name: {"name": text} for name, text in named.items() if name != "a"})
    places = {"school_id": "a", "course_id": "b", "term_id": "c"}
    rows.staged(
        "section", {"a": {"name": "X", **places, "students": ["s", "t"]}, "gone": None, "not his": {}}
    )
    rows.linked("student", "s", *named, "gone")
    rows.linked("student", "t", "not his")
    rows.linked("teacher", "s", "not his")
    for name, rank in (("b", 0), ("c", 1), ("d", 1), ("e", 1), ("not his", 1)):
        rows.kept(name, rank=rank)
    rows.staged("user", {"s": {"student": {}}})
    await rows.write()

    student = await store.sections.student("d", "s")

    assert student is not None
    assert [(one.id, one.rule) for one in student.sections] == [
        *(("b", 0), ("d", 1), ("e", 1), ("c", 1)),
        *((name, None) for name in "ghfa"),
    ]
    a, b, c = (RecordId(name) for name in "abc")
    whole, plain = student.sections[-1], student.sections[0]
    assert whole.view == SectionView(
        Section(a, a, "X", course_id=b, term_id=c),
        *(Course(b, "course b"), School(a, "school a"), Term(c, "term c")),
    )
    assert plain.view == SectionView(Section(b, name="C"))
    assert (whole.listed, plain.listed) == (2, 0)


async def test_a_students_findings_are_told_errors_first(store: StoreUnderTest, rows: Rows) -> None:
    rows.staged("user", {"s": {"student": {}}})
    fields = ["grade", "email", "sis_id", "dob"]
    for field in fields:
        rows.found("s", Code.FIELD_MISSING, since=3, field=field)
    rows.found("s", Code.NO_SECTION, since=2)
    rows.found("s", Code.FIELD_MISSING, severity="warning", since=4, field="gender")
    rows.found("s", Code.MULTIPLE_SECTIONS, is_open=False)
    rows.found("s", Code.NO_TEACHER, kind="class")
    rows.found("t", Code.NO_SECTION)
    await rows.write()

    student = await store.sections.student("d", "s")

    def identity(field: str) -> bytes:
        return sha256(f'{Code.FIELD_MISSING}{{"field": "{field}"}}'.encode()).digest()

    def finding(code: Code, severity: Severity = Severity.ERROR, **detail: Any) -> Finding:
        return Finding(code, severity, "student", "s", detail)

    assert student is not None
    assert student.findings == [
        *((finding(Code.FIELD_MISSING, field=field), day(3)) for field in sorted(fields, key=identity)),
        (finding(Code.NO_SECTION), day(2)),
        (finding(Code.FIELD_MISSING, Severity.WARNING, field="gender"), day(4)),
    ]
