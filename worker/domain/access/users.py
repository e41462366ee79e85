"""Users of the console: their roles, what they may be called, and which passwords will do."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from worker.runtime.errors import UserError


class Role(StrEnum):
    """A user's role; each may what the ones before it may."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"


SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 1_000
"""Characters; to hash a text of any length would be work that a stranger can order."""
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_TAKEN: Final = frozenset({"local", "unknown", "system"})
"""What the audit calls those who are nobody's user."""


def name_of(text: str) -> str:
    """Return a name as it is kept: without space around it, in lower case."""
    return text.strip().lower()


def is_name(name: str) -> bool:
    """Whether a user can be called that."""
    return _NAME.fullmatch(name) is not None


def new_name(text: str) -> str:
    """Return the name that a new user gets; raises `UserError`."""
    name = name_of(text)
    if not is_name(name):
        raise UserError(
            "user: expected a name of at most 64 letters, digits, dots, dashes, underlines or @, beginning "
            "with a letter or a digit"
        )
    if name in _TAKEN:
        raise UserError(f"user: {name} is a reserved name; choose another one")
    return name


def check_password(name: str, password: str) -> None:
    """Raise `UserError` where a password is too easily guessed; the text never holds it."""
    if len(password) < SHORTEST_PASSWORD:
        raise UserError(
            f"password: expected at least {SHORTEST_PASSWORD} characters, got {len(password)}; a few "
            "words in a row work well"
        )
    if len(password) > LONGEST_PASSWORD:
        raise UserError(f"password: expected at most {LONGEST_PASSWORD:,} characters")
    if name_of(password) == name:
        raise UserError("password: must not be the user's name")
    if len(set(password)) <= 2:  # noqa: PLR2004 — "aaaaaaaaaaaa" and "abababababab"
        raise UserError("password: expected at least three different characters")
