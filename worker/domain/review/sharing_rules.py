"""A suggestion as sharing rules: one rule a line, in the operators that Clever has, or why it cannot be them.

A suggestion carries its rules as one text, spelled as the district's sections are; see
`worker.suggest.wording`, which writes that text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import Any, Final

from worker.domain.roster.section_filter import SectionFilter

BEGINNING: Final = "Match all sections where "
_NEXT_RULE: Final = re.compile(r'(?<="); and match all sections where (?=[a-zSI ]+ "|[a-zSI ]+ is one of ")')
_NEXT_CONDITION: Final = re.compile(r'(?<=") and (?=[a-zSI ]+ ")')
_ONE_OF: Final = re.compile(r'(?P<field>[a-zSI ]+) is one of (?P<values>".*")', re.DOTALL)
_NEXT_VALUE: Final = re.compile(r'(?<="), (?=")')
MAY_NAME: Final = "its words may name a person, and an e-mail must not"
"""Why a suggestion is kept without its filter and its text."""
_NOT_CLEVERS: Final = {"not_contains": "does not contain", "starts_with": "starts with"}


def sharing_rules(text: str) -> tuple[str, ...]:
    """Return the rules of a suggestion's text, each "Match all sections where …".

    "Is one of" is no operator of Clever's: it becomes as many rules as it has values.
    """
    rules = _NEXT_RULE.split(text.removeprefix(BEGINNING)) if text.startswith(BEGINNING) else []
    return tuple(line for rule in rules for line in _lines(rule)) or (text,)


def _lines(rule: str) -> list[str]:
    ways = [_conditions(condition) for condition in _NEXT_CONDITION.split(rule)]
    return [BEGINNING + " and ".join(one) for one in product(*ways)]


def _conditions(condition: str) -> list[str]:
    found = _ONE_OF.fullmatch(condition)
    if found is None:
        return [condition]
    return [f"{found['field']} is {value}" for value in _NEXT_VALUE.split(found["values"])]


def why_not_sharing_rules(suggestion: Mapping[str, Any]) -> str | None:
    """Return why sharing rules cannot say a suggestion of a review, after "because"; None where they can."""
    if suggestion["sharing_rules"]:
        return None
    if suggestion["filter"] is None:
        return str(suggestion["why_not_shared"])
    section_filter = SectionFilter.model_validate(suggestion["filter"])
    conditions = [condition for rule in section_filter.rules for condition in rule.all]
    if section_filter.strategy == "first_match" and len(section_filter.rules) > 1:
        return "it uses each rule only for students who have no class by the rules before it"
    if section_filter.current_term_only:
        return "it keeps only sections of current terms"
    for operator, words in _NOT_CLEVERS.items():
        if any(condition.op == operator for condition in conditions):
            return f'it uses "{words}", and Clever knows only "is", "is not" and "contains"'
    if any(condition.field == "term" for condition in conditions):
        return "it compares the terms of sections"
    return str(suggestion["why_not_shared"])
