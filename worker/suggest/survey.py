"""The survey: the part of a district's picture that a search for section filters counts over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from worker.domain.roster.public_words import Vocabulary
from worker.suggest.columns import Bools, Ints, SectionColumn


@dataclass(frozen=True)
class Survey:
    """A district's sections, and its students in the scope of a filter.

    Students are numbered by school, so that those of one school lie together; `edge_section` holds, student
    after student, the sections that list the student, from `starts[student]` to `starts[student + 1]`.
    """

    columns: Mapping[str, SectionColumn]
    section_school: Ints
    current: Bools
    of_other_year: Bools
    """Which sections have a term that is called after another school year, and has no dates."""
    ranks: Ints
    """Of the filter in force: the first rule that keeps the section, another number where none does."""
    schools: Sequence[str]
    school_names: Mapping[str, str]
    grades: Sequence[str]
    student_school: Ints
    student_grade: Ints
    edge_section: Ints
    starts: npt.NDArray[np.int64]
    vocabulary: Vocabulary
    teachers: Sequence[tuple[str, ...]]
    """Every set of teachers that a section has, as ids, known to us or not."""
    section_teachers: Ints
    """For each section the place of its teachers."""
    teacher_words: Mapping[str, frozenset[str]]
    """The words of the names of each known teacher."""

    def called(self, section: int) -> frozenset[str]:
        """Return the words of the names of those who teach a section."""
        known = (self.teacher_words.get(one) for one in self.teachers[self.section_teachers[section]])
        return frozenset[str]().union(*filter(None, known))

    @property
    def students(self) -> int:
        """Students in scope."""
        return len(self.student_school)

    @property
    def sections(self) -> int:
        """Sections, with students or without."""
        return len(self.section_school)

    @cached_property
    def school_bounds(self) -> npt.NDArray[np.int64]:
        """Where the students of each school begin; one more entry for the end."""
        return np.searchsorted(self.student_school, np.arange(len(self.schools) + 2) - 1)

    @cached_property
    def cells(self) -> npt.NDArray[np.int64]:
        """For each student the place of the school and grade."""
        return (self.student_school.astype(np.int64) + 1) * len(self.grades) + self.student_grade

    def counts(self, kept: Bools) -> npt.NDArray[np.int32]:
        """Return for each student how many of the `kept` sections list the student."""
        running = np.zeros(len(self.edge_section) + 1, dtype=np.int32)
        np.cumsum(kept[self.edge_section], out=running[1:])
        difference: npt.NDArray[np.int32] = np.diff(running[self.starts])
        return difference

    def only(self, stays: Bools) -> Survey:
        """Return the survey of these students."""
        sizes = np.diff(self.starts)
        return replace(
            self,
            student_school=self.student_school[stays],
            student_grade=self.student_grade[stays],
            edge_section=self.edge_section[np.repeat(stays, sizes)],
            starts=np.concatenate(([0], np.cumsum(sizes[stays]))).astype(np.int64),
        )

    def in_current_terms(self) -> Survey:
        """Return the survey as if nobody sat in the sections of terms that do not run."""
        stays = self.current[self.edge_section]
        kept_before = np.concatenate(([0], np.cumsum(stays)))
        return replace(self, edge_section=self.edge_section[stays], starts=kept_before[self.starts])
