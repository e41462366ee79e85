"""The stages that do one small thing at a time: what each does, tells and lets through."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from config.topology import DEAD_LETTER_QUEUE
from tests.support.builders.bounces import MAIL_ID, OUT_OF_OFFICE, report
from tests.support.builders.records import DISTRICT, NOON, OTHER_DISTRICT
from tests.support.fakes.ports import RecordingTracer
from worker.alerts.inspect import InspectStage
from worker.domain.mail.mails import MailKind
from worker.domain.onboarding.states import Move, State
from worker.mail.bounce_mailbox import Returned
from worker.mail.bounces import BounceStage
from worker.mail.mail_store import Mails
from worker.onboarding.advance import AdvanceStage
from worker.onboarding.district_store import Transition
from worker.operations.clock import ClockStage
from worker.operations.housekeeping import HousekeepingStage
from worker.runtime.errors import BrokerUnavailable, MailboxUnavailable, StoreUnavailable
from worker.runtime.loop import Stop
from worker.runtime.metrics import Metrics

EVERY = timedelta(seconds=30)
STOP = Stop()


# Advance


class OnboardingStore:
    """Makes these moves, once."""

    def __init__(self, *made: Transition) -> None:
        self.made = list(made)

    async def advance(self) -> list[Transition]:
        given, self.made = self.made, []
        return given


def moved(district_id: str, before: State | None, move: Move, after: State) -> Transition:
    return Transition(district_id, before, move, after, NOON, None, None, {})


async def test_every_move_is_counted_and_logged_and_none_is_work() -> None:
    metrics, tracer = Metrics(), RecordingTracer()
    onboarding = OnboardingStore(
        moved(DISTRICT, None, Move.FIND, State.CONNECTED),
        moved(OTHER_DISTRICT, State.CONNECTED, Move.SHARE, State.ALL_SECTIONS_SHARED),
    )
    stage = AdvanceStage(onboarding, 5.0, STOP.sleep, metrics, tracer)

    with capture_logs() as logs:
        worked = [await stage.once(), await stage.once()]

    assert worked == [False, False]
    assert [(line["district_id"], line["before"], line["after"]) for line in logs] == [
        (DISTRICT, None, "connected"),
        (OTHER_DISTRICT, "connected", "all_sections_shared"),
    ]
    assert [counted(metrics, "onboarding_moves", move=move) for move in ("find", "share")] == [1, 1]
    assert [span.attributes["moves"] for span in tracer.spans] == [2, 0]


# Clock


@pytest.mark.parametrize(("changed", "lines"), [({}, 0), ({"windows": 2}, 1)])
async def test_a_clock_put_back_is_told_of_where_it_mattered(changed: dict[str, int], lines: int) -> None:
    class Times:
        async def catch_up(self) -> dict[str, int]:
            return changed

    with capture_logs() as logs:
        worked = await ClockStage(Times(), STOP.sleep).once()

    assert not worked
    assert [line["windows"] for line in logs] == [2] * lines


# Housekeeping


@pytest.mark.parametrize(
    ("troubles", "raised"),
    [
        ((None, None), None),
        ((ValueError("first"), None), "first"),
        ((None, ValueError("second")), "second"),
        ((ValueError("first"), KeyError("second")), "first"),
    ],
)
async def test_every_piece_of_housekeeping_is_done_and_the_first_error_is_raised_afterwards(
    troubles: Sequence[Exception | None], raised: str | None
) -> None:
    done: list[int] = []

    def piece(number: int) -> Callable[[], Any]:
        async def do() -> None:
            done.append(number)
            if error := troubles[number]:
                raise error

        return do

    stage = HousekeepingStage([piece(0), piece(1)], STOP.sleep)
    if raised is None:
        assert not await stage.once()
    else:
        with pytest.raises(ValueError, match=raised):
            await stage.once()

    assert done == [0, 1]


# Inspect


class Inspection:
    """Is due, or not; keeps how many dead letters it was told of, and says how many alerts came of it."""

    def __init__(self, *, due: bool = True, told: int | None = 0) -> None:
        self.due, self.told = due, told
        self.inspected: list[tuple[timedelta, int | None]] = []

    async def is_due(self, every: timedelta) -> bool:
        assert every == EVERY
        return self.due

    async def inspect(self, every: timedelta, dead_letters: int | None) -> int | None:
        self.inspected.append((every, dead_letters))
        return self.told


class Queues:
    """Says how deep one queue is, or is away."""

    def __init__(self, depth: int | Exception) -> None:
        self.of = depth

    async def depth(self, queue: str) -> int:
        assert queue == DEAD_LETTER_QUEUE
        if isinstance(self.of, Exception):
            raise self.of
        return self.of


@pytest.mark.parametrize(
    ("inspection", "depth", "inspected", "lines"),
    [
        (Inspection(due=False), 3, [], 0),
        (Inspection(), 3, [(EVERY, 3)], 0),
        (Inspection(told=None), 0, [(EVERY, 0)], 0),
        (Inspection(told=2), 0, [(EVERY, 0)], 1),
        (Inspection(), BrokerUnavailable("away"), [(EVERY, None)], 0),
    ],
)
async def test_an_inspection_is_told_of_dead_letters_where_it_is_due_and_the_broker_is_there(
    inspection: Inspection, depth: int | Exception, inspected: list[object], lines: int
) -> None:
    with capture_logs() as logs:
        worked = await InspectStage(inspection, Queues(depth), EVERY, STOP.sleep).once()

    assert (worked, inspection.inspected) == (False, inspected)
    assert [line["alerts"] for line in logs] == [2] * lines


# Bounces


class Mailbox:
    """Messages that came back; `trouble` is raised in place of any answer."""

    def __init__(self, *raw: bytes) -> None:
        self.messages = [Returned(str(place), each) for place, each in enumerate(raw)]
        self.looked_at: list[list[str]] = []
        self.trouble: Exception | None = None

    async def unseen(self, limit: int) -> list[Returned]:
        if self.trouble is not None:
            raise self.trouble
        return self.messages[:limit]

    async def seen(self, uids: Collection[str]) -> None:
        self.looked_at.append(list(uids))


class Sent:
    """A store that has one mail, of a kind; None: it knew of the bounce, or has no such mail."""

    def __init__(self, kind: MailKind | None = MailKind.ROSTERED, trouble: Exception | None = None) -> None:
        self.kind, self.trouble = kind, trouble
        self.bounced: list[tuple[object, object]] = []

    async def bounce(self, mail_id: object, bounced: object) -> MailKind | None:
        if self.trouble is not None:
            raise self.trouble
        self.bounced.append((mail_id, bounced))
        return self.kind


def counted(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(f"rostering_{name}_total", labels) or 0


FAILED = report()
GONE = (MAIL_ID, {"ada@district.example": "5.1.1"})


@pytest.mark.parametrize(
    ("raw", "kind", "kept", "told"),
    [
        (FAILED, MailKind.ROSTERED, [GONE], 1),
        (FAILED, None, [GONE], 0),
        (report(action="delayed"), MailKind.ROSTERED, [], 0),
        (OUT_OF_OFFICE, MailKind.ROSTERED, [], 0),
    ],
)
async def test_only_a_report_that_a_mail_of_ours_failed_is_kept_and_only_news_is_told(
    raw: bytes, kind: MailKind | None, kept: list[object], told: int
) -> None:
    sent = Sent(kind)
    stage = bounce_stage(Mailbox(raw), sent)

    with capture_logs() as logs:
        await stage.once()

    assert sent.bounced == kept
    assert counted(stage.metrics, "mails", kind="rostered", outcome="bounced") == told
    assert [(line["mail_id"], line["codes"]) for line in logs] == [(str(MAIL_ID), ["5.1.1"])] * told


def bounce_stage(box: Mailbox, sent: Sent) -> BounceStage:
    return BounceStage(box, cast("Mails", sent), Metrics(), look_seconds=0)


async def test_what_came_back_is_taken_in_and_then_marked_as_seen() -> None:
    box, sent = Mailbox(OUT_OF_OFFICE, FAILED), Sent()

    assert await bounce_stage(box, sent).once()

    assert (sent.bounced, box.looked_at) == ([GONE], [["0", "1"]])


async def test_an_empty_mailbox_is_no_work_and_nothing_is_marked() -> None:
    box = Mailbox()

    assert not await bounce_stage(box, Sent()).once()

    assert box.looked_at == []


async def test_a_mailbox_that_is_away_stops_nothing_and_is_told_of() -> None:
    box = Mailbox(FAILED)
    box.trouble = MailboxUnavailable("away")

    with capture_logs() as logs:
        assert not await bounce_stage(box, Sent()).once()

    assert [(line["event"], line["reason"]) for line in logs] == [("bounces.waiting", "away")]


async def test_a_message_that_cannot_be_read_is_left_out_and_the_others_are_taken_in() -> None:
    box = Mailbox(FAILED, FAILED)

    with capture_logs() as logs:
        assert await bounce_stage(box, Sent(trouble=ValueError("ada@district.example"))).once()

    assert box.looked_at == [["0", "1"]]
    assert [(line["event"], line["error"]) for line in logs] == [("bounce.unreadable", "ValueError")] * 2
    assert "district.example" not in str(logs)


async def test_a_store_that_is_away_leaves_what_came_back_unseen() -> None:
    box = Mailbox(FAILED)

    with pytest.raises(StoreUnavailable):
        await bounce_stage(box, Sent(trouble=StoreUnavailable("away"))).once()

    assert box.looked_at == []
