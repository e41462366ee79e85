"""What errors of every kind and number are folded to, and what kind sections are told to be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from random import Random

from schemas.messages.review import Cause
from tests.support.builders.records import DISTRICT, later
from tests.support.districts.tables import check, draws
from worker.domain.preflight.approval import GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import (
    Blocked,
    CauseFacts,
    ClassChange,
    ErrorKey,
    Fate,
    Others,
    Removals,
    Removed,
    SchoolGrade,
    SharedSections,
    Sign,
    TermFacts,
    schools_to_count,
)
from worker.domain.review.causes.folding import fold
from worker.domain.review.causes.former_classes import FormerClassFate, Loss
from worker.domain.review.causes.labels import ConcernedSection, Label, LabelKind, label_sections
from worker.domain.review.causes.new_classes import Beside, NewClass
from worker.domain.review.causes.new_homes import NewHome
from worker.domain.roster.records import RecordId, Term
from worker.domain.roster.terms import TermCalendar

FEW = (1, 1, 2, 4, 5, 9, 10, 11)
MANY = (18, 45, 50, 90)
SCHOOLS = ("north", "south", None)
GRADES = ("3", "4", None)
ERRORS = (
    *(ErrorKey(Code.FIELD_MISSING, name) for name in ("dob", "email")),
    *(ErrorKey(code) for code in (Code.NO_SECTION, Code.MULTIPLE_SECTIONS, Code.UNKNOWN_SCHOOL)),
    *(ErrorKey(Code.DUPLICATE_IDENTITY, "sis_id"), ErrorKey(Code.LEFT_SCOPE)),
)
LABELS = tuple(
    Label(LabelKind.WORD, text, is_current, several)
    for text in ("homeroom", "advisory", "maths")
    for is_current in (True, False)
    for several in (True, False)
)


NEWS = (
    *(NewClass(what) for what in Beside),
    NewClass(Beside.LEFT_OUT, "name", now="summer school"),
    NewClass(Beside.CHANGED, "term", "S2", "YR"),
)
HOMES = (NewHome(), NewHome("grade", "Other"))
KINDS = ((), *((label,) for label in LABELS[::4]), *zip(LABELS, LABELS[5:], strict=False), LABELS[:3])


def place(rng: Random) -> SchoolGrade:
    return SchoolGrade(rng.choice(SCHOOLS), rng.choice(GRADES))


def moment(rng: Random) -> datetime:
    return later(rng.randrange(9))


def blocked(rng: Random) -> Blocked:
    keys = rng.sample(ERRORS, rng.choice((1, 1, 1, 2)))
    return Blocked(
        {key: moment(rng) for key in keys},
        rng.choice(FEW + MANY),
        place(rng),
        rng.choice(KINDS),
        is_listed=rng.random() < 0.6,
        sign=rng.choice((None, None, None, *Sign)),
        former=rng.choice(FATES) if rng.random() < 0.5 else None,
        is_added=rng.random() < 0.5,
        came_from=rng.choice((None, None, "north", "west")),
        class_schools=rng.choice(((), (), ("north", "south"))),
        lost=rng.choice(((), (), ("email",))),
        was_grade=rng.choice((None, None, "2", "3")),
        news=rng.choice((None, *NEWS)),
        home=rng.choice((None, None, *HOMES)),
    )


def others(rng: Random) -> Others:
    code = rng.choice((*GUARD_CODES, *GUARD_CODES, *OTHER_CODES))
    ids = tuple(rng.sample(("north", "south", "west"), rng.randrange(1, 3)))
    return Others(code, len(ids) + rng.randrange(2), ids, moment(rng), waiting=rng.randrange(4))


GUARD_CODES = tuple(sorted(GUARDS))
OTHER_CODES = tuple(sorted(set(Code) - GUARDS - {key.code for key in ERRORS}))


FATES = (
    None,
    *(FormerClassFate(loss) for loss in Loss),
    FormerClassFate(Loss.CHANGED, "name"),
    FormerClassFate(Loss.CHANGED, "name", "homeroom", "advisory"),
    FormerClassFate(Loss.UNSHARED, was="homeroom"),
)


CLASS_COUNTS = (0, 5, 10, 10, 10)


def removals(rng: Random) -> Removals:
    return Removals(
        [
            Removed(
                place(rng),
                students,
                rng.random() < 0.2,
                rng.choice((None, "3", "4", "04", "5")),
                rng.choice((0, 0, students // 2, students)),
                moved_to=rng.choice((None, None, "south", "west")),
            )
            for students in rng.choices(FEW + MANY, k=rng.randrange(1, 4))
        ],
        frozenset(rng.sample(("north", "south"), rng.randrange(2))),
        classes_committed=rng.choice(CLASS_COUNTS),
        classes_removed=rng.choice(CLASS_COUNTS),
        classes_new=rng.choice(CLASS_COUNTS),
        newcomers=rng.choice(({}, {"west": 40})),
        others_at=rng.choice(({}, {"south": 7})),
    )


def class_changes(rng: Random) -> list[ClassChange]:
    return [
        ClassChange(
            place(rng),
            rng.choice(FEW + MANY),
            rng.choice(list(Fate)),
            rng.random() < 0.4,
            rng.sample(("s1", "s2", "s3"), 2),
        )
        for _ in range(rng.randrange(4))
    ]


FALL = Term(RecordId("f"), "Fall", date(2026, 10, 1))
SHARED = tuple(SharedSections(9, filled, subject) for filled in (True, False) for subject in (None, "Math"))


def facts(rng: Random, *, of_students: bool) -> CauseFacts:
    groups = [blocked(rng) for _ in range(rng.choice((1, 2, 3, 8)))] if of_students else []
    return CauseFacts(
        DISTRICT,
        rng.choice((9, 10, 18, 20, 21, 100)),
        "0123456789abcdef",
        was_rostered=rng.random() < 0.7,
        is_filter_new=rng.random() < 0.4,
        is_scope_by_grade=rng.random() < 0.5,
        blank_before=rng.choice((frozenset(), frozenset(("dob", "email")))),
        has_rules=rng.random() < 0.7,
        filter_fields=rng.choice(((), ("name", "term"))),
        current_term_only=rng.random() < 0.7,
        has_scope=rng.random() < 0.7,
        blocked=groups,
        cohorts={place(rng): rng.choice((0, 1, 2, 4, 5, 10, 50)) for _ in range(rng.randrange(5))},
        sections={
            group.labels: {one: rng.randrange(9) for one in rng.sample(("s1", "s2", "s3"), 2)}
            for group in groups
        },
        new_classes={one: ["n1", "n2"][: rng.randrange(3)] for one in NEWS},
        new_homes={one: ["h1", "h2"][: rng.randrange(3)] for one in HOMES},
        former_classes={group.former: ["c1", "c2"][: rng.randrange(3)] for group in groups if group.former},
        shared_sections=rng.choice(
            (None, None, SharedSections(9, rng.random() < 0.5, rng.choice((None, "Math"))))
        ),
        school_names=rng.choice(({}, {"north": "North School", "south": "South School"})),
        others=[] if of_students else [others(rng) for _ in range(rng.randrange(1, 4))],
        removals=rng.choice((None, removals(rng), removals(rng))),
        class_changes=class_changes(rng),
        has_shared_students=rng.random() < 0.5,
        is_connected=rng.random() < 0.5,
        schools_without_sections=rng.choice((frozenset(), frozenset(("north",)))),
        signs={sign: ["s4", "s5"][: rng.randrange(3)] for sign in Sign},
        unmatched_grades=rng.choice(((), ("K",))),
        terms=rng.choice((None, TermFacts(date(2026, 9, 15), None, FALL))),
    )


def told(number: int, cause: Cause) -> Iterator[str]:
    schools, grades, sections = map(list, (cause.schools, cause.grades, cause.sections))
    listed = (schools, cause.school_count, grades, sections)
    findings = {code.value: count for code, count in sorted(cause.findings.items())}
    since = cause.since and (cause.since - later(0)).seconds
    counts = (cause.students, cause.unblocks, cause.removed, cause.class_changes)
    yield f"{number} {cause.code} {cause.field} {counts} {findings} {listed} since {since}"


def rows(name: str, number: int, *, of_students: bool) -> Iterator[str]:
    texts: set[str] = set()
    for place_of_draw, rng in enumerate(draws(name, number)):
        drawn = facts(rng, of_students=of_students)
        if schools := schools_to_count(drawn.blocked):
            yield f"{place_of_draw} counts at {sorted(schools)}"
        for cause in fold(drawn):
            yield from told(place_of_draw, cause)
            texts.add(f"{cause.code}: {cause.advice}")
    yield from sorted(texts)


def test_errors_on_students_are_folded_as_the_table_says() -> None:
    check("causes_of_students", rows("students", 110, of_students=True))


def test_errors_on_everything_else_are_folded_as_the_table_says() -> None:
    check("causes_of_districts", rows("districts", 160, of_students=False))


NAMES = ("Homeroom 3", "Home Room", "Group Guidance", "Guidance 3", "Maths Quill", "Reading Lab", "Fern", "")


def concerned(rng: Random, number: int) -> ConcernedSection:
    def some(*texts: str | None) -> str | None:
        return rng.choice((*texts, None))

    return ConcernedSection(
        f"s{number}",
        f"{rng.choice(NAMES)} {rng.choice(NAMES)}",
        some("maths", " "),
        some("Algebra  I", "Fern"),
        some("1"),
        some("3"),
        rng.choice((None, Term(RecordId("t1"), "Fall"), Term(RecordId("t2"), "Old", None, date(2026, 1, 1)))),
        rng.sample(("quill", "fern", "unknown"), rng.randrange(3)),
        some("north"),
    )


def labelled(number: int) -> Iterator[str]:
    calendar = TermCalendar(date(2026, 9, 15), {("north", "t2"): date(2026, 9, 16)})
    for rng in draws("labels", number):
        sections = [concerned(rng, one) for one in range(rng.choice((1, 3, 5, 5)))]
        found = label_sections(sections, {"quill", "fern"}, {"quill", "fern"}, calendar)
        yield "; ".join(f"{section.name}: {shown(found[section.id])}" for section in sections)


def shown(label: Label) -> str:
    marks: Sequence[str] = ("" if label.is_current else " over", " several" if label.several else "")
    return f"{label}{''.join(marks)}"


def test_sections_are_of_the_kind_that_the_table_says() -> None:
    check("labels", labelled(100))
