"""Dead letters in a file and on RabbitMQ, for the suites that hold both to the same behaviour."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from builders import DISTRICT, body, event_json, student_json

from config.topology import DEAD_LETTER_EXCHANGE, DEAD_LETTER_QUEUE
from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.inprocess.dead_letters import FileDeadLetters
from worker.adapters.inprocess.files import DeadLetterFile
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.adapters.rabbitmq.dead_letters import RabbitDeadLetters
from worker.messaging.broker import Broker, Message
from worker.messaging.dead_letters import DeadLetters
from worker.operations.dead_letters import DeadLetterQuery

LONG = 20.0
HURRIED = 0.3
NOT_JSON = b'{"half of'
BROKEN = body(event_json(student_json(1, {"grade": 3}), number=5))
"""An event with a number where a text has to be."""
GOOD = body(event_json(student_json(1), number=6))
WHOLE = DeadLetterQuery()
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
