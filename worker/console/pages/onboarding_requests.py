"""The moves that write to a district: the e-mail is seen before it is sent, or a person has written."""

from __future__ import annotations

import hashlib
from functools import partial
from http import HTTPStatus
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission, who
from worker.console.console import NOTICES, Console, done, of_district
from worker.console.content_policy import mail_html, with_frame
from worker.console.order_forms import NotDone, RefusedForm, ordering, text_of
from worker.console.page import Route
from worker.console.pages.onboarding import ASKING, details_of
from worker.domain.mail.mails import Mail
from worker.domain.onboarding.states import Move, target
from worker.onboarding.district_store import RulesAsked
from worker.onboarding.rules_request import rules_to_request
from worker.runtime.errors import OnboardingError

NOTICES.update(
    {
        "asked-invite": "The district is invited.",
        "asked-request_sharing": "Sharing requested.",
        "asked-request_rules": "Sharing rules requested.",
    }
)
_DIGITS: Final = 16


def pages(console: Console) -> list[Route]:
    """Return the page of each such move, the HTML of its e-mail, and the move itself."""
    made = []
    for move in ASKING:
        path = f"/districts/{{district}}/onboarding/{move.value}"
        made += [
            Route("GET", path, partial(_asking, console, move), Permission.REVIEW),
            Route("GET", f"{path}/html", partial(_html, console, move), Permission.REVIEW),
            Route("POST", path, partial(_ask, console, move), Permission.REVIEW),
        ]
    return made


async def _asking(
    console: Console, move: Move, request: web.Request, refused: RefusedForm | None = None
) -> web.Response:
    district_id = request.match_info["district"]
    record = await console.onboarding.record(district_id)
    details = await details_of(console, district_id, record)
    await console.audit_lookup(request, district_id, "contacts")
    is_allowed = target(record.onboarding.state, move) is not None
    rules, mail, missing = None, None, None
    if is_allowed:
        try:
            async with ordering("preview"):
                rules = rules_to_request(details) if move is Move.REQUEST_RULES else None
                mail = await console.onboarding.preview(district_id, move, rules)
        except NotDone as no:
            missing = _missing(no)
    answer = console.render(
        request,
        "asking.html",
        details=details,
        record=record,
        move=move,
        is_allowed=is_allowed,
        rules=rules,
        key=rules and key_of(rules),
        mail=mail,
        missing=missing,
        refused=refused,
    )
    return with_frame(answer)


async def _html(console: Console, move: Move, request: web.Request) -> web.Response:
    """Answer with the HTML of the e-mail, for the frame of its page."""
    district_id = request.match_info["district"]
    try:
        async with ordering("preview"):
            mail = await _preview(console, district_id, move)
    except NotDone as no:
        _missing(no)
        raise web.HTTPNotFound from no
    return mail_html(mail.content.html)


async def _preview(console: Console, district_id: str, move: Move) -> Mail:
    rules = await _rules(console, district_id) if move is Move.REQUEST_RULES else None
    return await console.onboarding.preview(district_id, move, rules)


async def _rules(console: Console, district_id: str) -> RulesAsked:
    """Return the rules to request; raises `OrderRefused`, and `UnknownDistrictError` outside onboarding."""
    record = await console.onboarding.record(district_id)
    return rules_to_request(await details_of(console, district_id, record))


async def _ask(console: Console, move: Move, request: web.Request) -> web.Response:
    district_id, form = request.match_info["district"], await request.post()
    record = await console.onboarding.record(district_id)  # one that is not in onboarding is no page of ours
    key, writes = text_of(form, "rules"), text_of(form, "written") != "yes"
    try:
        async with ordering(move.value):
            rules = None
            if move is Move.REQUEST_RULES and writes:
                rules = await _rules(console, district_id)
                if key_of(rules) != key:
                    raise OnboardingError("rules: the suggestions have changed; check the e-mail shown now")
            await console.onboarding.order(
                record.district_id, move, who(request).name, writes=writes, rules=rules
            )
    except NotDone as no:
        return await _asking(console, move, request, no.refused)
    raise done(of_district(district_id, "onboarding"), f"asked-{move.value}")


def _missing(no: NotDone) -> str:
    """Return why no e-mail could be sent; raises it where it is only that the store does not answer now."""
    if no.refused.status == HTTPStatus.SERVICE_UNAVAILABLE:
        raise web.HTTPServiceUnavailable from no
    return no.refused.text


def key_of(rules: RulesAsked) -> str:
    """Return what the rules are known by in a form, so that those on the page are those sent."""
    return hashlib.sha256(repr(rules).encode()).hexdigest()[:_DIGITS]
