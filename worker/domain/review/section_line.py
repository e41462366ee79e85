"""A section as tables of sections show it."""

from __future__ import annotations

from dataclasses import dataclass

from worker.domain.roster.section_filter import SectionView


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A section as the table shows it; `view` is without its students, of whom it lists so many."""

    view: SectionView
    listed: int
    rule: int | None
    """The rule that keeps it, the first is 0; None where the filter does not."""

    @property
    def id(self) -> str:
        """Its id."""
        return self.view.section.id

    @property
    def is_kept(self) -> bool:
        """Whether the filter in force keeps it."""
        return self.rule is not None

    def shown(self, name: str) -> str:
        """Return what stands in a column, "" where that is blank or not known."""
        view = self.view
        match name:
            case "school":
                text = (view.school.name if view.school else None) or view.section.school_id
            case "term":
                text = (view.term.name if view.term else None) or view.section.term_id
            case "course":
                text = (view.course.name if view.course else None) or view.section.course_id
            case _:
                text = getattr(view.section, name)
        return " ".join(text.split()) if text else ""
