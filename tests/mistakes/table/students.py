"""Students under new ids, with two records, or in two classes."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, HOMEROOM
from tests.mistakes.changes import (
    ONE,
    ids_reissued,
    listed_too,
    second_record,
    sections,
    students,
    students_become,
    together,
)
from tests.mistakes.district import District, role
from tests.mistakes.facts import APPROVAL, APPROVE, FILTER, SEVERAL, SHARE, SHARED, Fact, at, number, word
from tests.mistakes.mistake import EITHER, SIS, VENDOR, Mistake, mistake

SAME_STUDENTS: Final = Fact(
    "that the students are the same",
    r"\bsame (\w+ )?(students?|people|numbers?)|new (\w+ )?ids?\b|again under|two ids",
)
ONLY_ONE: Final = Fact("which one to delete", "only one is in sections")
TWO_RECORDS: Final = Fact("two records", r"\b(two|both|second|duplicate|same|share)\b")


def taken_over(district: District) -> None:
    """Have a student's second record in the sections, in the place of the first one."""
    (first,) = students(BIRCH, None, ONE)(district)
    second_record(students(BIRCH, None, ONE))(district)
    new = district.students(BIRCH)[-1]["id"]
    for section in district.all_of("sections"):
        section["students"] = [new if one == first["id"] else one for one in section["students"]]


def rounded(district: District) -> None:
    """Write the last digit of each number as a zero."""
    for at_, student in enumerate(district.students(ALDER)):
        role(student)["sis_id"] = f"9{at_ // 2}0"


IDS: Final[list[Mistake]] = [
    mistake(
        "all students have new ids and the same numbers",
        bases.by_subject,
        ids_reissued(students()),
        (SIS, VENDOR),
        *(number(48), SAME_STUDENTS, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "the students of one school have new ids and the same numbers",
        bases.by_subject,
        ids_reissued(students(BIRCH)),
        (SIS, VENDOR),
        *(number(24), *at(BIRCH), SAME_STUDENTS, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "all students have new ids, and of their numbers only the state's is the same",
        bases.by_name,
        ids_reissued(students(), sis_id="NEW-", student_number="NEW"),
        (SIS, VENDOR),
        *(number(48), SAME_STUDENTS, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "the students of one school have new ids and new numbers",
        bases.by_name,
        ids_reissued(students(ALDER), sis_id="NEW-", student_number="NEW", state_id="NS"),
        EITHER,
        *(number(16), *at(ALDER)),
        never=(FILTER,),
    ),
    mistake("one student has a new id", bases.by_name, ids_reissued(students(ALDER, None, ONE)), None),
    mistake(
        "one student has a second record that is in no class",
        bases.by_name,
        second_record(students(ALDER, None, ONE)),
        SIS,
        *(
            number(2),
            *at(ALDER),
            word("SIS ID", r"sis.id"),
            TWO_RECORDS,
            ONLY_ONE,
        ),
        never=(FILTER, APPROVE),
        blocked=2,
    ),
    mistake(
        "one student has a second record in another class",
        bases.by_subject,
        together(
            second_record(students(BIRCH, None, ONE)),
            listed_too(students(BIRCH, None, slice(-1, None)), sections("Room", BIRCH)),
        ),
        SIS,
        *(number(2), *at(BIRCH), word("SIS ID", r"sis.id"), TWO_RECORDS, Fact("which", "delete the new one")),
        never=SHARED,
        blocked=2,
    ),
    mistake(
        "one student has a second record that has taken over the sections",
        bases.by_subject,
        taken_over,
        SIS,
        *(number(2), *at(BIRCH), TWO_RECORDS, Fact("which", "only the new record is in sections")),
        never=SHARED,
        blocked=2,
    ),
    mistake(
        "the numbers of a school are rounded by a spreadsheet",
        bases.by_subject,
        rounded,
        SIS,
        *(number(24), *at(ALDER), word("SIS ID", r"sis.id"), word("export"), word("spreadsheet")),
        never=(*SHARED, r"delete"),
        blocked=24,
    ),
    mistake(
        "two students have the same number in the SIS",
        bases.by_subject,
        students_become(students(ALDER, None, slice(2)), sis_id="STU-0001"),
        SIS,
        *(number(2), *at(ALDER), word("SIS ID", r"sis.id"), TWO_RECORDS),
        never=SHARED,
        blocked=2,
    ),
]

TWICE: Final[list[Mistake]] = [
    mistake(
        "one student is added to a second homeroom",
        bases.by_name,
        listed_too(students(ALDER, None, ONE), sections("Homeroom", ALDER)),
        SIS,
        *(number(1), *at(ALDER), SEVERAL),
        never=SHARED,
        blocked=1,
    ),
    mistake(
        "one student is added to a second homeroom of another school",
        bases.by_subject,
        listed_too(students(ALDER, None, ONE), sections("Room", BIRCH)),
        SIS,
        *(number(1), *at(ALDER, BIRCH), SEVERAL),
        never=SHARED,
        blocked=1,
    ),
    mistake(
        "five students are added to a second homeroom",
        bases.by_subject,
        listed_too(students(BIRCH, None, slice(5)), sections("Room", BIRCH)),
        SIS,
        *(number(5), *at(BIRCH), SEVERAL),
        never=SHARED,
        blocked=5,
    ),
    mistake(
        "one student is added to a second homeroom of a school in lockstep",
        bases.lockstep,
        listed_too(students(ALDER, "3", ONE), sections("Homeroom", ALDER, subject=HOMEROOM)),
        SIS,
        *(number(1), *at(ALDER), SEVERAL),
        never=SHARED,
        blocked=1,
    ),
]

TABLE: Final = [*IDS, *TWICE]
