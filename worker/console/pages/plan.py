"""The plan as a difference: what the next commit would change, and the yes to it."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from aiohttp import web

from schemas.words import RosterKind
from worker.console.access.identity import Permission, who
from worker.console.console import NOTICES, Console, done, of_district
from worker.console.order_forms import NotDone, RefusedForm, ordering, text_of
from worker.console.page import Route
from worker.domain.preflight.order_reason import checked_reason
from worker.domain.preflight.tally import plan_counts
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.plan_changes import Op
from worker.operations.plans import START
from worker.runtime.errors import UsageError

PAGE: Final = 50
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")

NOTICES["approved"] = "Plan approved. It will be committed in a moment."


def pages(console: Console) -> list[Route]:
    """Return the plan, and its approval."""
    path = "/districts/{district}/plan"
    return [
        Route("GET", path, partial(_plan, console), Permission.SEE),
        Route("POST", f"{path}/approve", partial(_approve, console), Permission.REVIEW),
    ]


async def _plan(console: Console, request: web.Request, refused: RefusedForm | None = None) -> web.Response:
    district_id, query = request.match_info["district"], request.query
    kind = query.get("kind") if query.get("kind") in set(RosterKind) else None
    op = Op(query["op"]) if query.get("op") in set(Op) else None
    place = (query["after_kind"], query["after"]) if {"after_kind", "after"} <= query.keys() else START
    details = await console.districts.show(district_id)
    plan = await console.plans.of(district_id, kind=kind, op=op, after=place, limit=PAGE)
    sees_values = who(request).may(Permission.SEE_PERSONAL)
    if sees_values and plan.changes:
        await console.audit_lookup(request, district_id, "plan")
    return console.render(
        request,
        "plan.html",
        details=details,
        plan=plan,
        digest=to_hex(plan.tally.candidate_digest),
        counts=plan_counts(plan.tally),
        kinds=list(RosterKind),
        ops=list(Op),
        kind=kind,
        op=op,
        is_first=place == START,
        sees_values=sees_values,
        school_names=await console.pictures.schools(district_id)
        | {one.school_id: one.name for one in plan.removals if one.name},
        refused=refused,
    )


async def _approve(console: Console, request: web.Request) -> web.Response:
    district_id, form = request.match_info["district"], await request.post()
    digest, reason = text_of(form, "plan"), text_of(form, "reason")
    await console.check_known(district_id)
    try:
        async with ordering("approve", reason):
            if not _DIGEST.fullmatch(digest):
                raise UsageError("the plan digest is not valid: reload the page and try again")
            await console.districts.approve(district_id, digest, who(request).name, checked_reason(reason))
    except NotDone as no:
        return await _plan(console, request, no.refused)
    raise done(of_district(district_id, "plan"), "approved")
