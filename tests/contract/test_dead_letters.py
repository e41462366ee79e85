"""What dead letters do, in PostgreSQL or on RabbitMQ: one suite over both."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.builders.records import DISTRICT
from tests.support.fixtures.dead_letters import LONG, NOT_JSON, TRACE, Post
from worker.operations import dead_letters as ordering
from worker.runtime.errors import DeadLettersBusy


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

    assert [line.district_id for line in listing.dead_letters] == [None]


async def test_what_was_read_is_there_again_in_its_order(post: Post) -> None:
    sent = [b"%d" % number for number in range(20)]
    await post.put(*sent)

    for _ in range(3):
        assert await post.bodies() == sent


async def test_only_so_many_are_read_and_the_rest_is_counted(post: Post) -> None:
    await post.put(*(b"%d" % number for number in range(5)))

    listing = await ordering.listed(post.letters, 2)

    assert ([line.size for line in listing.dead_letters], listing.more) == ([1, 1], 3)
    assert len(await post.bodies()) == 5


async def test_where_there_are_none_there_is_nothing_to_read(post: Post) -> None:
    assert await ordering.listed(post.letters, 10) == ordering.DeadLetterListing([], 0)


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
        with pytest.raises(DeadLettersBusy, match="are in use"):
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
