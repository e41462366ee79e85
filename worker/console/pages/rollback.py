"""Rolling a district back: which commits can be gone back to, what that would change, and doing it."""

from __future__ import annotations

from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission, who
from worker.console.console import NOTICES, Console, done, of_district
from worker.console.order_forms import NotDone, RefusedForm, ordering, text_of
from worker.console.page import Route
from worker.domain.preflight.order_reason import checked_reason
from worker.operations.rollback import RolledBack, commit_line, roll_back, try_rollback
from worker.operations.rollback_store import Reachable
from worker.runtime.errors import UsageError

LISTED: Final = 50
NOTICES["rolled-back"] = "Rolled back. The district is on hold: fix the cause, then resume it."


def pages(console: Console) -> list[Route]:
    """Return the list of commits, the dry run and the rollback."""
    path = "/districts/{district}/rollback"
    return [
        Route("GET", path, partial(_list, console), Permission.ADMINISTER),
        Route("POST", f"{path}/try", partial(_try, console), Permission.ADMINISTER),
        Route("POST", path, partial(_roll_back, console), Permission.ADMINISTER),
    ]


async def _list(
    console: Console,
    request: web.Request,
    refused: RefusedForm | None = None,
    tried: RolledBack | None = None,
) -> web.Response:
    district_id = request.match_info["district"]
    details = await console.districts.show(district_id)
    reachable = await console.rollbacks.reachable(district_id, LISTED) or Reachable([], 0)
    return console.render(
        request,
        "rollback.html",
        details=details,
        commits=[commit_line(commit) for commit in reachable.commits],
        more=reachable.total - len(reachable.commits),
        refused=refused,
        tried=tried,
    )


async def _try(console: Console, request: web.Request) -> web.Response:
    form = await request.post()
    try:
        async with ordering("try"):
            tried = await try_rollback(
                console.rollbacks, request.match_info["district"], _sequence(text_of(form, "to"))
            )
    except NotDone as no:
        return await _list(console, request, no.refused)
    return await _list(console, request, tried=tried)


async def _roll_back(console: Console, request: web.Request) -> web.Response:
    district_id, form = request.match_info["district"], await request.post()
    reason, tried = text_of(form, "reason"), None
    try:
        async with ordering("rollback", reason):
            sequence = _sequence(text_of(form, "to"))
            try:
                said = checked_reason(reason)
            except UsageError:
                tried = await try_rollback(console.rollbacks, district_id, sequence)
                raise
            await roll_back(console.rollbacks, district_id, sequence, who(request).name, said)
    except NotDone as no:
        return await _list(console, request, no.refused, tried)
    raise done(of_district(district_id), "rolled-back")


def _sequence(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UsageError("choose one of the restore points below")
    return int(text[:18])
