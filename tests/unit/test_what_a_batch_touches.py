"""Of a district in memory: what a change has looked at again, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.words import Severity, Trigger
from tests.support.builders.records import Json
from tests.support.fakes.evaluation import MemoryEvaluation
from worker.domain.preflight.policy import Code, Policy
from worker.domain.roster.records import EventId, RecordId, RecordKind
from worker.domain.roster.section_filter import SectionFilter
from worker.domain.roster.staging import Change
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.candidate.refresh import stage
from worker.pipeline.evaluate.candidate.step1_sections import section_view
from worker.pipeline.evaluate.candidate.step2_students import StudentOutcome, refresh_students
from worker.pipeline.evaluate.candidate.step3_classes import ClassOutcome
from worker.pipeline.evaluate.preflight import context_of, run_preflight, terms_that_count, today
from worker.pipeline.evaluate.rosters import SectionState

ADVISORY = SectionFilter.model_validate(
    {"rules": [{"all": [{"field": "course_name", "op": "is", "value": "advisory"}]}]}, strict=False
)
ALL = Policy(required_fields=(), unique_fields=())


def student(school: str = "h1", **texts: str) -> Json:
    return {"student": {"texts": {"school_id": school, "grade": "3", **texts}}}


def listing(*students: str, **fields: str) -> Json:
    return {"students": list(students), "teachers": ["t"], "school_id": "h1", **fields}


async def judged(
    district: MemoryEvaluation, *records: tuple[RecordKind, str, Json | None], seconds: float = 60
) -> MemoryEvaluation:
    """Judge a batch of these records."""
    district.next_window(Trigger.FLUSH, seconds=seconds)
    district.looked_at.clear()
    for kind, record_id, after in records:
        before = district.at(kind, record_id)
        district.sent += 1
        one = Change(kind, RecordId(record_id), EventId(f"{district.sent:024x}"), before, after)
        await run_preflight(district.port(), [one])
    return district


async def two_classes(
    policy: Policy = ALL, section_filter: SectionFilter | None = None, *more: tuple[RecordKind, str, Json]
) -> MemoryEvaluation:
    """Return a district with a class at each of two schools, two students in the first, one in the other."""
    district = MemoryEvaluation()
    district.state.policy = policy
    district.state.section_filter = section_filter or SectionFilter()
    return await judged(
        district,
        (RecordKind.SCHOOL, "h1", {"name": "North"}),
        (RecordKind.SCHOOL, "h2", {"name": "South"}),
        (RecordKind.COURSE, "k", {"name": "Advisory"}),
        (RecordKind.USER, "t", {"teacher": {"last_name": "P"}}),
        *((RecordKind.USER, name, student()) for name in ("s1", "s2")),
        (RecordKind.USER, "s3", student("h2")),
        (RecordKind.SECTION, "c1", listing("s1", "s2", course_id="k")),
        (RecordKind.SECTION, "c2", {**listing("s3"), "school_id": "h2"}),
        *more,
    )


@pytest.mark.parametrize(
    ("record", "looked_at"),
    [
        ((RecordKind.SCHOOL, "h1", {"name": "East"}), {"section": {"c1"}, "school": {"h1"}}),
        ((RecordKind.SCHOOL, "h1", {"name": "North"}), {}),
        ((RecordKind.SCHOOL, "h1", None), {"section": {"c1"}, "school": {"h1"}, "student": {"s1", "s2"}}),
        ((RecordKind.SCHOOL, "c1", {"name": "New"}), {"school": {"c1"}}),
        ((RecordKind.SCHOOL, "k", {"name": "New"}), {"school": {"k"}}),
        ((RecordKind.COURSE, "k", {"name": "Other"}), {"section": {"c1"}}),
        ((RecordKind.COURSE, "h1", {"name": "Other"}), {}),
        ((RecordKind.TERM, "h1", {"name": "Fall"}), {}),
        ((RecordKind.USER, "t", {"teacher": {"last_name": "Q"}}), {"teacher": {"t"}}),
        ((RecordKind.USER, "t", None), {"teacher": {"t"}, "class": {"c1", "c2"}}),
        ((RecordKind.USER, "s3", student("h2", sis_id="1")), {"student": {"s3"}}),
        ((RecordKind.USER, "s3", student("h1")), {"student": {"s3"}, "school": {"h1", "h2"}}),
        (
            (RecordKind.USER, "s3", None),
            {"student": {"s3"}, "school": {"h2"}, "class": {"c2"}, "teacher": {"t"}},
        ),
        (
            (RecordKind.SECTION, "c1", listing("s1", course_id="k")),
            {"section": {"c1"}, "class": {"c1"}, "student": {"s2"}},
        ),
    ],
)
async def test_a_batch_has_looked_at_again_what_it_touches_and_nothing_else(
    record: tuple[RecordKind, str, Json | None], looked_at: dict[str, set[str]]
) -> None:
    district = await judged(await two_classes(), record)

    assert district.looked_at == looked_at


async def test_a_school_is_in_the_roster_as_it_is_called_now_until_nobody_needs_it() -> None:
    district = await judged(await two_classes(), (RecordKind.SCHOOL, "h2", {"name": "East"}))
    assert district.entries()["school", "h2"]["name"] == "East"

    await judged(district, (RecordKind.SECTION, "c2", None), (RecordKind.USER, "s3", student("h1")))

    assert ("school", "h2") not in district.entries()


async def test_a_school_is_needed_while_a_student_in_scope_is_there() -> None:
    third = SectionFilter.model_validate({"scope": {"grades": ["3"]}})
    district = await two_classes(
        ALL, third, (RecordKind.SCHOOL, "h3", {"name": "West"}), (RecordKind.USER, "s4", student("h3"))
    )
    await judged(district, (RecordKind.SECTION, "c1", listing("s1", "s2", "s4", course_id="k")))
    is_there = [("school", "h3") in district.entries()]

    for grade in ("4", "3"):
        await judged(district, (RecordKind.USER, "s4", student("h3", grade=grade)))
        is_there.append(("school", "h3") in district.entries())

    assert is_there == [True, False, True]


async def test_a_section_is_no_class_any_more_when_the_last_student_leaves_the_scope() -> None:
    third = SectionFilter.model_validate({"scope": {"grades": ["3"]}})
    district = await two_classes(ALL, third)
    assert ("class", "c2") in district.entries()

    await judged(district, (RecordKind.USER, "s3", student("h2", grade="4")))

    assert {key[1] for key in district.entries() if key[0] in ("class", "student")} == {"c1", "s1", "s2"}


async def test_a_new_term_that_ends_the_grace_ranks_a_schools_sections_again() -> None:
    current = SectionFilter(current_term_only=True)
    district = await two_classes(
        ALL, current, (RecordKind.TERM, "m1", {"start": "2026-08-01", "end": "2026-09-10"})
    )
    await judged(district, (RecordKind.SECTION, "c1", listing("s1", "s2", term_id="m1")))
    assert "c1" in district.kept
    assert district.in_grace == {("h1", "m1")}

    await judged(district, (RecordKind.TERM, "m2", {"start": "2026-09-14", "end": "2026-12-20"}))

    assert "c1" not in district.kept
    assert district.in_grace == set()
    assert district.looked_at["section"] == {"c1"}


async def test_sections_of_no_school_have_the_whole_district_looked_at_where_terms_count_on() -> None:
    current = SectionFilter(current_term_only=True)
    district = await two_classes(
        ALL, current, (RecordKind.TERM, "m1", {"start": "2026-08-01", "end": "2026-09-10"})
    )

    await judged(district, (RecordKind.SECTION, "c3", {"students": [], "teachers": [], "term_id": "m1"}))

    assert district.looked_at["section"] == {"c1", "c2", "c3"}
    assert "c3" in district.kept


async def test_whoever_left_the_scope_blocks_nobody_and_nobody_else_is_told_of() -> None:
    severe = replace(ALL, severities={Code.LEFT_SCOPE: Severity.ERROR}, required_fields=("sis_id",))
    third = SectionFilter.model_validate({"scope": {"grades": ["3"]}})
    district = await two_classes(severe, third)
    assert district.state.tally.blocked == 3

    await judged(district, (RecordKind.USER, "s1", student(grade="4")))
    assert {one.code for one in district.errors() if one.record_id == "s1"} == set()
    await judged(district, (RecordKind.USER, "s1", student()))
    await district.adopt_candidate(restarts_count=False)
    await judged(district, (RecordKind.USER, "s1", student(grade="4")))

    assert {one.code for one in district.errors() if one.record_id == "s1"} == {Code.LEFT_SCOPE}
    assert district.state.tally.blocked == 2
    await judged(district, (RecordKind.USER, "s1", student(grade="5")))
    assert district.state.tally.blocked == 2


async def in_context(district: MemoryEvaluation) -> Context:
    terms = await terms_that_count(district.port())
    return await context_of(district.port(), terms.calendar(today(district.port()), 0))


async def test_students_name_their_schools_and_the_sections_that_came_to_have_some() -> None:
    district = await two_classes()
    district.rows.clear()
    district.kept = {"c1": (0, 0), "c2": (0, 5)}
    district.known[RecordKind.USER, RecordId("s2")] = replace(
        district.known[RecordKind.USER, RecordId("s2")], record={"student": {}}
    )
    district.findings.clear()

    assert await refresh_students(await in_context(district), ["s2"]) == StudentOutcome({"c1"}, set())
    assert await refresh_students(await in_context(district), ["s1", "s3"]) == StudentOutcome(
        set(), {"h1", "h2"}
    )
    assert await refresh_students(await in_context(district), []) == StudentOutcome()


async def test_nothing_is_written_where_nothing_changed() -> None:
    district = MemoryEvaluation()

    await stage(district.port(), [])

    assert not district.calls


@pytest.mark.parametrize(
    ("known", "steps"),
    [
        (None, [("sections", 2), ("identities", 3), ("students", 3), ("classes", 2)]),
        (SectionFilter(), [("sections", 2)]),
        (
            SectionFilter.model_validate(
                {"rules": [{"all": [{"field": "course_name", "op": "is", "value": "advisory"}]}]},
                strict=False,
            ),
            [("sections", 2), ("students", 1), ("classes", 1)],
        ),
    ],
)
async def test_another_filter_looks_at_what_it_turns_and_tells_how_far_it_is(
    known: SectionFilter | None, steps: list[tuple[str, int]]
) -> None:
    """Everything is looked at where the filter before is not known."""
    district = await two_classes(ALL, known)
    district.state.section_filter = SectionFilter()
    district.state.filter_version += 1
    if known is None:
        district.state.evaluated_filter = None
    told: list[tuple[str, int]] = []

    await run_preflight(district.port(), [], lambda what, count: told.append((what, count)))

    assert told == steps
    assert district.state.evaluated_filter_version == district.state.filter_version
    assert district.state.tally.shared == 3


def test_a_class_names_the_teachers_and_the_school_of_its_record() -> None:
    outcome = ClassOutcome()
    for record in (None, '{"teacher_ids":["a","b"],"school_id":"h"}', '{"teacher_ids":[],"school_id":null}'):
        outcome.name(record)

    assert outcome == ClassOutcome({"a", "b"}, {"h"})


def test_beside_a_section_stands_only_what_it_names() -> None:
    beside = {"name": "x"}
    seen = section_view(SectionState("c", {"school_id": " "}, beside, beside, beside, None))

    assert seen is not None
    assert (seen.course, seen.school, seen.term) == (None, None, None)
    assert section_view(SectionState("c", None, beside, beside, beside, None)) is None
