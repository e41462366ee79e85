from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.builders.clever_pages import list_pages, write_pages
from worker.messaging.event_files import COLLECTIONS, JsonObject
from worker.runtime.errors import InputFileError
from worker.sandbox import daily_changes, ids
from worker.sandbox.daily_changes import Feed, arrival, day_of_changes, homerooms
from worker.sandbox.district import DistrictSpec, SandboxDistrict, generate, stream
from worker.sandbox.record_store import RecordStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CLEVER_DEMO = Path(__file__).parents[3] / "shared" / "clever-demo"
SPEC = DistrictSpec(students=300)
NOON = datetime(2026, 9, 15, 12, tzinfo=UTC)


@pytest.fixture
def district() -> SandboxDistrict:
    return generate(SPEC)


@pytest.fixture
def feed(district: SandboxDistrict) -> Feed:
    return Feed(district.id, NOON)


def everything(district: SandboxDistrict) -> dict[str, list[JsonObject]]:
    return {name: list(district.records(name)) for name in COLLECTIONS}


def coverage(district: SandboxDistrict, keeps: Callable[[JsonObject], bool]) -> Counter[int]:
    """How many students have so many of the sections that are kept."""
    kept = [section["students"] for section in district.records("sections") if keeps(section)]
    times = Counter(student for students in kept for student in students)
    return Counter(times[student["id"]] for student in district.students())


def a_student_and_two_homerooms(district: SandboxDistrict) -> tuple[str, str, str]:
    here, there = sorted(homerooms(district))[:2]
    return district.sections[here]["students"][0], here, there


def replay(events: Iterable[JsonObject], onto: SandboxDistrict) -> SandboxDistrict:
    for event in events:
        collection, what = event["type"].split(".")
        record = event["data"]["object"]
        if what == "deleted":
            onto.remove(collection, record["id"])
        else:
            onto.put(collection, record)
    return onto


def test_the_same_seed_gives_the_same_district_whole_or_streamed(district: SandboxDistrict) -> None:
    streamed = SandboxDistrict(district.id)
    for collection, record in stream(SPEC):
        streamed.put(collection, record)

    assert everything(generate(SPEC)) == everything(district) == everything(streamed)


def test_another_spec_gives_another_district(district: SandboxDistrict) -> None:
    other = generate(DistrictSpec(students=300, seed=2, district_id="5" * 24, semesters=False))

    assert {other.id} == {"5" * 24} == {user["district"] for user in other.users.values()}
    assert [term["name"] for term in other.records("terms")] == ["Full Year"]
    assert not district.users.keys() & other.users.keys()
    assert [one["name"] for one in district.students()] != [one["name"] for one in other.students()]


@pytest.mark.parametrize(("students", "schools"), [(0, 1), (1, 1), (60, 1), (100, 3), (1003, 3)])
def test_every_size_has_just_its_students_and_one_homeroom_for_each(students: int, schools: int) -> None:
    district = generate(DistrictSpec(students=students))

    found = coverage(district, lambda section: "homeroom" in section["name"].lower())
    assert found == (Counter({1: students}) if students else Counter())
    assert len(district.collections["schools"]) == schools


def test_students_sit_in_six_to_eight_sections_some_in_two_by_subject(district: SandboxDistrict) -> None:
    by_subject = coverage(district, lambda section: section["subject"] == "homeroom/advisory")

    assert set(coverage(district, lambda _: True)) == {6, 7, 8}
    assert set(by_subject) == {1, 2}
    assert 0.27 < by_subject[2] / SPEC.students < 0.4


def test_the_fields_that_every_student_has_are_filled(district: SandboxDistrict) -> None:
    roles = [student["roles"]["student"] for student in district.students()]

    for field in ("sis_id", "student_number", "state_id", "grade", "dob", "school"):
        assert all(role[field] for role in roles)
    assert all(student["name"]["first"] and student["name"]["last"] for student in district.students())
    assert len({role["sis_id"] for role in roles}) == SPEC.students
    assert all(part == str(int(part)) for role in roles for part in role["dob"].split("/"))


@pytest.mark.parametrize("field", ["frl_status", "iep_status", "graduation_year"])
def test_optional_fields_are_blank_in_every_form(district: SandboxDistrict, field: str) -> None:
    values = [student["roles"]["student"].get(field, ids.ABSENT) for student in district.students()]

    assert {None, "", ids.ABSENT} < set(values)


def test_users_come_in_every_role_and_some_belong_to_two_schools(district: SandboxDistrict) -> None:
    roles = {"+".join(sorted(user["roles"])) for user in district.users.values()}

    assert roles == {"student", "teacher", "staff", "staff+teacher", "contact", "district_admin"}
    assert {len(one["roles"]["student"]["schools"]) for one in district.students()} == {1, 2}


def test_references_resolve_except_to_students_who_are_not_shared(district: SandboxDistrict) -> None:
    held = district.collections
    unknown: list[str] = []

    for section in district.records("sections"):
        assert section["school"] in held["schools"]
        assert section["course"] in held["courses"]
        assert (section.get("term_id") or next(iter(held["terms"]))) in held["terms"]
        assert {section["teacher"]} <= set(section["teachers"]) <= held["users"].keys()
        unknown += set(section["students"]) - held["users"].keys()
    for user in district.records("users"):
        for role in user["roles"].values():
            assert set(role.get("schools", ())) <= held["schools"].keys()
            assert {one["student"] for one in role.get("student_relationships", ())} <= held["users"].keys()
    assert len(unknown) == len(set(unknown)) > 0


def test_pages_are_linked_and_hold_every_record_once(district: SandboxDistrict) -> None:
    pages = list(list_pages(district, "users", 100))

    rows = [row for page in pages for row in page["data"]]
    assert [row["data"] for row in rows] == list(district.records("users"))
    assert all(row["uri"] == f"/v3.1/users/{row['data']['id']}" for row in rows)
    assert len(pages[-1]["links"]) == 1
    for page, following in pairwise(pages):
        assert page["links"][1] == {"rel": "next", "uri": following["links"][0]["uri"]}


def test_written_pages_load_as_the_same_district(district: SandboxDistrict, tmp_path: Path) -> None:
    write_pages(district, tmp_path)

    assert everything(SandboxDistrict.load_pages(tmp_path)) == everything(district)


def test_pages_load_from_any_files_without_addresses(district: SandboxDistrict, tmp_path: Path) -> None:
    pages = [page for name in COLLECTIONS if name != "courses" for page in list_pages(district, name, 50)]
    for number, page in enumerate(pages):
        rows = [{"data": row["data"]} for row in page["data"]]
        (tmp_path / f"{number * 37 % 101}-{number}.json").write_text(json.dumps({"data": rows}))

    assert everything(SandboxDistrict.load_pages(tmp_path)) == everything(district) | {"courses": []}


@pytest.mark.parametrize("text", ["", "[]", '{"data":[{}]}', '{"data":[{"data":{"id":"1"}}]}'])
def test_what_is_no_list_page_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text)

    with pytest.raises(InputFileError, match=r"odd\.json"):
        SandboxDistrict.load_pages(tmp_path)
    with pytest.raises(InputFileError, match="one district"):
        SandboxDistrict.load_pages(tmp_path / "empty")


def test_an_arrival_creates_everything_in_order(district: SandboxDistrict, feed: Feed) -> None:
    events = list(arrival(district, feed))

    assert list(dict.fromkeys(one["type"] for one in events)) == [f"{name}.created" for name in COLLECTIONS]
    assert everything(replay(events, SandboxDistrict(district.id))) == everything(district)


def test_event_ids_increase_strictly_along_a_feed(district: SandboxDistrict, feed: Feed) -> None:
    events = list(arrival(district, feed))
    for seed in (3, 4):
        events += day_of_changes(district, feed, seed=seed, count=50, kept=homerooms(district))

    assert all(one["id"] < other["id"] for one, other in pairwise(events))
    assert events[-1]["id"] == feed.last_id
    with pytest.raises(ValueError, match="back"):
        feed.advance(-1)


def test_a_move_is_two_sections_updated_with_whole_lists(district: SandboxDistrict, feed: Feed) -> None:
    student, here, there = a_student_and_two_homerooms(district)
    before = {section: district.sections[section]["students"] for section in (here, there)}

    left, joined = daily_changes.move_student(district, feed, student, here, there)

    assert left["type"] == joined["type"] == "sections.updated"
    assert left["data"]["object"]["students"] == [one for one in before[here] if one != student]
    assert left["data"]["previous_attributes"]["students"] == before[here]
    assert joined["data"]["object"]["students"] == [*before[there], student]
    assert {here, there} & set(district.sections_of(student)) == {there}
    with pytest.raises(ValueError, match="moves from"):
        daily_changes.move_student(district, feed, student, here, there)


def test_a_new_student_is_created_and_joins_his_sections(district: SandboxDistrict, feed: Feed) -> None:
    _, here, there = a_student_and_two_homerooms(district)
    school = district.sections[here]["school"]

    created, *joined = daily_changes.new_student(district, feed, school, "3", [here, there])

    student = created["data"]["object"]
    assert (created["type"], student["roles"]["student"]["grade"]) == ("users.created", "3")
    assert [event["data"]["object"]["students"][-1] for event in joined] == [student["id"]] * 2


def test_who_left_can_be_shared_again_under_his_id(district: SandboxDistrict, feed: Feed) -> None:
    student, *_ = a_student_and_two_homerooms(district)
    sections = district.sections_of(student)

    *left, deleted = daily_changes.leave(district, feed, student)
    assert (deleted["type"], len(left)) == ("users.deleted", len(sections))
    assert not district.sections_of(student)

    daily_changes.share_student(district, feed, deleted["data"]["object"], sections)
    assert sorted(district.sections_of(student)) == sorted(sections)


@pytest.mark.parametrize(("blank", "left"), [("", {"dob": ""}), (None, {"dob": None}), (ids.ABSENT, {})])
def test_a_field_is_blanked(district: SandboxDistrict, feed: Feed, blank: object, left: JsonObject) -> None:
    student = next(district.students())
    role = student["roles"]["student"]

    (event,) = daily_changes.set_field(district, feed, student["id"], "dob", blank)

    rest = {key: value for key, value in role.items() if key != "dob"}
    assert event["data"]["object"]["roles"]["student"] == rest | left
    assert event["data"]["previous_attributes"]["roles"] == {"student": {"dob": role["dob"]}}


def test_corrections_leave_the_earlier_record_as_it_was(district: SandboxDistrict, feed: Feed) -> None:
    student = next(district.students())
    before = json.dumps(student)

    daily_changes.set_field(district, feed, student["id"], "grade", "4")
    daily_changes.rename(district, feed, student["id"], last="Fernquay")
    daily_changes.set_field(district, feed, student["id"], "ext.house", "Otter")

    after = district.users[student["id"]]
    assert (after["name"]["last"], after["last_modified"]) == ("Fernquay", "2026-09-15T12:00:00.000Z")
    assert (after["roles"]["student"]["grade"], after["roles"]["student"]["ext"]) == ("4", {"house": "Otter"})
    assert json.dumps(student) == before
    assert daily_changes.set_field(district, feed, student["id"], "grade", "4") == []
    with pytest.raises(ValueError, match="shoe_size"):
        daily_changes.set_field(district, feed, student["id"], "shoe_size", "9")


def test_another_teacher_renames_the_section(district: SandboxDistrict, feed: Feed) -> None:
    _, here, there = a_student_and_two_homerooms(district)
    teacher = district.sections[there]["teacher"]

    (event,) = daily_changes.reassign_teacher(district, feed, here, teacher)

    section, name = event["data"]["object"], district.users[teacher]["name"]["last"]
    assert section["name"].split(" - ")[1:] == [name, "0"]
    assert section["teachers"][0] == section["teacher"] == teacher


def test_a_day_keeps_one_homeroom_each_and_can_be_replayed(district: SandboxDistrict, feed: Feed) -> None:
    kept = homerooms(district)
    before = replay(arrival(district, feed), SandboxDistrict(district.id))

    events = day_of_changes(district, feed, seed=5, count=120, kept=kept)

    assert set(coverage(district, lambda section: section["id"] in kept)) == {1}
    types = {event["type"] for event in events}
    assert types == {"users.created", "users.deleted", "users.updated", "sections.updated"}
    assert everything(replay(events, before)) == everything(district)


def test_a_day_is_the_same_for_the_same_seed() -> None:
    def a_day() -> list[JsonObject]:
        district = generate(SPEC)
        return day_of_changes(district, Feed(district.id, NOON), seed=6, count=40, kept=homerooms(district))

    assert a_day() == a_day()


@pytest.mark.skipif(not CLEVER_DEMO.is_dir(), reason="Clever's demo district is not beside this checkout")
def test_clevers_own_demo_district_loads_and_lives_through_a_day() -> None:
    district = SandboxDistrict.load_pages(CLEVER_DEMO)
    kept = homerooms(district)
    assert (len(list(district.students())), len(district.sections), len(kept)) == (1004, 378, 39)

    day_of_changes(district, Feed(district.id, NOON), seed=7, count=60, kept=kept)

    assert set(coverage(district, lambda section: section["id"] in kept)) == {1}


def test_a_shelf_goes_by_ids_and_gives_copies() -> None:
    shelf = RecordStore()
    for key in ("b", "d", "a", "c"):
        shelf[key] = {"id": key, "list": []}
    del shelf["d"]

    shelf["a"]["list"].append(1)
    for key in shelf:
        shelf[f"{key}{key}"] = {}

    assert shelf["a"]["list"] == []
    assert list(shelf) == ["a", "aa", "b", "bb", "c", "cc"]
    assert (len(shelf), shelf.last, "d" in shelf, shelf.get("d")) == (6, "cc", False, None)
    assert shelf.row("b") == b'{"id":"b","list":[]}'
    assert shelf.count(b'"list"') == 3


def test_a_shelf_knows_where_pages_begin_and_end() -> None:
    shelf = RecordStore()
    for key in ("2", "4", "6"):
        shelf.put_row(key, b"{}")

    assert [shelf.place_after(key) for key in ("1", "2", "3", "6")] == [0, 1, 1, 3]
    assert [shelf.place_of(key) for key in ("2", "3", "4", "7")] == [0, 1, 1, 3]
    shelf.clear()
    assert (len(shelf), shelf.last, list(shelf)) == (0, None, [])
