"""What there is to say where sections of another term may count because no section has a term."""

from __future__ import annotations

from worker.domain.review.causes.field_words import FieldWords
from worker.domain.review.causes.scale import WITHDRAWN_STUDENTS


class TermWords(FieldWords):
    """Words of causes of sections that look alike."""

    @property
    def copies_are(self) -> str:
        """What sections that are there twice can be, by whether the others are, and by their terms."""
        copies = self._facts.copies
        if copies and copies.are_all:
            told = (
                " Nearly all other sections of these students are there twice as well: either those of "
                "another term or school year were loaded, or all sections were entered or exported twice."
            )
        else:
            told = (
                " Either they are for different terms or school years, or classes were entered or exported "
                "twice."
            )
        if self._facts.is_filter_old:
            told += " One section of each class was there at the last commit."
        if copies and copies.with_term:
            return f"{told} All of them have the same term."
        return f"{told} They have no term that would show which it is."

    @property
    def give_terms(self) -> str:
        """How sections of another term are told from those of the current one."""
        end = "" if self._facts.current_term_only else ", by which our section filter can choose"
        correct = "the right term" if self._facts.copies and self._facts.copies.with_term else "its term"
        return (
            "the district has to share only those of the current term with us, or to give each section "
            f"{correct}{end}"
        )

    @property
    def other_term(self) -> str:
        """That one of two sections may be of another term, where none has one."""
        copies = self._facts.copies
        if copies is None or copies.with_term:
            return ""
        return self._if_of_other_term

    @property
    def new_of_other_term(self) -> str:
        """The same of sections of one kind, where these are the classes of many students."""
        facts = self._facts
        is_other_kind = facts.was_rostered and facts.new_kinds
        if not facts.are_all_without_term or is_other_kind or self._pile.students < WITHDRAWN_STUDENTS:
            return ""
        return self._if_of_other_term

    @property
    def _if_of_other_term(self) -> str:
        return (
            " These sections have no term. If some are for another term or school year, they have to "
            f"stay in the SIS: {self.give_terms}."
        )
