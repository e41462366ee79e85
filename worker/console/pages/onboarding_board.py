"""The board: every district in onboarding, by where it stands; and a district is chosen here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from aiohttp import web

from worker.console.access.identity import Permission, who
from worker.console.console import NOTICES, Console, done, of_district
from worker.console.order_forms import NotDone, RefusedForm, ordering, text_of
from worker.console.page import Route
from worker.console.pages.districts import page_number
from worker.domain.onboarding.states import State
from worker.domain.onboarding.todo import Wait
from worker.onboarding.district_store import Description, Record, StateCount
from worker.onboarding.todo import waits_of

IN_COLUMN: Final = 8
"""Districts that a column shows, the longest in its state first."""
PAGE: Final = 100
NONE: Final = StateCount()
NOTICES["chosen"] = "District added. Next step: invite it."


def pages(console: Console) -> list[Route]:
    """Return the board, and the choice of a district."""
    return [
        Route("GET", "/board", partial(_board, console), Permission.SEE),
        Route("POST", "/board", partial(_choose, console), Permission.REVIEW),
    ]


@dataclass(frozen=True, slots=True)
class Card:
    """A district on the board."""

    record: Record
    waits: Sequence[Wait]


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One state: how many districts are in it, how many of them with a delayed launch, and the first few."""

    state: State
    count: int
    held: int
    cards: Sequence[Card]


def columns(counts: Mapping[State, StateCount], records: Sequence[Record]) -> list[BoardColumn]:
    """Return a column for each state, in their order, districts that have been there longest first."""
    standing: dict[State, list[Record]] = {state: [] for state in State}
    for record in oldest_first(records):
        standing[record.onboarding.state].append(record)
    return [
        BoardColumn(
            state, counts.get(state, NONE).districts, counts.get(state, NONE).held, cards(standing[state])
        )
        for state in State
    ]


def cards(records: Sequence[Record]) -> list[Card]:
    """Return districts as cards."""
    return [Card(record, waits_of(record)) for record in records]


def oldest_first(records: Sequence[Record]) -> list[Record]:
    """Return districts by since when they stand where they do."""
    return sorted(records, key=lambda record: (record.since, record.district_id))


async def _board(
    console: Console,
    request: web.Request,
    refused: RefusedForm | None = None,
    typed: dict[str, str] | None = None,
) -> web.Response:
    counts = await console.onboarding.states()
    state = next((one for one in State if one == request.query.get("state")), None)
    records = [] if state else await console.onboarding.standing(list(State), 0, IN_COLUMN)
    return console.render(
        request,
        "board.html",
        total=sum(each.districts for each in counts.values()),
        columns=columns(counts, records),
        state=state,
        listed=await _listed(console, counts.get(state, NONE).districts, state, request) if state else None,
        refused=refused,
        typed=typed or {},
        guide=console.guide,
    )


async def _listed(console: Console, matching: int, state: State, request: web.Request) -> dict[str, Any]:
    page_count = max(1, -(-matching // PAGE))
    number = min(page_number(request.query.get("page", "")), page_count)
    those = await console.onboarding.standing([state], (number - 1) * PAGE, PAGE)
    return {
        "cards": cards(oldest_first(those)),
        "matching": matching,
        "number": number,
        "page_count": page_count,
    }


async def _choose(console: Console, request: web.Request) -> web.Response:
    form = await request.post()
    typed = {name: text_of(form, name) for name in ("district", "name", "contacts", "time_zone")}
    district_id = typed["district"].strip()
    try:
        async with ordering("choose"):
            await console.onboarding.choose(district_id, described(typed), who(request).name)
    except NotDone as no:
        return await _board(console, request, no.refused, typed)
    raise done(of_district(district_id, "onboarding"), "chosen")


def described(typed: dict[str, str]) -> Description:
    """Return what a form says of a district; a field that is left blank says nothing."""
    contacts = [line.strip() for line in typed["contacts"].splitlines() if line.strip()]
    return Description(typed["name"].strip() or None, contacts or None, typed["time_zone"].strip() or None)
