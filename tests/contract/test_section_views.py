"""Sections as people look through them, held against straightforward counting over generated sections."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest

from tests.support.builders.records import (
    DISTRICT,
    course_json,
    record_id,
    school_json,
    student_json,
    teacher_json,
    term_json,
)
from tests.support.districts.kept_rows import made_once
from tests.support.fixtures.people import Feed, evaluate, homeroom
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.section_filter import Condition, Scope, SectionFilter, holds
from worker.suggest.columns import Ints
from worker.suggest.coverage import Seats
from worker.suggest.section_table import Grouping, PagePosition, SectionQuery, SectionTable, Sort

SCHOOLS = (900, 901)
STUDENTS = range(1, 61)
OTHERS = {"course": record_id(801), "term_id": record_id(851)}
IN_FORCE = SectionFilter(scope=Scope(grades=("3",)))


@pytest.fixture(params=[1, 2])
async def generated(request: pytest.FixtureRequest, store: StoreUnderTest) -> list[dict[str, Any]]:
    """A district of generated sections, with students of grade 4 out of scope; returns its sections."""
    return await made_once(
        store.database, f"sections {request.param}", lambda: generate(store, request.param)
    )


async def generate(store: StoreUnderTest, seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)  # noqa: S311 — a test's district
    feed, sections = Feed(store), list[dict[str, Any]]()
    for number in range(700, 760):
        school = record_id(chance.choice(SCHOOLS))
        fields = {
            "name": chance.choice(["Home Room ", "homeroom", "Band", "MATH ", "Art", ""]) + f"{number % 12}",
            "subject": chance.choice(["math", "Math", "arts and music", None]),
            "period": chance.choice(["1", "2", "10", " ", None]),
            "grade": chance.choice(["3", "4"]),
        }
        listed = chance.sample([*STUDENTS, 998, 999], chance.randrange(12))  # the last two are not shared
        sections.append(homeroom(number, school, listed, **fields))
    grades = {number: chance.choice("334") for number in STUDENTS}
    await feed.send(
        *(("schools", school_json(number, name=f"School {number}")) for number in SCHOOLS),
        ("terms", term_json()),
        ("courses", course_json()),
        ("users", teacher_json()),
        *(("users", student_json(number, {"grade": grade})) for number, grade in grades.items()),
        *(("sections", section) for section in sections),
    )
    await store.districts.set_filter(DISTRICT, IN_FORCE, "ada", "third")
    await evaluate(store)
    in_scope = {record_id(number) for number, grade in grades.items() if grade == "3"}
    return [section | {"students": in_scope & set(section["students"])} for section in sections]


async def table_of(store: StoreUnderTest) -> SectionTable:
    _, builder = await store.pictures.read(DISTRICT)
    picture = builder.build()
    return SectionTable(picture, picture.ranks(IN_FORCE), picture.labels)


def everything(table: SectionTable) -> Ints:
    return np.arange(len(table.ranks), dtype=np.int32)


def ids(table: SectionTable, sections: Ints) -> set[str]:
    return {table.line(place).id for place in sections}


def fitting(table: SectionTable, condition: Condition) -> set[str]:
    """Return the sections of which a condition holds, asked one by one."""
    lines = map(table.line, everything(table))
    return {line.id for line in lines if holds(condition, line.view)}


async def test_groups_are_counted_as_by_hand(store: StoreUnderTest, generated: list[dict[str, Any]]) -> None:
    table, students = await table_of(store), {one["id"]: one["students"] for one in generated}

    in_scope = table.picture.within(IN_FORCE).students
    for by in Grouping:
        groups = table.groups(everything(table), by)
        seats = table.picture.groups([group.sections for group in groups], IN_FORCE.scope)

        assert sorted(one for group in groups for one in ids(table, group.sections)) == sorted(students)
        for group, seat in zip(groups, seats, strict=True):
            places = Counter(student for one in ids(table, group.sections) for student in students[one])
            one = sum(count == 1 for count in places.values())
            assert seat == Seats(one, len(places) - one, in_scope - len(places))
            assert seat.students == len(places)


async def test_a_groups_rule_keeps_the_group_and_as_many_others_as_told(
    store: StoreUnderTest, generated: list[dict[str, Any]]
) -> None:
    assert generated
    table = await table_of(store)
    some = table.chosen(SectionQuery(school=record_id(900)))

    for group in (group for by in Grouping for group in table.groups(some, by)):
        rule, others = table.rule(group)
        if rule is None:
            continue
        kept, of_group = fitting(table, rule), ids(table, group.sections)
        assert of_group <= kept
        assert others == len(kept - of_group)


async def test_a_search_finds_what_the_filters_operator_would_keep(
    store: StoreUnderTest, generated: list[dict[str, Any]]
) -> None:
    assert generated
    table = await table_of(store)

    for text in ("HOMEROOM", "home room", " h o m e", "math", "1", "x"):
        wanted = Condition(field="name", op="contains", value=text)
        assert ids(table, table.chosen(SectionQuery(text))) == fitting(table, wanted)
    assert len(table.chosen(SectionQuery(" "))) == len(table.ranks)


async def test_the_pages_are_the_whole_table(store: StoreUnderTest, generated: list[dict[str, Any]]) -> None:
    assert generated
    table = await table_of(store)

    for sort in Sort:
        lines, place = table.page(everything(table), sort, None, 7)
        seen = list(lines)
        while place is not None:
            assert len(lines) == 7
            lines, place = table.page(everything(table), sort, place, 7)
            seen += lines

        assert sorted(line.id for line in seen) == sorted(ids(table, everything(table)))
        if sort is Sort.STUDENTS:
            assert [line.listed for line in seen] == sorted((line.listed for line in seen), reverse=True)
        if sort is Sort.PERIOD:
            shown = [line.shown("period") for line in seen]
            assert shown == sorted(shown, key=lambda one: (not one, int(one or 0)))


async def test_a_page_goes_on_behind_a_gap(store: StoreUnderTest, generated: list[dict[str, Any]]) -> None:
    assert generated
    table = await table_of(store)
    lines, place = table.page(everything(table), Sort.NAME, None, 10)
    assert place is not None
    gone = PagePosition(place.value, place.id + "0")

    assert table.page(everything(table), Sort.NAME, gone, 10) == table.page(
        everything(table), Sort.NAME, place, 10
    )
    assert not set(lines) & set(table.page(everything(table), Sort.NAME, gone, 10)[0])


async def test_a_students_sections_come_once_each_with_their_own_details(store: StoreUnderTest) -> None:
    feed = Feed(store)
    await feed.send(
        *(("schools", school_json(number, name=f"School {number}")) for number in SCHOOLS),
        *(("terms", term_json(number, name=f"Term {number}")) for number in (850, 851)),
        *(("courses", course_json(number, name=f"Course {number}")) for number in (800, 801)),
        ("users", teacher_json()),
        ("users", student_json(1)),
        ("users", student_json(2)),
        ("sections", homeroom(700, record_id(900), [1], name="A")),
        *(
            ("sections", homeroom(number, record_id(901), students, name=name) | OTHERS)
            for number, students, name in ((701, [1], "B"), (702, [2], "C"))
        ),
    )
    await evaluate(store)

    student = await store.student_records.student(DISTRICT, record_id(1))

    assert student is not None
    assert [[one.shown(column) for column in ("school", "course", "term")] for one in student.sections] == [
        ["School 900", "Course 800", "Term 850"],
        ["School 901", "Course 801", "Term 851"],
    ]
