"""Labels and fates as numbers, which statements can count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Generic, TypeVar

from worker.domain.review.causes.former_classes import FormerClassFate
from worker.domain.review.causes.labels import Label
from worker.pipeline.evaluate.section_signs import SectionSigns


class LabelNumbers:
    """Labels as numbers from 1, which statements can count; negative where there are several."""

    def __init__(self, labels: Mapping[str, Label]) -> None:
        self._labels = sorted(set(labels.values()))
        places = {label: number for number, label in enumerate(self._labels, start=1)}
        self.numbers = {section: places[label] for section, label in labels.items()}

    def read(self, numbers: Sequence[int] | None) -> tuple[Label, ...]:
        """Return the labels that a statement counted."""
        return tuple(replace(self._labels[abs(number) - 1], several=number < 0) for number in numbers or ())


class FateNumbers:
    """What became of former classes as numbers, by the class and whether it lists the student."""

    def __init__(self, signs: SectionSigns) -> None:
        self._fates = sorted({fate for _, both in signs.former for fate in both.values()})
        places = {fate: number for number, fate in enumerate(self._fates)}
        self.numbers = {
            f"{'+' if is_listed else '-'}{former.committed.id}": places[fate]
            for former, both in signs.former
            for is_listed, fate in both.items()
        }

    def read(self, number: int | None) -> FormerClassFate | None:
        """Return the fate that a statement found."""
        return None if number is None else self._fates[number]


_V = TypeVar("_V")


class ValueNumbers(Generic[_V]):
    """What sections are, as numbers from 0 in the order of what they are."""

    def __init__(self, values: Mapping[str, _V]) -> None:
        self._values: list[_V] = sorted(set(values.values()), key=_order)
        places = {value: number for number, value in enumerate(self._values)}
        self.numbers = {section: places[value] for section, value in values.items()}

    def read(self, number: int | None) -> _V | None:
        """Return what a statement found."""
        return None if number is None else self._values[number]


def _order(value: Any) -> str:
    return repr(value)
