"""From a broken student to the people who must know: at each channel, in seconds, and once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import Consumer, Site, Worker, consuming, declare_topology, publishing
from tests.support.builders.records import (
    DISTRICT,
    Json,
    event_json,
    school_json,
    section_json,
    student_json,
    teacher_json,
)
from tests.support.fixtures.alerts import Hook, Mailbox, told_until
from tests.support.fixtures.store import opened_store
from tests.support.servers.alertmanager import AlertmanagerNode
from tests.support.servers.rabbitmq_node import RabbitNode
from worker.domain.roster.section_filter import parse_filter

DISTRICTS = [f"d{number:023}" for number in range(10)]
BROKEN = DISTRICTS[7]
SECONDS = 20.0
"""From the review to every channel."""


def of(district: str, event: Json) -> bytes:
    return json.dumps(event).replace(DISTRICT, district).encode()


def arrival(district: str) -> list[bytes]:
    return [
        of(district, event_json(school_json(), "schools.created", 1)),
        of(district, event_json(student_json(1), "users.created", 2)),
        of(district, event_json(teacher_json(), "users.created", 3)),
        of(district, event_json(section_json(), "sections.created", 4)),
    ]


@dataclass
class Scene:
    """Ten rostered districts, and everybody who hears of them."""

    worker: Worker
    publish: Callable[..., Any]
    consumer: Consumer
    alertmanager: AlertmanagerNode
    mailbox: Mailbox
    hook: Hook
    events: int = 4

    async def change(self, sis_id: str) -> None:
        """Change the student of one district, and wait for what is decided."""
        self.events += 1
        decided = len(self.consumer.reviews) + len(self.consumer.commits)
        student = student_json(1, {"sis_id": sis_id})
        await self.publish(of(BROKEN, event_json(student, "users.updated", self.events)))
        await self.consumer.until(
            lambda: len(self.consumer.reviews) + len(self.consumer.commits) > decided, seconds=20
        )

    async def in_time(self, *heard: Callable[[], bool]) -> None:
        """Wait until all of it is so: soon, since the decision was heard just now."""
        await told_until(lambda: all(each() for each in heard), SECONDS)

    def stands(self) -> bool:
        """Whether the alert stands at Alertmanager."""
        districts = [alert["labels"]["district_id"] for alert in self.alertmanager.alerts()]
        assert districts in ([], [BROKEN])
        return bool(districts)


@asynccontextmanager
async def scene(
    site: Site, alertmanager: AlertmanagerNode, mailbox: Mailbox, hook: Hook
) -> AsyncIterator[Scene]:
    site.settings["ALERTS__CHANNELS"] = json.dumps([mailbox.url, hook.url])
    site.settings["ALERTS__ALERTMANAGER_URL"] = alertmanager.url
    url = site.broker_url or ""
    queues = ["rostering.commit", "rostering.review"]
    async with site.worker() as worker, consuming(url, queues) as consumer, publishing(url) as publish:
        for district in DISTRICTS:
            for event in arrival(district):
                await publish(event)
        await consumer.until(lambda: len(consumer.commits) == len(DISTRICTS))
        yield Scene(worker, publish, consumer, alertmanager, mailbox, hook)
    assert "s3sam3" not in "".join(worker.lines), "the address of a webhook is a secret"


FIRING = ("firing", "preflight.failed")
RESOLVED = ("resolved", "preflight.failed")


async def test_a_broken_student_in_one_of_ten_districts_is_told_at_every_channel_in_time_and_once(
    site: Site, alertmanager: AlertmanagerNode, mailbox: Mailbox, hook: Hook
) -> None:
    async with scene(site, alertmanager, mailbox, hook) as told:
        assert (hook.told(), mailbox.mails, told.stands()) == ([], [], False)

        await told.change(sis_id="")
        await told.in_time(told.stands, lambda: bool(hook.bodies), lambda: bool(mailbox.mails))
        await told.change(sis_id="S-1")
        await told.in_time(
            lambda: not told.stands(), lambda: len(hook.bodies) == 2, lambda: len(mailbox.mails) == 2
        )

        await _through_an_outage_of_the_webhook(told, _first_failure)

    assert hook.told() == [FIRING, RESOLVED] * 2
    assert {body["district_id"] for _, body in hook.bodies} == {BROKEN}
    assert mailbox.subjects() == [
        f"[{status}] {code} in district {BROKEN}" for status, code in [FIRING, RESOLVED] * 2
    ]
    shown = json.loads(await site.done("alerts", "list", "--json"))
    assert shown == {"incidents": [], "channels": [], "dead": []}


@pytest.mark.full
@pytest.mark.timeout(400)
async def test_a_webhook_that_is_away_for_a_minute_delays_nobody_and_hears_of_everything(
    site: Site, alertmanager: AlertmanagerNode, mailbox: Mailbox, hook: Hook
) -> None:
    async def a_minute(_told: Scene) -> None:
        await asyncio.sleep(60)

    async with scene(site, alertmanager, mailbox, hook) as told:
        await _through_an_outage_of_the_webhook(told, a_minute)

    assert hook.told() == [FIRING, RESOLVED]


async def _first_failure(told: Scene) -> None:
    await told.worker.logged("alert.waiting", lambda line: line["attempts"] == 1)


async def _through_an_outage_of_the_webhook(told: Scene, outage: Callable[[Scene], Any]) -> None:
    """Break and repair the student while the webhook is away, and wait until it knows."""
    mails, bodies = len(told.mailbox.mails), len(told.hook.bodies)
    await told.hook.close()
    await told.change(sis_id="")
    await told.in_time(told.stands, lambda: len(told.mailbox.mails) == mails + 1)
    await outage(told)
    await told.change(sis_id="S-1")
    await told.in_time(lambda: not told.stands(), lambda: len(told.mailbox.mails) == mails + 2)
    assert len(told.hook.bodies) == bodies
    await told.hook.open()
    await told_until(lambda: len(told.hook.bodies) == bodies + 2, 70)


async def test_with_the_broker_inside_the_process_alerts_are_written_and_delivered(
    tmp_path: Path, database_url: str, hook: Hook
) -> None:
    settings = {"WINDOW__QUIET_SECONDS": "0.5", "ALERTS__CHANNELS": json.dumps([hook.url])}
    site = Site(tmp_path, None, database_url, settings)
    events = [event_json(student_json(1), "users.created", 1)]
    (tmp_path / "events.ndjson").write_bytes(b"\n".join(of(DISTRICT, event) for event in events))
    async with site.worker() as worker:
        await worker.logged("worker.started")
        await site.done("publish", str(tmp_path / "events.ndjson"))
        await told_until(lambda: bool(hook.bodies))
        listed = await site.done("alerts", "list")

    written = [json.loads(line) for line in (tmp_path / "out" / "alerts.ndjson").read_text().splitlines()]
    assert [body for _, body in hook.bodies] == written
    assert hook.told() == [FIRING]
    assert "preflight.failed" in listed
    assert "No failed deliveries." in listed


NOBODYS_FILTER = parse_filter('{"rules":[{"all":[{"field":"name","op":"is","value":"no such section"}]}]}')
EVERYBODYS_FILTER = parse_filter("{}")
STUCK = ("firing", "outbox.stuck")


async def test_while_the_broker_is_stopped_alerts_leave_also_of_a_worker_that_starts_meanwhile(
    breakable_rabbitmq: RabbitNode,
    breakable_vhost_url: str,
    database_url: str,
    tmp_path: Path,
    hook: Hook,
    alertmanager: AlertmanagerNode,
) -> None:
    url = breakable_vhost_url
    site = Site(tmp_path, url, database_url, {"WINDOW__QUIET_SECONDS": "0.5"})
    await declare_topology(url)
    site.settings |= {
        "ALERTS__CHANNELS": json.dumps([hook.url]),
        "ALERTS__ALERTMANAGER_URL": alertmanager.url,
        "ALERTS__OUTBOX_STUCK_SECONDS": "1",
        "ALERTS__INSPECT_SECONDS": "0.5",
        "ALERTS__FLAP_SECONDS": "1",
    }
    async with site.worker() as worker:
        await worker.logged("worker.started")
        async with consuming(url, ["rostering.commit"]) as consumer, publishing(url) as publish:
            for event in arrival(DISTRICT):
                await publish(event)
            await consumer.until(lambda: len(consumer.commits) == 1)
        breakable_rabbitmq.kill()
        async with opened_store(database_url) as store:
            await store.districts.set_filter(DISTRICT, NOBODYS_FILTER, "somebody")
            await told_until(lambda: {FIRING, STUCK} <= set(hook.told()))
            await told_until(lambda: len(alertmanager.alerts()) == 2)
            async with site.worker("--stages", "evaluate,relay,notify") as late:
                await worker.stop()
                await store.districts.set_filter(DISTRICT, EVERYBODYS_FILTER, "somebody")
                await told_until(lambda: RESOLVED in hook.told())
                await asyncio.to_thread(breakable_rabbitmq.start)
                await late.logged("message.published")
                await told_until(lambda: ("resolved", "outbox.stuck") in hook.told())
                async with consuming(url, ["rostering.alerts"]) as operations:
                    await operations.until(lambda: len(operations.alerts) >= 4)

    once = [FIRING, STUCK, RESOLVED, ("resolved", "outbox.stuck")]
    assert sorted(hook.told()) == sorted(once)
    assert {body["alert_id"] for _, body in hook.bodies} == {alert["alert_id"] for alert in operations.alerts}


async def test_whoever_reads_the_queue_of_alerts_takes_none_from_a_channel(site: Site, hook: Hook) -> None:
    site.settings["ALERTS__CHANNELS"] = json.dumps([hook.url])
    url = site.broker_url or ""
    broken = [of(each, event_json(student_json(1), "users.created", 1)) for each in DISTRICTS]
    async with (
        site.worker(),
        site.worker("--stages", "notify"),
        consuming(url, ["rostering.alerts"]) as foreign,
        publishing(url) as publish,
    ):
        for event in broken:
            await publish(event)
        await foreign.until(lambda: len(foreign.alerts) == len(broken))
        await told_until(lambda: len(hook.bodies) >= len(broken))

    assert sorted(body["alert_id"] for _, body in hook.bodies) == sorted(
        alert["alert_id"] for alert in foreign.alerts
    )
