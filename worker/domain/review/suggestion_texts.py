"""What e-mails, commands and pages say of a suggestion: each sentence once, for one student and for many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from worker.runtime.count_text import counted

CUT_SHORT: Final = "The search ran out of time, so there may be better suggestions."
WORKS_AS_SHARING_RULES: Final = "The district can set this up as sharing rules in Clever."


@dataclass(frozen=True, slots=True)
class StudentsPlaced:
    """How many students a section filter, or sharing rules, would give exactly one class, none, several."""

    exactly_one: int
    none: int
    several: int

    @property
    def total(self) -> int:
        """All students that were counted."""
        return self.exactly_one + self.unplaced

    @property
    def unplaced(self) -> int:
        """Students who would not have exactly one class."""
        return self.none + self.several

    @property
    def text(self) -> str:
        """How many of the students would have exactly one class, without an end."""
        return f"{self.exactly_one:,} of {counted(self.total, 'student')} in exactly one class"

    @property
    def unplaced_text(self) -> str:
        """The sentence of those who would not; blank where there are none."""
        if self.none and self.several:
            return (
                f"{counted(self.none, 'student')} would still have no class, and {self.several:,} would have "
                "more than one."
            )
        if self.none:
            return f"{counted(self.none, 'student')} would still have no class."
        if self.several:
            return f"{counted(self.several, 'student')} would still have more than one class."
        return ""


def best_text(placed: StudentsPlaced, *, is_in_force: bool) -> str:
    """Return what the best filter gives the students of a district, which may be the one that it has."""
    if placed.unplaced:
        end = " and is the current filter." if is_in_force else "."
        return (
            f"No filter gives every student exactly one class. The best leaves {placed.unplaced:,} of "
            f"{counted(placed.total, 'student')}{end}"
        )
    which = "current filter" if is_in_force else "first suggestion"
    if placed.total == 1:
        return f"The {which} gives the student exactly one class."
    return f"The {which} gives each of {counted(placed.total, 'student')} exactly one class."


def classes_text(classes: Mapping[str, Any] | None) -> str:
    """Return what a filter keeps, so that people see whether these are classes; blank where not known."""
    if not classes or not classes["sections"]:
        return ""
    sizes = "students" if classes["smallest"] != classes["largest"] else ""
    size = (
        f"{classes['smallest']} to {classes['largest']} {sizes}"
        if sizes
        else counted(classes["largest"], "student")
    )
    text = f"{counted(classes['sections'], 'class', 'classes')} of {size}, "
    example = f' Example of a name: "{classes["example"]}".' if classes.get("example") else ""
    if not classes["teachers"]:
        return f"{text}no teachers.{example}"
    each = classes["sections"] / classes["teachers"]
    number = f"{each:.3g}"
    noun = "class" if number == "1" else "classes"
    return f"{text}{counted(classes['teachers'], 'teacher')}, {number} {noun} per teacher.{example}"


def as_good_text(words: Sequence[str], number: int) -> str:
    """Return how many other rules are as good, and some of their words; blank where none is."""
    if not number:
        return ""
    end = ", …" if number > len(words) else "."
    rules = counted(number, "other rule")
    return f"{rules} would give about as many students one class: {', '.join(words)}{end}"


def leftover_text(leftover: Mapping[str, Any], school: str | None) -> str:
    """Return the students of one grade at one school whom a filter leaves; `school` is the school's name."""
    where = school or leftover["school"] or "No school"
    grade = f"grade {leftover['grade']}" if leftover["grade"] else "grade blank"
    counts = ((leftover["none"], "in no class"), (leftover["several"], "in more than one class"))
    shown = [f"{counted(count, 'student')} {what}" for count, what in counts if count]
    return f"{where}, {grade}: {', '.join(shown)}"


def no_sharing_rules_text(why: str, what: str = "This") -> str:
    """Return the sentence of a suggestion that only our own section filter can do.

    `why` is what `worker.domain.review.sharing_rules.why_not_sharing_rules` returns.
    """
    return (
        f"{what} does not work as sharing rules in Clever, because {why}. Our own section filter can do it."
    )


def found_text(number: int, exactly_one: int) -> str:
    """Return how many section filters a review suggests, and how good the best is."""
    suggested = counted(number, "suggested section filter")
    gives = "it gives" if number == 1 else "the best gives"
    return f"{suggested}: {gives} {counted(exactly_one, 'student')} exactly one class."
