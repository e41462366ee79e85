"""What the console keeps about those who use it: users, sessions, failed tries to log in, and the audit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from worker.domain.access.users import Role


@dataclass(frozen=True, slots=True)
class User:
    """A user as a list shows one."""

    name: str
    role: Role
    created_at: datetime
    password_changed_at: datetime
    disabled_at: datetime | None
    sessions: int
    """How many are open."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a log-in is compared with."""

    name: str
    role: Role
    password_hash: str
    is_disabled: bool


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One line of the audit."""

    id: int
    at: datetime
    actor: str
    action: str
    district_id: str | None
    detail: dict[str, Any]


class Users(Protocol):
    """The users, as those who log in see them; a change is in the audit, and errors are `UserError`."""

    async def exist(self) -> bool:
        """Whether there is any user, one who is disabled included."""

    async def can_log_in(self) -> bool:
        """Whether there is a user who is not disabled."""

    async def credentials(self, name: str) -> Credentials | None:
        """Return what a log-in of that name is compared with; None where there is no such user."""

    async def set_password(self, name: str, password_hash: str, actor: str) -> None:
        """Give a user another password, and end the user's sessions."""

    async def rehash(self, name: str, before: str, password_hash: str) -> None:
        """Keep the same password under another hash, where it is still the one before."""


class Sessions(Protocol):
    """Who is logged in. Known by the SHA-256 of a token that only the browser has."""

    async def begin(self, token_digest: bytes, credentials: Credentials) -> bool:
        """Begin a session; False where the user's password, role or state changed meanwhile."""

    async def user_of(self, token_digest: bytes) -> tuple[str, Role] | None:
        """Return whose session this is, and go on with it; None where there is none, or it is over."""

    async def end(self, token_digest: bytes) -> None:
        """End a session; may be called twice."""


class Attempts(Protocol):
    """Failed tries to log in, counted per name and per address for all processes together."""

    async def admit(self, name: str, address: str) -> timedelta:
        """Count a try as failed beforehand; return zero, or how long to wait where it may not be made."""

    async def succeeded(self, name: str, address: str) -> None:
        """Take back what `admit` counted, and forget the name's failures."""


class LocalKeys(Protocol):
    """What opens a console without users: links, good once, and the sessions they are exchanged for."""

    async def new_link(self) -> str:
        """Return the token of a link that opens the console once."""

    async def exchange(self, link: str) -> str | None:
        """Return the token of a session for that of a link; None where that is used, over, or none."""

    async def is_session(self, token: str) -> bool:
        """Whether a session goes on."""


class Audit(Protocol):
    """What people did."""

    async def note(self, actor: str, action: str, district_id: str | None, detail: dict[str, Any]) -> None:
        """Write down what somebody did."""

    async def entries(
        self, *, before: int | None = None, district_id: str | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """Return the newest entries, or those older than the one called `before`."""
