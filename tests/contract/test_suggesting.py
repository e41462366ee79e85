"""Suggestions from PostgreSQL: what is read for them, when reviews carry them, and that nobody waits."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from schemas import clever
from schemas.messages.review import ReviewMessage
from tests.suggest.surveys import survey_of
from tests.support.builders.records import (
    DISTRICT,
    NOON,
    OTHER_DISTRICT,
    Json,
    course_json,
    event_id,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
    term_json,
)
from tests.support.builders.suggestions import suggestion
from tests.support.districts.oracle import Records
from tests.support.fixtures.people import LIMITS, Feed
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.suggest.pictures import read_picture
from worker.cli.onboarding_reports import rules_asked
from worker.domain.review.kept_suggestions import SearchInput
from worker.domain.roster.records import KINDS, RecordKind
from worker.domain.roster.section_filter import KEEP_ALL, Scope, SectionFilter
from worker.operations.filter_search import find_filters
from worker.pipeline.evaluate.preflight import run_preflight
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.evaluate.state import Adopted
from worker.pipeline.ingest import translate
from worker.pipeline.ingest.inbox import Arrival
from worker.runtime.errors import UnknownDistrictError
from worker.runtime.metrics import Metrics
from worker.suggest.service import search
from worker.suggest.survey import Survey

LATE = 40
"""Seconds after which somebody who waits waits for ever."""

Event = tuple[str, Json]


def keeping(value: str, **fields: object) -> SectionFilter:
    rules = [{"all": [{"field": "name", "op": "contains", "value": value}]}]
    return SectionFilter.model_validate({"rules": rules, **fields}, strict=False)


def staged(collection: str, record: Json) -> tuple[str, str]:
    """Return a record's id, and the record as it is staged."""
    text = translate.staged_json(clever.read_record(collection, record, DISTRICT))
    assert text is not None
    return record["id"], text


def invented() -> list[Event]:
    """Return a district with two schools, running and other terms, a co-teacher who is not shared."""
    past = term_json(851, name="Last Year", start_date="2019-08-10", end_date="2020-06-01")
    running = term_json(850, start_date="2019-08-10", end_date="2999-06-01")
    students = [
        student_json(n, {"school": record_id(900 + n % 2), "grade": ("3", "4", "")[n % 3]})
        for n in range(1, 31)
    ]
    listed = [student["id"] for student in students]
    return [
        *(("schools", school_json(n, name=name)) for n, name in ((900, "Larkspur"), (901, "Marrow  Middle"))),
        *(("terms", term) for term in (running, past)),
        ("courses", course_json(name="Home  Room")),
        ("users", teacher_json(500)),
        ("users", teacher_json(501, name={"first": "Ida", "last": "Núñez-Pell"})),
        *(("users", student) for student in students),
        ("sections", section_json(700, students=listed[:15], school=record_id(901))),
        ("sections", section_json(701, students=listed[15:], name="HOMEROOM - Pell - 1", period="")),
        ("sections", section_json(702, students=listed[5:], name="", subject="", course=None)),
        ("sections", section_json(703, students=listed, name="Chess", term_id=record_id(851))),
        ("sections", section_json(704, students=[*listed[:3], record_id(77)], teachers=[record_id(599)])),
        ("sections", section_json(705, students=[], school=record_id(999), term_id=None)),
    ]


def told(survey: Survey) -> dict[str, Any]:
    """Return all that a survey holds, to be compared."""
    arrays = ("section_school", "current", "student_school", "student_grade", "edge_section", "starts")
    words = ("homeroom", "pell", "nunez", "quillfeather", "chess", "osric", "hr", "home", "zed")
    return {
        **{name: getattr(survey, name).tolist() for name in arrays},
        "columns": {name: (column.each(), column.values) for name, column in survey.columns.items()},
        "schools": (survey.schools, survey.school_names),
        "grades": survey.grades,
        "teachers": set(survey.vocabulary.teacher_words),
        "public": [word for word in words if survey.vocabulary.is_public(word)],
    }


async def survey_in(store: StoreUnderTest, in_force: SectionFilter = KEEP_ALL) -> Survey:
    """Return what is read of the district now."""
    _, builder = await store.pictures.read(DISTRICT)
    return builder.build().within(in_force)


async def happen(store: StoreUnderTest, first: int, *events: Event) -> None:
    """Let these changes arrive."""
    await Feed(store, first - 1).send(*events)


async def judged(store: StoreUnderTest, first: int = 1, *events: Event, seconds: float = 60) -> None:
    """Let these changes arrive, and have them judged."""
    await happen(store, first, *events)
    stage = EvaluateStage(store.evaluations, LIMITS, Metrics(), suggest_seconds=seconds)
    async with asyncio.timeout(LATE):
        while await stage.once():
            pass


async def reviews(store: StoreUnderTest) -> list[Json]:
    """Return the reviews in the outbox, each as its schema reads it."""
    rows = await store.rows("SELECT envelope FROM outbox WHERE routing_key LIKE 'review.%' ORDER BY position")
    for row in rows:
        ReviewMessage.model_validate_json(row["envelope"])
    return [json.loads(row["envelope"]) for row in rows]


def district(students: int = 40) -> list[Event]:
    """Return a district with two homerooms, and with a club for everybody beside them."""
    pupils = [student_json(number) for number in range(1, students + 1)]
    listed = [pupil["id"] for pupil in pupils]
    clubs = {"name": "Chess", "period": "7", "course": None}
    return [
        ("schools", school_json()),
        ("terms", term_json(start_date="2019-08-10", end_date="2999-06-01")),
        ("courses", course_json()),
        ("users", teacher_json(500)),
        ("users", teacher_json(501, name={"first": "Ida", "last": "Marrow"})),
        *(("users", pupil) for pupil in pupils),
        ("sections", section_json(700, students=listed[::2])),
        ("sections", section_json(701, students=listed[1::2], teachers=[record_id(501)])),
        ("sections", section_json(702, students=listed, teachers=[record_id(501)], **clubs)),
        ("sections", section_json(703, students=listed[:9], **clubs)),
    ]


# Reading


@pytest.mark.parametrize("scope", [Scope(), Scope(grades=("3",)), Scope(schools=(record_id(901),))])
async def test_a_district_is_read_as_it_is_staged(store: StoreUnderTest, scope: Scope) -> None:
    in_force = SectionFilter(scope=scope)
    await store.districts.set_filter(DISTRICT, in_force, "test")
    await judged(store, 1, *invented())

    survey = await survey_in(store, in_force)

    records: Records = {}
    for collection, record in sorted(invented(), key=lambda event: event[1]["id"]):
        kind = KINDS[collection]
        assert kind is not None
        identifier, text = staged(collection, record)
        records[kind, identifier] = json.loads(text)
    assert told(survey) == told(survey_of(records, datetime.now(UTC).date(), in_force))
    assert survey.students > 0
    assert survey.current.tolist() == [True, True, True, False, True, True]


async def test_a_deleted_record_is_not_read(store: StoreUnderTest) -> None:
    await judged(store, 1, *district(4))
    kinds = [
        (KINDS["users"], record_id(1)),
        (KINDS["users"], record_id(500)),
        (KINDS["sections"], record_id(703)),
    ]
    gone = [
        Arrival(DISTRICT, event_id(100 + place), kind, identifier, None)
        for place, (kind, identifier) in enumerate(kinds)
        if kind is not None
    ]
    await store.inbox.store(gone, [], [])
    await judged(store)

    survey = await survey_in(store)

    assert (survey.students, survey.sections) == (3, 3)
    assert "quillfeather" not in survey.vocabulary.teacher_words


async def test_a_committed_teacher_who_left_gives_no_word(store: StoreUnderTest) -> None:
    await store.districts.set_filter(DISTRICT, keeping("homeroom"), "test")
    await judged(store, 1, *district(4))
    left = Arrival(DISTRICT, event_id(100), RecordKind.USER, record_id(500), None)
    await store.inbox.store([left], [], [])

    survey = await survey_in(store)

    assert {"fernquay", "tamsin"} <= set(survey.vocabulary.teacher_words)


async def test_a_district_that_was_never_seen_has_no_picture(store: StoreUnderTest) -> None:
    with pytest.raises(UnknownDistrictError, match=DISTRICT):
        await store.pictures.read(DISTRICT)


async def test_suggesting_changes_nothing(store: StoreUnderTest) -> None:
    await judged(store, 1, *district(), seconds=0)
    before = await store.rows("SELECT d::text FROM districts d")

    _, picture = await store.pictures.read(DISTRICT)
    found = await search(picture.build, KEEP_ALL, 60)

    assert (found[0].section_filter, found[0].exactly_one) == (keeping("homeroom"), 40)
    assert await store.rows("SELECT d::text FROM districts d") == before
    assert await store.rows("SELECT 1 FROM suggestions") == []
    assert await store.rows("SELECT 1 FROM filters") == []


async def test_a_search_that_a_person_orders_keeps_students_in_classes_that_stand(
    store: StoreUnderTest,
) -> None:
    await store.districts.set_filter(DISTRICT, keeping("homeroom"), "test")
    await judged(store, 1, *district())
    await store.districts.hold(DISTRICT, "test", "the classes stand")
    halves = [[record_id(number) for number in range(start, 41, 2)] for start in (1, 2)]
    await judged(
        store,
        100,
        *(
            ("sections", section_json(700 + n, students=half, name="Reading"))
            for n, half in enumerate(halves)
        ),
        *(("sections", section_json(710 + n, students=half)) for n, half in enumerate(reversed(halves))),
    )
    _, picture = await store.pictures.read(DISTRICT)

    classes = await store.pictures.standing_classes(DISTRICT)
    any_filter = await find_filters(store.districts, DISTRICT, picture.build, 60, classes={})
    found = await find_filters(store.districts, DISTRICT, picture.build, 60, classes=classes)

    assert classes == {record_id(700): 20, record_id(701): 20}
    assert any_filter[0].section_filter == keeping("homeroom")
    assert [one.section_filter for one in found] == [keeping("reading")]


# Nobody waits


async def test_an_evaluation_does_not_wait_for_a_picture_that_is_read(store: StoreUnderTest) -> None:
    await judged(store, 1, *district(10))
    async with (
        store.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        before = (await read_picture(connection, DISTRICT, NOON.date(), 30)).build()
        await judged(store, 100, ("users", student_json(11)))
        meanwhile = (await read_picture(connection, DISTRICT, NOON.date(), 30)).build()
    after = await survey_in(store)

    assert [len(one.student_school) for one in (before, meanwhile, after)] == [10, 10, 11]


async def test_a_picture_does_not_wait_for_an_evaluation(store: StoreUnderTest) -> None:
    await judged(store, 1, *district(10))
    await happen(store, 100, ("users", student_json(11)))

    async with store.evaluations.next(LIMITS) as evaluation, asyncio.timeout(LATE):
        assert evaluation is not None
        survey = await survey_in(store)

    assert survey.students == 10


# Reviews


async def test_a_review_carries_suggestions_and_they_are_kept(store: StoreUnderTest) -> None:
    await judged(store, 1, *district())

    (review,) = await reviews(store)
    first = review["suggestions"][0]
    assert first["filter"] == keeping("homeroom").model_dump(mode="json")
    assert first["coverage"] == {"exactly_one": 40, "none": 0, "several": 0}
    assert first["text"] == 'Match all sections where name contains "homeroom"'
    assert (first["sharing_rules"], first["in_force"], first["cut_short"]) == (True, False, False)
    (kept,) = await store.rows("SELECT unplaced, filter_version, suggestions FROM suggestions")
    assert (kept["unplaced"], kept["filter_version"]) == (40, 0)
    assert kept["suggestions"] == review["suggestions"]


async def test_reviews_carry_what_was_found_while_nothing_has_changed(store: StoreUnderTest) -> None:
    await judged(store, 1, *district())
    await judged(store, 100, ("users", student_json(4, name={"first": "Ida", "last": ""})))

    one, other = await reviews(store)
    assert other["suggestions"] == one["suggestions"]
    assert len({suggestion["as_of"] for suggestion in other["suggestions"]}) == 1


async def test_a_district_that_changed_much_is_searched_anew(store: StoreUnderTest) -> None:
    await judged(store, 1, *district())
    await judged(store, 100, *(("users", student_json(number)) for number in range(41, 51)))

    one, other = (review["suggestions"][0] for review in await reviews(store))
    assert other["as_of"] > one["as_of"]
    assert (one["coverage"]["none"], other["coverage"]["none"]) == (0, 10)


async def test_a_district_that_connects_with_students_and_shares_its_sections_later_gets_suggestions(
    store: StoreUnderTest,
) -> None:
    """As many students are in several sections then as were in none before."""
    await judged(store, 1, *(event for event in district() if event[0] != "sections"))
    await judged(store, 100, *(event for event in district() if event[0] == "sections"))

    one, other = await reviews(store)
    assert one["suggestions"] == []
    assert other["suggestions"][0]["coverage"] == {"exactly_one": 40, "none": 0, "several": 0}
    asked = rules_asked(await store.districts.show(DISTRICT))
    assert asked.rules == ('Match all sections where name contains "homeroom"',)


async def test_suggestions_of_a_version_that_did_not_say_for_what_are_none(store: StoreUnderTest) -> None:
    await happen(store, 1, *district(3))
    kept = (
        "INSERT INTO suggestions "
        "(district_id, made_at, filter_version, unplaced, suggestions, input_batch, in_none) "
        "VALUES ($1, now(), $2, 5, $3, $4, 2)"
    )
    await store.rows(kept, OTHER_DISTRICT, 8, [{"of": "another"}], 9)
    mine = suggestion(as_of="2026-09-01T10:00:00.000Z")
    await store.rows(kept, DISTRICT, 1, [mine], None)

    async with store.evaluations.next(LIMITS) as evaluation:
        assert evaluation is not None
        assert await evaluation.advice() is None
    await store.rows("UPDATE suggestions SET input_batch = 4 WHERE district_id = $1", DISTRICT)
    async with store.evaluations.next(LIMITS) as evaluation:
        assert evaluation is not None
        advice = await evaluation.advice()

    assert advice is not None
    assert (advice.found_for, advice.suggestions) == (SearchInput(1, 4, 2, 3), [mine])


async def test_suggestions_unknown_to_this_version_are_searched_again(store: StoreUnderTest) -> None:
    await judged(store, 1, *district())
    older = "UPDATE suggestions SET suggestions = '[{\"filter\": {}}]' WHERE district_id = $1"
    await store.rows(older, DISTRICT)
    await judged(store, 100, ("users", student_json(4, name={"first": "Ida", "last": ""})))

    one, other = await reviews(store)
    assert [each["filter"] for each in other["suggestions"]] == [
        each["filter"] for each in one["suggestions"]
    ]
    assert one["suggestions"] != []


async def test_sections_that_are_renamed_are_searched_anew(store: StoreUnderTest) -> None:
    await judged(store, 1, *district())
    renamed = [section for kind, section in district() if kind == "sections"][:2]
    blank = ("users", student_json(4, name={"first": "Ida", "last": ""}))
    await judged(store, 100, *(("sections", {**one, "name": "Advisory"}) for one in renamed), blank)

    one, other = (review["suggestions"][0] for review in await reviews(store))
    assert one["text"] == 'Match all sections where name contains "homeroom"'
    assert other["text"] == 'Match all sections where name contains "advisory"'


async def test_a_baseline_with_too_many_changes_to_list_is_searched_anew(store: StoreUnderTest) -> None:
    await judged(store, 1, *district())
    await happen(store, 100, ("users", student_json(41)))

    async with store.evaluations.next(LIMITS) as evaluation:
        assert evaluation is not None
        await run_preflight(evaluation, [], adopted=Adopted(1, 1, None))
        assert evaluation.state.search_input_batch == evaluation.state.batch_number + 1


async def test_under_another_filter_suggestions_are_looked_for_anew(store: StoreUnderTest) -> None:
    await judged(store, 1, *district())
    await store.districts.set_filter(DISTRICT, keeping("chess", scope={"grades": ["3"]}), "test")
    await judged(store)

    one, other = (review["suggestions"][0] for review in await reviews(store))
    assert other["as_of"] > one["as_of"]
    assert other["filter"]["scope"]["grades"] == ["3"]
    (kept,) = await store.rows("SELECT filter_version FROM suggestions")
    assert kept["filter_version"] == 1


async def test_old_suggestions_are_looked_for_anew(store: StoreUnderTest) -> None:
    await judged(store, 1, *district())
    await store.rows("UPDATE suggestions SET made_at = made_at - interval '1 day'")
    await judged(store, 100, ("users", student_json(41)))

    one, other = (review["suggestions"][0] for review in await reviews(store))
    assert other["as_of"] > one["as_of"]


async def test_without_time_for_a_search_reviews_carry_none(store: StoreUnderTest) -> None:
    await judged(store, 1, *district(), seconds=0)

    (review,) = await reviews(store)
    assert review["suggestions"] == []
    assert await store.rows("SELECT 1 FROM suggestions") == []


async def test_a_filter_that_cannot_be_better_is_told_in_force(store: StoreUnderTest) -> None:
    await store.districts.set_filter(DISTRICT, keeping("Homeroom"), "test")
    newcomers = [student_json(number) for number in (41, 42, 43)]
    clubs = [
        section_json(number, name="Chess", students=[newcomers[0]["id"]], period="7", course=None)
        for number in (704, 705)
    ]
    people = (("users", one) for one in newcomers)
    await judged(store, 1, *district(), *people, *(("sections", club) for club in clubs))

    (review,) = await reviews(store)
    assert review["suggestions"][0]["in_force"] is True
    assert review["suggestions"][0]["leftovers"] == [
        {"school": record_id(900), "grade": "3", "none": 3, "several": 0}
    ]


@pytest.mark.parametrize(("students", "is_advised"), [(100, False), (99, True)])
async def test_a_rostered_district_is_advised_where_more_than_a_few_have_no_class(
    store: StoreUnderTest, students: int, *, is_advised: bool
) -> None:
    await store.districts.set_filter(DISTRICT, keeping("homeroom"), "test")
    await judged(store, 1, *district(students - 1))
    assert await reviews(store) == []

    await store.districts.set_filter(DISTRICT, keeping("homeroom"), "test")
    club = section_json(704, name="Chess", students=[record_id(students)])
    await judged(store, 500, ("users", student_json(students)), ("sections", club))

    (review,) = await reviews(store)
    assert review["students"] == {"total": students, "ready": students - 1, "blocked": 1, "outside_scope": 0}
    assert bool(review["suggestions"]) is is_advised


async def test_students_in_two_homerooms_suggest_no_filter_in_force(store: StoreUnderTest) -> None:
    await store.districts.set_filter(DISTRICT, keeping("homeroom"), "test")
    other = section_json(704, students=[record_id(number) for number in (2, 4)], teachers=[record_id(501)])
    await judged(store, 1, *district(), ("sections", other))

    (review,) = await reviews(store)
    assert [cause["code"] for cause in review["causes"]] == ["sis.several_of_one_kind"]
    assert review["causes"][0]["advice"].startswith(
        "2 students at Larkspur Elementary (grade 3) are in two or more sections"
    )
    assert review["suggestions"] == []


async def test_students_in_no_section_are_no_reason_to_suggest_a_filter(store: StoreUnderTest) -> None:
    await store.districts.set_filter(DISTRICT, keeping("homeroom"), "test")
    await judged(store, 1, *district(), *(("users", student_json(number)) for number in (41, 42, 43)))

    (review,) = await reviews(store)
    assert [cause["code"] for cause in review["causes"]] == ["sis.in_no_section"]
    assert review["suggestions"] == []


async def test_a_district_whose_filter_is_right_gets_no_suggestions(store: StoreUnderTest) -> None:
    await store.districts.set_filter(DISTRICT, keeping("homeroom"), "test")
    await judged(store, 1, *district(), ("users", student_json(1, {"sis_id": ""})))

    (review,) = await reviews(store)
    assert (review["suggestions"], review["students"]["blocked"]) == ([], 1)


async def test_a_day_is_read_in_utc(store: StoreUnderTest) -> None:
    await judged(store, 1, *invented())
    async with store.database.connection() as connection, connection.transaction():
        long_ago = (await read_picture(connection, DISTRICT, date(2019, 8, 9), 30)).build()

    assert long_ago.current.tolist() == [False, False, False, False, False, True]
