"""Figures of a district's errors as they are given: a fake of `ErrorFigures`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from tests.support.builders.records import NOON
from tests.support.fakes.evaluation import MemoryEvaluation
from worker.domain.review.causes.facts import (
    Blocked,
    ClassChange,
    Copies,
    Fate,
    Others,
    Removals,
    Removed,
    SameValues,
    SchoolGrade,
    SharedSections,
    Sign,
)
from worker.domain.review.causes.former_classes import FormerClass
from worker.domain.review.causes.labels import ConcernedSection, Label, SectionsTogether
from worker.domain.review.causes.new_classes import KeptText
from worker.domain.roster.section_filter import SectionView
from worker.domain.roster.terms import DistrictTerms
from worker.pipeline.evaluate.section_signs import NO_SIGNS

Answer = TypeVar("Answer")


@dataclass
class Answering(MemoryEvaluation):
    """Answers what it is told to, and keeps which questions were asked, with what they were asked for."""

    asked_for: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    views: list[SectionView] = field(default_factory=list)

    def _answer(self, question: str, what: object, default: Answer) -> Answer:
        self.asked_for[question] = what
        return cast("Answer", self.answers.get(question, default))

    async def terms(self) -> DistrictTerms:
        """Answer."""
        return cast("DistrictTerms", self.answers.get("terms", DistrictTerms()))

    async def concerned_sections(self) -> list[ConcernedSection]:
        """Answer."""
        return self._answer(
            "concerned", None, [ConcernedSection("a", "Homeroom 1"), ConcernedSection("b", "Math")]
        )

    async def teacher_names(self) -> dict[str, tuple[str | None, ...]]:
        """Answer."""
        return self._answer("teacher names", None, {"t": ("Ada", "Math")})

    async def sections_of_bare_students(self) -> AsyncIterator[SectionView]:
        """Answer."""
        self.asked_for["bare"] = None
        for one in self.views:
            yield one

    async def sections_of_unknown_terms(self) -> dict[str, str]:
        """Answer."""
        return self._answer("unknown terms", None, {"z": "m", "y": "m"})

    async def students_with_two_ids(self) -> list[str]:
        """Answer."""
        return self._answer("students_with_two_ids", None, ["s1"])

    async def alike(self, together: object, *, is_filtered: bool) -> dict[tuple[str, ...], Sign]:
        """Answer."""
        assert together == self.answers.get("together", [])
        return self._answer("alike", is_filtered, dict.fromkeys([("q", "p"), ("p", "o")], Sign.CO_TAUGHT))

    async def blank_before(self) -> list[str]:
        """Answer."""
        return self._answer("blank before", None, [])

    async def same_values(self) -> dict[str, SameValues]:
        """Answer."""
        return self._answer("same values", None, {})

    async def blocked_students(self, labels: object, signs: object = NO_SIGNS) -> list[Blocked]:
        """Answer."""
        return self._answer("blocked", (labels, signs), [])

    async def sections_by_labels(self, labels: object) -> dict[tuple[Label, ...], dict[str, int]]:
        """Answer."""
        return self._answer("by labels", labels, {(): {"a": 1}})

    async def sections_together(self) -> list[SectionsTogether]:
        """Answer."""
        return self._answer("together", None, [])

    async def copies(self, sets: Sequence[Sequence[str]]) -> Copies:
        """Answer."""
        return self._answer("copies", list(sets), Copies(0, 0, 0))

    async def former_classes(self) -> list[FormerClass]:
        """Answer."""
        return self._answer("former classes", None, [])

    async def kept_texts(self, but: Collection[str]) -> list[KeptText]:
        """Answer."""
        return self._answer("kept texts", set(but), [])

    async def new_homes(self) -> list[SectionView]:
        """Answer."""
        return self._answer("new homes", None, [])

    async def classmates_placed(self, classes: Collection[str]) -> dict[str, int]:
        """Answer."""
        return self._answer("classmates placed", set(classes), {})

    async def schools_without_sections(self, schools: Collection[str]) -> list[str]:
        """Answer."""
        return self._answer("schools without sections", set(schools), [])

    async def shared_sections(self) -> SharedSections:
        """Answer."""
        return self._answer("shared sections", None, SharedSections(1, are_lists_filled=True))

    async def school_names(self, schools: Collection[str]) -> dict[str, str]:
        """Answer."""
        return self._answer("school names", set(schools), {"h1": "North"})

    async def shares_schools(self) -> bool:
        """Answer."""
        return self._answer("shares schools", None, False)

    async def other_errors(self) -> list[Others]:
        """Answer."""
        return [Others(code, 1, ["x"], NOON) for code in self.answers.get("codes", ())]

    async def cohorts(self, schools: Collection[str]) -> dict[SchoolGrade, int]:
        """Answer."""
        return self._answer("cohorts", set(schools), {SchoolGrade("h1", "3"): 9})

    async def removals(self, classes_committed: int) -> Removals:
        """Answer."""
        gone = [Removed(SchoolGrade("h2", "3"), 4), Removed(SchoolGrade(None, "3"), 1)]
        return self._answer("removals", classes_committed, Removals(gone))

    async def class_changes(self, today: object) -> list[Any]:
        """Answer."""
        return self._answer("class changes", today, [ClassChange(SchoolGrade("h1", "3"), 2, Fate.LEFT)])

    async def is_connected(self) -> bool:
        """Answer."""
        return self._answer("is connected", None, True)

    async def has_shared_students(self) -> bool:
        """Answer."""
        return self._answer("has shared students", None, True)
