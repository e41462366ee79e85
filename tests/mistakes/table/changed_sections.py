"""Sections that are of another term, course, subject or period."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, DOGWOOD, ELM, HOMEROOM
from tests.mistakes.changes import ONE, of_another_term, sections, sections_become
from tests.mistakes.district import District
from tests.mistakes.facts import APPROVE, BLANK, SEVERAL, SHARE, SHARED, at, number, word
from tests.mistakes.mistake import OURS, SIS, Mistake, mistake


def renumbered(district: District) -> None:
    """Give the course of homerooms another number."""
    next(course for course in district.all_of("courses") if course["number"] == "HR")["number"] = "HR1"


TABLE: Final[list[Mistake]] = [
    mistake(
        "one advisory is moved to the next term",
        bases.by_term,
        of_another_term(sections("Advisory", DOGWOOD, ONE), "S2"),
        SIS,
        *(number(9), *at(DOGWOOD), word("S2"), word("2027-01-05")),
        never=SHARED,
        blocked=9,
    ),
    mistake(
        "all advisories of a school are moved to the next term",
        bases.by_first_term,
        of_another_term(sections("Advisory", ELM), "S2"),
        SIS,
        *(number(18), *at(ELM), word("S2"), word("2027-01-05")),
        never=SHARED,
        blocked=18,
    ),
    mistake(
        "an advisory of the next term has no term any more",
        bases.by_term,
        sections_become(sections("Advisory", DOGWOOD, slice(2, 3)), term_id=None),
        SIS,
        *(number(9), *at(DOGWOOD), word("term")),
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
        *(number(12), *at(BIRCH), word("course")),
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
        *(number(12), *at(ALDER), word("subject"), word(HOMEROOM), word("other")),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "all homerooms of one school have no subject any more",
        bases.by_subject,
        sections_become(sections("Room", ALDER), subject=""),
        SIS,
        *(number(24), *at(ALDER), word("subject"), word(HOMEROOM), BLANK),
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
        *(number(12), *at(BIRCH), word("subject"), word(HOMEROOM), word("other")),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "one class of period 1 is in period 2",
        bases.by_period,
        sections_become(sections("", DOGWOOD, ONE, period="1"), period="2"),
        SIS,
        *(number(8), *at(DOGWOOD), word("period"), word("1"), word("2")),
        never=SHARED,
        blocked=8,
    ),
    mistake(
        "a school writes its periods in another way",
        bases.by_period,
        sections_become(sections("", DOGWOOD, period="1"), period="01"),
        (SIS, OURS),
        *(number(24), *at(DOGWOOD), word("period"), word("01")),
        never=(APPROVE, SHARE),
        blocked=24,
        suggests=True,
    ),
    mistake(
        "a class of period 2 is in period 1 too",
        bases.by_period,
        sections_become(sections("", ELM, ONE, period="2"), period="1"),
        SIS,
        *(number(9), *at(ELM), word("period"), SEVERAL),
        never=SHARED,
        blocked=9,
    ),
]
