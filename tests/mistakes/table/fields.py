"""Students whose grade, school or another field changed, or is blank."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, CEDAR
from tests.mistakes.changes import (
    ONE,
    one_year_up,
    stripped,
    students,
    students_become,
    students_gone,
    together,
)
from tests.mistakes.facts import APPROVAL, BLANK, DATA, SHARE, SHARED, Fact, at, number, word
from tests.mistakes.mistake import EITHER, SHARING, SIS, VENDOR, Mistake, mistake

GRADE: Final = word("grade", r"\bgrades?\b")
SCHOOL: Final = word("school", "school")
WITHHELD: Final = Fact("that the field may not be shared", r"\bshar(e|ed|es|ing)\b|withh(e|o)ld|access")
GRADES: Final[list[Mistake]] = [
    mistake(
        "the grade of one student in scope is blank",
        bases.scoped,
        students_become(students(ALDER, "3", ONE), grade=""),
        None,  # a student out of scope is not rostered; the warning student.left_scope tells it
    ),
    mistake(
        "the grades of a class in scope are blank",
        bases.scoped,
        students_become(students(ALDER, "3"), grade=""),
        SIS,
        *(number(12), *at(ALDER), GRADE, BLANK),
        never=SHARED,
    ),
    mistake(
        "the grades of all students of one school in scope are blank",
        bases.scoped,
        students_become(students(BIRCH), grade=""),
        SIS,
        *(number(36), *at(BIRCH), GRADE, BLANK),
        never=SHARED,
    ),
    mistake(
        "the grades of all students in scope are blank",
        bases.scoped,
        students_become(students(), grade=""),
        EITHER,
        *(number(72), GRADE, BLANK),
        never=DATA,
    ),
    mistake(
        "one grade is written in another way",
        bases.scoped,
        students_become(students(None, "3"), grade="03"),
        SIS,
        *(number(24), GRADE, word("03")),
        never=SHARED,
    ),
    mistake(
        "one grade of one school is written in words",
        bases.scoped,
        students_become(students(BIRCH, "4"), grade="Fourth Grade"),
        SIS,
        *(number(12), *at(BIRCH), word("Fourth Grade")),
        never=SHARED,
    ),
    mistake(
        "the grades of one school have a letter before them",
        bases.scoped,
        together(*(students_become(students(BIRCH, grade), grade=f"G0{grade}") for grade in "345")),
        SIS,
        *(number(36), *at(BIRCH), word("G03"), Fact("that they are written otherwise", "written|spelling")),
        never=SHARED,
    ),
    mistake(
        "all grades are written in another way",
        bases.scoped,
        together(*(students_become(students(None, grade), grade=f"0{grade}") for grade in "2345")),
        SIS,
        *(number(72), GRADE, word("03")),
        never=SHARED,
    ),
    mistake(
        "the new school year puts everybody into the next grade",
        bases.scoped,
        one_year_up(students()),
        VENDOR,
        *(number(24), Fact("the grades", r"\bgrades? (5|6)\b|\bgrade\b.*\b6\b"), APPROVAL),
        never=(SHARE,),
    ),
    mistake(
        "one school has put its students into the next grade",
        bases.scoped,
        one_year_up(students(ALDER)),
        SIS,
        *(number(12), *at(ALDER), Fact("the grades", r"\bgrades? (5|6)\b|\bgrade\b.*\b6\b")),
        never=(*SHARED, r"looks like a new"),
    ),
]

LEAVERS: Final[list[Mistake]] = [
    mistake(
        "one student goes into a grade that is out of scope",
        bases.scoped,
        one_year_up(students(ALDER, "5", ONE)),
        None,
    ),
    mistake(
        "one student leaves the district", bases.lockstep, students_gone(students(BIRCH, None, ONE)), None
    ),
]

FIELDS: Final[list[Mistake]] = [
    mistake(
        "every second student has no number in the SIS",
        bases.lockstep,
        students_become(students(None, None, slice(None, None, 2)), sis_id=""),
        SIS,
        *(number(24), word("SIS ID", r"sis.id"), BLANK),
        never=DATA,
        blocked=24,
    ),
    mistake(
        "three students have no grade",
        bases.by_subject,
        students_become(students(ALDER, None, slice(3)), grade=""),
        SIS,
        *(number(3), *at(ALDER), GRADE, BLANK),
        never=SHARED,
        blocked=3,
    ),
    mistake(
        "the school of one student is blank",
        bases.by_name,
        students_become(students(CEDAR, None, ONE), school="", schools=[]),
        SIS,
        *(number(1), SCHOOL, BLANK),
        never=SHARED,
        blocked=1,
    ),
    mistake(
        "the school of all students of one school is blank",
        bases.by_subject,
        students_become(students(ALDER), school="", schools=[]),
        SIS,
        *(number(24), SCHOOL, BLANK),
        never=SHARED,
        blocked=24,
    ),
    mistake(
        "one student has no last name",
        bases.by_name,
        students_become(students(BIRCH, None, ONE), last=""),
        SIS,
        *(number(1), *at(BIRCH), word("last name", r"last.name"), BLANK),
        never=SHARED,
        blocked=1,
    ),
    mistake(
        "five students have no number in the SIS",
        bases.by_subject,
        students_become(students(BIRCH, None, slice(5)), sis_id=""),
        SIS,
        *(number(5), *at(BIRCH), word("SIS ID", r"sis.id"), BLANK),
        never=SHARED,
        blocked=5,
    ),
    mistake(
        "the students of one school have no number in the SIS",
        bases.by_subject,
        students_become(students(ALDER), sis_id=""),
        SIS,
        *(number(24), *at(ALDER), word("SIS ID", r"sis.id"), word("export"), BLANK),
        never=DATA,
        blocked=24,
    ),
    mistake(
        "nobody has a last name any more",
        bases.by_name,
        students_become(students(), last=""),
        SHARING,
        *(number(48), word("last name", r"last.name"), WITHHELD),
        never=DATA,
        blocked=48,
    ),
    mistake(
        "nobody has a grade any more",
        bases.by_subject,
        students_become(students(), grade=""),
        SHARING,
        *(number(48), GRADE, WITHHELD),
        never=DATA,
        blocked=48,
    ),
    mistake(
        "nobody has any field any more",
        bases.by_name,
        stripped(students()),
        SHARING,
        *(number(48), word("fields", r"\bfields?\b"), WITHHELD),
        never=DATA,
        blocked=48,
    ),
    mistake(
        "the students of one school have no date of birth, which is required here",
        bases.by_date_of_birth,
        students_become(students(BIRCH), dob=""),
        SIS,
        *(number(24), *at(BIRCH), word("date of birth", r"\bdob\b|birth"), BLANK),
        never=DATA,
        blocked=24,
    ),
]

TABLE: Final = [*GRADES, *LEAVERS, *FIELDS]
