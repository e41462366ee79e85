"""What goes wrong with answers, on command: every so many of them, one kind of fault after the other."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from typing import Final


class FaultKind(StrEnum):
    """A way in which an answer can be spoiled."""

    TOO_MANY = "429"
    BROKEN = "500"
    BAD_GATEWAY = "502_html"
    PAGE_OF_HTML = "html"
    CUT = "cut"
    SLOW = "slow"
    EXPIRED_TOKEN = "expired_token"  # noqa: S105 — no secret
    EMPTY = "empty"
    REPEAT = "repeat"
    REORDER = "reorder"
    DROP = "drop"


OF_LISTS: Final = {FaultKind.EMPTY, FaultKind.REPEAT, FaultKind.REORDER}
"""Kinds that only a page of a list can be spoiled with."""


class Faults:
    """Which answers are spoiled, and how.

    Every `every`th answer is, with the next of the kinds in turn. If that kind does not fit the answer
    (nothing can be reordered in a single record), the next answer that it fits is spoiled instead.
    """

    def __init__(
        self, every: int, kinds: Sequence[FaultKind], seed: int = 1, slow_seconds: float = 2.0
    ) -> None:
        self.every = every
        self.kinds = tuple(kinds)
        self.slow_seconds = slow_seconds
        self.spoiled: Counter[FaultKind] = Counter()
        self._rng = random.Random(seed)  # noqa: S311 — not for secrets: reproducible cuts
        self._answers = 0
        self._cuts = 0

    def strike(self, fitting: set[FaultKind]) -> FaultKind | None:
        """Count one answer, which some kinds fit; return the kind that it is to be spoiled with, if any."""
        self._answers += 1
        if not self.kinds or self._answers < self.every:
            return None
        kind = self.kinds[self.spoiled.total() % len(self.kinds)]
        if kind not in fitting:
            return None
        self._answers = 0
        self.spoiled[kind] += 1
        return kind

    def cut(self, body: bytes) -> tuple[bytes, bool]:
        """Cut a body somewhere in its middle half; also tell whether to announce its full length.

        By turns: yes, and the connection closes early; no, and what arrives is broken JSON.
        """
        self._cuts += 1
        place = round(len(body) * self._rng.uniform(0.25, 0.75))
        return body[:place], self._cuts % 2 == 1
