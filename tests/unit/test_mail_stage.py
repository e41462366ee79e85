"""The mail stage, where the way out fails as nobody foresaw."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

import pytest

from worker.domain.mails import MailKind
from worker.domain.quiet_hours import QuietHours
from worker.metrics import Metrics
from worker.ports.mail_server import MayGo, OutgoingMail
from worker.ports.mails import DueMail, NeedsPerson
from worker.stages.mail import MailStage

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass
class OneMail:
    """A store with one mail that is due, which keeps what it is told."""

    reports: list[str] = field(default_factory=list)

    async def take(self, limit: int, lease: timedelta) -> list[DueMail]:
        del limit, lease
        mail = DueMail(
            uuid.UUID(int=1), "1", MailKind.ROSTERED, ("office@district.example",), "s", "t", "h", "UTC",
            NOW, 1, NOW, timedelta(0),
        )  # fmt: skip
        return [mail]

    async def postpone(self, mail: DueMail, until: datetime) -> None:
        raise AssertionError((mail, until))

    async def handed(self, mail: DueMail, refused: Mapping[str, int], lease: timedelta) -> bool:
        del mail, refused, lease
        return True

    async def sent(self, mail: DueMail) -> None:
        del mail
        self.reports.append("sent")

    async def put_off(self, mail: DueMail, problem: str, again: timedelta, give_up: timedelta) -> bool:
        del mail, problem, again, give_up
        self.reports.append("put off")
        return False

    async def refuse(self, mail: DueMail, problem: str, refused: Mapping[str, int]) -> None:
        del mail, problem, refused
        self.reports.append("refused")

    async def uncertain(self, mail: DueMail, problem: str) -> None:
        del mail, problem
        self.reports.append("uncertain")

    async def bounce(self, mail_id: uuid.UUID, bounced: Mapping[str, str]) -> MailKind | None:
        raise AssertionError((mail_id, bounced))

    async def need_a_person(self) -> list[NeedsPerson]:
        return []

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


@pytest.mark.parametrize(("asks", "report"), [(False, "put off"), (True, "uncertain")])
async def test_an_unforeseen_fault_makes_a_mail_uncertain_only_once_it_may_have_gone(
    asks: bool, report: str
) -> None:
    mails = OneMail()
    never_quiet = QuietHours(time(0), time(0))
    stage = MailStage(Faulty(asks), mails, Metrics(), never_quiet, DAY, MINUTE)

    await stage.once()

    assert mails.reports == [report]
