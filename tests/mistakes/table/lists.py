"""Lists of sections: students taken out, and lists that are empty."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, CEDAR, DOGWOOD, ELM
from tests.mistakes.changes import ONE, listed_too, sections, students, taken_out, together, unlisted
from tests.mistakes.facts import EMPTY, SHARED, Fact, at, number
from tests.mistakes.mistake import SIS, Mistake, mistake

LEFT: Final = Fact(
    "that they were taken out",
    r"(taken|took|moved) out|removed? from|no longer (in|on|listed)"
    r"|not (in|on|listed).* any ?more|\bleft\b|dropped",
)


TAKEN_OUT: Final[list[Mistake]] = [
    mistake(
        "one student is taken out of a homeroom",
        bases.by_name,
        taken_out(sections("Homeroom", ALDER, ONE), ONE),
        SIS,
        *(number(1), *at(ALDER), LEFT),
        never=SHARED,
        blocked=1,
    ),
    mistake(
        "three students are taken out of a homeroom",
        bases.by_subject,
        taken_out(sections("Room", BIRCH, ONE), slice(3)),
        SIS,
        *(number(3), *at(BIRCH), LEFT),
        never=SHARED,
        blocked=3,
    ),
    mistake(
        "one student is taken out of a homeroom whose students have all others together",
        bases.lockstep,
        taken_out(sections("Homeroom", BIRCH, ONE), ONE),
        SIS,
        *(number(1), *at(BIRCH), LEFT),
        never=SHARED,
        blocked=1,
    ),
    mistake(
        "one student is taken out of each homeroom",
        bases.by_name,
        taken_out(sections("Homeroom"), ONE),
        SIS,
        *(number(6), *at(ALDER, BIRCH, CEDAR), LEFT),
        never=SHARED,
        blocked=6,
    ),
    mistake(
        "one student is taken out of an advisory of the current term",
        bases.by_term,
        taken_out(sections("Advisory", DOGWOOD, ONE), ONE),
        SIS,
        *(number(1), *at(DOGWOOD), LEFT),
        never=SHARED,
        blocked=1,
    ),
    mistake(
        "one student is taken out of the class of period 1",
        bases.by_period,
        taken_out(sections("", ELM, ONE, period="1"), ONE),
        SIS,
        *(number(1), *at(ELM), LEFT),
        never=SHARED,
        blocked=1,
    ),
    mistake(
        "one student is taken out of all sections",
        bases.by_subject,
        unlisted(students(ALDER, None, ONE)),
        SIS,
        *(number(1), *at(ALDER), Fact("that there is no section", r"\b(no|none|any)\b.*\b(section|class)")),
        never=SHARED,
        blocked=1,
    ),
    mistake(
        "one student is in another homeroom",
        bases.by_name,
        together(
            taken_out(sections("Homeroom", ALDER, ONE), ONE),
            listed_too(students(ALDER, None, ONE), sections("Homeroom", ALDER, slice(1, 2))),
        ),
        None,
    ),
]

EMPTY_LISTS: Final[list[Mistake]] = [
    mistake(
        "all students are taken out of one homeroom",
        bases.by_subject,
        taken_out(sections("Room", ALDER, ONE)),
        SIS,
        *(number(12), *at(ALDER), EMPTY),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "the lists of all homerooms of one school are empty",
        bases.by_name,
        taken_out(sections("Homeroom", CEDAR)),
        SIS,
        *(number(16), *at(CEDAR), EMPTY),
        never=SHARED,
        blocked=16,
    ),
    mistake(
        "the lists of all sections of one school are empty",
        bases.by_name,
        taken_out(sections("", BIRCH)),
        SIS,
        *(number(16), *at(BIRCH), EMPTY),
        never=SHARED,
        blocked=16,
    ),
    mistake(
        "the lists of all homerooms of the district are empty",
        bases.lockstep,
        taken_out(sections("Homeroom")),
        SIS,
        *(number(48), EMPTY),
        never=SHARED,
        blocked=48,
    ),
    mistake(
        "the lists of all sections of the district are empty",
        bases.by_subject,
        taken_out(sections()),
        SIS,
        *(number(48), EMPTY),
        never=SHARED,
        blocked=48,
    ),
    mistake(
        "the lists of all sections of the current term are empty",
        bases.by_term,
        taken_out(lambda district: district.sections(term_id=district.term("S1")["id"])),
        SIS,
        *(number(36), EMPTY),
        never=SHARED,
        blocked=36,
    ),
]

TABLE: Final = [*TAKEN_OUT, *EMPTY_LISTS]
