"""The words of a cause that depend on its figures, as the sentences of `texts.toml` have them in braces."""

from __future__ import annotations

from typing import Final

from worker.domain.preflight.approval import GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.model import most_first
from worker.domain.review.causes.news_words import NewsWords
from worker.domain.review.causes.place_words import Amount
from worker.domain.review.causes.wording import grades, listing, quoted
from worker.runtime.count_text import counted

DIGITS: Final = 12
"""Of a plan's digest, as a sentence tells it: `approve` takes any beginning of one."""

_OWN_NUMBERS: Final = frozenset(("sis_id", "state_id", "student_number"))
"""Fields that no two students may have the same value in."""


class Words(NewsWords):
    """All words of one cause, each a property, so that only those of its sentence are worked out."""

    # What to do

    @property
    def unblocks(self) -> str:
        """How many students have no other error."""
        if not self._pile.unblocks:
            return f" {self.students:The student also has|Each of them also has} another error."
        ready = Amount(self._pile.unblocks, "student")
        return f" When this is fixed, {ready} {ready:has|have} no error left."

    @property
    def approve(self) -> str:
        """How to let the plan pass."""
        facts = self._facts
        if any(others.code is Code.NO_STUDENTS for others in facts.others):
            return ""
        if facts.blocked or any(others.code not in GUARDS for others in facts.others):
            return " If this change is intended, fix the other errors first; then the plan can be approved."
        return (
            f" If this change is intended, approve the plan: rostering approve {facts.district_id} "
            f"--plan {facts.plan_digest[:DIGITS]} --reason TEXT"
        )

    @property
    def or_approve(self) -> str:
        """How to let the plan pass that removes students who are not to be rostered any more."""
        return self.approve.replace("If this change is intended,", "If not,", 1)

    @property
    def brings_others(self) -> str:
        """How many other students come with a school that the scope takes in."""
        at = self._facts.removals.others_at if self._facts.removals else {}
        others = Amount(sum(at.get(school, 0) for school in self._pile.moved_to), "other student")
        if not others.number:
            return ""
        return f"; with it, {others} of that school {others:comes|come} into our roster as well"

    @property
    def scope_remedy(self) -> str:
        """What to do about a scope that no longer includes students."""
        hint, found, schools = "", self._facts.unmatched_grades, self._facts.unmatched_schools
        if schools:
            school, named = Amount(len(schools), "school"), listing([quoted(one) for one in schools])
            hint = (
                f" No shared student is at {school:a school|schools} called {named}: if "
                f"{school:this school has|these schools have} another name in Clever, correct the scope."
            )
        if found:
            grade, named = Amount(len(found), "grade"), listing([quoted(one) for one in found])
            hint += (
                f" No shared student has the {grade:grade|grades} {named}: if the district writes "
                f"{grade:this grade|these grades} differently, correct the scope."
            )
        return f"{hint} If this is not intended, widen the scope.{'' if hint else self.approve}"

    @property
    def new_here(self) -> str:
        """That the students, or some of them, were not in the last commit."""
        new = self._pile.newcomers
        if not new or not self._facts.was_rostered:
            return ""
        all_of_them = f"{self.students:The student is|They are}"
        who = all_of_them if new == self._pile.students else f"{new:,} of them {'is' if new == 1 else 'are'}"
        return f" {who} new since the last commit."

    @property
    def siblings(self) -> str:
        """That different students may rightly have the same value in a field that is no number of theirs."""
        if self._reason.field in _OWN_NUMBERS:
            return ""
        return (
            f" If different students may have the same {self.field}, as siblings may, stop requiring that it "
            "is unique (`rostering policy set`)."
        )

    @property
    def left_or_approve(self) -> str:
        """That the students have not left where sections still list most of them; else how to let it pass."""
        if not self._pile.listed or self._pile.listed * 2 < self._pile.removed:
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
            return f"{gone}, and most of them come back under new Clever IDs{there}"
        twice = f"{self.students:is|are} listed twice"
        return f"{self.students}{self.where} {twice}, under an old and a new Clever ID"

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
        return f"{classes} would be replaced by new ones, and {self.removed} would be removed ({in_grades})"

    @property
    def reassigned(self) -> str:
        """What students look like who left their classes, with this plan or with earlier commits."""
        them = self.changers
        if not them.number:
            return "Students who were recently removed come back, but in other classes than before."
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
            return f"It is read automatically soon; to read it now, run {self.resync}."
        return (
            "It is read as soon as it connects to this application in Clever. Until then, read saved pages "
            f"of Clever's lists with {self.resync}."
        )
