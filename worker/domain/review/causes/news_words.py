"""What there is to say of sections that are new, or that began to count, since the last commit."""

from __future__ import annotations

from worker.domain.review.causes.new_classes import Beside
from worker.domain.review.causes.place_words import Amount
from worker.domain.review.causes.section_words import value_text
from worker.domain.review.causes.term_words import TermWords
from worker.domain.review.causes.wording import field_name, quoted


class NewsWords(TermWords):
    """Sections beside classes, and sections in their place."""

    @property
    def news(self) -> Amount:
        """The sections that were no classes in the last commit, or that are not kept."""
        facts, reason = self._facts, self._reason
        of_classes = facts.new_classes.get(reason.news, ()) if reason.news else ()
        of_homes = facts.new_homes.get(reason.home, ()) if reason.home else ()
        return Amount(len(of_classes) or len(of_homes), "new section")

    @property
    def new_sections(self) -> str:
        """How many these are."""
        return "a new section" if self.news.number <= 1 else f"{self.news}"

    @property
    def another_section_counts(self) -> str:
        """That sections count which did not before."""
        number = self.news.number
        if number <= 1:
            return f"another section{self.new_kind} counts as a class"
        return f"{number:,} other sections{self.new_kind} count as classes"

    @property
    def came_or_changed(self) -> str:
        """Whether these sections are new, or what of them changed."""
        news, it = self._reason.news, self.news
        if news is None:
            return f"It is new, or its {self.filter_reads} changed."
        if news.what is Beside.ADDED:
            return f"{it:It is|They are} new since the last commit."
        if not news.field:
            return f"{it:It was|They were} there before, but {it:its|their} {self.filter_reads} changed."
        noun = f"{it:its|their} {field_name(news.field)}"
        if news.was and news.now:
            told = f" from {value_text(news.was)} to {value_text(news.now)}"
        else:
            told = f", and now {it:contains|contain} {value_text(news.now)}" if news.now else ""
        return f"{it:It was|They were} there before, but {noun} changed{told}."

    @property
    def changed_term(self) -> str:
        """The terms that these sections were in, and are in now."""
        news = self._reason.news
        return self.change_of(news, self.news)

    @property
    def left_out(self) -> str:
        """The condition that leaves out sections that are no classes."""
        news = self._reason.news
        if news is None:
            return ""
        value = self._facts.school_names.get(news.now, news.now) if news.field == "school" else news.now
        op = "does not contain" if news.field == "name" else "is not"
        return f"{field_name(news.field)} {op} {value}"

    @property
    def called(self) -> str:
        """What the new sections are called, where that tells them apart."""
        news = self._reason.news
        return f", named {quoted(news.now)}," if news and news.field == "name" else ""

    @property
    def why_not_kept(self) -> str:
        """Why a new section is not kept."""
        home, it = self._reason.home, self.news
        if home is None or not home.field:
            return ""
        noun = field_name(home.field)
        if home.now:
            return f" because {it:its|their} {noun} is {value_text(home.now)}"
        return f" because of {it:its|their} {noun}"

    @property
    def correct_field(self) -> str:
        """That a field may be wrong in the SIS, where it is one of a few values."""
        home, it = self._reason.home, self.news
        if home is None or not home.now:
            return ""
        those = f"{it:this section|these sections}"
        return f", or the {field_name(home.field)} of {those} has to be corrected in the SIS"
