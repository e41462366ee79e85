"""From a body on the wire to what is stored of it, or to why it cannot be read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import orjson
import pytest

from schemas import clever, event_ids
from schemas.clever import Reason, UnreadableEvent
from tests.support.builders.records import (
    ABSENT,
    DISTRICT,
    OTHER_DISTRICT,
    Json,
    body,
    course_json,
    delivery,
    district_json,
    event_id,
    event_json,
    put,
    record_id,
    school_json,
    section_json,
    settled_json,
    student_json,
    teacher_json,
    term_json,
    user_json,
)
from worker.domain.roster.records import (
    RecordKind,
    course_from_json,
    school_from_json,
    section_from_json,
    student_from_json,
    teacher_from_json,
    term_from_json,
)
from worker.pipeline.ingest.inbox import Arrival, Mark
from worker.pipeline.ingest.micro_batch import MAX_BYTES, read_all
from worker.pipeline.ingest.translate import staged_json, to_arrival, to_mark

BLANKS = ["", "  ", "\t\n", None, [], ABSENT]
OFFENDING = "Tamsin Fernquay"
FORBIDDEN = (Reason.FORBIDDEN_CHARACTER, DISTRICT)


def read(document: Any, header_district: str | None = None) -> clever.Event:
    event = clever.read(document if isinstance(document, bytes) else body(document), header_district)
    assert isinstance(event, clever.Event)
    return event


def record_of(event: clever.Event) -> clever.Record:
    assert event.object is not None
    return event.object


def stored(record: Json, what: str = "users.updated") -> Any:
    """Return what is stored of an event on this record."""
    kept = to_arrival(read(event_json(record, what))).record
    return None if kept is None else json.loads(kept)


def refusal(document: Any, header_district: str | None = None) -> UnreadableEvent:
    """Return the error of a body that cannot be read; nothing of the body is in its text."""
    with pytest.raises(UnreadableEvent) as error:
        clever.read(document if isinstance(document, bytes) else body(document), header_district)
    assert OFFENDING not in str(error.value)
    return error.value


def refused(document: Any, header_district: str | None = None) -> tuple[Reason, str | None]:
    """Return why a body cannot be read, and which district is told."""
    error = refusal(document, header_district)
    return error.reason, error.district_id


# Forms of a body


def test_an_event_is_read_bare() -> None:
    event = read(event_json(student_json(), "users.created", number=7))

    assert (event.id, event.collection, event.action) == (event_id(7), "users", "created")
    assert event.district_id == DISTRICT
    assert record_of(event).id == record_id(1)


def test_an_event_is_read_in_clevers_wrapping() -> None:
    bare = event_json(student_json())

    assert read({"data": bare, "uri": f"/v3.1/events/{bare['id']}"}) == read(bare)
    assert read({"data": bare}) == read(bare)


def test_previous_attributes_may_stand_inside_data_or_beside_it_and_are_not_read() -> None:
    bare = event_json(student_json())
    previous: Json = {"name": {"first": ["of", "any", "shape"]}, "district": OTHER_DISTRICT}
    inside = event_json(student_json(), data={"object": student_json(), "previous_attributes": previous})

    assert read(inside) == read(bare)
    assert read({**bare, "previous_attributes": previous}) == read(bare)


def test_unknown_fields_of_any_shape_are_left_behind() -> None:
    strange: Json = {"lms_status": 5, "links": [[]], "created": {"x": 1}, "type": "odd"}
    student = student_json(role={"enrollments": [5], "credentials": None}, **strange)
    student["name"]["suffix"] = {"x": 1}

    assert stored(student) == stored(student_json())
    assert read({**event_json(student_json()), "object": "event", "data_version": 3}) == read(
        event_json(student_json())
    )


def test_the_district_is_the_objects_and_the_headers_only_where_it_lacks_one() -> None:
    assert read(event_json(student_json()), DISTRICT).district_id == DISTRICT
    for blank in (None, "", "  ", [], ABSENT):
        orphan = put(student_json(), "district", blank)
        assert read(event_json(orphan), OTHER_DISTRICT).district_id == OTHER_DISTRICT


def test_the_district_of_a_district_is_its_id() -> None:
    event = read(event_json(district_json(), "districts.updated"))

    assert (event.district_id, record_of(event).id) == (DISTRICT, DISTRICT)


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (student_json(), "users.updated"),
        (student_json(), "users.deleted"),
        (user_json(), "users.created"),
        (section_json(), "sections.updated"),
        (district_json(), "districts.updated"),
        ({"id": "resource-1", "district": DISTRICT}, "resources.updated"),
    ],
)
def test_an_event_of_another_district_than_its_publishers_is_unreadable(record: Json, what: str) -> None:
    error = refusal(event_json(record, what), OTHER_DISTRICT)

    assert (error.reason, error.district_id) == (Reason.WRONG_DISTRICT, OTHER_DISTRICT)
    assert DISTRICT not in str(error)


def test_a_settled_feed_of_another_district_than_its_publisher_names_is_unreadable() -> None:
    assert refused(settled_json(), OTHER_DISTRICT) == (Reason.WRONG_DISTRICT, OTHER_DISTRICT)


def test_what_cannot_be_read_holds_back_the_publishers_district_and_no_other() -> None:
    assert refused(event_json(student_json(email=5)), OTHER_DISTRICT) == (Reason.BAD_FIELD, OTHER_DISTRICT)


def test_a_routing_key_of_another_district_than_the_message_is_a_wrong_district() -> None:
    sent = replace(delivery(event_json(student_json())), routing_key=f"{OTHER_DISTRICT}.users.updated")

    batch = read_all([sent, replace(sent, routing_key="anything.at.all")])

    assert [error.reason for _, error in batch.unreadable] == [Reason.WRONG_DISTRICT]
    assert [kept.district_id for kept in batch.quarantined] == [OTHER_DISTRICT]
    assert [event.district_id for event in batch.arrivals] == [DISTRICT]


def test_a_routing_key_of_another_district_than_header_and_message_is_a_wrong_district_too() -> None:
    sent = replace(
        delivery(event_json(student_json())),
        routing_key=f"{OTHER_DISTRICT}.users.updated",
        headers={"district_id": DISTRICT},
    )

    batch = read_all([sent])

    assert [error.reason for _, error in batch.unreadable] == [Reason.WRONG_DISTRICT]
    assert [kept.district_id for kept in batch.quarantined] == [DISTRICT]


def test_a_settled_feed_is_read_as_a_mark() -> None:
    settled = clever.read(body(settled_json()))

    assert isinstance(settled, clever.FeedSettled)
    assert to_mark(settled) == Mark(DISTRICT, event_id(1), event_id(3), 2)


@pytest.mark.parametrize("since", ["", None, ABSENT])
def test_a_settled_feed_without_a_beginning_begins_before_every_event(since: object) -> None:
    settled = clever.read(body(put(settled_json(), "since", since)))

    assert isinstance(settled, clever.FeedSettled)
    assert to_mark(settled).since < event_id(0)


@pytest.mark.parametrize("blank", [None, "", " ", ABSENT])
def test_a_settled_feed_without_a_district_is_the_headers(blank: object) -> None:
    settled = clever.read(body(put(settled_json(), "district", blank)), OTHER_DISTRICT)

    assert isinstance(settled, clever.FeedSettled)
    assert settled.district == OTHER_DISTRICT


@pytest.mark.parametrize(
    ("field", "wrong", "reason"),
    [
        *(("count", wrong, Reason.BAD_FIELD) for wrong in (-1, "2", 1.5, None)),
        *(("through", wrong, Reason.BAD_ID) for wrong in (None, "", 5, "evt_0001", "~" * 24)),
        *(("since", wrong, Reason.BAD_ID) for wrong in (5, "evt_0001", "~" * 24, ["x"])),
    ],
)
def test_a_settled_feed_with_a_wrong_field_is_unreadable(field: str, wrong: object, reason: Reason) -> None:
    error = refusal(settled_json(**{field: wrong}))

    assert (error.reason, error.district_id) == (reason, DISTRICT)
    assert error.explanation.startswith(f"{field}: ")


# What is stored


def test_a_student_is_stored_with_his_texts_to_the_letter() -> None:
    role = {"sis_id": " S-1 ", "ext": {"house": "Otter", "points": 3, "gone": " "}}
    user = student_json(role=role, name={"first": "Zoë", "middle": "", "last": "O'Fern"}, email=None)

    kept = student_from_json(record_id(1), stored(user))

    assert kept is not None
    assert kept.texts == {
        "first_name": "Zoë",
        "last_name": "O'Fern",
        "sis_id": " S-1 ",
        "student_number": "000001",
        "state_id": "X1",
        "grade": "3",
        "school_id": record_id(900),
        "dob": "2/11/2017",
        "gender": "F",
    }
    assert kept.ext == {"house": "Otter", "points": 3}


def test_a_section_is_stored_with_sorted_ids_each_once() -> None:
    section = section_json(
        teacher=record_id(502),
        teachers=[record_id(502), record_id(501), None, ""],
        students=[*(record_id(number) for number in (9, 3, 12, 7, 1, 5, 3, 9, 10)), " ", None],
    )

    kept = section_from_json(record_id(700), stored(section, "sections.updated"))

    assert kept.teachers == (record_id(501), record_id(502))
    assert kept.students == tuple(record_id(number) for number in (1, 3, 5, 7, 9, 10, 12))
    assert (kept.course_id, kept.term_id, kept.school_id) == (record_id(800), record_id(850), record_id(900))
    assert (kept.name, kept.period, kept.section_number) == ("Homeroom - Quillfeather - 0", "0", "1")


@pytest.mark.parametrize(
    ("given_day", "kept"), [("2026-08-10", "2026-08-10"), ("2026-08-10T00:00:00.000Z", "2026-08-10")]
)
def test_a_term_is_stored_with_its_days(given_day: str, kept: str) -> None:
    term = term_from_json(
        record_id(850), stored(term_json(start_date=given_day, end_date=""), "terms.created")
    )

    assert term.start is not None
    assert (term.name, term.start.isoformat(), term.end) == ("Full Year", kept, None)


def test_schools_courses_and_districts_are_stored_with_what_is_read_of_them() -> None:
    school = school_from_json(record_id(900), stored(school_json(), "schools.updated"))
    course = course_from_json(record_id(800), stored(course_json(), "courses.updated"))
    district = stored(district_json(pause_end="2026-10-01T00:00:00.000Z", error="x"), "districts.updated")

    assert (school.name, school.school_number, school.high_grade) == ("Larkspur Elementary", "900", "5")
    assert (course.name, course.number) == ("Homeroom", "HR-3")
    assert district == {
        "name": "Marrowgate Unified",
        "state": "success",
        "pause_end": "2026-10-01T00:00:00.000Z",
    }


@pytest.mark.parametrize("what", ["resources.created", "resources.updated", "resources.deleted"])
def test_resources_are_ignored_and_remembered_by_their_id(what: str) -> None:
    kept = to_arrival(read(event_json({"id": "resource-1", "district": DISTRICT, "title": "Maps"}, what)))

    assert kept == Arrival(DISTRICT, event_id(1), None, "resource-1", None)
    assert kept.ignored


def test_every_collection_is_stored_as_its_kind() -> None:
    record = {"id": "x", "district": DISTRICT, "roles": {"contact": {}}}
    kinds = {
        name: to_arrival(read(event_json(record, f"{name}.created"))).kind for name in clever.COLLECTIONS
    }

    assert kinds == {
        "users": RecordKind.USER,
        "sections": RecordKind.SECTION,
        "schools": RecordKind.SCHOOL,
        "courses": RecordKind.COURSE,
        "terms": RecordKind.TERM,
        "districts": RecordKind.DISTRICT,
        "resources": None,
    }


@pytest.mark.parametrize(
    "record",
    [
        student_json(),
        {"id": record_id(1), "district": DISTRICT},
        user_json(name=5, email=["x"]) | {"roles": "gone"},
    ],
)
def test_a_deleted_event_is_read_whatever_else_its_record_holds(record: Json) -> None:
    kept = to_arrival(read(event_json(record, "users.deleted")))

    assert kept == Arrival(DISTRICT, event_id(1), RecordKind.USER, record_id(1), None)
    assert not kept.ignored


# Roles


def sides(roles: Any) -> set[str]:
    return set(stored(user_json(roles=roles)) or {})


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        ({"student": {}}, {"student"}),
        ({"teacher": {}}, {"teacher"}),
        ({"staff": {}}, {"teacher"}),
        ({"teacher": {}, "staff": {}}, {"teacher"}),
        ({"teacher": {}, "district_admin": {}}, {"teacher"}),
        ({"student": {}, "teacher": {}}, {"student", "teacher"}),
        ({"contact": {"student_relationships": [{"student": "x"}]}}, set()),
        ({"district_admin": {"title": "x"}}, set()),
        ({"student": None, "contact": {}}, set()),
        ({"student": "", "teacher": {}}, {"teacher"}),
        ({"student": [], "district_admin": {}}, set()),
        ({"wizard": {}}, set()),
    ],
)
def test_a_user_has_the_sides_that_his_roles_give(roles: Any, expected: set[str]) -> None:
    assert sides(roles) == expected


@pytest.mark.parametrize(
    "roles",
    [ABSENT, None, "", " ", [], {}, {"student": None}, {"student": "", "teacher": [], "contact": None}],
)
@pytest.mark.parametrize("what", ["users.created", "users.updated"])
def test_a_user_without_a_role_is_unreadable_and_has_not_left(roles: object, what: str) -> None:
    assert refused(event_json(put(student_json(), "roles", roles), what)) == (Reason.NO_ROLES, DISTRICT)


@pytest.mark.parametrize(
    "record",
    [
        user_json(email=["x"], name=5, roles={"contact": {"student_relationships": 5}}),
        user_json(email="x" * 2_000_000, roles={"district_admin": "yes"}),
        user_json(roles={"student": None, "contact": {}}) | {"name": {"last": OFFENDING * 500}},
    ],
)
def test_nothing_of_a_contact_or_a_district_admin_is_a_reason_to_refuse_him(record: Json) -> None:
    event = read(event_json(record))

    assert to_arrival(event) == Arrival(DISTRICT, event_id(1), RecordKind.USER, record_id(1), None)
    assert event.unread


def test_the_fields_that_could_not_be_read_are_kept_in_order() -> None:
    course = record_of(read(event_json({"id": "c", "district": DISTRICT}, "courses.created")))

    kept = staged_json(course, ["number", "name"])

    assert kept == '{"unread":["name","number"]}'


def test_a_contact_whose_id_cannot_be_read_is_ignored() -> None:
    event = read(event_json(user_json(id=5)), DISTRICT)

    assert to_arrival(event) == Arrival(DISTRICT, event_id(1), None, "", None)
    assert event.unread == ("id",)


@pytest.mark.parametrize("broken", [{"id": {"x": OFFENDING}}, {"id": 5, "title": ["x"]}, {}, None])
def test_a_resource_is_ignored_whatever_it_looks_like(broken: Json | None) -> None:
    document = event_json(
        {}, "resources.created", data={"object": broken and broken | {"district": DISTRICT}}
    )

    assert to_arrival(read(document, DISTRICT)).ignored


def test_a_resource_whose_event_has_no_id_is_a_dead_letter_that_holds_nobody_back() -> None:
    resource = {"id": "resource-1", "district": DISTRICT}

    assert refused(event_json(resource, "resources.created", id="evt_1")) == (Reason.BAD_ID, None)


def test_a_user_who_loses_the_student_role_is_stored_as_nobody() -> None:
    assert stored(student_json()) is not None
    assert stored(user_json(roles={"contact": {}})) is None


@pytest.mark.parametrize(
    ("roles", "sis_id"),
    [
        ({"teacher": {"sis_id": "T-1"}, "staff": {"staff_id": "ST-1"}}, "T-1"),
        ({"teacher": {"sis_id": " "}, "staff": {"staff_id": "ST-1"}}, "ST-1"),
        ({"staff": {"staff_id": "ST-1"}}, "ST-1"),
        ({"staff": {"staff_id": ""}}, None),
        ({"teacher": {}}, None),
    ],
)
def test_a_teachers_sis_id_is_the_teacher_roles_else_the_staff_id(roles: Json, sis_id: str | None) -> None:
    teacher = teacher_from_json(record_id(1), stored(user_json(roles=roles)))

    assert teacher is not None
    assert (teacher.first_name, teacher.last_name, teacher.sis_id) == ("Tamsin", "Fernquay", sis_id)


# Blanks

STUDENT_TEXTS = (
    *("school", "sis_id", "student_number", "state_id", "grade", "gender", "dob", "race"),
    *("hispanic_ethnicity", "ell_status", "frl_status", "iep_status", "graduation_year"),
)
TEXTS: dict[str, tuple[Callable[..., Json], list[str]]] = {
    "users": (
        student_json,
        [
            *("email", "name.first", "name.middle", "name.last"),
            *(f"roles.student.{field}" for field in STUDENT_TEXTS),
        ],
    ),
    "sections": (
        section_json,
        ["school", "name", "subject", "grade", "period", "section_number", "sis_id", "course", "term_id"],
    ),
    "schools": (school_json, ["name", "sis_id", "school_number", "low_grade", "high_grade"]),
    "courses": (course_json, ["name", "number"]),
    "terms": (term_json, ["name", "start_date", "end_date"]),
    "districts": (district_json, ["name", "state", "pause_start", "pause_end", "last_sync"]),
}


@pytest.mark.parametrize("collection", TEXTS)
def test_a_blank_text_is_a_blank_in_every_form(collection: str) -> None:
    make, fields = TEXTS[collection]
    for field in fields:
        forms = [stored(put(make(), field, blank), f"{collection}.updated") for blank in BLANKS]

        assert [form == forms[-1] for form in forms] == [True] * len(BLANKS), field
        assert forms[0] != stored(put(make(), field, "2026-01-01"), f"{collection}.updated"), field


@pytest.mark.parametrize(
    ("collection", "make", "field"),
    [
        ("users", student_json, "name"),
        ("users", student_json, "roles.student.ext"),
        ("users", teacher_json, "roles.teacher.sis_id"),
        ("sections", section_json, "teacher"),
        ("sections", section_json, "teachers"),
        ("sections", section_json, "students"),
    ],
)
def test_blank_objects_and_lists_are_blank(collection: str, make: Callable[..., Json], field: str) -> None:
    forms = [stored(put(make(), field, blank), f"{collection}.updated") for blank in BLANKS]

    assert all(form == forms[-1] for form in forms)


def test_blanks_among_the_ids_of_a_section_are_nobody() -> None:
    section = section_json(teacher=None, teachers=[None, "", " ", []], students=[[], record_id(1)])

    kept = stored(section, "sections.updated")

    assert (kept["teachers"], kept["students"]) == ([], [record_id(1)])


def test_an_extension_field_is_the_same_whatever_form_the_blanks_beside_it_have() -> None:
    ext = {"house": {"rooms": ["", " ", []], "colour": ""}}

    beside_null = stored(student_json(role={"ext": ext, "grade": None}))
    beside_list = stored(student_json(role={"ext": ext, "grade": []}))

    assert beside_null == beside_list
    assert beside_null["student"]["ext"] == ext


# Wrong types

WRONG_TYPES: list[object] = [5, True, 1.5, {"a": OFFENDING}, [OFFENDING]]


FORGIVEN: dict[str, set[str]] = {
    "users": {f"roles.student.{name}" for name in clever.UNDEMANDED},
    "terms": {"name", "start_date", "end_date"},
    "courses": {"name", "number"},
    "districts": {"name", "state", "pause_start", "pause_end", "last_sync"},
    "schools": set(),
    "sections": set(),
}


@pytest.mark.parametrize("collection", TEXTS)
def test_a_text_no_roster_has_is_left_out_where_unreadable_and_noted(collection: str) -> None:
    make, fields = TEXTS[collection]
    for field, wrong in product((field for field in fields if field in FORGIVEN[collection]), WRONG_TYPES):
        kept = stored(put(make(), field, wrong), f"{collection}.updated")

        name = field.split(".")[-1]
        side = kept.get("student", kept)
        assert side.pop("unread") == [name]
        assert kept == stored(put(make(), field, None), f"{collection}.updated")


@pytest.mark.parametrize("field", ["dob", "race"])
def test_a_text_that_is_too_long_is_never_left_out(field: str) -> None:
    error = refusal(event_json(student_json(role={field: "x" * 1001})))

    assert error.explanation.startswith(f"data.object.roles.student.{field}: ")


@pytest.mark.parametrize("collection", TEXTS)
def test_a_text_that_is_read_must_be_one(collection: str) -> None:
    make, fields = TEXTS[collection]
    for field, wrong in product(
        (field for field in fields if field not in FORGIVEN[collection]), WRONG_TYPES
    ):
        error = refusal(event_json(put(make(), field, wrong), f"{collection}.updated"))

        assert (error.reason, error.district_id) == (Reason.BAD_FIELD, DISTRICT)
        assert error.explanation.startswith(f"data.object.{field}: ")


@pytest.mark.parametrize(
    ("collection", "record", "field"),
    [
        ("users", student_json(name=[OFFENDING]), "name"),
        ("users", user_json() | {"roles": OFFENDING}, "roles"),
        ("users", user_json(roles={"student": OFFENDING}), "roles.student"),
        ("users", user_json(roles={"teacher": [OFFENDING]}), "roles.teacher"),
        ("users", user_json(roles={"staff": {"staff_id": 5}}), "roles.staff.staff_id"),
        ("users", student_json(role={"ext": [OFFENDING]}), "roles.student.ext"),
        ("users", student_json(id=5), "id"),
        ("users", student_json(id=None), "id"),
        ("users", student_json(id="  "), "id"),
        ("users", student_json(id="i" * 129), "id"),
        ("sections", section_json(students=OFFENDING), "students"),
        ("sections", section_json(students={"id": OFFENDING}), "students"),
        ("sections", section_json(students=[{"id": OFFENDING}]), "students.0"),
        ("sections", section_json(students=[record_id(1), 5]), "students.1"),
        ("sections", section_json(teachers=["i" * 129]), "teachers.0"),
        ("sections", section_json(teacher=5), "teacher"),
        ("sections", section_json(course="i" * 129), "course"),
        ("terms", term_json(id=5), "id"),
        ("users", student_json(role={"grade": "x" * 101}), "roles.student.grade"),
        ("users", student_json(role={"sis_id": "x" * 1001}), "roles.student.sis_id"),
        ("users", student_json(email="x" * 1001), "email"),
        ("users", student_json(role={"ext": {"house": "x" * 65_536}}), "roles.student.ext"),
        ("sections", section_json(name="x" * 1001), "name"),
        ("sections", section_json(teachers=[record_id(n) for n in range(501)]), "teachers"),
        ("sections", section_json(students=[record_id(n) for n in range(50_001)]), "students"),
        ("schools", school_json(low_grade="x" * 1001), "low_grade"),
        ("courses", course_json(name="x" * 1001), "name"),
    ],
)
def test_a_record_with_a_wrong_field_is_unreadable(collection: str, record: Json, field: str) -> None:
    error = refusal(event_json(record, f"{collection}.created"))

    assert (error.reason, error.district_id) == (Reason.BAD_FIELD, DISTRICT)
    assert error.explanation.startswith(f"data.object.{field}: ")


@pytest.mark.parametrize("day", [OFFENDING, "08/10/2026", "2026-02-30", "2026-2-3", "20260203", "0000-00-00"])
@pytest.mark.parametrize("field", ["start_date", "end_date"])
def test_a_day_of_a_term_that_cannot_be_read_is_unknown_and_the_term_says_so(field: str, day: str) -> None:
    kept = stored(put(term_json(), field, day), "terms.created")

    assert kept["unread"] == [field]
    assert ("start" in kept, "end" in kept) == (field != "start_date", field != "end_date")


@pytest.mark.parametrize(
    "identifier",
    [
        *(None, 5, "", " ", [OFFENDING], "evt_0001", "~" * 24, "i" * 129),
        *("f47ac10b-58cc-4372-a567-0e02b2c3d479", "6b0b0000000000000000000", "6b0b000000000000000000000"),
        *(" 6b0b00000000000000000000", "\N{FULLWIDTH DIGIT SIX}" * 24, "z" * 24, "0x" + "1" * 22),
        "6b0b00000000000014000011x",
    ],
)
def test_an_event_without_a_usable_id_is_unreadable(identifier: object) -> None:
    error = refusal(event_json(student_json(), id=identifier))

    assert (error.reason, error.district_id) == (Reason.BAD_ID, DISTRICT)
    assert error.explanation.startswith("id: ")


@pytest.mark.parametrize("district", [5, ["x"], {"id": "x"}, "d" * 129])
def test_a_district_of_a_wrong_type_is_not_told_but_by_the_header(district: object) -> None:
    event = event_json(student_json(district=district))

    assert refused(event) == (Reason.BAD_FIELD, None)
    assert refusal(event, OTHER_DISTRICT).district_id == OTHER_DISTRICT


def test_an_id_of_128_characters_is_read() -> None:
    event = read(event_json(student_json(id="é" * 128, district="é" * 64)))

    assert (record_of(event).id, event.district_id) == ("é" * 128, "é" * 64)


def test_a_district_of_more_bytes_than_a_routing_key_holds_is_unreadable() -> None:
    assert refusal(event_json(student_json(district="é" * 65))).reason is Reason.BAD_FIELD


def test_an_events_id_is_kept_in_lower_case_so_that_its_order_is_that_of_its_number() -> None:
    upper = read(event_json(student_json(), id="6B0B000000000000000000AF"))
    settled = clever.read(body(settled_json(through="6B0B000000000000000000AF", since="6A" * 12)))

    assert upper.id == "6b0b000000000000000000af"
    assert isinstance(settled, clever.FeedSettled)
    assert (settled.since, settled.through) == ("6a" * 12, upper.id)


def test_an_events_id_may_be_a_day_ahead_of_now_and_not_more() -> None:
    now = 1_800_000_000
    latest = event_ids.latest_at(now)

    def made(seconds: int) -> Json:
        return event_json(student_json(), id=f"{now + seconds:08x}{'f' * 16}")

    assert clever.read(body(made(86_400)), latest_id=latest)
    for document in (made(86_401), event_json(student_json(), id="f" * 24), settled_json(through="f" * 24)):
        with pytest.raises(UnreadableEvent) as error:
            clever.read(body(document), latest_id=latest)
        assert (error.value.reason, error.value.district_id) == (Reason.BAD_ID, DISTRICT)


# Bodies that are no event


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b" ", b"{", b"hello", b"{'id': 1}"),
        *(b'{"a":1}{"b":2}', b'{"a":1,}', b"\xff\xfe", b'"\xc3\x28"', b'{"a":"\x00"}'),
    ],
)
def test_what_is_no_json_is_told_as_such(text: bytes) -> None:
    assert refused(text) == (Reason.NOT_JSON, None)
    assert refusal(text, DISTRICT).district_id == DISTRICT


def test_a_cut_off_body_tells_the_district_that_it_names() -> None:
    whole = body(event_json(student_json()))

    assert refusal(whole[:-1]).reason is Reason.NOT_JSON
    assert refusal(whole[:-1]).district_id == DISTRICT
    assert refusal(whole[:-1] + f',"district":"{OTHER_DISTRICT}"'.encode()).district_id is None


def test_invalid_utf_8_in_an_event_is_no_json_and_tells_the_district() -> None:
    latin_1 = body(event_json(student_json())).replace(b"Tamsin", b"T\xe9msin")

    assert refused(latin_1) == (Reason.NOT_JSON, DISTRICT)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_another_encoding_than_utf_8_is_no_json(encoding: str) -> None:
    text = json.dumps(event_json(student_json())).encode(encoding)

    assert refusal(text).reason is Reason.NOT_JSON


@pytest.mark.parametrize(
    "document",
    [
        None,
        5,
        "users.created",
        [],
        {},
        [event_json(student_json())],
        {"data": []},
        {"data": {"data": {}}},
        {"data": [event_json(student_json())]},
        {"id": "x", "data": {"object": student_json()}},
    ],
)
def test_json_that_is_no_event_is_told_as_such(document: object) -> None:
    assert refusal(document).reason is Reason.NOT_AN_EVENT


@pytest.mark.parametrize("data", [None, [], "x", {}, {"object": None}, {"object": []}, {"object": OFFENDING}])
def test_an_event_without_a_record_is_no_event(data: object) -> None:
    assert refused(event_json({}, data=data), DISTRICT) == (Reason.NOT_AN_EVENT, DISTRICT)


@pytest.mark.parametrize(
    "what",
    [
        *("students.created", "users.moved", "users", "users.", ".created", "", "users.created.twice"),
        *("USERS.created", "feed.closed", None, 5, ["users.created"], {"a": OFFENDING}),
    ],
)
def test_an_event_of_an_unknown_type_is_told_as_such_with_its_district(what: Any) -> None:
    assert refused(event_json(student_json(), what)) == (Reason.UNKNOWN_TYPE, DISTRICT)


@pytest.mark.parametrize("blank", BLANKS)
def test_an_event_that_names_no_district_is_told_as_such(blank: object) -> None:
    assert refused(event_json(put(student_json(), "district", blank))) == (Reason.NO_DISTRICT, None)


def test_a_body_of_ten_mebibytes_is_too_large_and_tells_its_district() -> None:
    huge = event_json(student_json(email="x" * 10 * 1024 * 1024))

    ((_, error),) = read_all([delivery(huge)]).unreadable
    ((_, by_header),) = read_all([delivery(b"x" * (MAX_BYTES + 1), district_id=OTHER_DISTRICT)]).unreadable

    assert (error.reason, error.district_id) == (Reason.TOO_LARGE, DISTRICT)
    assert (by_header.reason, by_header.district_id) == (Reason.TOO_LARGE, OTHER_DISTRICT)
    assert "xxx" not in str(error)


@pytest.mark.parametrize("depth", [1025, 2_000, 10_000])
def test_a_body_nested_too_deep_is_told_as_such(depth: int) -> None:
    inside = body(event_json(student_json(unread="deep"))).replace(b'"deep"', nested(depth))

    assert refused(nested(depth)) == (Reason.TOO_DEEP, None)
    assert refused(inside) == (Reason.TOO_DEEP, DISTRICT)


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize("beside", [None, []])
def test_what_is_not_read_may_be_nested_a_thousand_deep(beside: object) -> None:
    student = student_json(role={"grade": beside}, unread="deep")

    event = read(body(event_json(student)).replace(b'"deep"', nested(1000)))

    assert to_arrival(event) == to_arrival(read(event_json(student_json(role={"grade": None}))))


@pytest.mark.parametrize(
    ("levels", "reason"), [(90, None), (101, Reason.BAD_FIELD), (1000, Reason.BAD_FIELD)]
)
def test_extension_fields_may_be_nested_ninety_deep(levels: int, reason: Reason | None) -> None:
    text = body(event_json(student_json(role={"ext": {"house": "deep"}}))).replace(b'"deep"', nested(levels))

    if reason is None:
        assert nested(levels).decode() in (to_arrival(read(text)).record or "")
    else:
        assert refused(text) == (reason, DISTRICT)


@pytest.mark.parametrize("where", ["name.first", "id", "roles.student.ext.house", "nobody_reads.this"])
def test_a_nul_character_anywhere_is_forbidden(where: str) -> None:
    assert refused(event_json(put(student_json(), where, f"{OFFENDING}\0"))) == FORBIDDEN


def test_a_nul_character_in_a_key_is_forbidden_and_an_escaped_backslash_before_u0000_is_none() -> None:
    kept = stored(student_json(role={"ext": {"a": "\\u0000"}}))

    assert refused(event_json(student_json(role={"ext": {"a\0": 1}}))) == FORBIDDEN
    assert kept["student"]["ext"] == {"a": "\\u0000"}


@pytest.mark.parametrize("escape", [rb"\ud800", rb"\udfff", rb"\ud800x", rb"\udc00\ud800"])
def test_a_lone_surrogate_is_forbidden(escape: bytes) -> None:
    assert refused(body(event_json(student_json())).replace(b"Tamsin", escape)) == FORBIDDEN


def test_a_pair_of_surrogates_is_the_character_that_they_stand_for() -> None:
    event = read(body(event_json(student_json())).replace(b"Tamsin", rb"\ud83d\ude00"))

    assert (to_arrival(event).record or "").count("😀") == 1


def test_the_wire_has_one_reason_for_everything_and_each_is_a_metrics_label() -> None:
    assert all(re.fullmatch(r"[a-z_]+", reason) for reason in Reason)
    assert orjson.loads(orjson.dumps(list(Reason))) == [reason.value for reason in Reason]


def test_other_schools_are_kept_each_once_and_without_the_primary_one() -> None:
    others = [record_id(902), record_id(900), "", None, "\u200b", record_id(901), record_id(902)]
    plain = stored(student_json(role={"schools": [record_id(900)]}))

    kept = stored(student_json(role={"schools": others}))

    assert (kept or {})["student"]["other_schools"] == [record_id(901), record_id(902)]
    assert "other_schools" not in (plain or {})["student"]
    assert stored(student_json(role={"schools": None})) == plain


@pytest.mark.parametrize("sign", ["\u200b", "\u3164 ", "\u00ad\u2060", "\ufeff"])
def test_ids_in_which_nothing_can_be_seen_are_none(sign: str) -> None:
    orphan = put(student_json(), "district", sign)

    assert read(event_json(orphan), OTHER_DISTRICT).district_id == OTHER_DISTRICT
    assert stored(student_json(role={"school": sign})) == stored(student_json(role={"school": None}))
    with pytest.raises(UnreadableEvent):
        read(event_json(put(student_json(), "id", sign)))
