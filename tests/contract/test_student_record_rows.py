"""Students as people look at them, row by row: beside each stand others of the same id."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from schemas.words import Severity
from tests.support.builders.district_rows import Rows, day
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.roster.records import Course, RecordId, School, Section, Student, Term
from worker.domain.roster.section_filter import SectionView

OTHER_KINDS = ("school", "term", "course", "user")


@pytest.fixture
async def rows(store: StoreUnderTest) -> Rows:
    for number, district in enumerate("def", start=1):
        await store.rows(
            "INSERT INTO districts (district_id, batch_number, purged_at) VALUES ($1, $2, $3)",
            *(district, number, day(number)),
        )
    return Rows(store.database)


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
        one = await store.student_records.student("d", name)
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
    rows.enrolled("s", *named, "gone")
    rows.enrolled("t", "not his")
    rows.taught("s", "not his")
    for name, rank in (("b", 0), ("c", 1), ("d", 1), ("e", 1), ("not his", 1)):
        rows.kept(name, rank=rank)
    rows.staged("user", {"s": {"student": {}}})
    await rows.write()

    student = await store.student_records.student("d", "s")

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

    student = await store.student_records.student("d", "s")

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
