"""Channels against the real thing: Alertmanager, an SMTP server, a webhook."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from tests.support.builders.records import DISTRICT
from tests.support.fixtures.alerts import Hook, Mailbox, told_until
from tests.support.servers.alertmanager import AlertmanagerNode
from tests.support.servers.processes import free_ports
from worker.adapters.channels.notifier import Notifier, in_words
from worker.adapters.channels.open_channels import open_channels
from worker.alerts.channel import Channel
from worker.runtime.errors import ChannelFailed

SECRET = "T0K3N0123456789"  # noqa: S105 — of nobody
LONG_AGO, LATER = "2026-09-15T12:00:00.000Z", "2026-09-15T12:05:00.000Z"


def body(status: str = "firing", **changed: Any) -> str:
    alert = {
        "schema": "rostering.alert/v1",
        "alert_id": f"id of {status}",
        "dedup_key": f"preflight.failed/{DISTRICT}",
        "status": status,
        "severity": "warning",
        "code": "preflight.failed",
        "district_id": DISTRICT,
        "summary": "Preflight failed: 1 of 4 students blocked, 1 errors.",
        "counts": {"student.no_section": 1},
        "url": "https://r.test/districts/d1",
        "starts_at": LONG_AGO,
        "ends_at": LATER if status == "resolved" else None,
    }
    return json.dumps(alert | changed)


@asynccontextmanager
async def channel(*urls: str, alertmanager: str | None = None, seconds: float = 5) -> AsyncIterator[Channel]:
    async with open_channels(urls, alertmanager, seconds, timedelta(minutes=1)) as opened:
        (only,) = opened
        yield only


async def failure(url: str, seconds: float = 5) -> str:
    async with channel(url, seconds=seconds) as opened:
        with pytest.raises(ChannelFailed) as failed:
            await opened.send([body()])
        assert SECRET not in f"{opened.name} {failed.value!r} {failed.value.__context__}"
        return str(failed.value)


# Alertmanager


async def test_an_alert_stands_at_alertmanager_until_it_is_resolved(alertmanager: AlertmanagerNode) -> None:
    async with channel(alertmanager=alertmanager.url) as opened:
        for _ in range(2):
            await opened.send([body()])
        await told_until(lambda: bool(alertmanager.alerts()))
        (standing,) = alertmanager.alerts()
        await opened.send([body("updated", summary="Preflight failed: 2 of 4.")])
        await told_until(lambda: "2 of 4" in alertmanager.alerts()[0]["annotations"]["summary"])
        updated = alertmanager.alerts()
        await opened.send([body("resolved")])
        await told_until(lambda: not alertmanager.alerts())

    assert standing["labels"] == {
        "alertname": "preflight.failed",
        "code": "preflight.failed",
        "severity": "warning",
        "service": "rostering",
        "district_id": DISTRICT,
    }
    assert standing["annotations"] == {"summary": "Preflight failed: 1 of 4 students blocked, 1 errors."}
    assert (standing["startsAt"], standing["generatorURL"]) == (LONG_AGO, "https://r.test/districts/d1")
    assert time.strptime(standing["endsAt"][:19], "%Y-%m-%dT%H:%M:%S") > time.gmtime(time.time() + 12 * 3600)
    assert len(updated) == 1


async def test_alertmanager_takes_many_alerts_and_one_of_no_district(alertmanager: AlertmanagerNode) -> None:
    async with channel(alertmanager=alertmanager.url) as opened:
        await opened.send([body(), body(code="dead_letters.waiting", district_id=None, url=None)])

        await told_until(lambda: len(alertmanager.alerts()) == 2)


# Mail, by Apprise


async def test_a_mail_says_in_words_what_is_wrong_and_two_at_once_do_not_wait_for_each_other(
    mailbox: Mailbox,
) -> None:
    async with channel(mailbox.url) as opened:
        await asyncio.wait_for(asyncio.gather(opened.send([body()]), opened.send([body("resolved")])), 40)
        await told_until(lambda: len(mailbox.mails) == 2)
        kind = opened.kind

    assert kind == "mailto"
    assert set(mailbox.subjects()) == {
        f"[firing] preflight.failed in district {DISTRICT}",
        f"[resolved] preflight.failed in district {DISTRICT}",
    }
    firing = next(mail for _, mail in mailbox.mails if "firing" in mail["Subject"])
    text = firing.get_body()
    assert text is not None
    assert "Preflight failed: 1 of 4 students blocked, 1 errors." in text.get_content()
    assert "nothing is committed" in text.get_content()


def test_the_words_of_an_alert_tell_what_it_is_and_where_to_look() -> None:
    _, text = in_words(json.loads(body()))

    assert text.splitlines()[-4:] == [
        "severity: warning",
        f"since: {LONG_AGO}",
        "student.no_section: 1",
        "look: https://r.test/districts/d1",
    ]


async def test_a_district_whose_id_breaks_lines_adds_nothing_to_the_head_of_a_mail(mailbox: Mailbox) -> None:
    broken = json.dumps(json.loads(body()) | {"district_id": "d1\r\nBcc: everybody@example.test"})

    async with channel(mailbox.url) as opened:
        await asyncio.wait_for(opened.send([broken]), 40)
        await told_until(lambda: len(mailbox.mails) == 1)

    assert mailbox.mails[0][1]["Bcc"] is None
    assert mailbox.subjects() == ["[firing] preflight.failed in district d1Bcc: everybody@example.test"]


# Webhooks


async def test_a_webhook_gets_the_alert_as_it_stands_on_the_queue(hook: Hook) -> None:
    async with channel(hook.url) as opened:
        await opened.send([body()])

    assert [alert for _, alert in hook.bodies] == [json.loads(body())]
    assert opened.kind == "webhook"


@pytest.mark.parametrize("status", [301, 404, 500])
async def test_an_answer_that_is_no_success_is_a_failure(hook: Hook, status: int) -> None:
    hook.statuses = [status]

    assert await failure(hook.url) == f"answered with status {status}"


# What goes wrong


async def test_no_failure_and_no_log_tells_an_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    port = free_ports(1)[0]

    web = await failure(f"http://127.0.0.1:{port}/{SECRET}")
    form = await failure(f"json://user:{SECRET}@127.0.0.1:{port}/{SECRET}")
    mail = await failure(f"mailto://me:{SECRET}@127.0.0.1:{port}?from=a@x.test&to=b@x.test&mode=insecure")

    assert web == "not reached (ClientConnectorError)"
    assert form == mail == "not sent: the service could not be reached, or refused"
    assert SECRET not in caplog.text
    assert not [record for record in caplog.records if record.name.startswith(("apprise", "urllib3"))]


async def test_a_channel_that_does_not_answer_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        await failure(
            f"json://127.0.0.1:{free_ports(1)[0]}/"
        )  # the library is loaded when it is first needed
        began = time.monotonic()

        web = await failure(f"http://127.0.0.1:{port}/", seconds=0.3)
        await failure(f"json://127.0.0.1:{port}/", seconds=0.3)

        assert time.monotonic() - began < 3.5  # the library itself waits four seconds
    assert web == "no answer within 0.3 seconds"


async def test_an_address_is_taken_by_the_technology_that_knows_it() -> None:
    slack = f"https://hooks.slack.com/services/T1234567A/B1234567A/{'1' * 24}"
    urls = [slack, "https://hooks.example.test/x", "https://hooks.example.test/x"]

    async with open_channels(urls, "http://a.test", 1, timedelta(minutes=1)) as opened:
        kinds = [each.kind for each in opened]
        names = [each.name for each in opened]

    assert kinds == ["alertmanager", "slack", "webhook"]
    assert all(name.startswith(f"{kind}-") for name, kind in zip(names, kinds, strict=True))
    assert Notifier(slack, 1).name == names[1], "a name outlives the process"
