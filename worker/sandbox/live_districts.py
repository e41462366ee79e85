"""Districts that live: with feeds, tokens, and all that can happen to them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Final, TypeAlias

from worker.messaging.event_files import JsonObject
from worker.sandbox import daily_changes, district_events
from worker.sandbox.daily_changes import Feed, arrival, day_of_changes, homerooms
from worker.sandbox.district import SandboxDistrict
from worker.sandbox.district_events import Withheld
from worker.sandbox.record_store import RecordStore
from worker.sandbox.rollover import rollover

Clock: TypeAlias = Callable[[], datetime]
Change: TypeAlias = Callable[[SandboxDistrict, Feed, Withheld], Iterator[JsonObject]]

_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)
REQUIRED: Final = "sis_id"
"""The field that a broken student lacks."""


def real_time() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


class LiveFeed(Feed):
    """A feed on the real clock: a day's changes happen at once, and none of them lies ahead."""

    def advance(self, seconds: float) -> None:
        """Leave the clock as it is; ValueError if it was to go back."""
        if seconds < 0:
            raise ValueError("the clock of a feed does not go back")


class WorldDistrict:
    """One district: its records, its feed's events, its token, and what it withholds for now.

    What happens to it gives the events of that, which `tell` puts into the feed one by one.
    """

    def __init__(self, district: SandboxDistrict, clock: Clock) -> None:
        self.district = district
        self.id = district.id
        self.feed = LiveFeed(district.id, _LONG_AGO)
        self.events = RecordStore()
        self.withheld = Withheld()
        self.connected = True
        self.served: dict[str, datetime] = {}
        """When each event was first handed out."""
        self.token_since = clock()
        self._clock = clock
        self._tokens = 0
        self._kept: frozenset[str] | None = None
        self._broken: list[tuple[str, object]] = []
        self._waiting: Change | None = None
        if district.id not in district.collections["districts"]:
            said = {"id": district.id, "name": f"District {district.id}", "state": "running"}
            district.put("districts", said)

    @property
    def name(self) -> str:
        """The district's name as it shares it."""
        return str(self.district.collections["districts"][self.id].get("name") or "")

    @property
    def students(self) -> int:
        """How many students it shares."""
        # A contact's "student" is an id: the key with an object can only be a role.
        return self.district.users.count(b'"student":{')

    @property
    def is_paused(self) -> bool:
        """Whether its syncs are paused."""
        return bool(self.district.collections["districts"][self.id].get("state") == "paused")

    @property
    def kept(self) -> frozenset[str]:
        """The homerooms, as they are since the last change that can have made others of them."""
        if self._kept is None:
            self._kept = homerooms(self.district)
        return self._kept

    @property
    def token(self) -> str:
        """The bearer token that is good now, while the district is connected."""
        return hashlib.sha256(f"token {self._tokens} of {self.id}".encode()).hexdigest()[:40]

    @property
    def grant_id(self) -> str:
        """The id of this district's row in the list of tokens."""
        return hashlib.sha256(f"grant of {self.id}".encode()).hexdigest()[:24]

    def rotate_token(self) -> None:
        """Make the token that was good until now one that nobody knows."""
        self._tokens += 1
        self.token_since = self._clock()

    def disconnect(self) -> None:
        """Take the district out of the list of tokens; its token is refused."""
        self.connected = False

    def connect(self) -> None:
        """Put the district back into the list, with a new token."""
        if not self.connected:
            self.connected = True
            self.rotate_token()

    def forget_events(self) -> None:
        """Drop all events so far, as Clever does after 30 days."""
        self.events.clear()

    def arrive(self) -> Iterator[JsonObject]:
        """Tell the whole district as created events."""
        return arrival(self.district, self._feed_now())

    def day(self, count: int, seed: int, kept: AbstractSet[str] | None = None) -> Iterator[JsonObject]:
        """Make a day of changes (see `changes.day_of_changes`), all of them before the first event.

        `kept` are the sections of which every student has one: the homerooms unless others are given.
        """
        feed = self._feed_now()
        kept = self.kept if kept is None else kept
        return iter(day_of_changes(self.district, feed, seed=seed, count=count, kept=kept))

    def newcomer(self, classmate: str) -> list[JsonObject]:
        """Let a new student come, into every section that a certain other one is in."""
        role = self.district.users[classmate]["roles"]["student"]
        sections = self.district.sections_of(classmate)
        grade = role.get("grade") or ""
        return daily_changes.new_student(self.district, self._feed_now(), role["school"], grade, sections)

    def rollover(self, seed: int) -> Iterator[JsonObject]:
        """Begin a new school year."""
        return rollover(self.district, self._feed_of_upheaval(), seed)

    def narrow(self, shared: Callable[[JsonObject], bool]) -> Iterator[JsonObject]:
        """Share only some sections and what belongs to them."""
        return district_events.narrow_sharing(self.district, self._feed_of_upheaval(), self.withheld, shared)

    def hide_school(self, school: str) -> Iterator[JsonObject]:
        """Share a school no more, with its students and what only they have."""
        return district_events.hide_school(self.district, self._feed_of_upheaval(), self.withheld, school)

    def widen(self) -> Iterator[JsonObject]:
        """Share again what `narrow` or `hide_school` took."""
        return district_events.widen_sharing(self.district, self._feed_of_upheaval(), self.withheld)

    def change_sharing(self, change: Change) -> Iterator[JsonObject]:
        """Change what is shared; in a paused district, the last one once it resumes."""
        if not self.is_paused:
            return change(self.district, self._feed_of_upheaval(), self.withheld)
        self._waiting = change
        return iter(())

    def withdraw(self, name: str) -> Iterator[JsonObject]:
        """Stop sharing a field of students; ValueError if there is no such field."""
        return district_events.withdraw_field(self.district, self._feed_now(), self.withheld, name)

    def restore(self, name: str) -> Iterator[JsonObject]:
        """Share a field again that was withdrawn; ValueError if it was not."""
        return district_events.restore_field(self.district, self._feed_now(), self.withheld, name)

    def delete_students(self, percent: float, seed: int) -> Iterator[JsonObject]:
        """Let a percentage of the students leave at once."""
        return district_events.delete_students(self.district, self._feed_of_upheaval(), percent, seed)

    def pause(self, until: datetime) -> Iterator[JsonObject]:
        """Pause the district's syncs."""
        return district_events.pause(self.district, self._feed_now(), until)

    def resume(self) -> Iterator[JsonObject]:
        """Resume the district's syncs: what was set for its sharing meanwhile happens now."""
        yield from district_events.resume(self.district, self._feed_now())
        change, self._waiting = self._waiting, None
        if change is not None:
            yield from self.change_sharing(change)

    def break_student(self) -> tuple[str, list[JsonObject]]:
        """Blank a required field of the first student who has it; ValueError if nobody has."""
        for student in self.district.students():
            if value := student["roles"]["student"].get(REQUIRED):
                self._broken.append((student["id"], value))
                return student["id"], self._set_required(student["id"], "")
        raise ValueError(f"no student has a {REQUIRED} to blank")

    def mend_student(self) -> tuple[str, list[JsonObject]]:
        """Mend the student who was broken last; ValueError if nobody is broken."""
        while self._broken:
            student, value = self._broken.pop()
            if student in self.district.users:
                return student, self._set_required(student, value)
        raise ValueError("no student has a blanked field to repair")

    def publish(self, event: JsonObject) -> None:
        """Put an event into the feed; one that was held back goes to where its id belongs."""
        self.events[event["id"]] = event

    def publish_all(self, events: Iterable[JsonObject]) -> int:
        """Put a whole change into the feed; return how many events it has."""
        count = 0
        for event in events:
            self.publish(event)
            count += 1
        return count

    def note_served(self, event_ids: Iterable[str]) -> None:
        """Note that a page with these events was handed out."""
        now = self._clock()
        for event_id in event_ids:
            self.served.setdefault(event_id, now)

    def _set_required(self, student: str, value: object) -> list[JsonObject]:
        return daily_changes.set_field(self.district, self._feed_now(), student, REQUIRED, value)

    def _feed_now(self) -> Feed:
        """Return the feed, its clock moved up to the real one unless it is ahead of that."""
        self.feed.now = max(self.feed.now, self._clock())
        return self.feed

    def _feed_of_upheaval(self) -> Feed:
        self._kept = None
        return self._feed_now()
