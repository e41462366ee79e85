"""The to-do list: who is waited for, with what, since when; what takes too long comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission
from worker.console.console import Console
from worker.console.page import Route
from worker.console.pages.districts import page_number
from worker.domain.onboarding.todo import Who
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


def groups(found: Sequence[Todo], shown: slice) -> list[TodoGroup]:
    """Return the list by who is waited for; those that nobody waits for are left out."""
    made = []
    for who in Who:
        lines = [todo for todo in found if todo.wait.who is who]
        if lines:
            made.append(TodoGroup(who, lines[shown], len(lines), sum(todo.is_due for todo in lines)))
    return made


async def _todo(console: Console, request: web.Request) -> web.Response:
    who = next((one for one in Who if one == request.query.get("who")), None)
    records = await console.onboarding.records()
    everything = await asyncio.to_thread(todos, records, console.guide.patience)  # of 13,000 it takes a while
    counts = {one: sum(todo.wait.who is one for todo in everything) for one in Who}
    found = [todo for todo in everything if who is None or todo.wait.who is who]
    page_count = max(1, -(-len(found) // PAGE)) if who else 1
    number = min(page_number(request.query.get("page", "")), page_count)
    shown = slice((number - 1) * PAGE, number * PAGE) if who else slice(IN_GROUP)
    return console.render(
        request,
        "todo.html",
        groups=groups(found, shown),
        counts=counts,
        total=len(everything),
        due=sum(todo.is_due for todo in everything),
        who=who,
        number=number,
        page_count=page_count,
        patience=console.guide.patience,
        on_their_way=len(records),
    )
