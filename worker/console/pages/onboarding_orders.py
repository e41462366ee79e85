"""What a person does to a district in onboarding: dates, contacts, links, and off it again."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission, who
from worker.console.console import NOTICES, Console, done, of_district
from worker.console.order_forms import NotDone, ordering, text_of
from worker.console.page import FormAction, Route, Typed
from worker.console.pages.onboarding import onboarding_page
from worker.domain.onboarding.states import Move
from worker.onboarding.district_store import ConnectLink, Description
from worker.runtime.errors import OnboardingError

FIELDS: Final = ("opens_on", "launch_on", "name", "contacts", "time_zone", "sure")
NOTICES.update(
    {
        "filtering-resumed": "Filtering resumed.",
        "window-set": "The assessment window is set.",
        "window-cancelled": "The assessment window and the launch are cancelled.",
        "described": "Saved.",
        "link-made": "New connect link created. Earlier links no longer work.",
        "links-revoked": "All connect links are revoked.",
        "dropped": "Removed from onboarding. The roster is unchanged.",
    }
)


async def _resume(console: Console, district_id: str, actor: str, _typed: Typed) -> None:
    await console.onboarding.order(district_id, Move.RESUME_FILTERING, actor)


async def _window(console: Console, district_id: str, actor: str, typed: Typed) -> None:
    opens_on = _day(typed["opens_on"], "window")
    if opens_on is None:
        raise OnboardingError("window: enter the day on which it opens")
    launch_on = _day(typed["launch_on"], "launch")
    await console.onboarding.set_window(district_id, opens_on, launch_on, actor)


async def _no_window(console: Console, district_id: str, actor: str, _typed: Typed) -> None:
    await console.onboarding.set_window(district_id, None, None, actor)


async def _describe(console: Console, district_id: str, actor: str, typed: Typed) -> None:
    contacts = [line.strip() for line in typed["contacts"].splitlines() if line.strip()]
    said = Description(typed["name"].strip() or None, contacts, typed["time_zone"].strip() or None)
    await console.onboarding.describe(district_id, said, actor)


async def _new_link(console: Console, district_id: str, actor: str, _typed: Typed) -> ConnectLink:
    return await console.onboarding.new_link(district_id, actor)


async def _revoke(console: Console, district_id: str, actor: str, _typed: Typed) -> None:
    await console.onboarding.revoke_links(district_id, actor)


async def _drop(console: Console, district_id: str, actor: str, typed: Typed) -> None:
    if typed["sure"] != "yes":
        raise OnboardingError("tick the box to confirm")
    await console.onboarding.drop(district_id, actor)


DEEDS: Final = {
    "resume-filtering": FormAction(_resume, "filtering-resumed"),
    "window": FormAction(_window, "window-set"),
    "no-window": FormAction(_no_window, "window-cancelled"),
    "describe": FormAction(_describe, "described"),
    "new-link": FormAction(_new_link, "link-made"),
    "revoke-links": FormAction(_revoke, "links-revoked"),
    "drop": FormAction(_drop, "dropped"),
}


def pages(console: Console) -> list[Route]:
    """Return where the forms of a district's onboarding are sent to."""
    return [
        Route(
            "POST",
            f"/districts/{{district}}/onboarding/{name}",
            partial(_done, console, name),
            Permission.REVIEW,
        )
        for name in DEEDS
    ]


async def _done(console: Console, name: str, request: web.Request) -> web.Response:
    district_id, deed = request.match_info["district"], DEEDS[name]
    form = await request.post()
    typed = {field: text_of(form, field) for field in FIELDS}
    await console.onboarding.record(district_id)  # one that is not in onboarding is no page of ours
    try:
        async with ordering(name):
            outcome = await deed.carry_out(console, district_id, who(request).name, typed)
    except NotDone as no:
        return await onboarding_page(console, request, no.refused, typed)
    if isinstance(outcome, ConnectLink):  # not by another page: its address is known now, and never again
        return await onboarding_page(console, request, new_link=outcome)
    if name == "drop":
        raise done("/board", deed.notice)
    raise done(of_district(district_id, "onboarding"), deed.notice)


def _day(text: str, what: str) -> date | None:
    """Read a day, None for nothing; raises `OnboardingError`."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise OnboardingError(
            f"{what}: expected a date such as 2026-09-15, got {text.strip()[:20]!r}"
        ) from None
