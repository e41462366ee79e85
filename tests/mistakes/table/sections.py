"""Sections that are gone, or renamed."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, DOGWOOD, ELM, where
from tests.mistakes.changes import (
    ONE,
    listed_too,
    rules,
    sections,
    sections_called,
    sections_gone,
    students,
    taught_by_another,
    together,
)
from tests.mistakes.district import Change
from tests.mistakes.facts import (
    AMBIGUOUS,
    APPROVE,
    DATA,
    GONE,
    RENAMED,
    SEVERAL,
    SHARE,
    SHARED,
    at,
    number,
    word,
)
from tests.mistakes.mistake import EITHER, OURS, SHARING, SIS, Mistake, mistake


def _homerooms(title: str, school: str, only: slice | None = None) -> Change:
    return sections_gone(sections(title, school, only))


GONE_ONES: Final[list[Mistake]] = [
    mistake(
        "one homeroom by name is gone",
        bases.by_name,
        _homerooms("Homeroom", ALDER, ONE),
        EITHER,
        *(number(8), *at(ALDER), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=8,
    ),
    mistake(
        "one homeroom by subject is gone",
        bases.by_subject,
        _homerooms("Room", BIRCH, ONE),
        EITHER,
        *(number(12), *at(BIRCH), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=12,
    ),
    mistake(
        "all homerooms of one school are gone",
        bases.by_name,
        _homerooms("Homeroom", BIRCH),
        EITHER,
        *(number(16), *at(BIRCH), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=16,
    ),
    mistake(
        "all homerooms of the district are gone, and nothing else",
        bases.by_subject,
        sections_gone(sections("Room")),
        SHARING,
        *(number(48), GONE, word("homeroom", "homeroom")),
        never=DATA,
        blocked=48,
    ),
    mistake(
        "the classes of period 1 at one school are gone",
        bases.by_period,
        sections_gone(sections("", ELM, period="1")),
        EITHER,
        *(number(24), *at(ELM), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=24,
    ),
    mistake(
        "one homeroom by course is gone",
        bases.by_course,
        _homerooms("Homeroom", ALDER, ONE),
        EITHER,
        *(number(12), *at(ALDER), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=12,
    ),
    mistake(
        "one homeroom is gone whose students have all other subjects together",
        bases.lockstep,
        _homerooms("Homeroom", ALDER, ONE),
        EITHER,
        *(number(12), *at(ALDER), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=12,
    ),
    mistake(
        "one advisory of the current term is gone",
        bases.by_term,
        _homerooms("Advisory", DOGWOOD, ONE),
        EITHER,
        *(number(9), *at(DOGWOOD), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=9,
    ),
    mistake(
        "one homeroom of a grade in scope is gone",
        bases.scoped,
        sections_gone(sections("Homeroom", BIRCH, grade="4")),
        EITHER,
        *(number(12), *at(BIRCH), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=12,
    ),
    mistake(
        "one homeroom is gone and its students are in another one",
        bases.by_name,
        together(
            _homerooms("Homeroom", ALDER, ONE),
            listed_too(students(ALDER, None, slice(8)), sections("Homeroom", ALDER)),
        ),
        None,
    ),
]

RENAMED_ONES: Final[list[Mistake]] = [
    mistake(
        "one homeroom is renamed",
        bases.by_name,
        sections_called(sections("Homeroom", ALDER, ONE), "Room 12"),
        SIS,
        *(number(8), *at(ALDER), RENAMED),
        never=SHARED,
        blocked=8,
    ),
    mistake(
        "all homerooms of one school are renamed",
        bases.by_name,
        sections_called(sections("Homeroom", BIRCH), "Advisory"),
        (SIS, OURS),
        *(number(16), *at(BIRCH), RENAMED),
        never=(APPROVE, SHARE),
        blocked=16,
        suggests=True,
        fix=rules([where("name", "contains", "homeroom")], [where("name", "contains", "advisory")]),
    ),
    mistake(
        "all homerooms of the district are renamed",
        bases.by_name,
        sections_called(sections("Homeroom"), "Advisory"),
        (OURS, SIS),
        *(number(48), RENAMED),
        never=(APPROVE, SHARE),
        blocked=48,
        suggests=True,
        fix=rules([where("name", "contains", "advisory")]),
    ),
    mistake(
        "one of the homerooms that count beside a middle school is renamed",
        bases.two_ways,
        sections_called(sections("Homeroom", ALDER, ONE), "Crew"),
        SIS,
        *(number(12), *at(ALDER), RENAMED),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "a homeroom is renamed so that it still counts",
        bases.by_name,
        sections_called(sections("Homeroom", ALDER, ONE), "Homeroom 3"),
        None,
    ),
    mistake(
        "a math section is renamed so that it counts too",
        bases.by_name,
        sections_called(sections("Math", ALDER, ONE), "Homeroom Math"),
        SIS,
        *(number(8), *at(ALDER), RENAMED, SEVERAL),
        never=SHARED,
        blocked=8,
    ),
    mistake(
        "a class kept by its whole name has another teacher",
        bases.by_titles,
        taught_by_another(sections("Room", ALDER, ONE)),
        OURS,
        *(number(12), *at(ALDER), RENAMED),
        never=(APPROVE, SHARE),
        blocked=12,
        suggests=True,
    ),
    mistake(
        "a homeroom kept by a word of its name has another teacher",
        bases.by_name,
        taught_by_another(sections("Homeroom", ALDER, ONE)),
        None,
    ),
]

TABLE: Final = [*GONE_ONES, *RENAMED_ONES]
