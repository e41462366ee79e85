"""Ten districts on their way from the day they are chosen to their first assessment, while workers die."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from alert_fixtures import Mailbox
from clever_country import Country, serving
from program import Consumer, Site, consuming
from reaper import dying_workers
from sandbox import HOMEROOM
from time_machine import TimeMachine

CHICAGO = ZoneInfo("America/Chicago")
BY_SUBJECT = '{"rules":[{"all":[{"field":"subject","op":"is","value":"homeroom/advisory"}]}]}'

USUAL = ["invitation", "sharing_request", "rostered", "ready_to_assess"]
WITH_RULES = ["invitation", "sharing_request", "rules_request", "rostered", "ready_to_assess"]
MAILS = {
    "smooth": USUAL,
    "filtered": USUAL,
    "ruled": WITH_RULES,
    "paused": WITH_RULES,
    "moved": USUAL,
    "broken": USUAL,
    "gone": USUAL,
    "held": USUAL,
    "twice": [*USUAL, "ready_to_assess"],
    "silent": ["invitation"],
}
"""What becomes of each district, and the e-mails that it gets, in order."""
ANSWERING = [fate for fate in MAILS if fate != "silent"]
BEGINNING = ["chosen", "invited", "connected", "sharing_requested", "all_sections_shared"]
END = ["launch_scheduled", "ready", "live"]
WAYS = {
    "smooth": [*BEGINNING, "filtering", "rostered", *END],
    "filtered": [*BEGINNING, "filtering", "rostered", *END],
    "ruled": [*BEGINNING, "waiting_on_district", "rostered", *END],
    "paused": [*BEGINNING, "waiting_on_district", "rostered", *END],
    "moved": [*BEGINNING, "filtering", "rostered", *END],
    "broken": [*BEGINNING, "filtering", "rostered", *END],
    "gone": [
        *(*BEGINNING, "filtering", "rostered", "launch_scheduled", "disconnected", "launch_scheduled"),
        *("ready", "live"),
    ],
    "held": [*BEGINNING, "filtering", "rostered", *END],
    "twice": [*BEGINNING, "filtering", "rostered", "launch_scheduled", "ready", "launch_scheduled", "ready", "live"],
    "silent": ["chosen", "invited"],
}
"""The states that each comes through; `filtering` may be too short to be seen."""
SUBJECTS = {
    "Connect ": "invitation",
    "Please share": "sharing_request",
    "One sharing rule": "rules_request",
    "Ready To Assess": "ready_to_assess",
}


class Story:
    """The installation, the districts, and the roster team at its terminal."""

    def __init__(
        self, site: Site, machine: TimeMachine, country: Country, mailbox: Mailbox, consumer: Consumer
    ) -> None:
        self.site, self.machine, self.country = site, machine, country
        self.mailbox, self.consumer = mailbox, consumer
        monday = machine.now().astimezone(CHICAGO).date()
        self.first_day = monday + timedelta(days=7 - monday.weekday())
        self.opens_on = self.first_day + timedelta(days=21)

    async def day(self, number: int, hour: int = 9) -> None:
        """Let it be a later day; Clever has synced, and nobody is the wiser until we read."""
        self.machine.to(datetime.combine(self.first_day + timedelta(days=number), time(hour), CHICAGO))
        self.country.sync()

    async def lifecycle(self, order: str, fates: Iterable[str], *arguments: str) -> None:
        """Give an order for some districts, as somebody at a terminal does."""
        for fate in fates:
            await self.site.done("lifecycle", order, self.country[fate].id, *arguments)

    async def filter(self, fates: Iterable[str], section_filter: str) -> None:
        """Set a section filter."""
        for fate in fates:
            await self.site.done("filter", "set", self.country[fate].id, "-", stdin=section_filter)

    async def stand(self, fates: Iterable[str], state: str) -> None:
        """Wait until districts stand where they are expected to."""
        wanted = {self.country[fate].id: state for fate in fates}
        async with self._connection() as database:
            try:
                async with asyncio.timeout(60):
                    while (found := await self._states(database, list(wanted))) != wanted:
                        await asyncio.sleep(0.1)
            except TimeoutError:
                pytest.fail(f"{({self.country.fate_of(each): at for each, at in found.items()})}, not {state}")

    async def wrote(self, fates: Iterable[str], kind: str, times: int = 1) -> None:
        """Wait until districts have had so many e-mails of a kind; somebody settles what nobody can know."""
        wanted = {(self.country[fate].id, kind): times for fate in fates}
        async with self._connection() as database:
            try:
                async with asyncio.timeout(60):
                    while any(self._told()[each] < times for each in wanted):
                        await self._settle(database)
                        await asyncio.sleep(0.1)
            except TimeoutError:
                pytest.fail(f"of {wanted} there were {self._told()}")

    async def ways(self) -> dict[str, list[str]]:
        """Return the states that each district came through."""
        async with self._connection() as database:
            rows = await database.fetch("SELECT district_id, to_state FROM lifecycle_history ORDER BY id")
        found: dict[str, list[str]] = {fate: [] for fate in MAILS}
        for row in rows:
            found[self.country.fate_of(row["district_id"])].append(row["to_state"])
        return found

    async def launches(self) -> list[asyncpg.Record]:
        """Return every launch, with the last decision before it and its number."""
        query = """
            SELECT h.district_id, h.at, d.outcome FROM lifecycle_history h
            CROSS JOIN LATERAL (SELECT outcome FROM decisions d WHERE d.district_id = h.district_id
                AND d.decided_at <= h.at ORDER BY d.number DESC LIMIT 1) AS d
            WHERE h.move = 'launch'"""
        async with self._connection() as database:
            return await database.fetch(query)

    def mails(self) -> dict[str, list[Any]]:
        """Return the e-mails that each district got, in the order of their arrival."""
        found: dict[str, list[Any]] = {fate: [] for fate in MAILS}
        for _, mail in self.mailbox.mails:
            found[_fate(mail)].append(mail)
        return found

    def _told(self) -> Counter[tuple[str, str]]:
        return Counter((self.country[_fate(mail)].id, kind_of(mail)) for _, mail in self.mailbox.mails)

    async def _states(self, database: asyncpg.Connection, ids: list[str]) -> dict[str, str]:
        rows = await database.fetch(
            "SELECT district_id, state FROM lifecycles WHERE district_id = ANY($1)", ids
        )
        return {row["district_id"]: row["state"] for row in rows}

    async def _settle(self, database: asyncpg.Connection) -> None:
        """Look into the mailbox for what may have arrived, as the to-do list asks a person to."""
        rows = await database.fetch(
            "SELECT mail_id FROM mails WHERE waits AND handed_at IS NOT NULL AND next_attempt_at <= now()"
        )
        for row in rows:
            has_it = any(str(row["mail_id"]) in str(mail["Message-ID"]) for _, mail in self.mailbox.mails)
            answer = "--arrived" if has_it else "--again"
            await self.site.done("mails", "settle", str(row["mail_id"]), answer)

    def _connection(self) -> Any:
        return _connected(self.site.database_url or "")


class _connected:  # noqa: N801 — a context manager
    """A database connection while the context is open."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> asyncpg.Connection:
        self._open = await asyncpg.connect(self._url)
        return self._open

    async def __aexit__(self, *_: object) -> None:
        await self._open.close()


def kind_of(mail: Any) -> str:
    """Return what an e-mail is for, by its subject."""
    subject = str(mail["Subject"])
    found = [kind for beginning, kind in SUBJECTS.items() if subject.startswith(beginning)]
    return found[0] if found else "rostered"


def _fate(mail: Any) -> str:
    return re.match(r"\w+", str(mail["To"]).rpartition("<")[2])[0]  # type: ignore[index]


@pytest.fixture
async def story(
    tmp_path: Path,
    rabbitmq_vhost_url: str,
    travelling_database_url: str,
    time_machine: TimeMachine,
    mailbox: Mailbox,
) -> AsyncIterator[Story]:
    """Everything in its place on the evening before the first day."""
    country = Country(time_machine, list(MAILS))
    async with serving(country) as clever:
        settings = {
            "CLEVER__API_URL": clever,
            "CLEVER__CLIENT_ID": "sandbox",
            "CLEVER__CLIENT_SECRET": "sandbox",
            "CLEVER__POLL_SECONDS": "1",
            "WINDOW__QUIET_SECONDS": "0.5",
            "HTTP__PUBLIC_URL": "https://rostering.example.test",
            "MAIL__SMTP_URL": mailbox.url.split("?")[0].replace("mailto", "smtp"),
            "MAIL__SENDER": "Insights <rostering@vendor.example.test>",
            "MAIL__ATTEMPT_SECONDS": "2",
            "LIFECYCLE__LOOK_SECONDS": "0.3",
            "LIFECYCLE__TIME_ZONE": "America/Chicago",
            "ALERTS__INSPECT_SECONDS": "0.5",
            # Time leaps by days here: for a moment, no district was read for as long.
            "ALERTS__FEED_STUCK_SECONDS": str(30 * 86_400),
        }
        site = Site(tmp_path, rabbitmq_vhost_url, travelling_database_url, settings)
        await site.done("topology", "declare")
        async with consuming(rabbitmq_vhost_url, ["rostering.alerts"]) as consumer:
            yield Story(site, time_machine, country, mailbox, consumer)


@pytest.mark.timeout(420)
async def test_ten_districts_come_from_chosen_to_live_while_workers_die(story: Story) -> None:
    async with dying_workers(story.site, 3, shortest=1, longest=4) as fleet:
        await _invited_and_connected(story)
        await _shared_and_rostered(story)
        await _between_roster_and_launch(story)
        await _launched_and_live(story)

    assert fleet.killed > 10
    assert await story.ways() == WAYS
    assert {fate: [kind_of(mail) for mail in got] for fate, got in story.mails().items()} == MAILS
    _assert_right_texts(story)
    launches = await story.launches()
    assert len(launches) == len(ANSWERING) + 1
    assert {row["outcome"] for row in launches} == {"commit"}


async def _invited_and_connected(story: Story) -> None:
    await story.day(0)
    for fate in MAILS:
        contact = f"{fate}@districts.example.test"
        await story.lifecycle("choose", [fate], "--contact", contact, "--name", f"District {fate}")
    await story.stand(MAILS, "chosen")
    await story.lifecycle("invite", ANSWERING)
    await story.wrote(ANSWERING, "invitation")
    await story.day(0, hour=22)
    await story.lifecycle("invite", ["silent"])
    await story.day(1, hour=6)
    assert not story.mails()["silent"]
    await story.day(1)
    await story.wrote(["silent"], "invitation")
    for fate in ANSWERING:
        story.country[fate].connect()
    await story.stand(ANSWERING, "connected")
    await story.lifecycle("request-sharing", ANSWERING)
    await story.wrote(ANSWERING, "sharing_request")


async def _shared_and_rostered(story: Story) -> None:
    await story.day(2)
    for fate in ANSWERING:
        story.country.share_all(story.country[fate])
    await story.stand(ANSWERING, "all_sections_shared")
    await story.filter(["filtered"], BY_SUBJECT)
    await story.stand(["filtered"], "filtering")
    by_name = [fate for fate in ANSWERING if fate not in {"filtered", "ruled", "paused"}]
    await story.filter(by_name, HOMEROOM)
    await story.wrote(by_name, "rostered")
    await story.stand(by_name, "rostered")
    story.country.pause(story.country["paused"], days=30)
    await _until_pause_is_known(story)
    await story.lifecycle("request-rules", ["ruled", "paused"])
    await story.wrote(["ruled", "paused"], "rules_request")
    await story.stand(["ruled", "paused"], "waiting_on_district")
    await story.day(3)
    await story.filter(["filtered"], HOMEROOM)
    story.country.set_rule(story.country["ruled"], "homeroom")
    await story.wrote(["filtered", "ruled"], "rostered")


async def _between_roster_and_launch(story: Story) -> None:
    everybody = [fate for fate in ANSWERING if fate != "paused"]
    await story.lifecycle("window", everybody, "--opens", str(story.opens_on))
    await story.stand(everybody, "launch_scheduled")
    story.country["gone"].disconnect()
    await story.stand(["gone"], "disconnected")
    await story.day(8)
    todo = await story.site.done("lifecycle", "list", "--todo")
    assert story.country["silent"].id in todo
    story.country["gone"].connect()
    await story.stand(["gone"], "launch_scheduled")
    await story.lifecycle("window", ["moved"], "--opens", str(story.opens_on + timedelta(days=7)))
    story.country["paused"].tell_all(story.country["paused"].resume())
    story.country.set_rule(story.country["paused"], "homeroom")
    await story.wrote(["paused"], "rostered")
    await story.lifecycle("window", ["paused"], "--opens", str(story.opens_on))
    await story.stand(["paused"], "launch_scheduled")


async def _launched_and_live(story: Story) -> None:
    await story.day(15)
    story.country["broken"].tell_all(story.country["broken"].break_student()[1])
    await story.site.done("hold", story.country["held"].id, "--reason", "an invented reason")
    await _until_in_review(story, "broken")
    await story.day(16)
    at_once = [fate for fate in ANSWERING if fate not in {"moved", "broken", "held"}]
    await story.wrote(at_once, "ready_to_assess")
    await story.stand(at_once, "ready")
    await story.consumer.until(lambda: _held(story, "firing") >= {"broken", "held"})
    await story.stand(["moved", "broken", "held"], "launch_scheduled")

    await story.day(17)
    story.country["broken"].tell_all(story.country["broken"].mend_student()[1])
    await story.site.done("resume", story.country["held"].id, "--reason", "an invented reason")
    await story.wrote(["broken", "held"], "ready_to_assess")
    await story.stand(["broken", "held"], "ready")
    await story.consumer.until(lambda: _held(story, "resolved") >= {"broken", "held"})
    assert _held(story, "firing") == {"broken", "held"}
    await story.lifecycle("window", ["twice"], "--opens", str(story.opens_on + timedelta(days=7)))
    await story.stand(["twice"], "launch_scheduled")

    await story.day(21)
    await story.stand([fate for fate in ANSWERING if fate not in {"moved", "twice"}], "live")
    await story.day(23)
    await story.wrote(["moved"], "ready_to_assess")
    await story.wrote(["twice"], "ready_to_assess", times=2)
    await story.day(28)
    await story.stand(ANSWERING, "live")
    await story.stand(["silent"], "invited")


def _held(story: Story, status: str) -> set[str]:
    """Return whose launch operations were told is held back, or is no more."""
    return {
        story.country.fate_of(alert["district_id"])
        for alert in story.consumer.alerts
        if (alert["code"], alert["status"]) == ("launch.held", status)
    }


async def _until_pause_is_known(story: Story) -> None:
    async with asyncio.timeout(30):
        while not (await story.site.show(story.country["paused"].id))["sync"]["paused"]:
            await asyncio.sleep(0.2)


async def _until_in_review(story: Story, fate: str) -> None:
    async with asyncio.timeout(30):
        while (await story.site.show(story.country[fate].id))["status"] != "review":
            await asyncio.sleep(0.2)


def _assert_right_texts(story: Story) -> None:
    mails = story.mails()
    every = [mail for got in mails.values() for mail in got]
    assert len({str(mail["Message-ID"]) for mail in every}) == len(every)
    words = story.country.words_about_students()
    for mail in every:
        text = _text(mail)
        assert _fate(mail) in text
        assert not words & set(re.findall(r"[\w-]+", text))
    assert "https://rostering.example.test/connect/" in _text(mails["silent"][0])
    for fate in ("ruled", "paused"):
        asked = _text(mails[fate][2])
        assert 'name contains "homeroom"' in asked
        assert "60 students with exactly one class" in asked
        assert ("PAUSED" in asked) == (fate == "paused")
    for fate, days in {"smooth": [0], "moved": [7], "twice": [0, 7]}.items():
        told = [_text(mail) for mail in mails[fate] if kind_of(mail) == "ready_to_assess"]
        for text, later in zip(told, days, strict=True):
            assert _said(story.opens_on + timedelta(days=later)) in text


def _said(day: date) -> str:
    return f"{day:%A, %B} {day.day}, {day.year}"


def _text(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())
