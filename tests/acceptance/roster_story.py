"""The installation of a story about districts in onboarding, and the roster team's orders."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from functools import cache
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from tests.acceptance.clever_country import Country
from tests.acceptance.program import Consumer, Site
from tests.support.fixtures.alerts import Mailbox
from tests.support.fixtures.time_machine import TimeMachine
from worker.bootstrap.store import Stores
from worker.cli.onboarding_reports import rules_asked
from worker.domain.onboarding.states import Move
from worker.domain.roster.section_filter import parse_filter
from worker.mail.mail_store import MailState
from worker.onboarding.district_store import Description
from worker.runtime.errors import OrderRefused

Seen = TypeVar("Seen")

CHICAGO: Final = ZoneInfo("America/Chicago")
PATIENCE_SECONDS: Final = 150
"""For anything that workers do by themselves, while they die."""
ACTOR: Final = "the roster team"

_SUBJECTS: Final = {
    "Connect ": "invitation",
    "Please share": "sharing_request",
    "One sharing rule": "rules_request",
    "Ready To Assess": "ready_to_assess",
}


_LAUNCHES: Final = """
    SELECT h.district_id, d.outcome FROM onboarding_history h
    CROSS JOIN LATERAL (SELECT outcome FROM decisions d WHERE d.district_id = h.district_id
        AND d.decided_at <= h.at ORDER BY d.number DESC LIMIT 1) AS d
    WHERE h.move = 'launch'"""


class Story:
    """Districts, told apart by their fates; a week has seven days, and day 0 is a Monday."""

    def __init__(
        self,
        site: Site,
        store: Stores,
        machine: TimeMachine,
        country: Country,
        mailbox: Mailbox,
        consumer: Consumer,
    ) -> None:
        self.site = site
        self.store, self.machine, self.country = store, machine, country
        self.mailbox, self.consumer = mailbox, consumer
        self.at_dawn: Callable[[], None] = lambda: None
        """What happens at the beginning of each day."""
        today = machine.now().astimezone(CHICAGO).date()
        self.first_day = today + timedelta(days=7 - today.weekday())

    def date_of(self, number: int) -> date:
        """Return the date of a day."""
        return self.first_day + timedelta(days=number)

    async def day(self, number: int, hour: int = 9) -> None:
        """Let it be a later day, in Chicago; Clever's daily syncs have succeeded."""
        await self.machine.to(datetime.combine(self.date_of(number), time(hour), CHICAGO))
        self.country.sync()
        self.at_dawn()

    async def is_read(self, fates: Sequence[str]) -> None:
        """Wait until it is known of districts that they have synced today."""
        today = f"{self.machine.now():%Y-%m-%d}"

        async def syncs() -> list[str]:
            return [(await self._show(fate))["sync"]["last_sync"] for fate in fates]

        await until(syncs, lambda told: all(each.startswith(today) for each in told))

    async def choose(self, fates: Iterable[str]) -> None:
        """Put districts in onboarding."""
        for fate in fates:
            said = Description(f"District {fate}", [f"{fate}@districts.example.test"], str(CHICAGO))
            await self.store.onboarding.choose(self._id(fate), said, ACTOR)

    async def order(self, move: Move, fates: Iterable[str]) -> None:
        """Make a person's move for districts, with its e-mail; rules are those that the review suggests."""
        for fate in fates:
            rules = None
            if move is Move.REQUEST_RULES:
                rules = rules_asked(await self.store.districts.show(self._id(fate)))
            await self.store.onboarding.order(self._id(fate), move, ACTOR, rules=rules)

    async def set_window(self, fates: Iterable[str], opens_on: date) -> None:
        """Say when assessment windows open."""
        for fate in fates:
            await self.store.onboarding.set_window(self._id(fate), opens_on, None, ACTOR)

    async def set_filter(self, fates: Iterable[str], text: str) -> None:
        """Set a section filter."""
        for fate in fates:
            await self.store.districts.set_filter(self._id(fate), parse_filter(text), ACTOR)

    async def stand(self, fates: Iterable[str], state: str) -> None:
        """Wait until districts stand there."""
        wanted = dict.fromkeys(fates, state)

        async def found() -> dict[str, str]:
            records = await self.store.onboarding.records()
            states = {self.country.fate_of(each.district_id): each.onboarding.state.value for each in records}
            return {fate: states[fate] for fate in wanted}

        await until(found, lambda states: states == wanted)

    async def wrote(self, fates: Iterable[str], kind: str, times: int = 1) -> None:
        """Wait until districts have had so many e-mails of a kind."""
        wanted = list(fates)

        async def told() -> Counter[tuple[str, str]]:
            await self._settle()
            return Counter((fate_of(mail), kind_of(mail)) for _, mail in self.mailbox.mails)

        await until(told, lambda told: all(told[fate, kind] >= times for fate in wanted))

    async def is_paused(self, fate: str) -> None:
        """Wait until it is known that a district's sync is paused."""
        await until(lambda: self._show(fate), lambda shown: shown["sync"]["paused"])

    async def is_in_review(self, fate: str) -> None:
        """Wait until a district stands in review."""
        await until(lambda: self._show(fate), lambda shown: shown["status"] == "review")

    async def ways(self) -> dict[str, list[str]]:
        """Return the states that each district came through."""
        return {
            fate: [str(made.after) for made in await self.store.onboarding.history(one.id)]
            for fate, one in self.country.districts.items()
        }

    async def launches(self) -> list[asyncpg.Record]:
        """Return every launch, with the outcome of the last decision before it."""
        database = await asyncpg.connect(self.store.dsn)
        try:
            return await database.fetch(_LAUNCHES)
        finally:
            await database.close()

    def mails(self) -> dict[str, list[EmailMessage]]:
        """Return the e-mails that each district got, in the order of their arrival."""
        found: dict[str, list[EmailMessage]] = {fate: [] for fate in self.country.districts}
        for _, mail in self.mailbox.mails:
            found[fate_of(mail)].append(mail)
        return found

    def held(self, status: str) -> set[str]:
        """Return whose launch operations were told is held back (`firing`), or is no more (`resolved`)."""
        return {
            self.country.fate_of(alert["district_id"])
            for alert in self.consumer.alerts
            if (alert["code"], alert["status"]) == ("launch.held", status)
        }

    def _id(self, fate: str) -> str:
        return self.country[fate].id

    async def _show(self, fate: str) -> dict[str, Any]:
        return await self.store.districts.show(self._id(fate))

    async def _settle(self) -> None:
        """Look into the mailbox for what may have arrived or not, as a person is asked to."""
        for mail in await self.store.mail_orders.newest(None):
            if mail.state is MailState.UNCERTAIN:
                arrived = any(str(mail.mail_id) in str(each["Message-ID"]) for _, each in self.mailbox.mails)
                with suppress(OrderRefused):  # whoever was sending it has said so meanwhile
                    await self.store.mail_orders.settle(mail.mail_id, ACTOR, arrived=arrived)


async def until(look: Callable[[], Awaitable[Seen]], is_so: Callable[[Seen], bool]) -> None:
    """Look again and again until it is so; where it is not in time, tell what was seen last."""
    seen: Seen | None = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not is_so(seen := await look()):  # noqa: ASYNC110 — the work of other processes
                await asyncio.sleep(0.25)
    except TimeoutError:
        pytest.fail(f"waited in vain; last seen: {seen}")


@cache  # a story asks for it again and again
def kind_of(mail: EmailMessage) -> str:
    """Return what an e-mail is for, by its subject."""
    subject = str(mail["Subject"])
    return next((kind for begins, kind in _SUBJECTS.items() if subject.startswith(begins)), "rostered")


@cache
def fate_of(mail: EmailMessage) -> str:
    """Return the fate of the district that an e-mail went to."""
    found = re.search(r"(\w+)@districts", str(mail["To"]))
    assert found is not None, mail["To"]
    return found[1]


def text_of(mail: EmailMessage) -> str:
    """Return an e-mail's plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
