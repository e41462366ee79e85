"""What there is to say of the sections and the terms of a cause."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from worker.domain.review.causes.former_classes import BLANK, FormerClassFate
from worker.domain.review.causes.labels import Label, LabelKind
from worker.domain.review.causes.new_classes import NewClass
from worker.domain.review.causes.place_words import Amount, PlaceWords
from worker.domain.review.causes.wording import field_name, listing, quoted
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import Term


class SectionWords(PlaceWords):
    """Kinds of sections, former classes, and terms."""

    # Kinds of sections

    @property
    def of_labels(self) -> str:
        """The kinds of sections by their labels."""
        return _kinds(self._reason.labels)

    @property
    def of_kind(self) -> str:
        """The one kind of sections by its label."""
        if not self._reason.labels:
            return " of the same kind"
        (label,) = self._reason.labels
        return f" {'named' if label.kind is LabelKind.WORD else 'of'} {label}"

    @property
    def which_kind(self) -> str:
        """Which of the kinds the filter should select: those that were classes, if only some were."""
        new = [label for label in self._reason.labels if label in self._facts.new_kinds]
        is_part = 0 < len(new) < len(self._reason.labels)
        if not self._facts.was_rostered or not is_part or any(one.kind is LabelKind.OTHER for one in new):
            return f"Let it select only one of the {self.kinds_number}."
        former = [label for label in self._reason.labels if label not in new]
        if any(one.is_part_of(other) for one in new for other in former):
            return (
                f"Only those {_kinds(former)} were classes at the last commit: let the filter select these."
            )
        return f"Those {_kinds(new)} were not classes at the last commit: let the filter leave them out."

    @property
    def new_kind(self) -> str:
        """The kind of the sections that were no classes in the last commit, if it is one."""
        if len(self._facts.new_kinds) != 1 or self._facts.new_kinds[0].kind is not LabelKind.WORD:
            return ""
        return f", named {self._facts.new_kinds[0]},"

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
        return self.change_of(self._reason.fate, self.former)

    def change_of(self, fate: FormerClassFate | NewClass | None, it: Amount) -> str:
        """Return which field of sections changed, and how."""
        if fate is None or not fate.field:
            return f"{it:it no longer matches|they no longer match} the section filter"
        if fate.field == "term" and isinstance(fate, FormerClassFate):
            term = f"the term {quoted(fate.now)}" if fate.now else "another term"
            return f"{it:it is|they are} now in {term}, which {self._term_day(fate.day)}"
        noun = f"{it:its|their} {field_name(fate.field)}"
        if fate.was and fate.now:
            return f"{noun} changed from {value_text(fate.was)} to {value_text(fate.now)}"
        if fate.was:
            return f"{noun} no longer has {value_text(fate.was)}"
        return f"{noun} is now {value_text(fate.now)}" if fate.now else f"{noun} changed"

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
    def unlisted(self) -> str:
        """That no shared section lists the students, where none does."""
        if not self._pile.students or self._pile.unlisted < self._pile.students:
            return ""
        them = f"{self.students:the student|the students}"
        return f" No other shared section lists {them}, so the export of enrollments may have failed."

    @property
    def already_in_one(self) -> str:
        """What is wrong if the students are in a class already: no section may list them."""
        they_are = f"If {self.students:the student is|they are} already in one"
        if self._pile.unlisted == self._pile.students:
            return (
                f"{they_are}, its list did not reach us: ask the district to check its next sync to Clever."
            )
        return f"{they_are}, that class is not shared with us, or our section filter does not select it."

    @property
    def filter_reads(self) -> str:
        """The fields of sections that the filter's rules read."""
        names = [field_name(name) for name in self._facts.filter_fields] or ["details"]
        return f"{', '.join(names[:-1])} or {names[-1]}" if names[1:] else names[0]

    @property
    def only_subject(self) -> str:
        """The one subject of all sections, if its words are of schools."""
        subject = self._facts.shared_sections.only_subject if self._facts.shared_sections else None
        return f", {quoted(subject)}" if subject and Vocabulary(()).is_public_text(subject) else ""

    @property
    def looked_for(self) -> str:
        """What the filter looks for that means the class of every student."""
        return listing([quoted(one) for one in self._facts.homeroom_words])

    @property
    def why_none_kept(self) -> str:
        """Why none of the students' sections counts."""
        if self._facts.has_rules:
            return "the section filter selects none of them"
        return "none of these is in a current term"

    @property
    def no_current_term(self) -> str:
        """The day without a current term, when the last one ended, and when the next begins."""
        terms = self._facts.terms
        if terms is None:
            return "none of their sections has a current term today."
        told = [f"none of their sections has a current term on {terms.today.isoformat()}."]
        if terms.ended and terms.ended.end:
            told.append(f"The term{_called(terms.ended)} ended on {terms.ended.end.isoformat()}.")
        following = terms.begun or terms.following
        if following is None or following.start is None:
            told.append("These sections have no later term.")
        elif following.start > terms.today:
            told.append(f"The next term{_called(following)} begins on {following.start.isoformat()}.")
        else:
            began = following.start.isoformat()
            told.append(f"The term{_called(following)} began on {began}, but they are in no section of it.")
        return " ".join(told)

    @property
    def sections_of_term(self) -> str:
        """The sections that would count if their term ran: former classes, where there are such."""
        if self._pile.former_classes:
            return self.the_former_sections
        return f"the sections that would be {self.students:the student's class|their classes}"

    @property
    def ended_term(self) -> str:
        """What the term of these sections is called, and when it ended."""
        ended = self._facts.terms.ended if self._facts.terms else None
        if ended is None or ended.end is None:
            return ""
        return f" ({f'{_called(ended)} ended on {ended.end.isoformat()}'.strip()})"

    @property
    def later_term(self) -> str:
        """The term of the sections that would count otherwise, and when it begins."""
        terms = self._facts.terms
        following = terms.following if terms else None
        if terms is None or following is None or following.start is None or following.start <= terms.today:
            return "a later term"
        return f"the term{_called(following)}, which begins on {following.start.isoformat()}"

    @property
    def begun_term_shared(self) -> str:
        """To ask for the sections of the current term, where there is one."""
        terms = self._facts.terms
        following = (terms.begun or terms.following) if terms else None
        if terms is None or following is None or following.start is None or following.start > terms.today:
            return ""
        return " Also ask whether it shares the sections of the current term with us in Clever."

    @property
    def running_terms(self) -> str:
        """The terms that run now."""
        names = [quoted(term.name) for term in self._facts.running_terms if term.name]
        return f", {listing(names)}," if names else ""

    @property
    def two_terms(self) -> str:
        """The two terms that run at the same time, one of which should be over or not begun."""
        return listing([_term_text(term) for term in self._facts.overlapping_terms])

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
        return f"the term of {self.signed_sections:a section|some sections} is unknown or has no dates"

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


def _kinds(labels: Sequence[Label]) -> str:
    named = "named " if all(label.kind is LabelKind.WORD for label in labels) else "of "
    return named + listing([str(label) for label in labels])


def _called(term: Term) -> str:
    return f" {quoted(term.name)}" if term.name else ""


def value_text(text: str) -> str:
    """Return a value in quotation marks, if it is one."""
    return text if text == BLANK else quoted(text)


def _term_text(term: Term) -> str:
    return f"{quoted(term.name) if term.name else 'no name'} ({term.start} to {term.end})"
