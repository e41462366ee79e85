"""What is read of the staged roster, and changed in it: beside each record stand others of the same id."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import pytest

from tests.support.builders.district_rows import KEPT
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.copying import MANY
from worker.adapters.postgres.evaluation.staged_roster import PostgresStagedRoster
from worker.adapters.postgres.poll.baseline_adoption import adopt, ready_baseline
from worker.domain.roster.records import EventId, Json, RecordId, RecordKind
from worker.domain.roster.staging import Change
from worker.pipeline.evaluate.rosters import EnrollmentChanges

IDS: Final = tuple("abcdef")
DEAD: Final = "f"
"""Whatever has this id was deleted."""
KINDS: Final = ("district", "school", "term", "course", "user", "section")
STAGED = "INSERT INTO staged (district_id, kind, record_id, event_id, record) VALUES ('d', $1, $2, $3, $4)"


async def add_elsewhere(store: StoreUnderTest, statement: str, *values: object) -> None:
    """Add a row of another district."""
    await store.rows(statement.replace("'d'", "'e'"), *values)


def record_of(kind: str, name: str) -> dict[str, Any] | None:
    """Return a record that says what it is; of users a, c and d are students, b and c teachers."""
    if name == DEAD:
        return None
    roles = {"student": "acd", "teacher": "bc"}
    record: dict[str, Any] = {"name": f"{kind} {name}"}
    if kind == "user":
        record |= {role: {} for role, names in roles.items() if name in names}
    if kind == "course":
        record |= {"student": {}, "teacher": {}}  # only of a user it says anything
    if kind == "section":
        record |= {"course_id": "a", "school_id": "b", "term_id": "c"} if name == "a" else {}
        record |= {"course_id": DEAD, "school_id": DEAD, "term_id": DEAD} if name == "b" else {}
        record |= {"term_id": "c"} if name == "c" else {}
    return record


@pytest.fixture
async def staged(store: StoreUnderTest) -> AsyncIterator[PostgresStagedRoster]:
    """Six records of each kind with the same ids, and others of another district."""
    for kind in KINDS:
        for name in IDS:
            await store.rows(STAGED, kind, name, f"{kind} {name}", record_of(kind, name))
    for section, rank, students in (("a", 1, 5), ("d", 2, 0)):
        await store.rows(KEPT, section, rank, students)
    await add_elsewhere(store, KEPT, "z", 9, 9)
    theirs = {"name": "theirs", "student": {}, "teacher": {}}
    for kind in KINDS:
        for name in (*IDS, "z"):
            await add_elsewhere(store, STAGED, kind, name, "theirs", theirs)
    async with store.database.connection() as connection:
        yield PostgresStagedRoster(connection, "d")


@pytest.fixture
async def of_another(store: StoreUnderTest) -> AsyncIterator[PostgresStagedRoster]:
    async with store.database.connection() as connection:
        yield PostgresStagedRoster(connection, "e")


EVENT: Final = (
    "INSERT INTO inbox (district_id, event_id, kind, record_id, record) VALUES ('d', $1, $2, $3, '{}')"
)


async def test_events_are_claimed_with_what_is_staged_of_their_records(
    store: StoreUnderTest, staged: PostgresStagedRoster
) -> None:
    keys = {
        (RecordKind.SCHOOL, "a"),
        (RecordKind.SECTION, "b"),
        (RecordKind.USER, DEAD),
        (RecordKind.TERM, "z"),
    }

    for number, (kind, name) in enumerate([*keys, *keys]):
        await store.rows(EVENT, str(number), kind, name)

    found = await staged.claim_events(None, 99)

    expected = {key: (f"{key[0]} {key[1]}", record_of(*key)) for key in keys if key[1] != "z"}
    assert {key: (one.event_id, one.record) for key, one in found.staged.items()} == expected
    assert {event.key for event in found.events} == keys


async def test_users_are_read_who_are_students(staged: PostgresStagedRoster) -> None:
    records = await staged.student_records(["a", "b", "c", "e", DEAD, "z"])
    assert records == {name: record_of("user", name) for name in ("a", "c")}


BESIDE: Final = (RecordKind.COURSE, RecordKind.SCHOOL, RecordKind.TERM)


@pytest.mark.parametrize("kind", BESIDE)
async def test_beside_a_section_stands_what_is_asked_for_and_its_students_where_they_are(
    staged: PostgresStagedRoster, kind: RecordKind
) -> None:
    (bare,) = await staged.section_states(["a"], [kind], with_students=False)
    (whole,) = await staged.section_states(["a"], BESIDE, with_students=True)

    beside = {one: (getattr(bare, one), getattr(whole, one)) for one in BESIDE}
    assert {one: is_there is not None for one, (is_there, _) in beside.items()} == {
        one: one is kind for one in BESIDE
    }
    assert beside[kind][0] == beside[kind][1]
    assert whole.record is not None
    assert bare.record == {name: value for name, value in whole.record.items() if name != "students"}


async def test_students_are_listed_by_any_of_the_sections(
    store: StoreUnderTest, staged: PostgresStagedRoster
) -> None:
    for name, students in (("s1", ["x", "y"]), ("s2", ["y", "z"]), ("s3", ["w"])):
        await store.rows(STAGED, "section", name, "1", {"students": students})
    await store.rows(STAGED, "section", "s4", "1", {"name": "no list"})

    assert await staged.listed_students(["s1", "s2", "s4", DEAD, "nowhere"]) == {"x", "y", "z"}


async def test_a_section_is_read_with_its_course_school_and_term(staged: PostgresStagedRoster) -> None:
    asked = ["a", "b", "c", "d", DEAD, "z"]
    found = await staged.section_states(asked, BESIDE, with_students=True)
    assert sorted(state.id for state in found) == asked
    states = {state.id: state for state in found}

    beside = {
        name: tuple(one and one["name"] for one in (state.course, state.school, state.term))
        for name, state in states.items()
    }
    none = (None, None, None)
    assert beside == dict.fromkeys(("b", "d", DEAD, "z"), none) | {
        "a": ("course a", "school b", "term c"),
        "c": (None, None, "term c"),
    }
    assert {name: state.record for name, state in states.items()} == {
        name: None if name == "z" else record_of("section", name) for name in states
    }
    assert {name: state.rank for name, state in states.items() if state.rank is not None} == {"a": 1, "d": 2}


async def test_schools_are_those_that_were_not_deleted(staged: PostgresStagedRoster) -> None:
    assert {school.id for school in await staged.schools()} == set(IDS) - {DEAD}


ROSTER = "INSERT INTO roster (district_id, kind, record_id, committed, committed_member) VALUES "
FINDING = (
    "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported) "
    "VALUES ('d', $1, $2, sha256($3), 'c', 'error', '{}', $4, true)"
)
SIDES: Final = (
    *(
        ("student", "h"),
        ("student", "g"),
        ("student", "a"),
        ("teacher", "g"),
        ("teacher", "h"),
        ("school", "g"),
    ),
    *(("school", "i"), ("class", "k")),
)
CHUNKS: Final = {"section": "abcdef", "student": "acdgh" + "ejk", "teacher": "bcgh", "school": "abcdegi"}


@pytest.mark.parametrize("what", CHUNKS)
@pytest.mark.parametrize("size", [1, 2, 3, 20])
async def test_all_ids_of_a_kind_come_once_each_in_order_and_no_more_at_a_time(
    store: StoreUnderTest, staged: PostgresStagedRoster, what: str, size: int
) -> None:
    for kind, name in SIDES:
        await store.rows(f"{ROSTER} ('d', $1, $2, '{{}}', '\\x00')", kind, name)
    told = (*(("student", name, name != "l") for name in "ljkecga"), ("teacher", "m", True))
    for kind, name, is_open in told:
        for member in (b"1", b"2"):
            await store.rows(FINDING, kind, name, member, is_open)
    await add_elsewhere(store, f"{ROSTER} ('d', 'student', $1, '{{}}', '\\x00')", "j")

    chunks = []
    async for chunk in staged.ids_in_chunks(what, size):
        chunks.append(chunk)
        assert len(chunks) <= len(CHUNKS[what])

    assert [name for chunk in chunks for name in chunk] == list(CHUNKS[what])
    # Whom only findings name, come behind all others.
    together = CHUNKS[what].removesuffix("ejk")
    assert max(len(chunk) for chunk in chunks) == min(size, len(together))


# Staging


@pytest.mark.parametrize("new", [1, MANY])
async def test_few_and_many_new_records_are_staged_alike_beside_those_known(
    store: StoreUnderTest, staged: PostgresStagedRoster, new: int
) -> None:
    def change(name: str, after: Json | None, *, is_new: bool) -> Change:
        return Change(RecordKind.USER, RecordId(name), EventId("2"), None, after, 7, is_new)

    enrollments = EnrollmentChanges({"u0": ["s"]}, {})
    await staged.write_staged([change("known", {"name": "old"}, is_new=True)], EnrollmentChanges())
    comes = [change(f"u{n}", {"name": "Zoë", "of": [n, None]}, is_new=True) for n in range(new)]
    others = [change("known", {"name": "new"}, is_new=False), change("gone", None, is_new=True)]

    await staged.write_staged([*comes, *others], enrollments)

    rows = await store.rows(
        "SELECT record_id, record, modified FROM staged WHERE district_id = 'd' AND event_id = '2' "
        'ORDER BY record_id COLLATE "C"'
    )
    expected = {one.record_id: one.after for one in (*comes, *others)}
    assert [tuple(row) for row in rows] == [(name, expected[name], 7) for name in sorted(expected)]
    assert await staged.sections_of_students(["u0"]) == {"s"}


# Links

LINKS: Final = [
    (role, target, section)
    for role in ("teacher", "school")
    for target in ("a", "b")
    for section in ("a", "b c", 'd "e", {f}\\g')
]


async def links(store: StoreUnderTest, district: str = "d") -> set[tuple[str, str, str]]:
    rows = await store.rows(
        "SELECT role, target_id, section_id FROM section_links WHERE district_id = $1", district
    )
    return {(row[0], row[1], row[2]) for row in rows}


async def test_links_are_added_once_and_only_those_that_are_meant_are_removed(
    store: StoreUnderTest, staged: PostgresStagedRoster, of_another: PostgresStagedRoster
) -> None:
    await of_another.write_links(LINKS, [])
    await staged.write_links(LINKS, [])
    await staged.write_links(LINKS[:3], [])
    gone = [LINKS[0], LINKS[4], LINKS[8]]  # of two roles, two targets and three sections
    before = await links(store)

    await staged.write_links([], gone)

    everything = set(LINKS)
    assert before == everything == await links(store, "e")
    assert await links(store) == everything - set(gone)


async def test_sections_are_found_by_what_they_point_to(
    staged: PostgresStagedRoster, of_another: PostgresStagedRoster
) -> None:
    await of_another.write_links([("school", "a", "e")], [])
    await staged.write_links(
        [("school", "a", "a"), ("school", "b", "b"), ("school", "c", "c"),
         ("teacher", "a", "d"), ("school", "b", "a")],
        [],
    )  # fmt: skip

    assert await staged.linked_sections("school", ["a", "b"]) == {"a", "b"}
    assert await staged.linked_sections("teacher", ["a", "b"]) == {"d"}
    assert await staged.linked_sections("school", []) == set()


# Enrollments

STRANGE: Final = ("a", "b c", 'd "e", {f}\\g')


async def enroll(
    staged: PostgresStagedRoster, added: dict[str, Sequence[str]], removed: dict[str, Sequence[str]]
) -> None:
    await staged.write_staged([], EnrollmentChanges(added, removed))


async def enrolled(store: StoreUnderTest, district: str = "d") -> dict[str, list[str]]:
    rows = await store.rows("SELECT student_id, sections FROM enrollments WHERE district_id = $1", district)
    return {row[0]: row[1] for row in rows}


async def test_students_have_the_sections_that_list_them_each_once_and_in_order(
    store: StoreUnderTest, staged: PostgresStagedRoster, of_another: PostgresStagedRoster
) -> None:
    await enroll(of_another, {"x": ["e"], "y": ["e"], "z": ["e"]}, {})
    await enroll(staged, {"x": STRANGE[::-1], "y": ["b c"], "z": ["a", "c"]}, {})
    await enroll(staged, {"x": ["b c", "b"], "z": ["d"]}, {"x": ["a"], "y": ["b c", "e"], "z": ["e"]})
    await enroll(staged, {}, {})

    assert await enrolled(store) == {"x": ["b", "b c", STRANGE[2]], "z": ["a", "c", "d"]}
    assert await enrolled(store, "e") == {"x": ["e"], "y": ["e"], "z": ["e"]}
    assert await staged.sections_of_students(["x", "y", "z"]) == {"b", "b c", STRANGE[2], "a", "c", "d"}
    assert await staged.sections_of_students(["y"]) == set()


async def test_an_enrollment_that_stays_is_not_written_again(
    store: StoreUnderTest, staged: PostgresStagedRoster
) -> None:
    await enroll(staged, {"x": ["a"]}, {})
    written = await store.rows("SELECT ctid, xmin FROM public.enrollments")

    await enroll(staged, {"x": ["a"]}, {"x": ["b"], "y": ["c"]})

    assert await store.rows("SELECT ctid, xmin FROM public.enrollments") == written


# Terms of schools


IN_GRACE = (
    "INSERT INTO school_terms (district_id, school_id, term_id, sections, in_grace) "
    "VALUES ('d', $1, $2, $3, true)"
)


async def terms(store: StoreUnderTest) -> dict[tuple[str, str], tuple[int, bool]]:
    rows = await store.rows(
        "SELECT school_id, term_id, sections, in_grace FROM school_terms WHERE district_id = 'd'"
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


async def test_unused_counts_are_forgotten(store: StoreUnderTest, staged: PostgresStagedRoster) -> None:
    await add_elsewhere(store, IN_GRACE, "a", "a", 0)
    await staged.count_school_terms({("a", "a"): 2, ("a", "b"): 1, ("b", "a"): 1})
    await staged.count_school_terms({("a", "a"): 1, ("b", "b"): 1})
    before = await terms(store)
    await staged.count_school_terms({("a", "a"): -1, ("b", "a"): -1})

    assert before == {("a", "a"): (3, False), ("a", "b"): (1, False), ("b", "a"): (1, False),
                      ("b", "b"): (1, False)}  # fmt: skip
    assert await terms(store) == {("a", "a"): (2, False), ("a", "b"): (1, False), ("b", "b"): (1, False)}
    assert await store.rows("SELECT FROM school_terms WHERE district_id = 'e'")


async def test_terms_are_in_grace_at_the_schools_at_which_they_are_and_nowhere_else(
    store: StoreUnderTest, staged: PostgresStagedRoster
) -> None:
    await staged.count_school_terms(dict.fromkeys([("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")], 1))
    await add_elsewhere(store, IN_GRACE, "z", "z", 1)

    for in_grace in ({("a", "a"), ("b", "b")}, {("a", "a")}, {("a", "b")}, set()):
        await staged.put_in_grace(in_grace)
        assert {key for key, (_, graced) in (await terms(store)).items() if graced} == in_grace
    assert await store.rows("SELECT FROM school_terms WHERE district_id = 'e' AND in_grace")


async def test_terms_are_read_with_their_schools(store: StoreUnderTest, staged: PostgresStagedRoster) -> None:
    await staged.count_school_terms({("b", "a"): 1, ("a", "z"): 4, ("a", "f"): 3, ("a", "b"): 2})
    await staged.put_in_grace({("a", "b")})
    await store.rows(STAGED, "term", "g", "", None)
    await add_elsewhere(store, IN_GRACE, "a", "c", 1)

    read = await staged.terms()

    uses = [(use.school_id, use.term_id, use.sections, use.in_grace) for use in read.uses]
    assert uses == [("a", "b", 2, True), ("a", "f", 3, False), ("a", "z", 4, False), ("b", "a", 1, False)]
    assert [use.term and use.term.name for use in read.uses] == ["term b", None, None, "term a"]
    assert [term.name for term in read.unused] == ["term c", "term d", "term e"]


async def test_a_baseline_counts_sections_again(store: StoreUnderTest, staged: PostgresStagedRoster) -> None:
    for name, record in (
        *(("1", {"term_id": "c"}), ("2", {"term_id": "c", "school_id": "b"}), ("3", {"school_id": "b"})),
        *(("4", {"term_id": "a", "school_id": "b"}), ("5", None)),
    ):
        await store.rows(STAGED, "section", name, "", record)
    await store.rows(STAGED, "user", "9", "", {"term_id": "c", "school_id": "b"})
    await add_elsewhere(store, STAGED, "section", "1", "", {"term_id": "c", "school_id": "b"})
    await add_elsewhere(store, IN_GRACE, "a", "z", 1)
    await staged.count_school_terms({("b", "c"): 9, ("gone", "gone"): 1})
    run = await store.baselines.begin("d", "9", "8", ["terms"])
    run = await store.baselines.skip(run)
    await store.baselines.believe(run, moves_cursor=False)
    await store.baselines.ready(run, close_window=False)

    async with store.database.transaction() as connection:
        now = await connection.fetchval("SELECT clock_timestamp()")
        baseline = await ready_baseline(connection, "d", now)
        assert baseline is not None
        await adopt(connection, "d", baseline, now, 0)

    # Of the sections that each test has, a and c name the term c, and b one that was deleted.
    assert await terms(store) == {
        ("", "c"): (2, False),
        ("b", "a"): (1, False),
        ("b", "c"): (2, False),
        (DEAD, DEAD): (1, False),
    }
    assert await store.rows("SELECT FROM school_terms WHERE district_id = 'e'")


# Events

INBOX = (
    "INSERT INTO inbox (district_id, event_id, kind, record_id, record) VALUES ('d', $1, 'user', 'r', '{}')"
)


@pytest.mark.parametrize(
    ("through", "limit", "claimed"),
    [(None, 99, "1234"), (None, 2, "12"), ("3", 99, "123"), ("2", 3, "12"), ("3", 1, "1"), ("0", 9, "")],
)
async def test_the_first_events_are_claimed_up_to_one_and_no_more_than_asked_for(
    store: StoreUnderTest, staged: PostgresStagedRoster, through: str | None, limit: int, claimed: str
) -> None:
    for event in "3142":
        await store.rows(INBOX, event)

    found = await staged.claim_events(through, limit)

    assert sorted(event.id for event in found.events) == list(claimed)
    left = await store.rows("SELECT event_id FROM inbox ORDER BY 1")
    assert [row[0] for row in left] == sorted(set("1234") - set(claimed))
    remembered = await store.rows("SELECT event_id FROM evaluated_events ORDER BY 1")
    assert [row[0] for row in remembered] == list(claimed)


# What a section was at the last commit


@pytest.fixture
async def told(store: StoreUnderTest, staged: PostgresStagedRoster) -> Told:
    """Lend the district with three commits."""
    await store.rows("INSERT INTO districts (district_id, commit_sequence) VALUES ('d', 3), ('e', 9)")
    return Told(store, staged)


class Told:
    """Stages records, and tells what is noted of them."""

    def __init__(self, store: StoreUnderTest, staged: PostgresStagedRoster) -> None:
        self._store, self._staged = store, staged

    async def stage(self, name: str, record: dict[str, Any] | None, kind: str = "section") -> None:
        key = RecordKind(kind), RecordId(name)
        changes = [Change(*key, EventId("z"), None, record, None)]
        await self._staged.write_staged(changes, EnrollmentChanges())

    async def stage_new(self, kind: str, how_many: int) -> None:
        names = [RecordId(f"new {number}") for number in range(how_many)]
        changes = [
            Change(RecordKind(kind), name, EventId("z"), None, {}, None, is_new=True) for name in names
        ]
        await self._staged.write_staged(changes, EnrollmentChanges())

    async def commits(self, number: int) -> None:
        await self._store.rows("UPDATE districts SET commit_sequence = $1 WHERE district_id = 'd'", number)

    async def noted(self) -> dict[str, tuple[int, dict[str, Any] | None]]:
        rows = await self._store.rows(
            "SELECT record_id, changed_after, before FROM staged "
            "WHERE district_id = 'd' AND changed_after IS NOT NULL ORDER BY record_id"
        )
        return {row["record_id"]: (row["changed_after"], row["before"]) for row in rows}


async def test_a_section_that_changes_is_noted_as_it_was_but_not_for_its_students(told: Told) -> None:
    await told.stage("a", {"name": "first", "students": ["x"]})
    await told.stage("d", {**(record_of("section", "d") or {}), "students": ["x"]})
    await told.stage("new", {"name": "new"})
    await told.stage("e", None)
    await told.stage("b", {"name": "course"}, kind="course")

    assert await told.noted() == {
        "a": (3, record_of("section", "a")),
        "e": (3, record_of("section", "e")),
        "new": (3, None),
    }


async def test_what_is_noted_of_a_section_stays_until_another_commit(told: Told) -> None:
    await told.stage("d", {"name": "first"})
    await told.stage("d", {"name": "second"})
    await told.stage("new", {"name": "first"})
    await told.stage("new", {"name": "second"})
    assert await told.noted() == {"d": (3, record_of("section", "d")), "new": (3, None)}

    await told.commits(4)
    await told.stage("d", {"name": "second", "students": ["x"]})
    await told.stage("new", {"name": "third"})

    assert await told.noted() == {"d": (3, record_of("section", "d")), "new": (4, {"name": "second"})}


async def test_before_the_first_commit_nothing_is_noted(told: Told) -> None:
    await told.commits(0)
    await told.stage("a", {"name": "first"})
    await told.stage("new", {"name": "new"})

    assert await told.noted() == {}


async def test_many_new_sections_are_noted_as_well(told: Told) -> None:
    await told.stage_new("section", MANY)
    await told.stage_new("course", MANY)

    assert set((await told.noted()).values()) == {(3, None)}
    assert len(await told.noted()) == MANY
