from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import get_args

import pytest

from worker.messaging.event_files import COLLECTIONS, JsonObject
from worker.sandbox.district import DistrictSpec, SandboxDistrict, generate
from worker.sandbox.live_districts import WorldDistrict
from worker.sandbox.sharing import Amount, Holds, any_rule, condition, share_by_rules, share_so_much
from worker.sandbox.world import World

NOON = datetime(2026, 9, 15, 12, tzinfo=UTC)
HOMEROOMS = any_rule([[condition("name", "contains", ["homeroom"])]])
MATHS = any_rule([[condition("subject", "is", ["math"])]])


@pytest.fixture
def one() -> WorldDistrict:
    world = World(lambda: NOON)
    return world.add(generate(DistrictSpec(students=150)))


def shown(district: SandboxDistrict) -> dict[str, list[JsonObject]]:
    return {name: list(district.records(name)) for name in COLLECTIONS}


def by_rules(one: WorldDistrict, rule: Holds) -> list[JsonObject]:
    return list(one.change_sharing(partial(share_by_rules, rule)))


def so_much(one: WorldDistrict, amount: Amount) -> list[JsonObject]:
    return list(one.change_sharing(partial(share_so_much, amount)))


def replayed(events: Iterable[JsonObject], onto: dict[str, list[JsonObject]]) -> dict[str, list[JsonObject]]:
    """Apply events as a reader does; each must find what it speaks of."""
    held = {name: {one["id"]: one for one in records} for name, records in onto.items()}
    for event in events:
        collection, what = event["type"].split(".")
        record = event["data"]["object"]
        assert (record["id"] in held[collection]) == (what != "created")
        if what == "deleted":
            assert held[collection].pop(record["id"]) == record
        else:
            held[collection][record["id"]] = record
    return {name: [held[name][key] for key in sorted(held[name])] for name in held}


def placed() -> tuple[SandboxDistrict, JsonObject]:
    """A district of one section, with all that a rule can read of it."""
    district = SandboxDistrict("d1")
    section = {
        "id": "s1", "name": "Homeroom - Vidal - 01", "subject": "homeroom/advisory", "period": "01",
        "grade": "3", "course": "c1", "school": "h1", "term_id": "t1", "section_number": "7", "sis_id": "",
        "students": [],
    }  # fmt: skip
    district.put("sections", section)
    district.put("courses", {"id": "c1", "name": "Homeroom 3", "number": "H3"})
    district.put("schools", {"id": "h1", "name": "Quartz Elementary"})
    district.put("terms", {"id": "t1", "name": "Full Year"})
    return district, section


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("name", "contains", "HOMEROOM", True),
        ("name", "not_contains", "homeroom", False),
        ("name", "starts_with", "home room", True),
        ("name", "starts_with", "Vidal", False),
        ("subject", "is", "Homeroom/Advisory", True),
        ("subject", "is_not", "math", True),
        ("period", "one_of", ["02", "01"], True),
        ("grade", "one_of", ["4"], False),
        ("course_name", "contains", "homeroom", True),
        ("course_number", "is", "h3", True),
        ("school", "is", "h1", True),
        ("school", "is", "quartz elementary", True),
        ("school", "is_not", "quartz elementary", False),
        ("term", "is", "full year", True),
        ("section_number", "is", "7", True),
        ("sis_id", "is", "7", False),
        ("sis_id", "is_not", "7", True),
    ],
)
def test_a_rule_reads_sections_as_clever_shows_them(
    field: str, operator: str, value: str | list[str], expected: bool
) -> None:
    district, section = placed()
    wanted = [value] if isinstance(value, str) else value

    assert condition(field, operator, wanted)(district, section) is expected


def test_all_conditions_of_one_rule_must_hold() -> None:
    third, fourth = condition("grade", "is", ["3"]), condition("grade", "is", ["4"])
    named = condition("name", "contains", ["homeroom"])

    assert any_rule([[third, named]])(*placed())
    assert any_rule([[fourth], [named]])(*placed())
    assert not any_rule([[third, fourth]])(*placed())
    assert not any_rule([])(*placed())


def test_new_rules_share_what_they_pick_from_all_that_there_is(one: WorldDistrict) -> None:
    before = shown(one.district)

    first = by_rules(one, MATHS)
    maths = shown(one.district)
    second = by_rules(one, HOMEROOMS)

    assert {section["subject"] for section in maths["sections"]} == {"math"}
    assert {event["type"].split(".")[1] for event in first} == {"deleted"}
    assert all("Homeroom" in section["name"] for section in one.district.records("sections"))
    counted = Counter(event["type"] for event in second)
    assert counted["sections.deleted"] == len(maths["sections"])
    assert counted["sections.created"] == len(one.district.sections)
    assert replayed(first, before) == maths
    assert replayed(second, maths) == shown(one.district)
    assert by_rules(one, HOMEROOMS) == []


@pytest.mark.parametrize("amount", get_args(Amount))
def test_whoever_replays_the_feed_has_what_is_shared(one: WorldDistrict, amount: Amount) -> None:
    before = shown(one.district)
    events = by_rules(one, HOMEROOMS) + so_much(one, amount)

    assert replayed(events, before) == shown(one.district)


def test_students_are_shared_without_sections_and_all_comes_back_as_it_was(one: WorldDistrict) -> None:
    before = shown(one.district)

    so_much(one, "nothing")
    assert one.students == 0
    assert [list(user["roles"]) for user in one.district.records("users")] == [["district_admin"]]
    so_much(one, "students")
    assert one.students == 150
    assert len(one.district.sections) == 0
    assert shown(one.district)["schools"] == before["schools"]
    so_much(one, "all")
    assert shown(one.district) == before


def test_a_paused_district_changes_its_sharing_once_it_resumes(one: WorldDistrict) -> None:
    before = len(one.district.sections)
    one.publish_all(one.pause(datetime(2026, 10, 1, tzinfo=UTC)))

    assert by_rules(one, MATHS) == []
    assert by_rules(one, HOMEROOMS) == []
    assert len(one.district.sections) == before
    kinds = [event["type"] for event in one.resume()]

    assert kinds[0] == "districts.updated"
    assert "sections.deleted" in kinds
    assert all("Homeroom" in section["name"] for section in one.district.records("sections"))
    assert not any(event["type"].startswith("sections") for event in one.resume())
