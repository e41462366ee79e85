"""Dead letters replayed and discarded by a person's order; and what is left of an order that is cut short."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, body, event_json, student_json
from tests.support.fixtures.dead_letters import BROKEN, GOOD, LONG, NOT_JSON, WHOLE, Post
from tests.support.fixtures.ingest import ingesting
from tests.support.fixtures.store import StoreUnderTest
from worker.messaging.broker import Broker, Message
from worker.messaging.dead_letters import DeadLetter
from worker.operations import dead_letters as ordering
from worker.operations.dead_letters import DeadLetterQuery, Settled
from worker.pipeline.ingest.micro_batch import MAX_BYTES, MAX_VALUES
from worker.runtime.errors import BrokerUnavailable, OrderRefused, StoreUnavailable


async def put_aside(post: Post, store: StoreUnderTest, *bodies: bytes) -> None:
    """Have ingest put these aside, and their district into quarantine."""
    async with ingesting(post.broker, store.inbox):
        for one in bodies:
            headers = {"district_id": DISTRICT}
            await post.broker.publish(Message("clever.events", "d.users", one, headers=headers))
        await until(lambda: counted(post, len(bodies)))


async def counted(post: Post, number: int) -> bool:
    return len(await post.bodies()) == number


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LONG):
        while not await is_so():  # noqa: ASYNC110 — neither broker nor database tells who waits
            await asyncio.sleep(0.02)


async def quarantined(store: StoreUnderTest) -> int:
    return len(await store.rows("SELECT 1 FROM quarantine"))


async def audited(store: StoreUnderTest) -> list[tuple[str, str, str]]:
    rows = await store.rows("SELECT actor, action, detail FROM audit ORDER BY id")
    return [(row["actor"], row["action"], row["detail"]["reason"]) for row in rows]


async def repair(store: StoreUnderTest, *letters: DeadLetter) -> None:
    """Let the store know the letters as quarantined, as if an older version could not read them."""
    for letter in letters:
        await store.rows(
            "INSERT INTO quarantine (district_id, body_digest, reason, explanation)"
            " VALUES ($1, $2, 'x', 'y')",
            letter.district_id,
            letter.digest,
        )


async def test_a_letter_that_can_be_read_by_now_frees_its_district(post: Post, store: StoreUnderTest) -> None:
    await put_aside(post, store, BROKEN)
    await post.put(GOOD)
    async with post.letters.open() as opened:
        await repair(store, *[letter async for letter in opened.read(10) if letter.body == GOOD])
    assert await quarantined(store) == 2

    async with ingesting(post.broker, store.inbox):
        chosen = DeadLetterQuery(ids=[hashlib.sha256(GOOD).hexdigest()])
        done = await ordering.replay(
            post.letters, post.broker, store.quarantine, chosen, "ada", "we read that field now"
        )
        await until(lambda: has_stored(store))

    assert done == Settled(processed=1)
    assert await post.bodies() == [BROKEN]
    assert await quarantined(store) == 1
    (window,) = await store.rows("SELECT events, requested FROM windows")
    assert (window["events"], window["requested"]) == (1, "flush")
    assert await audited(store) == [("ada", "dead_letter.replay", "we read that field now")]


async def has_stored(store: StoreUnderTest) -> bool:
    return bool(await store.rows("SELECT 1 FROM inbox"))


async def test_a_letter_still_unreadable_holds_its_district(post: Post, store: StoreUnderTest) -> None:
    await put_aside(post, store, BROKEN, NOT_JSON)

    async with ingesting(post.broker, store.inbox):
        done = await ordering.replay(post.letters, post.broker, store.quarantine, WHOLE, "ada", "try again")
        await until(lambda: counted(post, 2))

    assert done.processed == 2
    assert sorted(await post.bodies()) == sorted([BROKEN, NOT_JSON])
    assert await quarantined(store) == 2


async def test_a_letter_that_is_discarded_frees_its_district(post: Post, store: StoreUnderTest) -> None:
    await put_aside(post, store, BROKEN, NOT_JSON)
    await store.rows("DELETE FROM windows")

    chosen = DeadLetterQuery(district_id=DISTRICT, unreadable_for="bad_field")
    done = await ordering.discard(post.letters, store.quarantine, chosen, "ada", "a test of theirs")

    assert done == Settled(processed=1)
    assert await post.bodies() == [NOT_JSON]
    assert await quarantined(store) == 1
    (window,) = await store.rows("SELECT events, requested FROM windows")
    assert (window["events"], window["requested"]) == (0, "flush")
    assert await audited(store) == [("ada", "dead_letter.discard", "a test of theirs")]


async def test_letters_of_no_district_can_be_discarded_too(post: Post, store: StoreUnderTest) -> None:
    await post.put(NOT_JSON, district=None)

    done = await ordering.discard(post.letters, store.quarantine, WHOLE, "ada", "noise")

    assert done == Settled(processed=1)
    assert await post.bodies() == []
    (noted,) = await store.rows("SELECT district_id, detail FROM audit")
    assert noted["district_id"] is None
    assert noted["detail"]["letter"] == hashlib.sha256(NOT_JSON).hexdigest()


async def test_a_letter_that_is_not_there_is_told_to_be_missing(post: Post, store: StoreUnderTest) -> None:
    await post.put(NOT_JSON)

    done = await ordering.discard(
        post.letters, store.quarantine, DeadLetterQuery(ids=["ab" * 32]), "ada", "?"
    )

    assert done == Settled(missing={"ab" * 32})
    assert await post.bodies() == [NOT_JSON]


@dataclass
class Stops:
    """Ends the order at one of its steps, as a kill would."""

    at: str
    store: StoreUnderTest
    broker: Broker

    async def publish(self, message: Message) -> None:
        if self.at == "before publishing":
            raise BrokerUnavailable(self.at)
        await self.broker.publish(message)

    async def replayed(self, letter: DeadLetter, actor: str, reason: str) -> None:
        if self.at == "before the audit":
            raise StoreUnavailable(self.at)
        await self.store.quarantine.replayed(letter, actor, reason)
        if self.at == "before removing":
            raise StoreUnavailable(self.at)

    async def discard(self, letter: DeadLetter, actor: str, reason: str) -> None:
        if self.at == "before the audit":
            raise StoreUnavailable(self.at)
        await self.store.quarantine.discard(letter, actor, reason)
        if self.at == "before removing":
            raise StoreUnavailable(self.at)


@pytest.mark.parametrize("step", ["before publishing", "before the audit", "before removing"])
async def test_an_order_cut_short_can_be_given_again(post: Post, store: StoreUnderTest, step: str) -> None:
    await post.put(GOOD)
    async with post.letters.open() as opened:
        await repair(store, *[letter async for letter in opened.read(1)])
    cut = Stops(step, store, post.broker)

    async with ingesting(post.broker, store.inbox):
        with pytest.raises((BrokerUnavailable, StoreUnavailable)):
            await ordering.replay(post.letters, cut, cut, WHOLE, "ada", "once")
        assert await post.bodies() == [GOOD]
        done = await ordering.replay(post.letters, post.broker, store.quarantine, WHOLE, "ada", "once more")
        await until(lambda: is_free(store))

    assert done.processed == 1
    assert await post.bodies() == []
    assert len(await store.rows("SELECT 1 FROM inbox")) == 1


@pytest.mark.parametrize("step", ["before the audit", "before removing"])
async def test_a_discard_cut_short_leaves_the_letter(post: Post, store: StoreUnderTest, step: str) -> None:
    await put_aside(post, store, BROKEN)
    cut = Stops(step, store, post.broker)

    with pytest.raises(StoreUnavailable):
        await ordering.discard(post.letters, cut, WHOLE, "ada", "once")
    assert await post.bodies() == [BROKEN]
    done = await ordering.discard(post.letters, store.quarantine, WHOLE, "ada", "once more")

    assert done.processed == 1
    assert await quarantined(store) == 0


async def is_free(store: StoreUnderTest) -> bool:
    return await quarantined(store) == 0


A_DAY_AND_AN_HOUR = 25 * 3600


def made_ahead() -> bytes:
    """Return an event that was more than a day in the future, by its id."""
    made = f"{int(time.time()) + A_DAY_AND_AN_HOUR:08x}{'0' * 16}"
    return body(event_json(student_json(1), id=made))


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (BROKEN, "d.users"),
        (NOT_JSON, "d.users"),
        (made_ahead(), "d.users"),
        (GOOD, f"{OTHER_DISTRICT}.users.updated"),
        (b'{"x": "' + b"y" * MAX_BYTES + b'"}', "d.users"),
        (b"[" + b"0," * MAX_VALUES + b"0]", "d.users"),
    ],
    ids=["a field", "no JSON", "an id ahead", "another district's key", "bytes", "values"],
)
async def test_a_letter_is_listed_with_why_ingest_could_not_read_it(
    post: Post, store: StoreUnderTest, content: bytes, key: str
) -> None:
    async with ingesting(post.broker, store.inbox):
        message = Message("clever.events", key, content, headers={"district_id": DISTRICT})
        await post.broker.publish(message)
        await until(lambda: counted(post, 1))

    (line,) = (await ordering.listed(post.letters, 10)).dead_letters

    (kept,) = await store.rows("SELECT reason, explanation FROM quarantine")
    assert (line.reason, line.why) == (kept["reason"], kept["explanation"])


@pytest.mark.parametrize(
    ("reason", "told"), [("bad_field", "read now"), ("not_storable", "database refused")]
)
async def test_a_readable_letter_says_what_else_kept_it_out(post: Post, reason: str, told: str) -> None:
    await post.put(GOOD, reason=reason)

    (line,) = (await ordering.listed(post.letters, 10)).dead_letters

    assert told in line.why


async def test_a_letter_is_meant_by_the_beginning_of_its_id_where_no_other_begins_so(post: Post) -> None:
    await post.put(GOOD, NOT_JSON)
    good = hashlib.sha256(GOOD).hexdigest()

    assert await ordering.whole_ids(post.letters, [good[:8], "unknown"]) == [good, "unknown"]
    shown = await ordering.found(post.letters, good[:8])
    assert shown is not None
    assert shown.body == GOOD
    for look in (ordering.whole_ids(post.letters, [""]), ordering.found(post.letters, "")):
        with pytest.raises(OrderRefused, match="more than one dead letter"):
            await look
