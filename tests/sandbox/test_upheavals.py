from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from worker.messaging.event_files import COLLECTIONS, JsonObject
from worker.sandbox.daily_changes import Feed, arrival, day_of_changes, homerooms
from worker.sandbox.district import DistrictSpec, SandboxDistrict, generate
from worker.sandbox.district_events import (
    Withheld,
    delete_students,
    hide_school,
    narrow_sharing,
    pause,
    restore_field,
    resume,
    widen_sharing,
    withdraw_field,
)
from worker.sandbox.expected_roster import HOMEROOMS, name_contains, truth
from worker.sandbox.rollover import rollover

NOON = datetime(2026, 9, 15, 12, tzinfo=UTC)
UNTIL = datetime(2027, 8, 12, tzinfo=UTC)

Upheaval = Callable[[SandboxDistrict, Feed, Withheld], Iterable[JsonObject]]

UPHEAVALS: dict[str, Upheaval] = {
    "rollover": lambda district, feed, _: rollover(district, feed, seed=3),
    "narrow": lambda district, feed, withheld: narrow_sharing(district, feed, withheld, HOMEROOMS),
    "day": lambda district, feed, _: day_of_changes(
        district, feed, seed=4, count=20, kept=homerooms(district)
    ),
    "withdraw": lambda district, feed, withheld: withdraw_field(district, feed, withheld, "dob"),
    "widen": widen_sharing,
    "restore": lambda district, feed, withheld: restore_field(district, feed, withheld, "dob"),
    "pause": lambda district, feed, _: pause(district, feed, UNTIL),
    "delete": lambda district, feed, _: delete_students(district, feed, 30),
    "resume": lambda district, feed, _: resume(district, feed),
}


@pytest.fixture
def district() -> SandboxDistrict:
    return generate(DistrictSpec(students=150))


@pytest.fixture
def feed(district: SandboxDistrict) -> Feed:
    return Feed(district.id, NOON)


@pytest.fixture
def withheld() -> Withheld:
    return Withheld()


def everything(district: SandboxDistrict) -> dict[str, list[JsonObject]]:
    return {name: list(district.records(name)) for name in COLLECTIONS}


def replay(events: Iterable[JsonObject], onto: SandboxDistrict) -> Iterator[JsonObject]:
    """Apply events as a reader does; each must find what it speaks of."""
    for event in events:
        collection, what = event["type"].split(".")
        record = event["data"]["object"]
        assert (record["id"] in onto.collections[collection]) == (what != "created")
        if what == "deleted":
            assert onto.remove(collection, record["id"]) == record
        else:
            onto.put(collection, record)
        yield event


def kinds(events: Iterable[JsonObject]) -> Counter[str]:
    return Counter(event["type"] for event in events)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whoever_replays_the_feed_has_the_district_after_every_upheaval(seed: int) -> None:
    district = generate(DistrictSpec(students=120, seed=seed))
    feed, withheld, copy = Feed(district.id, NOON), Withheld(), SandboxDistrict(district.id)
    ids = [event["id"] for event in replay(arrival(district, feed), copy)]

    for name, upheaval in UPHEAVALS.items():
        told = list(replay(upheaval(district, feed, withheld), copy))
        ids += [event["id"] for event in told]
        assert told, name
        assert everything(copy) == everything(district), name

    assert all(one < other for one, other in pairwise(ids))


def test_a_new_year_moves_all_on_into_new_sections_and_terms(district: SandboxDistrict, feed: Feed) -> None:
    grades = Counter(one["roles"]["student"]["grade"] for one in district.students())
    before = everything(district)

    events = kinds(rollover(district, feed))

    after = Counter(one["roles"]["student"]["grade"] for one in district.students())
    assert after == Counter({"Kindergarten": grades["Kindergarten"], "1": grades["Kindergarten"]}) + Counter(
        {str(grade + 1): grades[str(grade)] for grade in range(1, 12)}
    )
    assert events["users.deleted"] == grades["12"]
    assert events["sections.deleted"] == len(before["sections"])
    for collection in ("sections", "terms"):
        assert not district.collections[collection].keys() & {one["id"] for one in before[collection]}
    assert truth(district).blocked == 0
    assert truth(district).counts["students"] == after.total()


def test_a_new_year_sends_students_to_a_school_of_their_grade(district: SandboxDistrict, feed: Feed) -> None:
    list(rollover(district, feed))

    for student in district.students():
        role = student["roles"]["student"]
        school = district.collections["schools"][role["school"]]
        assert school["name"].split()[1] == (
            "Elementary" if role["grade"] in {"Kindergarten", *"12345"} else
            "Middle" if role["grade"] in set("678") else "High"
        )  # fmt: skip


def test_a_narrower_sharing_leaves_sections_with_what_belongs_to_them(
    district: SandboxDistrict, feed: Feed, withheld: Withheld
) -> None:
    before = truth(district)

    events = kinds(narrow_sharing(district, feed, withheld, HOMEROOMS))

    assert all("Homeroom" in section["name"] for section in district.records("sections"))
    assert truth(district) == before
    assert events["sections.deleted"] > len(district.sections)
    assert {kind.split(".")[1] for kind in events} == {"deleted"}


def test_students_without_a_shared_section_are_deleted_with_their_contacts(
    district: SandboxDistrict, feed: Feed, withheld: Withheld
) -> None:
    list(narrow_sharing(district, feed, withheld, name_contains("biology")))

    shared = {one for section in district.records("sections") for one in section["students"]}
    students = {one["id"] for one in district.students()}
    contacts = [one["roles"]["contact"] for one in district.records("users") if "contact" in one["roles"]]
    assert students
    assert students <= shared
    assert {one["student_relationships"][0]["student"] for one in contacts} <= students


def test_a_hidden_school_takes_its_students_along_and_leaves_those_of_other_schools(
    district: SandboxDistrict, feed: Feed, withheld: Withheld
) -> None:
    hidden, *others = sorted(district.collections["schools"])
    theirs = [one["id"] for one in district.students() if one["roles"]["student"]["school"] != hidden]
    guest = next(one["id"] for one in district.students() if one["id"] not in theirs)
    mixed = district.sections[district.sections_of(theirs[0])[0]]
    district.put("sections", {**mixed, "students": [*mixed["students"], guest]})
    alone = set(district.sections_of(guest)) - {mixed["id"]}

    events = kinds(hide_school(district, feed, withheld, hidden))

    assert [one["id"] for one in district.students()] == theirs
    assert sorted(district.collections["schools"]) == others
    assert alone.isdisjoint(district.sections)
    assert guest in district.sections[mixed["id"]]["students"]
    assert {kind.split(".")[1] for kind in events} == {"deleted"}


@pytest.mark.parametrize("hide", ["sections", "school"])
def test_what_was_withheld_comes_back_as_it_was(
    district: SandboxDistrict, feed: Feed, withheld: Withheld, hide: str
) -> None:
    before = everything(district)
    if hide == "school":
        gone = list(hide_school(district, feed, withheld, next(iter(district.collections["schools"]))))
    else:
        gone = list(narrow_sharing(district, feed, withheld, name_contains("algebra")))

    back = list(widen_sharing(district, feed, withheld))

    assert everything(district) == before
    assert sorted(one["data"]["object"]["id"] for one in back) == sorted(
        one["data"]["object"]["id"] for one in gone
    )
    assert not list(widen_sharing(district, feed, withheld))


def test_a_withdrawn_field_leaves_every_student_and_stands_in_what_was(
    district: SandboxDistrict, feed: Feed, withheld: Withheld
) -> None:
    born = {one["id"]: one["roles"]["student"]["dob"] for one in district.students()}

    events = list(withdraw_field(district, feed, withheld, "dob"))

    assert kinds(events) == {"users.updated": len(born)}
    for event in events:
        record, previous = event["data"]["object"], event["data"]["previous_attributes"]
        assert "dob" not in record["roles"]["student"]
        assert previous["roles"] == {"student": {"dob": born[record["id"]]}}


def test_a_restored_field_is_as_it_was_also_for_who_was_not_shared_meanwhile(
    district: SandboxDistrict, feed: Feed, withheld: Withheld
) -> None:
    born = {one["id"]: one["roles"]["student"]["dob"] for one in district.students()}
    list(narrow_sharing(district, feed, withheld, name_contains("biology")))
    list(withdraw_field(district, feed, withheld, "dob"))
    list(widen_sharing(district, feed, withheld))
    assert not any("dob" in one["roles"]["student"] for one in district.students())

    list(narrow_sharing(district, feed, withheld, name_contains("algebra")))
    list(restore_field(district, feed, withheld, "dob"))
    list(widen_sharing(district, feed, withheld))

    assert {one["id"]: one["roles"]["student"]["dob"] for one in district.students()} == born


@pytest.mark.parametrize("change", [withdraw_field, restore_field])
def test_a_field_that_there_is_not_is_refused_at_once(
    district: SandboxDistrict, feed: Feed, withheld: Withheld, change: Callable[..., object]
) -> None:
    with pytest.raises(ValueError, match="shoe_size"):
        change(district, feed, withheld, "shoe_size")


def test_a_mass_deletion_first_empties_the_sections(district: SandboxDistrict, feed: Feed) -> None:
    events = list(delete_students(district, feed, 50))

    types = [event["type"] for event in events]
    assert types == sorted(types, key=lambda kind: kind.startswith("users"))
    assert types.count("users.deleted") == 75
    assert len(list(district.students())) == 75
    gone = {event["data"]["object"]["id"] for event in events if event["type"] == "users.deleted"}
    assert not any(gone & {*section["students"]} for section in district.records("sections"))
    assert all(section["students"] for section in district.records("sections"))


def test_a_pause_is_told_and_ended(district: SandboxDistrict, feed: Feed) -> None:
    (paused,) = pause(district, feed, UNTIL)
    (resumed,) = resume(district, feed)

    said = paused["data"]["object"]
    assert (said["state"], said["pause_start"]) == ("paused", "2026-09-15T12:00:00.000Z")
    assert said["pause_end"] == "2027-08-12T00:00:00.000Z"
    assert resumed["type"] == "districts.updated"
    assert resumed["data"]["previous_attributes"]["state"] == "paused"
    assert "pause_end" not in resumed["data"]["object"]
