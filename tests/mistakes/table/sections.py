"""Sections that are gone, or are not any more what the filter keeps."""

from __future__ import annotations

from typing import Final

from schemas.words import Owner
from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, DOGWOOD, ELM, HOMEROOM
from tests.mistakes.changes import (
    ONE,
    listed_too,
    of_another_term,
    sections,
    sections_become,
    sections_called,
    sections_gone,
    students,
    taught_by_another,
    together,
)
from tests.mistakes.district import Change, District
from tests.mistakes.mistake import (
    AMBIGUOUS,
    APPROVE,
    BLANK,
    FILTER,
    GONE,
    RENAMED,
    SEVERAL,
    SHARE,
    Mistake,
    mistake,
    number,
    word,
)

SIS, SHARING, OURS = Owner.SIS, Owner.SHARING, Owner.FILTER
EITHER: Final = (SIS, SHARING)
DATA: Final = (FILTER, APPROVE)
"""Not to be told where data at the district changed, and students stand without a class."""
SHARED: Final = (*DATA, SHARE)
"""Nor where all is shared as before."""


def renumbered(district: District) -> None:
    """Give the course of homerooms another number."""
    next(course for course in district.all_of("courses") if course["number"] == "HR")["number"] = "HR1"


def _homerooms(title: str, at: str, only: slice | None = None) -> Change:
    return sections_gone(sections(title, at, only))


GONE_ONES: Final[list[Mistake]] = [
    mistake(
        "one homeroom by name is gone",
        bases.by_name,
        _homerooms("Homeroom", ALDER, ONE),
        EITHER,
        *(number(8), word(ALDER), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=8,
    ),
    mistake(
        "one homeroom by subject is gone",
        bases.by_subject,
        _homerooms("Room", BIRCH, ONE),
        EITHER,
        *(number(12), word(BIRCH), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=12,
    ),
    mistake(
        "all homerooms of one school are gone",
        bases.by_name,
        _homerooms("Homeroom", BIRCH),
        EITHER,
        *(number(16), word(BIRCH), GONE, *AMBIGUOUS),
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
        *(number(24), word(ELM), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=24,
    ),
    mistake(
        "one homeroom by course is gone",
        bases.by_course,
        _homerooms("Homeroom", ALDER, ONE),
        EITHER,
        *(number(12), word(ALDER), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=12,
    ),
    mistake(
        "one homeroom is gone whose students have all other subjects together",
        bases.lockstep,
        _homerooms("Homeroom", ALDER, ONE),
        EITHER,
        *(number(12), word(ALDER), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=12,
    ),
    mistake(
        "one advisory of the current term is gone",
        bases.by_term,
        _homerooms("Advisory", DOGWOOD, ONE),
        EITHER,
        *(number(9), word(DOGWOOD), GONE, *AMBIGUOUS),
        never=DATA,
        blocked=9,
    ),
    mistake(
        "one homeroom of a grade in scope is gone",
        bases.scoped,
        sections_gone(sections("Homeroom", BIRCH, grade="4")),
        EITHER,
        *(number(12), word(BIRCH), GONE, *AMBIGUOUS),
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
        *(number(8), word(ALDER), RENAMED),
        never=SHARED,
        blocked=8,
    ),
    mistake(
        "all homerooms of one school are renamed",
        bases.by_name,
        sections_called(sections("Homeroom", BIRCH), "Advisory"),
        (SIS, OURS),
        *(number(16), word(BIRCH), RENAMED),
        never=(APPROVE, SHARE),
        blocked=16,
        suggests=True,
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
    ),
    mistake(
        "one of the homerooms that count beside a middle school is renamed",
        bases.two_ways,
        sections_called(sections("Homeroom", ALDER, ONE), "Crew"),
        SIS,
        *(number(12), word(ALDER), RENAMED),
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
        *(number(8), word(ALDER), RENAMED, SEVERAL),
        never=SHARED,
        blocked=8,
    ),
    mistake(
        "a class kept by its whole name has another teacher",
        bases.by_titles,
        taught_by_another(sections("Room", ALDER, ONE)),
        OURS,
        *(number(12), word(ALDER), RENAMED),
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

CHANGED_ONES: Final[list[Mistake]] = [
    mistake(
        "one advisory is moved to the next term",
        bases.by_term,
        of_another_term(sections("Advisory", DOGWOOD, ONE), "S2"),
        SIS,
        *(number(9), word(DOGWOOD), word("S2"), word("2027-01-05")),
        never=SHARED,
        blocked=9,
    ),
    mistake(
        "all advisories of a school are moved to the next term",
        bases.by_first_term,
        of_another_term(sections("Advisory", ELM), "S2"),
        SIS,
        *(number(18), word(ELM), word("S2"), word("2027-01-05")),
        never=SHARED,
        blocked=18,
    ),
    mistake(
        "an advisory of the next term has no term any more",
        bases.by_term,
        sections_become(sections("Advisory", DOGWOOD, slice(2, 3)), term_id=None),
        SIS,
        *(number(9), word(DOGWOOD), word("term")),
        never=SHARED,
        blocked=9,
    ),
    mistake(
        "one homeroom is of another course",
        bases.by_course,
        lambda district: sections_become(
            sections("Homeroom", BIRCH, ONE), course=district.all_of("courses")[1]["id"]
        )(district),
        SIS,
        *(number(12), word(BIRCH), word("course")),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "the course of all homerooms has another number",
        bases.by_course,
        renumbered,
        (SIS, OURS),
        *(number(48), word("course"), word("HR1")),
        never=(APPROVE, SHARE),
        blocked=48,
        suggests=True,
    ),
    mistake(
        "one homeroom is of another subject",
        bases.by_subject,
        sections_become(sections("Room", ALDER, ONE), subject="other"),
        SIS,
        *(number(12), word(ALDER), word("subject"), word(HOMEROOM), word("other")),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "all homerooms of one school have no subject any more",
        bases.by_subject,
        sections_become(sections("Room", ALDER), subject=""),
        SIS,
        *(number(24), word(ALDER), word("subject"), word(HOMEROOM), BLANK),
        never=SHARED,
        blocked=24,
    ),
    mistake(
        "all homerooms of the district are of another subject",
        bases.by_subject,
        sections_become(sections("Room"), subject="other"),
        (SIS, OURS),
        *(number(48), word("subject"), word(HOMEROOM), word("other")),
        never=(APPROVE, SHARE),
        blocked=48,
        suggests=True,
    ),
    mistake(
        "a homeroom is of another subject whose students have all others together",
        bases.lockstep,
        sections_become(sections("Homeroom", BIRCH, ONE), subject="other"),
        SIS,
        *(number(12), word(BIRCH), word("subject"), word(HOMEROOM), word("other")),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "one class of period 1 is in period 2",
        bases.by_period,
        sections_become(sections("", DOGWOOD, ONE, period="1"), period="2"),
        SIS,
        *(number(8), word(DOGWOOD), word("period"), word("1"), word("2")),
        never=SHARED,
        blocked=8,
    ),
    mistake(
        "a school writes its periods in another way",
        bases.by_period,
        sections_become(sections("", DOGWOOD, period="1"), period="01"),
        (SIS, OURS),
        *(number(24), word(DOGWOOD), word("period"), word("01")),
        never=(APPROVE, SHARE),
        blocked=24,
        suggests=True,
    ),
    mistake(
        "a class of period 2 is in period 1 too",
        bases.by_period,
        sections_become(sections("", ELM, ONE, period="2"), period="1"),
        SIS,
        *(number(9), word(ELM), word("period"), SEVERAL),
        never=SHARED,
        blocked=9,
    ),
]

TABLE: Final = [*GONE_ONES, *RENAMED_ONES, *CHANGED_ONES]
