"""The section filter: which students are to be rostered, and which of their sections count.

A filter is written by people, as JSON, and checked to the last key when it is read. Matching ignores
case, white space, invisible characters and Unicode forms. A positive operator holds if any of the field's
values satisfies it (a school and a term can be named by id or by name); its negative holds if the positive
does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from worker.domain.roster.keepable_text import can_be_kept
from worker.domain.roster.records import Course, RecordId, RecordKind, School, Section, Term
from worker.domain.roster.terms import TermCalendar
from worker.domain.roster.texts import folded, is_blank, wanted
from worker.runtime.errors import FilterError
from worker.runtime.validation_text import dotted, explain

FilterField = Literal[
    "name",
    "subject",
    "period",
    "grade",
    "course_name",
    "course_number",
    "school",
    "term",
    "section_number",
    "sis_id",
]
Operator = Literal["is", "is_not", "contains", "not_contains", "starts_with", "one_of"]
Strategy = Literal["union", "first_match"]


def _visible(text: str, info: ValidationInfo) -> str:
    """Refuse a value in which nothing can be seen; one that a filter was kept with before is left to it."""
    if info.context is _WRITTEN and is_blank(text):
        raise ValueError("expected text that is not blank")
    return text


_WRITTEN: Final = "written by a person"
Value = Annotated[
    str, StringConstraints(strict=True, pattern=r"\S", max_length=1000), AfterValidator(_visible)
]
Values = Annotated[tuple[Value, ...], Field(min_length=1, strict=False)]


def _shape(value: object) -> str:
    return "[list]" if isinstance(value, list | tuple) else "[text]"


class FilterModel(BaseModel):
    """What the parts of a filter share: frozen, and no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Condition(FilterModel):
    """One comparison of one field of a section; `one_of` takes a list, the others a text."""

    field: FilterField
    op: Operator
    value: Annotated[
        Annotated[Value, Tag("[text]")] | Annotated[Values, Tag("[list]")], Discriminator(_shape)
    ]

    @field_validator("value", mode="before")
    @classmethod
    def _fits_operator(cls, value: Any, info: ValidationInfo) -> Any:
        operator = info.data.get("op")
        wanted, expected = (list | tuple, "a list of text values") if operator == "one_of" else (str, "text")
        if not isinstance(value, wanted):
            raise ValueError(f"expected {expected} for the operator {operator}")  # noqa: TRY004 - pydantic's
        return value


class Rule(FilterModel):
    """Match all sections where all these conditions hold."""

    all: Annotated[tuple[Condition, ...], Field(min_length=1, strict=False)]


class Scope(FilterModel):
    """The grades and schools (by id or name) whose students are to be rostered; an empty list means all."""

    grades: Annotated[tuple[Value, ...], Field(strict=False)] = ()
    schools: Annotated[tuple[Value, ...], Field(strict=False)] = ()


class SectionFilter(FilterModel):
    """Scope and rules that pick, from all shared sections, the ones that count. The default keeps all."""

    scope: Scope = Scope()
    strategy: Strategy = "union"
    current_term_only: bool = False
    rules: Annotated[tuple[Rule, ...], Field(strict=False)] = ()


KEEP_ALL: Final = SectionFilter()
_OUR_WORDS: Final = frozenset({"literal_error", "bool_type"})
NO_RULE: Final = 0
"""The rank of every section under a filter without rules."""


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section with the records that a filter reads beside it (None where unknown)."""

    section: Section
    course: Course | None = None
    school: School | None = None
    term: Term | None = None


def parse_filter(text: str | bytes) -> SectionFilter:
    """Read a filter from JSON; `FilterError` names the key and what was expected.

    What came is told by its kind, for it may be the name of a section, and with it a teacher's. Only where a
    word of ours is expected is a wrong one quoted.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FilterError(f"filter: expected JSON, got invalid JSON ({error})") from None
    if not can_be_kept(document):
        raise FilterError("filter: expected text without NUL characters and unpaired surrogates")
    try:
        return SectionFilter.model_validate(document, context=_WRITTEN)
    except ValidationError as error:
        raise FilterError(explain(error, "filter: ", dotted, _OUR_WORDS)) from None


def looked_at(section_filter: SectionFilter) -> set[RecordKind]:
    """Return the kinds of records, terms and courses, whose fields decide what the filter keeps."""
    fields = {condition.field for rule in section_filter.rules for condition in rule.all}
    kinds = set()
    if section_filter.current_term_only or "term" in fields:
        kinds.add(RecordKind.TERM)
    if fields & {"course_name", "course_number"}:
        kinds.add(RecordKind.COURSE)
    return kinds


def beside(section_filter: SectionFilter) -> set[RecordKind]:
    """Return the kinds of records, beside a section's own, that decide whether the filter keeps it."""
    names = {condition.field for rule in section_filter.rules for condition in rule.all}
    return looked_at(section_filter) | ({RecordKind.SCHOOL} if "school" in names else set())


def rank(section_filter: SectionFilter, view: SectionView, calendar: TermCalendar) -> int | None:
    """Return the index of the first rule that keeps the section, or None where it does not count."""
    if section_filter.current_term_only and not calendar.counts(view.section, view.term):
        return None
    return matching_rule(section_filter, view)


def matching_rule(section_filter: SectionFilter, view: SectionView) -> int | None:
    """Return the index of the first rule that the section matches, whether its term counts or not."""
    if not section_filter.rules:
        return NO_RULE
    for index, rule in enumerate(section_filter.rules):
        if all(holds(condition, view) for condition in rule.all):
            return index
    return None


def counted(strategy: Strategy, ranks: Mapping[RecordId, int]) -> tuple[RecordId, ...]:
    """Return, sorted, which of one student's kept sections count for him; `ranks` maps them to rules."""
    if strategy == "first_match" and ranks:
        earliest = min(ranks.values())
        return tuple(sorted(section for section, rule in ranks.items() if rule == earliest))
    return tuple(sorted(ranks))


def holds(condition: Condition, view: SectionView) -> bool:
    """Whether a section is what one condition speaks of."""
    values = [folded(value) for value in values_of(condition.field, view) if value]
    if not isinstance(condition.value, str):
        return any(value in {wanted(item) for item in condition.value} for value in values)
    text = wanted(condition.value)
    match condition.op:
        case "is_not":
            return text not in values
        case "contains":
            return any(text in value for value in values)
        case "not_contains":
            return not any(text in value for value in values)
        case "starts_with":
            return any(value.startswith(text) for value in values)
        case _:
            return text in values


def values_of(name: FilterField, view: SectionView) -> Iterable[str | None]:
    """Return what a field of a filter reads of a section: a school and a term have an id and a name."""
    section = view.section
    match name:
        case "course_name":
            return (view.course.name,) if view.course else ()
        case "course_number":
            return (view.course.number,) if view.course else ()
        case "school":
            return section.school_id, view.school.name if view.school else None
        case "term":
            return section.term_id, view.term.name if view.term else None
        case "name" | "subject" | "period" | "grade" | "section_number" | "sis_id":
            return (getattr(section, name),)
