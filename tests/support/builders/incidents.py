"""What may be wrong with a district, and what is told of it as time goes by."""

from __future__ import annotations

from datetime import timedelta

from tests.support.builders.records import later
from worker.domain.alerts.incidents import Problem, step

FLAP = timedelta(seconds=100)
WRONG = Problem("student.no_section", "412 of 1004", {"student.no_section": 412})
WORSE = Problem("student.no_section", "500 of 1004", {"student.no_section": 500})
OTHER = Problem("student.duplicate_identity", "2 of 1004")


def told(*seen: tuple[float, Problem | None], flap: timedelta = FLAP) -> list[str]:
    """Return what is told of an incident at which second, by what is wrong then."""
    memory, alerts = None, list[str]()
    for second, condition in seen:
        memory, status = step(memory, condition, later(second), flap)
        if status is not None:
            alerts.append(f"{status} {second:g}")
    return alerts
