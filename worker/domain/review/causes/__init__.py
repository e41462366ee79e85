"""Causes: many findings folded to the few reasons behind them, each with an owner and what to do.

`fold` is pure: it takes the figures that the store gathers when a review is written, and gives the same
causes for them every time. Every error belongs to exactly one cause, so that what a cause folds can be
counted, and what is left when it is put right.
"""

from worker.domain.review.causes.facts import (
    Blocked,
    CauseFacts,
    ClassChange,
    ErrorKey,
    Fate,
    Others,
    Removals,
    Removed,
    SchoolGrade,
    Sign,
    TermFacts,
    schools_to_count,
)
from worker.domain.review.causes.folding import fold
from worker.domain.review.causes.labels import (
    ConcernedSection,
    Label,
    LabelKind,
    label_sections,
    needs_teachers,
)
from worker.domain.review.causes.model import Cause, Owner
from worker.domain.review.causes.students import WITHDRAWN_PERCENT, WITHDRAWN_STUDENTS

__all__ = [
    "WITHDRAWN_PERCENT",
    "WITHDRAWN_STUDENTS",
    "Blocked",
    "Cause",
    "CauseFacts",
    "ClassChange",
    "ConcernedSection",
    "ErrorKey",
    "Fate",
    "Label",
    "LabelKind",
    "Others",
    "Owner",
    "Removals",
    "Removed",
    "SchoolGrade",
    "Sign",
    "TermFacts",
    "fold",
    "label_sections",
    "needs_teachers",
    "schools_to_count",
]
