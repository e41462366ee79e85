"""A district's onboarding: its steps with their dates, what it waits for, and what a person may do."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from aiohttp import web

from worker.console.access import request_origin
from worker.console.access.identity import Permission, who
from worker.console.console import Console
from worker.console.onboarding_steps import steps_of, troubles_of
from worker.console.order_forms import RefusedForm
from worker.console.page import Route
from worker.domain.onboarding.states import Move, State, target
from worker.domain.onboarding.todo import is_due
from worker.onboarding.district_store import ConnectLink, Record, connect_page
from worker.onboarding.todo import waits_of
from worker.runtime.errors import UnknownDistrictError

PLACES: Final = {
    State.ALL_SECTIONS_SHARED.value: ("/sections", "Go to sections"),
    State.FILTERING.value: ("/filter", "Go to filter"),
    State.ROSTERED.value: ("/onboarding#window", "Set the window"),
    "no_contact": ("/onboarding#team", "Add a contact"),
    "mails": ("/mails", "Go to e-mails"),
    "review": ("", "See why"),
}
"""Where one sees to what somebody is waited for with, by the wait's code."""
ASKING: Final = (Move.INVITE, Move.REQUEST_SHARING, Move.REQUEST_RULES)
"""Moves that write to the district: each has a page of its own, where the e-mail is seen before."""


def pages(console: Console) -> list[Route]:
    """Return the page; what is done on it is in `way_orders`, and `asking` has the moves that write."""
    return [
        Route("GET", "/districts/{district}/onboarding", partial(onboarding_page, console), Permission.SEE)
    ]


async def onboarding_page(
    console: Console,
    request: web.Request,
    refused: RefusedForm | None = None,
    typed: Mapping[str, str] | None = None,
    new_link: ConnectLink | None = None,
) -> web.Response:
    """Return the page, with what was refused and typed beside its form; a new link is shown this once."""
    district_id = request.match_info["district"]
    record = await record_of(console, district_id)
    details = await details_of(console, district_id, record)
    if record is None:
        return console.render(
            request, "onboarding_unchosen.html", refused=refused, details=details, guide=console.guide
        )
    sees, may = who(request).may(Permission.SEE_PERSONAL), who(request).may(Permission.REVIEW)
    if sees:
        await console.audit_lookup(request, district_id, "contacts")
    history = await console.onboarding.history(district_id)
    return console.render(
        request,
        "onboarding.html",
        details=details,
        record=record,
        steps=steps_of(record, history),
        waits=[(one, is_due(one, record.now, console.guide.patience)) for one in waits_of(record)],
        places={one.code: PLACES.get(one.code) for one in waits_of(record)},
        troubles=troubles_of(record),
        history=list(reversed(history)),
        asking=[move for move in ASKING if target(record.onboarding.state, move) is not None],
        may_resume=target(record.onboarding.state, Move.RESUME_FILTERING) is not None,
        links=await console.onboarding.links(district_id) if may else [],
        new_link=f"{link_base(console, request)}{new_link.token}" if new_link else None,
        guide=console.guide,
        refused=refused,
        typed=typed or {},
    )


async def record_of(console: Console, district_id: str) -> Record | None:
    """Return a district's record; None where it is not in onboarding."""
    try:
        return await console.onboarding.record(district_id)
    except UnknownDistrictError:
        return None


async def details_of(console: Console, district_id: str, record: Record | None) -> dict[str, Any]:
    """Return what the header of a district's pages needs.

    A district that was chosen and is not connected yet has this page and no other. Raises
    `UnknownDistrictError` where nothing at all is known of it.
    """
    try:
        return await console.districts.show(district_id)
    except UnknownDistrictError:
        if record is None:
            raise
    return {
        "district_id": district_id,
        "name": record.name,
        "status": record.onboarding.state.value,
        "is_read": False,
    }


def link_base(console: Console, request: web.Request) -> str:
    """Return the address that connect links begin with: the public one, else the one that is listened on.

    Never what the request says: whoever sends it can write any name there.
    """
    return connect_page(console.guide.public_url or request_origin.listened_on(request), "")
