"""Rules to the letter: a section filter in the spellings that a district's sections really have.

Our filter compares without white space. Whether Clever's sharing rules do is documented nowhere, so that a
rule for a district is written once for each spelling, and none is written where that cannot be.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Final

from worker.domain.roster.section_filter import Condition, Rule, SectionFilter
from worker.domain.roster.texts import folded, wanted
from worker.suggest.columns import SectionColumn
from worker.suggest.survey import Survey
from worker.suggest.wording import sharable

MOST_SPELLINGS: Final = 4
"""Of one value: more than these are a rule that nobody sets up by hand."""
MOST_RULES: Final = 8

NOT_IN_RULES: Final = "sharing rules in Clever only combine rules with is, is not and contains"
NOT_OF_STUDENTS: Final = "sharing rules in Clever choose sections, and not students by their grade"
TOO_MANY: Final = "the sections spell it in too many ways"
HIDDEN: Final = "the sections contain spaces or invisible characters that a rule cannot show"


class NotLiteral(Exception):
    """A filter that cannot be said to the letter; the text says why."""


def to_the_letter(section_filter: SectionFilter, survey: Survey) -> SectionFilter:
    """Return a filter that keeps the same sections where white space counts; raises `NotLiteral`."""
    rules: list[Rule] = []
    for rule in section_filter.rules:
        rules += _rules(rule, survey)
    if len(rules) > max(MOST_RULES, len(section_filter.rules)):
        raise NotLiteral(TOO_MANY)
    return section_filter.model_copy(update={"rules": tuple(rules)})


def _rules(rule: Rule, survey: Survey) -> list[Rule]:
    """Return a rule as several, one for each spelling of each of its values."""
    ways: list[list[list[Condition]]] = []
    for condition in rule.all:
        if not sharable(condition):
            raise NotLiteral(NOT_IN_RULES)
        said = _spelled(condition, survey)
        if condition.op in ("is_not", "not_contains"):
            ways.append([[condition.model_copy(update={"value": one}) for one in said]])
        elif condition.op == "one_of":
            ways.append([[condition.model_copy(update={"value": tuple(said)})]])
        else:
            ways.append([[condition.model_copy(update={"value": one})] for one in said])
    return [Rule(all=tuple(one for part in way for one in part)) for way in product(*ways)]


def _spelled(condition: Condition, survey: Survey) -> list[str]:
    values = [condition.value] if isinstance(condition.value, str) else list(condition.value)
    if condition.field == "school":
        return values  # a school is chosen from a list, and not written
    column = survey.columns[condition.field]
    is_part = condition.op == "contains"
    found = [one for value in values for one in spellings(value, column, is_part=is_part)]
    return list(dict.fromkeys(found))


def spellings(value: str, column: SectionColumn, *, is_part: bool) -> list[str]:
    """Return how the texts of a column spell what is one value to our filter; raises `NotLiteral`.

    `is_part`: the value is looked for in the texts, else it is all of a text.
    """
    text = wanted(value)
    found: dict[str, None] = {}
    for known, same in zip(column.values, column.literals, strict=True):
        fits = text in known if is_part else known == text
        for literal in same if fits else ():
            if is_part and any(one in literal for one in found):
                continue
            found[_part(literal, text) if is_part else literal] = None
            if len(found) > MOST_SPELLINGS:
                raise NotLiteral(TOO_MANY)
    if any(one != " ".join(one.split()) or not one.isprintable() for one in found):
        raise NotLiteral(HIDDEN)
    usual = " ".join(value.casefold().split())
    return sorted(_as_written(found, value), key=lambda one: (one.casefold() != usual, one)) or [value]


def _as_written(found: Iterable[str], value: str) -> list[str]:
    """Return the spellings, the one that differs from the value by case alone as the value has it."""
    return [value if one == value.casefold() else one for one in found]


def _part(literal: str, text: str) -> str:
    """Return what stands in a text where our filter finds the other one."""
    places: list[int] = []
    squeezed = ""
    for place, letter in enumerate(literal):
        plain = folded(letter)
        places += [place] * len(plain)
        squeezed += plain
    at = squeezed.find(text)
    if at < 0:  # letters that are folded together
        raise NotLiteral(HIDDEN)
    return literal[places[at] : places[at + len(text) - 1] + 1]
