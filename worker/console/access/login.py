"""Logging in and out, and changing the own password."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from worker.console.access.gate import Gate, digest_of
from worker.console.access.login_slots import SECONDS, TooManyWait, Turns
from worker.domain.access.users import LONGEST_PASSWORD, check_password, is_name, name_of
from worker.operations.access import Attempts, Audit, Credentials, Sessions, Users
from worker.operations.passwords import Passwords
from worker.runtime.errors import UserError

UNKNOWN: Final = "unknown"
"""What the audit calls somebody who typed a name that nobody has: it may well have been a password."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """Too many failures: nothing was compared."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Access:
    """Everything about those who use the console."""

    users: Users
    sessions: Sessions
    attempts: Attempts
    audit: Audit
    passwords: Passwords
    gate: Gate
    turns: Turns = field(default_factory=Turns)

    async def may_be_served(self) -> bool:
        """Whether the console may be served at its address: from elsewhere, only if somebody can log in."""
        rules = self.gate.rules
        return rules.on_loopback or rules.has_proxy or await self.users.can_log_in()

    async def log_in(self, name: str, password: str, address: str) -> str | TryLater | None:
        """Begin a session and return its token; None where name or password is wrong, whichever it is."""
        try:
            async with self.turns.of(address):
                return await self._log_in(name_of(name), password, address)
        except TooManyWait:
            return TryLater(SECONDS)

    async def _log_in(self, name: str, password: str, address: str) -> str | TryLater | None:
        wait = await self.attempts.admit(name, address)
        if wait > timedelta(0):
            return TryLater(math.ceil(wait.total_seconds()))
        found = await self._fitting(name, password)
        token = secrets.token_urlsafe(32)
        if found is None or not await self.sessions.begin(digest_of(token), found):
            return None
        await self.attempts.succeeded(name, address)
        await self.audit.note(name, "user.login", None, {})
        return token

    async def log_out(self, name: str, token: str) -> None:
        """End a session."""
        await self.sessions.end(digest_of(token))
        await self.audit.note(name, "user.logout", None, {})

    async def change_password(self, name: str, current: str, new: str, address: str) -> TryLater | None:
        """Give a user the password that they want; all of their sessions end.

        Raises `UserError` where the current one is wrong, or the new one will not do.
        """
        check_password(name, new)
        try:
            async with self.turns.of(address):
                return await self._change_password(name, current, new, address)
        except TooManyWait:
            return TryLater(SECONDS)

    async def _change_password(self, name: str, current: str, new: str, address: str) -> TryLater | None:
        wait = await self.attempts.admit(name, address)
        if wait > timedelta(0):
            return TryLater(math.ceil(wait.total_seconds()))
        if await self._fitting(name, current) is None:
            raise UserError("The current password is wrong.")
        await self.attempts.succeeded(name, address)
        await self.users.set_password(name, await self.passwords.hash(new), name)
        return None

    async def _fitting(self, name: str, password: str) -> Credentials | None:
        """Return the credentials that a password fits, hashed as is usual today."""
        found = await self.users.credentials(name) if is_name(name) else None
        is_open = found is not None and not found.is_disabled
        known = found.password_hash if found is not None and is_open else None
        if not await self.passwords.fits(password[: LONGEST_PASSWORD + 1], known):
            await self.audit.note(UNKNOWN if found is None else name, "user.login_failed", None, {})
            return None
        if found is not None and self.passwords.is_outdated(found.password_hash):
            anew = await self.passwords.hash(password)
            await self.users.rehash(name, found.password_hash, anew)
            found = Credentials(found.name, found.role, anew, found.is_disabled)
        return found
