"""Who asks for a page, and what each role may: the one table of permissions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiohttp import web

from worker.domain.access.users import Role

__all__ = ["IDENTITY", "LOCAL", "NOBODY", "Identity", "Permission", "Role", "who"]


class Permission(StrEnum):
    """Something that a role may or may not do."""

    SEE = "see"
    """Ids, counts, statuses, causes: nothing that names a person."""
    SEE_PERSONAL = "see personal data"
    """Section names (they carry teachers' names) and records of students; each look-up is recorded."""
    REVIEW = "review"
    """Try and set filters, approve, hold, resume, flush, resync."""
    ADMINISTER = "administer"
    """Roll back, replay and discard dead letters, look at the whole audit."""


_LEAST: Final = {
    Permission.SEE: Role.VIEWER,
    Permission.SEE_PERSONAL: Role.REVIEWER,
    Permission.REVIEW: Role.REVIEWER,
    Permission.ADMINISTER: Role.ADMIN,
}
_ORDER: Final = tuple(Role)


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who asks for a page; `name` is what the audit calls them."""

    name: str
    role: Role | None
    """None: nobody who is known."""
    has_session: bool = False
    """Whether they logged in here, and so can log out and change their password here."""

    def may(self, permission: Permission) -> bool:
        """Whether the role has the permission."""
        return self.role is not None and _ORDER.index(self.role) >= _ORDER.index(_LEAST[permission])


LOCAL: Final = Identity("local", Role.ADMIN)
"""Whoever sits at this machine, while only it can reach the console: the commands let them do all of it."""

NOBODY: Final = Identity("", None)
"""Somebody who did not log in."""

IDENTITY: Final = web.RequestKey("identity", Identity)


def who(request: web.Request) -> Identity:
    """Return who asks; the guard has put it there."""
    return request[IDENTITY]
