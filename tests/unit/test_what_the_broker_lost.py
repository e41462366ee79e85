"""Which districts may lack something that the broker put aside by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import (
    DISTRICT,
    NOON,
    Json,
    body,
    delivery,
    event_id,
    event_json,
    settled_json,
    student_json,
)
from worker.messaging.broker import Consumer, Delivery
from worker.messaging.dead_letters import DeadLetter, DeadLetters, Losses, LostMessage
from worker.pipeline.ingest import quarantine
from worker.pipeline.ingest.quarantine import QuarantineStage
from worker.runtime.errors import BrokerUnavailable, DeadLettersBusy, StoreUnavailable
from worker.runtime.metrics import Metrics

DEATH = {"reason": "expired", "time": NOON}


@dataclass
class FakeBroker:
    """Gives these deliveries once."""

    deliveries: list[Delivery]
    acknowledged: list[int] = field(default_factory=list)
    is_open: int = 0
    is_lost: bool = False

    @asynccontextmanager
    async def subscribe(self, _queue: str, *, prefetch: int) -> AsyncIterator[FakeBroker]:
        assert prefetch
        self.is_open += 1
        yield self
        self.is_open -= 1

    async def take(self, _most: int, _seconds: float, _bytes: int) -> list[Delivery]:
        if self.is_lost:
            raise BrokerUnavailable("lost")
        given, self.deliveries = self.deliveries, []
        return given

    async def acknowledge_each(self, tags: Sequence[int]) -> None:
        self.acknowledged += tags


@dataclass
class FakeLosses:
    """Keeps what is noted."""

    noted: list[list[LostMessage]] = field(default_factory=list)
    trouble: Exception | None = None

    async def note(self, lost: Sequence[LostMessage]) -> list[LostMessage]:
        if self.trouble is not None:
            raise self.trouble
        self.noted.append(list(lost))
        return list(lost)


@dataclass
class FakeLetters:
    """Dead letters that lie there already; None: a person has them open."""

    letters: list[DeadLetter] | None = None
    opened: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[FakeLetters]:
        self.opened += 1
        if self.letters is None:
            raise DeadLettersBusy
        yield self

    async def waiting(self) -> int:
        return len(self.letters or ())

    async def read(self, limit: int) -> AsyncIterator[DeadLetter]:
        for letter in (self.letters or [])[:limit]:
            yield letter


def aside(document: Json | bytes, tag: int = 1, **headers: object) -> Delivery:
    given = delivery(event_json(student_json(), number=tag), tag)
    content = document if isinstance(document, bytes) else body(document)
    return replace(given, body=content, headers={**given.headers, **headers})


def stage(
    *deliveries: Delivery, letters: FakeLetters | None = None
) -> tuple[QuarantineStage, FakeBroker, FakeLosses]:
    broker, losses = FakeBroker(list(deliveries)), FakeLosses()
    made = QuarantineStage(
        cast("Consumer", broker),
        cast("Losses", losses),
        cast("DeadLetters", letters or FakeLetters()),
        Metrics(),
    )
    return made, broker, losses


def counted(made: QuarantineStage, reason: str) -> float:
    return float(made.metrics.dead_letters.labels(reason)._value.get())


@pytest.mark.parametrize(
    ("headers", "reason", "died_at"),
    [
        ({"x-death": [DEATH]}, "expired", NOON),
        ({"x-death": [DEATH], "x-reason": "ours as well"}, "expired", NOON),
        ({"x-death": [DEATH | {"time": NOON.replace(tzinfo=None)}, {"reason": "maxlen"}]}, "expired", NOON),
        ({"x-death": [{"reason": "invented", "time": "noon"}]}, "unknown", None),
        ({"x-death": []}, "unknown", None),
        ({"x-death": "x"}, "unknown", None),
        ({"x-death": {"reason": "expired"}}, "unknown", None),
        ({"x-death": [DEATH | {"reason": "maxlen"}, DEATH]}, "maxlen", NOON),
        ({}, "unknown", None),
    ],
)
async def test_what_was_put_aside_is_a_loss(headers: Json, reason: str, died_at: datetime | None) -> None:
    made, broker, losses = stage(aside(event_json(student_json(), number=7), 3, **headers))

    assert await made.once()

    ((lost,),) = [noted for noted in losses.noted if noted]
    assert (lost.district_id, lost.reason, lost.event_id) == (DISTRICT, reason, event_id(7))
    assert lost.died_at == died_at
    assert counted(made, reason) == 1
    assert broker.acknowledged == [3]


async def test_what_we_put_aside_and_what_no_roster_needs_are_no_losses() -> None:
    ours = aside(event_json(student_json()), 1, **{"x-reason": "unreadable"})
    mark = aside(settled_json(), 2, **{"x-death": [DEATH]})
    other = aside(
        event_json({"id": "x", "district": DISTRICT}, "resources.created"), 3, **{"x-death": [DEATH]}
    )
    made, broker, losses = stage(ours, mark, other)

    await made.once()

    assert [noted for noted in losses.noted if noted] == []
    assert counted(made, "expired") == 2
    assert broker.acknowledged == [1, 2, 3]


async def test_what_cannot_be_read_is_a_loss_of_the_district_that_it_is_known_by() -> None:
    made, _, losses = stage(aside(b"{", 1, **{"x-death": [DEATH], "district_id": DISTRICT}))

    await made.once()

    ((lost,),) = [noted for noted in losses.noted if noted]
    assert (lost.district_id, lost.event_id, lost.reason) == (DISTRICT, None, "expired")


async def test_a_subscription_is_opened_once_and_given_up_at_the_end() -> None:
    made, broker, losses = stage()

    await made.once()
    await made.once()
    assert broker.is_open == 1
    assert losses.noted == [[]]
    await made.close()
    await made.close()

    assert broker.is_open == 0


async def test_what_lies_there_at_the_start_is_looked_through_once_as_soon_as_nobody_has_it_open() -> None:
    def letter(number: int, *, is_brokers: bool, document: Json | None = None) -> DeadLetter:
        content = body(document or event_json(student_json(), number=number))
        return DeadLetter(number, content, "events", "maxlen", DISTRICT, NOON, is_brokers=is_brokers)

    letters = FakeLetters()
    made, _, losses = stage(letters=letters)
    await made.once()
    letters.letters = [
        letter(1, is_brokers=True),
        letter(2, is_brokers=False),
        letter(3, is_brokers=True, document=settled_json()),
        letter(4, is_brokers=True),
    ]
    for _ in range(3):
        await made.once()

    found = [(lost.event_id, lost.reason, lost.died_at) for noted in losses.noted for lost in noted]
    assert found == [(event_id(number), "maxlen", NOON) for number in (1, 4)]
    assert letters.opened == 2


async def test_a_lost_subscription_is_given_up_and_opened_anew_and_nothing_is_looked_through_again() -> None:
    letters = FakeLetters([])
    made, broker, losses = stage(letters=letters)
    await made.once()
    broker.is_lost = True

    with pytest.raises(BrokerUnavailable):
        await made.once()
    assert broker.is_open == 0
    broker.is_lost = False
    await made.once()

    assert (broker.is_open, losses.noted, letters.opened) == (1, [[], []], 1)


@pytest.mark.parametrize(
    ("most", "waiting", "looked_at"), [(2, 3, [1, 2]), (3, 2, [1, 2]), (3, 3, [1, 2, 3])]
)
async def test_at_the_start_no_more_is_looked_through_than_may_be_and_than_lay_there(
    monkeypatch: pytest.MonkeyPatch, most: int, waiting: int, looked_at: list[int]
) -> None:
    class Fewer(FakeLetters):
        async def waiting(self) -> int:
            return waiting

    def letter(number: int) -> DeadLetter:
        content = body(event_json(student_json(), number=number))
        return DeadLetter(number, content, "events", "maxlen", DISTRICT, NOON, is_brokers=True)

    monkeypatch.setattr(quarantine, "SWEEP", most)
    made, _, losses = stage(letters=Fewer([letter(number) for number in (1, 2, 3)]))

    await made.once()

    noted = [lost.event_id for each in losses.noted for lost in each]
    assert noted == [event_id(number) for number in looked_at]


async def test_each_loss_that_is_news_is_logged_with_its_district_and_why() -> None:
    made, _, _ = stage(
        *(aside(event_json(student_json(), number=tag), tag, **{"x-death": [DEATH]}) for tag in (1, 2))
    )

    with capture_logs() as logs:
        await made.once()

    assert [(line["event"], line["reason"], line["district_id"]) for line in logs] == [
        ("event.dead_lettered", "expired", DISTRICT)
    ] * 2


async def test_what_the_store_did_not_keep_is_neither_acknowledged_nor_counted_and_begun_anew() -> None:
    made, broker, losses = stage()
    await made.once()
    broker.deliveries = [aside(event_json(student_json(), number=7), 3, **{"x-death": [DEATH]})]
    losses.trouble = StoreUnavailable("away")

    with pytest.raises(StoreUnavailable):
        await made.once()
    assert (broker.acknowledged, counted(made, "expired"), broker.is_open) == ([], 0, 0)

    with pytest.raises(StoreUnavailable):
        await made.once()
    assert broker.is_open == 0
