"""Pages of the console: a path, what answers it, and what one must be permitted to get it; forms besides."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from worker.console.access.identity import Permission
from worker.console.console import Console

Typed: TypeAlias = Mapping[str, str]
"""What was typed into a form, by the names of its fields."""
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path. `permission` None: for everybody, without a log-in."""

    method: str
    path: str
    handler: Handler
    permission: Permission | None


@dataclass(frozen=True, slots=True)
class FormAction:
    """What a form of a district does, given console, district, who posts it and what was typed."""

    carry_out: Callable[[Console, str, str, Typed], Awaitable[object]]
    notice: str
    """What is said when it is done."""
