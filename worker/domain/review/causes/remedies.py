"""What a cause says to the people who can put it right: what is wrong, what to do, what that would do."""

from __future__ import annotations

import re
from typing import Final

from worker.domain.review.causes.facts import CauseFacts
from worker.domain.review.causes.model import Pile
from worker.domain.review.causes.reasons import ErrorReason
from worker.domain.review.causes.texts import UNKNOWN, texts
from worker.domain.review.causes.words import Words

_COMMAND: Final = re.compile(r"approve the plan: rostering approve \S+ --plan \S+ --reason TEXT")


def advice(reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    """Return a few sentences for the owner of the cause."""
    return texts().get(reason.code, UNKNOWN).format_map(Words(reason, pile, facts))


def without_command(advice: str) -> str:
    """Return an advice without the command that approves the plan, for where there is a button."""
    return _COMMAND.sub("approve the plan.", advice)
