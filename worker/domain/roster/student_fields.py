"""Which fields of students are kept: those that every record has, and of the others what is demanded.

Birth date, race, gender, what a student is entitled to, and all fields of a district's own are kept only
where settings or the district's policy name them as required, unique or extra.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from worker.domain.roster.records import EXTENSION_PREFIX, Json

ALWAYS_KEPT: Final = (
    *("first_name", "middle_name", "last_name", "email", "sis_id", "student_number", "state_id", "grade"),
    "school_id",
)
"""The fields of every student's committed record."""
_ALWAYS: Final = frozenset(ALWAYS_KEPT)

_KEPT_IF_NAMED: Final = (
    *("dob", "gender", "race", "hispanic_ethnicity", "ell_status", "frl_status", "iep_status"),
    "graduation_year",
)

STUDENT_TEXTS: Final = (*ALWAYS_KEPT, *_KEPT_IF_NAMED)
"""The student fields that settings and policies may name, besides `ext.<name>`."""


def demanded(*named: Iterable[str]) -> frozenset[str]:
    """Return which of the named fields are kept only because they are named."""
    return frozenset(name for names in named for name in names if name not in ALWAYS_KEPT)


def with_kept_fields(record: Json | None, fields: Collection[str]) -> Json | None:
    """Return a staged record of a user without the student's fields that are not kept."""
    if record is None or record.get("student") is None:
        return record
    side = record["student"]
    texts = {name: value for name, value in side["texts"].items() if name in _ALWAYS or name in fields}
    kept = {**side, "texts": texts}
    given = kept.pop("ext", {})
    ext = {name: value for name, value in given.items() if EXTENSION_PREFIX + name in fields}
    if ext:
        kept["ext"] = ext
    return {**record, "student": kept}


def without_student(record: Json | None) -> Json | None:
    """Return a staged record of a user without its student; None where nothing else is left."""
    rest = {name: value for name, value in (record or {}).items() if name != "student"}
    return rest if "teacher" in rest else None


@dataclass(frozen=True, slots=True)
class StudentFields:
    """What a district's staged students have besides the fields that are always kept.

    `complete` are the fields that each of them has as Clever gives it; `held` those that some may have. None
    is what a version staged that kept every field.
    """

    complete: frozenset[str] | None = frozenset()
    held: frozenset[str] | None = frozenset()

    def lacking(self, fields: Iterable[str]) -> frozenset[str]:
        """Return which of these fields were not kept of every student."""
        return frozenset(name for name in fields if not self._is_complete(name))

    def has_more_than(self, fields: Collection[str]) -> bool:
        """Whether students may have other fields than these."""
        return self.held is None or not self.held <= set(fields)

    def demanding(self, fields: frozenset[str]) -> StudentFields:
        """Return what they have once new records are kept with these fields only."""
        held = None if self.held is None else self.held | fields
        return StudentFields(fields - self.lacking(fields), held)

    def without_others(self, fields: frozenset[str]) -> StudentFields:
        """Return what they have once all other fields were deleted."""
        return StudentFields(fields - self.lacking(fields), fields)

    def read_whole(self, fields: frozenset[str], read: frozenset[str] | None) -> StudentFields:
        """Return what they have once a baseline is staged that was `read` with so many of these fields."""
        had = StudentFields(read)
        return StudentFields(fields - had.lacking(fields), self.held)

    def _is_complete(self, name: str) -> bool:
        if self.complete is None:
            return name in _KEPT_IF_NAMED or name.startswith(EXTENSION_PREFIX)
        return name in self.complete


NO_FIELDS: Final = StudentFields()
"""Of a district of which nothing is staged."""
