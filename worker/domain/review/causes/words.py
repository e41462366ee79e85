"""The words of a cause that depend on its figures, as the sentences of `texts.toml` have them in braces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from worker.domain.preflight.approval import GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import CauseFacts
from worker.domain.review.causes.former_classes import BLANK
from worker.domain.review.causes.labels import LabelKind
from worker.domain.review.causes.model import Pile, most_first
from worker.domain.review.causes.reasons import SIGNS, ErrorReason
from worker.domain.review.causes.wording import field_name, grades, listing, quoted, several, shortened
from worker.domain.roster.grades import grade_number
from worker.domain.roster.records import Term
from worker.runtime.count_text import counted

DIGITS: Final = 12
"""Of a plan's digest, as a sentence tells it: `approve` takes any beginning of one."""
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


class Words:
    """All words of one cause, each a property, so that only those of its sentence are worked out."""

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
        self.kept_sections = Amount(findings, "kept section")
        self.waiting = Amount(self._waiting(Code.EVENTS_QUARANTINED), "event")
        self.unreadable = f"{self._waiting(Code.RECORDS_UNREADABLE):,}"
        shared = facts.shared_sections
        self.shared_sections = Amount(shared.sections if shared else 0, "section")
        signed = facts.signs.get(SIGNS[reason], ()) if reason in SIGNS else ()
        self.signed_sections = Amount(len(signed), "section")
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
        found = sorted(self._pile.grades, key=_grade_order)
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
        return self._named(most_first(self._pile.moved_to))

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

    # Kinds of sections

    @property
    def of_labels(self) -> str:
        """The kinds of sections by their labels."""
        labels = self._reason.labels
        named = "named " if all(label.kind is LabelKind.WORD for label in labels) else "of "
        return named + listing([str(label) for label in labels])

    @property
    def of_kind(self) -> str:
        """The one kind of sections by its label."""
        if not self._reason.labels:
            return " of the same kind"
        (label,) = self._reason.labels
        return f" {'named' if label.kind is LabelKind.WORD else 'of'} {label}"

    @property
    def filter_is_new(self) -> str:
        """That the filter changed since the last commit, where it did."""
        if self._facts.was_rostered and self._facts.is_filter_new:
            return " The section filter was changed after the last commit."
        return ""

    # Former classes

    @property
    def the_former_sections(self) -> str:
        """The sections that were classes in the last commit."""
        their = f"{self.students:the student's|their}"
        if self.former.number <= 1:
            return f"the section that was {their} class"
        return f"the {self.former} that were {their} classes"

    @property
    def what_changed(self) -> str:
        """Which field of the former classes changed, and how."""
        fate, it = self._reason.fate, self.former
        if fate is None or not fate.field:
            return f"{it:it no longer matches|they no longer match} the section filter"
        if fate.field == "term":
            term = f"the term {quoted(fate.now)}" if fate.now else "another term"
            return f"{it:it is|they are} now in {term}, which {self._term_day(fate.day)}"
        noun = f"{it:its|their} {field_name(fate.field)}"
        if fate.was and fate.now:
            return f"{noun} changed from {_value(fate.was)} to {_value(fate.now)}"
        if fate.was:
            return f"{noun} no longer has {_value(fate.was)}"
        return f"{noun} is now {_value(fate.now)}" if fate.now else f"{noun} changed"

    def _term_day(self, day: date | None) -> str:
        if day is None or self._facts.today is None:
            return "is not current"
        return f"{'begins' if day > self._facts.today else 'ended'} on {day.isoformat()}"

    @property
    def former_kind(self) -> str:
        """What kind of classes the former ones were."""
        fate = self._reason.fate
        return f" ({quoted(fate.was)})" if fate and fate.was else ""

    @property
    def filter_reads(self) -> str:
        """The fields of sections that the filter's rules read."""
        names = [field_name(name) for name in self._facts.filter_fields] or ["details"]
        return f"{', '.join(names[:-1])} or {names[-1]}" if names[1:] else names[0]

    @property
    def only_subject(self) -> str:
        """The one subject of all sections."""
        subject = self._facts.shared_sections.only_subject if self._facts.shared_sections else None
        return f", {quoted(subject)}" if subject else ""

    @property
    def why_none_kept(self) -> str:
        """Why none of the students' sections counts."""
        if self._facts.has_rules:
            return "the section filter keeps none of them"
        return "none of these has a current term"

    @property
    def no_current_term(self) -> str:
        """The day without a current term, when the last one ended, and when the next begins."""
        terms = self._facts.terms
        if terms is None:
            return "none of their sections has a current term today."
        told = [f"none of their sections has a current term on {terms.today.isoformat()}."]
        if terms.ended and terms.ended.end:
            told.append(f"The term{_called(terms.ended)} ended on {terms.ended.end.isoformat()}.")
        following = terms.following
        if following is None or following.start is None:
            told.append("These sections have no later term.")
        elif following.start > terms.today:
            told.append(f"The next term{_called(following)} begins on {following.start.isoformat()}.")
        else:
            began = following.start.isoformat()
            told.append(f"The term{_called(following)} began on {began}, but they are in no section of it.")
        return " ".join(told)

    @property
    def running_terms(self) -> str:
        """The terms that run now."""
        names = [quoted(term.name) for term in self._facts.running_terms if term.name]
        return f", {listing(names)}," if names else ""

    @property
    def overlapping_terms(self) -> str:
        """The terms that run at the same time, where only those that run count."""
        terms = self._facts.running_terms
        if "term" not in self._facts.filter_fields or len(terms) < 2:  # noqa: PLR2004 — one overlaps with none
            return ""
        return f" These terms run at the same time: {listing([_term_text(term) for term in terms])}."

    @property
    def undated_terms(self) -> str:
        """The terms that are not known or have no dates."""
        names = sorted({name for name in self._facts.undated_terms if name})
        if len(names) == len(set(self._facts.undated_terms)) and names:
            term = Amount(len(names), "term")
            return f"the {term:term|terms} {listing([quoted(one) for one in names])} {term:has|have} no dates"
        return f"the term of {self.signed_sections} is not known or has no dates"

    @property
    def to_scope(self) -> str:
        """What the scope is now."""
        return f" to {self._facts.scope_text}" if self._facts.scope_text else ""

    @property
    def fields(self) -> str:
        """Several fields of students, as a person says them."""
        return listing([field_name(name) for name in self._reason.field.split()])

    @property
    def swapped_terms(self) -> str:
        """The terms whose first day is after the last."""
        terms = self._facts.terms.reversed if self._facts.terms else ()
        if not terms:
            return ""
        noun = "this term" if len(terms) == 1 else "these terms"
        return f" The start and end of {noun} are swapped: {listing([_term_text(term) for term in terms])}."

    # What to do

    @property
    def unblocks(self) -> str:
        """How many students have no other error."""
        if not self._pile.unblocks:
            return f" {self.students:The student also has|Each of them also has} another error."
        return f" This makes {counted(self._pile.unblocks, 'student')} ready."

    @property
    def approve(self) -> str:
        """How to let the plan pass."""
        facts = self._facts
        if any(others.code is Code.NO_STUDENTS for others in facts.others):
            return ""
        if facts.blocked or any(others.code not in GUARDS for others in facts.others):
            return " If this is intended, fix the other errors first; then the plan can be approved."
        return (
            f" If this is intended, approve the plan: rostering approve {facts.district_id} "
            f"--plan {facts.plan_digest[:DIGITS]} --reason TEXT"
        )

    @property
    def left_or_approve(self) -> str:
        """That the students have not left where sections still list most of them; else how to let it pass."""
        if self._pile.listed * 2 < self._pile.removed:
            return self.approve
        return " Shared sections still list these students, so they have probably not left."

    @property
    def listed_twice_or_removed(self) -> str:
        """What reissued IDs look like: removals, or everybody twice."""
        if self._pile.removed:
            newcomers = self._facts.removals.newcomers if self._facts.removals else {}
            is_elsewhere = set(most_first(newcomers)[:1]) - self._pile.schools.keys()
            there = f" at {self.receiving_schools}" if is_elsewhere else ""
            gone = f"{self.removed}{self.where} would be removed"
            return f"{gone}, and most of them come back under new IDs{there}"
        return f"{self.students}{self.where} {self.students:is|are} listed twice, under an old and a new ID"

    @property
    def reissued_approve(self) -> str:
        """What to do with the plan of reissued IDs meanwhile."""
        return self.approve if self._pile.removed else " Do not merge them before the old ones are deleted."

    @property
    def replaced_classes(self) -> str:
        """What a new school year looks like: in classes, and in students who go."""
        if not self._pile.removed:
            return f"{self.changers}{self.where} would change class, most of them in another grade"
        removals, classes = self._facts.removals, "Classes"
        if removals:
            committed = counted(removals.classes_committed, "class", "classes")
            classes = f"{removals.classes_removed:,} of {committed}"
        in_grades = grades(most_first(self._pile.grades))
        return f"{classes} are replaced by new ones, and {self.removed} would be removed ({in_grades})"

    @property
    def reassigned(self) -> str:
        """What students look like who left their classes, with this plan or with earlier commits."""
        them = self.changers
        if not them.number:
            return "Students who were recently removed come back, but would be in different classes."
        return (
            f"{them}{self.where} would change class: {them:the student's|their} sections are still shared, "
            f"but no longer list {them:the student|them}."
        )

    @property
    def vanished(self) -> str:
        """The kinds of which every record would be removed."""
        return listing(sorted({kind for others in self._facts.others for kind in others.records}))

    @property
    def resync(self) -> str:
        """The command that reads the district whole: what is not connected, from saved pages."""
        return f"`rostering resync {self.district}{'' if self._facts.is_connected else ' --from FOLDER'}`"

    @property
    def when_it_is_read(self) -> str:
        """How a district that was never read gets read."""
        if self._facts.is_connected:
            return f"It is read automatically soon; {self.resync} reads it now."
        return (
            "It is read as soon as it connects to this application in Clever. Until then, read saved pages "
            f"of Clever's lists with {self.resync}."
        )


def _grade_order(grade: str) -> tuple[int, str]:
    number = grade_number(grade)
    return MOST_GRADES**2 if number is None else number, grade


def _called(term: Term) -> str:
    return f" {quoted(term.name)}" if term.name else ""


def _value(text: str) -> str:
    return text if text == BLANK else quoted(text)


def _term_text(term: Term) -> str:
    return f"{quoted(term.name) if term.name else 'no name'} ({term.start} to {term.end})"
