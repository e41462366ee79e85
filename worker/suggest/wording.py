"""A suggestion in words that a district can follow: those of Clever's sharing rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from worker.domain.roster.section_filter import Condition, Rule, SectionFilter

_SAID = {
    "is": "is",
    "is_not": "is not",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "one_of": "is one of",
}
_NAMED = {
    "course_name": "course name",
    "course_number": "course number",
    "section_number": "section number",
    "sis_id": "SIS id",
}
_KNOWN_TO_CLEVER = frozenset({"is", "is_not", "contains", "one_of"})


def filter_text(section_filter: SectionFilter, school_names: Mapping[str, str]) -> str:
    """Return the rules as sentences that begin with "Match all sections where"."""
    rules = [rule_text(rule, school_names) for rule in section_filter.rules]
    if section_filter.strategy == "first_match" and len(rules) > 1:
        first, *others = rules
        return f"{first}. For students in none of these: " + ", then ".join(_lowered(rule) for rule in others)
    if not rules:
        return "Match all sections"
    return "; and ".join([rules[0], *(_lowered(rule) for rule in rules[1:])])


def grades_text(grades: Sequence[str]) -> str:
    """Return grades in words, the lowest first, without a list where there is one."""
    ranked = sorted(grades, key=lambda grade: (_rank(grade), grade))
    if len(ranked) == 1:
        return f"grade {ranked[0]}"
    return "grades " + ", ".join(ranked[:-1]) + f" and {ranked[-1]}"


def _rank(grade: str) -> int:
    if grade.isdecimal() and grade.isascii():
        return int(grade)
    return -1 if grade.casefold().startswith("k") else -2


def can_share(section_filter: SectionFilter) -> bool:
    """Whether sharing rules in Clever can say the same: they are a union, and know three operators.

    "One of" is as many rules as it has values. Whether it holds to the letter too is another question: see
    `worker.suggest.literal`.
    """
    if section_filter.current_term_only:
        return False
    if section_filter.strategy == "first_match" and len(section_filter.rules) > 1:
        return False
    return all(sharable(condition) for rule in section_filter.rules for condition in rule.all)


def sharable(condition: Condition) -> bool:
    """Whether Clever's sharing rules can say the condition; that they know terms is not documented."""
    return condition.op in _KNOWN_TO_CLEVER and condition.field != "term"


def rule_text(rule: Rule, school_names: Mapping[str, str]) -> str:
    """Return one rule as a sentence that begins with "Match all sections where"."""
    return "Match all sections where " + " and ".join(_condition(one, school_names) for one in rule.all)


def _condition(condition: Condition, school_names: Mapping[str, str]) -> str:
    value = condition.value
    values = [value] if isinstance(value, str) else list(value)
    if condition.field == "school":
        values = [school_names.get(school, school) for school in values]
    quoted = ", ".join(f'"{value}"' for value in values)
    return f"{_NAMED.get(condition.field, condition.field)} {_SAID[condition.op]} {quoted}"


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]
