"""Causes: many findings folded to the few reasons behind them, each with an owner.

So far one: a field that is blank for a large part of the students is no thousand errors in the district's
data. Clever lets a district choose the fields that an app may see, and a field that vanishes from everybody
was taken out of that choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Owner(StrEnum):
    """Who can put a cause right."""

    SIS = "sis"
    SHARING = "sharing"
    FILTER = "filter"
    VENDOR = "vendor"


WITHDRAWN_PERCENT: Final = 50
"""Of the students in scope: below it a field is badly kept, above it nobody kept it from us by accident."""
WITHDRAWN_STUDENTS: Final = 10
"""With fewer students than this there is no telling the two apart."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason behind many findings; `advice` is a sentence for the people who can put it right."""

    code: str
    owner: Owner
    students: int
    advice: str
    schools: Sequence[str] = ()
    sections: Sequence[str] = ()
    field: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in a review."""
        return {
            "code": self.code,
            "owner": self.owner.value,
            "students": self.students,
            "field": self.field,
            "schools": list(self.schools),
            "sections": list(self.sections),
            "advice": self.advice,
        }


def withdrawn_fields(missing: Mapping[str, int], students: int, *, was_rostered: bool) -> list[Cause]:
    """Return a cause for each required field that is blank for most of the `students` in scope.

    `missing` counts them by field. A district that was rostered had the field for every student, so that
    it was withdrawn; in another it may never have been shared.
    """
    return [
        _withdrawn(field, count, was_rostered=was_rostered)
        for field, count in sorted(missing.items())
        if count >= WITHDRAWN_STUDENTS and count * 100 >= students * WITHDRAWN_PERCENT
    ]


def _withdrawn(field: str, students: int, *, was_rostered: bool) -> Cause:
    if was_rostered:
        code, what = "sharing.field_withdrawn", f"The field {field} is no longer shared with us"
    else:
        code, what = "sharing.field_not_shared", f"The field {field} seems not to be shared with us"
    advice = f"{what}: ask the district to share it in Clever's settings of the fields for our app."
    return Cause(code, Owner.SHARING, students, advice, field=field)
