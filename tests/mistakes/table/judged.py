"""Mistakes at districts of other kinds: several classes, other classes, other settings of ours."""

from __future__ import annotations

from typing import Final

from tests.mistakes.bases import ALDER, BIRCH, DOGWOOD, ELM, HOMEROOM, by_period, lockstep, two_ways
from tests.mistakes.changes import (
    filter_becomes,
    sections,
    sections_become,
    sections_called,
    sections_gone,
    students_unshared,
)
from tests.mistakes.facts import (
    AMBIGUOUS,
    APPROVAL,
    APPROVE,
    BLANK,
    FILTER,
    GONE,
    RENAMED,
    SEVERAL,
    SHARE,
    SHARED,
    Fact,
    at,
    number,
    word,
)
from tests.mistakes.mistake import EITHER, OURS, SHARING, SIS, VENDOR, Mistake, mistake
from tests.mistakes.other_bases import (
    FOXGLOVE,
    HAZEL,
    JUNIPER,
    LINDEN,
    MAGNOLIA,
    NUTMEG,
    OLDER,
    but_care,
    by_advisory,
    by_course_name,
    by_quarter,
    by_section_number,
    of_one_school,
    of_two_schools,
    one_school_two_ways,
    ranked,
    two_languages,
)
from tests.mistakes.other_changes import (
    birth_date_required,
    comes_with,
    core_for_music,
    doubled,
    homerooms_come,
    listed_twice,
    periods_rotate,
    rule_misspelled,
    rule_without_grade_8,
    school_called,
    school_closed_into,
    without_birth_dates,
    year_begins,
)

PERIOD: Final = word("period", r"\bperiods?\b")
CHANGED: Final = Fact("that it changed", r"\bchanged\b|\bis now\b|\bare now\b|\bnew\b")
FILTER_CHANGED: Final = Fact(
    "that the filter is ours and was changed", r"\bfilter\b.*\b(chang|new|version|since|before|last)"
)
NOT_HARMFUL: Final = (APPROVE, SHARE)
CO_TAUGHT: Final = r"co-?teach|both teachers|lead teacher"
NO_MISTAKE: Final = r"not a mistake"
"""How a school works, where it worked otherwise at the last commit."""

CHANGES_OF_CLASS: Final[list[Mistake]] = [
    mistake(
        "the periods of the upper grades of a school rotate",
        one_school_two_ways,
        periods_rotate(OLDER),
        SIS,
        *(number(36), *at(FOXGLOVE), PERIOD, CHANGED, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "the periods of all schools rotate",
        by_period,
        periods_rotate(("",)),
        SIS,
        *(number(48), *at(DOGWOOD, ELM), PERIOD, CHANGED, APPROVAL),
        never=(FILTER, SHARE),
    ),
    mistake(
        "the homerooms of a school with ranked rules are gone",
        ranked,
        sections_gone(sections("Homeroom")),
        EITHER,
        *(number(24), *at(LINDEN), GONE, *AMBIGUOUS),
        never=(FILTER,),
    ),
    mistake(
        "homerooms come that are ranked before the classes of a school",
        ranked,
        homerooms_come,
        (SIS, OURS),
        *(number(24), *at(NUTMEG), Fact("that they are new", r"\b(new|added|created)\b"), APPROVAL),
        never=(SHARE, r"names, courses or terms of the sections did"),
    ),
    mistake(
        "one school is closed and its classes are at another one",
        of_two_schools,
        school_closed_into(LINDEN, MAGNOLIA),
        SIS,
        *(number(24), *at(LINDEN, MAGNOLIA), APPROVAL),
        never=(FILTER, SHARE, r"replaced or set up again"),
    ),
    mistake(
        "a new school year begins at a high school",
        by_advisory,
        year_begins,
        VENDOR,
        *(number(12), APPROVAL, Fact("the grade that left", r"\bgrade 12\b")),
        never=(FILTER, SHARE, r"removed \(grades"),
    ),
]

SEVERAL_CLASSES: Final[list[Mistake]] = [
    mistake(
        "all sections of another course are renamed so that they count too",
        by_advisory,
        sections_called(sections("Biology"), "Advisory Biology"),
        SIS,
        *(number(48), *at(HAZEL), RENAMED, SEVERAL),
        never=SHARED,
        blocked=48,
    ),
    mistake(
        "the care that the filter leaves out is renamed",
        but_care,
        sections_called(sections("Early Care"), "Morning Club"),
        SIS,
        *(number(24), *at(LINDEN, MAGNOLIA), word("name"), SEVERAL),
        never=SHARED,
        blocked=24,
    ),
    mistake(
        "the sections of music are of the course of the classes",
        by_course_name,
        core_for_music,
        SIS,
        *(number(48), *at(LINDEN, MAGNOLIA), word("course"), SEVERAL),
        never=SHARED,
        blocked=48,
    ),
    mistake(
        "math has the subject of the homerooms in schools in lockstep",
        lockstep,
        sections_become(sections("Math"), subject=HOMEROOM),
        SIS,
        *(number(48), *at(ALDER, BIRCH), word("subject"), SEVERAL),
        never=SHARED,
        blocked=48,
    ),
    mistake(
        "all homerooms of a school are there twice",
        one_school_two_ways,
        doubled,
        SIS,
        *(number(36), *at(FOXGLOVE), SEVERAL),
        never=(*SHARED, NO_MISTAKE),
        blocked=36,
    ),
    mistake(
        "all sections of four quarters have no term any more",
        by_quarter,
        sections_become(sections(), term_id=None),
        SIS,
        *(number(40), *at(FOXGLOVE, NUTMEG), word("term", r"\bterms?\b"), BLANK),
        never=(*SHARED, CO_TAUGHT),
        blocked=40,
    ),
    mistake(
        "the next quarter begins before the current one is over",
        by_quarter,
        lambda district: district.term("Q2").update(start_date="2026-10-02"),
        SIS,
        *(number(40), *at(FOXGLOVE, NUTMEG), word("Q2"), word("2026-10-02")),
        never=(*SHARED, NO_MISTAKE, "Q3"),
        blocked=40,
    ),
    mistake("students are twice in the list of their class", two_languages, listed_twice, None),
]

OTHERS: Final[list[Mistake]] = [
    mistake(
        "the only school of the scope is renamed",
        of_one_school,
        school_called(MAGNOLIA, "Magnolia Elementry School"),
        (SIS, OURS),
        *(number(24), RENAMED, word("scope")),
        never=(*NOT_HARMFUL, r"their schools changed"),
    ),
    mistake(
        "one of two schools of the scope is renamed",
        of_two_schools,
        school_called(LINDEN, "Linden Primary School"),
        (SIS, OURS),
        *(number(24), *at("Linden Primary School"), RENAMED, word("scope")),
        never=(*NOT_HARMFUL, r"their schools changed"),
    ),
    mistake(
        "we require a birth date, which was never shared",
        without_birth_dates,
        birth_date_required,
        (VENDOR, OURS, SHARING),
        *(number(48), word("birth date"), Fact("that we require it", r"\brequire")),
        never=(APPROVE, r"no longer shared|any ?more|\bshare it again"),
        blocked=48,
    ),
    mistake(
        "a rule of two is misspelled",
        one_school_two_ways,
        rule_misspelled,
        OURS,
        *(number(36), *at(FOXGLOVE), FILTER_CHANGED),
        never=NOT_HARMFUL,
        blocked=36,
        suggests=True,
    ),
    mistake(
        "a rule of two does not name a grade any more",
        one_school_two_ways,
        rule_without_grade_8,
        OURS,
        *(number(12), *at(FOXGLOVE), FILTER_CHANGED),
        never=NOT_HARMFUL,
        blocked=12,
        suggests=True,
    ),
    mistake(
        "a strategy of ranked rules becomes that of all",
        ranked,
        filter_becomes(strategy="union"),
        OURS,
        *(number(24), *at(LINDEN), SEVERAL, FILTER_CHANGED),
        never=NOT_HARMFUL,
        blocked=24,
        suggests=True,
    ),
    mistake(
        "a new school has classes that a filter with an exception does not keep",
        but_care,
        comes_with(NUTMEG, "Team", "6", "7", subject="other", period="1"),
        OURS,
        *(number(24), *at(NUTMEG)),
        never=NOT_HARMFUL,
        blocked=24,
        suggests=True,
    ),
    mistake(
        "a new grade of a school kept by period has its class in another one",
        two_ways,
        comes_with(DOGWOOD, "Science", "7", subject="science", period="2"),
        OURS,
        *(number(12), *at(DOGWOOD)),
        never=NOT_HARMFUL,
        blocked=12,
        suggests=True,
    ),
    mistake(
        "every second student of the only school is gone whom sections go on listing",
        by_section_number,
        students_unshared(lambda district: district.students()[::2]),
        SHARING,
        *(number(20), *at(JUNIPER), Fact("that sections list them", r"\bsections still list\b")),
        never=(FILTER,),
    ),
]

TABLE: Final[list[Mistake]] = [*CHANGES_OF_CLASS, *SEVERAL_CLASSES, *OTHERS]
