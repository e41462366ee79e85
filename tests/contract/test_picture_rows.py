"""Which rows a district's picture is made of, in which order, and for which day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, Json
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.records import Course, RecordId, School, Section, Term
from worker.domain.roster.section_filter import Scope
from worker.suggest.picture import DistrictPicture

DAY: Final = timedelta(days=1)
LONG_AGO: Final = (datetime.now(UTC) - timedelta(days=100)).date()
ENDED: Final[Json] = {
    "name": "Fall",
    "start": (LONG_AGO - timedelta(days=100)).isoformat(),
    "end": LONG_AGO.isoformat(),
}


def student(school: str | None, grade: str | None, *others: str) -> Json:
    texts = {name: value for name, value in (("school_id", school), ("grade", grade)) if value is not None}
    return {"student": {"texts": texts, "other_schools": list(others)}}


SECTION: Final[Json] = {"name": "Homeroom", "school_id": "north", "students": ["a", "b", "c"]}


def called(name: str) -> Json:
    """Return a teacher."""
    return {"teacher": {"first_name": name, "last_name": "Fernquay"}}


TEACHER: Final = called("Ida")
RECORDS: Final[list[tuple[str, str, Json | None]]] = [
    # in another order than they are asked for
    ("section", "y", {**SECTION, "name": "Chess", "term_id": "ended", "course_id": "art"}),
    ("section", "x", SECTION),
    ("section", "gone", None),
    ("school", "south", {"name": "South"}),
    ("school", "north", {"name": "North"}),
    ("school", "nameless", {}),
    ("school", "gone", None),
    ("district", "x", {**SECTION, **student("district", "7", "of a district"), **called("Decoy")}),
    ("user", "c", student("south", "3")),
    ("user", "a", student("north", "1", "south", "west")),
    ("user", "b", student("north", "2")),
    ("user", "gone", None),
    ("user", "t", TEACHER),
    ("course", "art", {"name": "Art"}),
    ("course", "gone", None),
    ("term", "ended", ENDED),
    ("term", "gone", None),
    # with the ids of others
    ("user", "ended", TEACHER),
    ("user", "art", TEACHER),
]


async def stage(store: StoreUnderTest) -> None:
    """Stage the records of a district, and others of another one."""
    for district_id in (OTHER_DISTRICT, DISTRICT):
        await store.rows(
            "INSERT INTO districts (district_id, batch_number) VALUES ($1, $2)",
            district_id,
            4 if district_id == DISTRICT else 7,
        )
        await store.rows(
            "INSERT INTO school_terms (district_id, school_id, term_id, sections) "
            "VALUES ($1, 'north', 'ended', 1)",
            district_id,
        )
    for kind, record_id, record in RECORDS:
        await add(store, DISTRICT, kind, record_id, record)
    other = {"name": "Other", **student("other", "9", "of another"), **called("Elsewhere")}
    for kind, record_id, _ in RECORDS:
        await add(store, OTHER_DISTRICT, kind, f"{record_id} of another", other)
        await add(store, OTHER_DISTRICT, kind, record_id, other)


async def add(
    store: StoreUnderTest, district_id: str, kind: str, record_id: str, record: Json | None
) -> None:
    await store.rows(
        "INSERT INTO staged (district_id, kind, record_id, event_id, record) VALUES ($1, $2, $3, 'e', $4)",
        *(district_id, kind, record_id, record),
    )


async def picture_of(store: StoreUnderTest) -> DistrictPicture:
    _, builder = await store.pictures.read(DISTRICT)
    return builder.build()


async def test_a_picture_holds_the_live_records_by_id(store: StoreUnderTest) -> None:
    await stage(store)

    picture = await picture_of(store)

    assert picture.columns["name"].each() == ["Homeroom", "Chess"]
    assert picture.columns["course_name"].each() == [None, "Art"]
    assert [picture.grades[code] for code in picture.student_grade] == ["1", "2", "3"]
    assert {word for words in picture.teacher_words.values() for word in words} == {"ida", "fernquay"}
    assert picture.school_names == {"north": "North", "south": "South"}
    assert picture.current.tolist() == [True, False]
    assert picture.listed.tolist() == [3, 3]


async def test_a_section_is_told_with_all_that_stands_beside_it(store: StoreUnderTest) -> None:
    await stage(store)

    plain, other = map((await picture_of(store)).view, (0, 1))

    x, y, north, art, ended = map(RecordId, ("x", "y", "north", "art", "ended"))
    assert plain.section == Section(x, north, "Homeroom")
    assert other.section == Section(y, north, "Chess", course_id=art, term_id=ended)
    assert other.school == School(north, "North")
    assert other.course == Course(art, "Art")
    assert other.term == Term(ended, "Fall")


async def test_schools_have_the_names_of_live_ones_and_else_their_ids(store: StoreUnderTest) -> None:
    await stage(store)

    assert await store.pictures.schools(DISTRICT) == {
        "north": "North",
        "south": "South",
        "nameless": "nameless",
    }


async def test_a_scope_matches_grades_and_all_schools_of_students(store: StoreUnderTest) -> None:
    await stage(store)
    matched, others = ("north", "south", "west"), ("district", "other", "of a district", "of another")
    scope = Scope(grades=("1", "2", "3", "7", "9"), schools=(*matched, *others))

    unmatched = await store.pictures.scope_matches_nothing(DISTRICT, scope)

    assert {each.value for each in unmatched} == {"7", "9", *others}


async def test_while_no_student_is_shared_nothing_is_said_of_a_scope(store: StoreUnderTest) -> None:
    await add(store, DISTRICT, "user", "t", TEACHER)
    scope = Scope(grades=("1",), schools=("north",))

    assert await store.pictures.scope_matches_nothing(DISTRICT, scope) == []


ZONES: Final = ("Etc/GMT+12", "Pacific/Kiritimati")
"""In these it is never the same day."""


@pytest.mark.parametrize("until", [None, "infinity"])
@pytest.mark.parametrize("zone", ZONES)
async def test_a_picture_is_for_today_there_by_the_newest_policy(
    store: StoreUnderTest, zone: str, until: str | None
) -> None:
    await stage(store)
    await describe(store, OTHER_DISTRICT, *({*ZONES} - {zone}))
    await describe(store, DISTRICT, zone)
    today = await today_in(store, zone)
    for district_id, version, days, ends in (
        (DISTRICT, 1, 0, None),
        (DISTRICT, 2, 200, until),
        (DISTRICT, 3, 0, "-infinity"),
        (OTHER_DISTRICT, 9, 0, None),
    ):
        await store.rows(
            "INSERT INTO policies (district_id, version, policy, actor, until) "
            "VALUES ($1, $2, $3, 'ada', $4::text::timestamptz)",
            *(district_id, version, {"term_grace_days": days}, ends),
        )

    moment, builder = await store.pictures.read(DISTRICT)

    assert builder.build().current.tolist() == [True, True]
    assert moment.batch_number == 4
    assert today <= moment.today <= await today_in(store, zone)
    assert builder.calendar.today == moment.today


@pytest.mark.parametrize("zone", ZONES)
async def test_a_section_of_a_term_that_begins_today_there_counts(store: StoreUnderTest, zone: str) -> None:
    await describe(store, OTHER_DISTRICT, *({*ZONES} - {zone}))
    await describe(store, DISTRICT, zone)
    await store.rows("INSERT INTO districts (district_id) VALUES ($1), ($2)", OTHER_DISTRICT, DISTRICT)
    today = await today_in(store, zone)
    begun = {"name": "Spring", "start": today.isoformat(), "end": (today + DAY).isoformat()}
    await add(store, DISTRICT, "term", "begun", begun)
    await add(store, DISTRICT, "section", "x", {**SECTION, "term_id": "begun"})

    assert (await picture_of(store)).current.tolist() == [True]


async def test_without_its_own_zone_and_policy_the_settings_hold(store: StoreUnderTest) -> None:
    await stage(store)

    moment, builder = await store.pictures.read(DISTRICT)

    assert builder.build().current.tolist() == [True, False]
    assert moment == await store.pictures.moment(DISTRICT)


async def today_in(store: StoreUnderTest, zone: str) -> date:
    (row,) = await store.rows("SELECT (clock_timestamp() AT TIME ZONE $1)::date AS today", zone)
    today: date = row["today"]
    return today


async def describe(store: StoreUnderTest, district_id: str, zone: str) -> None:
    await store.rows(
        "INSERT INTO onboarding (district_id, state, time_zone) VALUES ($1, 'connected', $2)",
        district_id,
        zone,
    )
