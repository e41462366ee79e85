"""Dead letters: messages that nobody could read, to be replayed or discarded."""

from __future__ import annotations

import re
from collections.abc import Awaitable
from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission, who
from worker.console.console import NOTICES, Console, done
from worker.console.order_forms import NotDone, RefusedForm, ordering, text_of
from worker.console.page import Route
from worker.domain.preflight.order_reason import checked_reason
from worker.operations import dead_letters
from worker.operations.dead_letters import DeadLetterListing, DeadLetterQuery, Settled
from worker.runtime.count_text import counted
from worker.runtime.errors import OrderRefused, UsageError

LISTED: Final = 100
SHOWN_BYTES: Final = 64 * 1024
"""Of a body: enough to see what is wrong with it."""
_ID: Final = re.compile(r"[0-9a-f]{64}")
NOTICES.update(
    {
        "replayed": "Published again. Messages that can be read now unblock their districts.",
        "discarded": "Discarded. Their districts are being evaluated again.",
    }
)


def pages(console: Console) -> list[Route]:
    """Return the list, one letter, and the two orders."""
    may = Permission.ADMINISTER
    return [
        Route("GET", "/dead-letters", partial(_list, console), may),
        Route("POST", "/dead-letters/replay", partial(_order, console, "replay"), may),
        Route("POST", "/dead-letters/discard", partial(_order, console, "discard"), may),
        Route("GET", "/dead-letters/{letter}", partial(_letter, console), may),
    ]


async def _list(
    console: Console, request: web.Request, refused: RefusedForm | None = None, chosen: tuple[str, ...] = ()
) -> web.Response:
    listing, away = DeadLetterListing([], 0), None
    try:
        async with ordering("list"):
            listing = await dead_letters.listed(console.dead_letters, LISTED)
    except NotDone as no:
        away = no.refused
    return console.render(
        request,
        "dead_letters.html",
        status=away.status if away else 200,
        listing=listing,
        away=away,
        refused=refused,
        chosen=chosen,
    )


async def _letter(console: Console, request: web.Request) -> web.Response:
    letter_id = request.match_info["letter"]
    letter = None
    try:
        async with ordering("look"):
            if _ID.fullmatch(letter_id):
                letter = await dead_letters.found(console.dead_letters, letter_id)
    except NotDone as no:
        return await _list(console, request, no.refused)
    if letter is None:
        raise web.HTTPNotFound
    await console.audit_lookup(request, letter.district_id, "dead-letters", letter.id)
    return console.render(
        request,
        "dead_letter.html",
        letter=letter,
        size=len(letter.body),
        body=letter.body[:SHOWN_BYTES].decode(errors="replace"),
        is_cut=len(letter.body) > SHOWN_BYTES,
    )


async def _order(console: Console, name: str, request: web.Request) -> web.Response:
    form = await request.post()
    reason, chosen = text_of(form, "reason"), tuple(str(one) for one in form.getall("letter", ()))
    try:
        async with ordering(name, reason):
            settled = await _carry_out(console, name, chosen, who(request).name, reason)
            if settled.missing:
                raise OrderRefused(
                    f"{counted(len(settled.missing), 'dead letter')} no longer there; "
                    f"{counted(settled.processed, 'dead letter')} processed"
                )
    except NotDone as no:
        return await _list(console, request, no.refused, chosen)
    raise done("/dead-letters", "replayed" if name == "replay" else "discarded")


def _carry_out(
    console: Console, name: str, chosen: tuple[str, ...], actor: str, reason: str
) -> Awaitable[Settled]:
    if not chosen:
        raise UsageError("select at least one dead letter")
    said, choice = checked_reason(reason), DeadLetterQuery(chosen)
    if name == "discard":
        return dead_letters.discard(console.dead_letters, console.quarantine, choice, actor, said)
    return dead_letters.replay(
        console.dead_letters, console.publisher, console.quarantine, choice, actor, said
    )
