"""Finding suggestions: from a survey to at most five section filters, each with all that speaks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np

from worker.domain.roster.section_filter import Condition, Rule, Scope, SectionFilter
from worker.domain.roster.texts import folded
from worker.runtime.progress import Progress, no_progress
from worker.suggest.columns import Bools
from worker.suggest.conditions import names_nobody
from worker.suggest.deadline import Deadline
from worker.suggest.figures import MOST_TOLD, ClassFigures, OtherRules, class_figures
from worker.suggest.literal import NOT_IN_RULES, NOT_OF_STUDENTS, NotLiteral, to_the_letter
from worker.suggest.pricing import Pricing
from worker.suggest.rule_sets import RuleSet, draft_in_force
from worker.suggest.scopes import narrowed, without_grades
from worker.suggest.search import MOST_SUGGESTIONS, search
from worker.suggest.survey import Survey
from worker.suggest.wording import can_share, filter_text, grades_text

MOST_LEFTOVERS: Final = 20
"""Schools and grades that a suggestion lists with the students whom it leaves."""
ENOUGH_CURRENT: Final = 0.5
"""Of the students: so many must have a section in a running term for terms to matter."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Students of one grade at one school who would not have exactly one class."""

    school: str | None
    grade: str | None
    none: int
    several: int
    school_name: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in a suggestion: a school's name is looked up by who wants it."""
        return {"school": self.school, "grade": self.grade, "none": self.none, "several": self.several}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A section filter and what it would do; `text` is for the district."""

    section_filter: SectionFilter
    exactly_one: int
    none: int
    several: int
    sharing_rules: bool
    text: str
    leftovers: Sequence[Leftover]
    leftover_groups: int
    """How many schools' grades have leftovers; `leftovers` lists the largest."""
    is_in_force: bool
    was_cut_short: bool
    names_nobody: bool
    """Whether its words may be told to everybody: one that a person wrote may have a teacher's name in it."""
    why_not_shared: str | None = None
    """Why sharing rules cannot say it, where they cannot."""
    classes: ClassFigures | None = None
    """The sections that it keeps, by which people see whether they are classes."""
    as_good: Sequence[str] = ()
    """Public words of other rules that count as well; `MOST_TOLD` of them in JSON."""

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in a review."""
        return {
            "filter": self.section_filter.model_dump(mode="json"),
            "coverage": {"exactly_one": self.exactly_one, "none": self.none, "several": self.several},
            "sharing_rules": self.sharing_rules,
            "why_not_shared": self.why_not_shared,
            "text": self.text,
            "leftovers": [one.to_json() for one in self.leftovers],
            "leftover_groups": self.leftover_groups,
            "classes": None if self.classes is None else self.classes.to_json(),
            "as_good": list(self.as_good[:MOST_TOLD]),
            "as_good_count": len(self.as_good),
            "in_force": self.is_in_force,
            "cut_short": self.was_cut_short,
        }


def suggest(
    survey: Survey,
    in_force: SectionFilter,
    deadline: Deadline,
    progress: Progress = no_progress,
    *,
    is_rostered: bool = False,
) -> list[Suggestion]:
    """Return the best section filters for the scope of the one `in_force`, the best first; at most five.

    Of a district that is not rostered, none takes students out of homerooms that the filter in force keeps.
    Runs for seconds to minutes without a pause: in a thread of its own where others wait.
    """
    if not survey.students:
        return []
    current_only = in_force.current_term_only or _terms_matter(survey)
    seen = survey.in_current_terms() if current_only else survey
    pricing = Pricing(seen)
    known = draft_in_force(survey, pricing, in_force)
    found = search(pricing, known, deadline, progress, keeps_homerooms=not is_rostered)
    suggested: list[Suggestion] = []
    others = OtherRules(seen) if found.drafts else None
    for one in found.drafts:
        told = len(suggested)
        offer = partial(
            _suggestion, in_force=in_force, current_only=current_only, cut_short=found.was_cut_short
        )
        smaller = without_grades(pricing, one, in_force.scope) if one.rules else None
        if smaller is not None:
            scope, stays = smaller
            suggested.append(offer(survey.only(stays), seen.only(stays), narrowed(one, stays), scope=scope))
        suggested.append(offer(survey, seen, one, scope=in_force.scope))
        as_good = others.as_good_as(one) if others else []
        suggested = [*suggested[:told], *(replace(each, as_good=as_good) for each in suggested[told:])]
    return suggested[:MOST_SUGGESTIONS]


def offered(survey: Survey, section_filter: SectionFilter) -> Suggestion:
    """Return a filter that no search found as a suggestion; the survey has what that filter looks at."""
    seen = survey.in_current_terms() if section_filter.current_term_only else survey
    found = _suggestion(
        survey,
        seen,
        draft_in_force(survey, Pricing(seen), section_filter),
        scope=section_filter.scope,
        in_force=section_filter,
        current_only=section_filter.current_term_only,
        cut_short=False,
    )
    return replace(found, is_in_force=False)


def _terms_matter(survey: Survey) -> bool:
    """Whether sections of other terms are shared, beside those of terms that run now."""
    if survey.current.all():
        return False
    placed = int((survey.counts(survey.current) > 0).sum())
    return placed >= ENOUGH_CURRENT * survey.students


def _suggestion(
    survey: Survey,
    seen: Survey,
    one: RuleSet,
    *,
    scope: Scope,
    in_force: SectionFilter,
    current_only: bool,
    cut_short: bool,
) -> Suggestion:
    section_filter = _filter(survey, one, scope, in_force, current_only) if one.rules else in_force
    leftovers = _leftovers(seen, one)
    said, why_not = _for_district(section_filter, survey)
    if scope != in_force.scope:
        why_not = why_not or NOT_OF_STUDENTS
    return Suggestion(
        section_filter,
        one.exactly_one,
        one.none,
        one.several,
        why_not is None,
        _left_out(scope, in_force.scope) + filter_text(said, survey.school_names),
        leftovers[:MOST_LEFTOVERS],
        len(leftovers),
        _says_the_same(section_filter, in_force),
        cut_short,
        all(names_nobody(each, survey.vocabulary) for rule in section_filter.rules for each in rule.all),
        why_not,
        class_figures(seen, one),
    )


def _for_district(section_filter: SectionFilter, survey: Survey) -> tuple[SectionFilter, str | None]:
    """Return a filter as the district is told it, and why its sharing rules cannot say it to the letter."""
    if not can_share(section_filter):
        return section_filter, NOT_IN_RULES
    try:
        return to_the_letter(section_filter, survey), None
    except NotLiteral as reason:
        return section_filter, str(reason)


def _left_out(scope: Scope, before: Scope) -> str:
    """Return what a suggestion says of a scope of its own."""
    return "" if scope == before else f"For students in {grades_text(scope.grades)} only: "


def _filter(
    survey: Survey, one: RuleSet, scope: Scope, in_force: SectionFilter, current_only: bool
) -> SectionFilter:
    rules = tuple(pooled.rule.to_filter_rule(survey) for pooled in one.rules)
    for_all_terms = not in_force.current_term_only and current_only and _same_in_all_terms(survey, one)
    return SectionFilter(
        scope=scope,
        strategy=one.strategy,
        current_term_only=current_only and not for_all_terms,
        rules=rules,
    )


def _says_the_same(one: SectionFilter, other: SectionFilter) -> bool:
    """Whether two filters are equal but for case and white space, which no filter looks at."""
    return _compared(one) == _compared(other)


def _compared(section_filter: SectionFilter) -> SectionFilter:
    rules = tuple(Rule(all=tuple(map(_condition, rule.all))) for rule in section_filter.rules)
    return section_filter.model_copy(update={"rules": rules})


def _condition(condition: Condition) -> Condition:
    value = condition.value
    as_compared = folded(value) if isinstance(value, str) else tuple(map(folded, value))
    return condition.model_copy(update={"value": as_compared})


def _same_in_all_terms(survey: Survey, one: RuleSet) -> bool:
    """Whether the rules give the same where sections of other terms count as well."""
    if one.strategy == "first_match":
        return False
    kept: Bools = np.logical_or.reduce([pooled.kept for pooled in one.rules])
    return bool((survey.counts(kept) == one.places).all())


def _leftovers(survey: Survey, one: RuleSet) -> list[Leftover]:
    """Return the students whom a draft leaves, by school and grade, the most first."""
    grades = len(survey.grades)
    cell = (survey.student_school.astype(np.int64) + 1) * grades + survey.student_grade
    none = np.bincount(cell[one.places == 0], minlength=(len(survey.schools) + 1) * grades)
    several = np.bincount(cell[one.places > 1], minlength=(len(survey.schools) + 1) * grades)
    total = none + several
    ranked = [place for place in np.argsort(-total, kind="stable") if total[place]]
    return [
        Leftover(
            survey.schools[place // grades - 1] if place // grades else None,
            survey.grades[place % grades] or None,
            int(none[place]),
            int(several[place]),
            survey.school_names.get(survey.schools[place // grades - 1]) if place // grades else None,
        )
        for place in ranked
    ]
