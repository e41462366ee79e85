"""The audit: who did what, and who looked at what, the newest first."""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from aiohttp import web

from worker.console.access.identity import Permission
from worker.console.console import Console
from worker.console.page import Route
from worker.operations.access import AuditEntry

ROWS: Final = 100
_DISTRICT: Final = re.compile(r"[\w.:-]{1,128}")
_NUMBER: Final = re.compile(r"[0-9]{1,18}")

DEEDS: Final = {
    "district.hold": "put the district on hold",
    "district.resume": "resumed the district",
    "district.rollback": "rolled the district back",
    "district.purge": "deleted the district's data",
    "district.resync": "started a resync",
    "plan.approve": "approved a plan",
    "filter.set": "set the section filter",
    "policy.set": "set the district's policy",
    "window.flush": "started an evaluation",
    "onboarding.choose": "added the district to onboarding",
    "onboarding.describe": "changed the district's name, contacts or time zone",
    "onboarding.invite": "invited the district",
    "onboarding.request_sharing": "requested sharing",
    "onboarding.request_rules": "requested sharing rules",
    "onboarding.resume_filtering": "resumed filtering",
    "onboarding.window": "set the assessment window",
    "onboarding.new_link": "created a connect link",
    "onboarding.revoke_links": "revoked the connect links",
    "onboarding.drop": "removed the district from onboarding",
    "user.login": "logged in",
    "user.login_failed": "failed to log in",
    "user.logout": "logged out",
    "user.add": "added a user",
    "user.passwd": "changed a user's password",
    "user.role": "changed a user's role",
    "user.disable": "disabled a user",
    "user.enable": "enabled a user",
    "user.sessions_end": "ended a user's sessions",
}
"""What the audit's actions mean. One that is not here is told by its name."""


def pages(console: Console) -> list[Route]:
    """Return the audit; a district's id is no secret, and may stand in the address."""
    return [Route("GET", "/audit", partial(_audit, console), Permission.ADMINISTER)]


async def _audit(console: Console, request: web.Request) -> web.Response:
    district_id = request.query.get("district", "").strip()
    before = request.query.get("before", "")
    is_odd = bool(district_id) and not _DISTRICT.fullmatch(district_id)
    found: list[AuditEntry] = []
    if not is_odd:
        found = await console.access.audit.entries(
            before=int(before) if _NUMBER.fullmatch(before) else None,
            district_id=district_id or None,
            limit=ROWS + 1,
        )
    shown = found[:ROWS]
    return console.render(
        request,
        "audit.html",
        lines=[(entry, action_text(entry.action), detail_lines(entry.detail)) for entry in shown],
        district_id="" if is_odd else district_id,
        is_first=not before,
        older=shown[-1].id if len(found) > ROWS else None,
    )


def action_text(action: str) -> str:
    """Return what somebody did, in words."""
    if action.startswith("lookup."):
        return f"viewed {action.removeprefix('lookup.').replace('_', ' ')}"
    return DEEDS.get(action, action.replace(".", ": ").replace("_", " "))


def detail_lines(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what more there is to say: each key in words, with its value."""
    return [(key.replace("_", " "), _value(value)) for key, value in detail.items()]


def _value(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case dict():
            return ", ".join(f"{key} {_value(each)}" for key, each in value.items())
        case list():
            return ", ".join(_value(each) for each in value)
        case _:
            return str(value)
