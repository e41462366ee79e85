"""E-mails to a district's administration team: which were sent, whether they arrived, and what each says."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission, who
from worker.console.console import NOTICES, Console, done, of_district
from worker.console.content_policy import mail_html, with_frame
from worker.console.order_forms import NotDone, RefusedForm, ordering
from worker.console.page import Route
from worker.console.pages.onboarding import details_of, record_of
from worker.domain.mail.mails import MailKind
from worker.mail.mail_store import KeptMail, MailOrders, MailState
from worker.runtime.errors import OrderRefused

NOTICES.update(
    {
        "mail-arrived": "The e-mail is marked as delivered.",
        "mail-again": "The e-mail will be sent again.",
        "mail-cancelled": "The e-mail is cancelled.",
    }
)


@dataclass(frozen=True, slots=True)
class MailAction:
    """What is done to a mail, in which states; what its button says, and what is said then."""

    carry_out: Callable[[MailOrders, uuid.UUID, str], Awaitable[KeptMail]]
    states: tuple[MailState, ...]
    button: str
    notice: str


DEEDS: Final = {
    "arrived": MailAction(
        lambda districts, mail_id, actor: districts.settle(mail_id, actor, arrived=True),
        (MailState.UNCERTAIN, MailState.BOUNCED),
        "Mark as delivered",
        "mail-arrived",
    ),
    "again": MailAction(
        lambda districts, mail_id, actor: districts.settle(mail_id, actor, arrived=False),
        (MailState.UNCERTAIN,),
        "Send again",
        "mail-again",
    ),
    "retry": MailAction(
        lambda districts, mail_id, actor: districts.retry(mail_id, actor),
        (MailState.DEAD,),
        "Retry",
        "mail-again",
    ),
    "cancel": MailAction(
        lambda districts, mail_id, actor: districts.cancel(mail_id, actor),
        (MailState.WAITING, MailState.DEAD),
        "Cancel e-mail",
        "mail-cancelled",
    ),
}


def pages(console: Console) -> list[Route]:
    """Return the list of a district, one mail, what is done to it, and the templates."""
    path = "/districts/{district}/mails"
    return [
        Route("GET", path, partial(_mails, console), Permission.SEE),
        Route("GET", f"{path}/{{mail}}", partial(_mail, console), Permission.SEE_PERSONAL),
        Route("GET", f"{path}/{{mail}}/html", partial(_html, console), Permission.SEE_PERSONAL),
        *(
            Route("POST", f"{path}/{{mail}}/{name}", partial(_done, console, name), Permission.REVIEW)
            for name in DEEDS
        ),
        Route("GET", "/mails", partial(_templates, console), Permission.SEE),
        Route("GET", "/mails/{kind}", partial(_template, console), Permission.SEE),
    ]


async def _mails(console: Console, request: web.Request) -> web.Response:
    district_id = request.match_info["district"]
    details = await details_of(console, district_id, await record_of(console, district_id))
    found = await console.mails.newest(district_id)
    mails = [(mail, _deeds(mail)) for mail in found]
    return console.render(request, "mails.html", details=details, mails=mails)


async def _mail(console: Console, request: web.Request, refused: RefusedForm | None = None) -> web.Response:
    district_id = request.match_info["district"]
    details = await details_of(console, district_id, await record_of(console, district_id))
    mail = await _found(console, request)
    await console.audit_lookup(request, district_id, "mail", str(mail.mail_id))
    answer = console.render(
        request,
        "mail.html",
        details=details,
        mail=mail,
        deeds=_deeds(mail),
        refused=refused,
    )
    return with_frame(answer)


async def _html(console: Console, request: web.Request) -> web.Response:
    mail = await _found(console, request)
    await console.audit_lookup(request, mail.district_id, "mail", str(mail.mail_id))
    return mail_html(mail.html)


async def _done(console: Console, name: str, request: web.Request) -> web.Response:
    mail, deed = await _found(console, request), DEEDS[name]
    try:
        async with ordering(name):
            await deed.carry_out(console.mails, mail.mail_id, who(request).name)
    except NotDone as no:
        return await _mail(console, request, no.refused)
    raise done(of_district(mail.district_id, "mails"), deed.notice)


async def _templates(console: Console, request: web.Request) -> web.Response:
    """Answer with every kind of e-mail as it reads, with invented values."""
    previews = [(kind, console.guide.composer.preview(kind)) for kind in MailKind]
    return with_frame(console.render(request, "mail_templates.html", previews=previews, guide=console.guide))


async def _template(console: Console, request: web.Request) -> web.Response:
    """Answer with the HTML of one kind, for the frame of its preview."""
    kind = next((one for one in MailKind if one == request.match_info["kind"]), None)
    if kind is None:
        raise web.HTTPNotFound
    return mail_html(console.guide.composer.preview(kind).html)


async def _found(console: Console, request: web.Request) -> KeptMail:
    """Return the mail that an address names; one of another district is none."""
    try:
        mail = await console.mails.show(uuid.UUID(request.match_info["mail"]))
    except (ValueError, OrderRefused):
        raise web.HTTPNotFound from None
    if mail.district_id != request.match_info["district"]:
        raise web.HTTPNotFound
    return mail


def _deeds(mail: KeptMail) -> dict[str, MailAction]:
    """Return what can be done to a mail."""
    return {name: deed for name, deed in DEEDS.items() if mail.state in deed.states}
