"""The mail stage: what becomes of a mail, by what its server, its hour and the store say."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import pytest
from structlog.testing import capture_logs

from worker.domain.mail.mails import MailKind
from worker.domain.mail.quiet_hours import QuietHours
from worker.mail.mail_server import MayGo, OutgoingMail
from worker.mail.mail_store import DueMail
from worker.mail.send import MailStage
from worker.runtime.errors import MailError, MailPutOff, MailRefused, MailUncertain, StoreUnavailable
from worker.runtime.metrics import Metrics

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass
class OneMail:
    """A store with one mail that is due, which keeps what it is told."""

    reports: list[str] = field(default_factory=list)
    tried_for: timedelta = timedelta(0)
    attempts: int = 1
    is_dead: bool = False
    may_go: bool | Exception = True
    leases: list[timedelta] = field(default_factory=list)
    postponed: list[datetime] = field(default_factory=list)
    put_off_for: list[timedelta] = field(default_factory=list)
    refused: list[Mapping[str, int]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    async def take(self, limit: int, lease: timedelta) -> list[DueMail]:
        assert limit == 1
        self.leases.append(lease)
        mail = DueMail(
            uuid.UUID(int=1), "1", MailKind.ROSTERED, ("office@district.example",), "s", "t", "h", "UTC",
            NOW, self.attempts, NOW, self.tried_for,
        )  # fmt: skip
        return [mail]

    async def postpone(self, mail: DueMail, until: datetime) -> None:
        del mail
        self.postponed.append(until)

    async def handed(self, mail: DueMail, refused: Mapping[str, int], lease: timedelta) -> bool:
        del mail, refused
        self.leases.append(lease)
        if isinstance(self.may_go, Exception):
            raise self.may_go
        return self.may_go

    async def sent(self, mail: DueMail) -> None:
        del mail
        self.reports.append("sent")

    async def put_off(self, mail: DueMail, problem: str, again: timedelta, give_up: timedelta) -> bool:
        del mail
        assert give_up == DAY
        self.reports.append("put off")
        self.problems.append(problem)
        self.put_off_for.append(again)
        return self.is_dead

    async def refuse(self, mail: DueMail, problem: str, refused: Mapping[str, int]) -> None:
        del mail, problem
        self.reports.append("refused")
        self.refused.append(refused)

    async def uncertain(self, mail: DueMail, problem: str) -> None:
        del mail, problem
        self.reports.append("uncertain")

    async def bounce(self, mail_id: uuid.UUID, bounced: Mapping[str, str]) -> MailKind | None:
        raise AssertionError((mail_id, bounced))

    async def wait(self, seconds: float) -> None:
        raise AssertionError(seconds)


@dataclass
class Faulty:
    """A way out that fails before, or after, the mail may go."""

    asks: bool

    async def hand_over(self, outgoing: OutgoingMail, may_go: MayGo, *, whole: bool) -> bool:
        del outgoing, whole
        if self.asks:
            await may_go({})
        raise TypeError("unforeseen")


@dataclass
class Server:
    """A mail server that takes the mail, or does not, once it asked whether the mail may go."""

    trouble: Exception | None = None
    takes: bool = True
    whole: list[bool] = field(default_factory=list)

    async def hand_over(self, outgoing: OutgoingMail, may_go: MayGo, *, whole: bool) -> bool:
        assert outgoing.recipients == ("office@district.example",)
        self.whole.append(whole)
        may = await may_go({})
        if self.trouble is not None:
            raise self.trouble
        return may and self.takes


NEVER_QUIET = QuietHours(time(0), time(0))


def stage_of(mails: OneMail, server: Server | Faulty, quiet: QuietHours = NEVER_QUIET) -> MailStage:
    return MailStage(server, mails, Metrics(), quiet, DAY, MINUTE)


def counted(stage: MailStage, outcome: str) -> float:
    labels = {"kind": "rostered", "outcome": outcome}
    return stage.metrics.registry.get_sample_value("rostering_mails_total", labels) or 0


@pytest.fixture
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda _least, most: most)


@pytest.mark.parametrize(("asks", "report"), [(False, "put off"), (True, "uncertain")])
async def test_an_unforeseen_fault_makes_a_mail_uncertain_once_handed_over(asks: bool, report: str) -> None:
    mails = OneMail()

    await stage_of(mails, Faulty(asks)).once()

    assert mails.reports == [report]


async def test_a_mail_is_held_while_it_is_handed_over_and_longer_for_the_servers_answer() -> None:
    mails = OneMail()
    stage = stage_of(mails, Server())

    assert await stage.once()

    assert (mails.reports, mails.leases) == (["sent"], [3 * MINUTE, 6 * MINUTE])
    assert counted(stage, "sent") == 1
    assert stage.bound == 180 + 9 * 60


async def test_where_no_mail_is_due_there_is_no_work() -> None:
    class NoMails(OneMail):
        async def take(self, limit: int, lease: timedelta) -> list[DueMail]:
            del limit, lease
            return []

    assert not await stage_of(NoMails(), Server()).once()


@pytest.mark.parametrize(("may_go", "takes"), [(False, True), (True, False)])
async def test_a_mail_that_did_not_go_is_not_told_as_sent(may_go: bool, takes: bool) -> None:
    mails = OneMail(may_go=may_go)
    stage = stage_of(mails, Server(takes=takes))

    await stage.once()

    assert (mails.reports, counted(stage, "sent")) == ([], 0)


@pytest.mark.parametrize(
    ("trouble", "dead", "report", "outcome", "level"),
    [
        (MailPutOff("later"), False, "put off", "put_off", "warning"),
        (MailPutOff("later"), True, "put off", "dead", "error"),
        (MailRefused("never", {"office@district.example": 550}), False, "refused", "refused", "error"),
        (MailError("no address"), False, "refused", "refused", "error"),
        (MailUncertain("no answer"), False, "uncertain", "uncertain", "error"),
    ],
)
async def test_what_the_server_says_of_a_mail_is_kept_counted_and_logged_without_an_address(
    trouble: Exception, dead: bool, report: str, outcome: str, level: str
) -> None:
    mails = OneMail(is_dead=dead)
    stage = stage_of(mails, Server(trouble))

    with capture_logs() as logs:
        assert await stage.once()

    assert (mails.reports, counted(stage, outcome)) == ([report], 1)
    assert mails.refused == ([getattr(trouble, "refused", {})] if report == "refused" else [])
    assert [(line["event"], line["log_level"], line["reason"]) for line in logs] == [
        (f"mail.{outcome}", level, str(trouble))
    ]
    assert "office" not in str(logs)


async def test_a_mail_that_the_store_cannot_let_go_was_surely_not_sent() -> None:
    mails = OneMail(may_go=StoreUnavailable("away"))

    await stage_of(mails, Server()).once()

    assert mails.reports == ["put off"]
    assert "away" in mails.problems[0]


@pytest.mark.parametrize(
    ("tried_for", "whole"), [(timedelta(0), True), (timedelta(minutes=59), True), (timedelta(hours=1), False)]
)
async def test_a_mail_waits_an_hour_for_all_of_its_recipients(tried_for: timedelta, whole: bool) -> None:
    server = Server()

    await stage_of(OneMail(tried_for=tried_for), server).once()

    assert server.whole == [whole]


@pytest.mark.parametrize(
    ("begin", "end", "postponed"),
    [
        (time(11), time(13), [NOW + timedelta(hours=1)]),
        (time(12), time(13), [NOW + timedelta(hours=1)]),
        (time(11), time(12), []),
    ],
)
async def test_in_quiet_hours_a_mail_is_postponed_to_their_end_without_an_attempt(
    begin: time, end: time, postponed: list[datetime]
) -> None:
    mails, server = OneMail(), Server()

    await stage_of(mails, server, QuietHours(begin, end)).once()

    assert (mails.postponed, len(server.whole)) == (postponed, 0 if postponed else 1)


@pytest.mark.usefixtures("no_jitter")
@pytest.mark.parametrize(("attempts", "seconds"), [(1, 30), (2, 60), (5, 480), (6, 900), (5000, 900)])
async def test_a_mail_put_off_is_tried_later_each_time(attempts: int, seconds: float) -> None:
    mails = OneMail(attempts=attempts)

    await stage_of(mails, Server(MailPutOff("later"))).once()

    assert mails.put_off_for == [timedelta(seconds=seconds)]
