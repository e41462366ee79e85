"""What the causes of a review are folded from, in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

import asyncpg

from schemas.messages.review import MAX_CAUSE_LISTED
from worker.adapters.postgres import statements
from worker.adapters.postgres.arrays import array_literal
from worker.adapters.postgres.connector import PLAN_EACH
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.evaluation import reissued_students
from worker.adapters.postgres.evaluation.figure_numbers import FateNumbers, LabelNumbers, ValueNumbers
from worker.adapters.postgres.evaluation.figure_rows import (
    blocked_of_row,
    former_of_row,
    names_by_teacher,
    removed_of_row,
    section_of_row,
    view_of_row,
)
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import (
    Blocked,
    ClassChange,
    Copies,
    Fate,
    Others,
    Removals,
    SameValues,
    SchoolGrade,
    SharedSections,
    Sign,
    TermState,
)
from worker.domain.review.causes.former_classes import FormerClass
from worker.domain.review.causes.labels import ConcernedSection, Label, SectionsTogether
from worker.domain.review.causes.new_classes import KeptText
from worker.domain.roster.name_words import HOMEROOM_SUBJECT, HOMEROOM_WORDS
from worker.domain.roster.section_filter import SectionView
from worker.domain.roster.texts import folded
from worker.pipeline.evaluate.section_signs import NO_SIGNS, SectionSigns

_SQL: Final = statements.load("evaluation/error_figures")

_OF_STUDENTS: Final = [code for code in Code if code.startswith("student.")]
_OF_OTHERS: Final = [code for code in Code if not code.startswith("student.")]
FETCH: Final = 1000
"""Sections in one answer of the database."""
_MANY: Final = 10
"""Sections of one subject from which it is no chance that there is no other."""
_SETS: Final = 20_000
"""Sets of sections that are looked at, the most frequent: some megabytes."""
_NEW_SECTIONS: Final = 2_000
"""New sections that are looked at, with everybody whom they list."""
_CO_TEACHERS: Final = 4
"""Sections of one class, each with a teacher of its own, at most."""
_SAMPLE: Final = 20
"""Students who lack a field, or sets of sections that are alike, that are looked at."""
_SECTIONS: Final = 100
"""Sections of one student that are looked at."""
_LONG: Final = 7
"""Letters of a word that no other word has in it."""
_HOMEROOMS: Final = (
    "|".join(sorted(word for word in HOMEROOM_WORDS if len(word) >= _LONG)),
    rf"\m({'|'.join(sorted(word for word in HOMEROOM_WORDS if len(word) < _LONG))})\M",
)
"""Patterns of the words that schools use for the class of every student."""
_IDS: Final = 1000
"""Records with an error of one code that are looked at one by one."""


class PostgresErrorFigures:
    """`ErrorFigures` of `worker.pipeline.evaluate.unit_of_work`, on one connection in a transaction."""

    _is_planned_each = False

    def __init__(self, connection: Connection, district_id: str) -> None:
        self._connection = connection
        self._district_id = district_id

    async def concerned_sections(self) -> list[ConcernedSection]:
        """Return the kept sections of students who are in several."""
        rows = await self._rows("concerned_sections")
        return [section_of_row(row) for row in rows]

    async def sections_together(self) -> list[SectionsTogether]:
        """Return the sets of kept sections that two or more students are in, those of most students first."""
        rows = await self._rows("sections_together", _SETS)
        return [SectionsTogether(tuple(row["sections"]), row["students"]) for row in rows]

    async def kept_texts(self, but: Collection[str]) -> list[KeptText]:
        """Return what conditions may read of the sections that the filter keeps, but for some."""
        rows = await self._rows("kept_texts", sorted(but))
        return [KeptText(row["name"], row["subject"], row["period"], row["school_id"]) for row in rows]

    async def new_homes(self) -> list[SectionView]:
        """Return sections that are new since the last commit, and list students in none but nobody in one."""
        return [view_of_row(row, "section_id") for row in await self._rows("new_homes", _NEW_SECTIONS)]

    async def teacher_names(self) -> dict[str, tuple[str | None, ...]]:
        """Return every name of the district's teachers of sections, and of the committed ones."""
        return names_by_teacher(await self._rows("teacher_names"))

    async def sections_of_bare_students(self) -> AsyncIterator[SectionView]:
        """Yield the live sections of the students in no kept one, without their students."""
        cursor = await self._connection.cursor(_SQL["sections_of_bare_students"], self._district_id)
        while rows := await cursor.fetch(FETCH):
            for row in rows:
                yield view_of_row(row)

    async def sections_of_unknown_terms(self) -> dict[str, str]:
        """Return kept sections of students in several whose term has no days, with the ids of the terms."""
        return {row["id"]: row["term_id"] for row in await self._rows("sections_of_unknown_terms")}

    async def students_with_two_ids(self) -> list[str]:
        """Return the students who are there under an old id and a new one."""
        return await reissued_students.students_with_two_ids(self._connection, self._district_id)

    async def alike(
        self, together: Sequence[SectionsTogether], *, is_filtered: bool
    ) -> dict[tuple[str, ...], Sign]:
        """Return which of these sets have the same students and are co-taught, or doubled."""
        small = [one for one in together if len(one.sections) <= _CO_TEACHERS]
        texts, students = [array_literal(one.sections) for one in small], [one.students for one in small]
        found = await self._rows("alike", is_filtered, texts, students)
        return {tuple(row["sections"]): Sign(row["sign"]) for row in found}

    async def copies(self, sets: Sequence[Sequence[str]]) -> Copies:
        """Return what else students of such sets of sections are in: of some of these."""
        some = [array_literal(sections) for sections in sets[:_SAMPLE]]
        (row,) = await self._rows("copies", some, _SECTIONS)
        return Copies(row["others"], row["copied"], row["with_term"])

    async def blocked_students(
        self, labels: Mapping[str, Label] | None, signs: SectionSigns = NO_SIGNS
    ) -> list[Blocked]:
        """Return the blocked students; `labels` say of what kind the sections are."""
        kinds = LabelNumbers(labels or {})
        numbers = kinds.numbers if labels is not None else None
        fates, news, homes = FateNumbers(signs), ValueNumbers(signs.news), ValueNumbers(signs.homes)
        of_terms = {
            state: {one: 1 for one, its in signs.term_states.items() if its is state} for state in TermState
        }
        marked = (
            of_terms[TermState.OVER] if signs.term_states else None,
            dict(signs.of_unknown_terms) or None,
            {" ".join(some): sign for some, sign in signs.alike.items()} or None,
            list(signs.students_with_two_ids),
            fates.numbers or None,
            None if signs.new_classes is None else dict.fromkeys(signs.new_classes, 1),
            dict(signs.schools_of_classes) or None,
            of_terms[TermState.CURRENT],
            of_terms[TermState.AHEAD],
            news.numbers or None,
            homes.numbers or None,
        )
        groups: dict[tuple[object, ...], list[asyncpg.Record]] = {}
        for row in await self._rows("blocked", _OF_STUDENTS, numbers, *marked):
            of_group = (
                tuple(row["errors"]),
                row["school_id"],
                row["grade"],
                tuple(row["labels"] or ()),
                row["is_listed"],
                row["sign"],
                row["is_added"],
                row["fate"],
                row["came_from"],
                tuple(row["class_schools"] or ()),
                row["is_new"],
                tuple(row["lost"] or ()),
                row["was_grade"],
                row["news"],
                row["home"],
            )
            groups.setdefault(of_group, []).append(row)
        return [
            replace(
                blocked_of_row(rows, kinds, fates),
                news=news.read(rows[0]["news"]),
                home=homes.read(rows[0]["home"]),
            )
            for rows in groups.values()
        ]

    async def blank_before(self) -> list[str]:
        """Return the required fields that are blank, and were so in the last commit for some students."""
        return [row["field"] for row in await self._rows("blank_before", _SAMPLE)]

    async def same_values(self) -> dict[str, SameValues]:
        """Return what students with the same value in a unique field have in common, by the field."""
        rows = await self._rows("same_values", _IDS)
        return {field: SameValues(*counts) for field, *counts in rows}

    async def sections_by_labels(
        self, labels: Mapping[str, Label]
    ) -> dict[tuple[Label, ...], dict[str, int]]:
        """Return some of the sections of students with the same kinds of them, and how many are in each."""
        kinds, found = LabelNumbers(labels), dict[tuple[Label, ...], dict[str, int]]()
        for row in await self._rows("sections_by_labels", kinds.numbers, MAX_CAUSE_LISTED):
            found.setdefault(kinds.read(row["labels"]), {})[row["section_id"]] = row["students"]
        return found

    async def former_classes(self) -> list[FormerClass]:
        """Return the classes of the last commit of students who are in no class now, the largest first."""
        return [former_of_row(row) for row in await self._rows("former_classes")]

    async def classmates_placed(self, classes: Collection[str]) -> dict[str, int]:
        """Return how many students of these classes the plan puts into another class of their school."""
        rows = await self._rows("classmates_placed", sorted(classes))
        return {row["class_id"]: row["students"] for row in rows}

    async def schools_without_sections(self, schools: Collection[str]) -> list[str]:
        """Return which of these schools have no shared section."""
        return [row["id"] for row in await self._rows("schools_without_sections", sorted(schools))]

    async def shared_sections(self) -> SharedSections:
        """Return what is shared of sections in all; reads every section."""
        (row,) = await self._rows("shared_sections", *_HOMEROOMS)
        is_one = row["subjects"] == 1 and not row["without_subject"] and row["sections"] >= _MANY
        is_part = is_one and folded(row["subject"]) != HOMEROOM_SUBJECT
        return SharedSections(
            row["sections"],
            row["are_lists_filled"],
            row["subject"] if is_part else None,
            row["have_homerooms"],
        )

    async def school_names(self, schools: Collection[str]) -> dict[str, str]:
        """Return what these schools are called, as shared or as committed; "" of one without a name."""
        return {row["id"]: row["name"] for row in await self._rows("school_names", sorted(schools))}

    async def shares_schools(self) -> bool:
        """Return whether any school's own record is shared."""
        return bool((await self._rows("shares_schools"))[0][0])

    async def other_errors(self) -> list[Others]:
        """Return the errors on everything but students."""
        rows = await self._rows("other_errors", _OF_OTHERS, _IDS)
        return [
            Others(Code(code), findings, ids, since, waiting, tuple(records))
            for code, findings, since, ids, waiting, records in rows
        ]

    async def cohorts(self, schools: Collection[str]) -> dict[SchoolGrade, int]:
        """Return how many students in scope each grade of these schools has."""
        rows = await self._rows("cohorts", sorted(schools))
        return {SchoolGrade(row["school_id"], row["grade"]): row["students"] for row in rows}

    async def removals(self, classes_committed: int) -> Removals:
        """Return what the plan removes."""
        rows = await self._connection.fetch(
            reissued_students.with_reissued(_SQL["removed_students"]), self._district_id
        )
        schools = sorted({row["school_id"] for row in rows if row["school_id"]})
        gone = await self._rows("gone_schools", schools)
        (classes,) = await self._rows("replaced_classes")
        removed = [removed_of_row(row) for row in rows]
        moved_to = sorted({one.moved_to for one in removed if one.moved_to})
        others_at = await self._rows("others_at", moved_to) if moved_to else []
        are_regraded = any(one.is_staged and one.grade_now != one.place.grade for one in removed)
        return Removals(
            removed,
            frozenset(row["id"] for row in gone),
            classes_committed,
            classes["removed"],
            classes["added"],
            {row["school_id"]: row["students"] for row in await self._rows("newcomers_by_school")},
            (await self._rows("regraded"))[0]["students"] if are_regraded else 0,
            {row["school_id"]: row["students"] for row in others_at},
        )

    async def class_changes(self, today: date | None) -> list[ClassChange]:
        """Return whom the plan puts into another class, and what became of the classes they were in.

        `today` tells which terms are over, None where that is no matter.
        """
        return [
            ClassChange(
                SchoolGrade(row["school_id"], row["grade"]),
                row["students"],
                Fate(row["fate"]),
                row["is_promoted"],
                list(dict.fromkeys(row["sections"])),
                row["moved_to"],
            )
            for row in await self._rows("class_changes", MAX_CAUSE_LISTED, today and today.isoformat())
        ]

    async def is_connected(self) -> bool:
        """Return whether the district is connected in Clever, so that it can be read from there."""
        return bool((await self._rows("is_connected"))[0][0])

    async def has_shared_students(self) -> bool:
        """Return whether Clever shares any student, in scope or not."""
        return bool((await self._rows("has_shared_students"))[0][0])

    async def _rows(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        if not self._is_planned_each:
            self._is_planned_each = True
            await self._connection.execute(PLAN_EACH)
        return await self._connection.fetch(_SQL[statement], self._district_id, *arguments)
