"""Sections of a term that has not begun, at districts that send no terms, and what looks like them."""

from __future__ import annotations

from datetime import date
from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH
from tests.mistakes.changes import made_like, taught_by_another
from tests.mistakes.district import Change, District
from tests.mistakes.facts import APPROVE, FILTER, Fact, at, number, word
from tests.mistakes.mistake import OURS, SIS, Mistake, mistake

OTHER_TERM: Final = Fact("that they may be of another term", r"\b(another|different) terms?\b")
MUST_STAY: Final = Fact("that such sections have to stay", r"have to stay in (the|its) SIS")
MISTAKE: Final = Fact("that it may be a mistake", r"\btwice\b|entered|exported")
ENDS: Final = r"\b(ask\w* \S+ \S+ to|should) (end|delete) the second"
"""To end what may be next term's schedule."""


def loaded(*titles: str, times: int = 1, **fields: str | None) -> Change:
    """Load sections once more, or several times, for terms that have not begun."""

    def change(district: District) -> None:
        for section in [one for title in titles or ("",) for one in district.sections(title)]:
            for _ in range(times):
                made_like(district, section, **fields)
        district.day = date(2026, 12, 9)

    return change


def loaded_with_other_teachers(district: District) -> None:
    before = {section["id"] for section in district.all_of("sections")}
    loaded()(district)
    new = [section for section in district.sections("Room") if section["id"] not in before]
    taught_by_another(lambda _: new)(district)


def loaded_in_other_groups(district: District) -> None:
    """Load next semester's sections, in which every second student is in the other group."""
    for school in (ALDER, BIRCH):
        one, other = district.sections("Room", school)
        made_like(district, one, students=one["students"][::2] + other["students"][1::2])
        made_like(district, other, students=other["students"][::2] + one["students"][1::2])


def without_the_copies(district: District) -> None:
    """Have the sections shared that were there before, as the district can."""
    district.drop("sections", [one for one in district.all_of("sections") if int(one["id"], 16) >= 0x760])


TABLE: Final[list[Mistake]] = [
    mistake(
        "next semester is loaded where no terms are sent",
        bases.by_subject,
        loaded(),
        SIS,
        *(number(48), *at(ALDER, BIRCH), OTHER_TERM, MUST_STAY, Fact("all", "all other sections"), MISTAKE),
        never=(APPROVE, FILTER, ENDS),
        blocked=48,
    ),
    mistake(
        "two more trimesters are loaded where no terms are sent",
        bases.by_name,
        loaded(times=2),
        SIS,
        *(number(48), OTHER_TERM, MUST_STAY, MISTAKE, word("18 sections")),
        never=(APPROVE, FILTER, ENDS),
        blocked=48,
    ),
    mistake(
        "next year's homerooms alone are made",
        bases.by_subject,
        loaded("Room"),
        SIS,
        *(number(48), OTHER_TERM, MUST_STAY, MISTAKE),
        never=(APPROVE, FILTER, ENDS, "all other sections"),
        blocked=48,
    ),
    mistake(
        "next semester is loaded with other teachers where no terms are sent",
        bases.by_subject,
        loaded_with_other_teachers,
        SIS,
        *(number(48), OTHER_TERM, MUST_STAY, word("teacher")),
        never=(APPROVE, FILTER, ENDS),
        blocked=48,
    ),
    mistake(
        "next semester is loaded in other groups where no terms are sent",
        bases.by_subject,
        loaded_in_other_groups,
        SIS,
        *(number(48), OTHER_TERM, MUST_STAY),
        never=(APPROVE, ENDS),
        blocked=48,
    ),
    mistake(
        "next semester is loaded without terms beside the sections of this one",
        bases.by_first_term,
        loaded(term_id=None),
        SIS,
        *(number(36), Fact("that the new ones have no term", r"new have no term"), word("not to end them")),
        never=(APPROVE, FILTER, ENDS),
        blocked=36,
    ),
    mistake(
        "the homerooms of a term are entered twice",
        bases.by_first_term,
        loaded("Advisory"),
        SIS,
        *(number(36), MISTAKE, word("same term"), Fact("which to end", "not in use")),
        never=(APPROVE, FILTER, ENDS),
        blocked=36,
    ),
    mistake(
        "a first load has two semesters and no terms",
        bases.by_subject,
        loaded(),
        SIS,
        *(number(48), OTHER_TERM, MUST_STAY, MISTAKE),
        never=(APPROVE, FILTER, ENDS),
        blocked=48,
        is_first_load=True,
    ),
    mistake(
        "a first load has two semesters in other groups and no terms",
        bases.by_subject,
        loaded_in_other_groups,
        (OURS, SIS),
        *(number(48), OTHER_TERM, MUST_STAY),
        never=(APPROVE, ENDS),
        blocked=48,
        is_first_load=True,
        suggests=True,
    ),
]
