"""What has to be looked at again for a change."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import cast

import pytest

from tests.support.builders.records import Json
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.records import EventId, RecordId, RecordKind
from worker.domain.roster.staging import Change
from worker.pipeline.evaluate.candidate.context import chunks
from worker.pipeline.evaluate.candidate.refresh import Touched, _touch_user, _turned, stage
from worker.pipeline.evaluate.candidate.step1_sections import touched_students
from worker.pipeline.evaluate.rosters import EnrollmentChanges, EvaluatedRoster, SectionLink

TODAY = date(2026, 9, 15)
LIMITS = WindowLimits(timedelta(0), timedelta(hours=1), 10, timedelta(hours=1))


def change(kind: RecordKind, before: Json | None, after: Json | None) -> Change:
    return Change(kind, RecordId("r"), EventId("1"), before, after)


# What a change touches


Ranks = tuple[int | None, int | None]
BEFORE, AFTER = {"students": ["a", "b"]}, {"students": ["b", "c"]}


@pytest.mark.parametrize(
    ("before", "after", "ranks", "union", "first_match"),
    [
        (BEFORE, AFTER, (0, 1), "ac", "abc"),
        (BEFORE, AFTER, (None, 0), "abc", "abc"),
        (BEFORE, AFTER, (0, 0), "ac", "ac"),
        (BEFORE, AFTER, (None, None), "", ""),
        (None, AFTER, (None, 0), "bc", "bc"),
        (BEFORE, None, (0, None), "ab", "ab"),
        (None, {}, (0, 0), "", ""),
    ],
)
def test_students_are_touched_where_a_section_turned_or_they_came_or_went(
    before: Json | None,
    after: Json | None,
    ranks: tuple[int | None, int | None],
    union: str,
    first_match: str,
) -> None:
    assert touched_students("union", before, after, *ranks) == set(union)
    assert touched_students("first_match", before, after, *ranks) == set(first_match)


def side(school: str | None, **texts: str) -> Json:
    return {"texts": texts | ({} if school is None else {"school_id": school})}


@pytest.mark.parametrize(
    ("before", "after", "students", "teachers", "schools", "turned"),
    [
        (None, {"student": side("n")}, {"r"}, set(), {"n"}, (True, False)),
        ({"student": side("n")}, {"student": side("s")}, {"r"}, set(), {"n", "s"}, (False, False)),
        ({"student": side("n")}, {"student": side(None)}, {"r"}, set(), {"n"}, (False, False)),
        ({"student": side("n")}, {"student": side("n")}, set(), set(), set(), (False, False)),
        ({"student": side("n")}, None, {"r"}, set(), {"n"}, (True, False)),
        ({"teacher": {"a": 1}}, {"teacher": {"a": 2}}, set(), {"r"}, set(), (False, False)),
        ({"teacher": {}}, {"student": {}}, {"r"}, {"r"}, set(), (True, True)),
    ],
)
def test_a_user_touches_the_side_that_differs_and_the_schools_of_the_student(
    before: Json | None,
    after: Json | None,
    students: set[str],
    teachers: set[str],
    schools: set[str],
    turned: tuple[bool, bool],
) -> None:
    touched, user = Touched(), change(RecordKind.USER, before, after)

    _touch_user(touched, user)

    assert (touched.students, touched.teachers, touched.schools) == (students, teachers, schools)
    assert (_turned(user, "student"), _turned(user, "teacher")) == turned
    assert not _turned(change(RecordKind.SECTION, before, after), "student")


@dataclass
class FakeRoster:
    """Keeps what is staged."""

    staged: list[Change] = field(default_factory=list)
    added: set[SectionLink] = field(default_factory=set)
    removed: set[SectionLink] = field(default_factory=set)
    enrolled: list[dict[str, list[str]]] = field(default_factory=list)
    terms: dict[tuple[str, str], int] | None = None

    async def write_staged(self, changes: Sequence[Change], enrollments: EnrollmentChanges) -> None:
        self.staged += changes
        both = enrollments.added, enrollments.removed
        self.enrolled += [{student: sorted(sections) for student, sections in one.items()} for one in both]

    async def write_links(self, added: Collection[SectionLink], removed: Collection[SectionLink]) -> None:
        self.added |= set(added)
        self.removed |= set(removed)

    async def count_school_terms(self, changes: Mapping[tuple[str, str], int]) -> None:
        self.terms = dict(changes)


async def staged(*changes: Change) -> FakeRoster:
    roster = FakeRoster()
    await stage(cast("EvaluatedRoster", roster), changes)
    assert roster.staged == list(changes)
    return roster


async def test_a_section_points_to_what_it_names_and_nothing_more() -> None:
    before = {"students": ["a", "x"], "teachers": ["b"], "school_id": "n", "course_id": "c", "term_id": "t"}
    after = {"students": ["a", "y"], "teachers": ["b"], "school_id": "n", "course_id": "d", "term_id": None}

    def links(*targets: tuple[str, str]) -> set[SectionLink]:
        return {(role, target, "r") for role, target in targets}

    whole = links(("teacher", "b"), ("school", "n"), ("course", "c"), ("term", "t"))
    come, gone = (
        await staged(change(RecordKind.SECTION, None, before)),
        await staged(change(RecordKind.SECTION, before, None)),
    )
    other = await staged(change(RecordKind.SECTION, before, after), change(RecordKind.COURSE, None, before))

    assert (come.added, come.removed) == (whole, set())
    assert (gone.added, gone.removed) == (set(), whole)
    assert other.added == links(("course", "d"))
    assert other.removed == links(("course", "c"), ("term", "t"))


async def test_a_student_is_enrolled_in_the_sections_that_list_him_now() -> None:
    roster = await staged(
        change(RecordKind.SECTION, {"students": ["a", "x"]}, {"students": ["a", "y"]}),
        replace(change(RecordKind.SECTION, None, {"students": ["y", "y"]}), record_id=RecordId("s")),
        change(RecordKind.USER, None, {"students": ["z"]}),
    )

    assert roster.enrolled == [{"y": ["r", "s"]}, {"x": ["r"]}]


async def test_terms_of_schools_are_counted_by_the_sections_that_come_and_go() -> None:
    fall, spring = {"school_id": "n", "term_id": "fall"}, {"school_id": "n", "term_id": "spring"}
    roster = await staged(
        change(RecordKind.SECTION, None, fall),
        change(RecordKind.SECTION, fall, spring),
        change(RecordKind.SECTION, None, spring),
        change(RecordKind.SECTION, {"term_id": "old"}, None),
        change(RecordKind.SECTION, {"school_id": "n"}, {"school_id": "n", "term_id": None}),
        change(RecordKind.COURSE, None, fall),
    )

    assert roster.terms == {("n", "spring"): 2, ("", "old"): -1}
    assert (await staged(change(RecordKind.SECTION, fall, fall))).terms is None
    assert (await staged()).terms is None


def test_items_come_in_chunks_of_a_size_and_the_last_one_has_the_rest() -> None:
    assert list(chunks([1, 2, 3, 4, 5], 2)) == [[1, 2], [3, 4], [5]]
    assert list(chunks([1, 2], 2)) == [[1, 2]]
    assert list(chunks([], 2)) == []
