"""What happens to a district, told as Clever's events.

Each function changes the district and returns the events that Clever would give for it, in order. A
change of nothing gives no event. Records are replaced and never changed in place, so an event keeps the
record as it was; do not write into an event's `data`.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from worker.messaging.event_files import COLLECTIONS
from worker.sandbox import ids, names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from worker.messaging.event_files import JsonObject
    from worker.sandbox.district import SandboxDistrict

_JOINS_FIRST: Final = 0.3
_SCHOOL_DAY: Final = 8 * 3600.0
_ATTEMPTS_PER_CHANGE: Final = 20


class Feed:
    """One district's stream of events: numbers and dates them; its clock moves only when it is told to."""

    def __init__(self, district_id: str, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("the clock of a feed needs a time zone")
        self.now = now
        self.tag = ids.tag_of(district_id)
        self.last_id: str | None = None
        self._events = 0
        self._records = 0

    def advance(self, seconds: float) -> None:
        """Move the clock on; it cannot go back, because event ids begin with the time."""
        if seconds < 0:
            raise ValueError("the clock of a feed does not go back")
        self.now += timedelta(seconds=seconds)

    def event(self, kind: str, record: JsonObject, previous: JsonObject | None = None) -> JsonObject:
        """Give the next event of a kind such as `users.updated`."""
        self._events += 1
        self.last_id = ids.event_id(self.now, self.tag, self._events)
        data = {"object": record} if previous is None else {"object": record, "previous_attributes": previous}
        return {"id": self.last_id, "type": kind, "created": ids.timestamp(self.now), "data": data}

    def new_record_id(self, collection: str) -> tuple[str, int]:
        """Make the id of a record that begins now, and its number among those."""
        self._records += 1
        return ids.record_id(self.now, self.tag, collection, self._records), self._records


def arrival(district: SandboxDistrict, feed: Feed) -> Iterator[JsonObject]:
    """Share the whole district: a created event for every record, what is referred to first."""
    for collection in COLLECTIONS:
        for record in district.records(collection):
            yield feed.event(f"{collection}.created", record)


def enroll(district: SandboxDistrict, feed: Feed, student_id: str, section_id: str) -> list[JsonObject]:
    """Put a student into a section; no event if he is in it."""
    listed = district.sections[section_id]["students"]
    if student_id in listed:
        return []
    return _update(district, feed, "sections", section_id, {("students",): [*listed, student_id]})


def withdraw(district: SandboxDistrict, feed: Feed, student_id: str, section_id: str) -> list[JsonObject]:
    """Take a student out of a section; no event if he is not in it."""
    rest = [listed for listed in district.sections[section_id]["students"] if listed != student_id]
    return _update(district, feed, "sections", section_id, {("students",): rest})


def move_student(
    district: SandboxDistrict,
    feed: Feed,
    student_id: str,
    from_section: str,
    to_section: str,
    *,
    join_first: bool = False,
) -> list[JsonObject]:
    """Move a student between sections: for one event he is in neither or, joining first, in both."""
    if from_section not in district.sections_of(student_id):
        raise ValueError("a student moves from a section that he is in")
    joined = enroll(district, feed, student_id, to_section) if join_first else []
    left = withdraw(district, feed, student_id, from_section)
    return joined + left + enroll(district, feed, student_id, to_section)


def new_student(
    district: SandboxDistrict, feed: Feed, school_id: str, grade: str, section_ids: Sequence[str]
) -> list[JsonObject]:
    """Share an invented student and put him into sections; the first event carries his record."""
    student_id, number = feed.new_record_id("users")
    while student_id in district.users:  # from another feed, before the district was written and read
        student_id, number = feed.new_record_id("users")
    rng = random.Random(student_id)  # noqa: S311 — not for secrets: reproducible people
    stamp = ids.timestamp(feed.now)
    user = names.student_user(rng, grade, [school_id], ids.school_year(feed.now), number)
    # Numbers of our own making could be a shared district's already; the time makes them new.
    sis_id = f"{int(feed.now.timestamp())}{number:05d}"
    user["roles"]["student"] |= {"sis_id": sis_id, "student_number": sis_id, "state_id": f"9{sis_id}"}
    record = {"id": student_id, "district": district.id, "created": stamp, "last_modified": stamp, **user}
    return share_student(district, feed, record, section_ids)


def share_student(
    district: SandboxDistrict, feed: Feed, record: JsonObject, section_ids: Sequence[str]
) -> list[JsonObject]:
    """Share a student by his record, for the first time or again after a deletion."""
    district.put("users", record)
    events = [feed.event("users.created", record)]
    for section in section_ids:
        events += enroll(district, feed, record["id"], section)
    return events


def leave(district: SandboxDistrict, feed: Feed, student_id: str) -> list[JsonObject]:
    """Take a student out of all his sections and out of the district."""
    record = district.users[student_id]
    events: list[JsonObject] = []
    for section in district.sections_of(student_id):
        events += withdraw(district, feed, student_id, section)
    district.remove("users", student_id)
    return [*events, feed.event("users.deleted", record)]


def set_field(
    district: SandboxDistrict, feed: Feed, student_id: str, name: str, value: object
) -> list[JsonObject]:
    """Give a student's field a value; fields are named as in settings: `first_name`, `grade`, `ext.house`."""
    paths = ids.student_field_paths(district.users[student_id], name)
    return _update(district, feed, "users", student_id, dict.fromkeys(paths, value))


def rename(
    district: SandboxDistrict, feed: Feed, user_id: str, *, first: str = "", last: str = ""
) -> list[JsonObject]:
    """Give a user, student or not, a new first or last name; what is not given stays."""
    given = {("name", "first"): first, ("name", "last"): last}
    return _update(district, feed, "users", user_id, {path: name for path, name in given.items() if name})


def reassign_teacher(
    district: SandboxDistrict, feed: Feed, section_id: str, teacher_id: str
) -> list[JsonObject]:
    """Give a section another primary teacher, which renames it if its name is one that Clever computed."""
    section = district.sections[section_id]
    last_name = district.users[teacher_id]["name"]["last"]
    co_teachers = [one for one in section["teachers"] if one not in {section.get("teacher"), teacher_id}]
    course, *computed = section["name"].rsplit(" - ", 2)
    name = names.section_name(course, last_name, computed[1]) if computed[1:] else section["name"]
    teachers = [teacher_id, *co_teachers]
    changes: ids.Changes = {("teacher",): teacher_id, ("teachers",): teachers, ("name",): name}
    return _update(district, feed, "sections", section_id, changes)


def homerooms(district: SandboxDistrict) -> frozenset[str]:
    """Find the sections whose names contain "homeroom", in any case."""
    return frozenset(key for key, one in district.sections.items() if "homeroom" in one["name"].lower())


def day_of_changes(
    district: SandboxDistrict, feed: Feed, *, seed: int, count: int, kept: AbstractSet[str]
) -> list[JsonObject]:
    """Make a school day's mix of `count` changes, one to some nine events each, spread over eight hours.

    A student who is in exactly one of the sections `kept` (see `homerooms`) is in exactly one afterwards;
    the others are left alone. Where a district is too small for a change, there may be fewer.
    """
    rng = random.Random(seed)  # noqa: S311 — not for secrets: reproducible days
    day = _Day(district, feed, rng, kept)
    events: list[JsonObject] = []
    made = 0
    for _ in range(count * _ATTEMPTS_PER_CHANGE):
        if made == count or not day.students:
            break
        if change := day.next_change():
            made += 1
            events += change
            feed.advance(_SCHOOL_DAY / count)
    return events


class _Day:
    """The changes of a day, drawn by chance among the students who have exactly one kept section."""

    def __init__(
        self, district: SandboxDistrict, feed: Feed, rng: random.Random, kept: AbstractSet[str]
    ) -> None:
        self.district, self.feed, self.rng, self.kept = district, feed, rng, kept
        self.sections = sorted(district.sections)
        self.alike: dict[tuple[object, ...], list[str]] = defaultdict(list)
        for section in self.sections:
            self.alike[self._likeness(section)].append(section)
        listed = (set(district.sections[one]["students"]) for one in self.sections if one in kept)
        times = Counter(student for students in listed for student in students)
        self.students = sorted(one for one, n in times.items() if n == 1 and one in district.users)
        self.kinds: dict[Callable[[], list[JsonObject]], int] = {
            self._move: 55,
            self._correct: 15,
            self._reassign: 10,
            self._arrive: 8,
            self._leave: 7,
            self._rename: 5,
        }

    def next_change(self) -> list[JsonObject]:
        (change,) = self.rng.choices(list(self.kinds), list(self.kinds.values()))
        return change()

    def _likeness(self, section_id: str) -> tuple[object, ...]:
        section = self.district.sections[section_id]
        return section_id in self.kept, section["school"], section.get("subject"), section.get("grade")

    def _move(self) -> list[JsonObject]:
        student = self.rng.choice(self.students)
        here = self.rng.choice(self.district.sections_of(student))
        there = self.rng.choice(self.alike[self._likeness(here)])
        if student in self.district.sections[there]["students"] or self._would_empty(here):
            return []
        joins_first = self.rng.random() < _JOINS_FIRST
        return move_student(self.district, self.feed, student, here, there, join_first=joins_first)

    def _arrive(self) -> list[JsonObject]:
        classmate = self.rng.choice(self.students)
        role = self.district.users[classmate]["roles"]["student"]
        sections = self.district.sections_of(classmate)
        events = new_student(self.district, self.feed, role["school"], role.get("grade") or "", sections)
        self.students.append(events[0]["data"]["object"]["id"])
        return events

    def _leave(self) -> list[JsonObject]:
        place = self.rng.randrange(len(self.students))
        student = self.students[place]
        if any(self._would_empty(section) for section in self.district.sections_of(student)):
            return []
        self.students[place] = self.students[-1]
        self.students.pop()
        return leave(self.district, self.feed, student)

    def _would_empty(self, section_id: str) -> bool:
        # Clever has no section without students; deleting one would be another story than a student's.
        return len(self.district.sections[section_id]["students"]) == 1

    def _correct(self) -> list[JsonObject]:
        student = self.rng.choice(self.students)
        user = self.district.users[student]
        grade = user["roles"]["student"].get("grade") or ""
        field, value = self.rng.choice([
            ("dob", names.birth_date(self.rng, grade, ids.school_year(self.feed.now))),
            ("middle_name", names.first_name(self.rng)),
            ("email", names.email(user["name"], self.rng.randrange(100_000), "students")),
            ("race", "Unknown"),
        ])  # fmt: skip
        return set_field(self.district, self.feed, student, field, value)

    def _rename(self) -> list[JsonObject]:
        student = self.rng.choice(self.students)
        return rename(self.district, self.feed, student, last=names.last_name(self.rng))

    def _reassign(self) -> list[JsonObject]:
        here, other = self.rng.choice(self.sections), self.rng.choice(self.sections)
        teacher = self.district.sections[other].get("teacher")
        same_school = self.district.sections[here]["school"] == self.district.sections[other]["school"]
        if not same_school or teacher is None or teacher not in self.district.users:
            return []
        return reassign_teacher(self.district, self.feed, here, teacher)


def _update(
    district: SandboxDistrict, feed: Feed, collection: str, record_id: str, changes: ids.Changes
) -> list[JsonObject]:
    old = district.collections[collection][record_id]
    new, previous = ids.changed(old, changes, ids.timestamp(feed.now))
    if new is old:
        return []
    district.put(collection, new)
    return [feed.event(f"{collection}.updated", new, previous)]
