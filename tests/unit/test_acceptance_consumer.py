"""The consumer that acceptance tests listen with fails a test that lets something wrong through."""

from __future__ import annotations

from typing import Any, cast

import orjson
import pytest
from aio_pika.abc import AbstractIncomingMessage

from tests.acceptance.program import Consumer, digest

DISTRICT = "d1"
SCHOOL: dict[str, Any] = {"name": "Larkspur"}


class Heard:
    """A message as the client library hands it over."""

    exchange = "rostering"

    def __init__(self, schema: str, body: dict[str, Any]) -> None:
        self.type = schema
        self.body = orjson.dumps(body)


def commit(sequence: int, **fields: Any) -> AbstractIncomingMessage:
    roster = {("school", "s1"): SCHOOL}
    body = {
        "district_id": DISTRICT,
        "sequence": sequence,
        "commit_id": f"c{sequence}",
        "part": 1,
        "parts": 1,
        "roster": {"digest": digest(roster)},
        "changes": [{"op": "upsert", "kind": "school", "id": "s1", "record": SCHOOL}],
    }
    return cast("AbstractIncomingMessage", Heard("rostering.commit/v1", body | fields))


async def test_commits_in_order_with_the_right_digest_are_let_through() -> None:
    consumer = Consumer()

    await consumer.hear(commit(1))
    await consumer.hear(commit(2, changes=[]))

    await consumer.until(lambda: len(consumer.commits) == 2)
    consumer.raise_error()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(commit(2), id="a gap"),
        pytest.param(commit(1, roster={"digest": "0" * 64}), id="a wrong digest"),
        pytest.param(
            commit(1, changes=[{"op": "remove", "kind": "school", "id": "s2"}]), id="a removal of nothing"
        ),
        pytest.param(
            cast("AbstractIncomingMessage", Heard("rostering.commit/v1", {})), id="no commit at all"
        ),
    ],
)
async def test_what_is_wrong_is_raised_by_whoever_waits(wrong: AbstractIncomingMessage) -> None:
    consumer = Consumer()

    await consumer.hear(wrong)

    with pytest.raises((AssertionError, KeyError)):
        await consumer.until(lambda: False, seconds=5)


async def test_one_decision_under_two_ids_is_raised_though_it_is_a_repetition() -> None:
    consumer = Consumer()

    await consumer.hear(commit(1))
    await consumer.hear(commit(1, commit_id="another"))

    with pytest.raises(AssertionError, match="two ids"):
        consumer.raise_error()
