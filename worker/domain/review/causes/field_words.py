"""What there is to say of fields of students: who had them, and whether they are needed."""

from __future__ import annotations

from typing import Final

from worker.domain.review.causes.blank_fields import ALWAYS_REQUIRED
from worker.domain.review.causes.model import most_first
from worker.domain.review.causes.place_words import Amount
from worker.domain.review.causes.scale import nearly_all
from worker.domain.review.causes.section_words import SectionWords
from worker.domain.review.causes.wording import listing, quoted

_OR_DELETE: Final = " or, if two records are of the same student, to delete one of them"


class FieldWords(SectionWords):
    """Words of causes of blank fields."""

    @property
    def may_do_without(self) -> str:
        """That a field which we require of our own accord may not be needed."""
        fields = self._reason.field.split()
        if not fields or self._pile.lost or ALWAYS_REQUIRED.intersection(fields):
            return ""
        it = Amount(len(fields), "field")
        return f" If {it:it is|they are} not needed, stop requiring {it:it|them} (`rostering policy set`)."

    @property
    def or_delete(self) -> str:
        """To delete a record, unless all who have the same value have different names."""
        same = self._facts.same_values.get(self._reason.field)
        return "" if same and same.of_others == same.values else _OR_DELETE

    @property
    def had_others(self) -> str:
        """That the values were different at the last commit."""
        same = self._facts.same_values.get(self._reason.field)
        return " They had different ones at the last commit." if same and same.are_rewritten else ""

    @property
    def which_record(self) -> str:
        """Which of two records of a student is to be deleted, as far as we know."""
        same = self._facts.same_values.get(self._reason.field)
        pairs = same.values if same else 0
        each = "Of the two" if pairs == 1 else "Of each two"
        if same and same.one_listed == pairs and same.one_old == pairs and not same.one_of_both:
            return (
                f"{each}, only the new record is in sections, and the other one was in the last commit. Ask "
                "the district which one it keeps in its SIS, with the enrollments, and to delete the other "
                "one. If it keeps the new one, the history under the old ID ends."
            )
        if same and same.one_listed == pairs:
            return f"{each}, only one is in sections: ask the district to delete the other one in its SIS."
        if same and same.one_old == pairs:
            return (
                f"{each}, one is new since the last commit: ask the district to delete the new one in its "
                "SIS, and to move its enrollments to the other one."
            )
        return "Ask the district to delete one of the two in its SIS, not the one that is in use."

    @property
    def give(self) -> str:
        """What a district is asked to do with fields that it may not share, or not have."""
        it = "them" if " " in self._reason.field else "it"
        if nearly_all(self._pile.students, self._facts.students):
            return f"share {it} in the field settings for our app in Clever, or to enter {it} in its SIS"
        return f"enter {it} in its SIS"

    @property
    def had_one(self) -> str:
        """That the field was filled at the last commit."""
        lost = self._pile.lost
        if not lost:
            return ""
        who = f"{self.students:The student|They}" if lost == self._pile.students else f"{lost:,} of them"
        return f" {who} had one at the last commit."

    @property
    def was_at(self) -> str:
        """The schools that students had whose school is blank now."""
        if not self._pile.came_from:
            return ""
        return f" {self.students:The student was|They were} at {self.came_from} then."

    @property
    def was_grades(self) -> str:
        """The grades that students had whose grade is blank now."""
        return listing([quoted(grade) for grade in most_first(self._pile.was_grade)])

    @property
    def grades_lost(self) -> Amount:
        """How many these are."""
        return Amount(len(self._pile.was_grade), "grade")
