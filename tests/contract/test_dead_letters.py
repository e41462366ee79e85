"""What dead letters do, in a file or on RabbitMQ: one suite over both."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from builders import DISTRICT, body, event_json, student_json
from store_fixtures import StoreUnderTest

from config.topology import DEAD_LETTER_EXCHANGE, DEAD_LETTER_QUEUE
from worker import letters as ordering
from worker.adapters.files import DeadLetterFile
from worker.adapters.files_letters import FileDeadLetters
from worker.adapters.inprocess import InProcessBroker
from worker.adapters.rabbitmq import RabbitBroker
from worker.adapters.rabbitmq_letters import RabbitDeadLetters
from worker.errors import BrokerUnavailable, DeadLettersBusy, StoreUnavailable
from worker.letters import Choice, Settled
from worker.ports.broker import Broker, Message
from worker.ports.dead_letters import DeadLetter, DeadLetters
from worker.stages.ingest import IngestStage
from worker.stages.loop import Health, Stop, run
from worker.telemetry import Metrics

LONG = 20.0
HURRIED = 0.3
NOT_JSON = b'{"half of'
BROKEN = body(event_json(student_json(1, {"grade": 3}), number=5))
"""An event with a number where a text has to be."""
GOOD = body(event_json(student_json(1), number=6))
WHOLE = Choice()
TRACE = f"00-{'ab' * 16}-{'cd' * 8}-01"


@dataclass(frozen=True)
class Post:
    """Dead letters, the broker that they come from, and the same letters as somebody else opens them."""

    broker: Broker
    letters: DeadLetters
    another: DeadLetters

    async def put(
        self, *bodies: bytes, reason: str = "bad_field", district: str | None = DISTRICT, **beside: str
    ) -> None:
        headers = {"x-reason": reason, **beside} | ({"x-district-id": district} if district else {})
        for one in bodies:
            await self.broker.publish(Message(DEAD_LETTER_EXCHANGE, "d.users", one, headers=headers))

    async def bodies(self) -> list[bytes]:
        async with self.letters.open() as opened:
            return [letter.body async for letter in opened.read(1000)]


@pytest.fixture(params=["in-process", "rabbitmq"])
async def post(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Post]:
    broker: InProcessBroker | RabbitBroker
    if request.param == "in-process":
        file = tmp_path / "out" / "dead-letters.ndjson"
        broker = InProcessBroker(sinks={DEAD_LETTER_QUEUE: DeadLetterFile(file)})
        yield Post(broker, FileDeadLetters(file), FileDeadLetters(file, patience=HURRIED))
    else:
        broker = RabbitBroker(request.getfixturevalue("rabbitmq_vhost_url"), name="contract tests")
        await broker.declare_topology()
        yield Post(broker, RabbitDeadLetters(broker), RabbitDeadLetters(broker, patience=HURRIED))
    async with asyncio.timeout(LONG):
        await broker.close()


async def test_a_letter_is_whole(post: Post) -> None:
    await post.put(b"\xff not text\n", reason="not_json", traceparent=TRACE)

    async with post.letters.open() as opened:
        (letter,) = [letter async for letter in opened.read(10)]

    assert letter.body == b"\xff not text\n"
    assert letter.id == hashlib.sha256(letter.body).hexdigest()
    assert (letter.reason, letter.district_id, letter.routing_key) == ("not_json", DISTRICT, "d.users")
    assert letter.trace_parent == TRACE
    assert letter.died_at is not None
    assert datetime.now(UTC) - letter.died_at < timedelta(seconds=LONG)


async def test_a_letter_of_nobody_knows_whom_has_no_district(post: Post) -> None:
    await post.put(NOT_JSON, district=None)

    listing = await ordering.listed(post.letters, 10)

    assert [line.district_id for line in listing.letters] == [None]


async def test_what_was_read_is_there_again_in_its_order(post: Post) -> None:
    sent = [b"%d" % number for number in range(20)]
    await post.put(*sent)

    for _ in range(3):
        assert await post.bodies() == sent


async def test_only_so_many_are_read_and_the_rest_is_counted(post: Post) -> None:
    await post.put(*(b"%d" % number for number in range(5)))

    listing = await ordering.listed(post.letters, 2)

    assert ([line.size for line in listing.letters], listing.more) == ([1, 1], 3)
    assert len(await post.bodies()) == 5


async def test_where_there_are_none_there_is_nothing_to_read(post: Post) -> None:
    assert await ordering.listed(post.letters, 10) == ordering.Listing([], 0)


async def test_one_that_is_removed_is_gone_and_the_others_stay_in_their_order(post: Post) -> None:
    await post.put(*(b"%d" % number for number in range(6)))

    async with post.letters.open() as opened:
        async for letter in opened.read(5):
            if letter.body in (b"1", b"3"):
                await opened.remove(letter)

    assert await post.bodies() == [b"0", b"2", b"4", b"5"]


async def test_letters_that_come_meanwhile_stay(post: Post) -> None:
    await post.put(b"first")

    async with post.letters.open() as opened:
        async for letter in opened.read(1):
            await post.put(b"second")
            await opened.remove(letter)

    assert await post.bodies() == [b"second"]


async def test_whoever_opens_them_second_waits_and_is_told_so(post: Post) -> None:
    await post.put(b"one", b"two")

    async with post.letters.open() as opened:
        seen = [letter async for letter in opened.read(1)]
        with pytest.raises(DeadLettersBusy, match="somebody else"):
            async with post.another.open():
                pass
    async with asyncio.timeout(LONG), post.another.open() as opened:
        all_of_them = [letter async for letter in opened.read(10)]

    assert len(seen) == 1
    assert [letter.body for letter in all_of_them] == [b"one", b"two"]


async def test_many_who_remove_at_the_same_time_take_each_letter_once(post: Post) -> None:
    await post.put(*(b"%d" % number for number in range(12)))
    taken: list[bytes] = []

    async def take() -> None:
        async with post.letters.open() as opened:
            async for letter in opened.read(4):
                taken.append(letter.body)
                await opened.remove(letter)

    async with asyncio.timeout(LONG):
        await asyncio.gather(take(), take(), take())

    assert sorted(taken) == sorted(b"%d" % number for number in range(12))
    assert await post.bodies() == []


# Orders


@asynccontextmanager
async def ingesting(post: Post, store: StoreUnderTest) -> AsyncIterator[None]:
    stop = Stop()
    ingest = IngestStage(post.broker, store.inbox, Metrics())
    running = asyncio.create_task(run(ingest, stop, Health()))
    try:
        yield
    finally:
        stop.set()
        await running
        await ingest.close()


async def put_aside(post: Post, store: StoreUnderTest, *bodies: bytes) -> None:
    """Have ingest put these aside, and their district into quarantine."""
    async with ingesting(post, store):
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

    async with ingesting(post, store):
        chosen = Choice(ids=[hashlib.sha256(GOOD).hexdigest()])
        done = await ordering.replay(
            post.letters, post.broker, store.quarantine, chosen, "ada", "we read that field now"
        )
        await until(lambda: has_stored(store))

    assert done == Settled(letters=1)
    assert await post.bodies() == [BROKEN]
    assert await quarantined(store) == 1
    (window,) = await store.rows("SELECT events, requested FROM windows")
    assert (window["events"], window["requested"]) == (1, "flush")
    assert await audited(store) == [("ada", "dead_letter.replay", "we read that field now")]


async def has_stored(store: StoreUnderTest) -> bool:
    return bool(await store.rows("SELECT 1 FROM inbox"))


async def test_a_letter_that_is_still_unreadable_comes_back_and_holds_its_district(
    post: Post, store: StoreUnderTest
) -> None:
    await put_aside(post, store, BROKEN, NOT_JSON)

    async with ingesting(post, store):
        done = await ordering.replay(post.letters, post.broker, store.quarantine, WHOLE, "ada", "try again")
        await until(lambda: counted(post, 2))

    assert done.letters == 2
    assert sorted(await post.bodies()) == sorted([BROKEN, NOT_JSON])
    assert await quarantined(store) == 2


async def test_a_letter_that_is_discarded_frees_its_district(post: Post, store: StoreUnderTest) -> None:
    await put_aside(post, store, BROKEN, NOT_JSON)
    await store.rows("DELETE FROM windows")

    chosen = Choice(district_id=DISTRICT, unreadable_for="bad_field")
    done = await ordering.discard(post.letters, store.quarantine, chosen, "ada", "a test of theirs")

    assert done == Settled(letters=1)
    assert await post.bodies() == [NOT_JSON]
    assert await quarantined(store) == 1
    (window,) = await store.rows("SELECT events, requested FROM windows")
    assert (window["events"], window["requested"]) == (0, "flush")
    assert await audited(store) == [("ada", "dead_letter.discard", "a test of theirs")]


async def test_letters_of_no_district_can_be_discarded_too(post: Post, store: StoreUnderTest) -> None:
    await post.put(NOT_JSON, district=None)

    done = await ordering.discard(post.letters, store.quarantine, WHOLE, "ada", "noise")

    assert done == Settled(letters=1)
    assert await post.bodies() == []
    (noted,) = await store.rows("SELECT district_id, detail FROM audit")
    assert noted["district_id"] is None
    assert noted["detail"]["letter"] == hashlib.sha256(NOT_JSON).hexdigest()


async def test_a_letter_that_is_not_there_is_told_to_be_missing(post: Post, store: StoreUnderTest) -> None:
    await post.put(NOT_JSON)

    done = await ordering.discard(post.letters, store.quarantine, Choice(ids=["ab" * 32]), "ada", "?")

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
async def test_an_order_that_is_cut_short_leaves_the_letter_and_can_be_given_again(
    post: Post, store: StoreUnderTest, step: str
) -> None:
    await post.put(GOOD)
    async with post.letters.open() as opened:
        await repair(store, *[letter async for letter in opened.read(1)])
    cut = Stops(step, store, post.broker)

    async with ingesting(post, store):
        with pytest.raises((BrokerUnavailable, StoreUnavailable)):
            await ordering.replay(post.letters, cut, cut, WHOLE, "ada", "once")
        assert await post.bodies() == [GOOD]
        done = await ordering.replay(post.letters, post.broker, store.quarantine, WHOLE, "ada", "once more")
        await until(lambda: is_free(store))

    assert done.letters == 1
    assert await post.bodies() == []
    assert len(await store.rows("SELECT 1 FROM inbox")) == 1


@pytest.mark.parametrize("step", ["before the audit", "before removing"])
async def test_a_discard_that_is_cut_short_leaves_the_letter(
    post: Post, store: StoreUnderTest, step: str
) -> None:
    await put_aside(post, store, BROKEN)
    cut = Stops(step, store, post.broker)

    with pytest.raises(StoreUnavailable):
        await ordering.discard(post.letters, cut, WHOLE, "ada", "once")
    assert await post.bodies() == [BROKEN]
    done = await ordering.discard(post.letters, store.quarantine, WHOLE, "ada", "once more")

    assert done.letters == 1
    assert await quarantined(store) == 0


async def is_free(store: StoreUnderTest) -> bool:
    return await quarantined(store) == 0
