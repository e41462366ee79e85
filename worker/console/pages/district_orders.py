"""Orders on a district: hold, resume, flush, resync."""

from __future__ import annotations

from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission, who
from worker.console.console import NOTICES, Console, done, of_district
from worker.console.order_forms import NotDone, RefusedForm, ordering, text_of
from worker.console.page import FormAction, Route, Typed
from worker.domain.preflight.order_reason import checked_reason
from worker.runtime.errors import OrderRefused

NOTICES.update(
    {
        "held": "The district is on hold. Nothing is committed until you resume it.",
        "resumed": "The district is resumed. Waiting changes are being evaluated now.",
        "flushed": "Evaluation started.",
        "resync": "Resync started: the whole district is being read again.",
    }
)


async def _hold(console: Console, district_id: str, actor: str, typed: Typed) -> None:
    await console.districts.hold(district_id, actor, checked_reason(typed["reason"]))


async def _resume(console: Console, district_id: str, actor: str, typed: Typed) -> None:
    await console.districts.resume(district_id, actor, checked_reason(typed["reason"]))


async def _flush(console: Console, district_id: str, actor: str, _typed: Typed) -> None:
    await console.districts.flush(district_id, actor)


async def _resync(console: Console, district_id: str, actor: str, _typed: Typed) -> None:
    """Ask for a baseline from Clever; the stage poll reads it."""
    connections = console.connections
    if connections is None:
        raise OrderRefused(
            "no Clever source is configured, so the district cannot be read from Clever. To read saved "
            "pages, run "
            f"`rostering resync {district_id} --from FOLDER`"
        )
    if await connections.read(district_id) is None:
        raise OrderRefused(
            "the district is not connected to this application in Clever. It is read automatically once it "
            f"connects. To read saved pages, run `rostering resync {district_id} --from FOLDER`"
        )
    await console.districts.note(district_id, "district.resync", actor, {"from": "clever"})
    await connections.demand_resync(district_id, f"requested by {actor}", forget_cursor=False)


ORDERS: Final = {
    "hold": FormAction(_hold, "held"),
    "resume": FormAction(_resume, "resumed"),
    "flush": FormAction(_flush, "flushed"),
    "resync": FormAction(_resync, "resync"),
}


def pages(console: Console) -> list[Route]:
    """Return the orders, and the page of their forms."""
    return [
        Route("GET", "/districts/{district}/orders", partial(_orders, console), Permission.REVIEW),
        *(
            Route(
                "POST", f"/districts/{{district}}/{name}", partial(_given, console, name), Permission.REVIEW
            )
            for name in ORDERS
        ),
    ]


async def _orders(console: Console, request: web.Request, refused: RefusedForm | None = None) -> web.Response:
    details = await console.districts.show(request.match_info["district"])
    return console.render(request, "orders.html", details=details, refused=refused)


async def _given(console: Console, name: str, request: web.Request) -> web.Response:
    district_id, order = request.match_info["district"], ORDERS[name]
    reason = text_of(await request.post(), "reason")
    await console.check_known(district_id)
    try:
        async with ordering(name, reason):
            await order.carry_out(console, district_id, who(request).name, {"reason": reason})
    except NotDone as no:
        return await _orders(console, request, no.refused)
    raise done(of_district(district_id), order.notice)
