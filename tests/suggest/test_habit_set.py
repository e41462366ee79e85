"""What every habit claims of itself: its filter fits, or no simple rule does."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations

import pytest

from tests.support.districts.habits import HABITS, District, Habit
from tests.support.districts.habits.verdict import TOLERATED, Verdict, judge
from tests.support.districts.oracle import view
from tests.support.sampling import part_of, tries_all
from worker.domain.roster.records import Json, RecordKind, section_from_json
from worker.domain.roster.section_filter import KEEP_ALL
from worker.domain.roster.terms import is_current
from worker.domain.roster.texts import folded

SECTION_FIELDS = ("subject", "period", "grade", "section_number", "term_id", "course_id")
A_GOOD_RULE = 0.8
"""Share of students with exactly one section from which a rule would be worth a word."""

fitting = [habit for habit in HABITS if not habit.is_hopeless]
hopeless = [habit for habit in HABITS if habit.is_hopeless]
hopeless_by_count = [habit for habit in hopeless if not habit.is_lockstep]
lockstep = [habit for habit in HABITS if habit.is_lockstep]


def test_the_set_has_habits_with_and_without_a_good_rule() -> None:
    assert len(fitting) >= 36
    assert len(hopeless) >= 4
    assert len(lockstep) >= 40


@pytest.mark.parametrize("seed", [1, 2] if tries_all() else [1])
@pytest.mark.parametrize(
    "habit",
    [habit for habit in fitting if tries_all() or part_of(habit.name, 2) == 0],
    ids=lambda habit: habit.name,
)
def test_the_known_filter_reaches_what_is_claimed_and_gives_only_classes(habit: Habit, seed: int) -> None:
    district = habit.district(seed)
    assert district.best is not None
    judged = judge(district, district.best)
    assert judged.share >= habit.reaches >= 0.96
    assert (judged.verdict, judged.wrong) == (Verdict.FOUND, 0)
    assert district.coverage(KEEP_ALL).share < 0.2


@pytest.mark.parametrize("habit", hopeless_by_count, ids=lambda habit: habit.name)
def test_where_no_filter_fits_no_simple_one_comes_near_not_even_one_for_each_school(habit: Habit) -> None:
    district = habit.district()
    assert district.best is None
    schools = {record["school_id"] for record in _sections(district).values()}
    assert max(_shares(district, None)) < A_GOOD_RULE
    best_by_school = [max(_counts(district, school)) for school in schools]
    assert sum(best_by_school) / _students(district) < A_GOOD_RULE


@pytest.mark.parametrize("habit", hopeless_by_count, ids=lambda habit: habit.name)
def test_where_no_filter_fits_neither_do_several_rules_for_each_school(habit: Habit) -> None:
    district = habit.district()
    schools = {record["school_id"] for record in _sections(district).values()}
    assert sum(_grown(district, school) for school in schools) / _students(district) < A_GOOD_RULE


@pytest.mark.parametrize("habit", lockstep, ids=lambda habit: habit.name)
def test_in_lockstep_a_simple_rule_counts_for_most_and_is_not_the_class(habit: Habit) -> None:
    assert any(is_class is False for is_class in _meanings(habit.district()))


@pytest.mark.parametrize(
    "habit", [habit for habit in lockstep if habit.is_hopeless], ids=lambda habit: habit.name
)
def test_where_no_filter_fits_in_lockstep_no_simple_rule_that_counts_is_the_class(habit: Habit) -> None:
    assert not any(_meanings(habit.district()))


partly = [habit for habit in hopeless if habit.partial is not None]


@pytest.mark.parametrize("habit", partly, ids=lambda habit: habit.name)
def test_a_partial_filter_is_right_for_a_part(habit: Habit) -> None:
    assert habit.partial is not None
    district = habit.district()
    assert 0.3 < district.coverage(habit.partial).share < A_GOOD_RULE
    assert judge(district, habit.partial).wrong == 0


def test_teachers_names_stand_in_the_names_of_sections() -> None:
    looked_at = [habit for habit in HABITS if tries_all() or part_of(habit.name, 4) == 0]
    with_names = [habit for habit in looked_at if _names_teachers(habit.district())]
    assert len(with_names) >= len(looked_at) * 0.8


def test_the_brute_force_finds_the_rule_where_there_is_one() -> None:
    by_name = {habit.name: habit for habit in HABITS}
    for name in ("homeroom_by_name", "homeroom_by_subject", "homeroom_by_term", "first_period"):
        assert max(_shares(by_name[name].district(), None)) == 1.0
    two_words = by_name["two_words"].district()
    schools = {record["school_id"] for record in _sections(two_words).values()}
    assert sum(max(_counts(two_words, school)) for school in schools) == _students(two_words)


def _meanings(district: District) -> Iterator[bool]:
    """Tell, of every simple condition that gives most students one current section, if it is the class."""
    current = {
        section_id: record
        for section_id, record in _sections(district).items()
        if is_current(view(section_from_json(section_id, record), district.records).term, district.today)
    }
    for ids in _kept(district, current):
        counts = Counter(student for section_id in ids for student in current[section_id]["students"])
        single = [student for student, count in counts.items() if count == 1]
        if len(single) >= A_GOOD_RULE * _students(district):
            right = sum(bool(ids & district.classes[student]) for student in single)
            yield len(single) - right <= TOLERATED * len(single)


def _shares(district: District, school: str | None) -> Iterator[float]:
    students = _students(district)
    return (count / students for count in _counts(district, school))


def _counts(district: District, school: str | None) -> Iterator[int]:
    """Count the students with exactly one section: by every simple condition, and by every two at once."""
    sections = _sections(district, school)
    singles = _kept(district, sections)
    pairs = {one & other for one, other in combinations(singles, 2)}
    least = len(sections) // 200
    for ids in {frozenset(sections), *singles, *(both for both in pairs if len(both) > least)}:
        yield _exactly_one(sections[section_id]["students"] for section_id in ids)


def _grown(district: District, school: str) -> int:
    """Count the students with exactly one section under rules that are added for as long as they help."""
    sections = _sections(district, school)
    singles = _kept(district, sections)
    chosen: frozenset[str] = frozenset()
    reached = 0
    while True:
        count, rule = max(
            (_exactly_one(sections[section_id]["students"] for section_id in chosen | ids), sorted(ids))
            for ids in singles
        )
        if count <= reached:
            return reached
        chosen, reached = chosen.union(rule), count


def _kept(district: District, sections: dict[str, Json]) -> set[frozenset[str]]:
    """Return what each simple condition keeps."""
    kept: dict[tuple[str, str], set[str]] = defaultdict(set)
    for section_id, record in sections.items():
        for condition in _conditions(district, record):
            kept[condition].add(section_id)
    return {frozenset(ids) for ids in kept.values()}


def _conditions(district: District, record: Json) -> Iterator[tuple[str, str]]:
    yield from ((name, folded(record[name])) for name in SECTION_FIELDS if name in record)
    course = district.records.get((RecordKind.COURSE, record.get("course_id", "")), {})
    for source, text in (("name", record.get("name", "")), ("course", course.get("name", ""))):
        for word in re.findall(r"[^\W_]+", text.casefold()):
            yield f"{source} contains", word
    yield "number starts", course.get("number", "")[:2]


def _exactly_one(lists: Iterable[list[str]]) -> int:
    counts = Counter(student for listed in lists for student in listed)
    return sum(count == 1 for count in counts.values())


def _sections(district: District, school: str | None = None) -> dict[str, Json]:
    return {
        record_id: record
        for (kind, record_id), record in district.records.items()
        if kind is RecordKind.SECTION and school in {None, record["school_id"]}
    }


def _students(district: District) -> int:
    return sum("student" in record for record in district.records.values())


def _names_teachers(district: District) -> bool:
    lasts = {record["teacher"]["last_name"] for record in district.records.values() if "teacher" in record}
    names = [record.get("name", "") for record in _sections(district).values()]
    return sum(any(last in name for last in lasts) for name in names) >= len(names) / 10
