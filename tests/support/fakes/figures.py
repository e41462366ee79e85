"""Figures of a district in memory: what guards count, causes are folded from, and suggestions made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from schemas.words import RosterKind
from tests.support.builders.records import NOON
from tests.support.districts.oracle import Committed, Records, Seat, seats_of, turnovers_of, view
from tests.support.fakes.rosters import MemoryRoster
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Policy
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.turnover import SchoolLimits, Turnovers
from worker.domain.review.causes.facts import (
    Blocked,
    Copies,
    ErrorKey,
    Others,
    Removals,
    Removed,
    SameValues,
    SchoolGrade,
    SharedSections,
    Sign,
)
from worker.domain.review.causes.former_classes import FormerClass
from worker.domain.review.causes.labels import ConcernedSection, Label, SectionsTogether
from worker.domain.review.causes.new_classes import KeptText
from worker.domain.review.kept_suggestions import KeptSuggestions
from worker.domain.roster.records import Json, RecordKind, section_from_json
from worker.domain.roster.section_filter import SectionFilter, SectionView
from worker.pipeline.evaluate.section_signs import NO_SIGNS
from worker.pipeline.evaluate.state import DistrictState
from worker.suggest.picture_builder import PictureBuilder


def new_state(section_filter: SectionFilter | None = None, policy: Policy | None = None) -> DistrictState:
    """Return the state of a district that was never evaluated."""
    return DistrictState(
        Tally(), section_filter or SectionFilter(), 1, 1, policy or Policy(required_fields=()), None, None
    )


@dataclass
class MemoryFigures(MemoryRoster):
    """A fake of `ErrorFigures`, `Guards` and `Advised`; of what it does not count it knows nothing."""

    state: DistrictState = field(default_factory=new_state)
    advised: KeptSuggestions | None = None
    built: PictureBuilder | None = None
    standing: dict[str, int] = field(default_factory=dict)
    past: list[tuple[datetime, dict[str, Seat]]] = field(default_factory=list)
    """Commits that guards count, with the students before each."""
    asked: tuple[int, SchoolLimits] | None = None
    """What guards asked for last: students committed, and the limits of schools."""

    def errors(self) -> list[Finding]:
        """Return the open errors."""
        return [one for one in self.findings.values() if one.is_error]

    # Guards

    async def turnovers(
        self, after: datetime, committed: int, limits: SchoolLimits
    ) -> tuple[Turnovers, Turnovers]:
        """Count student by student; of every school."""
        self.calls["turnovers"] += 1
        self.asked = committed, limits
        return self._turnovers(after)

    def _turnovers(self, after: datetime) -> tuple[Turnovers, Turnovers]:
        now, planned = seats_of(self.committed()), seats_of(self.entries())
        recent = [one for one in self.past if one[0] > after]
        since, start = recent[0] if recent else (None, now)
        whole = replace(turnovers_of(Committed(start, now), planned), since=since)
        return whole, turnovers_of(Committed(now, now), planned)

    async def most_moved(self, after: datetime, committed: int, limits: SchoolLimits) -> Turnovers:
        """Return no less than both counts."""
        self.calls["most moved"] += 1
        self.asked = committed, limits
        counts = self._turnovers(after)
        most = max(counts, key=lambda one: one.removal.students + one.class_change.students)
        return replace(
            most, removal=replace(most.removal, earlier=0), class_change=replace(most.class_change, earlier=0)
        )

    async def restart_count(self) -> None:
        """Forget what commits moved."""
        self.past = []

    async def end_confirmation(self) -> None:
        """Use up what a person confirmed."""
        self.calls["ended confirmations"] += 1
        self.state.confirmation = None

    # Figures of the open errors, and what was suggested

    async def blocked_students(self, labels: object, signs: object = NO_SIGNS) -> list[Blocked]:  # noqa: ARG002
        """Return the blocked students, by grade of a school and their errors."""
        groups: Counter[tuple[frozenset[ErrorKey], SchoolGrade]] = Counter()
        for (kind, student), row in self.rows.items():
            found = [one for one in self.errors() if (one.kind, one.record_id) == (kind.value, student)]
            keys = frozenset(ErrorKey(one.code, one.detail.get("field", "")) for one in found)
            if keys and row.candidate:
                groups[keys, SchoolGrade(row.school_id, row.grade)] += 1
        return [Blocked(dict.fromkeys(keys, NOON), count, place) for (keys, place), count in groups.items()]

    async def other_errors(self) -> list[Others]:
        """Return the errors on everything but students."""
        found = [one for one in self.errors() if one.kind != "student"]
        ids = {code: [one.record_id for one in found if one.code is code] for code in {f.code for f in found}}
        return [Others(code, len(some), some, NOON) for code, some in ids.items()]

    def _listing(self, how_many: Callable[[int], bool]) -> dict[str, Json]:
        """Return the live sections that list a student in scope who is in so many kept ones."""
        seats = {
            one for (kind, one), row in self.rows.items() if kind is RosterKind.STUDENT and row.candidate
        }
        found = {student for student in seats if how_many(len(self.enrolled[student] & self.kept.keys()))}
        return {
            section: record
            for section, record in self.live(RecordKind.SECTION).items()
            if found.intersection(record["students"])
        }

    async def concerned_sections(self) -> list[ConcernedSection]:
        """Return the kept sections of students in several."""
        listing = self._listing(lambda kept: kept > 1)
        return [
            ConcernedSection(one, record.get("name"), teachers=record["teachers"])
            for one, record in listing.items()
            if one in self.kept
        ]

    async def teacher_names(self) -> dict[str, tuple[str | None, ...]]:
        """Return what teachers are called."""
        users = {
            one: user["teacher"] for one, user in self.live(RecordKind.USER).items() if "teacher" in user
        }
        return {one: (side.get("first_name"), side.get("last_name")) for one, side in users.items()}

    async def sections_of_bare_students(self) -> AsyncIterator[SectionView]:
        """Yield the sections of students in no kept one."""
        records = {key: one.record for key, one in self.known.items() if one.record is not None}
        for one, record in self._listing(lambda kept: kept == 0).items():
            yield view(section_from_json(one, record), cast("Records", records))

    async def sections_of_unknown_terms(self) -> dict[str, str]:
        """Return the kept sections of students in several whose term has no days."""
        listing = self._listing(lambda kept: kept > 1)
        terms = {one: record["term_id"] for one, record in listing.items() if record.get("term_id")}
        known = {
            one for one, term in self.live(RecordKind.TERM).items() if term.get("start") or term.get("end")
        }
        return {one: term for one, term in terms.items() if one in self.kept and term not in known}

    async def sections_by_labels(self, labels: object) -> dict[tuple[Label, ...], dict[str, int]]:  # noqa: ARG002
        """Return none."""
        return {}

    async def sections_together(self) -> list[SectionsTogether]:
        """Return none."""
        return []

    async def former_classes(self) -> list[FormerClass]:
        """Return none."""
        return []

    async def kept_texts(self, but: Collection[str]) -> list[KeptText]:  # noqa: ARG002
        """Return none."""
        return []

    async def new_homes(self) -> list[SectionView]:
        """Return none."""
        return []

    async def classmates_placed(self, classes: Collection[str]) -> dict[str, int]:  # noqa: ARG002
        """Return none."""
        return {}

    async def schools_without_sections(self, schools: Collection[str]) -> list[str]:  # noqa: ARG002
        """Return none."""
        return []

    async def shared_sections(self) -> SharedSections:
        """Return some."""
        return SharedSections(1, are_lists_filled=True)

    async def school_names(self, schools: Collection[str]) -> dict[str, str]:  # noqa: ARG002
        """Return none."""
        return {}

    async def shares_schools(self) -> bool:
        """Return that no school is shared."""
        return False

    async def alike(self, together: object, *, is_filtered: bool) -> dict[tuple[str, ...], Sign]:  # noqa: ARG002
        """Return no such sections."""
        return {}

    async def copies(self, sets: Sequence[Sequence[str]]) -> Copies:  # noqa: ARG002
        """Return no other sections."""
        return Copies(0, 0, 0)

    async def blank_before(self) -> list[str]:
        """Return that no field was blank."""
        return []

    async def same_values(self) -> dict[str, SameValues]:
        """Return that nobody was compared."""
        return {}

    async def cohorts(self, schools: Collection[str]) -> dict[SchoolGrade, int]:
        """Return how many students each grade of these schools has."""
        students = [
            row for (kind, _), row in self.rows.items() if kind is RosterKind.STUDENT and row.candidate
        ]
        return Counter(SchoolGrade(row.school_id, row.grade) for row in students if row.school_id in schools)

    async def removals(self, classes_committed: int) -> Removals:
        """Return whom the plan removes."""
        gone = [
            key for key, row in self.rows.items() if key[0] is RosterKind.STUDENT and row.candidate is None
        ]
        return Removals([Removed(SchoolGrade(None, None), len(gone))], classes_committed=classes_committed)

    async def class_changes(self, _today: object) -> list[Any]:
        """Return nothing in detail."""
        return []

    async def students_with_two_ids(self) -> list[str]:
        """Return nobody."""
        return []

    async def has_shared_students(self) -> bool:
        """Whether anybody is a student."""
        return any("student" in one for one in self.live(RecordKind.USER).values())

    async def is_connected(self) -> bool:
        """Whether it can be read again: it cannot."""
        return False

    async def advice(self) -> KeptSuggestions | None:
        """Return what was suggested last."""
        return self.advised

    async def keep_advice(self, advice: KeptSuggestions) -> None:
        """Keep it."""
        self.calls["kept advice"] += 1
        self.advised = advice

    async def standing_classes(self) -> dict[str, int]:
        """Return the classes that a test gives."""
        return self.standing

    async def picture(self) -> PictureBuilder:
        """Return the picture that was built."""
        self.calls["pictures"] += 1
        assert self.built
        return self.built
