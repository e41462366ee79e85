"""Reasons of errors: what makes two errors belong to one cause, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from schemas.words import Owner
from worker.domain.review.causes.facts import Sign
from worker.domain.review.causes.former_classes import FormerClassFate
from worker.domain.review.causes.labels import Label
from worker.domain.review.causes.new_classes import NewClass
from worker.domain.review.causes.new_homes import NewHome


class ErrorReason(NamedTuple):
    """What makes two errors belong to one cause; the code begins with its owner."""

    code: str
    field: str = ""
    labels: tuple[Label, ...] = ()
    fate: FormerClassFate | None = None
    news: NewClass | None = None
    home: NewHome | None = None

    @property
    def owner(self) -> Owner:
        """Whose it is to remove the reason."""
        return Owner(self.code.partition(".")[0])


IDS_REISSUED: Final = ErrorReason("sis.ids_reissued")
NO_TERM_RUNS: Final = ErrorReason("sis.no_term_runs")
NO_CLASS_THIS_TERM: Final = ErrorReason("sis.no_class_this_term")
CLASSES_BEGIN_LATER: Final = ErrorReason("sis.classes_begin_later")
NEXT_TERM_ONLY: Final = ErrorReason("sis.next_term_only")
CHANGED_SCHOOL: Final = ErrorReason("sis.changed_school")
SCHOOL_WITHOUT_SECTIONS: Final = ErrorReason("sharing.school_without_sections")
STUDENTS_LEFT: Final = ErrorReason("sharing.students_left")
YEAR_ROLLED_OVER: Final = ErrorReason("sis.year_rolled_over")
YEAR_OVER: Final = ErrorReason("sis.year_over")
PROMOTED: Final = ErrorReason("sis.promoted_without_class")
IN_TWO_SCHOOLS: Final = ErrorReason("sis.in_two_schools")
STILL_AT_OLD_SCHOOL: Final = ErrorReason("sis.still_at_old_school")
TERMS_OVERLAP: Final = ErrorReason("sis.terms_overlap")
TERM_UNKNOWN: Final = ErrorReason("sis.term_unknown")
CO_TAUGHT: Final = ErrorReason("sis.co_taught")
SECOND_TEACHER: Final = ErrorReason("sis.second_teacher")
SECTIONS_DOUBLED: Final = ErrorReason("sis.sections_doubled")
SCHOOL_NOT_SHARED: Final = ErrorReason("sharing.school_not_shared")
ONE_SUBJECT_SHARED: Final = ErrorReason("sharing.one_subject_shared")
SIGNS: Final[Mapping[ErrorReason, Sign]] = {
    NO_TERM_RUNS: Sign.TERM_NOT_RUNNING,
    TERM_UNKNOWN: Sign.TERM_UNKNOWN,
    CO_TAUGHT: Sign.CO_TAUGHT,
    SECOND_TEACHER: Sign.CO_TAUGHT,
    SECTIONS_DOUBLED: Sign.DOUBLED,
}
