"""A section filter as it is being written: what a form holds of it, whole or half, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, get_args

from worker.domain.roster.section_filter import (
    FilterField,
    Operator,
    Rule,
    SectionFilter,
    Strategy,
    parse_filter,
)
from worker.runtime.errors import FilterError

Form: TypeAlias = Mapping[str, Any]

FIELDS: Final[dict[str, str]] = {
    "name": "section name",
    "subject": "subject",
    "period": "period",
    "grade": "section grade",
    "course_name": "course name",
    "course_number": "course number",
    "school": "school (name or ID)",
    "term": "term (name or ID)",
    "section_number": "section number",
    "sis_id": "SIS ID",
}
OPERATORS: Final[dict[str, str]] = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "one_of": "is one of (one per line)",
}
if set(FIELDS) != set(get_args(FilterField)) or set(OPERATORS) != set(get_args(Operator)):
    raise AssertionError("every field and operator of a filter has its words here")
MOST_RULES: Final = 60
MOST_CONDITIONS: Final = 20
_NUMBER: Final = re.compile(r"[0-9]{1,17}")
_PLACE: Final = re.compile(r"filter: rules\[(\d+)\](?:\.all(?:\[(\d+)\])?)?(?:\.(\w+))?(?:\[\d+\])?")
_BUTTON: Final = re.compile(
    r"(add-rule|add-condition|remove-rule|remove-condition|up|down)(?:-(\d+))?(?:-(\d+))?"
)


@dataclass(frozen=True, slots=True)
class DraftCondition:
    """A condition as it is typed; `value` has one value a line where there may be several."""

    field: str = "name"
    op: str = "contains"
    value: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed yet."""
        return not self.value.strip()

    def to_json(self) -> dict[str, Any]:
        """Return it as a filter has it."""
        lines = [line.strip() for line in self.value.splitlines() if line.strip()]
        return {
            "field": self.field,
            "op": self.op,
            "value": lines if self.op == "one_of" else " ".join(lines),
        }


DraftRule: TypeAlias = tuple[DraftCondition, ...]


@dataclass(frozen=True, slots=True)
class FilterDraft:
    """A filter as it is typed, and the version of the filter in force that it is meant to replace."""

    version: int
    grades: str = ""
    schools: tuple[str, ...] = ()
    strategy: str = "union"
    current_term_only: bool = False
    rules: tuple[DraftRule, ...] = ()
    reason: str = ""
    is_sure: bool = False
    """Whether it is to be saved although it leaves students without exactly one class."""
    confirmed: str = ""
    """The figures of students who change class, as the person saw and ticked them."""

    @property
    def has_blanks(self) -> bool:
        """Whether there are conditions to which nothing was typed yet."""
        return any(one.is_blank for rule in self.rules for one in rule)

    def to_filter(self) -> SectionFilter:
        """Return the filter; raises `FilterError`, which says which rule of it is wrong."""
        document = {
            "scope": {
                "grades": [grade.strip() for grade in self.grades.split(",") if grade.strip()],
                "schools": list(self.schools),
            },
            "strategy": self.strategy,
            "current_term_only": self.current_term_only,
            "rules": [{"all": [one.to_json() for one in rule]} for rule in self.rules],
        }
        try:
            return parse_filter(json.dumps(document))
        except FilterError as error:
            raise FilterError(_in_words(str(error))) from None

    def without_blanks(self) -> FilterDraft:
        """Return the draft without the conditions to which nothing was typed yet."""
        rules = (tuple(one for one in rule if not one.is_blank) for rule in self.rules)
        return replace(self, rules=tuple(rule for rule in rules if rule))

    def pressed(self, button: str) -> FilterDraft:
        """Return the draft as a button of the form changes it; as it is where the button means nothing."""
        found = _BUTTON.fullmatch(button)
        if found is None:
            return self
        action, number, place = found[1], int(found[2] or 0), int(found[3] or 0)
        rules = list(self.rules)
        if action == "add-rule" and len(rules) < MOST_RULES:
            rules.append((DraftCondition(),))
        elif number >= len(rules):
            return self
        elif action == "add-condition" and len(rules[number]) < MOST_CONDITIONS:
            rules[number] = (*rules[number], DraftCondition())
        elif action == "remove-rule":
            del rules[number]
        elif action == "remove-condition":
            rules[number] = tuple(one for other, one in enumerate(rules[number]) if other != place)
            rules = [rule for rule in rules if rule]
        elif action in {"up", "down"}:
            other = number + (1 if action == "down" else -1)
            if 0 <= other < len(rules):
                rules[number], rules[other] = rules[other], rules[number]
        return replace(self, rules=tuple(rules))

    def with_rule(self, field: str, op: str, value: str) -> FilterDraft:
        """Return the draft with one rule more."""
        known = field if field in FIELDS else "name", op if op in OPERATORS else "is"
        return replace(self, rules=(*self.rules, (DraftCondition(*known, value),)))


def draft_of(section_filter: SectionFilter, version: int) -> FilterDraft:
    """Return a filter as a form shows it."""
    return FilterDraft(
        version,
        ", ".join(section_filter.scope.grades),
        section_filter.scope.schools,
        section_filter.strategy,
        section_filter.current_term_only,
        tuple(_draft_rule(rule) for rule in section_filter.rules),
    )


def draft_from(form: Form, schools: tuple[str, ...]) -> FilterDraft:
    """Return what a form holds; `schools` are those ticked."""
    version = str(form.get("version", ""))
    return FilterDraft(
        int(version) if _NUMBER.fullmatch(version) else 0,
        str(form.get("grades", "")),
        schools,
        str(form["strategy"]) if form.get("strategy") in get_args(Strategy) else "union",
        form.get("current_term_only") == "yes",
        tuple(_rules_in(form)),
        str(form.get("reason", "")),
        form.get("sure") == "yes",
        str(form.get("confirmed", "")),
    )


def _draft_rule(rule: Rule) -> DraftRule:
    return tuple(
        DraftCondition(one.field, one.op, one.value if isinstance(one.value, str) else "\n".join(one.value))
        for one in rule.all
    )


def _rules_in(form: Form) -> Iterator[DraftRule]:
    for rule in range(MOST_RULES):
        found = tuple(
            DraftCondition(
                str(form[f"{prefix}-field"]), str(form.get(f"{prefix}-op", "")), _value(form, prefix)
            )
            for prefix in (f"rule-{rule}-{condition}" for condition in range(MOST_CONDITIONS))
            if f"{prefix}-field" in form
        )
        if found:
            yield found


def _value(form: Form, prefix: str) -> str:
    return str(form.get(f"{prefix}-value", "")).replace("\r\n", "\n")


def _in_words(error: str) -> str:
    """Return what is wrong with a filter as somebody reads it who sees a form, and no JSON."""

    def place(found: re.Match[str]) -> str:
        condition = f", condition {int(found[2]) + 1}" if found[2] else ""
        key = f", {found[3]}" if found[3] else ""
        return f"Rule {int(found[1]) + 1}{condition}{key}"

    return _PLACE.sub(place, error, count=1)
