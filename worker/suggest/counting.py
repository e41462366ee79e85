"""Counting: what rules give to a group of students, a thousand rules in one stroke.

Sections that no condition tells apart are one kind; students who sit in as many sections of each kind are one
profile, with a weight. Everything about a group is then in two small matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.suggest.columns import Bools, Ints

Floats = npt.NDArray[np.float32]

MOST_TOLD: Final = 255
"""Sections of one kind that a student may have before more of them make no difference."""

RULES_AT_ONCE: Final = 512
"""Columns of one multiplication: some megabytes for a large school."""


@dataclass(frozen=True)
class ProfileGroup:
    """Students by profile: `counts[profile, kind]` sections, `weights[profile]` students."""

    counts: Floats
    weights: npt.NDArray[np.float64]

    @property
    def students(self) -> float:
        """All students of the group."""
        return float(self.weights.sum())


@dataclass(frozen=True)
class Tried:
    """What each of some rules gives by itself: students with exactly one section, and with several."""

    exactly_one: npt.NDArray[np.float64]
    several: npt.NDArray[np.float64]


def kinds_of(masks: Bools) -> tuple[Ints, Bools]:
    """Return for each section its kind, and for each kind which of `masks[condition, section]` hold."""
    if not len(masks):
        return np.zeros(masks.shape[1], dtype=np.int32), np.zeros((0, 1), dtype=np.bool_)
    packed = np.packbits(masks, axis=0)
    keys = np.ascontiguousarray(packed.T).view([("", np.void, packed.shape[0])]).ravel()
    _, first, kinds = np.unique(keys, return_index=True, return_inverse=True)
    return kinds.astype(np.int32), masks[:, first]


def group(
    kinds: Ints, number: int, sizes: npt.NDArray[np.int64], weights: npt.NDArray[np.float64] | None = None
) -> ProfileGroup:
    """Return the group of students who sit, one after the other, in `sizes` sections of these `kinds`."""
    students = len(sizes)
    owner = np.repeat(np.arange(students), sizes)
    counts = np.bincount(owner * number + kinds, minlength=students * number).reshape(students, number)
    return collapsed(counts.astype(np.float32), np.ones(students) if weights is None else weights)


def collapsed(counts: Floats, weights: npt.NDArray[np.float64]) -> ProfileGroup:
    """Return the group with equal profiles made one."""
    rows = np.ascontiguousarray(np.minimum(counts, MOST_TOLD).astype(np.uint8))
    if not rows.size:
        return ProfileGroup(
            counts[:1], np.array([weights.sum()], dtype=np.float64) if len(counts) else weights
        )
    keys = rows.view([("", np.void, rows.shape[1])]).ravel()
    _, first, profile = np.unique(keys, return_index=True, return_inverse=True)
    summed = np.bincount(profile, weights=weights).astype(np.float64)
    return ProfileGroup(counts[first], summed)


def tried(students: ProfileGroup, rules: Bools) -> Tried:
    """Return what each rule gives; `rules[rule, kind]` says which kinds of sections it keeps."""
    exact, several = np.zeros(len(rules)), np.zeros(len(rules))
    for start in range(0, len(rules), RULES_AT_ONCE):
        stop = start + RULES_AT_ONCE
        kept = students.counts @ rules[start:stop].T.astype(np.float32)
        exact[start:stop] = students.weights @ (kept == 1)
        several[start:stop] = students.weights @ (kept > 1)
    return Tried(exact, several)


def places(students: ProfileGroup, rules: Bools) -> Floats:
    """Return how many sections each profile of students has by each rule alone; for some dozens of rules."""
    counts: Floats = students.counts @ rules.T.astype(np.float32)
    return counts
