"""What is read of the candidate roster, and changed in it: beside each row stand others of the same id."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from schemas.words import FindingKind, RosterKind, Severity
from tests.support.builders.district_rows import ENROLLMENT, KEPT, LINK, STAGED
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.copying import MANY
from worker.adapters.postgres.evaluation.candidate_roster import PostgresCandidateRoster
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.roster.roster import Entry
from worker.pipeline.evaluate.rosters import CandidateChanges, EntryState, EntryWrite, OpenFinding

ROSTER = (
    "INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, committed, "
    "committed_member, school_id, sections, grade) "
    "VALUES ('d', $1, $2, $3, sha256($3::text::bytea), $4, sha256($4::text::bytea), $5, $6, $7)"
)
KINDS: Final = ("school", "teacher", "class", "student")


@pytest.fixture
async def roster(store: StoreUnderTest) -> AsyncIterator[PostgresCandidateRoster]:
    async with store.database.connection() as connection:
        yield PostgresCandidateRoster(connection, "d")


@pytest.fixture
async def of_another(store: StoreUnderTest) -> AsyncIterator[PostgresCandidateRoster]:
    async with store.database.connection() as connection:
        yield PostgresCandidateRoster(connection, "e")


async def put(
    store: StoreUnderTest, kind: str, name: str, candidate: str | None, committed: str | None = None,
    school: str | None = None, sections: tuple[str, ...] = (), grade: str | None = None,
) -> None:  # fmt: skip
    """Add a row of the roster."""
    values = (candidate, committed, school, list(sections), grade)
    await store.rows(ROSTER, kind, name, *values)


async def add_elsewhere(store: StoreUnderTest, statement: str, *values: object) -> None:
    """Add a row of another district."""
    await store.rows(statement.replace("'d'", "'e'"), *values)


def by_id(states: list[Any]) -> dict[str, Any]:
    """Return states by their ids, of which each stands there once."""
    found = {state.id: state for state in states}
    assert len(found) == len(states)
    return found


async def entries(store: StoreUnderTest) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    rows = await store.rows(
        "SELECT district_id, kind, record_id, candidate, committed, school_id, grade FROM roster"
    )
    return {tuple(row)[:3]: tuple(row)[3:] for row in rows}


# Students, teachers and schools with what is beside them


async def test_a_student_is_read_with_his_kept_sections_his_school_and_his_row(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    student = {"student": {"texts": {"school_id": "a"}}}
    records = {
        ("user", "a"): student,
        ("user", "b"): {"student": {"texts": {"school_id": "gone"}}},
        ("user", "c"): {"teacher": {}},
        ("user", "d"): None,
        ("school", "a"): {"name": "A"},
        ("school", "gone"): None,
        ("section", "a"): {},
        ("term", "b"): {"student": {}},
    }
    for (kind, name), record in records.items():
        await store.rows(STAGED, kind, name, record)
    for section, rank in (("a", 3), ("b", 1), ("c", 2)):
        await store.rows(KEPT, section, rank, 0)
    for name, sections in (("a", ["a", "b", "unkept"]), ("b", ["c"])):
        await store.rows(ENROLLMENT, name, sections)
    for role in ("teacher", "school"):
        await store.rows(LINK, role, "a", "c")
    await put(store, "student", "a", "{}", "{}", "a", ("a", "b"), "3")
    await put(store, "student", "b", None, "{}")
    await put(store, "teacher", "a", "other", "other")
    for kind, name, record in (("user", "z", student), ("school", "gone", {"name": "theirs"})):
        await add_elsewhere(store, STAGED, kind, name, record)
    await add_elsewhere(store, KEPT, "unkept", 9, 0)
    await add_elsewhere(store, ENROLLMENT, "d", ["a"])
    await add_elsewhere(store, ROSTER, "student", "z", "{}", "{}", "a", [], "3")

    states = by_id(await roster.student_states(["a", "b", "c", "d", "z"], with_duplicated=True))

    assert {name: state.ranks for name, state in states.items()} == {
        "a": {"a": 3, "b": 1},
        "b": {"c": 2},
        **{name: {} for name in "cdz"},
    }
    known = {name for name, state in states.items() if state.school_known}
    students = {name for name, state in states.items() if state.record is not None}
    assert (known, students) == ({"a"}, {"a", "b"})
    assert states["a"].record == student
    entry = states["a"].entry
    assert entry.candidate == entry.committed is not None
    assert entry.sections == ("a", "b")
    assert states["b"].entry.candidate is None
    assert states["b"].entry.committed is not None
    assert (states["z"].entry.candidate, states["z"].entry.committed) == (None, None)


async def test_a_teacher_is_needed_who_has_a_kept_section_with_students(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    for name in "abcde":
        await store.rows(STAGED, "user", name, {"teacher": {}} if name != "e" else {"student": {}})
        await store.rows(STAGED, "school", name, {"teacher": {"of": "a school"}})
    for section, students in (("full", 1), ("empty", 0), ("also full", 9)):
        await store.rows(KEPT, section, 1, students)
    for role, target, section in (
        *(("teacher", "a", "full"), ("teacher", "a", "empty"), ("teacher", "b", "empty")),
        *(("teacher", "c", "unkept"), ("course", "d", "full"), ("teacher", "e", "also full")),
    ):
        await store.rows(LINK, role, target, section)
    await store.rows(ENROLLMENT, "d", ["full"])
    await put(store, "teacher", "a", "{}", None)
    await put(store, "student", "b", "{}", "{}")
    await add_elsewhere(store, STAGED, "user", "z", {"teacher": {}})
    await add_elsewhere(store, LINK, "teacher", "b", "full")
    await add_elsewhere(store, KEPT, "unkept", 1, 3)
    await add_elsewhere(store, ROSTER, "teacher", "b", "{}", "{}", None, [], None)

    found = await roster.needed_states(["a", "b", "c", "d", "e", "z"], [])
    states = by_id(found[RosterKind.TEACHER])

    assert found[RosterKind.SCHOOL] == []

    assert {name for name, state in states.items() if state.needed} == {"a", "e"}
    assert {name: state.record for name, state in states.items()} == {
        **{name: {"teacher": {}} for name in "abcd"},
        **dict.fromkeys("ez"),
    }
    there = {name for name, state in states.items() if state.entry.candidate is not None}
    committed = {name for name, state in states.items() if state.entry.committed is not None}
    assert (there, committed) == ({"a"}, set())


async def test_a_school_is_needed_where_a_student_or_a_class_of_the_candidate_is(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    for name in "abcdef":
        await store.rows(STAGED, "school", name, None if name == "f" else {"name": name})
        await store.rows(STAGED, "user", name, {"name": "a user"})
    await put(store, "student", "1", "{}", None, "a")
    await put(store, "class", "7", "{}", None, "b")
    await put(store, "teacher", "1", "{}", None, "c")
    await put(store, "student", "2", None, "{}", "d")
    await put(store, "school", "a", None, "{}")
    await put(store, "student", "e", "{}", "{}", "f")
    await add_elsewhere(store, ROSTER, "student", "9", "{}", "{}", "c", [], None)
    await add_elsewhere(store, ROSTER, "school", "b", "{}", "{}", None, [], None)
    await add_elsewhere(store, STAGED, "school", "z", {"name": "theirs"})

    found = await roster.needed_states(["a"], [*"abcdef", "z"])
    states = by_id(found[RosterKind.SCHOOL])
    students = await roster.students_of_schools(["a", "b", "c", "d"])

    assert {name for name, state in states.items() if state.needed} == {"a", "b", "f"}
    assert {name: state.record for name, state in states.items()} == {
        **{name: {"name": name} for name in "abcde"},
        **dict.fromkeys("fz"),
    }
    assert {name for name, state in states.items() if state.entry.candidate is not None} == set()
    assert {name for name, state in states.items() if state.entry.committed is not None} == {"a"}
    assert students == {"1"}
    assert [one.id for one in found[RosterKind.TEACHER]] == ["a"]
    assert await roster.students_of_schools(["f"]) == {"e"}


# Entries


@pytest.fixture
async def of_each(store: StoreUnderTest) -> None:
    """Of each kind rows with the same ids: one that is there, one that comes, one that goes."""
    for kind in KINDS:
        await put(store, kind, "stays", f"{kind} new", f"{kind} old", "s", (), "3")
        await put(store, kind, "comes", f"{kind} new", None, "s", (), "3")
        await put(store, kind, "goes", None, f"{kind} old")
        await add_elsewhere(store, ROSTER, kind, "comes", "theirs", None, "s", [], "3")


@pytest.mark.usefixtures("of_each")
@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_taken_out_is_gone_or_waits_to_be_removed_and_no_other_row_is_changed(
    store: StoreUnderTest, roster: PostgresCandidateRoster, kind: str
) -> None:
    before = await entries(store)

    gone = [EntryWrite(RosterKind(kind), name, None) for name in ("stays", "comes", "goes", "z")]
    await roster.write_candidate(CandidateChanges(gone))

    expected = {key: row for key, row in before.items() if key != ("d", kind, "comes")}
    expected["d", kind, "stays"] = (None, f"{kind} old", None, None)
    assert await entries(store) == expected
    graded = await store.rows("SELECT kind FROM roster WHERE grade IS NOT NULL AND record_id = 'stays'")
    assert {row[0] for row in graded} == set(KINDS) - {kind}


@pytest.mark.usefixtures("of_each")
async def test_of_two_kinds_each_loses_its_own(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    before = await entries(store)

    gone = [EntryWrite(RosterKind.TEACHER, "stays", None), EntryWrite(RosterKind.SCHOOL, "comes", None)]
    await roster.write_candidate(CandidateChanges(gone))

    expected = {key: row for key, row in before.items() if key != ("d", "school", "comes")}
    expected["d", "teacher", "stays"] = (None, "teacher old", None, None)
    assert await entries(store) == expected


@pytest.mark.parametrize("sections", [(), ("a",), ("b", "room 7"), ("NULL", "", 'd "e", {f}\\g')])
async def test_sections_count_for_a_student_whatever_their_ids_are(
    roster: PostgresCandidateRoster, sections: tuple[str, ...]
) -> None:
    entry = Entry(RosterKind.STUDENT, "s", "{}")

    write = EntryWrite(RosterKind.STUDENT, "s", entry, sections=sections)
    await roster.write_candidate(CandidateChanges([write]))

    (state,) = await roster.student_states(["s"], with_duplicated=True)
    assert state.entry.sections == sections


@pytest.mark.parametrize("few", [1, MANY])
async def test_few_and_many_new_entries_are_written_alike(
    store: StoreUnderTest, roster: PostgresCandidateRoster, few: int
) -> None:
    entry = Entry(RosterKind.STUDENT, "s", '{"name":"Zoë"}')
    sections = ("a", 'd "e", {f}\\g')
    new = [EntryWrite(RosterKind.STUDENT, f"s{n}", entry, "a school", sections, "3") for n in range(few)]
    known = EntryWrite(RosterKind.STUDENT, "known", entry, "a school", sections, "3")

    await roster.write_candidate(CandidateChanges([known], new=new))
    states = await roster.student_states([f"s{few - 1}", "known"], with_duplicated=False)

    assert [one.entry for one in states] == [EntryState(entry.member, None, None, sections)] * 2
    rows = await store.rows("SELECT candidate, school_id, grade FROM roster WHERE district_id = 'd'")
    assert [tuple(row) for row in rows] == [(entry.record, "a school", "3")] * (few + 1)


@pytest.mark.usefixtures("of_each")
async def test_one_that_stays_is_not_removed(store: StoreUnderTest, roster: PostgresCandidateRoster) -> None:
    before = await entries(store)

    await roster.write_candidate(CandidateChanges([EntryWrite(RosterKind.CLASS, "goes", None)]))

    assert await entries(store) == before


@pytest.mark.usefixtures("of_each")
async def test_a_class_is_read_with_its_section_its_rank_its_students_and_its_row(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    for name in ("stays", "comes", "bare"):
        await store.rows(STAGED, "section", name, {"name": name})
        await store.rows(STAGED, "school", name, {"name": "a school"})
    await store.rows(STAGED, "section", "goes", None)
    await store.rows(KEPT, "stays", 3, 7)
    await store.rows(KEPT, "bare", 4, 0)
    await add_elsewhere(store, KEPT, "comes", 9, 9)
    await add_elsewhere(store, STAGED, "section", "z", {"name": "theirs"})

    states = by_id(await roster.class_states(["stays", "comes", "goes", "bare", "z"]))

    assert {name: (state.record, state.rank, state.students) for name, state in states.items()} == {
        "stays": ({"name": "stays"}, 3, 7),
        "comes": ({"name": "comes"}, None, 0),
        "goes": (None, None, 0),
        "bare": ({"name": "bare"}, 4, 0),
        "z": (None, None, 0),
    }
    assert {name: state.entry.record for name, state in states.items()} == {
        "stays": "class new",
        "comes": "class new",
        **dict.fromkeys(("goes", "bare", "z")),
    }
    committed = {name for name, state in states.items() if state.entry.committed is not None}
    there = {name for name, state in states.items() if state.entry.candidate is not None}
    assert (committed, there) == ({"stays", "goes"}, {"stays", "comes"})


async def test_whom_a_kept_section_lists_in_vain_is_told_by_his_side(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    users: dict[str, Any] = {"s": {"student": {}}, "t": {"teacher": {}}, "none": {}, "gone": None}
    users["both"] = users["s"] | users["t"]
    for name, record in users.items():
        await store.rows(STAGED, "user", name, record)
        await store.rows(STAGED, "school", name, {"student": {}, "teacher": {}})
    await add_elsewhere(store, STAGED, "user", "z", {"student": {}, "teacher": {}})
    listed = ["z", "t", "s", "none", "gone", "both"]
    for name in ("kept", "unkept", "bare"):
        lists = {} if name == "bare" else {"students": listed, "teachers": listed}
        await store.rows(STAGED, "section", name, lists)
    for name in ("kept", "bare"):
        await store.rows(KEPT, name, 3, 7)

    states = by_id(await roster.class_states(["kept", "unkept", "bare", "z"]))

    assert list(states["kept"].unknown_students) == ["z", "t", "none", "gone"]
    assert list(states["kept"].unknown_teachers) == ["z", "s", "none", "gone"]
    for name in ("unkept", "bare", "z"):
        assert list(states[name].unknown_students) == list(states[name].unknown_teachers) == []


async def test_students_and_classes_are_read_with_their_own_open_findings(
    store: StoreUnderTest, roster: PostgresCandidateRoster, of_another: PostgresCandidateRoster
) -> None:
    kinds: tuple[FindingKind, ...] = ("student", "class", "section", "school", "district")
    found = {
        (kind, name): Finding(Code.FIELD_MISSING, Severity.ERROR, kind, name, {"field": kind})
        for kind in kinds
        for name in ("a", "b", "closed")
    }
    await roster.write_findings(list(found.values()), [])
    await of_another.write_findings([found["student", "a"], found["class", "b"]], [])
    await store.rows("UPDATE findings SET open = false, reported = true WHERE record_id = 'closed'")

    students = by_id(await roster.student_states(["a", "closed", "z"], with_duplicated=False))
    classes = by_id(await roster.class_states(["a", "closed", "z"]))

    assert students["a"].findings == [OpenFinding("a", found["student", "a"])]
    of_class = {one.finding.kind: one for one in classes["a"].findings}
    assert of_class == {kind: OpenFinding("a", found[kind, "a"]) for kind in kinds[1:3]}
    assert not any(one[name].findings for one in (students, classes) for name in ("closed", "z"))


# Values that only one student may have

IDENTITIES: Final = [
    ("a", "email", b"1"), ("b", "email", b"1"), ("c", "email", b"2"), ("a", "sis_id", b"1"),
    ("b", "sis_id", b"2"), ("c", "sis_id", b"1"), ("d", "sis_id", b"1"),
]  # fmt: skip


async def test_values_are_replaced_of_the_students_that_are_meant_and_those_that_moved_are_told(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    await add_elsewhere(store, IDENTITY, "a", "email", b"9")
    first = await roster.replace_identities(["a", "b", "c", "d"], IDENTITIES)
    same = await roster.replace_identities(["a", "b", "c", "d"], IDENTITIES)
    moved = await roster.replace_identities(["a", "b"], [("a", "email", b"3"), ("b", "email", b"1")])
    to_the_other_field = await roster.replace_identities(["c"], [("c", "sis_id", b"2")])

    assert first == {(field, value) for _, field, value in IDENTITIES}
    assert same == set()
    assert moved == {("email", b"1"), ("email", b"3"), ("sis_id", b"1"), ("sis_id", b"2")}
    assert to_the_other_field == {("email", b"2"), ("sis_id", b"1"), ("sis_id", b"2")}
    rows = await store.rows("SELECT student_id, field, value_digest FROM identities ORDER BY 1, 2, 3")
    assert [tuple(row) for row in rows] == [
        ("a", "email", b"3"),
        ("a", "email", b"9"),
        ("b", "email", b"1"),
        ("c", "sis_id", b"2"),
        ("d", "sis_id", b"1"),
    ]


IDENTITY = "INSERT INTO identities (district_id, student_id, field, value_digest) VALUES ('d', $1, $2, $3)"


async def test_a_value_is_duplicated_that_another_student_has_in_the_same_field(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    await roster.replace_identities(["a", "b", "c", "d"], IDENTITIES)
    await add_elsewhere(store, IDENTITY, "b", "sis_id", b"1")

    states = by_id(await roster.student_states([*"abcdz"], with_duplicated=True))
    assert {name: state.duplicated for name, state in states.items()} == {
        "a": {"email", "sis_id"},
        "b": {"email"},
        "c": {"sis_id"},
        "d": {"sis_id"},
        "z": set(),
    }
    (unasked,) = await roster.student_states(["b"], with_duplicated=False)
    assert unasked.duplicated == set()


def duplicate(name: str, field: str) -> Finding:
    code = Code.DUPLICATE_IDENTITY
    return Finding(code, Severity.ERROR, "student", name, {"field": field})


async def test_holders_of_a_value_are_unsettled_whose_finding_does_not_fit_how_many_there_are(
    store: StoreUnderTest, roster: PostgresCandidateRoster, of_another: PostgresCandidateRoster
) -> None:
    await roster.replace_identities(["a", "b", "c", "d"], IDENTITIES)
    await add_elsewhere(store, IDENTITY, "x", "email", b"2")
    await of_another.write_findings([duplicate("c", "email")], [])
    values = [("email", b"1"), ("email", b"2"), ("sis_id", b"1"), ("sis_id", b"2")]
    before = await roster.unsettled_holders(values)
    settled = [duplicate("a", "email"), duplicate("b", "email"), duplicate("a", "sis_id")]

    await roster.write_findings([*settled, duplicate("c", "sis_id"), duplicate("d", "sis_id")], [])
    all_settled = await roster.unsettled_holders(values)
    await roster.write_findings([duplicate("c", "email")], [duplicate("a", "email")])
    await store.rows("UPDATE findings SET open = false, reported = true WHERE record_id = 'b'")
    others: list[tuple[FindingKind, Code]] = [
        ("class", Code.DUPLICATE_IDENTITY),
        ("student", Code.NO_SECTION),
    ]
    for kind, code in others:
        await roster.write_findings([Finding(code, Severity.ERROR, kind, "b", {"field": "email"})], [])

    assert before == {"a", "b", "c", "d"}
    assert all_settled == set()
    assert await roster.unsettled_holders(values) == {"a", "b", "c"}
    assert await roster.unsettled_holders([("email", b"2")]) == {"c"}
    assert await roster.unsettled_holders([("sis_id", b"1"), ("sis_id", b"2")]) == set()


# Findings


def finding(kind: str, name: str, code: Code = Code.NO_SECTION) -> Finding:
    return Finding(code, Severity.ERROR, kind, name, {"of": f"{kind} {name}"})  # type: ignore[arg-type]


FINDINGS: Final = [finding(kind, name) for kind in ("student", "class", "teacher") for name in "ab"]


async def found(store: StoreUnderTest) -> dict[tuple[str, str, str, str], tuple[bool, bool]]:
    rows = await store.rows("SELECT district_id, kind, record_id, code, open, reported FROM findings")
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in rows}


async def test_open_findings_are_those_on_these_records_of_these_kinds(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    await roster.write_findings(FINDINGS, [])
    await store.rows(
        "UPDATE findings SET open = false, reported = true WHERE kind = 'student' AND record_id = 'b'"
    )

    async def opened(kinds: list[str], ids: list[str] | None) -> list[tuple[str, str]]:
        read = await roster.open_findings(kinds, ids)
        assert all(one.finding in FINDINGS and one.record_id == one.finding.record_id for one in read)
        return sorted((one.finding.kind, one.record_id) for one in read)

    assert await opened(["student", "class"], None) == [("class", "a"), ("class", "b"), ("student", "a")]
    assert await opened(["student", "class"], ["b"]) == [("class", "b")]
    assert await opened(["teacher"], ["a", "z"]) == [("teacher", "a")]
    assert await opened(["teacher"], []) == []


@pytest.mark.parametrize("is_reported", [True, False])
async def test_a_finding_that_is_closed_stays_until_its_end_is_told_and_no_other_is_changed(
    store: StoreUnderTest, roster: PostgresCandidateRoster, of_another: PostgresCandidateRoster,
    is_reported: bool,
) -> None:  # fmt: skip
    others = [
        finding("student", "a", Code.MULTIPLE_SECTIONS),
        finding("student", "b", Code.MULTIPLE_SECTIONS),
    ]
    for each in (roster, of_another):
        await each.write_findings([*FINDINGS, *others], [])
    await store.rows("UPDATE findings SET reported = $1", is_reported)
    before = await found(store)
    closed = [FINDINGS[0], FINDINGS[3]]  # of a student a, of a class b

    await roster.write_findings([], closed)

    keys = {("d", one.kind, one.record_id, one.code) for one in closed}
    expected = {key: row for key, row in before.items() if key not in keys}
    assert await found(store) == expected | (dict.fromkeys(keys, (False, True)) if is_reported else {})


async def test_a_finding_that_comes_back_before_its_end_was_told_is_as_old_as_it_was_told(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    await roster.write_findings(FINDINGS, [])
    await store.rows("UPDATE findings SET reported = true, since = now() - interval '1 day'")
    await roster.write_findings([], FINDINGS[:1])

    await roster.write_findings(FINDINGS[:1], [])

    rows = await store.rows(
        "SELECT kind, open, reported, since > now() - interval '1 hour' AS is_new FROM findings"
    )
    assert {tuple(row)[1:3] for row in rows} == {(True, True)}
    assert [row["is_new"] for row in rows].count(True) == 1


# Sections that are kept, and counts


async def test_kept_sections_grow_and_shrink_and_those_that_came_to_have_none_or_some_are_told(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    for name in "ab":
        await add_elsewhere(store, KEPT, name, 4, 4)
    await roster.write_kept(dict.fromkeys("abcde", 1), [])
    first = await roster.write_candidate(CandidateChanges(sizes={"a": 2, "b": 1, "c": 3, "d": 5}))
    second = await roster.write_candidate(CandidateChanges(sizes={"a": -2, "b": 4, "c": -1, "e": 1}))
    await roster.write_kept({"a": 7, "f": 8}, ["b", "z"])

    assert (first, second) == ({"a", "b", "c", "d"}, {"a", "e"})
    rows = await store.rows("SELECT section_id, rank, students FROM kept_sections ORDER BY district_id, 1")
    assert [tuple(row) for row in rows] == [
        *(("a", 7, 0), ("c", 1, 2), ("d", 1, 5), ("e", 1, 1), ("f", 8, 0)),
        *(("a", 4, 4), ("b", 4, 4)),
    ]


async def test_live_records_that_could_not_be_read_in_part_are_counted_by_kind(
    store: StoreUnderTest, roster: PostgresCandidateRoster
) -> None:
    for kind, name, record in (
        *(("user", "a", {"unread": ["x"]}), ("user", "b", {}), ("user", "c", None)),
        *(("section", "a", {"unread": ["x"]}), ("school", "a", {"unread": ["x"]})),
    ):
        await store.rows(STAGED, kind, name, record)
    await add_elsewhere(store, STAGED, "user", "a", {"unread": ["x"]})

    assert [await roster.unreadable(kinds) for kinds in (["user"], ["user", "section"], [], ["term"])] == [
        *(1, 2, 0, 0)
    ]
