"""A district in onboarding, whose team, link and passwords are canaries: what is told of it, and to whom."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from structlog.testing import capture_logs

from tests.acceptance.canary_scene import IMAP_PASSWORD, SMTP_PASSWORD, Scene
from tests.acceptance.canary_watch import in_the_way
from tests.support.builders.bounces import report
from tests.support.builders.records import DISTRICT
from tests.support.builders.suggestions import suggestion
from tests.support.districts import canaries
from tests.support.fixtures.access import Browser
from tests.support.fixtures.store import opened_store
from tests.support.servers.mail_office import CUT, Kept
from worker.mail.bounce_mailbox import Returned
from worker.mail.bounces import BounceStage
from worker.runtime.metrics import Metrics

GOOD, REFUSED = 1, 2
"""Members of the team; the mail server does not take the second one's address, and quotes it."""
WRONG_TOKEN: Final = canaries.marker("token").ljust(40, "0")
_LINK: Final = re.compile(r"/connect/([\w-]+)")


async def is_invited(told: Scene) -> None:
    """The district is chosen and invited; its team opens the link, and somebody guesses one."""
    await told.worker.logged("bounces.waiting")
    told.office.trouble[canaries.address(REFUSED)] = 550
    team = [part for number in (GOOD, REFUSED) for part in ("--contact", canaries.member(number))]
    await told.done("onboarding", "choose", DISTRICT, "--name", "Larkspur", "--time-zone", "UTC", *team)
    await told.done("onboarding", "invite", DISTRICT)
    await told.worker.logged("mail.sent")
    (invitation,) = told.office.kept
    token = _assert_written(invitation)
    told.sweep.watched.append(token)
    browser = Browser(await told.worker.url())
    async with browser.session:
        opened = await browser.get(f"/connect/{token}")
        assert (opened.status, "Larkspur" in opened.text) == (200, True)
        told.sweep.look(opened, "the page behind a link")
        for wrong in (WRONG_TOKEN, f"{token}0", f"{token}/{WRONG_TOKEN}", f"?token={token}"):
            refused = await browser.get(f"/connect/{wrong}")
            assert refused.status == 404, wrong
            told.sweep.look(refused, "the page behind a link that is none")


def _assert_written(invitation: Kept) -> str:
    """Assert that the mail says to its team what nobody else may know; return the link's token."""
    assert invitation.recipients == [canaries.address(GOOD)]
    assert len(canaries.found(str(invitation.message["To"]))) == len(("name", "address")) * 2
    body = invitation.message.get_body(("plain",))
    assert body is not None
    found = _LINK.search(body.get_content())
    assert found is not None, body.get_content()
    return found[1]


async def is_asked_for_rules(told: Scene) -> None:
    """The district is asked for rules by a mail that may have arrived or not; later it is dead."""
    await told.worker.logged("mail.sent", lambda line: line["kind_of_mail"] == "rostered")
    told.office.trouble["END"] = CUT
    await _names_are_refused(told)
    await told.done("onboarding", "request-rules", DISTRICT)
    uncertain = await told.worker.logged("mail.uncertain")
    told.office.trouble["END"] = 554
    await told.done("mails", "settle", uncertain["mail_id"], "--again")
    refused = await told.worker.logged("mail.refused")
    assert refused["mail_id"] == uncertain["mail_id"]
    comes_back = await told.worker.logged("mail.sent")
    to = f"bounces+{comes_back['mail_id'].replace('-', '')}@vendor.example"
    await _comes_back(told, report(to=to, recipient=canaries.address(GOOD)))
    await _is_looked_at(told, comes_back["mail_id"])


@dataclass
class Returns:
    """A mailbox with one message in it."""

    raw: bytes

    async def unseen(self, limit: int) -> list[Returned]:
        return [Returned("1", self.raw)][:limit]

    async def seen(self, uids: Collection[str]) -> None:
        assert list(uids) == ["1"]


async def _names_are_refused(told: Scene) -> None:
    """The filter in force names a person, so no mail asks for it; a search is planted that names none."""
    await told.site.done("filter", "suggest", DISTRICT)  # shows its words to a reviewer, which the audit says
    refused = await told.site.command("onboarding", "request-rules", DISTRICT)
    assert refused.code == 1
    assert "because its words may name a person" in refused.err, refused.err
    told.sweep.read(refused.err, "the refusal of sharing rules")
    async with opened_store(told.site.database_url or "") as store:
        planted = (
            "UPDATE searches SET made_at = now() + interval '1 day', suggestions = $2 WHERE district_id = $1"
        )
        await store.rows(planted, DISTRICT, [suggestion()])


async def _comes_back(told: Scene, raw: bytes) -> None:
    """A report comes back to the mailbox."""
    async with opened_store(told.site.database_url or "") as store:
        with capture_logs() as logs:
            assert await BounceStage(Returns(raw), store.mails, Metrics()).once()
    assert [line["event"] for line in logs] == ["mail.bounced"]
    told.sweep.read(json.dumps(logs), "the log of a bounce")


async def _is_looked_at(told: Scene, mail_id: str) -> None:
    """Lists and files tell of nobody; who asks for one mail, or one district, sees whom it is about."""
    listed = await told.done("mails", "list", DISTRICT, "--json")
    await asyncio.gather(
        told.done("mails", "list"),
        told.done("onboarding", "list", "--json"),
        told.done("onboarding", "show", DISTRICT, "--json"),
        told.shows("mails", "show", mail_id),
        told.shows("onboarding", "show", DISTRICT),
    )
    assert {one["state"] for one in json.loads(listed)} == {"bounced", "dead"}


async def is_given_nonsense(told: Scene) -> None:
    """What people type, and what stands in settings, is wrong in many ways."""
    odd, address = canaries.marker("odd"), canaries.address(GOOD)
    await asyncio.gather(
        told.refused("onboarding", "choose", "66d0000000000000000000ab", "--contact", f"{odd} <{address}"),
        told.refused("check-config", MAIL__SMTP_URL=f"smtp://u:{SMTP_PASSWORD}@mail.example:{odd}"),
        told.refused("check-config", MAIL__BOUNCES_IMAP_URL=f"imap://{IMAP_PASSWORD}@mail.example"),
    )


async def tables_are_broken(told: Scene, browser: Browser) -> None:
    """The database refuses rows of the way, and quotes them."""
    (token,) = told.sweep.watched
    retried = next(line for line in told.worker.records if line.get("event") == "mail.refused")["mail_id"]
    await in_the_way(
        told.site,
        "UPDATE connect_links SET opened_at = NULL",
        "ALTER TABLE mails ADD CONSTRAINT broken CHECK (attempts < 0) NOT VALID",
        "ALTER TABLE connect_links ADD CONSTRAINT broken CHECK (created_by = '') NOT VALID",
    )
    await asyncio.gather(
        told.refused("mails", "retry", retried), told.refused("onboarding", "link", DISTRICT, "--new")
    )
    opened = await browser.get(f"/connect/{token}")
    assert opened.status == 500
    told.sweep.look(opened, "the broken page behind a link")
