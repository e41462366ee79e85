"""A page of the console: a path, what answers it, and what one must be permitted to get it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from worker.console.access.identity import Permission

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path. `permission` None: for everybody, without a log-in."""

    method: str
    path: str
    handler: Handler
    permission: Permission | None
