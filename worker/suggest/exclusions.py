"""Rules that leave out what is no class, where only people's names tell the classes themselves.

"Garcia 3" beside "Art 3" and "Lunch 3": no word that may be told is in the first, so that the rule says what
is in the others. The sections to leave out are known by `worker.suggest.pricing`; here the fewest conditions
are found that do it and spare the classes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.section_filter import Condition, FilterField
from worker.domain.roster.texts import folded
from worker.suggest.columns import Bools, Ints
from worker.suggest.conditions import SUBJECTS, CandidateCondition, Part
from worker.suggest.evidence import Kind
from worker.suggest.phrases import lettered_phrases, phrases, signed_phrases
from worker.suggest.pricing import Pricing
from worker.suggest.rule_kinds import Meaning
from worker.suggest.rules import RuleOf
from worker.suggest.wording import sharable

MOST_EXCLUDED: Final = 10
"""Conditions of one rule that must not hold: more are no rule that anybody reads."""
MOST_BASES: Final = 6
"""Conditions that must hold, which sections are left out of."""
MOST_WORDS: Final = 60
"""Words of one field that are tried."""
ENOUGH: Final = 0.9
"""Of the students: so many must have exactly one section once all that is no class is left out."""
NOISE: Final = 0.004
"""Of the students: so many may have more than one."""
OTHER: Final = "other"
"""Clever's subject of what has none."""
SPARED: Final = 20
"""Seats of other sections that one of a class counts as much as."""
MISSHAPEN: Final = 0.15
"""Of a student: what a section's shape costs from which on it is no class, whatever its name does not say."""


@dataclass(frozen=True)
class Excluding:
    """A rule, and which sections of the part it keeps."""

    rule: RuleOf
    mask: Bools


@dataclass(frozen=True)
class Sitting:
    """Who sits where: the section of each seat, as its place in a part, and the student in it."""

    sections: Ints
    owners: npt.NDArray[np.int64]
    students: int

    def counts(self, kept: Bools) -> npt.NDArray[np.int64]:
        """Return how many of these sections each student has."""
        return np.bincount(self.owners[kept[self.sections]], minlength=self.students)

    def single(self, kept: Bools) -> int:
        """Return how many students have exactly one of these sections."""
        return int((self.counts(kept) == 1).sum())


@dataclass(frozen=True)
class _Candidates:
    """Conditions that leave out something, and what each leaves out: `leaves[condition, section]`."""

    conditions: Sequence[CandidateCondition]
    leaves: npt.NDArray[np.float32]


def excluding(
    part: Part, sitting: Sitting, pricing: Pricing, found: Sequence[CandidateCondition]
) -> list[Excluding]:
    """Return rules that leave out what is no class, of everything and of what some condition keeps."""
    rules: list[Excluding] = []
    bases = [None, *_bases(found, sitting)]
    for is_class in _classes(part, pricing):
        if is_class.all():
            continue
        candidates: _Candidates | None = None
        for base in bases:
            among = np.ones_like(is_class) if base is None else base.mask
            if (among <= is_class).all() or not _is_enough(sitting, among & is_class):
                continue
            candidates = candidates or _candidates(part, ~is_class)
            left_out = _left_out(part, sitting, among, is_class, candidates)
            if left_out:
                rules.append(_rule(base, left_out))
        if rules:
            break
    return rules


def _classes(part: Part, pricing: Pricing) -> Iterator[Bools]:
    """Yield what may be classes; then without what has another subject, where classes have none."""
    kinds, shape = pricing.kinds[part.sections], pricing.shape[part.sections]
    may_be = (kinds <= Kind.ROOM) & (shape < MISSHAPEN)
    yield may_be
    subjects = part.column("subject")
    others = [value == OTHER for value in subjects.values]
    yield may_be & ~np.array(others, dtype=np.bool_)[subjects.places]


def _bases(found: Sequence[CandidateCondition], sitting: Sitting) -> list[CandidateCondition]:
    """Return the conditions that may mean a class and keep several sections of most students."""
    telling = [one for one in found if not one.is_negative and one.meaning <= Meaning.WORD]
    several = {id(one): int((sitting.counts(one.mask) > 1).sum()) for one in telling}
    ranked = sorted(telling, key=lambda one: (one.meaning, -several[id(one)]))
    return [one for one in ranked if several[id(one)] * 2 >= sitting.students][:MOST_BASES]


def _is_enough(sitting: Sitting, kept: Bools) -> bool:
    return sitting.single(kept) >= ENOUGH * sitting.students


def _left_out(
    part: Part, sitting: Sitting, among: Bools, is_class: Bools, candidates: _Candidates
) -> list[CandidateCondition]:
    """Return the conditions to leave out by, or none where these are too many or do not spare the classes."""
    kept, chosen = among.copy(), list[CandidateCondition]()
    worth = part.seats * np.where(is_class, -SPARED, 1.0)
    while int((sitting.counts(kept) > 1).sum()) > NOISE * sitting.students:
        gains = candidates.leaves @ (worth * kept)
        if not len(gains) or gains.max() <= 0 or len(chosen) == MOST_EXCLUDED:
            return []
        best = candidates.conditions[int(np.argmax(gains))]
        chosen.append(best)
        kept &= best.mask
    return chosen if _is_enough(sitting, kept) else []


def _candidates(part: Part, wrong: Bools) -> _Candidates:
    found = list(_excluded(part, wrong))
    leaves = ~np.array([one.mask for one in found], dtype=np.bool_).reshape(len(found), len(wrong))
    return _Candidates(found, leaves.astype(np.float32))


def _excluded(part: Part, wrong: Bools) -> Iterator[CandidateCondition]:
    """Yield conditions that leave out some of these sections, the plainest first."""
    vocabulary = part.survey.vocabulary
    subjects = part.column("subject")
    for place in np.unique(subjects.places[wrong]).tolist():
        spelling = subjects.spellings[place]
        is_public = folded(spelling) in SUBJECTS or vocabulary.is_public_text(spelling)
        if spelling and is_public:
            yield _without("subject", "is_not", spelling, subjects.places != place)
    names: tuple[FilterField, ...] = ("name", "course_name", "course_number")
    for read in (phrases, signed_phrases, lettered_phrases):
        for name in names:
            texts = part.column(name)
            seats = np.bincount(texts.places, weights=part.seats * wrong, minlength=len(texts.values))
            seen: Counter[str] = Counter()
            for spelling, number in zip(texts.spellings, seats.tolist(), strict=True):
                for phrase in set(read(spelling, vocabulary)) if number else ():
                    seen[phrase] += number
            for phrase, _ in sorted(seen.items(), key=lambda one: (-one[1], -len(one[0]), one[0]))[
                :MOST_WORDS
            ]:
                yield _without(name, "not_contains", phrase, ~texts.containing(folded(phrase)))


def _without(name: FilterField, op: str, value: str, mask: Bools) -> CandidateCondition:
    condition = Condition.model_validate({"field": name, "op": op, "value": value})
    return CandidateCondition(condition, Meaning.NOTHING, mask)


def _rule(base: CandidateCondition | None, left_out: Sequence[CandidateCondition]) -> Excluding:
    all_of = [*([base] if base else []), *left_out]
    mask: Bools = np.logical_and.reduce([one.mask for one in all_of])
    meaning = base.meaning if base else Meaning.NOTHING
    conditions = tuple(one.condition for one in all_of)
    return Excluding(RuleOf(conditions, meaning, all(map(sharable, conditions))), mask)
