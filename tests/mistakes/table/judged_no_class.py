"""Mistakes at districts of other kinds by which students are in no class."""

from __future__ import annotations

from typing import Final

from tests.mistakes.changes import made_anew, sections, sections_become
from tests.mistakes.facts import APPROVE, BLANK, DATA, RENAMED, SHARE, SHARED, Fact, at, number, word
from tests.mistakes.mistake import OURS, SIS, Mistake, mistake
from tests.mistakes.other_bases import (
    FOXGLOVE,
    JUNIPER,
    LINDEN,
    MAGNOLIA,
    NUTMEG,
    by_course_name,
    by_school_names,
    by_section_number,
    by_sis_id,
    by_teacher,
    one_school_two_ways,
)
from tests.mistakes.other_changes import (
    course_called,
    half_numbered_otherwise,
    numbered_anew,
    school_called,
    teacher_renamed,
)

CHANGED: Final = Fact("that it changed", r"\bchanged\b|\bis now\b|\bare now\b|\bnew\b")
NOT_HARMFUL: Final = (APPROVE, SHARE)

TABLE: Final[list[Mistake]] = [
    mistake(
        "the numbers of all classes are written in another way",
        by_section_number,
        numbered_anew,
        SIS,
        *(number(40), *at(JUNIPER), word("section number", r"\bsection numbers?\b"), CHANGED),
        never=SHARED,
        blocked=40,
    ),
    mistake(
        "half of a class has a section of its own with another number",
        by_section_number,
        half_numbered_otherwise,
        (SIS, OURS),
        *(number(5), *at(JUNIPER), Fact("their new section", r"\b(another|new|second) section\b|\bsplit\b")),
        never=(*NOT_HARMFUL, r"\bput (them|the students) back\b"),
        blocked=5,
        suggests=True,
        fix=sections_become(sections("Class", section_number="2B"), section_number="HR-2B"),
    ),
    mistake(
        "the sections of a grade have no grade any more, which a rule reads",
        one_school_two_ways,
        sections_become(sections(grade="7"), grade=""),
        SIS,
        *(number(12), *at(FOXGLOVE), word("grade"), BLANK),
        never=SHARED,
        blocked=12,
    ),
    mistake(
        "all sections are made anew with other SIS ids, which a rule reads",
        by_sis_id,
        made_anew(sections()),
        SIS,
        *(number(48), *at(LINDEN, MAGNOLIA), word("SIS ID", r"\bSIS IDs?\b"), CHANGED),
        never=(*DATA, SHARE),
        blocked=48,
    ),
    mistake(
        "the course of the classes of a grade is renamed",
        by_course_name,
        course_called("C2", "Second Grade"),
        SIS,
        *(number(24), *at(LINDEN, MAGNOLIA), word("course"), CHANGED),
        never=SHARED,
        blocked=24,
    ),
    mistake(
        "a teacher whom a rule names has another last name",
        by_teacher,
        teacher_renamed,
        OURS,
        *(number(12), *at(LINDEN), RENAMED),
        never=NOT_HARMFUL,
        blocked=12,
        suggests=True,
    ),
    mistake(
        "a school is renamed by whose name a rule begins",
        by_school_names,
        school_called(NUTMEG, "The Nutmeg Middle School"),
        SIS,
        *(number(28), *at("The Nutmeg Middle School"), word("school name"), CHANGED),
        never=SHARED,
        blocked=28,
    ),
]
