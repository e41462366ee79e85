"""Amounts with their nouns, and where a cause is: the words of a sentence that every cause may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import CauseFacts
from worker.domain.review.causes.model import Pile, most_first
from worker.domain.review.causes.reasons import SIGNS, ErrorReason
from worker.domain.review.causes.wording import field_name, grades, listing, quoted, several, shortened
from worker.domain.roster.grades import grade_order
from worker.runtime.count_text import counted

MOST_SCHOOLS: Final = 3
"""Schools that a sentence names before it says how many more there are."""
MOST_GRADES: Final = 6
"""Grades of a cause that tell where it is; more of them tell nothing."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number with its noun: `{students}` is "12 students", `{students:is|are}` is what fits the number."""

    number: int
    noun: str
    plural: str | None = None

    def __format__(self, one_or_many: str) -> str:
        """Return the number with its noun, or one of two words that are given with | between them."""
        if not one_or_many:
            return counted(self.number, self.noun, self.plural)
        one, many = one_or_many.split("|")
        return one if self.number == 1 else many


class PlaceWords:
    """How many a cause is about, and where they are."""

    def __init__(self, reason: ErrorReason, pile: Pile, facts: CauseFacts) -> None:
        self._reason = reason
        self._pile = pile
        self._facts = facts
        self.code = reason.code
        self.district = facts.district_id
        self.students = Amount(pile.students, "student")
        self.removed = Amount(pile.removed, "student")
        self.changers = Amount(pile.class_changes, "student")
        self.schools = Amount(len(pile.schools), "school")
        self.grades = Amount(len(pile.grades), "grade")
        self.former = Amount(len(pile.former_classes), "section")
        self.kinds_number = several(len(reason.labels), "kind").split()[0]
        self.kinds = several(len(reason.labels), "kind")
        findings = pile.findings.total()
        self.errors = Amount(findings, "error")
        self.classes = Amount(findings, "class", "classes")
        self.waiting = Amount(self._waiting(Code.EVENTS_QUARANTINED), "event")
        self.unreadable = f"{self._waiting(Code.RECORDS_UNREADABLE):,}"
        shared = facts.shared_sections
        self.shared_sections = Amount(shared.sections if shared else 0, "section")
        signed = facts.signs.get(SIGNS[reason], ()) if reason in SIGNS else ()
        self.signed_sections = Amount(len(signed), "section")
        self.new_without_term = Amount(facts.new_without_term, "section")
        self.without_term = Amount(facts.sections_without_term, "section")
        self.field = field_name(reason.field)
        self.The_field = f"The {self.field}"

    def __getitem__(self, name: str) -> str | Amount:
        """Return the word of that name."""
        word: str | Amount = getattr(self, name)
        return word

    def _waiting(self, code: Code) -> int:
        return sum(others.waiting for others in self._facts.others if others.code is code)

    # Where

    @cached_property
    def where(self) -> str:
        """The schools by name, and the grades."""
        at = f" at {self.named_schools}" if self._pile.schools else ""
        found = most_first(self._pile.grades)
        if not found or len(found) > MOST_GRADES or self._pile.students == self._facts.students:
            return at
        return f"{at}{self.in_grades}"

    @property
    def in_grades(self) -> str:
        """The grades, in brackets."""
        found = sorted(self._pile.grades, key=grade_order)
        return f" ({grades(found)})" if found else ""

    @property
    def named_schools(self) -> str:
        """The schools by name, up to three, those of most students first."""
        return self._named(most_first(self._pile.schools))

    @property
    def Named_schools(self) -> str:  # noqa: N802 — the beginning of a sentence
        """The schools by name, at the beginning of a sentence."""
        text = self.named_schools
        return text[:1].upper() + text[1:]

    @property
    def receiving_schools(self) -> str:
        """The schools that get most new students."""
        return self._named(most_first(self._facts.removals.newcomers if self._facts.removals else {}))

    @property
    def moved_to(self) -> str:
        """The schools that the students are at now."""
        return self._elsewhere(self._pile.moved_to)

    @property
    def came_from(self) -> str:
        """The schools that the students were at in the last commit."""
        return self._elsewhere(self._pile.came_from)

    def _elsewhere(self, schools: Mapping[str, int]) -> str:
        is_named = len(schools) > 1 or any(map(self._facts.school_names.get, schools))
        return self._named(most_first(schools)) if is_named else "another school"

    def _named(self, schools: Sequence[str]) -> str:
        names = [self._facts.school_names.get(school, "") for school in schools[:MOST_SCHOOLS]]
        if not all(names):
            return several(len(schools), "school")
        shown = [shortened(name) for name in names]
        more = len(schools) - len(shown)
        return listing([*shown, several(more, "more school")] if more else shown)

    @property
    def grade_moves(self) -> str:
        """The most frequent changes of grade, as they are written."""
        found = [
            f"from {quoted(was)} to {quoted(now)}" for was, now in most_first(self._pile.grade_moves)[:2]
        ]
        return f" ({' and '.join(found)})" if found else ""
