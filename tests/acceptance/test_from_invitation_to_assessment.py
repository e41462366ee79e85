"""Eight districts in onboarding from the day they are chosen to their first assessment, while workers die."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from config.loading import load
from tests.acceptance.clever_country import STUDENTS, Country, serving
from tests.acceptance.program import Site, consuming, declare_topology
from tests.acceptance.reaper import dying_workers
from tests.acceptance.roster_story import Story, fate_of, kind_of, text_of
from tests.acceptance.sandbox import HOMEROOM
from tests.support.fixtures.alerts import Mailbox
from tests.support.fixtures.time_machine import TimeMachine
from worker.bootstrap.store import open_store
from worker.domain.onboarding.states import Move

BY_SUBJECT = '{"rules":[{"all":[{"field":"subject","op":"is","value":"homeroom/advisory"}]}]}'
OPENING = 21
"""The day on which assessment windows open."""

USUAL = ["invitation", "sharing_request", "rostered", "ready_to_assess"]
WITH_RULES = ["invitation", "sharing_request", "rules_request", "rostered", "ready_to_assess"]
MAILS = {
    "filtered": USUAL,
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
KILLED_AT_LEAST = 3
BEGINNING = ["chosen", "invited", "connected", "sharing_requested", "all_sections_shared"]
END = ["launch_scheduled", "ready", "live"]
WAYS = {
    "filtered": [*BEGINNING, "filtering", "rostered", *END],
    "paused": [*BEGINNING, "waiting_on_district", "rostered", *END],
    "moved": [*BEGINNING, "filtering", "rostered", *END],
    "broken": [*BEGINNING, "filtering", "rostered", *END],
    "gone": [
        *(*BEGINNING, "filtering", "rostered", "launch_scheduled", "disconnected", "launch_scheduled"),
        *("ready", "live"),
    ],
    "held": [*BEGINNING, "filtering", "rostered", *END],
    "twice": [
        *BEGINNING,
        "filtering",
        "rostered",
        "launch_scheduled",
        "ready",
        "launch_scheduled",
        "ready",
        "live",
    ],
    "silent": ["chosen", "invited"],
}
"""The states that each comes through."""
HASTY = frozenset(MAILS) - {"filtered"}
"""Districts whose first filter is right: the commit may be seen before the filter is."""


@pytest.fixture
async def story(
    tmp_path: Path, rabbitmq_vhost_url: str, time_machine: TimeMachine, mailbox: Mailbox
) -> AsyncIterator[Story]:
    """Everything in its place on the evening before the first day."""
    # All of it lies in the past: an event from ahead of the machine's own clock would be unreadable.
    await time_machine.put_back(timedelta(days=60))
    country = Country(time_machine, list(MAILS))
    async with serving(country) as clever:
        settings = {
            "CLEVER__API_URL": clever,
            "CLEVER__CLIENT_ID": "sandbox",
            "CLEVER__CLIENT_SECRET": "sandbox",
            "CLEVER__POLL_SECONDS": "2",
            "CLEVER__QUIET_POLL_SECONDS": "2",
            "CLEVER__PAUSED_POLL_SECONDS": "2",
            "WINDOW__QUIET_SECONDS": "0.5",
            "HTTP__PUBLIC_URL": "https://rostering.example.test",
            "MAIL__SMTP_URL": mailbox.url.split("?")[0].replace("mailto", "smtp"),
            "MAIL__SENDER": "Insights <rostering@vendor.example.test>",
            "MAIL__ATTEMPT_SECONDS": "2",
            "ONBOARDING__LOOK_SECONDS": "1",
            "ONBOARDING__TIME_ZONE": "America/Chicago",
            "ALERTS__INSPECT_SECONDS": "1",
            # Time leaps by days here: for a moment, no district was read for as long.
            "ALERTS__FEED_STUCK_SECONDS": str(30 * 86_400),
        }
        site = Site(tmp_path, rabbitmq_vhost_url, time_machine.database_url, settings)
        await declare_topology(rabbitmq_vhost_url)
        async with (
            consuming(rabbitmq_vhost_url, ["rostering.alerts"]) as consumer,
            open_store(load(site.environment())) as store,
        ):
            yield Story(site, store, time_machine, country, mailbox, consumer)


@pytest.mark.timeout(600)
async def test_eight_districts_come_from_chosen_to_live_while_workers_die(story: Story) -> None:
    async with dying_workers(story.site, 2, lines=20) as fleet:
        story.at_dawn = fleet.lose_one
        await _invited_and_connected(story)
        await _shared_and_rostered(story)
        await _scheduled(story)
        await _launched_and_live(story)

    assert fleet.killed >= KILLED_AT_LEAST
    assert {fate: _unhurried(fate, onboarding) for fate, onboarding in (await story.ways()).items()} == WAYS
    assert {fate: [kind_of(mail) for mail in got] for fate, got in story.mails().items()} == MAILS
    _assert_right_texts(story)
    launches = await story.launches()
    assert len(launches) == len(ANSWERING) + 1
    assert {row["outcome"] for row in launches} == {"commit"}


def _unhurried(fate: str, onboarding: list[str]) -> list[str]:
    """Return a way with the step that a hasty district may be too quick for."""
    place = onboarding.index("all_sections_shared") + 1 if "all_sections_shared" in onboarding else 0
    is_skipped = fate in HASTY and "filtering" in WAYS[fate] and onboarding[place] == "rostered"
    return [*onboarding[:place], "filtering", *onboarding[place:]] if is_skipped else onboarding


async def _invited_and_connected(story: Story) -> None:
    """Chosen and invited by day, and one at night; connected, and asked to share."""
    await story.day(0)
    await story.choose(MAILS)
    await story.order(Move.INVITE, ANSWERING)
    await story.wrote(ANSWERING, "invitation")
    await story.day(0, hour=22)
    await story.order(Move.INVITE, ["silent"])
    await story.day(1, hour=6)
    for fate in ANSWERING:
        story.country[fate].connect()
    await story.stand(ANSWERING, "connected")
    assert not story.mails()["silent"]
    await story.day(1)
    await story.wrote(["silent"], "invitation")
    await story.order(Move.REQUEST_SHARING, ANSWERING)
    await story.wrote(ANSWERING, "sharing_request")


async def _shared_and_rostered(story: Story) -> None:
    """All share all; most have a filter at once, one at the second try, one needs a rule of its own."""
    await story.day(2)
    for fate in ANSWERING:
        story.country.share_all(story.country[fate])
    await story.stand(ANSWERING, "all_sections_shared")
    await story.set_filter(["filtered"], BY_SUBJECT)
    await story.stand(["filtered"], "filtering")
    by_name = [fate for fate in ANSWERING if fate not in {"filtered", "paused"}]
    await story.set_filter(by_name, HOMEROOM)
    await story.wrote(by_name, "rostered")
    story.country.pause(story.country["paused"], days=30)
    await story.is_paused("paused")
    await story.order(Move.REQUEST_RULES, ["paused"])
    await story.wrote(["paused"], "rules_request")
    await story.day(3)
    await story.set_filter(["filtered"], HOMEROOM)
    await story.wrote(["filtered"], "rostered")


async def _scheduled(story: Story) -> None:
    """Windows are set; one district goes and returns, one window moves, a pause ends, one never answered."""
    everybody = [fate for fate in ANSWERING if fate != "paused"]
    await story.set_window(everybody, story.date_of(OPENING))
    await story.stand(everybody, "launch_scheduled")
    story.country["gone"].disconnect()
    await story.stand(["gone"], "disconnected")
    await story.day(8)
    assert story.country["silent"].id in await story.site.done("onboarding", "list", "--todo")
    story.country["gone"].connect()
    await story.stand(["gone"], "launch_scheduled")
    await story.set_window(["moved"], story.date_of(OPENING + 7))
    story.country["paused"].publish_all(story.country["paused"].resume())
    story.country.set_rule(story.country["paused"], "homeroom")
    await story.wrote(["paused"], "rostered")
    await story.set_window(["paused"], story.date_of(OPENING))
    await story.stand(["paused"], "launch_scheduled")


async def _launched_and_live(story: Story) -> None:
    """Three working days before, on a Wednesday, those are launched that are in sync, the others after it."""
    await story.day(15)
    story.country["broken"].publish_all(story.country["broken"].break_student()[1])
    await story.store.districts.hold(story.country["held"].id, "somebody", "an invented reason")
    await story.is_in_review("broken")
    await story.is_read(ANSWERING)
    await story.day(16)
    at_once = [fate for fate in ANSWERING if fate not in {"moved", "broken", "held"}]
    await story.wrote(at_once, "ready_to_assess")
    await story.stand(at_once, "ready")
    await story.consumer.until(lambda: story.held("firing") >= {"broken", "held"})
    await story.stand(["moved", "broken", "held"], "launch_scheduled")

    await story.day(17)
    story.country["broken"].publish_all(story.country["broken"].mend_student()[1])
    await story.store.districts.resume(story.country["held"].id, "somebody", "an invented reason")
    await story.wrote(["broken", "held"], "ready_to_assess")
    await story.consumer.until(lambda: story.held("resolved") >= {"broken", "held"})
    assert story.held("firing") == {"broken", "held"}
    await story.set_window(["twice"], story.date_of(OPENING + 7))
    await story.stand(["twice"], "launch_scheduled")

    await story.day(OPENING)
    await story.stand([fate for fate in ANSWERING if fate not in {"moved", "twice"}], "live")
    await story.day(23)
    await story.wrote(["moved"], "ready_to_assess")
    await story.wrote(["twice"], "ready_to_assess", times=2)
    await story.day(OPENING + 7)
    await story.stand(ANSWERING, "live")
    await story.stand(["silent"], "invited")


def _assert_right_texts(story: Story) -> None:
    mails = story.mails()
    every = [mail for got in mails.values() for mail in got]
    assert len({str(mail["Message-ID"]) for mail in every}) == len(every)
    said = story.country.said_of_students()
    for mail in every:
        text = text_of(mail)
        assert story.country[fate_of(mail)].name in text or fate_of(mail) in text
        assert not [each for each in said if each in text]
    assert "https://rostering.example.test/connect/" in text_of(mails["silent"][0])
    asked = text_of(mails["paused"][2])
    assert 'name contains "homeroom"' in asked
    assert f"{STUDENTS} of {STUDENTS} students would have exactly one class." in asked, asked
    assert "Your sync is paused" in asked
    for fate, openings in {
        "broken": [OPENING],
        "moved": [OPENING + 7],
        "twice": [OPENING, OPENING + 7],
    }.items():
        told = [text_of(mail) for mail in mails[fate] if kind_of(mail) == "ready_to_assess"]
        for text, opening in zip(told, openings, strict=True):
            assert _said(story.date_of(opening)) in text


def _said(day: date) -> str:
    return f"{day:%A, %B} {day.day}, {day.year}"
