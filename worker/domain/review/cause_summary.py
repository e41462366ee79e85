"""What commands and pages say around a cause, whose own advice says what to do: each sentence once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from worker.domain.roster.grades import grade_order
from worker.runtime.count_text import counted

OWNERS: Final = {
    "sis": "student information system",
    "sharing": "sharing in Clever",
    "filter": "section filter",
    "vendor": "your own team",
}
"""What each owner of a cause is called: the thing in which it is fixed."""


def owner_text(owner: str) -> str:
    """Return what the owner of a cause is called; one that is not known yet is itself."""
    return OWNERS.get(owner, owner)


def concerned_text(cause: Mapping[str, Any]) -> str:
    """Return whom a cause concerns: students that it blocks, or that the plan would remove or move."""
    if removed := cause.get("removed"):
        return f"{counted(removed, 'student')} to be removed"
    if moved := cause.get("class_changes"):
        return f"{counted(moved, 'student')} to change class"
    return counted(cause["students"], "student") if cause["students"] else "The whole district"


def place_text(
    cause: Mapping[str, Any], school_names: Mapping[str, str], most_schools: int, most_grades: int
) -> str:
    """Return the schools, by name where it is known, and the grades of a cause; blank where it has none.

    `most_schools` and `most_grades` of those most concerned are shown, the grades in their order; the others
    are counted.
    """
    schools = [school_names.get(school, school) for school in cause["schools"]]
    grades = cause.get("grades") or ()
    total = cause.get("school_count", len(schools))
    parts = [
        _schools(schools, total, most_schools),
        _grades(sorted(grades[:most_grades], key=grade_order), len(grades)),
    ]
    return "; ".join(filter(None, parts))


def _schools(named: Sequence[str], total: int, most: int) -> str:
    if not named:
        return ""
    shown = named[:most]
    more = total - len(shown)
    return f"at {', '.join(shown)}" + (f" and {counted(more, 'more school')}" if more > 0 else "")


def _grades(shown: Sequence[str], total: int) -> str:
    if not shown:
        return ""
    more = total - len(shown)
    noun = "grade" if total == 1 else "grades"
    return f"{noun} {', '.join(shown)}" + (f" and {more:,} more" if more > 0 else "")
