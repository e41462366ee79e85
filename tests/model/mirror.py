"""The model: a district as the rules alone see it, in memory, beside the store's."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from schemas.words import Severity
from tests.support.districts.oracle import Committed, Judged, Records, Seat, judge, kinds_of, seats_of
from worker.domain.preflight.policy import Code, Policy
from worker.domain.roster.records import Json
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter
from worker.pipeline.ingest.inbox import Arrival

DISTRICT = "d1"

TODAY = datetime.now(UTC).date()


@dataclass
class Recent:
    """A commit that nobody said yes to: the students before it."""

    before: dict[str, Seat]
    hours_ago: float = 0


@dataclass
class Model:
    """What the district should be, kept beside the store."""

    records: Records = field(default_factory=dict)
    section_filter: SectionFilter = KEEP_ALL
    policies: list[tuple[Policy, bool]] = field(default_factory=lambda: [(Policy(), False)])
    """Each with whether it has an end, which is still to come."""
    is_held: bool = False
    approved: str | None = None
    """The digest of the plan that is approved."""
    used: list[tuple[int, str]] = field(default_factory=list)
    """The commits that nothing but an approval let through, each with the digest that was approved."""
    committed: dict[tuple[str, str], Json] = field(default_factory=dict)
    past: list[dict[tuple[str, str], Json]] = field(default_factory=list)
    """The roster after each commit."""
    recent: list[Recent] = field(default_factory=list)
    """The commits that guards count, the oldest first."""
    events: int = 0

    @property
    def commits(self) -> int:
        return len(self.past)

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.policies[-1][0]

    def judged(self) -> Judged:
        return judge(DISTRICT, self.records, self.section_filter, self.policy, TODAY, self.guarded())

    def guarded(self) -> Committed:
        """Return what guards look at."""
        now = seats_of(self.committed)
        counting = (one.before for one in self.recent if one.hours_ago < self.policy.removal_window_hours)
        return Committed(next(counting, now), now, kinds_of(self.committed))


def policy_of(step: dict[str, Any]) -> Policy:
    """Return the policy that a step sets."""
    return Policy(
        required_fields=tuple(step["required_fields"]),
        unique_fields=tuple(step["unique_fields"]),
        removal_limit_floor=step["removal_limit_floor"],
        term_grace_days=step.get("term_grace_days", 30),
        class_change_limit_percent=step.get("class_change_limit_percent", 30),
        removal_window_hours=step.get("removal_window_hours", 24),
        severities={Code(code): Severity(value) for code, value in step["severities"].items()},
    )


def happen(some: list[Any], model: Model) -> list[Arrival]:
    """Let changes happen; return their events."""
    arrivals = []
    for kind, record_id, record in some:
        model.events += 1
        if record is None:
            model.records.pop((kind, record_id), None)
        else:
            model.records[kind, record_id] = record
        text = None if record is None else orjson.dumps(record).decode()
        arrivals.append(Arrival(DISTRICT, f"{model.events:024x}", kind, record_id, text))
    return arrivals
