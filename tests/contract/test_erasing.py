"""What is kept of one student is told whole, and is gone for good when he is erased."""

from __future__ import annotations

import json
from typing import Any

import pytest

from config.topology import DEAD_LETTER_EXCHANGE
from tests.support.builders.records import DISTRICT, Json, event_id, record_id, section_json, student_json
from tests.support.fixtures.people import NORTH, Feed, adopt, evaluate, everybody, homeroom
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.operations.students import PostgresStudents
from worker.domain.roster.canonical import canonical, member, to_hex
from worker.messaging.broker import Message
from worker.operations import erase_student
from worker.operations.erase_student import Erased
from worker.operations.rollback import roll_back
from worker.pipeline.poll.baseline import staged_records
from worker.runtime.errors import UnknownStudentError

HIM = record_id(7)
MARK = "Ravenscroft-Ash"
EVERY_TABLE = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"""


def him(**fields: Any) -> tuple[str, Json]:
    role = {"school": NORTH, "sis_id": f"{MARK}-7"}
    return "users", student_json(7, role, name={"first": "Ida", "last": MARK}, **fields)


@pytest.fixture
def students(store: StoreUnderTest) -> PostgresStudents:
    return PostgresStudents(store.database, store.evaluations)


@pytest.fixture
async def told(feed: Feed, store: StoreUnderTest) -> Feed:
    """The feed of a district that told of him in its second commit."""
    await feed.send(him())
    assert await evaluate(store) == ["commit"]
    await publish_all(store)
    return feed


class Consumer:
    """Applies the commits that wait in the outbox, and keeps the roster that they come to."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], Json] = {}

    async def apply(self, store: StoreUnderTest) -> Json:
        """Apply what waits, take it away, and return the last commit."""
        rows = await store.rows(
            "SELECT envelope, changes FROM outbox WHERE changes IS NOT NULL ORDER BY position"
        )
        last: Json = {}
        for row in rows:
            last = {**json.loads(row["envelope"]), "changes": json.loads(row["changes"])}
            for change in last["changes"]:
                key = (change["kind"], change["id"])
                if change["op"] == "remove":
                    del self.records[key]
                else:
                    self.records[key] = change["record"]
        await store.rows("DELETE FROM outbox")
        return last

    @property
    def digest(self) -> str:
        total = sum(
            member(canonical({"id": one, "kind": kind, "record": record}))
            for (kind, one), record in self.records.items()
        )
        return to_hex(total)


async def publish_all(store: StoreUnderTest) -> None:
    await store.rows("DELETE FROM outbox")


async def erase(store: StoreUnderTest, students: PostgresStudents, student: str = HIM) -> Erased:
    return await erase_student.erase(
        students, store.dead_letters, store.quarantine, DISTRICT, student, "ada", "a request"
    )


async def export(store: StoreUnderTest, students: PostgresStudents) -> Json:
    return await erase_student.export(students, store.dead_letters, DISTRICT, HIM)


async def kept(store: StoreUnderTest) -> list[str]:
    """Return the tables in which his name stands."""
    found = []
    for row in await store.rows(EVERY_TABLE):
        rows = await store.rows(f"SELECT t::text AS kept FROM {row['relname']} t")
        if any(MARK in one["kept"] for one in rows):
            found.append(row["relname"])
    return sorted(found)


@pytest.mark.usefixtures("told")
async def test_all_that_is_kept_of_a_student_is_told(
    store: StoreUnderTest, students: PostgresStudents, told: Feed
) -> None:
    await told.send(him(email="later@example.org"))
    await store.districts.note(DISTRICT, "lookup.student", "bo", {"record": HIM})

    shown = await export(store, students)

    assert shown["erased_at"] is None
    assert shown["staged"]["record"]["student"]["texts"]["last_name"] == MARK
    assert shown["sections"] == [{"id": record_id(700), "is_kept": True}]
    assert (shown["candidate"]["last_name"], shown["committed"]["last_name"]) == (MARK, MARK)
    assert shown["identities"] == ["sis_id"]
    assert [one["sequence"] for one in shown["commits"]] == [2]
    assert shown["commit_history"][0]["replaced"]["last_name"] != MARK
    assert [one["record"]["student"]["texts"]["email"] for one in shown["waiting_events"]] == [
        "later@example.org"
    ]
    assert [one["actor"] for one in shown["audit"]] == ["bo"]
    assert shown["dead_letters"] == []


@pytest.mark.usefixtures("told")
async def test_a_student_is_found_by_sis_id_or_the_start_of_his_id(students: PostgresStudents) -> None:
    assert await erase_student.student_id_of(students, DISTRICT, HIM) == HIM
    assert await erase_student.student_id_of(students, DISTRICT, f"{MARK}-7") == HIM
    for text in (HIM[:8], HIM[:7], "S-7000", "%"):
        with pytest.raises(UnknownStudentError):
            await erase_student.student_id_of(students, DISTRICT, text)


async def test_an_erased_student_is_in_no_table(store: StoreUnderTest, students: PostgresStudents) -> None:
    feed, consumer = Feed(store), Consumer()
    await feed.send(*everybody())
    await feed.send(him())
    await evaluate(store)
    await consumer.apply(store)
    await feed.send(him(email="later@example.org"))

    erased = await erase(store, students)
    outcomes = await evaluate(store)
    commit = await consumer.apply(store)

    assert (erased.student_id, erased.is_committed) == (HIM, True)
    assert outcomes == ["commit"]
    assert commit["changes"] == [{"op": "remove", "kind": "student", "id": HIM}]
    assert consumer.digest == commit["roster"]["digest"]
    assert await kept(store) == []
    shown = await store.districts.show(DISTRICT)
    assert (shown["status"], shown["findings"]["by_code"]) == ("rostered", {})
    told = await export(store, students)
    assert set(told) == {"district_id", "student_id", "erased_at"}
    assert told["erased_at"] is not None


async def test_an_erased_student_does_not_come_back_by_events(
    store: StoreUnderTest, students: PostgresStudents, told: Feed
) -> None:
    await erase(store, students)
    await evaluate(store)
    await publish_all(store)

    await told.send(him(), ("sections", homeroom(700, NORTH, [*range(1, 21)], name="Homeroom again")))
    waiting = await kept(store)
    outcomes = await evaluate(store)

    assert waiting == []
    assert outcomes == ["commit"]
    assert await kept(store) == []
    assert (await store.districts.show(DISTRICT))["findings"]["by_code"] == {}
    assert (await store.districts.show(DISTRICT))["students"]["total"] == 31


@pytest.mark.usefixtures("told")
async def test_a_baseline_brings_no_erased_student(store: StoreUnderTest, students: PostgresStudents) -> None:
    rows: dict[str, list[Json]] = {}
    for collection, row in [*everybody(), him()]:
        rows.setdefault(collection, []).append(row)
    run = await store.baselines.begin(DISTRICT, event_id(500), "", ["schools", "users", "sections"])
    while run.collection is not None:
        page = staged_records(run.collection, list(rows[run.collection]), DISTRICT, ())
        run = await store.baselines.add(run, page, None)
        if run.collection == "sections":
            await erase(store, students)

    outcomes = await adopt(store, run)
    again = await store.baselines.begin(DISTRICT, event_id(501), "", ["users"])
    again = await store.baselines.add(again, staged_records("users", list(rows["users"]), DISTRICT, ()), None)

    assert outcomes == ["commit"]
    assert await store.rows("SELECT resync FROM connections WHERE resync IS NOT NULL") == []
    assert (await store.districts.show(DISTRICT))["students"]["total"] == 31
    assert (again.records, again.repeated) == (32, 0)
    assert await kept(store) == []


async def test_who_teaches_as_well_stays_a_teacher(
    store: StoreUnderTest, students: PostgresStudents, feed: Feed
) -> None:
    roles = {"student": him()[1]["roles"]["student"], "teacher": {"sis_id": "T-7"}}
    both = student_json(7, name={"first": "Ida", "last": "Fernquay"}) | {"roles": roles}
    await feed.send(("users", both))
    await evaluate(store)

    await erase(store, students)
    await feed.send(("users", both))
    await evaluate(store)

    (row,) = await store.rows(f"SELECT record FROM staged WHERE record_id = '{HIM}'")
    assert set(row["record"]) == {"teacher"}
    assert (await store.districts.show(DISTRICT))["students"]["total"] == 31


@pytest.mark.usefixtures("told")
async def test_a_purge_forgets_who_was_erased(store: StoreUnderTest, students: PostgresStudents) -> None:
    await erase(store, students)
    await evaluate(store)
    await publish_all(store)

    await store.districts.purge(DISTRICT, "ada")

    assert await store.rows("SELECT 1 FROM erased_students") == []


async def test_a_rollback_leaves_the_erased_out(store: StoreUnderTest, students: PostgresStudents) -> None:
    feed, consumer = Feed(store), Consumer()
    await feed.send(*everybody())
    await evaluate(store)
    await consumer.apply(store)
    for email in ("one@example.org", "two@example.org"):
        await feed.send(him(email=email), ("users", student_json(3, {"school": NORTH}, email=email)))
        await evaluate(store)
        await consumer.apply(store)
    await erase(store, students)
    await evaluate(store)
    await consumer.apply(store)

    await roll_back(store.rollbacks, DISTRICT, 2, "ada", "why")
    commit = await consumer.apply(store)

    assert [(one["op"], one["id"]) for one in commit["changes"]] == [("upsert", record_id(3))]
    assert consumer.digest == commit["roster"]["digest"]
    assert ("student", HIM) not in consumer.records
    assert await kept(store) == []


@pytest.mark.usefixtures("told")
async def test_many_erasures_are_no_mass_removal(store: StoreUnderTest, students: PostgresStudents) -> None:
    for number in range(1, 17):
        await erase(store, students, record_id(number))

    assert await evaluate(store) == ["commit"]
    assert (await store.districts.show(DISTRICT))["students"]["total"] == 32 - 16


async def test_in_a_review_he_stays_committed_until_the_next_commit(
    store: StoreUnderTest, students: PostgresStudents, told: Feed
) -> None:
    await told.send(("users", student_json(3, {"school": NORTH, "sis_id": ""})))
    assert await evaluate(store) == ["review"]

    erased = await erase(store, students)
    during = (await evaluate(store), await kept(store))
    await told.send(("users", student_json(3, {"school": NORTH})))
    outcomes = await evaluate(store)
    await publish_all(store)

    assert erased.is_committed
    assert during == (["unchanged"], ["roster"])
    assert outcomes == ["commit"]
    assert await kept(store) == []


@pytest.mark.usefixtures("told")
async def test_only_letters_with_his_record_go(store: StoreUnderTest, students: PostgresStudents) -> None:
    of_him = json.dumps({"id": "e1", "data": {"object": {"id": HIM, "name": MARK}}})
    names_him = json.dumps({"id": "e2", "data": {"object": section_json(students=[HIM])}})
    headers = {"x-reason": "shape", "x-district-id": DISTRICT}
    for body in (of_him, names_him):
        await store.dead_letters.append(Message(DEAD_LETTER_EXCHANGE, "x", body.encode(), headers=headers))

    before = await export(store, students)
    erased = await erase(store, students)

    assert [one["body"] for one in before["dead_letters"]] == [of_him]
    assert erased.discarded == 1
    assert [one["body"].decode() for one in await store.rows("SELECT body FROM dead_letters")] == [names_him]
