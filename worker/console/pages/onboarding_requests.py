"""The moves that write to a district: the e-mail is seen before it is sent, or a person has written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from worker.console.access.identity import Permission, who
from worker.console.console import NOTICES, Console, done, of_district
from worker.console.content_policy import mail_html, with_frame
from worker.console.order_forms import NotDone, RefusedForm, ordering, text_of
from worker.console.page import Route
from worker.console.pages.onboarding import ASKING, details_of
from worker.domain.mail.mails import Mail
from worker.domain.onboarding.states import Move, target
from worker.onboarding.district_store import RulesAsked, suggested_rules
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
    console: Console,
    move: Move,
    request: web.Request,
    refused: RefusedForm | None = None,
    key: str | None = None,
) -> web.Response:
    district_id = request.match_info["district"]
    record = await console.onboarding.record(district_id)
    details = await details_of(console, district_id, record)
    await console.audit_lookup(request, district_id, "contacts")
    choices = choices_of(details) if move is Move.REQUEST_RULES else {}
    key = request.query.get("rules", "") if key is None else key
    chosen = choices.get(key)
    is_allowed = target(record.onboarding.state, move) is not None
    mail, missing = None, None
    if is_allowed and (chosen is not None or move is not Move.REQUEST_RULES):
        mail, missing = await _preview(console, district_id, move, chosen)
    answer = console.render(
        request,
        "asking.html",
        details=details,
        record=record,
        move=move,
        is_allowed=is_allowed,
        choices=choices,
        chosen=key if chosen else None,
        mail=mail,
        missing=missing,
        refused=refused,
    )
    return with_frame(answer)


async def _html(console: Console, move: Move, request: web.Request) -> web.Response:
    """Answer with the HTML of the e-mail, for the frame of its page."""
    district_id = request.match_info["district"]
    record = await console.onboarding.record(district_id)
    details = await details_of(console, district_id, record)
    chosen = choices_of(details).get(request.query.get("rules", ""))
    if move is Move.REQUEST_RULES and chosen is None:
        raise web.HTTPNotFound
    mail, _ = await _preview(console, district_id, move, chosen)
    if mail is None:
        raise web.HTTPNotFound
    return mail_html(mail.content.html)


async def _ask(console: Console, move: Move, request: web.Request) -> web.Response:
    district_id, form = request.match_info["district"], await request.post()
    record = await console.onboarding.record(district_id)  # one that is not in onboarding is no page of ours
    key, writes = text_of(form, "rules"), text_of(form, "written") != "yes"
    try:
        async with ordering(move.value):
            rules = await _rules(console, district_id, key) if move is Move.REQUEST_RULES else None
            await console.onboarding.order(
                record.district_id, move, who(request).name, writes=writes, rules=rules
            )
    except NotDone as no:
        return await _asking(console, move, request, no.refused, key)
    raise done(of_district(district_id, "onboarding"), f"asked-{move.value}")


async def _rules(console: Console, district_id: str, key: str) -> RulesAsked:
    """Return the rules that were chosen; raises `OnboardingError` where they are no suggestion any more."""
    chosen = choices_of(await details_of(console, district_id, None)).get(key)
    if chosen is None:
        raise OnboardingError("rules: the suggestions have changed; choose one of those shown now")
    return chosen


async def _preview(
    console: Console, district_id: str, move: Move, chosen: RulesAsked | None
) -> tuple[Mail | None, str | None]:
    """Return the e-mail that would be sent, else why none could be."""
    try:
        async with ordering("preview"):
            rules = chosen if move is Move.REQUEST_RULES else None
            return await console.onboarding.preview(district_id, move, rules), None
    except NotDone as no:
        if no.refused.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        return None, no.refused.text


def choices_of(details: Mapping[str, Any]) -> dict[str, RulesAsked]:
    """Return the suggestions of the review that sharing rules in Clever can say, by a key for addresses."""
    return {_key(rules.text): rules for rules in suggested_rules(details) if rules is not None}


def _key(text: str) -> str:
    """Return what names a suggestion in addresses, where its text must not stand."""
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
