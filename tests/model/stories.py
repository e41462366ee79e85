"""What may happen to a district in the model: changes, filters, policies, words of people; whole stories."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from hypothesis import strategies as st

from schemas.words import Severity
from tests.model.mirror import TODAY
from worker.domain.preflight.policy import Code
from worker.domain.roster.records import Json, RecordKind
from worker.domain.roster.section_filter import SectionFilter

STUDENTS = [f"s{number:02}" for number in range(14)]

TEACHERS = ["t1", "t2"]

SECTIONS = ["c1", "c2", "c3", "c4"]

SCHOOLS = ["h1", "h2"]

COURSES = ["k1", "k2"]

TERMS = ["m1", "m2"]

maybe = st.none()

grades = st.sampled_from(["3", "4"])


def _texts(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None}


students = st.builds(
    lambda sis_id, grade, school, first, others: {
        "student": {
            "texts": _texts(first_name=first, last_name="X", sis_id=sis_id, grade=grade, school_id=school),
            **({"other_schools": others} if others else {}),
        }
    },
    st.one_of(maybe, st.sampled_from(["s01", "S01 ", "s02", "\uff11", "1"]), st.integers(10, 9999).map(str)),
    st.one_of(grades, grades, maybe),
    st.sampled_from([*SCHOOLS, *SCHOOLS, None]),
    st.sampled_from(["A", "B", None]),
    st.sampled_from([[], [], ["h1"], ["h2"]]),
)

teachers = st.builds(lambda name: {"teacher": {"last_name": name}}, st.sampled_from(["P", "Q"]))

sections = st.builds(
    lambda name, school, course, term, listed, taught: {
        **_texts(name=name, school_id=school, course_id=course, term_id=term),
        "students": sorted(listed),
        "teachers": sorted(taught),
    },
    st.sampled_from(["Homeroom 1", "Homeroom 2", "Math"]),
    st.sampled_from([*SCHOOLS, None]),
    st.sampled_from([*COURSES, None]),
    st.sampled_from([*TERMS, None]),
    st.sets(st.sampled_from([*STUDENTS, "nobody"])),
    st.sets(st.sampled_from([*TEACHERS, "nobody"]), max_size=2),
)

schools = st.builds(lambda name: {"name": name}, st.sampled_from(["North", "South"]))

courses = st.builds(lambda name: {"name": name}, st.sampled_from(["Advisory", "Algebra"]))

terms = st.builds(
    lambda start, end: _texts(name="T", start=start, end=end),
    st.sampled_from([None, str(TODAY), str(TODAY + timedelta(days=3))]),
    st.sampled_from([None, *(str(TODAY - timedelta(days=days)) for days in (0, 1, 3, 30, 31))]),
)


def _change(kind: RecordKind, ids: list[str], records: st.SearchStrategy[Json]) -> st.SearchStrategy[Any]:
    record = st.one_of(records, records, records, maybe)
    return st.tuples(st.just(kind), st.sampled_from(ids), record)


changes = st.one_of(
    _change(RecordKind.USER, STUDENTS, st.one_of(students, students, students, teachers)),
    _change(RecordKind.USER, STUDENTS, students),
    _change(RecordKind.USER, TEACHERS, teachers),
    _change(RecordKind.SECTION, SECTIONS, sections),
    _change(RecordKind.SECTION, SECTIONS, sections),
    _change(RecordKind.SCHOOL, SCHOOLS, schools),
    _change(RecordKind.COURSE, COURSES, courses),
    _change(RecordKind.TERM, TERMS, terms),
)


def _rule(name: str, op: str, value: str) -> Json:
    return {"all": [{"field": name, "op": op, "value": value}]}


filters = st.builds(
    lambda rules, strategy, scope, current: SectionFilter.model_validate(
        {"rules": rules, "strategy": strategy, "scope": scope, "current_term_only": current}, strict=False
    ),
    st.lists(
        st.sampled_from(
            [
                _rule("name", "contains", "homeroom"),
                _rule("name", "is", "math"),
                _rule("course_name", "starts_with", "adv"),
                _rule("school", "is", "north"),
                _rule("school", "is_not", "h1"),
            ]
        ),
        max_size=2,
    ),
    st.sampled_from(["union", "first_match"]),
    st.sampled_from([{}, {}, {"grades": ["3"]}, {"schools": ["h1"]}, {"schools": ["north"]}]),
    st.booleans(),
)

policies = st.builds(
    lambda required, unique, floor, severity, removal, grace, moving, hours: {
        "required_fields": required,
        "unique_fields": unique,
        "removal_limit_floor": floor,
        "term_grace_days": grace,
        "class_change_limit_percent": moving,
        "removal_window_hours": hours,
        "severities": {
            Code.FIELD_MISSING.value: severity.value,
            Code.DUPLICATE_IDENTITY.value: severity.value,
            Code.SCHOOL_MASS_REMOVAL.value: removal.value,
            Code.SCHOOL_CLASS_CHANGE.value: removal.value,
        },
    },
    st.sampled_from([["sis_id"], ["first_name", "grade"], []]),
    st.sampled_from([["sis_id"], ["sis_id", "first_name"], []]),
    st.sampled_from([0, 2, 10]),
    st.sampled_from(Severity),
    st.sampled_from(Severity),
    st.sampled_from([0, 1, 30, 30]),
    st.sampled_from([30, 30, 100]),
    st.sampled_from([24, 24, 20, 0]),
)


@dataclass(frozen=True)
class Resync:
    """A hole in the feed (`missed`), a baseline that mends it, and what happened `since` it began."""

    missed: list[Any]
    since: list[Any]
    is_large: bool
    """Whether the whole district is looked at again, or only what the baseline changed."""
    is_overtaken: bool
    """Whether what happened since was evaluated before the baseline was ready."""
    seed: str
    """What the feed tells of its newest event: the truth, nothing (it was emptied), or an older one."""


@dataclass(frozen=True)
class Rollback:
    """A person takes the district back to an earlier commit, looks, and lets its commits go on."""

    choice: int
    """Which of the commits whose roster was another one."""


GHOST = "s99"

"""A student who came and went in the hole; his coming turns up late."""

resyncs = st.builds(
    lambda missed, since, ghost, one, other, is_large, is_overtaken, seed: Resync(
        [
            *missed,
            (RecordKind.SECTION, "c1", one),
            (RecordKind.USER, GHOST, ghost),
            (RecordKind.USER, GHOST, None),
        ],
        [*since, (RecordKind.SECTION, "c1", other)],
        is_large,
        is_overtaken,
        seed,
    ),
    st.lists(changes, max_size=20),
    st.lists(changes, max_size=4),
    students,
    sections,
    sections,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["newest", "none", "older"]),
)


@dataclass(frozen=True)
class Temporary:
    """A policy with an end that is still to come."""

    policy: dict[str, Any]


class Said(Enum):
    """What a person says, or time brings."""

    HOLD = "hold"
    RESUME = "resume"
    APPROVE = "approve"
    APPROVE_ANOTHER = "approve a plan that is not the one there is"
    TIME_PASSES = "every policy with an end has ended"
    HALF_A_DAY_PASSES = "what was committed lies 13 hours further back"
    DAY_PASSES = "the days of terms are one nearer, or one longer ago"


@dataclass(frozen=True)
class ApproveMeanwhile:
    """An approval, and what happens before it is all over."""

    meanwhile: list[Any] | SectionFilter | dict[str, Any]
    is_overtaken: bool
    """Whether it happens, and asks to be looked at, before an evaluation has seen the approval."""


@dataclass(frozen=True)
class Restored:
    """Everything is as it was in the beginning, and judged by little more than the guards."""


@dataclass(frozen=True)
class Vanish:
    """Students leave, of whom nothing else is wrong: all that stands against it is a guard."""

    students: list[str]


STRICT_GUARDS: dict[str, Any] = {
    "required_fields": [],
    "unique_fields": [],
    "removal_limit_floor": 0,
    "severities": {},
}


"""A policy that lets few removals through; the usual floor is most of so small a district."""

MOVES_FREELY: dict[str, Any] = STRICT_GUARDS | {"class_change_limit_percent": 100, "removal_limit_floor": 10}

LOOKS_BACK: dict[str, Any] = STRICT_GUARDS | {"removal_window_hours": 20, "removal_limit_floor": 2}

vanishings = st.lists(st.sampled_from(STUDENTS), min_size=3, max_size=12, unique=True).map(Vanish)

harmless = st.tuples(st.sampled_from(STUDENTS), st.sampled_from(["A", "B"])).map(
    lambda named: [(RecordKind.USER, named[0], _student(*named))]
)

"""Somebody's name changes (or he comes back), which makes another plan and no error."""

approvals_meanwhile = st.builds(
    ApproveMeanwhile,
    st.one_of(harmless, harmless, st.lists(changes, min_size=1, max_size=3), filters, policies),
    st.booleans(),
)

steps = st.one_of(
    st.sampled_from(Said),
    vanishings,
    approvals_meanwhile,
    policies.map(Temporary),
    resyncs,
    st.lists(changes, min_size=1, max_size=25),
    st.lists(changes, min_size=1, max_size=4),
    st.lists(changes, min_size=1, max_size=4),
    filters,
    policies,
)

any_step = steps.map(lambda step: step)  # as one choice among others, and not as the many it is made of

opinions = st.one_of(
    # Students leave a district that nothing else is wrong with, and somebody looks at that.
    st.tuples(st.just(Restored()), vanishings, approvals_meanwhile, any_step),
    st.tuples(st.just(Restored()), vanishings, st.one_of(st.just(Said.APPROVE), any_step), any_step),
    st.tuples(
        st.just(Restored()),
        st.just(Said.HOLD),
        st.one_of(vanishings, any_step),
        any_step,
        st.just(Said.RESUME),
    ),
    st.tuples(st.just(Restored()), policies.map(Temporary), any_step, st.just(Said.TIME_PASSES)),
    # Days pass over a district whose terms have days.
    st.tuples(
        st.just(Restored()),
        st.just(SectionFilter(current_term_only=True)),
        st.lists(_change(RecordKind.TERM, TERMS, terms), min_size=1, max_size=2),
        st.just(Said.DAY_PASSES),
        st.lists(changes, min_size=1, max_size=3),
        st.just(Said.DAY_PASSES),
    ),
)

"""What people and time do to a district, each from a state in which it shows."""


def _student(student: str, name: str) -> Json:
    """A student about whom nothing is wrong."""
    texts = _texts(first_name=name, last_name="X", sis_id=student, grade="3", school_id="h1")
    return {"student": {"texts": texts}}


def whole_district(gone: frozenset[str] = frozenset(), turn: int = 0, name: str = "F") -> list[Any]:
    """A district without an error: each student in one of the sections, with all that it points to."""
    people = [
        (RecordKind.USER, student, None if student in gone else _student(student, f"{name}{student}"))
        for student in STUDENTS
    ]
    held = [
        (
            RecordKind.SECTION,
            section,
            {
                **_texts(name="Homeroom 1", school_id="h1", course_id="k1", term_id="m1"),
                "students": STUDENTS[(number + turn) % len(SECTIONS) :: len(SECTIONS)],
                "teachers": ["t1"],
            },
        )
        for number, section in enumerate(SECTIONS)
    ]
    beside = [
        (RecordKind.USER, "t1", {"teacher": {"last_name": name}}),
        (RecordKind.SCHOOL, "h1", {"name": "North"}),
        (RecordKind.COURSE, "k1", {"name": "Advisory"}),
        (RecordKind.TERM, "m1", {"name": "T"}),
    ]
    return [*people, *held, *beside]


whole_districts = st.builds(
    whole_district,
    st.frozensets(st.sampled_from(STUDENTS), max_size=6),
    st.integers(0, 3),
    st.sampled_from(["F", "G"]),
)

rollbacks = st.builds(Rollback, st.integers(0, 99))

one_by_one = st.lists(
    st.one_of(
        st.sampled_from(STUDENTS).map(lambda one: Vanish([one])),
        st.sampled_from(STUDENTS).map(lambda one: [(RecordKind.USER, one, _student(one, "A"))]),
        st.integers(0, 3).map(lambda turn: whole_district(turn=turn)),
        st.just(Said.HALF_A_DAY_PASSES),
    ),
    min_size=3,
    max_size=8,
)
"""Students leave and come back and change class in small steps, over days."""

FIVE_LEAVE = Vanish(STUDENTS[:5])

SOMEBODY_IS_RENAMED = [(RecordKind.USER, STUDENTS[-1], _student(STUDENTS[-1], "B"))]

APPROVED_TOO_LATE = ApproveMeanwhile(SOMEBODY_IS_RENAMED, is_overtaken=True)

APPROVED_AND_MADE_STRICTER = ApproveMeanwhile(
    STRICT_GUARDS | {"required_fields": ["email"]}, is_overtaken=True
)

APPROVED_IN_TIME = ApproveMeanwhile(SOMEBODY_IS_RENAMED, is_overtaken=False)
