"""Terms that are over or unknown; sections made anew, merged and split."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, CEDAR, DOGWOOD
from tests.mistakes.changes import (
    ONE,
    day_comes,
    made_anew,
    made_like,
    merged,
    sections,
    sections_become,
    sections_called,
    sections_gone,
    split,
    together,
)
from tests.mistakes.district import Change, District
from tests.mistakes.facts import APPROVAL, DATA, FILTER, SHARE, SHARED, Fact, at, number, word
from tests.mistakes.mistake import EITHER, SIS, VENDOR, Mistake, mistake

SAME: Final = Fact(
    "that the students are the same",
    r"\bsame (\w+ )?students?\b|\bsame (class|group|section)|new (\w+ )?ids?\b",
)
NONE_CURRENT: Final = r"none of their sections has a current term"
"""Not to be told of students who are in sections of the current term."""
ANOTHER: Final = Fact("another class", r"(another|other|different|new) class|change class|\bmerge")


def second_term_made(district: District) -> None:
    """Add the advisories of the second term, with the students of the first."""
    second = district.term("S2")["id"]
    for section in district.sections("Advisory"):
        made_like(district, section, term_id=second)


def _dates(term: str, start: str, end: str) -> Change:
    return lambda district: district.term(term).update(start_date=start, end_date=end)


def swapped(district: District) -> None:
    """Put half of each homeroom of a school into the other one."""
    one, other = district.sections("Room", ALDER)
    first, second = one["students"], other["students"]
    one["students"], other["students"] = first[:6] + second[:6], first[6:] + second[6:]


def exchanged(district: District) -> None:
    """Give two homerooms of a school the lists of each other."""
    one, other = district.sections("Room", ALDER)
    one["students"], other["students"] = other["students"], one["students"]


def taught_by_one(district: District) -> None:
    """Have all homerooms taught by one teacher."""
    teacher = district.teachers(ALDER)[4]["id"]
    sections_become(sections("Room"), teacher=teacher, teachers=[teacher])(district)


def with_a_later_term() -> District:
    """Return the district whose second term begins later than the first one counts."""
    district = bases.by_term()
    district.term("S2")["start_date"] = "2027-02-01"
    return district


TERMS: Final[list[Mistake]] = [
    mistake(
        "the record of the next term is gone",
        bases.by_term,
        lambda district: district.drop("terms", [district.term("S2")]),
        EITHER,
        *(number(36), word("terms", r"\bterms?\b")),
        never=DATA,
        blocked=36,
    ),
    mistake(
        "the term is over and no section of the next one is there",
        bases.by_first_term,
        day_comes(2027, 1, 11),
        EITHER,
        *(number(36), word("S1"), word("2026-12-18"), word("S2"), word("2027-01-05"), word("shares")),
        never=DATA,
        blocked=36,
        fix=second_term_made,
    ),
    mistake(
        "the term is over and one advisory of the next one is not there",
        bases.by_term_unguarded,
        together(sections_gone(sections("Advisory", DOGWOOD, slice(2, 3))), day_comes(2027, 1, 11)),
        EITHER,
        *(number(9), *at(DOGWOOD), word("S1"), word("2026-12-18"), word("shared")),
        never=(*DATA, NONE_CURRENT),
        blocked=9,
    ),
    mistake(
        "the term is over and the next one begins after the days of grace",
        with_a_later_term,
        day_comes(2027, 1, 20),
        (SIS, VENDOR),
        *(number(36), word("S1"), word("2026-12-18"), word("S2"), word("2027-02-01")),
        never=SHARED,
        blocked=36,
        fix=day_comes(2027, 2, 2),
    ),
    mistake(
        "the next term begins and puts everybody into another class",
        bases.by_term,
        day_comes(2027, 1, 11),
        VENDOR,
        *(number(36), word("S2"), word("term"), APPROVAL),
        never=(FILTER, SHARE),
        fix=day_comes(2026, 10, 15),
    ),
    mistake(
        "the current term has the dates of the year before",
        bases.by_term,
        _dates("S1", "2025-08-18", "2025-12-19"),
        SIS,
        *(number(36), word("S1"), word("2025-12-19")),
        never=SHARED,
        blocked=36,
    ),
    mistake(
        "the next term has no dates any more",
        bases.by_term,
        _dates("S2", "", ""),
        SIS,
        *(number(36), word("S2"), Fact("its dates", r"\bdates?\b|\bdays\b")),
        never=SHARED,
        blocked=36,
    ),
    mistake(
        "the terms are gone and their sections are there",
        bases.by_term,
        lambda district: district.drop("terms", district.all_of("terms")),
        EITHER,
        *(number(36), word("terms", r"\bterms?\b")),
        never=DATA,
        blocked=36,
    ),
]


MADE_ANEW: Final[list[Mistake]] = [
    mistake(
        "all sections have new ids and the same numbers",
        bases.by_subject,
        made_anew(sections(), is_same=True),
        (SIS, VENDOR),
        *(number(48), SAME, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "all homerooms of one school have new ids and the same numbers",
        bases.by_subject,
        made_anew(sections("Room", ALDER), is_same=True),
        (SIS, VENDOR),
        *(number(24), *at(ALDER), SAME, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "all sections have new ids and new numbers",
        bases.by_subject,
        made_anew(sections()),
        (SIS, VENDOR),
        *(number(48), SAME, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "all homerooms of one school have new ids and new numbers",
        bases.by_subject,
        made_anew(sections("Room", BIRCH)),
        (SIS, VENDOR),
        *(number(24), *at(BIRCH), SAME, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "all homerooms of one school are made anew under another course",
        bases.by_name,
        together(
            sections_called(sections("Homeroom", ALDER), "Homeroom B"), made_anew(sections("Homeroom", ALDER))
        ),
        (SIS, VENDOR),
        *(number(16), *at(ALDER), SAME, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake("one homeroom has a new id", bases.by_name, made_anew(sections("Homeroom", CEDAR, ONE)), None),
    mistake(
        "two homerooms are merged",
        bases.by_subject,
        merged(sections("Room", ALDER)),
        SIS,
        *(number(12), *at(ALDER), ANOTHER, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "one homeroom is split in two",
        bases.by_subject,
        split(sections("Room", BIRCH, ONE)),
        SIS,
        *(number(12), *at(BIRCH), ANOTHER, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "half of the students of two homerooms change places",
        bases.by_subject,
        swapped,
        SIS,
        *(number(12), *at(ALDER), ANOTHER, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "the lists of two homerooms are taken for each other",
        bases.by_subject,
        exchanged,
        SIS,
        *(number(24), *at(ALDER), ANOTHER),
        never=(FILTER, SHARE),
    ),
    mistake("all homerooms have another teacher", bases.by_subject, taught_by_one, None),
]


TABLE: Final = [*TERMS, *MADE_ANEW]
