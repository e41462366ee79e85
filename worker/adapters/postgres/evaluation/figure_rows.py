"""Rows of the figures that causes are folded from, as values of the domain."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from worker.adapters.postgres.evaluation.figure_numbers import FateNumbers, LabelNumbers
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import Blocked, ErrorKey, Removed, SchoolGrade, Sign
from worker.domain.review.causes.former_classes import FormerClass
from worker.domain.review.causes.labels import ConcernedSection
from worker.domain.roster.records import course_from_json, school_from_json, section_from_json, term_from_json
from worker.domain.roster.roster import CLASS_TEXTS
from worker.domain.roster.section_filter import SectionView


def names_by_teacher(rows: Sequence[asyncpg.Record]) -> dict[str, tuple[str | None, ...]]:
    """Return the rows of `teacher_names` as all names that each teacher has, staged and committed."""
    found: dict[str, tuple[str | None, ...]] = {}
    for row in rows:
        found[row["id"]] = (*found.get(row["id"], ()), row["first_name"], row["last_name"])
    return found


def section_of_row(row: asyncpg.Record) -> ConcernedSection:
    """Read a kept section of students in several."""
    term = term_from_json(row["term_id"], row["term"]) if row["term"] else None
    return ConcernedSection(
        row["id"],
        row["name"],
        row["subject"],
        row["course"],
        row["period"],
        row["grade"],
        term,
        row["teachers"] or (),
        row["school_id"],
        row["was_class"],
        bool(row["lost_term"]),
        row["record"] or {},
        bool(row["is_changed"]),
        row["before"],
        row["students"] or 0,
        row["torn"],
    )


def former_of_row(row: asyncpg.Record) -> FormerClass:
    """Read a class of the last commit with what is staged of it now."""
    committed = section_from_json(row["id"], {name: row["committed"].get(name) for name in CLASS_TEXTS})
    school, term = row["old_school"], row["old_term"]
    return FormerClass(
        committed,
        row["students"],
        row["still_listed"],
        view_of_row(row) if row["record"] is not None else None,
        term_from_json(committed.term_id or "", term) if term is not None else None,
        school_from_json(committed.school_id or "", school) if school is not None else None,
        row["listed"] or 0,
        view_of_row(row, "next_id", "next", "next_") if row["next"] is not None else None,
    )


def view_of_row(
    row: asyncpg.Record, key: str = "id", record: str = "record", beside: str = ""
) -> SectionView:
    """Read a section with its course, school and term; their columns' names begin with `beside`."""
    section = section_from_json(row[key], row[record])
    course, school, term = row[f"{beside}course"], row[f"{beside}school"], row[f"{beside}term"]
    return SectionView(
        section,
        course_from_json(section.course_id or "", course) if course is not None else None,
        school_from_json(section.school_id or "", school) if school is not None else None,
        term_from_json(section.term_id or "", term) if term is not None else None,
    )


def blocked_of_row(rows: Sequence[asyncpg.Record], kinds: LabelNumbers, fates: FateNumbers) -> Blocked:
    """Read one group of students: a row for each of their errors."""
    first = rows[0]
    return Blocked(
        {_error(row["error"]): row["since"] for row in rows},
        first["students"],
        SchoolGrade(first["school_id"], first["grade"]),
        kinds.read(first["labels"]),
        first["is_listed"],
        Sign(first["sign"]) if first["sign"] else None,
        fates.read(first["fate"]),
        first["is_added"],
        first["came_from"],
        tuple(first["class_schools"] or ()),
        first["is_new"],
        tuple(first["lost"] or ()),
        first["was_grade"],
    )


def _error(text: str) -> ErrorKey:
    code, _, field = text.partition(" ")
    return ErrorKey(Code(code), field)


def removed_of_row(row: asyncpg.Record) -> Removed:
    """Read one group of students whom the plan removes."""
    return Removed(
        SchoolGrade(row["school_id"], row["grade"]),
        row["students"],
        row["is_staged"],
        row["grade_now"],
        row["listed"],
        row["reissued"],
        row["moved_to"] if row["is_staged"] else None,
    )
