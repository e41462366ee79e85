"""What happens to a whole district at once, told as Clever's events.

As in `changes`, each function changes the district and gives the events for it, in the feed's order. Here
they are generators: the district changes while its events are taken, each record before its event, so
that a district of a million students can be served in between. Take all of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Final

from worker.messaging.event_files import COLLECTIONS, JsonObject
from worker.sandbox import ids
from worker.sandbox.daily_changes import Feed
from worker.sandbox.district import SandboxDistrict
from worker.sandbox.record_store import RecordStore

_UNSHARED_FIRST: Final = ("sections", "users", "courses", "terms", "schools")


class Withheld:
    """What a district does not share for now, to come back as it was: records, and fields of students."""

    def __init__(self) -> None:
        self.records: dict[str, RecordStore] = {name: RecordStore() for name in COLLECTIONS}
        self.fields: dict[str, dict[str, ids.Changes]] = {}
        """By the field's name in settings, then by student."""


def narrow_sharing(
    district: SandboxDistrict, feed: Feed, withheld: Withheld, shared: Callable[[JsonObject], bool]
) -> Iterator[JsonObject]:
    """Share only some sections, with what belongs to them; all else is deleted, and withheld.

    To a section belong its students and their contacts, its teachers, course, term and schools. The
    district and its administrators belong to no section and stay.
    """
    return withhold_all_but(belonging(district, shared), district, feed, withheld)


def hide_school(
    district: SandboxDistrict, feed: Feed, withheld: Withheld, school: str
) -> Iterator[JsonObject]:
    """Share a school no more, nor its students, nor what only they have; it is deleted, and withheld.

    A section that has students of another school besides stays, and lists those who are not shared.
    """
    gone = {school}
    gone.update(user["id"] for user in district.students() if user["roles"]["student"]["school"] == school)

    def shared(section: JsonObject) -> bool:
        return not gone.issuperset(section["students"])

    stays = belonging(district, shared, gone) - gone
    return withhold_all_but(stays, district, feed, withheld)


def withhold_all_but(
    stays: Container[str], district: SandboxDistrict, feed: Feed, withheld: Withheld
) -> Iterator[JsonObject]:
    """Share no record any more but those that stay, by id; what refers to others goes first."""
    for collection in _UNSHARED_FIRST:
        for record_id in district.collections[collection]:
            if record_id in stays:
                continue
            record = district.remove(collection, record_id)
            if record is not None:
                withheld.records[collection][record_id] = record
                yield feed.event(f"{collection}.deleted", record)


def widen_sharing(district: SandboxDistrict, feed: Feed, withheld: Withheld) -> Iterator[JsonObject]:
    """Share again all records that were withheld, under their old ids, what is referred to first."""
    for collection in COLLECTIONS:
        for record_id, record in withheld.records[collection].items():
            del withheld.records[collection][record_id]
            district.put(collection, record)
            yield feed.event(f"{collection}.created", record)


def withdraw_field(
    district: SandboxDistrict, feed: Feed, withheld: Withheld, name: str
) -> Iterator[JsonObject]:
    """Stop sharing a field of all students, named as in settings; ValueError if there is no such field.

    Whom a day of changes brings afterwards comes with the field.
    """
    ids.student_field_paths({"roles": {"student": {}}}, name)
    return _withdraw_field(district, feed, withheld, name)


def restore_field(
    district: SandboxDistrict, feed: Feed, withheld: Withheld, name: str
) -> Iterator[JsonObject]:
    """Share a field again that was withdrawn; a student who has it by now keeps what he has.

    ValueError if it was not withdrawn.
    """
    if name not in withheld.fields:
        raise ValueError(f"the field {name!r} was not withdrawn")
    return _restore_field(district, feed, withheld, name)


def delete_students(
    district: SandboxDistrict, feed: Feed, percent: float, seed: int = 1
) -> Iterator[JsonObject]:
    """Take a percentage of the students, drawn by chance, out of their sections and then out of the district.

    A section that loses all its students is deleted. Contacts stay, as when one student leaves.
    """
    students = [student["id"] for student in district.students()]
    rng = random.Random(seed)  # noqa: S311 — not for secrets: reproducible upheavals
    gone = set(rng.sample(students, round(len(students) * percent / 100)))
    for section in district.records("sections"):
        rest = [student for student in section["students"] if student not in gone]
        if rest:
            yield from _put(district, feed, "sections", section, {("students",): rest})
        elif section["students"]:
            district.remove("sections", section["id"])
            yield feed.event("sections.deleted", section)
    for student in students:
        if student in gone and (record := district.remove("users", student)):
            yield feed.event("users.deleted", record)


def pause(district: SandboxDistrict, feed: Feed, until: datetime) -> Iterator[JsonObject]:
    """Pause the district's syncs until a moment, as over a summer."""
    state: ids.Changes = {
        ("state",): "paused",
        ("pause_start",): ids.timestamp(feed.now),
        ("pause_end",): ids.timestamp(until),
    }
    return _put(district, feed, "districts", district.collections["districts"][district.id], state)


def resume(district: SandboxDistrict, feed: Feed) -> Iterator[JsonObject]:
    """End a pause: the district syncs again, and did so now."""
    state: ids.Changes = {
        ("state",): "running",
        ("pause_start",): ids.ABSENT,
        ("pause_end",): ids.ABSENT,
        ("last_sync",): ids.timestamp(feed.now),
    }
    return _put(district, feed, "districts", district.collections["districts"][district.id], state)


def _put(
    district: SandboxDistrict, feed: Feed, collection: str, old: JsonObject, changes: ids.Changes
) -> Iterator[JsonObject]:
    new, previous = ids.changed(old, changes, ids.timestamp(feed.now))
    if new is not old:
        district.put(collection, new)
        yield feed.event(f"{collection}.updated", new, previous)


def belonging(
    district: SandboxDistrict, shared: Callable[[JsonObject], bool], but: AbstractSet[str] = frozenset()
) -> set[str]:
    """Find the ids of the sections that stay shared, and of all that belongs to them; `but` do not count."""
    stays: set[str] = set()
    students: set[str] = set()
    for section in district.records("sections"):
        if shared(section):
            students.update(set(section["students"]) - but)
            referred = ("id", "school", "course", "term_id", "teacher")
            stays.update(filter(None, (section.get(key) for key in referred)), section.get("teachers", ()))
    for user in district.records("users"):
        roles = user["roles"]
        if "student" in roles and user["id"] in students:
            stays.update([user["id"], roles["student"]["school"]], roles["student"].get("schools", ()))
        elif "district_admin" in roles or not students.isdisjoint(_relations(roles)):
            stays.add(user["id"])
    return stays


def _relations(roles: JsonObject) -> Iterable[str]:
    return (one["student"] for one in roles.get("contact", {}).get("student_relationships", ()))


def _withdraw_field(
    district: SandboxDistrict, feed: Feed, withheld: Withheld, name: str
) -> Iterator[JsonObject]:
    kept = withheld.fields.setdefault(name, {})
    for student in district.students():
        if had := _values(student, name):
            kept[student["id"]] = had
            yield from _put(district, feed, "users", student, dict.fromkeys(had, ids.ABSENT))
    # Who is not shared himself for now comes back without the field: no event tells of that today.
    hidden = withheld.records["users"]
    for student_id, user in hidden.items():
        if "student" in user["roles"] and (had := _values(user, name)):
            kept[student_id] = had
            _change_hidden(hidden, student_id, dict.fromkeys(had, ids.ABSENT))


def _restore_field(
    district: SandboxDistrict, feed: Feed, withheld: Withheld, name: str
) -> Iterator[JsonObject]:
    hidden = withheld.records["users"]
    for student_id, values in withheld.fields.pop(name).items():
        if student_id in hidden:
            _change_hidden(hidden, student_id, _missing(hidden[student_id], values))
        elif student_id in district.users:
            old = district.users[student_id]
            yield from _put(district, feed, "users", old, _missing(old, values))


def _values(student: JsonObject, name: str) -> ids.Changes:
    """Find a student's values of a field, by path; none where he has no such key."""
    found: ids.Changes = {}
    for path in ids.student_field_paths(student, name):
        value = ids.value_at(student, path)
        if value is not ids.ABSENT:
            found[path] = value
    return found


def _missing(student: JsonObject, values: ids.Changes) -> ids.Changes:
    return {path: value for path, value in values.items() if ids.value_at(student, path) is ids.ABSENT}


def _change_hidden(hidden: RecordStore, student_id: str, changes: ids.Changes) -> None:
    user = hidden[student_id]
    hidden[student_id], _ = ids.changed(user, changes, user.get("last_modified", ""))
