"""Sections in columns: each field of all sections of a district, cheap to keep and to look through."""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.section_filter import NO_RULE, Condition, SectionFilter
from worker.domain.roster.texts import folded, wanted

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]

OF_FIELD: Final = {"school": ("school_id", "school"), "term": ("term_id", "term")}
"""The columns of a field of a filter that has two, of which either may fit: an id and a name."""
MOST_LITERALS: Final = 9
"""Texts that are told for one value: more than any rule could name."""
NOT_KEPT: Final = 1 << 20
"""A rank behind those of all rules."""
BLANK: Final = -1
"""The code of a section that has nothing in a column."""
NEGATIVE: Final = frozenset({"is_not", "not_contains"})


@dataclass(frozen=True)
class SectionColumn:
    """One field of all sections: each text once, as it came, and each value once, as it is compared."""

    texts: list[str]
    text_codes: Ints
    """For each section the place of its text, `BLANK` where it has none."""
    values: list[str]
    value_of: Ints
    """For each text the place of its value, and `BLANK` behind the last one."""

    @property
    def codes(self) -> Ints:
        """For each section the place of its value, `BLANK` where it has none."""
        codes: Ints = self.value_of[self.text_codes]
        return codes

    @cached_property
    def spellings(self) -> list[str]:
        """For each value its first spelling."""
        first = np.unique(self.value_of[:-1], return_index=True)[1]
        return [" ".join(self.texts[place].split()) for place in first]

    @cached_property
    def literals(self) -> list[tuple[str, ...]]:
        """For each value, to the letter but for case, every text that is this value."""
        found: list[tuple[str, ...]] = [()] * len(self.values)
        for text, value in zip(self.texts, self.value_of, strict=False):
            literal, known = text.casefold(), found[value]
            if literal not in known and len(known) < MOST_LITERALS:
                found[value] = (*known, literal)
        return found

    def text(self, section: int) -> str | None:
        """Return the text of one section as it came."""
        code = self.text_codes[section]
        return None if code == BLANK else self.texts[code]

    def each(self) -> list[str | None]:
        """Return the text of every section."""
        texts = [*self.texts, None]  # a blank has the last place
        return [texts[code] for code in self.text_codes.tolist()]

    def holds(self, condition: Condition) -> Bools:
        """Return for each section whether it has what the condition names, also where that must not be."""
        said = condition.value
        if isinstance(said, tuple):
            known = {wanted(one) for one in said}
            fits = [value in known for value in self.values]
        else:
            text = wanted(said)
            match condition.op:
                case "contains" | "not_contains":
                    fits = [text in value for value in self.values]
                case "starts_with":
                    fits = [value.startswith(text) for value in self.values]
                case _:
                    fits = [value == text for value in self.values]
        assert BLANK == -1  # noqa: S101 — which is what makes its place the last, where nothing holds
        return np.array([*fits, False], dtype=np.bool_)[self.codes]


@dataclass(slots=True)
class ColumnBuilder:
    """Takes one field of one section after the other."""

    _known: dict[str, int] = field(default_factory=dict)
    _codes: array[int] = field(default_factory=lambda: array("i"))

    def add(self, text: str | None) -> None:
        """Take the next section's text."""
        self._codes.append(self._known.setdefault(text, len(self._known)) if text else BLANK)

    def build(self) -> SectionColumn:
        """Return the column."""
        values: dict[str, int] = {}
        value_of = [values.setdefault(folded(text), len(values)) for text in self._known]
        return SectionColumn(
            list(self._known),
            np.array(self._codes, dtype=np.int32),
            list(values),
            np.array([*value_of, BLANK], dtype=np.int32),
        )


def holds(condition: Condition, columns: Mapping[str, SectionColumn]) -> Bools:
    """Return for each section whether a condition holds; `section_filter.holds` says it of one section."""
    names = OF_FIELD.get(condition.field, (condition.field,))
    told: Bools = np.logical_or.reduce([columns[name].holds(condition) for name in names])
    return ~told if condition.op in NEGATIVE else told


def ranks(section_filter: SectionFilter, columns: Mapping[str, SectionColumn], current: Bools) -> Ints:
    """Return for each section the first rule that keeps it, `NOT_KEPT` where none does.

    `section_filter.rank` says it of one section. `current` says of which sections the terms count.
    """
    found = np.full(len(current), NOT_KEPT, dtype=np.int32)
    for number, rule in reversed(list(enumerate(section_filter.rules))):
        found[np.logical_and.reduce([holds(condition, columns) for condition in rule.all])] = number
    if not section_filter.rules:
        found[:] = NO_RULE
    if section_filter.current_term_only:
        found[~current] = NOT_KEPT
    return found
