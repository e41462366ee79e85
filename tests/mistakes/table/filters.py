"""Filters that we changed ourselves since the last commit."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, CEDAR, DOGWOOD, HOMEROOM, where
from tests.mistakes.changes import filter_becomes, rules
from tests.mistakes.district import District
from tests.mistakes.facts import APPROVAL, APPROVE, SEVERAL, SHARE, Fact, at, number, word
from tests.mistakes.mistake import OURS, Mistake, mistake

FILTER_CHANGED: Final = Fact(
    "that the filter is ours and was changed", r"\bfilter\b.*\b(chang|new|version|since|before|last)"
)
NOT_HARMFUL: Final = (APPROVE, SHARE)


def first_rule_only(district: District) -> None:
    del district.filter["rules"][1:]


TABLE: Final[list[Mistake]] = [
    mistake(
        "a rule is removed",
        bases.two_ways,
        first_rule_only,
        OURS,
        *(number(24), *at(DOGWOOD), FILTER_CHANGED),
        never=NOT_HARMFUL,
        blocked=24,
        suggests=True,
    ),
    mistake(
        "a rule is narrowed to another grade",
        bases.by_name,
        rules([where("name", "contains", "homeroom"), where("grade", "is", "4")]),
        OURS,
        *(number(48), FILTER_CHANGED),
        never=NOT_HARMFUL,
        blocked=48,
        suggests=True,
    ),
    mistake(
        "a rule is narrowed to one of three schools",
        bases.by_name,
        rules([where("name", "contains", "homeroom"), where("school", "is", ALDER)]),
        OURS,
        *(number(32), *at(bases.BIRCH, CEDAR), FILTER_CHANGED),
        never=NOT_HARMFUL,
        blocked=32,
        suggests=True,
    ),
    mistake(
        "a rule is misspelled",
        bases.by_subject,
        rules([where("subject", "is", "homeroom advisory")]),
        OURS,
        *(number(48), FILTER_CHANGED),
        never=NOT_HARMFUL,
        blocked=48,
        suggests=True,
    ),
    mistake(
        "a rule is added",
        bases.by_subject,
        rules([where("subject", "is", HOMEROOM)], [where("subject", "is", "math")]),
        OURS,
        *(number(48), SEVERAL, FILTER_CHANGED),
        never=NOT_HARMFUL,
        blocked=48,
        suggests=True,
    ),
    mistake(
        "all rules are removed",
        bases.by_name,
        rules(),
        OURS,
        *(number(48), word("filter")),
        never=NOT_HARMFUL,
        blocked=48,
        suggests=True,
    ),
    mistake(
        "sections of all terms count",
        bases.by_term,
        filter_becomes(current_term_only=False),
        OURS,
        *(number(36), SEVERAL, word("term", r"\bterms?\b")),
        never=NOT_HARMFUL,
        blocked=36,
        suggests=True,
    ),
    mistake(
        "other sections are kept",
        bases.by_name,
        rules([where("subject", "is", "math")]),
        OURS,
        *(number(48), FILTER_CHANGED, APPROVAL),
        never=(SHARE,),
        suggests=True,
    ),
    mistake(
        "a grade is removed from the scope",
        bases.scoped,
        filter_becomes(scope={"grades": ["3", "4"]}),
        OURS,
        *(number(24), word("scope"), Fact("the grade", r"\bgrade 5\b")),
        never=(SHARE,),
        suggests=True,
    ),
    mistake(
        "the scope is one of two schools",
        bases.by_subject,
        filter_becomes(scope={"schools": [ALDER]}),
        OURS,
        *(number(24), word("scope"), *at(bases.BIRCH)),
        never=(SHARE,),
        suggests=True,
    ),
    mistake(
        "the scope is a grade that nobody has",
        bases.scoped,
        filter_becomes(scope={"grades": ["9"]}),
        OURS,
        *(number(72), word("scope"), word("9")),
        never=(SHARE,),
        suggests=True,
    ),
    mistake("a grade is added to the scope", bases.scoped, filter_becomes(scope={"grades": [*"2345"]}), None),
]
