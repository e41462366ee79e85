"""What an evaluation knows of its district: its window, what was decided so far, what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from schemas.messages.batch import Batch
from schemas.words import Trigger
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.policy import Policy
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.turnover import Confirmation
from worker.domain.roster.records import EventId
from worker.domain.roster.section_filter import SectionFilter
from worker.domain.roster.staging import NO_FLOOR, Change
from worker.domain.roster.student_fields import NO_FIELDS, StudentFields
from worker.messaging.outbox_message import OutboxMessage


@dataclass(frozen=True, slots=True)
class ClosedWindow:
    """A district's window that is due, with the district locked for its evaluation."""

    district_id: str
    trigger: Trigger
    now: datetime
    opened_at: datetime
    deferred_since: datetime | None
    request_number: int
    through: str | None


@dataclass(slots=True)
class DistrictState:
    """What was decided on a district so far; an evaluation changes it and saves it once."""

    tally: Tally
    section_filter: SectionFilter
    filter_version: int
    evaluated_filter_version: int
    policy: Policy
    evaluated_policy: str | None
    evaluated_on: date | None
    policy_until: datetime | None = None
    """When the policy in force ends by itself."""
    reevaluate_at: datetime | None = None
    """When policy or terms alone give reason to evaluate the district again."""
    evaluated_filter: SectionFilter | None = None
    """The filter that the district was last judged by; None where it is not known any more."""
    is_partly_loaded: bool = False
    """Whether parts of a first load are staged that no evaluation has judged."""
    batch_number: int = 0
    decision_number: int = 0
    commit_sequence: int = 0
    review_sequence: int = 0
    outbox_position: int = 0
    last_commit_id: str | None = None
    standing_since: datetime | None = None
    reported_digest: int | None = None
    floor: EventId = NO_FLOOR
    baseline_at: datetime | None = None
    committed_filter_version: int = 0
    """The version of the filter that the last commit was decided by."""
    committed_fields: tuple[str, ...] = ()
    """The student fields that the policy demanded then, besides those that are always kept."""
    committed_digest: int = 0
    committed_counts: dict[str, int] = field(default_factory=dict)
    confirmation: Confirmation | None = None
    """What a person confirmed that the filter in force moves, until its first commit."""
    is_confirmed: bool = False
    """Whether guards would stand against this evaluation's plan but for the confirmation."""
    guards_until: datetime | None = None
    """When the first of the commits that guards count with this plan is too old to count."""
    erased_students: frozenset[str] = frozenset()
    """Of whom nothing is kept, whatever comes."""
    student_fields: StudentFields = NO_FIELDS
    """Which fields the staged students have besides those that are always kept."""
    search_input_batch: int = 0
    """The number of the last batch that changed anything that a search of section filters reads."""


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A commit or a review as it is kept for the history; `summary` is the message without its changes."""

    id: str
    sequence: int
    summary: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Takeover:
    """That the candidate roster becomes the committed one, and what is kept of the one before."""

    is_first: bool
    """Whether there was no commit before, so that nothing is replaced."""
    moves_students: bool
    restarts_count: bool
    """Whether guards count from here, and not what this commit moves."""


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What an evaluation ends with, beside its district's state: all of it is written together."""

    batch: Batch
    outcome: Outcome
    decision: DecisionRecord | None = None
    messages: Sequence[OutboxMessage] = ()
    takeover: Takeover | None = None
    """None where the committed roster stays."""
    deferred_since: datetime | None = None
    """Since when a verdict is put off, so that the window stays open."""
    answered: bool = True
    """Whether the request that the window was closed by is dealt with; a newer one always stays."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """What adopting a baseline changed; `changes` is None where they are too many to list."""

    records: int
    changed: int
    changes: list[Change] | None
