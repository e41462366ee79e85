"""When a review says which section filter would serve better, and when it need not search for it anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from schemas.messages.review import Cause
from schemas.words import Owner
from worker.domain.preflight.policy import Code
from worker.domain.preflight.tally import Tally
from worker.domain.roster.days import day_in
from worker.domain.roster.records import Json, RecordKind
from worker.domain.roster.staging import Change

FEW_PERCENT: Final = 1.0
"""Of a rostered district's students without exactly one class: so few are no fault of the filter."""
LARGE: Final = 50_000
"""Students in scope from which a search takes so long that single students who move start none."""
DRIFT_PERCENT: Final = 0.2
"""Of the students of a large district: so many may have come to no class, or to several, or left either."""
_PLACING: Final = frozenset({Code.NO_SECTION.value, Code.MULTIPLE_SECTIONS.value})
_MAY_LIE_IN_FILTER: Final = frozenset({"sis.several_of_one_kind"})
"""Causes that look like single mistakes in the data; a filter by which all of them vanish is better."""
_PLACE: Final = ("school_id", "grade")
_NAMES: Final = ("first_name", "last_name")


@dataclass(frozen=True, slots=True)
class SearchInput:
    """What suggestions are computed from: equal inputs give equal suggestions, but in a large district.

    `batch` is the number of the last batch that changed anything that a search reads: sections and who is in
    them, courses, terms, schools, teachers' names, where the students in scope are.
    """

    filter_version: int
    batch: int
    none: int
    several: int

    def is_near(self, other: SearchInput, students: int) -> bool:
        """Whether what was found for the other input can be told again."""
        if (self.filter_version, self.batch) != (other.filter_version, other.batch):
            return False
        most = students * DRIFT_PERCENT / 100 if students >= LARGE else 0
        return abs(self.none - other.none) <= most and abs(self.several - other.several) <= most


@dataclass(frozen=True, slots=True)
class KeptSuggestions:
    """Suggestions as they stand in reviews, with what they were found for."""

    made_at: datetime
    found_for: SearchInput
    suggestions: Sequence[dict[str, Any]]

    def still_holds(self, now: datetime, found_for: SearchInput, students: int, time_zone: str) -> bool:
        """Whether a search would find the same: on another day of the district other terms may run."""
        same_day = day_in(time_zone, self.made_at) == day_in(time_zone, now)
        return same_day and self.found_for.is_near(found_for, students)


def changes_search(changes: Iterable[Change], students: int) -> bool:
    """Whether any of these changes is to something that a search of section filters reads.

    In a large district the enrolments and moves of students are left out: there the numbers of those without
    a class and in several, which `SearchInput` compares, say whether they matter.
    """
    is_large = students >= LARGE
    return any(change.is_real and _is_read(change, is_large=is_large) for change in changes)


def _is_read(change: Change, *, is_large: bool) -> bool:
    before, after = change.before or {}, change.after or {}
    match change.kind:
        case RecordKind.DISTRICT:
            return False
        case RecordKind.USER:
            if _side(before, "teacher", _NAMES) != _side(after, "teacher", _NAMES):
                return True
            return not is_large and _place(before) != _place(after)
        case RecordKind.SECTION:
            return not (is_large and _without_students(before) == _without_students(after))
        case _:
            return True


def _side(user: Json, side: str, names: Sequence[str]) -> Json | None:
    record = user.get(side)
    return None if record is None else {name: record.get(name) for name in names}


def _place(user: Json) -> Json | None:
    """Return what decides whether a student is in scope, and where he is counted."""
    student = user.get("student")
    if student is None:
        return None
    texts = student.get("texts", {})
    rest = {name: value for name, value in student.items() if name not in ("texts", "ext")}
    return {**rest, **{name: texts.get(name) for name in _PLACE}}


def _without_students(section: Json) -> Json:
    return {name: value for name, value in section.items() if name != "students"}


def search_input(tally: Tally, filter_version: int, batch: int) -> SearchInput:
    """Return what a search would be made for now."""
    by_code = tally.by_code()
    return SearchInput(
        filter_version, batch, by_code.get(Code.NO_SECTION, 0), by_code.get(Code.MULTIPLE_SECTIONS, 0)
    )


def unplaced(tally: Tally) -> int:
    """Return how many students in scope do not have exactly one class."""
    by_code = tally.by_code()
    return by_code.get(Code.NO_SECTION, 0) + by_code.get(Code.MULTIPLE_SECTIONS, 0)


def lies_in_filter(cause: Cause) -> bool:
    """Whether students have no class, or several, because of the section filter in force."""
    return cause.owner is Owner.FILTER and not _PLACING.isdisjoint(cause.findings)


def is_wanted(tally: Tally, causes: Sequence[Cause], *, was_rostered: bool) -> bool:
    """Whether another section filter may be what the district needs.

    `was_rostered`: it has a commit, so that mistakes in the data are told by what was committed.
    """
    may_lie = frozenset[str]() if was_rostered else _MAY_LIE_IN_FILTER
    if not any(lies_in_filter(cause) or cause.code in may_lie for cause in causes):
        return False
    count = unplaced(tally)
    if not was_rostered:
        return count > 0
    return count * 100 > tally.students * FEW_PERCENT
