"""What the preflight demands of a district: the settings, or what was set for this district alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from schemas.words import FindingCode, Severity
from worker.domain.preflight.turnover import LONGEST_LOOK_BACK
from worker.domain.roster.canonical import canonical
from worker.domain.roster.given_dates import is_near
from worker.domain.roster.records import EXTENSION_PREFIX
from worker.domain.roster.student_fields import STUDENT_TEXTS, demanded
from worker.domain.roster.terms import MOST_GRACE_DAYS
from worker.domain.roster.texts import FOLD_VERSION, is_blank
from worker.runtime.errors import PolicyError
from worker.runtime.validation_text import dotted, explain

Code: TypeAlias = FindingCode
"""What a finding says failed."""


WARNINGS: Final = frozenset(
    {
        *(Code.UNKNOWN_SCHOOL, Code.NO_TEACHER, Code.UNKNOWN_TEACHER, Code.UNKNOWN_STUDENT),
        *(Code.LEFT_SCOPE, Code.SCOPE_MATCHES_NOTHING),
    }
)
"""The codes that only warn unless a policy says otherwise."""


_FLOATS: Final = (
    *("removal_limit_percent", "school_removal_limit_percent", "class_change_limit_percent"),
    "removal_window_hours",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """One district's demands. Percentages are of the committed students; `extra_fields` go into commits."""

    required_fields: tuple[str, ...] = ("first_name", "last_name", "sis_id", "grade", "school_id")
    unique_fields: tuple[str, ...] = ("sis_id",)
    removal_limit_percent: float = 10.0
    school_removal_limit_percent: float = 25.0
    removal_limit_floor: int = 10
    term_grace_days: int = 30
    """For so many days, in a gap, the term that ended last goes on counting."""
    class_change_limit_percent: float = 30.0
    removal_window_hours: float = 24.0
    extra_fields: tuple[str, ...] = ()
    severities: Mapping[Code, Severity] = field(default_factory=dict)
    needs_baseline: bool = False
    """Whether the district must have been read as a whole: so where a Clever source is configured."""
    time_zone: str = "UTC"
    """Whose days are meant by the days of terms: the district's own, or that of the settings."""

    def __post_init__(self) -> None:
        # 10 and 10.0 are one demand, and must not be two in a fingerprint or in a finding's identity.
        for name in _FLOATS:
            object.__setattr__(self, name, float(getattr(self, name)))

    @property
    def demanded_fields(self) -> frozenset[str]:
        """The student fields that are kept for this policy alone."""
        return demanded(self.required_fields, self.unique_fields, self.extra_fields)

    @property
    def look_back(self) -> timedelta:
        """How far back commits count toward the limits."""
        return timedelta(hours=self.removal_window_hours)

    def severity(self, code: Code) -> Severity:
        """Return how grave a failed check is for this district."""
        return self.severities.get(code, Severity.WARNING if code in WARNINGS else Severity.ERROR)

    def fingerprint(self) -> str:
        """Return a digest by which two policies can be told apart, and two ways to compare values by them."""
        return hashlib.sha256(canonical([FOLD_VERSION, asdict(self)]).encode()).hexdigest()


ALWAYS_ERRORS: Final = frozenset({Code.NO_SECTION, Code.MULTIPLE_SECTIONS})
"""A student without exactly one class cannot be committed, whatever a policy says."""


MAX_FIELD_NAME: Final = 200
"""Characters of the name of a student's field: it is part of an index."""


def _student_field(name: str) -> str:
    if name in STUDENT_TEXTS or (
        name.startswith(EXTENSION_PREFIX) and not is_blank(name.removeprefix(EXTENSION_PREFIX))
    ):
        if len(name) > MAX_FIELD_NAME:
            raise ValueError(f"expected a name of no more than {MAX_FIELD_NAME} characters")
        return name
    raise ValueError(f"expected one of {', '.join(STUDENT_TEXTS)} or ext.<name>")


def _can_warn(severities: dict[Code, Severity]) -> dict[Code, Severity]:
    for code in ALWAYS_ERRORS & severities.keys():
        if severities[code] is not Severity.ERROR:
            raise ValueError(f"{code} cannot be a warning: a commit gives every student one class")
    return severities


FieldNames = tuple[Annotated[str, AfterValidator(_student_field)], ...]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Hours = Annotated[float, Field(ge=0, le=LONGEST_LOOK_BACK.total_seconds() / 3600, allow_inf_nan=False)]


class OwnPolicy(BaseModel):
    """The part of a policy that a person sets for one district; what is left out follows the settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    required_fields: FieldNames | None = None
    unique_fields: FieldNames | None = None
    removal_limit_percent: Percent | None = None
    school_removal_limit_percent: Percent | None = None
    removal_limit_floor: Annotated[int, Field(ge=0)] | None = None
    term_grace_days: Annotated[int, Field(ge=0, le=MOST_GRACE_DAYS)] | None = None
    class_change_limit_percent: Percent | None = None
    removal_window_hours: Hours | None = None
    severities: Annotated[dict[Code, Severity], AfterValidator(_can_warn)] | None = None


_POLICY: Final = TypeAdapter(Policy)


def parse_own_policy(text: str | bytes) -> dict[str, Any]:
    """Read a district's own policy from JSON; `PolicyError` names the key, what was expected, what came."""
    try:
        own = OwnPolicy.model_validate_json(text)
    except ValidationError as error:
        raise PolicyError(explain(error, "policy: ", dotted)) from None
    return own.model_dump(mode="json", exclude_none=True)


def parse_end(text: str, now: datetime) -> datetime:
    """Read when a policy ends: a date, its last day in UTC, or an instant (in UTC if it names no zone)."""
    end = _end(text)
    if not is_near(end.date(), now.date()):
        raise PolicyError(f"policy: until: expected a day within five years of {now:%Y-%m-%d}, got {text!r}")
    return end


def _end(text: str) -> datetime:
    try:
        if len(text) <= len("2026-08-12"):
            return datetime.combine(date.fromisoformat(text), time(), UTC) + timedelta(days=1)
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PolicyError(
            f"policy: until: expected a date as 2026-08-12 or an instant as 2026-08-12T15:00Z, got {text!r}"
        ) from None


def in_force(settings: Policy, own: Mapping[str, Any] | None, time_zone: str | None = None) -> Policy:
    """Return what a district is judged by: its own fields and time zone over those of the settings."""
    if own:
        settings = _POLICY.validate_python({**_POLICY.dump_python(settings), **own})
    return replace(settings, time_zone=time_zone) if time_zone else settings
