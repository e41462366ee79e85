"""Fields that went blank, fields that were never filled, and fields that are required only now."""

from __future__ import annotations

from typing import Final

from tests.mistakes import bases
from tests.mistakes.bases import ALDER, BIRCH, CEDAR, HOMEROOM, Builder, where
from tests.mistakes.changes import students, students_become, together
from tests.mistakes.district import Change, District, role
from tests.mistakes.facts import APPROVE, BLANK, FILTER, SHARE, SHARED, Fact, at, number, word
from tests.mistakes.mistake import SHARING, SIS, VENDOR, Mistake, mistake
from tests.mistakes.other_changes import without_birth_dates

TK: Final = "TransitionalKindergarten"
LOST: Final = Fact("that it was filled", r"at the last commit")
EXPORT: Final = Fact("that the export may leave it out", r"export")
EMAIL: Final = word("email", "e-?mail")
NOT_NEEDED: Final = Fact("that it may not be needed", r"stop requiring")
LOOKS_NEW: Final = r"not required at the last commit"
DEFAULT: Final = ("first_name", "last_name", "sis_id", "grade", "school_id")


def with_young(*grades: str) -> District:
    """Return three elementary schools of two homerooms a grade, kept by name."""
    made = Builder([where("name", "contains", "homeroom")])
    for name in (ALDER, BIRCH, CEDAR):
        school = made.school(name)
        for grade in grades:
            group = made.students(school, grade, 10)
            for half in (group[:5], group[5:]):
                made.section("Homeroom", school, half, subject=HOMEROOM, grade=grade, period="0")
            for half in (group[::2], group[1::2]):
                made.section("Math", school, half, subject="math", grade=grade, period="2")
    return made.district


def with_tk() -> District:
    """Return schools that have transitional kindergarten."""
    return with_young(TK, "Kindergarten", "1", "2")


def with_tk_in_scope() -> District:
    """Return the same, of which these grades are the scope."""
    district = with_tk()
    district.filter["scope"] = {"grades": [TK, "Kindergarten", "1", "2"]}
    return district


def with_emails() -> District:
    """Return schools of which an e-mail address is required."""
    district = with_young("Kindergarten", "1", "3", "5")
    required("email")(district)
    return district


def without_young_emails() -> District:
    """Return schools that give no address to the two youngest grades, and of which none is required."""
    district = with_young("Kindergarten", "1", "3", "5")
    blank_email("Kindergarten", "1")(district)
    return district


def without_emails_at_one() -> District:
    """Return schools of which one has no addresses, and of which none is required."""
    district = with_young("1", "3")
    for student in district.students(CEDAR):
        student["email"] = ""
    return district


def required(*fields: str) -> Change:
    return lambda district: district.policy.update(required_fields=[*DEFAULT, *fields])


def not_required(district: District) -> None:
    district.policy = {"required_fields": list(DEFAULT)}


def blank_email(*grades: str, school: str | None = None) -> Change:
    def change(district: District) -> None:
        for student in district.students(school):
            if role(student)["grade"] in grades or not grades:
                student["email"] = ""

    return change


def some_without_email(district: District) -> None:
    for student in district.students(BIRCH)[:7]:
        student["email"] = ""


def newcomers_without_grade(district: District) -> None:
    """Have three new students in a homeroom, without a grade."""
    made = Builder.on(district)
    new = made.students(district.school(ALDER)["id"], "", 3)
    district.sections("Homeroom", ALDER, grade="1")[0]["students"].extend(new)


TABLE: Final[list[Mistake]] = [
    mistake(
        "the code of a grade is not mapped any more",
        with_tk,
        students_become(students(None, TK), grade=""),
        SIS,
        *(number(30), *at(ALDER, BIRCH, CEDAR), word(TK), BLANK, LOST, EXPORT),
        never=SHARED,
        blocked=30,
    ),
    mistake(
        "the code of a grade is not mapped any more at one school",
        with_tk,
        students_become(students(BIRCH, TK), grade=""),
        SIS,
        *(number(10), *at(BIRCH), BLANK, LOST, EXPORT),
        never=SHARED,
        blocked=10,
    ),
    mistake(
        "the codes of two grades are not mapped any more",
        with_tk,
        together(
            students_become(students(None, TK), grade=""),
            students_become(students(None, "Kindergarten"), grade=""),
        ),
        SIS,
        *(number(60), word(TK), word("Kindergarten"), BLANK, LOST, EXPORT),
        never=SHARED,
        blocked=60,
    ),
    mistake(
        "the code of a grade of the scope is not mapped any more",
        with_tk_in_scope,
        students_become(students(None, TK), grade=""),
        SIS,
        *(number(30), word(TK), BLANK, EXPORT),
        never=SHARED,
    ),
    mistake(
        "the code of a grade of the scope is understood otherwise",
        with_tk_in_scope,
        students_become(students(None, TK), grade="Other"),
        SIS,
        *(number(30), word(TK), word("Other"), EXPORT),
        never=SHARED,
    ),
    mistake(
        "some students lost their numbers",
        with_tk,
        students_become(students(BIRCH, "1", slice(4)), sis_id=""),
        SIS,
        *(number(4), *at(BIRCH), word("SIS ID"), BLANK, LOST, EXPORT),
        never=SHARED,
        blocked=4,
    ),
    mistake(
        "a required address is not exported for one grade any more",
        with_emails,
        blank_email("3"),
        SIS,
        *(number(30), EMAIL, BLANK, LOST, EXPORT),
        never=SHARED,
        blocked=30,
    ),
    mistake(
        "a required address is not exported for one school any more",
        with_emails,
        blank_email(school=CEDAR),
        SIS,
        *(number(40), *at(CEDAR), EMAIL, BLANK, LOST, EXPORT),
        never=(APPROVE, FILTER),
        blocked=40,
    ),
    mistake(
        "the school of a class is blank now",
        bases.by_subject,
        students_become(students(ALDER, "4", slice(12)), school="", schools=[]),
        SIS,
        *(number(12), *at(ALDER), word("school"), BLANK, LOST, EXPORT),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "new students have no grade yet",
        with_tk,
        newcomers_without_grade,
        SIS,
        *(number(3), *at(ALDER), word("grade"), BLANK),
        never=(*SHARED, r"last commit"),
        blocked=3,
    ),
    mistake(
        "an address is required that the youngest have not",
        without_young_emails,
        required("email"),
        VENDOR,
        *(number(60), EMAIL, BLANK, NOT_NEEDED, Fact("that it was not", LOOKS_NEW)),
        never=(APPROVE, FILTER, SHARE),
        blocked=60,
        fix=not_required,
    ),
    mistake(
        "an address is required that one school does not give",
        without_emails_at_one,
        required("email"),
        VENDOR,
        *(number(20), *at(CEDAR), EMAIL, BLANK, NOT_NEEDED, Fact("that it was not", LOOKS_NEW)),
        never=(APPROVE, FILTER, SHARE),
        blocked=20,
        fix=not_required,
    ),
    mistake(
        "a birth date is required that was never shared",
        without_birth_dates,
        required("dob"),
        VENDOR,
        *(number(48), word("birth date"), BLANK, NOT_NEEDED, Fact("that it may be shared", "field settings")),
        never=(APPROVE, FILTER, r"no longer shared"),
        blocked=48,
        fix=not_required,
    ),
    mistake(
        "a first load has no address of the two youngest grades",
        with_emails,
        blank_email("Kindergarten", "1"),
        VENDOR,
        *(number(60), EMAIL, BLANK, NOT_NEEDED, Fact("the grades", r"Kindergarten and 1\b")),
        never=(APPROVE, FILTER, SHARE, r"last commit"),
        blocked=60,
        is_first_load=True,
        fix=not_required,
    ),
    mistake(
        "a first load has no number of one grade",
        with_tk,
        students_become(students(None, TK), sis_id=""),
        SIS,
        *(number(30), word("SIS ID"), BLANK, EXPORT, word(TK)),
        never=(APPROVE, SHARE, r"last commit"),
        blocked=30,
        is_first_load=True,
    ),
    mistake(
        "a first load has no address of one school",
        with_emails,
        blank_email(school=CEDAR),
        SIS,
        *(number(40), *at(CEDAR), EMAIL, BLANK, NOT_NEEDED),
        never=(APPROVE, FILTER, r"last commit"),
        blocked=40,
        is_first_load=True,
    ),
    mistake(
        "a first load has no address of anybody",
        with_emails,
        blank_email(),
        SHARING,
        *(number(120), EMAIL, BLANK, NOT_NEEDED, Fact("that it may not be shared", "field settings")),
        never=(APPROVE, FILTER, r"last commit"),
        blocked=120,
        is_first_load=True,
    ),
    mistake(
        "a first load has no address of some students",
        with_emails,
        some_without_email,
        SIS,
        *(number(7), *at(BIRCH), EMAIL, BLANK, NOT_NEEDED),
        never=(APPROVE, FILTER, SHARE, r"last commit"),
        blocked=7,
        is_first_load=True,
    ),
]
