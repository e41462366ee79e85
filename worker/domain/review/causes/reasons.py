"""Reasons of errors: what makes two errors belong to one cause, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from schemas.words import Owner
from worker.domain.review.causes.facts import Sign
from worker.domain.review.causes.former_classes import FormerClassFate
from worker.domain.review.causes.labels import Label


class ErrorReason(NamedTuple):
    """What makes two errors belong to one cause; the code begins with its owner."""

    code: str
    field: str = ""
    labels: tuple[Label, ...] = ()
    fate: FormerClassFate | None = None

    @property
    def owner(self) -> Owner:
        """Whose it is to remove the reason."""
        return Owner(self.code.partition(".")[0])


IDS_REISSUED: Final = ErrorReason("sis.ids_reissued")
NO_TERM_RUNS: Final = ErrorReason("sis.no_term_runs")
TERM_UNKNOWN: Final = ErrorReason("sis.term_unknown")
CO_TAUGHT: Final = ErrorReason("sis.co_taught")
SCHOOL_NOT_SHARED: Final = ErrorReason("sharing.school_not_shared")
SIGNS: Final[Mapping[ErrorReason, Sign]] = {
    NO_TERM_RUNS: Sign.TERM_NOT_RUNNING,
    TERM_UNKNOWN: Sign.TERM_UNKNOWN,
    CO_TAUGHT: Sign.CO_TAUGHT,
}
