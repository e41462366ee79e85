"""The gate: who is asking, and whether they may."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from worker.console.access import cookies, request_origin
from worker.console.access.identity import LOCAL, Identity
from worker.console.access.refusal import LogInFirst, RefusedRequest
from worker.console.access.request_origin import FORWARDING, AccessRules
from worker.domain.access.users import Role, name_of
from worker.operations.access import LocalKeys, Sessions, Users

LOOKUPS: Final = 2
"""Database connections that such look-ups take at most, so that a flood of them leaves some to all others."""
LONGEST_NAME: Final = 128
"""Of somebody whom a proxy names: an e-mail address, say."""


def digest_of(token: str) -> bytes:
    """Return what the store knows a session's token by."""
    return hashlib.sha256(token.encode()).digest()


def session_token(request: web.Request, rules: AccessRules) -> str | None:
    """Return the token that the browser has, whether or not it is good for anything."""
    return cookies.token_of(request, cookies.SESSION, rules)


@dataclass(slots=True)
class Gate:
    """Decides who is asking: a proxy's word, a session, or whoever sits at this machine."""

    users: Users
    sessions: Sessions
    rules: AccessRules
    keys: LocalKeys
    lookups: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LOOKUPS), init=False)
    """What anybody can make us look up, with an invented cookie or link."""
    _has_users: bool = field(default=False, init=False)

    async def identify(self, request: web.Request) -> Identity:
        """Return who is asking; raises `LogInFirst` where unknown, `RefusedRequest` where not allowed."""
        if (by_proxy := await self._by_proxy(request)) is not None:
            return by_proxy
        token = session_token(request, self.rules)
        if token is not None:
            async with self.lookups:
                found = await self.sessions.user_of(digest_of(token))
            if found is not None:
                return Identity(*found, has_session=True)
        if await self.is_open():
            self.check_local(request)
            await self._check_opened(request)
            return LOCAL
        raise LogInFirst

    async def is_open(self) -> bool:
        """Whether a link opens the console: only this machine reaches it, and there is no user."""
        if not self.rules.on_loopback or self.rules.has_proxy or self._has_users:
            return False
        async with self.lookups:
            self._has_users = await self.users.exist()
        return not self._has_users

    def check_local(self, request: web.Request) -> None:
        """Raise `RefusedRequest` where another site or a proxy asks, and not somebody at this machine."""
        _check_local(request, self.rules)

    async def _check_opened(self, request: web.Request) -> None:
        """Raise `RefusedRequest` where the browser came by no link: a proxy need not tell on itself."""
        token = cookies.token_of(request, cookies.LOCAL_SESSION, self.rules)
        if token is not None:
            async with self.lookups:
                if await self.keys.is_session(token):
                    return
        raise RefusedRequest(
            401,
            "Open the console with its link",
            "The console has no users yet. `rostering run` prints a link when it starts that opens the "
            "console "
            "once; `rostering users link` prints another one. To log in with a password, add a user: "
            "`rostering users add NAME --role admin`.",
        )

    async def _by_proxy(self, request: web.Request) -> Identity | None:
        """Return whom a trusted proxy names; None where none does."""
        header = self.rules.user_header
        told = [] if header is None else request.headers.getall(header, [])
        if not told:
            return None
        if not self.rules.trusts(request_origin.peer(request)):
            raise RefusedRequest(
                403,
                "This address is not a trusted proxy",
                "The request names a user in a header, but does not come from a trusted proxy "
                "(ROSTERING_HTTP__TRUSTED_PROXIES).",
            )
        if len(told) > 1 or not _is_clear(told[0]):
            raise RefusedRequest(
                403, "The proxy did not send your user name", "It must send exactly one name."
            )
        return Identity(told[0], await self._role_by_proxy(request, name_of(told[0])))

    async def _role_by_proxy(self, request: web.Request, name: str) -> Role:
        """Return the role of the user of that name, else what the proxy says, else the default."""
        known = await self.users.credentials(name)
        if known is not None and known.is_disabled:
            raise RefusedRequest(
                403, "You do not have access to the console", "An administrator has disabled your account."
            )
        if known is not None:
            return known.role
        told = request.headers.get(self.rules.role_header, "") if self.rules.role_header else ""
        return Role(told) if told in set(Role) else Role.VIEWER


def _is_clear(name: str) -> bool:
    return bool(name) and len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()


def _check_local(request: web.Request, rules: AccessRules) -> None:
    """Raise `RefusedRequest` where not somebody at this machine is asking, but another site or a proxy.

    A page anywhere can have its own name lead to this machine, and then read what it gets: so the console
    answers to its own names only.
    """
    name = request_origin.name_in(request.headers.get("Host", ""))
    known = {rules.host.lower(), request_origin.name_in(rules.public_host)}
    if not request_origin.is_loopback(name) and name not in known - {""}:
        raise RefusedRequest(
            421,
            "Unknown host name",
            "While the console has no users, it answers only to names of this machine, such as localhost.",
        )
    if any(header in request.headers for header in FORWARDING):
        raise RefusedRequest(
            403,
            "The console has no users yet",
            "You reached it through a proxy. Before you open it to others, add a user: rostering users "
            "add NAME "
            "--role admin.",
        )
