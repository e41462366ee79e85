"""What causes are worked out from, row by row: beside each row stand others of the same id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any, Final

import pytest

from tests.support.builders.district_rows import STAGED, Rows, day
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.evaluation.error_figures import PostgresErrorFigures
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import (
    Blocked,
    ClassChange,
    Copies,
    ErrorKey,
    Fate,
    Others,
    Removals,
    Removed,
    SchoolGrade,
    Sign,
    TermState,
)
from worker.domain.review.causes.labels import ConcernedSection, Label, LabelKind
from worker.domain.review.causes.new_classes import Beside, KeptText, NewClass
from worker.domain.review.causes.new_homes import NewHome
from worker.domain.roster.records import Course, RecordId, School, Section, Term
from worker.domain.roster.section_filter import SectionView
from worker.pipeline.evaluate.section_signs import SectionSigns

TORN, BARE, BLANK = Code.MULTIPLE_SECTIONS, Code.NO_SECTION, Code.FIELD_MISSING
OTHER_KINDS: Final = ("school", "term", "course", "user")


class FigureRows(Rows):
    """The rows that figures are made of, and the figures."""

    def __init__(self, database: Database, figures: PostgresErrorFigures) -> None:
        super().__init__(database)
        self.figures = figures

    def torn(self, name: str, *sections: str) -> None:
        """Add a student with the error of being in several sections, and a class of the same id."""
        self.found(name, TORN)
        self.entry(name, {"grade": "3"}, school="n", sections=sections)
        self.entry(name, {}, kind="class", school="n", sections=("x1", "x2"))

    def beside(self) -> None:
        """Add students in sections x1 and x2 who have no open error of being in several."""
        for section in ("x1", "x2"):
            record = {"teachers": [f"of {section}"], "subject": "math", "term_id": "not staged"}
            self.staged("section", {section: record})
            self.kept(section, 2)
        for number in "12":
            self.found("warned" + number, TORN, severity="warning")
            self.found("closed" + number, TORN, is_open=False)
            self.found("other" + number, Code.LEFT_SCOPE)
            for name in ("warned", "closed", "other", "well"):
                self.entry(name + number, {"grade": "3"}, school="n", sections=("x1", "x2"))


@pytest.fixture
async def rows(store: StoreUnderTest) -> AsyncIterator[FigureRows]:
    async with store.database.connection() as connection, connection.transaction():
        await connection.execute("SET LOCAL statement_timeout = '5s'")
        yield FigureRows(store.database, PostgresErrorFigures(connection, "d"))


# Sections of students who are in several, or in none


async def test_sections_of_students_in_several_are_concerned_once(rows: FigureRows) -> None:
    rows.torn("b", "c", "b")
    rows.torn("a", "b", "a")
    whole = {"name": "Band", "subject": "arts", "period": "2", "grade": "4", "school_id": "s"}
    rows.staged(
        "section", {"b": {}, "a": {**whole, "course_id": "b", "term_id": "c", "teachers": ["t", "u"]}}
    )
    for kind in OTHER_KINDS:
        rows.staged(kind, {name: {"name": f"{kind} {name}", "end": "2026-06-01"} for name in "abc"})
    rows.beside()
    await rows.write()

    found = await rows.figures.concerned_sections()

    term = Term(RecordId("c"), "term c", None, date(2026, 6, 1))
    blank = (None, None, None, None, None, None, (), None)
    assert [(one.id, *_values(one)) for one in found] == [
        ("a", "Band", "arts", "course b", "2", "4", term, ("t", "u"), "s"),
        ("b", *blank),
        ("c", *blank),
    ]


def _values(one: ConcernedSection) -> tuple[Any, ...]:
    """Return what is known of a section, its teachers as a tuple."""
    return (
        *(one.name, one.subject, one.course, one.period, one.grade, one.term, tuple(one.teachers)),
        one.school_id,
    )


async def test_concerned_sections_tell_what_they_were_and_whom_they_have(rows: FigureRows) -> None:
    rows.committed(3)
    rows.torn("s1", "new", "was", "same", "back", "of old")
    rows.torn("s2", "new")
    record = {"name": "Band", "students": ["a"]}
    rows.staged("section", dict.fromkeys(("new", "was", "same", "back", "of old"), record))
    rows.changed("new", None)
    rows.changed("was", {"name": "Choir"})
    rows.changed("back", {"name": "Band"})
    rows.changed("of old", None, after=2)
    rows.kept("new", 5)
    rows.beside()
    await rows.write()

    found = {one.id: one for one in await rows.figures.concerned_sections()}

    assert {name: (one.is_changed, one.before) for name, one in found.items() if one.is_changed} == {
        "new": (True, None),
        "was": (True, {"name": "Choir"}),
    }
    assert {(one.torn, one.students, one.alone) for one in found.values()} == {(2, 5, 3), (1, 0, 0)}
    assert {name for name, one in found.items() if one.torn == 2} == {"new"}
    assert found["new"].record == {"name": "Band"}


async def test_kept_sections_with_students_are_read_but_for_some(rows: FigureRows) -> None:
    whole = {"name": "Band", "subject": "arts", "period": "1", "school_id": "n"}
    rows.staged("section", {"a": whole, "b": {}, "but": whole, "empty": whole, "not kept": whole})
    rows.staged("course", {"a": {"name": "course"}})
    for section, students in (("a", 1), ("b", 2), ("but", 3), ("empty", 0)):
        rows.kept(section, students)
    await rows.write()

    found = await rows.figures.kept_texts(["but"])

    assert sorted(found, key=str) == [KeptText("Band", "arts", "1", "n"), KeptText()]


async def test_new_sections_are_read_of_students_in_none_unless_others_have_a_class(rows: FigureRows) -> None:
    rows.committed(3)
    bare = [f"bare{number}" for number in range(10)]
    for name in bare:
        rows.entry(name, {}, {}, school="n")
        rows.entry(name, {}, kind="class", sections=("x",))
    rows.entry("no list", {}, {})
    for name in ("well", "well too"):
        rows.entry(name, {}, {}, school="n", sections=("x",))
    rows.entry("gone", None, {}, former_school="n")
    lists = {
        "home": [*bare, "well", "gone", "nobody"],
        "half": [*bare, "well", "well too"],
        "well": ["well"],
        "was there": bare,
        "before": bare,
    }
    rows.staged("section", {name: {"name": name, "students": found} for name, found in lists.items()})
    rows.staged("section", {"ended": None, "beside": {"students": bare, "course_id": "a", "school_id": "b"}})
    for kind in ("course", "school", "term"):
        rows.staged(kind, {one: {"name": f"{kind} {one}"} for one in "ab"})
    for name in (*lists, "ended", "beside"):
        rows.changed(name, {"name": "x"} if name == "was there" else None, after=2 if name == "before" else 3)
    await rows.write()

    found = await rows.figures.new_homes()

    assert [one.section.id for one in found] == ["beside", "home"]
    assert found[0].course is not None
    assert (found[0].course.name, found[0].school and found[0].school.name) == ("course a", "school b")
    assert (found[0].section.students, found[0].term) == ((), None)


async def test_teachers_of_sections_are_named_where_staged_as_such(rows: FigureRows) -> None:
    names = {name: {"first_name": name, "last_name": f"of {name}"} for name in ("0", *"abcdefg")}
    rows.staged("user", {
        **{name: {"teacher": names[name]} for name in ("0", *"abcg")},
        "d": {"student": {}},
        "e": None,
    })  # fmt: skip
    rows.staged("school", {name: {"teacher": names[name]} for name in "def"})
    for target in "cadef":
        rows.taught(target, "y", "x")
    rows.enrolled("0", "x")
    rows.enrolled("b", "x")
    await rows.write()

    assert await rows.figures.teacher_names() == {"a": ("a", "of a"), "c": ("c", "of c")}


async def test_a_teacher_who_is_committed_is_named_by_every_name(rows: FigureRows) -> None:
    rows.staged("user", {"a": {"teacher": {"first_name": "Ida", "last_name": "Vane"}}, "left": None})
    rows.taught("a", "x")
    for name in ("a", "left"):
        rows.entry(name, None, {"first_name": "Ida", "last_name": f"once {name}"}, kind="teacher")
    rows.entry("came", {"first_name": "Ida", "last_name": "new"}, None, kind="teacher")
    rows.entry("pupil", None, {"first_name": "Ida", "last_name": "young"}, kind="student")
    await rows.write()

    assert await rows.figures.teacher_names() == {
        "a": ("Ida", "Vane", "Ida", "once a"),
        "left": ("Ida", "once left"),
    }


async def test_a_teacher_of_an_earlier_commit_is_named_as_well(
    rows: FigureRows, store: StoreUnderTest
) -> None:
    for name, kind, record in (("gone", "teacher", '{"first_name":"Ida","last_name":"gone"}'),
                               ("came", "teacher", None),
                               ("pupil", "student", '{"first_name":"Ida","last_name":"young"}')):  # fmt: skip
        await store.rows(
            "INSERT INTO commit_history (district_id, sequence, kind, record_id, record, member) "
            "VALUES ('d', 1, $2, $1, $3, decode(repeat('00', 32), 'hex'))",
            *(name, kind, record),
        )
    await rows.write()

    assert await rows.figures.teacher_names() == {"gone": ("Ida", "gone")}


async def test_sections_of_students_in_no_kept_one_are_read_if_live(rows: FigureRows) -> None:
    for name in "ba":
        rows.found(name, BARE)
        rows.enrolled(name, *sorted({"b", name}), "gone")
        rows.taught(name, "taught")
    rows.found("warned", BARE, severity="warning")
    rows.found("closed", BARE, is_open=False)
    rows.found("torn", TORN)
    for name in ("warned", "closed", "torn", "well"):
        rows.enrolled(name, f"of {name}")
        rows.staged("section", {f"of {name}": {"name": name}})
    places = {"school_id": "a", "course_id": "b", "term_id": "c"}
    rows.staged("section", {"b": {"students": ["a", "b"]}, "gone": None, "taught": {}})
    rows.staged("section", {"a": {**places, "name": "Band", "students": ["a"]}})
    for kind in OTHER_KINDS:
        rows.staged(kind, {name: {"name": f"{kind} {name}"} for name in ("c", "b", "a", "gone")})
    await rows.write()

    found = [view async for view in rows.figures.sections_of_bare_students()]

    a, b, c = (RecordId(name) for name in "abc")
    assert found == [
        SectionView(
            Section(a, a, "Band", course_id=b, term_id=c),
            *(Course(b, "course b"), School(a, "school a"), Term(c, "term c")),
        ),
        SectionView(Section(b)),
    ]


async def test_the_class_that_a_bare_student_had_is_read_with_what_may_have_replaced_it(
    rows: FigureRows,
) -> None:
    for name, former in (("a", "gone"), ("b", "gone"), ("c", "shared")):
        rows.found(name, BARE)
        rows.entry(name, {}, {"class_id": former})
    for name, code, severity, is_open in (
        *(("torn", TORN, "error", True), ("warned", BARE, "warning", True)),
        ("closed", BARE, "error", False),
    ):
        rows.found(name, code, severity=severity, is_open=is_open)
        rows.entry(name, {}, {"class_id": "gone"})
    for name in ("gone", "shared", "a class before"):
        rows.entry(name, None, {"name": "Band", "sis_id": name}, kind="class")
    rows.entry("new", None, {"name": "Band"}, kind="school")
    alike = ("first", "second", "a class before", "new")
    rows.staged("section", {"gone": None, "shared": {"students": ["c", "x"]}, "other": {"name": "Choir"}})
    rows.staged("section", {name: {"name": " BAND"} for name in alike})
    rows.enrolled("a", "second", "first", "other")
    rows.enrolled("c", "shared", "a class before", "new")
    await rows.write()

    found = await rows.figures.former_classes()

    assert [
        (
            one.committed.id,
            one.students,
            one.still_listed,
            one.listed,
            one.replacement and one.replacement.section.id,
        )
        for one in found
    ] == [("gone", 2, 0, 0, "first"), ("shared", 1, 1, 2, "new")]


async def test_classmates_are_placed_who_have_another_class_of_their_school(rows: FigureRows) -> None:
    def student(name: str, was: str, *now: str, school: str = "n") -> None:
        rows.entry(name, {}, {"class_id": was}, school=school, former_school="n", sections=now)

    for name, was, now in (("b", "two", "new"), ("a", "one", "new"), ("c", "one", "two")):
        student(name, was, now)
    student("none", "one")
    student("several", "one", "new", "two")
    student("stays", "one", "one")
    student("elsewhere", "one", "new", school="s")
    student("of another", "three", "new")
    rows.entry("gone", None, {"class_id": "one"}, former_school="n")
    rows.entry(
        "class", {}, {"class_id": "one"}, kind="class", school="n", former_school="n", sections=["new"]
    )
    await rows.write()

    assert await rows.figures.classmates_placed(["two", "one"]) == {"one": 2, "two": 1}


async def test_schools_are_without_sections_that_no_live_section_names(rows: FigureRows) -> None:
    rows.held("a", "one")
    rows.taught("b", "one")
    await rows.write()

    assert await rows.figures.schools_without_sections("cba") == ["b", "c"]


async def test_schools_are_named_as_shared_or_else_as_committed(rows: FigureRows) -> None:
    rows.staged("school", {"a": {"name": "A"}, "b": {}, "c": None})
    for kind in ("term", "course", "user"):
        rows.staged(kind, {name: {"name": kind} for name in "abcdef"})
    rows.entry("a", None, {"name": "before"}, kind="school")
    for name in "cd":
        rows.entry(name, None, {"name": name.upper()}, kind="school")
    rows.entry("e", {"name": "E"}, kind="school")
    for name in "abcdef":
        rows.entry(name, {}, {"name": "class"}, kind="class")
    await rows.write()

    assert await rows.figures.school_names("abcdef") == {"a": "A", "b": "", "c": "C", "d": "D"}


async def test_a_term_is_unknown_that_is_not_staged_or_has_no_day(rows: FigureRows) -> None:
    terms = ("begins", "ends", "named", "gone", "missing")
    rows.torn("b", *(f"of {term}" for term in terms))
    rows.torn("a", "of named", "of none", "not staged")
    rows.staged("section", {f"of {term}": {"term_id": term} for term in terms})
    rows.staged("section", {"of none": {}})
    rows.staged(
        "term",
        {
            "begins": {"start": "2026-01-01"},
            "ends": {"end": "2026-01-01"},
            "named": {"name": "x"},
            "gone": None,
        },
    )
    rows.staged("course", {"missing": {"start": "2026-01-01"}})
    rows.staged("user", {"of begins": {"term_id": "missing"}, "not staged": {"term_id": "missing"}})
    rows.beside()
    await rows.write()

    found = await rows.figures.sections_of_unknown_terms()

    assert list(found.items()) == [("of gone", "gone"), ("of missing", "missing"), ("of named", "named")]


async def test_of_sections_that_are_there_twice_it_is_known_what_else_their_students_are_in(
    rows: FigureRows,
) -> None:
    math, art = {"name": "Math", "term_id": "t"}, {"name": "Art"}
    own = {"sis_id": "9", "section_number": "9", "students": ["x"]}
    rows.staged("section", {"a1": {"students": ["a", "b"], "term_id": "t"}, "a2": {"students": ["a"]}})
    rows.staged("section", {"m1": math, "m2": {**math, **own}, "art": art, "gone": None, "of b": art})
    rows.enrolled("a", "a1", "a2", "m1", "m2", "art", "gone")
    rows.enrolled("b", "a1", "of b")
    await rows.write()

    assert await rows.figures.copies([("a1", "a2")]) == Copies(others=3, copied=2, with_term=1)
    assert await rows.figures.copies([("none",)]) == Copies(0, 0, 0)


# Sections taught together


async def test_sections_of_nine_in_ten_students_are_taught_together(rows: FigureRows) -> None:
    def shared(name: str, *records: dict[str, Any] | None, students: int = 2, kept: int = 2) -> None:
        """Let so many students be in sections with these records; the last has so many students in all."""
        ids = [f"{name}{number}" for number in range(1, len(records) + 1)]
        for number in range(students):
            rows.torn(f"{name} {number}", *ids)
        for at, (one, record) in enumerate(zip(ids, records, strict=True), start=1):
            if record is not None:
                whole = {"teachers": [f"t{at}"], "subject": "math", **record}
                rows.staged("section", {one: {key: value for key, value in whole.items() if value}})
            rows.kept(one, kept if at == len(ids) else students)

    number = {"sis_id": "1", "section_number": "1", "name": "1", "students": ["a"]}
    shared("t", {}, {}, {}, {}, kept=2)
    shared("b", {}, number, students=9, kept=10)
    shared("c", {"subject": "arts", "course_id": "c"}, {"subject": "arts", "course_id": "c"})
    shared("few", {}, {}, students=8, kept=9)
    shared("one", {}, {}, students=1, kept=1)
    shared("five", {}, {}, {}, {}, {})
    same = {"teachers": ["t"], "name": "same"}
    shared("same", same, {**same, "sis_id": "2", "section_number": "2", "students": ["a"]})
    shared("renamed", same, {**same, "name": "other"})
    shared("gone", same, None)
    shared("kinds", {"subject": "arts"}, {})
    shared("half", {}, None)
    for kind in OTHER_KINDS:
        rows.staged(kind, {"b1": {"name": kind}})
    for name, more in (("by_course", {"course_id": "a"}), ("nameless", {})):
        shared(name, {"subject": None, **more}, {"subject": None, **more})
    rows.beside()
    await rows.write()

    taught = [("b1", "b2"), ("by_course1", "by_course2"), ("c1", "c2"), ("t1", "t2", "t3", "t4")]
    named = {**dict.fromkeys(taught, Sign.CO_TAUGHT), ("same1", "same2"): Sign.DOUBLED}
    together = await rows.figures.sections_together()
    assert await rows.figures.alike(together, is_filtered=False) == named
    unnamed = {("nameless1", "nameless2"): Sign.CO_TAUGHT}
    assert await rows.figures.alike(together, is_filtered=True) == named | unnamed


# Blocked students

BAND, HOMEROOM, MATH = (Label(LabelKind.WORD, text) for text in ("band", "homeroom", "math"))
TWO_BANDS: Final = Label(LabelKind.WORD, "band", several=True)
LABELS: Final = {
    "b1": BAND, "b2": BAND, "h1": HOMEROOM, "m1": MATH, "x1": MATH, "x2": HOMEROOM,
}  # fmt: skip
N3: Final = SchoolGrade("n", "3")


def key(code: Code, field: str = "") -> ErrorKey:
    return ErrorKey(code, field)


async def test_blocked_students_are_counted_by_errors_and_place(rows: FigureRows) -> None:
    blank, both = key(BLANK, "email"), key(BLANK, "grade")
    for name, school, grade in (
        *(("f", "s", "3"), ("e", "n", "4"), ("d", "n", "3"), ("c", "n", "3"), ("b", "n", None)),
        ("a", "n", "3"),
    ):
        rows.entry(name, {"grade": grade} if grade else None, {}, school=school, sections=("b1", "h1"))
        rows.found(name, BLANK, since=5 if name == "d" else 6, field="email")
    rows.found("a", BLANK, since=3, field="grade")
    rows.found("a", BARE, since=9)
    rows.found("nobody", BLANK, since=2, field="email")
    rows.found("c", Code.NO_TEACHER, kind="class")
    rows.found("f", Code.NO_TEACHER)
    rows.entry("nobody", {"grade": "5"}, kind="class", school="n")
    rows.enrolled("c", "b1")
    for name in ("warned", "closed", "well"):
        rows.entry(name, {"grade": "3"}, school="n")
    rows.found("warned", BLANK, severity="warning", field="email")
    rows.found("closed", BLANK, is_open=False, field="email")
    await rows.write()

    found = await rows.figures.blocked_students(LABELS)

    assert found == [
        Blocked({blank: day(5)}, 2, N3),
        Blocked({blank: day(6)}, 1, SchoolGrade("n", "4")),
        Blocked({blank: day(6)}, 1, SchoolGrade("n", None)),
        Blocked({blank: day(6)}, 1, SchoolGrade("s", "3")),
        Blocked({blank: day(2)}, 1, SchoolGrade(None, None)),
        Blocked({blank: day(6), both: day(3), key(BARE): day(9)}, 1, N3, is_listed=False),
    ]
    assert list(found[-1].since) == [blank, both, key(BARE)]


async def test_blocked_students_in_several_sections_are_counted_by_kinds(rows: FigureRows) -> None:
    rows.torn("d", "m1", "h1")
    rows.torn("c", "h1", "b1")
    rows.torn("b", "b1", "h1", "b2")
    rows.torn("a", "b1", "h1", "b2")
    await rows.write()

    found = await rows.figures.blocked_students(LABELS)
    unlabelled = await rows.figures.blocked_students(None)

    since = {key(TORN): day(1)}
    assert found == [
        Blocked(since, 2, N3, (TWO_BANDS, HOMEROOM)),
        Blocked(since, 1, N3, (BAND, HOMEROOM)),
        Blocked(since, 1, N3, (HOMEROOM, MATH)),
    ]
    assert unlabelled == [Blocked(since, 4, N3)]


async def test_a_student_in_no_kept_section_is_listed_where_a_section_lists_him(rows: FigureRows) -> None:
    for name in ("twice", "unlisted", "taught"):
        rows.found(name, BARE)
        rows.entry(name, {"grade": "3"}, school="n")
    rows.enrolled("twice", "a", "b")
    rows.taught("taught", "a")
    await rows.write()

    found = await rows.figures.blocked_students(LABELS)

    since = {key(BARE): day(1)}
    assert found == [
        Blocked(since, 2, N3, is_listed=False, is_new=True),
        Blocked(since, 1, N3, is_new=True),
    ]


async def test_signs_tell_why_a_student_is_in_none_or_in_several(rows: FigureRows) -> None:
    states = {"stopped": TermState.OVER, "later": TermState.AHEAD, "now": TermState.CURRENT}
    unknown = {"u1": "t1", "u2": "t1", "u3": "t2"}
    alike: dict[tuple[str, ...], Sign] = {("c1", "c2"): Sign.CO_TAUGHT, ("d1", "d2"): Sign.DOUBLED}
    signs = SectionSigns(states, unknown, alike, ["twin"])
    of_sections = {
        "one unknown": ("u1", "k1"),
        "two unknown": ("u1", "u3"),
        "all of one term": ("u1", "u2"),
        "two of known terms": ("u1", "k1", "k2"),
        "none unknown": ("k1", "k2"),
        "one, of a known term": ("k1",),
        "taught together": ("c1", "c2"),
        "taught together and more": ("c1", "c2", "k1"),
        "doubled": ("d1", "d2"),
        "twin": ("u1", "k1"),
    }
    for at, (name, sections) in enumerate(reversed(of_sections.items())):
        rows.found(name, TORN)
        rows.entry(name, {"grade": name}, school="n", sections=sections)
        rows.enrolled(name, "stopped")
        rows.found(f"blank {at}", BLANK, field="email")
        rows.entry(f"blank {at}", {"grade": f"blank {name}"}, school="n", sections=sections)
    of_bare = (("stopped",), ("stopped", "later"), ("later",), ("later", "now"), ("stopped", "now"))
    for listed in (*of_bare, ("another",), ("now",)):
        name = " ".join(listed)
        rows.found(name, BARE)
        rows.entry(name, {"grade": name}, school="n")
        rows.enrolled(name, *listed)
    rows.taught("another", "stopped")
    await rows.write()

    found = await rows.figures.blocked_students(None, signs)
    unmarked = await rows.figures.blocked_students(None)

    marked = [(one.place.grade, one.sign) for one in found if one.sign]
    assert marked == [
        ("doubled", Sign.DOUBLED),
        ("one unknown", Sign.TERM_UNKNOWN),
        ("taught together", Sign.CO_TAUGHT),
        ("twin", Sign.REISSUED),
        ("two unknown", Sign.TERM_UNKNOWN),
        ("later", Sign.TERM_AHEAD),
        ("later now", Sign.CLASS_AHEAD),
        ("stopped", Sign.TERM_NOT_RUNNING),
        ("stopped later", Sign.TERM_NOT_RUNNING),
        ("stopped now", Sign.CLASS_OVER),
    ]
    assert sum(one.students for one in found) == 2 * len(of_sections) + len(of_bare) + 2
    assert {one.sign for one in unmarked} == {None}


async def test_students_tell_the_school_they_came_from_and_the_schools_of_their_classes(
    rows: FigureRows,
) -> None:
    for name, former in (("comes", "s"), ("stays", "n"), ("new", None)):
        rows.found(name, BARE)
        was = {"grade": "before" if name == "comes" else name}
        rows.entry(name, {"grade": name}, was if former else None, school="n", former_school=former)
    at_both = {"student": {"other_schools": ["m", "s"]}}
    rows.staged("user", {"two": at_both, "moved": {"student": {"other_schools": ["m"]}}})
    for name, sections in (
        *(("two", ("a1", "b1")), ("moved", ("a1", "b1"))),
        *(("one", ("a1", "a2")), ("unknown", ("a1", "x"))),
    ):
        rows.found(name, TORN)
        was = {"grade": "before"}
        rows.entry(name, {"grade": name}, was, school="n", former_school="s", sections=sections)
    await rows.write()
    signs = SectionSigns(schools_of_classes={"a1": "n", "a2": "n", "b1": "s"})

    found = await rows.figures.blocked_students(None, signs)
    unasked = await rows.figures.blocked_students(None)

    assert {one.place.grade: (one.came_from, one.class_schools) for one in found} == {
        "comes": ("s", ()),
        "two": (None, ("n", "s")),
        "moved": ("s", ("n", "s")),
        **dict.fromkeys(("stays", "new"), (None, ())),
        **dict.fromkeys(("one", "unknown"), ("s", ())),
    }
    assert {one.place.grade for one in found if one.is_new} == {"new"}
    assert {one.place.grade: one.was_grade for one in found if one.was_grade} == {"comes": "before"}
    assert {one.class_schools for one in unasked} == {()}


async def test_fields_are_lost_that_students_were_committed_with(rows: FigureRows) -> None:
    for name, record in (
        ("had both", {"email": "x", "grade": "TK", "extra": {"nick": "n"}}),
        ("had none", {"email": None, "grade": None, "extra": {"nick": None}}),
        ("came", None),
    ):
        for field in ("email", "grade", "nick", "school_id"):
            rows.found(name, BLANK, field=field)
        rows.entry(name, {"grade": name}, record, former_school="s")
    await rows.write()

    found = {one.place.grade: one for one in await rows.figures.blocked_students(None)}

    assert {name: (one.lost, one.was_grade) for name, one in found.items()} == {
        "had both": (("email", "grade", "nick"), "TK"),
        "had none": ((), None),
        "came": ((), None),
    }
    assert found["had both"].came_from == "s"


async def test_students_tell_what_came_beside_their_class_or_in_its_place(rows: FigureRows) -> None:
    for name, sections in (
        *(("beside", ("class", "new")), ("two new", ("class", "new", "new too"))),
        *(("mixed", ("class", "new", "left")), ("no class", ("new", "new too"))),
        *(("two classes", ("class", "class too", "new")), ("known", ("class", "class too"))),
    ):
        rows.found(name, TORN)
        rows.entry(name, {"grade": name}, {}, school="n", former_school="n", sections=sections)
    for name, listed in (("home", ("h1", "h2")), ("other", ("h2", "x")), ("none", ("x",))):
        rows.found(name, BARE)
        rows.entry(name, {"grade": name}, {}, school="n", former_school="n")
        rows.enrolled(name, *listed)
    await rows.write()
    added, left_out = NewClass(Beside.ADDED), NewClass(Beside.LEFT_OUT, "name", now="x")
    first, second = NewHome("grade", "1"), NewHome("name")
    signs = SectionSigns(
        news={"new": added, "new too": added, "left": left_out}, homes={"h1": first, "h2": second}
    )

    found = await rows.figures.blocked_students(None, signs)

    assert {one.place.grade: one.news for one in found if one.news} == {"beside": added, "two new": added}
    assert {one.place.grade: one.home for one in found if one.home} == {"home": first, "other": second}


async def test_a_field_was_blank_before_that_students_were_committed_without(rows: FigureRows) -> None:
    for name, field, record in (
        *(("a", "state_id", {"state_id": None}), ("b", "email", {"email": "x"}), ("c", "email", None)),
        ("d", "dob", {"grade": None}),
    ):
        rows.found(name, BLANK, field=field)
        rows.entry(name, {}, record)
        rows.entry(name, {}, {"email": None}, kind="teacher")
    for name in ("closed", "warned"):
        rows.entry(name, {}, {"email": None})
    rows.found("closed", BLANK, is_open=False, field="email")
    rows.found("warned", BLANK, severity="warning", field="email")
    await rows.write()

    assert await rows.figures.blank_before() == ["state_id"]


async def test_names_of_students_with_the_same_value_are_compared(rows: FigureRows) -> None:
    ada, bob = {"first_name": "Ada", "last_name": "Frawn"}, {"first_name": "Bob", "last_name": "Frawn"}
    for name, field, record in (
        *(
            ("a", "sis_id", ada | {"sis_id": "7"}),
            ("b", "sis_id", ada | {"sis_id": " 7", "first_name": "ADA"}),
        ),
        *(("c", "email", ada | {"email": "x"}), ("d", "email", bob | {"email": "x"})),
        *(("e", "nick", ada | {"extra": {"nick": "n"}}), ("f", "nick", ada | {"extra": {"nick": "n"}})),
        *(("g", "state_id", ada | {"state_id": "1"}), ("h", "state_id", ada | {"state_id": "2"})),
        *(("i", "dob", {"dob": "1"}), ("j", "dob", {"dob": "1"})),
    ):
        rows.found(name, Code.DUPLICATE_IDENTITY, field=field)
        rows.entry(name, record)
    await rows.write()

    found = await rows.figures.same_values()

    assert {field: (of.values, of.of_one, of.of_others) for field, of in found.items()} == {
        "nick": (1, 1, 0),
        "sis_id": (1, 1, 0),
        "email": (1, 0, 1),
        "dob": (1, 0, 0),
    }


async def test_of_two_records_with_the_same_value_it_is_known_which_was_there_and_which_is_used(
    rows: FigureRows,
) -> None:
    was = {"grade": "3", "sis_id": "8"}
    for name, field, old in (
        *(("a old", "sis_id", was), ("a new", "sis_id", None)),
        *(("b old", "state_id", was), ("b new", "state_id", None)),
        *(("c1", "email", {"email": "x"}), ("c2", "email", {"email": "y"})),
    ):
        rows.found(name, Code.DUPLICATE_IDENTITY, field=field)
        rows.entry(name, {field: "7"}, old)
    for name in ("a old", "b new", "c1", "c2"):
        rows.enrolled(name, "s")
    await rows.write()

    found = await rows.figures.same_values()

    assert {field: (of.one_listed, of.one_old, of.one_of_both) for field, of in found.items()} == {
        "sis_id": (1, 1, 1),
        "state_id": (1, 1, 0),
        "email": (0, 0, 0),
    }
    assert {field for field, of in found.items() if of.were_apart} == {"email"}


async def test_sections_of_one_set_of_kinds_are_named_fullest_first(rows: FigureRows) -> None:
    many = [f"s{number:02}" for number in range(1, 22)]
    rows.torn("a", "m1", "b1")
    rows.torn("b", "h1", "m1")
    rows.torn("c", *many)
    rows.torn("d", "s21", "s20")
    rows.beside()
    await rows.write()

    found = await rows.figures.sections_by_labels(LABELS | dict.fromkeys(many, BAND))

    assert [(kinds, list(sections)) for kinds, sections in found.items()] == [
        ((TWO_BANDS,), ["s20", "s21", *many[:18]]),
        ((BAND, MATH), ["b1", "m1"]),
        ((HOMEROOM, MATH), ["h1", "m1"]),
    ]


# What is on no student


async def test_errors_on_other_records_are_folded_by_their_code(rows: FigureRows) -> None:
    for name, since in (("b", 4), ("c", 3), ("a", 5)):
        rows.found(name, Code.NO_TEACHER, kind="class", since=since)
    for name, waiting in (("a", 3), ("b", 9), ("c", 5)):
        rows.found(name, Code.EVENTS_QUARANTINED, kind="district", since=7, waiting=waiting)
    rows.found("warned", Code.NO_TEACHER, kind="class", severity="warning")
    rows.found("closed", Code.NO_TEACHER, kind="class", is_open=False)
    rows.found("student", BARE)
    await rows.write()

    assert await rows.figures.other_errors() == [
        Others(Code.NO_TEACHER, 3, ["a", "b", "c"], day(3)),
        Others(Code.EVENTS_QUARANTINED, 3, ["a", "b", "c"], day(7), 9),
    ]


async def test_a_grade_of_a_school_has_so_many_students_in_scope(rows: FigureRows) -> None:
    for name, school, grade in (("a", "n", "3"), ("b", "n", "3"), ("c", "n", None), ("d", "s", "3")):
        rows.entry(name, {"grade": grade}, {}, school=school)
    rows.entry("e", {"grade": "3"}, {}, school="not asked for")
    rows.entry("gone", None, {"grade": "3"}, school="n", former_school="n")
    rows.entry("a", {"grade": "3"}, {}, kind="class", school="n")
    rows.entry("a", {"grade": "3"}, {}, kind="teacher", school="n")
    await rows.write()

    assert await rows.figures.cohorts({"n", "s", "empty"}) == {
        SchoolGrade("n", "3"): 2,
        SchoolGrade("n", None): 1,
        SchoolGrade("s", "3"): 1,
    }


# What a plan removes and moves


async def test_removals_are_told_with_places_and_what_else_goes(rows: FigureRows) -> None:
    for name, school, grade in (
        *(
            ("f", "s", "3"),
            ("e", "n", "4"),
            ("d", "n", "3"),
            ("c", "n", "3"),
            ("b", "n", "3"),
            ("a", "n", "3"),
        ),
        ("z", "unknown", "3"),
    ):
        rows.entry(name, None, {"grade": grade, "sis_id": name}, former_school=school)
    rows.entry("new", {"grade": "3", "sis_id": " D"}, school="n")
    rows.entry("stays", {"grade": "3"}, {"grade": "4"}, former_school="kept")
    rows.entry("same", {"grade": "3"}, {"grade": "3"}, former_school="kept")
    moved_away = {"student": {"texts": {"school_id": "away"}}}
    rows.entry("y", None, {"grade": "3", "sis_id": "y"}, former_school="n")
    rows.held("away", "s1", "s2", "s3")
    rows.held("n", "s4")
    lists: dict[str, Any] = {"s1": ["new", "o1", "y", "o2"], "s2": ["o1", "teacher", "unknown"], "s4": ["o3"]}
    rows.staged("section", {**{name: {"students": some} for name, some in lists.items()}, "s3": {}})
    rows.staged(
        "user", {**{name: {"student": {}} for name in ("o1", "o2", "o3")}, "teacher": {"teacher": {}}}
    )
    rows.staged("user", {"a": {"student": {}}, "b": {"teacher": {}}, "c": None, "new": {"student": {}}})
    rows.staged("user", {"y": moved_away})
    rows.staged("section", {"d": {"student": {}}, "z": {"student": {}}})
    rows.staged("school", {"n": None, "s": {}, "kept": None})
    rows.staged("term", {"n": {}, "s": None, "unknown": None})
    for name, candidate, committed in (
        *(("a", None, {}), ("b", None, {}), ("c", None, {}), ("d", {}, None), ("e", {}, None)),
        *(("f", {}, {"a": 1}), ("g", {"a": 1}, {}), ("h", {}, {})),
    ):
        rows.entry(name, candidate, committed, kind="class")
    rows.entry("a", None, {}, kind="teacher")
    await rows.write()

    assert await rows.figures.removals(6) == Removals(
        [
            Removed(N3, 3, is_staged=False, reissued=1),
            Removed(N3, 1, is_staged=True, moved_to="away"),
            Removed(N3, 1, is_staged=True),
            Removed(SchoolGrade("n", "4"), 1),
            Removed(SchoolGrade("s", "3"), 1),
            Removed(SchoolGrade("unknown", "3"), 1),
        ],
        gone_schools=frozenset("n"),
        classes_committed=6,
        classes_removed=3,
        classes_new=2,
        newcomers={"n": 1},
        regraded=9,
        others_at={"away": 2},
    )


def moved(
    rows: FigureRows, name: str, former: str, following: str, *, grade: str = "3", new_grade: str = "3",
    school: str = "n", kind: str = "student",
) -> None:  # fmt: skip
    """Put a committed student into another class."""
    rows.entry(
        *(name, {"grade": new_grade, "class_id": following}, {"grade": grade, "class_id": former}),
        kind=kind, school="new", former_school=school,
    )  # fmt: skip


async def test_a_class_change_is_told_with_what_became_of_the_former_class(rows: FigureRows) -> None:
    plain = {"sis_id": "1", "name": "Band", "teacher_ids": ["t"], "subject": "arts"}
    other = {"sis_id": "2", "name": "Choir", "teacher_ids": ["u"], "subject": "math"}
    nobodys = {"sis_id": "3", "teacher_ids": []}
    sections: dict[str, dict[str, Any] | None] = {
        "over": {"term_id": "over"}, "over and listed": {"term_id": "over"},
        "last day": {"term_id": "last day"},
        "listed": {}, "left": {}, "taught": {}, "to another": {}, "by another": {}, "gone": None,
    }  # fmt: skip
    rows.staged("section", sections)
    rows.staged("term", {"over": {"end": "2026-06-01"}, "last day": {"end": "2026-06-02"}})
    rows.staged("course", {"over": {"end": "2026-06-09"}, "last day": {"end": "2026-06-01"}})
    rows.staged("user", {"left": {"term_id": "over"}, "renamed": {}})
    fates: dict[str, tuple[Fate, dict[str, Any], dict[str, Any] | None]] = {
        # By the former class: what became of it, what it was, and what the new class is.
        **dict.fromkeys(("over", "over and listed"), (Fate.TERM_OVER, plain, plain)),
        "listed": (Fate.NOT_KEPT, plain, plain),
        **dict.fromkeys(
            ("last day", "left", "taught", "to another", "by another"), (Fate.LEFT, plain, plain)
        ),
        "gone": (Fate.NEW_ID, plain, {**other, "sis_id": " 1 "}),
        "renumbered": (Fate.NEW_ID, {**plain, "sis_id": "a1"}, {**plain, "sis_id": "A1"}),
        "renamed": (Fate.RENEWED, plain, {**other, "name": "BAND "}),
        "same teachers": (Fate.RENEWED, plain, {**other, "teacher_ids": ["t"]}),
        "same subject": (Fate.RENEWED, plain, {**other, "subject": " Arts"}),
        "nothing alike": (Fate.UNSHARED, plain, other),
        "nobody's": (Fate.UNSHARED, nobodys, {**other, "teacher_ids": []}),
        "into one that was": (Fate.UNSHARED, plain, None),
    }
    for name, (_, former, following) in reversed(fates.items()):
        moved(rows, name, name, f"new {name}", grade=name, new_grade=name)
        rows.entry(name, None, former, kind="class")
        rows.entry(f"new {name}", following or plain, None if following else plain, kind="class")
        rows.entry(name, {}, {"name": "x", "sis_id": "x"}, kind="school")
        rows.entry(f"new {name}", plain, plain, kind="school")
    rows.enrolled("over and listed", "over and listed")
    rows.enrolled("listed", "by another", "listed")
    rows.taught("taught", "taught")
    rows.enrolled("to another", "listed", "left")
    await rows.write()

    found = await rows.figures.class_changes(date(2026, 6, 2))
    timeless = await rows.figures.class_changes(None)

    assert {one.place.grade: one.fate for one in found} == {name: fate for name, (fate, *_) in fates.items()}
    assert [one.place.grade for one in found] == sorted(fates)
    assert {one.students for one in found} == {1}
    assert {
        one.place.grade: one.fate for one in timeless if one.place.grade in {"over", "over and listed"}
    } == {"over": Fate.LEFT, "over and listed": Fate.NOT_KEPT}


async def test_class_changes_are_counted_by_place_fate_and_promotion(rows: FigureRows) -> None:
    rows.staged("section", {"left": {}, "left as well": {}})
    for at, following in enumerate(["y", "z", "x", *(f"c{number:02}" for number in range(30, 10, -1))]):
        moved(rows, f"{at:02}", "left", following)
    moved(rows, "one more", "left", "z")
    for name in ("from another", "and again"):
        moved(rows, name, "left as well", "z")
    moved(rows, "gone", "gone", "y")
    moved(rows, "promoted", "left", "y", new_grade="4")
    moved(rows, "fourth", "left", "y", grade="4", new_grade="4")
    moved(rows, "south", "left", "y", school="a")
    moved(rows, "class", "left", "y", kind="class")
    moved(rows, "stays", "left", "left", new_grade="4")
    rows.entry("new", {"grade": "3", "class_id": "y"})
    rows.entry("goes", None, {"grade": "3", "class_id": "left"})
    await rows.write()

    found = await rows.figures.class_changes(None)

    fullest = ["z", *(f"c{number:02}" for number in range(11, 30))]
    assert {one.moved_to for one in found} == {"new"}
    assert [replace(one, moved_to=None) for one in found] == [
        ClassChange(SchoolGrade("a", "3"), 1, Fate.LEFT, sections=["y"]),
        ClassChange(N3, 26, Fate.LEFT, sections=fullest),
        ClassChange(N3, 1, Fate.LEFT, is_promoted=True, sections=["y"]),
        ClassChange(N3, 1, Fate.UNSHARED, sections=["y"]),
        ClassChange(SchoolGrade("n", "4"), 1, Fate.LEFT, sections=["y"]),
    ]


# The district itself


async def test_a_connected_district_can_be_read(store: StoreUnderTest, rows: FigureRows) -> None:
    connect = "INSERT INTO connections (district_id, disconnected_at) VALUES ($1, $2)"
    await store.rows(connect, "e", None)
    assert not await rows.figures.is_connected()

    await store.rows(connect, "d", None)
    assert await rows.figures.is_connected()

    await store.rows("UPDATE connections SET disconnected_at = now() WHERE district_id = 'd'")
    assert not await rows.figures.is_connected()


async def test_students_are_shared_where_any_user_is_one(store: StoreUnderTest, rows: FigureRows) -> None:
    rows.staged("user", {"a": {"teacher": {}}, "b": None})
    rows.staged("school", {"a": {"student": {}}})
    await rows.write()
    assert not await rows.figures.has_shared_students()

    for name in ("c", "d"):
        await store.rows(STAGED, "user", name, {"student": {}})
    assert await rows.figures.has_shared_students()
