"""The to-do list: who is waited for, with what, since when; what takes too long comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission
from worker.console.console import Console
from worker.console.page import Route
from worker.console.pages.districts import page_number
from worker.domain.onboarding.todo import Who
from worker.onboarding.district_store import TodoCount
from worker.onboarding.todo import Todo, todos

IN_GROUP: Final = 25
"""Lines of each group while all of them are shown."""
PAGE: Final = 100


def pages(console: Console) -> list[Route]:
    """Return the list."""
    return [Route("GET", "/todo", partial(_todo, console), Permission.SEE)]


@dataclass(frozen=True, slots=True)
class TodoGroup:
    """What one is waited for with: the lines that are shown, of how many, and how many are overdue."""

    who: Who
    lines: Sequence[Todo]
    count: int
    due: int


def groups(found: Sequence[Todo], counts: Mapping[Who, TodoCount], shown: slice) -> list[TodoGroup]:
    """Return the list by who is waited for; those that nobody waits for are left out."""
    made = []
    for who in Who:
        lines = [todo for todo in found if todo.wait.who is who]
        if lines:
            made.append(TodoGroup(who, lines[shown], counts[who].count, counts[who].due))
    return made


async def _todo(console: Console, request: web.Request) -> web.Response:
    who = next((one for one in Who if one == request.query.get("who")), None)
    asked = page_number(request.query.get("page", ""))
    delays = console.guide.patience
    page = await console.onboarding.todos(
        delays, [who] if who else list(Who), asked * PAGE if who else IN_GROUP
    )
    # Of the last of 13,000 it takes a while.
    found = await asyncio.to_thread(todos, page.records, delays, who)
    page_count = max(1, -(-page.counts[who].count // PAGE)) if who else 1
    number = min(asked, page_count)
    shown = slice((number - 1) * PAGE, number * PAGE) if who else slice(IN_GROUP)
    return console.render(
        request,
        "todo.html",
        groups=groups(found, page.counts, shown),
        counts={one: each.count for one, each in page.counts.items()},
        total=sum(each.count for each in page.counts.values()),
        due=sum(each.due for each in page.counts.values()),
        who=who,
        number=number,
        page_count=page_count,
        patience=delays,
        on_their_way=page.districts,
    )
